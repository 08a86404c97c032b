// SPDX-License-Identifier: Apache-2.0
#include "analyzer/output/convert/line_reader.h"

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <concepts>
#include <cstddef>
#include <deque>
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_format.h"
#include "absl/time/time.h"
#include "analyzer/base/enum_names.h"
#include "analyzer/base/status.h"
#include "analyzer/base/terminal_text.h"
#include "analyzer/event/calls.h"
#include "analyzer/event/kinds.h"
#include "analyzer/output/json/empty.h"
#include "analyzer/output/json/json_writer.h"

namespace randguard {
namespace {

using simdjson::dom::element;

// Every line has these, besides the fields of its event.
constexpr std::string_view kOfEveryLine[] = {"event_type", "boot_id", "seq",
                                             "raw_bytes",  "same_as", "texts_cut"};

// The members of an object, mostly asked for in order.
class Members {
 public:
  explicit Members(simdjson::dom::object object) {
    for (const auto& [key, value] : object) members_.push_back({key, value, false});
  }
  // Empty: each is there once.
  std::string_view Twice() const {
    std::vector<std::string_view> names;
    names.reserve(members_.size());
    for (const Member& member : members_) names.push_back(member.key);
    std::sort(names.begin(), names.end());
    const auto twice = std::adjacent_find(names.begin(), names.end());
    return twice == names.end() ? std::string_view() : *twice;
  }
  // Null: there is none.
  const element* Find(std::string_view name) {
    for (std::size_t i = 0; i < members_.size(); ++i) {
      Member& member = members_[(next_ + i) % members_.size()];
      if (member.key != name) continue;
      next_ = (next_ + i + 1) % members_.size();
      member.asked_for = true;
      return &member.value;
    }
    return nullptr;
  }
  // A member that nobody has asked for; empty: there is none.
  std::string_view Rest() const {
    for (const Member& member : members_) {
      if (!member.asked_for) return member.key;
    }
    return {};
  }

 private:
  struct Member {
    std::string_view key;
    element value;
    bool asked_for;
  };
  std::vector<Member> members_;
  std::size_t next_ = 0;
};

// As EventWriter writes it.
bool IsWrittenBootId(std::string_view text) {
  constexpr std::size_t kSize = 36;
  return !text.empty() && text.size() <= kSize &&
         text.find_first_not_of("0123456789abcdef-") == text.npos;
}

template <typename Int>
bool AllOf(std::string_view text, Int& number, int base) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  return error == std::errc() && end == text.data() + text.size();
}

// Cuts off what is behind the last dash.
std::string_view TakeLast(std::string_view& text) {
  const std::size_t dash = text.rfind('-');
  const std::string_view last = dash == text.npos ? text : text.substr(dash + 1);
  text = dash == text.npos ? std::string_view() : text.substr(0, dash);
  return last;
}

template <typename T>
inline constexpr bool kIsVector = false;
template <typename T>
inline constexpr bool kIsVector<std::vector<T>> = true;
template <typename T>
inline constexpr bool kIsNamed = false;
template <typename T>
inline constexpr bool kIsNamed<std::vector<std::pair<std::string_view, T>>> = true;
template <typename T>
inline constexpr bool kIsOptional = false;
template <typename T>
inline constexpr bool kIsOptional<std::optional<T>> = true;
template <typename T>
inline constexpr bool kIsOptional<OrLeftOut<T>> = true;
template <typename T>
inline constexpr bool kIsFixedText = false;
template <std::size_t kSize>
inline constexpr bool kIsFixedText<FixedText<kSize>> = true;

}  // namespace

class LineReader::Parser {
 public:
  absl::Status Read(std::string_view line);
  const LineContent& content() const { return content_; }

 private:
  using ReadEvent = bool (Parser::*)(Members& members, std::string_view type);
  static const std::map<std::string_view, std::pair<std::string_view, ReadEvent>>& Types();
  template <typename E>
  bool ReadAs(Members& members, std::string_view type);

  bool Fail(std::string_view what) {
    if (error_.empty()) {
      error_ =
          absl::StrFormat("%s: %s", path_.empty() ? "the line" : EscapedForTerminal(path_), what);
    }
    return false;
  }
  bool ReadNotes(element line);
  bool ReadClock(Members& members);

  // Where a member's value goes. A table of them is followed, because code would be compiled for
  // each of several hundred fields.
  struct Slot {
    std::string_view name;
    void* value;
    bool (*read)(Parser& parser, const element& json, void* to) = nullptr;
    void (*clear)(void* at) = nullptr;  // null: has to be there
    bool or_left_out;                   // as in empty.h
  };
  template <typename T>
  static Slot SlotOf(std::string_view name, T& value);
  bool ReadSlots(Members& members, std::span<const Slot> slots);

  // Makes path_ that of a member. The length that it had.
  std::size_t Enter(std::string_view name) {
    const std::size_t size = path_.size();
    path_ += '/';
    path_ += name;
    return size;
  }

  template <typename T>
  bool Fields(Members& members, T& object);
  template <typename T>
  bool Value(const element& json, T& value);
  template <typename T>
  bool Within(std::string_view name, const element& json, T& value);
  template <typename T>
  bool Vector(const element& json, std::vector<T>& values);
  template <typename T>
  bool Named(const element& json, std::vector<std::pair<std::string_view, T>>& values);

  // --- texts ---
  bool Text(const element& json, std::string_view& text);
  bool List(const element& json, std::string_view& bytes);
  bool Plain(const element& json, std::string_view& text);
  bool Keep(std::string bytes, std::string_view& kept);
  // Keeps a text by itself, or the first one of a list, if the line says that it was cut.
  bool NoteCut(std::string_view pointer, std::string_view& text);
  bool IsShownAs(std::string_view bytes, std::string_view text);
  // The member that has the text, in place of the one at path_; null: it is that one.
  std::optional<element> SameAs();

  bool Special(const element& json, TextList& value) { return List(json, value.bytes); }
  bool Special(const element& json, JoinedText& value);
  bool Special(const element& json, TextArray& value);
  bool Special(const element& json, WallTime& value);
  bool Special(const element& json, Host& value);
  bool Special(const element& json, AgentId& value);
  bool Special(const element& json, ProcessKey& value);
  bool Special(const element& json, EventId& value);
  bool Special(const element& json, Mode& value);
  bool Special(const element& json, Device& value);
  bool Special(const element& json, CapabilitySet& value);
  bool IsOfBoot(std::string_view prefix);

  simdjson::dom::parser parser_;
  LineContent content_;
  std::deque<std::string> kept_;
  element line_;
  bool may_omit_ = false;  // may fields that say nothing be left out?
  std::string path_;       // JSON Pointer to what is being read
  std::string error_;
  // By pointers.
  struct Note {
    std::string_view text;
    bool used = false;  // for a text of the event
  };
  std::map<std::string, Note, std::less<>> raw_bytes_, same_as_, cut_;
  // Marks it; null: there is none.
  const Note* Use(std::map<std::string, Note, std::less<>>& notes, std::string_view pointer) {
    const auto found = notes.find(pointer);
    if (found == notes.end()) return nullptr;
    found->second.used = true;
    return &found->second;
  }
  std::size_t kept_bytes_ = 0;
};

absl::Status LineReader::Parser::Read(std::string_view line) {
  error_.clear();
  path_.clear();
  kept_.clear();
  kept_bytes_ = 0;
  content_.cut.clear();
  content_.boot_id = content_.host = content_.agent_id = {};
  simdjson::dom::object object;
  if (line.size() > kLineMax ||
      parser_.parse(line.data(), line.size()).get(line_) != simdjson::SUCCESS ||
      line_.get(object) != simdjson::SUCCESS) {
    return InvalidInput("no JSON object");
  }
  Members members(object);
  if (const std::string_view twice = members.Twice(); !twice.empty()) {
    return InvalidInput("member %s is there twice", EscapedForTerminal(twice));
  }
  for (const std::string_view name : kOfEveryLine) members.Find(name);
  std::string_view type;
  if (line_["event_type"].get(type) != simdjson::SUCCESS) {
    return InvalidInput("no event_type: this is no line of output.format \"json\"");
  }
  const auto found = Types().find(type);
  if (found == Types().end()) {
    return InvalidInput("event_type %s is not known", EscapedForTerminal(type));
  }
  if (line_["seq"].get(content_.seq) != simdjson::SUCCESS) return InvalidInput("no number: seq");
  element boot;
  if (line_["boot_id"].get(boot) != simdjson::SUCCESS ||
      (!boot.is_null() &&
       (boot.get(content_.boot_id) != simdjson::SUCCESS || !IsWrittenBootId(content_.boot_id)))) {
    return InvalidInput("no boot_id");
  }
  const auto& [name, read] = found->second;
  if (!ReadNotes(line_) || !ReadClock(members) || !(this->*read)(members, name)) {
    return InvalidInput("%s", error_);
  }
  if (const std::string_view rest = members.Rest(); !rest.empty()) {
    return InvalidInput("member %s is not known", EscapedForTerminal(rest));
  }
  for (const auto* notes : {&raw_bytes_, &same_as_, &cut_}) {
    for (const auto& [pointer, note] : *notes) {
      if (!note.used) {
        return InvalidInput("%s: no text is there, and the line says something about it",
                            EscapedForTerminal(pointer));
      }
    }
  }
  return absl::OkStatus();
}

const std::map<std::string_view, std::pair<std::string_view, LineReader::Parser::ReadEvent>>&
LineReader::Parser::Types() {
  static const auto all = [] {
    std::map<std::string_view, std::pair<std::string_view, ReadEvent>> types;
    const auto add = [&]<typename E>(const E*) {
      if constexpr (requires(E e) { e.call; }) {
        for (const CallInfo& call : kCalls) {
          if (IsMadeOf<E>(call.kind))
            types[call.event_type] = {call.event_type, &Parser::ReadAs<E>};
        }
      } else if constexpr (Described<E>) {
        types[E::kEventType] = {E::kEventType, &Parser::ReadAs<E>};
      }
    };
    [&]<typename... E>(const std::variant<E...>*) {
      (add(static_cast<const E*>(nullptr)), ...);
    }(static_cast<const AnyEvent*>(nullptr));
    return types;
  }();
  return all;
}

template <typename E>
bool LineReader::Parser::ReadAs(Members& members, [[maybe_unused]] std::string_view type) {
  E& event = content_.event.emplace<E>();
  may_omit_ = requires { event.actor; };
  if constexpr (requires { event.actor; }) {
    if (!Fields(members, event.actor)) return false;
  }
  if constexpr (requires { event.call; }) {
    event.call.event_type = type;
    if (!Fields(members, event.call)) return false;
  }
  if (!Fields(members, event)) return false;
  if constexpr (requires { event.object; }) {
    if (!Fields(members, event.object)) return false;
  }
  return true;
}

// The members that are about texts of the line.
bool LineReader::Parser::ReadNotes(element line) {
  raw_bytes_.clear();
  same_as_.clear();
  cut_.clear();
  for (const auto& [name, texts] :
       {std::pair{"raw_bytes", &raw_bytes_}, std::pair{"same_as", &same_as_}}) {
    element json;
    if (line[name].get(json) == simdjson::NO_SUCH_FIELD) continue;
    simdjson::dom::object object;
    if (json.get(object) != simdjson::SUCCESS)
      return Fail(absl::StrFormat("%s is no object", name));
    for (const auto& [key, value] : object) {
      std::string_view text;
      if (value.get(text) != simdjson::SUCCESS)
        return Fail(absl::StrFormat("%s has no text", name));
      if (!texts->emplace(std::string(key), Note{text}).second) {
        return Fail(absl::StrFormat("%s says something twice", name));
      }
    }
  }
  element json;
  if (line["texts_cut"].get(json) == simdjson::NO_SUCH_FIELD) return true;
  simdjson::dom::array array;
  if (json.get(array) != simdjson::SUCCESS) return Fail("texts_cut is no list");
  for (const element& item : array) {
    std::string_view text;
    if (item.get(text) != simdjson::SUCCESS) return Fail("texts_cut has no text");
    cut_.emplace(std::string(text), Note());
  }
  return true;
}

bool LineReader::Parser::ReadClock(Members& members) {
  const element* const boot = members.Find("timestamp_ns");
  const element* const wall = members.Find("time");
  std::uint64_t boot_ns = 0;
  if (boot == nullptr || boot->get(boot_ns) != simdjson::SUCCESS) return Fail("no timestamp_ns");
  if (wall == nullptr) return Fail("no time");
  content_.clock_offset_ns = 0;
  WallTime time;
  if (!Within("time", *wall, time)) return false;
  content_.clock_offset_ns = static_cast<std::int64_t>(time.boot_ns - boot_ns);
  return true;
}

template <typename T>
bool LineReader::Parser::Fields(Members& members, T& object) {
  return kFields<T>.Apply([&](const auto&... field) {
    const std::array<Slot, sizeof...(field)> slots{SlotOf(field.name(), object.*field.member)...};
    return ReadSlots(members, slots);
  });
}

template <typename T>
LineReader::Parser::Slot LineReader::Parser::SlotOf(std::string_view name, T& value) {
  Slot slot{.name = name, .value = &value, .or_left_out = kIsOrLeftOut<T>};
  slot.read = [](Parser& parser, const element& json, void* to) {
    return parser.Value(json, *static_cast<T*>(to));
  };
  if constexpr (kMaySayNothing<T>) slot.clear = [](void* at) { *static_cast<T*>(at) = T(); };
  return slot;
}

bool LineReader::Parser::ReadSlots(Members& members, std::span<const Slot> slots) {
  for (const Slot& slot : slots) {
    const element* const json = members.Find(slot.name);
    if (json != nullptr) {
      const std::size_t size = Enter(slot.name);
      if (!slot.read(*this, *json, slot.value)) return false;
      path_.resize(size);
    } else if (slot.clear != nullptr && (slot.or_left_out || may_omit_)) {
      slot.clear(slot.value);
    } else {
      return Fail(absl::StrFormat("no member %s", slot.name));
    }
  }
  return true;
}

template <typename T>
bool LineReader::Parser::Within(std::string_view name, const element& json, T& value) {
  const std::size_t size = Enter(name);
  if (!Value(json, value)) return false;
  path_.resize(size);
  return true;
}

template <typename T>
bool LineReader::Parser::Value(const element& json, T& value) {
  if constexpr (kIsOptional<T>) {
    if (json.is_null() && !SameAs().has_value()) {
      value.reset();
      return true;
    }
    return Value(json, value.emplace());
  } else if constexpr (std::same_as<T, bool>) {
    return json.get(value) == simdjson::SUCCESS || Fail("no boolean");
  } else if constexpr (std::unsigned_integral<T>) {
    std::uint64_t number = 0;
    if (json.get(number) != simdjson::SUCCESS || number > std::numeric_limits<T>::max()) {
      return Fail("no such number");
    }
    value = static_cast<T>(number);
    return true;
  } else if constexpr (std::integral<T>) {
    std::int64_t number = 0;
    if (json.get(number) != simdjson::SUCCESS || !std::in_range<T>(number)) {
      return Fail("no such number");
    }
    value = static_cast<T>(number);
    return true;
  } else if constexpr (ValueSet<T>) {
    std::string_view text;
    if (!Plain(json, text)) return false;
    const std::optional<T> found = FindNamed<T>(text);
    if (!found.has_value()) return Fail(EscapedForTerminal(text) + " is no value of it");
    value = *found;
    return true;
  } else if constexpr (std::same_as<T, std::string_view>) {
    return Text(json, value);
  } else if constexpr (std::same_as<T, std::string>) {
    std::string_view text;
    if (!Text(json, text)) return false;
    value = text;
    return true;
  } else if constexpr (kIsFixedText<T>) {
    std::string_view text;
    if (!Plain(json, text)) return false;
    if (text.size() >= value.chars.size() || text.find('\0') != text.npos) {
      return Fail("no such text");
    }
    value = {};
    text.copy(value.chars.data(), text.size());
    return true;
  } else if constexpr (kIsNamed<T>) {
    return Named(json, value);
  } else if constexpr (kIsVector<T>) {
    return Vector(json, value);
  } else if constexpr (Described<T>) {
    simdjson::dom::object object;
    if (json.get(object) != simdjson::SUCCESS) return Fail("no object");
    Members members(object);
    if (!members.Twice().empty()) return Fail("a member is there twice");
    const bool may_omit = std::exchange(may_omit_, false);
    if (!Fields(members, value)) return false;
    may_omit_ = may_omit;
    const std::string_view rest = members.Rest();
    return rest.empty() ||
           Fail(absl::StrFormat("member %s is not known", EscapedForTerminal(rest)));
  } else {
    return Special(json, value);
  }
}

template <typename T>
bool LineReader::Parser::Vector(const element& json, std::vector<T>& values) {
  simdjson::dom::array array;
  if (json.get(array) != simdjson::SUCCESS) return Fail("no list");
  values.clear();
  values.reserve(array.size());
  for (const element& item : array) {
    const std::string index = std::to_string(values.size());
    if (!Within(index, item, values.emplace_back())) return false;
  }
  if constexpr (std::same_as<T, std::string_view>) {
    if (!values.empty()) return NoteCut(path_, values.front());
    Use(cut_, path_);  // all of it was
  }
  return true;
}

template <typename T>
bool LineReader::Parser::Named(const element& json,
                               std::vector<std::pair<std::string_view, T>>& values) {
  simdjson::dom::object object;
  if (json.get(object) != simdjson::SUCCESS) return Fail("no object");
  values.clear();
  for (const auto& [key, value] : object) {
    auto& [name, member] = values.emplace_back();
    name = key;
    if (!Within(key, value, member)) return false;
  }
  return true;
}

// No line says more than it has bytes, but for texts that stand for others.
bool LineReader::Parser::Keep(std::string bytes, std::string_view& kept) {
  kept_bytes_ += bytes.size();
  if (kept_bytes_ > kLineMax) return Fail("the line stands for too much text");
  kept = kept_.emplace_back(std::move(bytes));
  return true;
}

std::optional<element> LineReader::Parser::SameAs() {
  if (same_as_.empty()) return std::nullopt;
  const auto found = same_as_.find(path_);
  element other;
  if (found == same_as_.end() ||
      line_.at_pointer(found->second.text).get(other) != simdjson::SUCCESS) {
    return std::nullopt;
  }
  found->second.used = true;
  return other;
}

bool LineReader::Parser::Plain(const element& json, std::string_view& text) {
  return json.get(text) == simdjson::SUCCESS || Fail("no text");
}

bool LineReader::Parser::Text(const element& json, std::string_view& text) {
  std::string pointer = path_;
  element from = json;
  if (const auto other = SameAs(); other.has_value()) {
    from = *other;
    pointer = same_as_.find(path_)->second.text;
  }
  if (!Plain(from, text)) return false;
  if (const Note* const raw = Use(raw_bytes_, pointer); raw != nullptr) {
    const std::string_view hex = raw->text;
    if (hex.size() % 2 != 0 || hex.find_first_not_of("0123456789abcdef") != hex.npos) {
      return Fail("raw_bytes has no hex bytes of it");
    }
    std::string bytes = absl::HexStringToBytes(absl::string_view(hex.data(), hex.size()));
    if (!IsShownAs(bytes, text)) return Fail("raw_bytes has other bytes than the text");
    if (!Keep(std::move(bytes), text)) return false;
  }
  return NoteCut(pointer, text);
}

bool LineReader::Parser::NoteCut(std::string_view pointer, std::string_view& text) {
  if (Use(cut_, pointer) == nullptr) return true;
  if (!Keep(std::string(text), text)) return false;
  content_.cut.push_back(text.data());
  return true;
}

// Would a line show these bytes so, and say in raw_bytes which they are?
bool LineReader::Parser::IsShownAs(std::string_view bytes, std::string_view text) {
  JsonWriter json;
  if (!json.String(bytes)) return false;
  std::string_view shown;
  simdjson::dom::parser parser;
  return parser.parse(json.text().data(), json.text().size()).get(shown) == simdjson::SUCCESS &&
         shown == text;
}

bool LineReader::Parser::List(const element& json, std::string_view& bytes) {
  simdjson::dom::array array;
  if (json.get(array) != simdjson::SUCCESS) return Fail("no list");
  std::string joined;
  std::size_t index = 0;
  for (const element& item : array) {
    std::string_view text;
    if (!Within(std::to_string(index++), item, text)) return false;
    if (text.find('\0') != text.npos) return Fail("an item has a NUL byte");
    joined += text;
    joined += '\0';
    if (joined.size() > kLineMax) return Fail("the line stands for too much text");
  }
  if (!Keep(std::move(joined), bytes)) return false;
  if (Use(cut_, path_) != nullptr) content_.cut.push_back(bytes.data());
  return true;
}

bool LineReader::Parser::Special(const element& json, JoinedText& value) {
  // The list that it was joined from may stand for it.
  if (const auto other = SameAs(); other.has_value() && other->is_array()) {
    const std::string path = std::exchange(path_, std::string(same_as_.find(path_)->second.text));
    if (!List(*other, value.bytes)) return false;
    path_ = path;
    return true;
  }
  return Text(json, value.bytes);
}

bool LineReader::Parser::Special(const element& json, TextArray& value) {
  simdjson::dom::array array;
  if (json.get(array) != simdjson::SUCCESS) return Fail("no list");
  if (array.size() > TextArray::kMax) return Fail("too many items");
  value = {};
  for (const element& item : array) {
    std::string_view text;
    if (!Within(std::to_string(value.size), item, text)) return false;
    value.Add(text);
  }
  if (value.size != 0) return NoteCut(path_, value.items[0]);
  Use(cut_, path_);  // all of it was
  return true;
}

bool LineReader::Parser::Special(const element& json, WallTime& value) {
  std::string_view text;
  if (!Plain(json, text)) return false;
  absl::Time time;
  std::string why;
  if (!absl::ParseTime(absl::RFC3339_full, absl::string_view(text.data(), text.size()), &time,
                       &why) ||
      time > absl::FromUnixNanos(INT64_MAX) || time < absl::FromUnixNanos(INT64_MIN)) {
    return Fail("no time of RFC 3339");
  }
  value.boot_ns = static_cast<std::uint64_t>(absl::ToUnixNanos(time)) -
                  static_cast<std::uint64_t>(content_.clock_offset_ns);
  return true;
}

bool LineReader::Parser::Special(const element& json, Host&) {
  content_.has_host = !json.is_null();
  return !content_.has_host || Text(json, content_.host);
}

bool LineReader::Parser::Special(const element& json, AgentId&) {
  return Text(json, content_.agent_id);
}

bool LineReader::Parser::IsOfBoot(std::string_view prefix) {
  constexpr std::size_t kDigits = 16;  // of the boot's id, as EventWriter has them
  std::string digits;
  for (const char c : content_.boot_id) {
    if (c != '-' && digits.size() < kDigits) digits += c;
  }
  return prefix == digits || Fail("it is of another boot than the line");
}

bool LineReader::Parser::Special(const element& json, ProcessKey& value) {
  std::string_view text;
  if (!Plain(json, text)) return false;
  const bool ok = AllOf(TakeLast(text), value.start_ns, 16) && AllOf(TakeLast(text), value.pid, 10);
  return ok ? IsOfBoot(text) : Fail("no process");
}

bool LineReader::Parser::Special(const element& json, EventId& value) {
  std::string_view text;
  if (!Plain(json, text)) return false;
  const bool ok = AllOf(TakeLast(text), value.record, 10) &&
                  AllOf(TakeLast(text), value.collector_start_ns, 16);
  return ok ? IsOfBoot(text) : Fail("no event");
}

bool LineReader::Parser::Special(const element& json, Mode& value) {
  std::string_view text;
  return Plain(json, text) && (AllOf(text, value.bits, 8) || Fail("no octal number"));
}

bool LineReader::Parser::Special(const element& json, Device& value) {
  std::string_view text;
  if (!Plain(json, text)) return false;
  const std::size_t colon = text.find(':');
  std::uint32_t major = 0, minor = 0;
  if (colon == text.npos || !AllOf(text.substr(0, colon), major, 10) ||
      !AllOf(text.substr(colon + 1), minor, 10) || major > 0xfff || minor > 0xfffff) {
    return Fail("no device");
  }
  value.dev = major << 20 | minor;
  return true;
}

bool LineReader::Parser::Special(const element& json, CapabilitySet& value) {
  std::string_view text;
  return Plain(json, text) && (AllOf(text, value.bits, 16) || Fail("no hex number"));
}

LineReader::LineReader() : parser_(std::make_unique<Parser>()) {}
LineReader::~LineReader() = default;

absl::StatusOr<const LineContent*> LineReader::Read(std::string_view line) {
  RG_RETURN_IF_ERROR(parser_->Read(line));
  return &parser_->content();
}

}  // namespace randguard
