// SPDX-License-Identifier: Apache-2.0
//
// Turns events into lines of JSON, by the description of their fields.
#ifndef ANALYZER_OUTPUT_JSON_EVENT_WRITER_H_
#define ANALYZER_OUTPUT_JSON_EVENT_WRITER_H_

#include <charconv>
#include <concepts>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "analyzer/event/field.h"
#include "analyzer/event/value_set.h"
#include "analyzer/event/values.h"
#include "analyzer/output/json/actor_texts.h"
#include "analyzer/output/json/counting_text.h"
#include "analyzer/output/json/empty.h"
#include "analyzer/output/json/json_writer.h"
#include "analyzer/output/json/session_context.h"

namespace randguard {

struct Alert;
enum class OutputFormat;
namespace profiles {
class ProfileLine;
}

// Not reentrant: one writer, one line at a time.
class EventWriter {
 public:
  // `agent_id` is the sensor's name, the same in all lines.
  explicit EventWriter(std::string_view agent_id);
  // Lines of another format have the same numbers and limits, and other fields:
  // analyzer/output/profiles/.
  EventWriter(std::string_view agent_id, OutputFormat format);

  // Fields of events that say nothing are left out: null, false, or empty.
  void OmitEmpty(bool omit) { omit_empty_ = omit; }

  // Another boot than the one before begins with line 1, unless ContinueNumbers() has named one.
  void SetSession(const SessionContext& session);
  // Lines are numbered from `next` on, and are of this boot, whatever a session says: two who say
  // it in turns could otherwise have numbers used twice. An empty one is named by sessions.
  void ContinueNumbers(std::string_view boot_id, std::uint64_t next);
  // The next line has this number, unless one has had it already.
  void SkipTo(std::uint64_t seq) {
    if (seq > seq_.value()) seq_.Set(seq);
  }
  // For whoever writes lines anew: the next line has this number, whatever others had.
  void Renumber(std::uint64_t seq) { seq_.Set(seq); }
  // Likewise: texts that were cut before, by their first bytes. They are named as those are that
  // are cut now. Borrowed, for the next lines.
  void SetCutBefore(const std::vector<const char*>* texts) { cut_before_ = texts; }
  // The number of the next line.
  std::uint64_t next_seq() const { return seq_.value(); }
  // The boot whose lines these are; empty: not known.
  const std::string& boot_id() const { return boot_id_; }
  void SetClockOffset(std::int64_t ns);

  // Bytes of the longest line; an alert repeats what the event before it has.
  static constexpr std::size_t kLineMax = std::size_t{48} << 10;
  static constexpr std::size_t kAlertMax = std::size_t{16} << 10;
  // A text that is longer stands once in a line.
  static constexpr std::size_t kRepeatedMax = 1024;

  // The event as one line, newline included; valid until the next call. Fields of
  // `event.actor` and `event.call`, where there are such, come before its own, fields of
  // `event.object` behind them. A string whose bytes are not UTF-8 is
  // shown with U+FFFD in place of what is not, and whole, in hex, in the member "raw_bytes" under
  // its JSON Pointer.
  //
  // A long text that stands in the line already is null, or empty where there is no null, and the
  // member "same_as" has the JSON Pointer of the other one under its own. Where a line would be too
  // long, its longest texts are cut: paths lose their beginning, others their end, lists their last
  // items. The member "texts_cut" has their JSON Pointers; a field that says whether its text is
  // whole says that it is not.
  //
  // Compiled once for each event: lines_of_*.cc, where a new one has to be named.
  template <Described Event>
  std::string_view Write(const Event& event);

  // Lines whose texts were cut.
  std::uint64_t lines_cut() const { return lines_cut_; }

  // As a process is named in lines; valid until the next call of this or of Write().
  std::string_view ProcessId(const ProcessKey& value);

 private:
  using VisitText = absl::FunctionRef<void(std::string_view)>;

  template <Described Object>
  void Members(const Object& object) {
    VisitFields(object, [&](const auto& field, const auto& value) { Member(field, value); });
  }
  template <typename Field, typename T>
  void Member(const Field& field, const T& value) {
    if constexpr (kIsOrLeftOut<T>) {
      if (!value.has_value()) return;
    }
    constexpr bool kSaysWhetherCut = std::same_as<T, bool> && Field::name().ends_with(kTruncated);
    if (omits_ && SaysNothing(value)) {
      if constexpr (kSaysWhetherCut) {
        if (!IsCut(field.name())) return;
      } else {
        return;
      }
    }
    json_.Raw(field.json_key());
    key_ = field.name();
    if constexpr (kSaysWhetherCut) {
      json_.Bool(value || IsCut(field.name()));
    } else {
      Value(value);
    }
  }
  // Writes the line, whatever its length.
  template <Described Event>
  void Lay(const Event& event);
  // The same in another format: analyzer/output/profiles/.
  template <Described Event>
  void LayForeign(const Event& event);
  template <typename Profile, typename Event>
  void LayAs(const Event& event);
  friend class profiles::ProfileLine;
  void Begin();
  void End();

  // Writes what Members() would, from the kept text where there is one.
  void ActorMembers(const Actor& actor);

  template <typename T>
  void Value(const T& value) {
    if constexpr (std::same_as<T, bool>) {
      json_.Bool(value);
    } else if constexpr (std::integral<T>) {
      json_.Number(value);
    } else if constexpr (ValueSet<T>) {
      json_.Raw(JsonOf(value));
    } else if constexpr (std::convertible_to<T, std::string_view>) {
      String(value);
    } else if constexpr (Described<T>) {
      Object(value);
    } else {
      Special(value);
    }
  }

  template <typename T>
  void Special(const std::optional<T>& value) {
    if (value.has_value()) {
      nullable_ = true;
      Value(*value);
      nullable_ = false;
    } else {
      json_.Null();
    }
  }
  template <std::convertible_to<std::string_view> T>
  void Special(const std::vector<T>& values) {
    std::size_t size = 0;
    for (const std::string_view value : values) size += value.size();
    Texts(size, !values.empty() && WasCut(values.front()), [&](auto&& visit) {
      for (const std::string_view value : values) visit(value);
    });
  }
  template <typename T>
  void Special(const std::vector<T>& values) {
    const Nesting outside = Enter();
    json_.Raw('[');
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (i != 0) json_.Raw(',');
      char digits[20];
      key_ = {digits, std::to_chars(digits, digits + sizeof(digits), i).ptr};
      Value(values[i]);
    }
    json_.Raw(']');
    Leave(outside);
  }
  // An object whose member names are data: names of kinds, of programs.
  template <typename T>
  void Special(const std::vector<std::pair<std::string_view, T>>& members) {
    const Nesting outside = Enter();
    json_.Raw('{');
    for (std::size_t i = 0; i < members.size(); ++i) {
      if (i != 0) json_.Raw(',');
      json_.String(members[i].first);
      json_.Raw(':');
      key_ = members[i].first;
      Value(members[i].second);
    }
    json_.Raw('}');
    Leave(outside);
  }
  void Special(const WallTime& value) { Time(value, clock_offset_ns_, seconds_[0]); }
  // A second, and its text, that of many times in a row.
  struct SecondText {
    std::int64_t second = INT64_MIN;  // this one no clock shows
    char text[20] = {};               // "2026-01-31T23:59:59"
  };
  void Time(const WallTime& value, std::int64_t offset_ns, SecondText& last);
  void Special(const Host&);
  void Special(const AgentId&);
  void Special(const ProcessKey& value);
  void Special(const EventId& value);
  std::string_view QuotedProcessId(const ProcessKey& value);
  void SetEventPrefix(std::uint64_t collector_start_ns);
  // Text that is a part of every line.
  struct ShortText {
    char bytes[64] = {};
    std::size_t size = 0;

    void Append(std::string_view text);
  };
  static constexpr std::size_t kBootIdMax = 36;
  static ShortText BeforeSeq(std::string_view boot_json);
  void Short(const ShortText& text) { json_.RawShort<sizeof(text.bytes)>(text.bytes, text.size); }
  void Count(const CountingText& text) {
    json_.RawShort<CountingText::kReadable>(text.text().data(), text.text().size());
  }
  void Special(const TextList& value);
  void Special(const JoinedText& value);
  void Special(const TextArray& value);
  template <std::size_t kSize>
  void Special(const FixedText<kSize>& value) {
    String(value.view());
  }
  void Special(const Mode& value);
  void Special(const Device& value);
  void Special(const CapabilitySet& value);

  // Nested objects start without the comma that json_key() brings.
  template <Described T>
  void Object(const T& object) {
    const Nesting outside = Enter();
    bool first = true;
    json_.Raw('{');
    VisitFields(object, [&](const auto& field, const auto& value) {
      json_.Raw(field.json_key().substr(first ? 1 : 0));
      first = false;
      key_ = field.name();
      Value(value);
    });
    json_.Raw('}');
    Leave(outside);
  }

  // Enter() makes the values written next lie inside of the member `key_`; Leave() ends that.
  struct Nesting {
    std::size_t path_size;
    std::string_view key;
  };
  Nesting Enter() {
    const Nesting outside{path_.size(), key_};
    path_ += '/';
    path_ += key_;
    nullable_ = false;
    return outside;
  }
  void Leave(const Nesting& outside) {
    path_.resize(outside.path_size);
    key_ = outside.key;
  }

  void String(std::string_view bytes);
  // A text of at least long_ bytes.
  void LongString(std::string_view bytes);
  // A list of texts, of so many bytes together, which each(visit) visits.
  void Texts(std::size_t size, bool was_cut, absl::FunctionRef<void(const VisitText&)> each);
  // A JSON Pointer to the member being written.
  std::string Pointer() const { return path_ + "/" + std::string(key_); }
  void RawBytes();

  // Texts of fewer bytes are not looked after, but in a line that is too long: there, those of at
  // least kCut bytes. All others of any event fit into a line.
  static constexpr std::size_t kLong = 256;
  static constexpr std::size_t kCut = 32;
  static constexpr std::string_view kTruncated = "_truncated";

  // Is the text cut that a field of this name is about?
  bool IsCut(std::string_view truncated) const;
  bool WasCut(std::string_view bytes) const;
  // Sets room_, so that what was just laid fits; false: no text is left to be cut.
  bool MakeRoom(std::size_t max);
  // Does the text, that of a list or not, stand in the line already? Notes which.
  bool IsRepeated(std::string_view bytes, bool list, std::string pointer);

  void SetNumbers(std::string_view boot_id, std::uint64_t next);

  enum class Fields { kOwn, kEcs, kOcsf } fields_ = Fields::kOwn;
  bool omit_empty_ = false;
  bool omits_ = false;  // in this line
  JsonWriter json_;
  ActorTexts actors_;

  bool keeps_boot_ = false;
  CountingText seq_{1};      // of the next line
  std::string boot_id_;      // of the lines' numbers; empty: not known yet
  bool boot_valid_ = false;  // it is a kernel's
  ShortText before_seq_ = BeforeSeq("null");
  ShortText line_id_;  // what comes before the number in the id of a line
  std::string agent_json_;
  std::string host_json_ = "null";
  std::string host_raw_;  // the name's bytes, if they are not UTF-8
  // A quote, "0123456789abcdef-", then the process: pid, '-', start in hex, and a quote.
  static constexpr std::size_t kBootDigits = 16;
  char process_id_[1 + kBootDigits + 1 + 10 + 1 + 16 + 1] = {'"'};
  std::size_t boot_prefix_size_ = 1;
  // The event before: the same beginning, start of the collector in hex, '-'; and the record.
  ShortText event_prefix_;
  std::uint64_t event_start_ns_ = 0;
  CountingText event_record_;
  std::int64_t clock_offset_ns_ = 0;
  // The same for starts of processes, which are to be equal in all lines of a process: it follows
  // when the clock is set, not with each batch.
  std::int64_t start_offset_ns_ = 0;
  SecondText seconds_[2];  // of events; of when processes started
  std::string path_;       // JSON Pointer to what holds the member being written
  std::string_view key_;   // the member's name
  std::vector<std::pair<std::string, std::string_view>> raw_bytes_;

  // These are about the line that is being written.
  std::size_t long_ = kLong;
  bool nullable_ = false;                    // the value being written
  bool too_long_ = false;                    // it is, with all that it could have
  std::size_t room_ = SIZE_MAX;              // of each text; the longest ones are cut to it
  std::vector<std::size_t> sizes_;           // of its long texts, as they are written
  std::vector<std::string> cut_, know_cut_;  // pointers; the latter of the time before
  const std::vector<const char*>* cut_before_ = nullptr;
  struct Seen {
    std::string_view bytes;
    bool list;
    std::string pointer;
  };
  std::vector<Seen> seen_;  // its texts of more than kRepeatedMax bytes
  std::vector<std::pair<std::string, std::string>> same_as_;
  std::uint64_t lines_cut_ = 0;
};

}  // namespace randguard

#endif  // ANALYZER_OUTPUT_JSON_EVENT_WRITER_H_
