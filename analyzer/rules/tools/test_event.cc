// SPDX-License-Identifier: Apache-2.0
#include "analyzer/rules/tools/test_event.h"

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <type_traits>
#include <utility>
#include <variant>

#include "analyzer/base/status.h"
#include "analyzer/process/lineage.h"
#include "analyzer/source/reporter.h"

namespace randguard {
namespace {

constexpr std::size_t kJsonMax = 1 << 20;  // bytes
constexpr std::size_t kJsonDepth = 8;

using simdjson::dom::element_type;

absl::Status AddList(const std::string& name, simdjson::dom::array list,
                     std::vector<TestField>& out) {
  std::vector<std::string> texts;
  std::vector<std::int64_t> numbers;
  std::size_t size = 0;
  for (const simdjson::dom::element item : list) {
    ++size;
    if (std::string_view text; item.get(text) == simdjson::SUCCESS) texts.emplace_back(text);
    if (std::int64_t number = 0; item.get(number) == simdjson::SUCCESS) numbers.push_back(number);
  }
  if (numbers.size() == size && size > 0) {
    out.push_back({name, std::move(numbers)});
  } else if (texts.size() == size) {
    out.push_back({name, std::move(texts)});
  } else {
    return InvalidInput("%s: expected a list of texts or a list of numbers", name);
  }
  return absl::OkStatus();
}

absl::Status AddElement(const std::string& name, simdjson::dom::element element,
                        std::vector<TestField>& out, std::size_t depth);

absl::Status AddObject(const std::string& prefix, simdjson::dom::object object,
                       std::vector<TestField>& out, std::size_t depth) {
  if (depth > kJsonDepth) return InvalidInput("nested deeper than %d levels", kJsonDepth);
  for (const auto& [key, value] : object) {
    RG_RETURN_IF_ERROR(AddElement(prefix + std::string(key), value, out, depth));
  }
  return absl::OkStatus();
}

absl::Status AddElement(const std::string& name, simdjson::dom::element element,
                        std::vector<TestField>& out, std::size_t depth) {
  switch (element.type()) {
    case element_type::BOOL:
      out.push_back({name, bool(element)});
      return absl::OkStatus();
    case element_type::INT64:
      out.push_back({name, std::int64_t(element)});
      return absl::OkStatus();
    case element_type::UINT64:  // what an int64_t cannot hold
      out.push_back({name, static_cast<std::int64_t>(std::uint64_t(element))});
      return absl::OkStatus();
    case element_type::STRING:
      out.push_back({name, std::string(std::string_view(element))});
      return absl::OkStatus();
    case element_type::ARRAY:
      return AddList(name, element, out);
    case element_type::OBJECT:
      return AddObject(name + ".", element, out, depth + 1);
    case element_type::NULL_VALUE:
      return absl::OkStatus();
    default:
      return InvalidInput("%s: no field holds a number with a fraction", name);
  }
}

template <EventClass... kClass>
Event EventOf(EventClass event_class, std::index_sequence<kClass...>) {
  Event event;
  (void)((event_class == kClass ? (event.emplace<kClass>(), true) : false) || ...);
  return event;
}

// Its name in the output, which outlives everything.
std::string_view Interned(EventClass event_class, std::string_view type) {
  const auto& types = FieldCatalogue::Get().classes()[event_class].event_types;
  return *std::find(types.begin(), types.end(), type);
}

FieldInput InputOf(const TestField& field, std::string_view kept,
                   const std::vector<std::int64_t>& numbers) {
  FieldInput input;
  input.text = kept;
  input.numbers = numbers;
  if (const auto* boolean = std::get_if<bool>(&field.value)) {
    input.form = FieldInput::Form::kBoolean;
    input.boolean = *boolean;
  } else if (const auto* number = std::get_if<std::int64_t>(&field.value)) {
    input.form = FieldInput::Form::kNumber;
    input.number = *number;
  } else {
    input.form = std::holds_alternative<std::string>(field.value) ? FieldInput::Form::kText
                                                                  : FieldInput::Form::kList;
  }
  return input;
}

// False: it is of another type than the field.
bool OverrideOf(const FieldInfo& field, const FieldInput& input, Value& value, TextArray& array) {
  using Form = FieldInput::Form;
  switch (field.type) {
    case ValueType::kNumber:
      value.form = Value::Form::kNumber;
      value.number = input.number;
      return input.form == Form::kNumber;
    case ValueType::kText:
      value.form = Value::Form::kText;
      value.text = input.text;
      return input.form == Form::kText;
    case ValueType::kTexts:
      ForEachItem(input.text, [&](std::string_view item) { array.Add(item); });
      value.form = Value::Form::kTextArray;
      value.list = &array;
      return input.form == Form::kList;
    default:
      return false;
  }
}

// Members of a line of output that say what the output's context is, or that a fixture makes
// itself.
bool IsPassedOver(std::string_view name, const FieldInfo* field) {
  return name == "event_type" || name == "raw_bytes" || name.starts_with("raw_bytes.") ||
         name == "host" || name == "agent_id" ||
         (field != nullptr && field->type == ValueType::kOpaque);
}

}  // namespace

absl::StatusOr<std::vector<TestField>> FieldsOfJson(std::string_view json) {
  if (json.size() > kJsonMax) return InvalidInput("JSON of more than %d bytes", kJsonMax);
  simdjson::dom::parser parser;
  simdjson::dom::object object;
  const auto error = parser.parse(json.data(), json.size()).get(object);
  if (error != simdjson::SUCCESS) {
    return InvalidInput("not a JSON object: %s", simdjson::error_message(error));
  }
  std::vector<TestField> fields;
  RG_RETURN_IF_ERROR(AddObject("", object, fields, 0));
  return fields;
}

absl::StatusOr<Event*> EventFixture::Make(const TestEvent& test) {
  std::vector<TestField> fields = test.fields;
  if (!test.json.text.empty()) {
    RG_ASSIGN_OR_RETURN(fields, FieldsOfJson(test.json.text));
  }
  const FieldCatalogue& catalogue = FieldCatalogue::Get();
  const auto named = std::find_if(fields.begin(), fields.end(),
                                  [](const TestField& f) { return f.name == "event_type"; });
  const auto* type = named == fields.end() ? nullptr : std::get_if<std::string>(&named->value);
  if (type == nullptr) return InvalidInput("event_type is missing: what the event is called");
  const auto event_class = catalogue.ClassOfEventType(*type);
  if (!event_class.has_value()) {
    return InvalidInput("there is no event type %s%s", Quoted(*type),
                        DidYouMean(*type, catalogue.event_types()));
  }
  Event& event =
      events_.emplace_back(EventOf(*event_class, std::make_index_sequence<kEventClasses>()));
  std::visit(
      [&](auto& e) {
        if constexpr (requires { e.call; }) e.call.event_type = Interned(*event_class, *type);
      },
      event);
  for (const TestField& field : fields) RG_RETURN_IF_ERROR(SetOne(*event_class, event, field));
  SetIdentity(event);
  return &event;
}

absl::Status EventFixture::SetOne(EventClass event_class, Event& event, const TestField& field) {
  const FieldCatalogue& catalogue = FieldCatalogue::Get();
  const auto id = catalogue.Find(field.name);
  const FieldInfo* info = id.has_value() ? &catalogue.field(*id) : nullptr;
  if (IsPassedOver(field.name, info)) return absl::OkStatus();
  if (info == nullptr) {
    return InvalidInput("there is no field %s%s", Quoted(field.name),
                        DidYouMean(field.name, catalogue.names()));
  }
  if (info->read[event_class] == nullptr) {
    return InvalidInput("%s has no field %s", catalogue.classes()[event_class].name, field.name);
  }
  std::string text;
  if (const auto* one = std::get_if<std::string>(&field.value)) text = *one;
  if (const auto* list = std::get_if<std::vector<std::string>>(&field.value)) {
    for (const std::string& item : *list) text += item + '\0';
  }
  std::vector<std::int64_t>& numbers = numbers_.emplace_back();
  if (const auto* list = std::get_if<std::vector<std::int64_t>>(&field.value)) numbers = *list;
  const FieldInput input = InputOf(field, Keep(std::move(text)), numbers);
  bool fits = false;
  if (info->set[event_class] != nullptr) {
    fits = std::visit([&](auto& e) { return info->set[event_class](&e, input); }, event);
  } else {
    fits = OverrideOf(*info, input, overrides_[*id], arrays_.emplace_back());
  }
  if (fits) return absl::OkStatus();
  return InvalidInput("%s is a %s, and its value is none, or is out of range", field.name,
                      TypeName(info->type));
}

void EventFixture::SetIdentity(Event& event) {
  std::visit(
      [&](auto& e) {
        if constexpr (requires { e.actor; }) {
          e.actor.process_id = {e.actor.pid, 1};
          if (e.actor.ppid != 0) e.actor.parent_process_id = ProcessKey{e.actor.ppid, 1};
        }
        if constexpr (requires { e.command_line; }) {  // given as a list only
          if (!e.command_line.has_value() && e.args.has_value()) {
            e.command_line = JoinedText{e.args->bytes};
          }
        }
        if constexpr (requires { e.child_process_id; }) e.child_process_id = {e.child_pid, 1};
      },
      event);
}

void EventFixture::Learn(const Event& event) {
  if (const auto* start = std::get_if<ProcessStart>(&event)) {
    Process& process = processes_.Upsert(start->actor.process_id);
    process.parent = start->actor.parent_process_id.value_or(ProcessKey{});
    process.set_comm(start->actor.comm);
    process.image = processes_.MakeImage(ImageOf(*start));
  } else if (const auto* fork = std::get_if<ProcessRelationship>(&event)) {
    const Process* parent = processes_.Find(fork->actor.process_id);
    auto image = parent == nullptr ? nullptr : parent->image;
    Process& child = processes_.Upsert(fork->child_process_id);
    child.parent = fork->actor.process_id;
    child.set_comm(fork->child_comm);
    child.image = std::move(image);
  }
}

absl::Status EventFixture::Add(const TestEvent& test) {
  RG_ASSIGN_OR_RETURN(const Event* event, Make(test));
  overrides_.clear();  // they were about that one
  Learn(*event);
  return absl::OkStatus();
}

absl::StatusOr<EventView> EventFixture::View(const TestEvent& test) {
  RG_ASSIGN_OR_RETURN(Event * event, Make(test));
  context_ = {.processes = &processes_, .overrides = &overrides_};
  if (auto* start = std::get_if<ProcessStart>(event)) {
    ProcessStart known;  // what the event says itself goes first
    known.actor = start->actor;
    FillLineage(processes_, known);
    if (!start->parent_comm.has_value() && !start->parent_exe_path.has_value()) {
      start->parent_comm = known.parent_comm;
      start->parent_exe_path = known.parent_exe_path;
    }
    if (start->ancestors.size == 0) start->ancestors = known.ancestors;
  }
  EventView view;
  std::visit(
      [&](auto& e) {
        if constexpr (requires { e.actor; }) {
          const Process* process = processes_.Find(e.actor.process_id);
          if (!e.actor.exe_path.has_value() && process != nullptr && process->image != nullptr) {
            e.actor.exe_path = process->image->exe_path;
          }
          view = ViewOf(e, context_);
        }
      },
      *event);
  return view;
}

}  // namespace randguard
