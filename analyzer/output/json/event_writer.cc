// SPDX-License-Identifier: Apache-2.0
#include "analyzer/output/json/event_writer.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <ctime>
#include <numeric>
#include <string>

#include "analyzer/config/config.h"

namespace randguard {
namespace {

// "00", "01", ...
constexpr auto kPairs = [] {
  std::array<char, 200> pairs{};
  for (std::size_t i = 0; i < 100; ++i) {
    pairs[2 * i] = static_cast<char>('0' + i / 10);
    pairs[2 * i + 1] = static_cast<char>('0' + i % 10);
  }
  return pairs;
}();

// `digits` decimal digits of value, leading zeros kept.
void PutDigits(char* at, std::uint32_t value, int digits) {
  for (; digits >= 2; value /= 100) {
    digits -= 2;
    const std::size_t pair = value % 100;
    std::char_traits<char>::copy(at + digits, &kPairs[2 * pair], 2);
  }
  if (digits == 1) *at = static_cast<char>('0' + value % 10);
}

// Bytes that a member of raw_bytes takes.
std::size_t RawBytesOf(const std::pair<std::string, std::string_view>& raw) {
  return raw.first.size() + 2 * raw.second.size() + 6;
}

// Paths lose their beginning where they are cut, here as in the kernel's records.
bool LosesBeginning(std::string_view key) {
  const std::string_view field = key.substr(key.rfind('/') + 1);  // those of profiles are paths
  return field.ends_with("path") || field == "cwd" || field == "cgroup" || field == "base" ||
         field == "executable" || field == "working_directory" || field == "directory" ||
         field == "parent_folder";
}

}  // namespace

EventWriter::EventWriter(std::string_view agent_id) : EventWriter(agent_id, OutputFormat::kJson) {}

EventWriter::EventWriter(std::string_view agent_id, OutputFormat format)
    : fields_(format == OutputFormat::kEcs    ? Fields::kEcs
              : format == OutputFormat::kOcsf ? Fields::kOcsf
                                              : Fields::kOwn) {
  JsonWriter json;
  json.String(agent_id);
  agent_json_ = json.text();
  SetEventPrefix(0);
  SetNumbers({}, 1);
}

void EventWriter::SetNumbers(std::string_view boot_id, std::uint64_t next) {
  // Anything else did not come from a kernel.
  boot_valid_ = !boot_id.empty() && boot_id.size() <= kBootIdMax &&
                boot_id.find_first_not_of("0123456789abcdef-") == boot_id.npos;
  before_seq_ = BeforeSeq(boot_valid_ ? '"' + std::string(boot_id) + '"' : "null");
  boot_id_ = boot_id;
  line_id_ = {};
  line_id_.Append("\"");
  if (boot_valid_) {
    for (const char c : boot_id) {
      if (c != '-' && line_id_.size <= kBootDigits) line_id_.Append({&c, 1});
    }
    line_id_.Append("-");
  }
  line_id_.Append("line-");
  seq_.Set(next);
  actors_.Clear();  // in other formats, their texts have the boot's id
}

void EventWriter::ShortText::Append(std::string_view text) {
  size += text.copy(bytes + size, sizeof(bytes) - size);
}

EventWriter::ShortText EventWriter::BeforeSeq(std::string_view boot_json) {
  ShortText text;
  for (const std::string_view part :
       {std::string_view(R"(","boot_id":)"), boot_json, std::string_view(R"(,"seq":)")})
    text.Append(part);
  return text;
}

void EventWriter::ContinueNumbers(std::string_view boot_id, std::uint64_t next) {
  SetNumbers(boot_id, next);
  keeps_boot_ = !boot_id.empty();
}

void EventWriter::SetSession(const SessionContext& session) {
  if (!keeps_boot_ && session.boot_id != boot_id_) {
    SetNumbers(session.boot_id, boot_id_.empty() ? next_seq() : 1);
  }
  JsonWriter host;
  host_raw_ = host.String(session.host_name) ? session.host_name : "";
  host_json_ = host.text();
  // 64 bits of it: enough to tell boots apart, short enough for every line.
  boot_prefix_size_ = 1;  // the quote
  for (const char c : session.boot_id) {
    const bool hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
    if (hex && boot_prefix_size_ <= kBootDigits) process_id_[boot_prefix_size_++] = c;
  }
  process_id_[boot_prefix_size_++] = '-';
  SetEventPrefix(event_start_ns_);
  clock_offset_ns_ = start_offset_ns_ = session.clock_offset_ns;
  actors_.Clear();  // their hosts and boots
}

void EventWriter::SetClockOffset(std::int64_t ns) {
  clock_offset_ns_ = ns;
  // Unsigned: hostile offsets wrap, they do not overflow. Twice the bound is within it either way.
  constexpr std::uint64_t kBound = 1'000'000'000;
  const auto moved = static_cast<std::uint64_t>(ns) - static_cast<std::uint64_t>(start_offset_ns_);
  if (moved + kBound <= 2 * kBound) return;
  start_offset_ns_ = ns;
  if (fields_ != Fields::kOwn) actors_.Clear();  // their texts have starts of processes
}

void EventWriter::ActorMembers(const Actor& actor) {
  const bool keeps = long_ == kLong;
  const std::string_view kept = keeps ? actors_.Find(actor) : std::string_view();
  std::size_t begin = 0;
  VisitFields(actor, [&](const auto& field, const auto& value) {
    constexpr bool kMoment = ActorTexts::IsMoment(std::remove_cvref_t<decltype(field)>::name());
    if (!kMoment && !kept.empty()) return;
    Member(field, value);
    if (kMoment) begin = json_.size();
  });
  if (!kept.empty()) {
    json_.Raw(kept);
  } else if (keeps && raw_bytes_.empty() && sizes_.empty()) {  // these are noted for the line
    actors_.Keep(actor, json_.text().substr(begin));
  }
}

void EventWriter::Time(const WallTime& value, std::int64_t offset_ns, SecondText& last) {
  constexpr std::int64_t kSecond = 1'000'000'000;
  // Unsigned: hostile clocks wrap, they do not overflow.
  const auto ns = static_cast<std::int64_t>(value.boot_ns + static_cast<std::uint64_t>(offset_ns));
  std::int64_t second = ns / kSecond;
  std::int64_t rest = ns % kSecond;
  if (rest < 0) {
    rest += kSecond;
    --second;
  }
  if (second != last.second) {
    std::tm utc{};
    const std::time_t t = second;
    // Years of more or less than four digits would not be RFC 3339.
    if (gmtime_r(&t, &utc) == nullptr || utc.tm_year < -1900 || utc.tm_year > 8099) {
      json_.Null();
      return;
    }
    last.second = second;
    PutDigits(last.text, static_cast<std::uint32_t>(utc.tm_year + 1900), 4);
    last.text[4] = '-';
    PutDigits(last.text + 5, static_cast<std::uint32_t>(utc.tm_mon + 1), 2);
    last.text[7] = '-';
    PutDigits(last.text + 8, static_cast<std::uint32_t>(utc.tm_mday), 2);
    last.text[10] = 'T';
    PutDigits(last.text + 11, static_cast<std::uint32_t>(utc.tm_hour), 2);
    last.text[13] = ':';
    PutDigits(last.text + 14, static_cast<std::uint32_t>(utc.tm_min), 2);
    last.text[16] = ':';
    PutDigits(last.text + 17, static_cast<std::uint32_t>(utc.tm_sec), 2);
  }
  char text[32];
  text[0] = '"';
  std::char_traits<char>::copy(text + 1, last.text, 19);
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

std::string_view EventWriter::QuotedProcessId(const ProcessKey& value) {
  char* const end = process_id_ + sizeof(process_id_);
  char* at = std::to_chars(process_id_ + boot_prefix_size_, end, value.pid).ptr;
  *at++ = '-';
  at = std::to_chars(at, end, value.start_ns, 16).ptr;
  *at++ = '"';
  return {process_id_, static_cast<std::size_t>(at - process_id_)};
}

std::string_view EventWriter::ProcessId(const ProcessKey& value) {
  const std::string_view quoted = QuotedProcessId(value);
  return quoted.substr(1, quoted.size() - 2);
}

void EventWriter::Special(const ProcessKey& value) { json_.Raw(QuotedProcessId(value)); }

void EventWriter::Special(const EventId& value) {
  if (value.collector_start_ns != event_start_ns_) SetEventPrefix(value.collector_start_ns);
  event_record_.Set(value.record);
  Short(event_prefix_);
  Count(event_record_);
  json_.Raw('"');
}

void EventWriter::SetEventPrefix(std::uint64_t collector_start_ns) {
  event_start_ns_ = collector_start_ns;
  char hex[16];
  const char* const end = std::to_chars(hex, hex + sizeof(hex), collector_start_ns, 16).ptr;
  event_prefix_ = {};
  for (const std::string_view part :
       {std::string_view(process_id_, boot_prefix_size_),
        std::string_view(hex, static_cast<std::size_t>(end - hex)), std::string_view("-")}) {
    event_prefix_.Append(part);
  }
}

void EventWriter::Special(const TextList& value) {
  if (value.bytes.size() > kRepeatedMax) IsRepeated(value.bytes, /*list=*/true, Pointer());
  Texts(value.bytes.size(), WasCut(value.bytes),
        [&](const VisitText& visit) { ForEachItem(value.bytes, visit); });
}

void EventWriter::Special(const JoinedText& value) {
  if (value.bytes.size() > kRepeatedMax && IsRepeated(value.bytes, /*list=*/true, Pointer())) {
    json_.Raw(nullable_ ? "null" : "\"\"");
    return;
  }
  // Not in raw_bytes: the list it was joined from is.
  const bool is_long = value.bytes.size() >= long_;
  const std::size_t begin = json_.size();
  bool first = true;
  bool cut = false;
  json_.Raw('"');
  ForEachItem(value.bytes, [&](std::string_view item) {
    if (cut) return;
    if (is_long && room_ != SIZE_MAX && json_.size() - begin >= room_) {
      cut = true;
      return;
    }
    if (!first) json_.Raw(' ');
    first = false;
    if (is_long && room_ != SIZE_MAX) {
      const std::size_t used = json_.size() - begin;
      const std::string_view shown = JsonWriter::Beginning(item, room_ - std::min(room_, used));
      cut = shown.size() != item.size();
      item = shown;
    }
    json_.StringPart(item);
  });
  json_.Raw('"');
  if (cut || WasCut(value.bytes)) cut_.push_back(Pointer());
  if (is_long) sizes_.push_back(json_.size() - begin);
}

void EventWriter::Special(const TextArray& value) {
  std::size_t size = 0;
  for (std::size_t i = 0; i < value.size; ++i) size += value.items[i].size();
  Texts(size, value.size != 0 && WasCut(value.items[0]), [&](const VisitText& visit) {
    for (std::size_t i = 0; i < value.size; ++i) visit(value.items[i]);
  });
}

void EventWriter::Texts(std::size_t size, bool was_cut,
                        absl::FunctionRef<void(const VisitText&)> each) {
  const bool is_long = size >= long_;
  const bool is_bounded = is_long && room_ != SIZE_MAX;
  const std::size_t begin = json_.size();
  std::size_t index = 0;
  std::size_t raw = 0;
  bool cut = false;
  json_.Raw('[');
  const auto add = [&](std::string_view item) {
    if (cut) return;
    const auto pointer = [&] { return Pointer() + "/" + std::to_string(index); };
    bool is_repeated = false;
    if (item.size() > kRepeatedMax) is_repeated = IsRepeated(item, /*list=*/false, pointer());
    if (is_repeated) item = {};
    if (is_bounded) {
      constexpr std::size_t kAround = 3;  // two quotes and a comma
      const std::size_t used = json_.size() - begin + raw + kAround;
      const std::string_view shown = JsonWriter::Beginning(item, room_ - std::min(room_, used));
      cut = shown.size() != item.size() || used > room_;
      if (cut && shown.empty()) return;
      item = shown;
    }
    if (index != 0) json_.Raw(',');
    if (json_.String(item)) {
      raw_bytes_.emplace_back(pointer(), item);
      raw += RawBytesOf(raw_bytes_.back());
    }
    ++index;
  };
  each(add);
  json_.Raw(']');
  if (cut || was_cut) cut_.push_back(Pointer());
  if (is_long) sizes_.push_back(json_.size() - begin + raw);
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
  if (bytes.size() >= long_) {
    LongString(bytes);
  } else if (json_.String(bytes)) {
    raw_bytes_.emplace_back(Pointer(), bytes);
  }
}

void EventWriter::LongString(std::string_view bytes) {
  if (bytes.size() > kRepeatedMax && IsRepeated(bytes, /*list=*/false, Pointer())) {
    json_.Raw(nullable_ ? "null" : "\"\"");
    return;
  }
  std::string_view shown = bytes;
  if (room_ != SIZE_MAX) {
    shown =
        LosesBeginning(key_) ? JsonWriter::End(bytes, room_) : JsonWriter::Beginning(bytes, room_);
  }
  if (shown.size() != bytes.size() || WasCut(bytes)) cut_.push_back(Pointer());
  const std::size_t begin = json_.size();
  std::size_t raw = 0;
  if (json_.String(shown)) {
    raw_bytes_.emplace_back(Pointer(), shown);
    raw = RawBytesOf(raw_bytes_.back());
  }
  sizes_.push_back(json_.size() - begin + raw);
}

bool EventWriter::WasCut(std::string_view bytes) const {
  return cut_before_ != nullptr &&
         std::find(cut_before_->begin(), cut_before_->end(), bytes.data()) != cut_before_->end();
}

bool EventWriter::IsRepeated(std::string_view bytes, bool list, std::string pointer) {
  if (fields_ != Fields::kOwn) return false;  // who knows other schemas knows nothing of "same_as"
  for (const Seen& seen : seen_) {
    if (seen.list != list || seen.bytes != bytes) continue;
    same_as_.emplace_back(std::move(pointer), seen.pointer);
    return true;
  }
  seen_.push_back({bytes, list, std::move(pointer)});
  return false;
}

bool EventWriter::IsCut(std::string_view truncated) const {
  // That field of a call is about all that the caller wrote.
  if (truncated == "text_truncated") {
    return std::any_of(know_cut_.begin(), know_cut_.end(), [](const std::string& pointer) {
      return pointer != "/exe_path" && pointer != "/cgroup";
    });
  }
  truncated.remove_suffix(kTruncated.size());
  return std::any_of(cut_.begin(), cut_.end(), [&](std::string_view pointer) {
    return pointer.starts_with(path_) && pointer.substr(path_.size()).starts_with('/') &&
           pointer.substr(path_.size() + 1).ends_with(truncated);
  });
}

bool EventWriter::MakeRoom(std::size_t max) {
  constexpr std::size_t kLeast = 16;
  constexpr std::size_t kMark = 64;  // more than a pointer in texts_cut takes
  if (room_ <= kLeast || sizes_.empty()) return false;
  std::sort(sizes_.begin(), sizes_.end());
  const std::size_t texts = std::accumulate(sizes_.begin(), sizes_.end(), std::size_t{0});
  const std::size_t rest = json_.size() - std::min(texts, json_.size()) + sizes_.size() * kMark;
  std::size_t left = max - std::min(rest, max);
  std::size_t room = 0;
  // Shorter texts leave more to the others.
  for (std::size_t i = 0; i < sizes_.size(); ++i) {
    room = left / (sizes_.size() - i);
    if (sizes_[i] > room) break;
    left -= sizes_[i];
  }
  room_ = std::clamp(room, kLeast, std::max(room_ / 2, kLeast));
  return true;
}

void EventWriter::Begin() {
  json_.Clear();
  raw_bytes_.clear();
  sizes_.clear();
  cut_.clear();
  seen_.clear();
  same_as_.clear();
  nullable_ = false;
}

void EventWriter::End() {
  if (!raw_bytes_.empty()) RawBytes();
  if (!same_as_.empty()) {
    json_.Raw(",\"same_as\":{");
    for (std::size_t i = 0; i < same_as_.size(); ++i) {
      if (i != 0) json_.Raw(',');
      json_.String(same_as_[i].first);
      json_.Raw(':');
      json_.String(same_as_[i].second);
    }
    json_.Raw('}');
  }
  if (!cut_.empty()) {
    json_.Raw(",\"texts_cut\":[");
    for (std::size_t i = 0; i < cut_.size(); ++i) {
      if (i != 0) json_.Raw(',');
      json_.String(cut_[i]);
    }
    json_.Raw(']');
  }
  json_.Raw("}\n");
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
