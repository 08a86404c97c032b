// SPDX-License-Identifier: Apache-2.0
#include "analyzer/rules/tools/event_fixture.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/numbers.h"
#include "analyzer/base/status.h"
#include "analyzer/event/calls.h"
#include "analyzer/event/events.h"
#include "analyzer/process/lineage.h"
#include "analyzer/rules/compile/value_warnings.h"
#include "analyzer/rules/fields/field_catalogue.h"
#include "analyzer/rules/tools/json_fields.h"
#include "analyzer/source/reporter.h"

namespace randguard {

struct EventFixture::Made {
  Event event;
  EventClass event_class = 0;
  std::string_view event_type;
  EventParts parts;
  Actor* actor = nullptr;
};

namespace {

constexpr std::size_t kProcesses = 1024;

// Makes an event of the class, and says where its parts are.
template <typename E>
void Make(std::string_view event_type, EventFixture::Made& out) {
  E& event = out.event.emplace<E>();
  out.parts.own = &event;
  if constexpr (requires { event.actor; }) out.parts.actor = out.actor = &event.actor;
  if constexpr (requires { event.call; }) {
    out.parts.call = &event.call;
    event.call.event_type = event_type;
    if constexpr (requires { event.call.operation; }) {
      event.call.operation = OperationOf(event_type);
    }
  }
  if constexpr (requires { event.object; }) out.parts.object = &event.object;
}

// Texts that live as long as the fixture.
using Texts = std::deque<std::string>;

// The arguments that a command line is joined from, as far as blanks show: each ends with NUL.
std::string_view ArgsOf(std::string_view command_line, Texts& texts) {
  std::string& args = texts.emplace_back(command_line);
  std::replace(args.begin(), args.end(), ' ', '\0');
  return args += '\0';
}

// Members that follow from others: a sensor never knows the one without the other.
template <typename E>
void Complete(void* own, Texts& texts) {
  E& event = *static_cast<E*>(own);
  if constexpr (requires { event.command_line; }) {
    if (!event.args.has_value() && event.command_line.has_value()) {
      event.args = TextList{ArgsOf(event.command_line->bytes, texts)};
    }
    if (!event.command_line.has_value() && event.args.has_value()) {
      event.command_line = JoinedText{event.args->bytes};
    }
  }
  if constexpr (requires { event.argc; }) {
    if (event.argc == 0 && event.args.has_value()) {
      ForEachItem(event.args->bytes, [&](std::string_view) { ++event.argc; });
    }
  }
  if constexpr (requires { event.scripts; }) {
    if (!event.scripts.has_value() && event.script_path.has_value()) {
      ScriptFile& script = event.scripts.emplace().emplace_back();
      script.path = event.script_path;
      script.memfd = event.script_memfd;
      script.unlinked = event.script_unlinked;
    }
  }
  if constexpr (requires { event.child_process_id; }) {
    event.child_process_id = {event.child_pid, 1};
    if (event.parent_pid == 0) event.parent_pid = event.actor.pid;
    event.child_parent_start_ns = 1;
  }
}

struct ClassFunctions {
  void (*make)(std::string_view event_type, EventFixture::Made& out);
  void (*complete)(void* own, Texts& texts);
};

// By event class. One function for each and no visits of Event: those take long to compile.
constexpr auto kFunctions = []<std::size_t... kClass>(std::index_sequence<kClass...>) {
  return std::array{ClassFunctions{Make<std::variant_alternative_t<kClass, Event>>,
                                   Complete<std::variant_alternative_t<kClass, Event>>}...};
}
(std::make_index_sequence<kEventClasses>());

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
    case ValueType::kBoolean:
      value.form = Value::Form::kNumber;
      value.number = input.boolean;
      return input.form == Form::kBoolean;
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

// Fields of process_start about those who made the process begin so.
constexpr std::array<std::string_view, 4> kOfOthers = {"parent_", "creator_", "ancestor",
                                                       "adopted"};

constexpr std::string_view kSameAs = "same_as.";

// The text at a JSON Pointer of a line, for reading or writing; null: there is none.
std::string* TextAt(std::vector<TestField>& fields, std::string_view pointer) {
  std::string name(pointer.substr(std::min<std::size_t>(pointer.size(), 1)));
  std::replace(name.begin(), name.end(), '/', '.');
  const auto find = [&fields](std::string_view wanted) {
    return std::find_if(fields.begin(), fields.end(),
                        [&](const TestField& field) { return field.name == wanted; });
  };
  if (const auto field = find(name); field != fields.end()) {
    return std::get_if<std::string>(&field->value);
  }
  // An item of a list.
  const std::size_t dot = name.rfind('.');
  std::size_t index = 0;
  if (dot == name.npos || !absl::SimpleAtoi(name.substr(dot + 1), &index)) return nullptr;
  const auto list = find(std::string_view(name).substr(0, dot));
  if (list == fields.end()) return nullptr;
  auto* items = std::get_if<std::vector<std::string>>(&list->value);
  return items != nullptr && index < items->size() ? &(*items)[index] : nullptr;
}

// A line has each long text once: puts it where else it belongs.
void PutRepeatedTexts(std::vector<TestField>& fields) {
  std::vector<std::pair<std::string, std::string>> pointers;
  for (const TestField& field : fields) {
    const auto* other = std::get_if<std::string>(&field.value);
    if (field.name.starts_with(kSameAs) && other != nullptr) {
      pointers.emplace_back(field.name.substr(kSameAs.size()), *other);
    }
  }
  for (const auto& [pointer, other] : pointers) {
    const std::string* found = TextAt(fields, other);
    if (found == nullptr) continue;  // a list, of whose items the fixture joins the text
    const std::string text = *found;
    if (std::string* there = TextAt(fields, pointer)) {
      *there = text;
    } else if (pointer.starts_with('/')) {
      std::string name = pointer.substr(1);
      std::replace(name.begin(), name.end(), '/', '.');
      fields.push_back({.name = std::move(name), .value = text});
    }
  }
}

// Members of a line of output that a fixture makes itself, or that no condition can ask for.
bool IsPassedOver(std::string_view name, const FieldInfo* field) {
  return name == "event_type" || name == "raw_bytes" || name.starts_with("raw_bytes.") ||
         name == "same_as" || name.starts_with(kSameAs) || name == "texts_cut" ||
         (field != nullptr && IsOpaque(field->type));
}

}  // namespace

EventFixture::EventFixture() : processes_(kProcesses, UINT64_MAX / 2) {}
EventFixture::~EventFixture() = default;

absl::StatusOr<EventFixture::Made*> EventFixture::Make(const TestEvent& test) {
  std::vector<TestField> fields = test.fields;
  if (!test.json.text.empty()) {
    RG_ASSIGN_OR_RETURN(fields, FieldsOfJson(test.json.text));
    PutRepeatedTexts(fields);
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
  Made& made = *events_.emplace_back(std::make_unique<Made>());
  made.event_class = *event_class;
  made.event_type = Interned(*event_class, *type);
  kFunctions[*event_class].make(made.event_type, made);
  for (const TestField& field : fields) RG_RETURN_IF_ERROR(SetOne(made, field));
  SetIdentity(made);
  return &made;
}

absl::Status EventFixture::SetOne(const Made& made, const TestField& field) {
  const FieldCatalogue& catalogue = FieldCatalogue::Get();
  const auto id = catalogue.Find(field.name);
  const FieldInfo* info = id.has_value() ? &catalogue.field(*id) : nullptr;
  if (IsPassedOver(field.name, info)) return absl::OkStatus();
  if (info == nullptr) {
    return InvalidInput("there is no field %s%s", Quoted(field.name),
                        DidYouMean(field.name, catalogue.names()));
  }
  if (info->read[made.event_class] == nullptr) {
    return InvalidInput("%s has no field %s", catalogue.classes()[made.event_class].name,
                        field.name);
  }
  std::string text;
  if (const auto* one = std::get_if<std::string>(&field.value)) text = *one;
  if (const auto* list = std::get_if<std::vector<std::string>>(&field.value)) {
    for (const std::string& item : *list) text += item + '\0';
  }
  std::vector<std::int64_t>& numbers = numbers_.emplace_back();
  if (const auto* list = std::get_if<std::vector<std::int64_t>>(&field.value)) numbers = *list;
  // Rules are compiled for the texts that an event of the class can have.
  const auto& values = info->values[made.event_class];
  std::optional<std::string_view> unknown;
  const auto check = [&](std::string_view item) {
    const bool known = std::find(values.begin(), values.end(), item) != values.end();
    if (!known && !unknown.has_value()) unknown = item;
  };
  if (std::holds_alternative<std::string>(field.value)) {
    check(text);
  } else {
    ForEachItem(text, check);
  }
  if (!values.empty() && unknown.has_value()) {
    return InvalidInput("%s", NeverHas(*info, *unknown, values));
  }
  const FieldInput input = InputOf(field, Keep(std::move(text)), numbers);
  const SetField set = info->set[made.event_class];
  const bool fits = set != nullptr
                        ? set(made.parts, input)
                        : OverrideOf(*info, input, overrides_[info->name], arrays_.emplace_back());
  if (fits) return absl::OkStatus();
  return InvalidInput("%s is a %s, and its value is none, or is out of range", field.name,
                      TypeName(info->type));
}

void EventFixture::SetIdentity(const Made& made) {
  Actor& actor = *made.actor;
  actor.process_id = {actor.pid, 1};
  if (actor.ppid != 0) actor.parent_process_id = ProcessKey{actor.ppid, 1};
  kFunctions[made.event_class].complete(made.parts.own, texts_);
  CompleteOverrides();
}

// The same of what a test says of a process that it shows no start of.
void EventFixture::CompleteOverrides() {
  const auto add = [this](std::string_view name, std::string_view from, const auto& make) {
    const auto given = overrides_.find(from);
    if (given == overrides_.end() || overrides_.contains(name)) return;
    Value value = make(Value(given->second));
    overrides_.try_emplace(name, value);
  };
  add("args", "command_line", [this](const Value& line) {
    Value args;
    args.form = Value::Form::kItems;
    args.text = ArgsOf(line.text, texts_);
    return args;
  });
  add("command_line", "args", [this](const Value& args) {
    std::string joined;
    AnyText(args, [&](std::string_view item) {
      joined += (joined.empty() ? "" : " ") + std::string(item);
      return false;
    });
    Value line;
    line.form = Value::Form::kText;
    line.text = Keep(std::move(joined));
    return line;
  });
  add("parent_command_line", "creator_command_line", [](const Value& line) { return line; });
}

void EventFixture::Learn(const Made& made) {
  if (const auto* start = std::get_if<ProcessStart>(&made.event)) {
    Process& process = processes_.Upsert(start->actor.process_id);
    process.parent = start->actor.parent_process_id.value_or(ProcessKey{});
    process.set_comm(start->actor.comm);
    processes_.SetImage(process, processes_.MakeImage(ImageOf(*start)));
  } else if (const auto* fork = std::get_if<ProcessRelationship>(&made.event)) {
    NoteFork(*fork, 0, processes_);
  }
}

// Whether everything that the event says is remembered: what is not would be lost without a word,
// and a near miss would pass for nothing. A line of output says more than that.
absl::Status EventFixture::CheckRemembered(const TestEvent& test, const Made& made) const {
  if (!test.json.text.empty()) return absl::OkStatus();
  if (!std::holds_alternative<ProcessStart>(made.event) &&
      !std::holds_alternative<ProcessRelationship>(made.event)) {
    return InvalidInput(
        "before: %s changes nothing that is remembered; process_start and process_relationship do",
        made.event_type);
  }
  for (const TestField& field : test.fields) {
    if (overrides_.contains(field.name)) {
      return InvalidInput(
          "before: %s follows from other fields; give those, such as exe_path, args or exe_mode",
          field.name);
    }
    const bool of_others = std::any_of(kOfOthers.begin(), kOfOthers.end(), [&](auto beginning) {
      return std::string_view(field.name).starts_with(beginning);
    });
    if (of_others && std::holds_alternative<ProcessStart>(made.event)) {
      return InvalidInput("before: %s is about another process, which needs an event of its own",
                          field.name);
    }
  }
  return absl::OkStatus();
}

absl::Status EventFixture::Add(const TestEvent& test) {
  RG_ASSIGN_OR_RETURN(const Made* made, Make(test));
  RG_RETURN_IF_ERROR(CheckRemembered(test, *made));
  overrides_.clear();  // they were about that one
  Learn(*made);
  return absl::OkStatus();
}

void EventFixture::Settle() {
  overrides_.clear();
  Learn(*events_.back());
}

// Adds the data that a record always has, or that is known of the process from earlier events.
void EventFixture::CompleteActor(const Made& made) const {
  Actor& actor = *made.actor;
  const Process* process = processes_.Find(actor.process_id);
  if (process == nullptr) return;
  const bool starts = std::holds_alternative<ProcessStart>(made.event);  // another program
  if (!starts && !actor.exe_path.has_value() && process->image != nullptr &&
      !process->image->exe_path.empty()) {
    actor.exe_path = process->image->exe_path;
  }
  if (actor.comm.empty()) actor.comm = process->comm_text();
  if (actor.ppid == 0 && process->parent.pid != 0) {
    actor.ppid = process->parent.pid;
    actor.parent_process_id = process->parent;
  }
}

absl::StatusOr<EventView> EventFixture::View(const TestEvent& test) {
  RG_ASSIGN_OR_RETURN(Made * made, Make(test));
  context_ = {.processes = &processes_, .overrides = &overrides_};
  CompleteActor(*made);
  if (auto* start = std::get_if<ProcessStart>(&made->event)) {
    Learn(*made);        // as in a running sensor, the table knows it when rules look
    ProcessStart known;  // what the event says itself goes first
    known.actor = start->actor;
    FillLineage(processes_, known);
    if (!start->parent_comm.has_value() && !start->parent_exe_path.has_value()) {
      start->parent_comm = known.parent_comm;
      start->parent_exe_path = known.parent_exe_path;
    }
    if (!start->creator_comm.has_value() && !start->creator_exe_path.has_value()) {
      start->creator_comm = known.creator_comm;
      start->creator_exe_path = known.creator_exe_path;
    }
    if (!start->creator_pid.has_value()) start->creator_pid = known.creator_pid;
    if (!start->adopted.has_value()) start->adopted = known.adopted;
    if (start->ancestors.size == 0) start->ancestors = known.ancestors;
  }
  return EventView{.event_class = made->event_class,
                   .event_type = made->event_type,
                   .actor = made->actor,
                   .call = made->parts.call,
                   .own = made->parts.own,
                   .object = made->parts.object,
                   .context = &context_};
}

}  // namespace randguard
