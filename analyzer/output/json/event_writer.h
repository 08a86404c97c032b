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

#include "analyzer/event/field.h"
#include "analyzer/event/value_set.h"
#include "analyzer/event/values.h"
#include "analyzer/output/json/actor_texts.h"
#include "analyzer/output/json/json_writer.h"
#include "analyzer/output/json/session_context.h"

namespace randguard {

// Not reentrant: one writer, one line at a time.
class EventWriter {
 public:
  // `agent_id` is the sensor's name, the same in all lines.
  explicit EventWriter(std::string_view agent_id);

  void SetSession(const SessionContext& session);
  void SetClockOffset(std::int64_t ns) { clock_offset_ns_ = ns; }

  // The event as one line, newline included; valid until the next call. Fields of
  // `event.actor` and `event.call`, where there are such, come before its own, fields of
  // `event.object` behind them. A string whose bytes are not UTF-8 is
  // shown with U+FFFD in place of what is not, and whole, in hex, in the member "raw_bytes" under
  // its JSON Pointer.
  //
  // Compiled once for each event: lines_of_*.cc, where a new one has to be named.
  template <Described Event>
  std::string_view Write(const Event& event);

  // As a process is named in lines; valid until the next call of this or of Write().
  std::string_view ProcessId(const ProcessKey& value);

 private:
  template <Described Object>
  void Members(const Object& object) {
    VisitFields(object, [&](const auto& field, const auto& value) { Member(field, value); });
  }
  template <typename Field, typename T>
  void Member(const Field& field, const T& value) {
    if constexpr (kIsOrLeftOut<T>) {
      if (!value.has_value()) return;
    }
    json_.Raw(field.json_key());
    key_ = field.name();
    Value(value);
  }
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
      Value(*value);
    } else {
      json_.Null();
    }
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
  void Special(const WallTime& value);
  void Special(const Host&);
  void Special(const AgentId&);
  void Special(const ProcessKey& value);
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
    return outside;
  }
  void Leave(const Nesting& outside) {
    path_.resize(outside.path_size);
    key_ = outside.key;
  }

  void String(std::string_view bytes);
  // A JSON Pointer to the member being written.
  std::string Pointer() const { return path_ + "/" + std::string(key_); }
  void RawBytes();

  JsonWriter json_;
  ActorTexts actors_;
  std::string agent_json_;
  std::string host_json_ = "null";
  std::string host_raw_;  // the name's bytes, if they are not UTF-8
  // "0123456789abcdef-", then the process: pid, '-', start in hex.
  static constexpr std::size_t kBootDigits = 16;
  char process_id_[kBootDigits + 1 + 10 + 1 + 16] = {};
  std::size_t boot_prefix_size_ = 0;
  std::int64_t clock_offset_ns_ = 0;
  std::int64_t second_ = INT64_MIN;  // that second_text_ is of; this one no clock shows
  char second_text_[20] = {};        // "2026-01-31T23:59:59"
  std::string path_;                 // JSON Pointer to what holds the member being written
  std::string_view key_;             // the member's name
  std::vector<std::pair<std::string, std::string_view>> raw_bytes_;
};

}  // namespace randguard

#endif  // ANALYZER_OUTPUT_JSON_EVENT_WRITER_H_
