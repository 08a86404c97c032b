// SPDX-License-Identifier: Apache-2.0
#include "analyzer/output/json/event_writer.h"

#include <charconv>
#include <ctime>

namespace randguard {
namespace {

// `digits` decimal digits of value, leading zeros kept.
void PutDigits(char* at, std::uint32_t value, int digits) {
  for (int i = digits - 1; i >= 0; --i) {
    at[i] = static_cast<char>('0' + value % 10);
    value /= 10;
  }
}

}  // namespace

EventWriter::EventWriter(std::string_view agent_id) {
  JsonWriter json;
  json.String(agent_id);
  agent_json_ = json.text();
}

void EventWriter::SetSession(const SessionContext& session) {
  JsonWriter host;
  host_raw_ = host.String(session.host_name) ? session.host_name : "";
  host_json_ = host.text();
  // 64 bits of it: enough to tell boots apart, short enough for every line.
  boot_prefix_size_ = 0;
  for (const char c : session.boot_id) {
    const bool hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
    if (hex && boot_prefix_size_ < kBootDigits) process_id_[boot_prefix_size_++] = c;
  }
  process_id_[boot_prefix_size_++] = '-';
  clock_offset_ns_ = session.clock_offset_ns;
  actors_.Clear();  // their hosts and boots
}

void EventWriter::ActorMembers(const Actor& actor) {
  const std::string_view kept = actors_.Find(actor);
  std::size_t begin = 0;
  VisitFields(actor, [&](const auto& field, const auto& value) {
    constexpr bool kMoment = ActorTexts::IsMoment(std::remove_cvref_t<decltype(field)>::name());
    if (!kMoment && !kept.empty()) return;
    Member(field, value);
    if (kMoment) begin = json_.size();
  });
  if (!kept.empty()) {
    json_.Raw(kept);
  } else if (raw_bytes_.empty()) {  // raw bytes belong at the line's end
    actors_.Keep(actor, json_.text().substr(begin));
  }
}

void EventWriter::Special(const WallTime& value) {
  constexpr std::int64_t kSecond = 1'000'000'000;
  // Unsigned: hostile clocks wrap, they do not overflow.
  const auto ns =
      static_cast<std::int64_t>(value.boot_ns + static_cast<std::uint64_t>(clock_offset_ns_));
  std::int64_t second = ns / kSecond;
  std::int64_t rest = ns % kSecond;
  if (rest < 0) {
    rest += kSecond;
    --second;
  }
  if (second != second_) {
    std::tm utc{};
    const std::time_t t = second;
    // Years of more or less than four digits would not be RFC 3339.
    if (gmtime_r(&t, &utc) == nullptr || utc.tm_year < -1900 || utc.tm_year > 8099) {
      json_.Null();
      return;
    }
    second_ = second;
    PutDigits(second_text_, static_cast<std::uint32_t>(utc.tm_year + 1900), 4);
    second_text_[4] = '-';
    PutDigits(second_text_ + 5, static_cast<std::uint32_t>(utc.tm_mon + 1), 2);
    second_text_[7] = '-';
    PutDigits(second_text_ + 8, static_cast<std::uint32_t>(utc.tm_mday), 2);
    second_text_[10] = 'T';
    PutDigits(second_text_ + 11, static_cast<std::uint32_t>(utc.tm_hour), 2);
    second_text_[13] = ':';
    PutDigits(second_text_ + 14, static_cast<std::uint32_t>(utc.tm_min), 2);
    second_text_[16] = ':';
    PutDigits(second_text_ + 17, static_cast<std::uint32_t>(utc.tm_sec), 2);
  }
  char text[32];
  text[0] = '"';
  std::char_traits<char>::copy(text + 1, second_text_, 19);
  text[20] = '.';
  PutDigits(text + 21, static_cast<std::uint32_t>(rest), 9);
  text[30] = 'Z';
  text[31] = '"';
  json_.Raw({text, sizeof(text)});
}

void EventWriter::Special(const Host&) {
  json_.Raw(host_json_);
  if (!host_raw_.empty()) raw_bytes_.emplace_back(Pointer(), host_raw_);
}

void EventWriter::Special(const AgentId&) { json_.Raw(agent_json_); }

std::string_view EventWriter::ProcessId(const ProcessKey& value) {
  char* const end = process_id_ + sizeof(process_id_);
  char* at = std::to_chars(process_id_ + boot_prefix_size_, end, value.pid).ptr;
  *at++ = '-';
  at = std::to_chars(at, end, value.start_ns, 16).ptr;
  return {process_id_, static_cast<std::size_t>(at - process_id_)};
}

void EventWriter::Special(const ProcessKey& value) {
  json_.Raw('"');
  json_.Raw(ProcessId(value));
  json_.Raw('"');
}

void EventWriter::Special(const TextList& value) {
  std::size_t index = 0;
  json_.Raw('[');
  ForEachItem(value.bytes, [&](std::string_view item) {
    if (index != 0) json_.Raw(',');
    if (json_.String(item)) {
      raw_bytes_.emplace_back(Pointer() + "/" + std::to_string(index), item);
    }
    ++index;
  });
  json_.Raw(']');
}

void EventWriter::Special(const JoinedText& value) {
  // Not in raw_bytes: the list it was joined from is.
  bool first = true;
  json_.Raw('"');
  ForEachItem(value.bytes, [&](std::string_view item) {
    if (!first) json_.Raw(' ');
    first = false;
    json_.StringPart(item);
  });
  json_.Raw('"');
}

void EventWriter::Special(const TextArray& value) {
  json_.Raw('[');
  for (std::size_t i = 0; i < value.size; ++i) {
    if (i != 0) json_.Raw(',');
    if (json_.String(value.items[i])) {
      raw_bytes_.emplace_back(Pointer() + "/" + std::to_string(i), value.items[i]);
    }
  }
  json_.Raw(']');
}

void EventWriter::Special(const Mode& value) {
  char text[16];
  const char* end = std::to_chars(text, text + sizeof(text), value.bits, 8).ptr;
  json_.Raw('"');
  json_.Raw({text, static_cast<std::size_t>(end - text)});
  json_.Raw('"');
}

void EventWriter::Special(const Device& value) {
  json_.Raw('"');
  json_.Number(value.dev >> 20);
  json_.Raw(':');
  json_.Number(value.dev & 0xfffff);
  json_.Raw('"');
}

void EventWriter::Special(const CapabilitySet& value) {
  char text[16];
  const char* end = std::to_chars(text, text + sizeof(text), value.bits, 16).ptr;
  const auto digits = static_cast<std::size_t>(end - text);
  json_.Raw('"');
  json_.Raw(std::string_view("0000000000000000").substr(digits));
  json_.Raw({text, digits});
  json_.Raw('"');
}

void EventWriter::String(std::string_view bytes) {
  if (json_.String(bytes)) raw_bytes_.emplace_back(Pointer(), bytes);
}

void EventWriter::RawBytes() {
  json_.Raw(",\"raw_bytes\":{");
  for (std::size_t i = 0; i < raw_bytes_.size(); ++i) {
    if (i != 0) json_.Raw(',');
    json_.String(raw_bytes_[i].first);
    json_.Raw(':');
    json_.HexString(raw_bytes_[i].second);
  }
  json_.Raw('}');
}

}  // namespace randguard
