// SPDX-License-Identifier: Apache-2.0
#include "analyzer/output/json/event_writer.h"

#include <gtest/gtest.h>
#include <simdjson.h>

#include <concepts>
#include <cstdint>
#include <cstdio>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "analyzer/output/testing/sample_events.h"

namespace randguard::event_writer_test {
namespace {

using namespace std::string_view_literals;
using simdjson::dom::element;

constexpr std::int64_t kSecond = 1'000'000'000;

// A line, parsed. Fails the test if it is not one line of JSON.
class Line {
 public:
  explicit Line(std::string_view line) : text_(line) {
    EXPECT_TRUE(line.ends_with('\n'));
    EXPECT_EQ(line.find('\n'), line.size() - 1) << line;
    const bool parsed = parser_.parse(text_).get(root_) == simdjson::SUCCESS;
    EXPECT_TRUE(parsed) << line;
    if (!parsed) root_ = parser_.parse("{}"sv);  // what is asked for is not there
  }
  element At(std::string_view pointer) const {
    element found;
    const bool is_there = root_.at_pointer(pointer).get(found) == simdjson::SUCCESS;
    EXPECT_TRUE(is_there) << pointer << " " << text_;
    return is_there ? found : root_;
  }
  bool Has(std::string_view pointer) const {
    return root_.at_pointer(pointer).error() == simdjson::SUCCESS;
  }
  std::string Text(std::string_view pointer) const {
    std::string_view text;
    EXPECT_EQ(At(pointer).get(text), simdjson::SUCCESS) << pointer << " " << text_;
    return std::string(text);
  }
  std::string Raw(std::string_view pointer) const { return simdjson::minify(At(pointer)); }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
  simdjson::dom::parser parser_;
  element root_;
};

EventWriter SampleWriter() {
  EventWriter writer(testing::kSampleAgentId);
  writer.SetSession(testing::SampleSession());
  return writer;
}

std::string TimeOf(std::uint64_t boot_ns, std::int64_t offset_ns) {
  EventWriter writer(testing::kSampleAgentId);
  writer.SetClockOffset(offset_ns);
  ProcessExit e;
  e.actor.time = {boot_ns};
  return Line(writer.Write(e)).Raw("/time");
}

// --- every field, by the description of the fields ---------------------------------------------

// The minified JSON that a reader must find for a value: the test's own idea of each type.
struct Reading {
  template <ValueSet E>
  static std::string Expected(E value) {
    return "\"" + std::string(Name(value)) + "\"";
  }
  static std::string Expected(bool value) { return value ? "true" : "false"; }
  template <std::integral T>
  static std::string Expected(T value) {
    return std::to_string(value);
  }
  static std::string Expected(
      std::string_view text) {  // samples are ASCII without control characters
    std::string json = "\"";
    for (const char c : text)
      json += c == '"' || c == '\\' ? std::string("\\") + c : std::string{c};
    return json + "\"";
  }
  static std::string Expected(const std::string& text) { return Expected(std::string_view(text)); }
  static std::string Expected(const Host&) { return "\"web1\""; }
  static std::string Expected(const AgentId&) { return "\"sensor-7\""; }
  static std::string Expected(const WallTime& time) {
    // Samples are at 61.000000007 s or 0 s after a boot at the beginning of 2025.
    return time.boot_ns == 0 ? "\"2025-01-01T00:00:00.000000000Z\""
                             : "\"2025-01-01T00:01:01.000000007Z\"";
  }
  static std::string Expected(const ProcessKey& key) {
    char text[64];
    std::snprintf(text, sizeof(text), "\"0e6c9a1c7b1c4a39-%u-%llx\"", key.pid,
                  static_cast<unsigned long long>(key.start_ns));
    return text;
  }
  static std::string Expected(const EventId& id) {
    char text[64];
    std::snprintf(text, sizeof(text), "\"0e6c9a1c7b1c4a39-%llx-%llu\"",
                  static_cast<unsigned long long>(id.collector_start_ns),
                  static_cast<unsigned long long>(id.record));
    return text;
  }
  static std::string Expected(const Mode& mode) {
    char text[32];
    std::snprintf(text, sizeof(text), "\"%o\"", mode.bits);
    return text;
  }
  static std::string Expected(const Device& device) {
    return "\"" + std::to_string(device.dev >> 20) + ":" + std::to_string(device.dev & 0xfffff) +
           "\"";
  }
  static std::string Expected(const CapabilitySet& set) {
    char text[32];
    std::snprintf(text, sizeof(text), "\"%016llx\"", static_cast<unsigned long long>(set.bits));
    return text;
  }
  template <typename Items>
  static std::string Array(const Items& items) {
    std::string json;
    for (const auto& item : items) json += (json.empty() ? "" : ",") + Expected(item);
    return "[" + json + "]";
  }
  static std::string Expected(const TextList& list) {
    std::vector<std::string_view> items;
    ForEachItem(list.bytes, [&](std::string_view item) { items.push_back(item); });
    return Array(items);
  }
  static std::string Expected(const JoinedText& text) {
    std::string joined;
    bool first = true;
    ForEachItem(text.bytes, [&](std::string_view item) {
      if (!std::exchange(first, false)) joined += ' ';
      joined += item;
    });
    return Expected(std::string_view(joined));
  }
  template <std::size_t kSize>
  static std::string Expected(const FixedText<kSize>& text) {
    return Expected(text.view());
  }
  static std::string Expected(const TextArray& array) {
    return Array(std::vector(array.items.begin(), array.items.begin() + array.size));
  }
  template <typename T>
  static std::string Expected(const std::optional<T>& value) {
    return value.has_value() ? Expected(*value) : "null";
  }
  template <typename T>
  static std::string Expected(const std::vector<T>& values) {
    return Array(values);
  }
  template <typename T>
  static std::string Expected(const std::vector<std::pair<std::string_view, T>>& members) {
    std::string json;
    for (const auto& [name, value] : members) AddMember(json, name, Expected(value));
    return "{" + json + "}";
  }
  template <Described T>
  static std::string Expected(const T& object) {
    std::string json;
    VisitFields(object, [&](const auto& field, const auto& value) {
      AddMember(json, field.name(), Expected(value));
    });
    return "{" + json + "}";
  }
  static void AddMember(std::string& json, std::string_view name, const std::string& value) {
    json += (json.empty() ? "" : ",") + Expected(name) + ":" + value;
  }
};

// Not in place, where it would be compiled for each of several hundred fields.
void ExpectField(const Line& line, std::string_view name, const std::string& expected) {
  EXPECT_EQ(line.Raw("/" + std::string(name)), expected) << name;
}

TEST(EventWriterTest, EveryFieldOfEveryEventReadsBackAsItWas) {
  EventWriter writer = SampleWriter();
  std::uint64_t seq = 0;
  testing::ForEachSample([&]<typename Event>(const Event& event) {
    const Line line(writer.Write(event));
    EXPECT_EQ(line.Text("/event_type"), EventType(event));
    EXPECT_TRUE(line.text().starts_with("{\"event_type\":"));
    EXPECT_EQ(line.Raw("/boot_id"), "\"0e6c9a1c-7b1c-4a39-9e53-2f1b7c1d5a10\"");
    EXPECT_EQ(line.Raw("/seq"), std::to_string(++seq));
    std::size_t fields = 3;
    const auto check = [&]<typename T>(const auto& field, const T& value) {
      if constexpr (kIsOrLeftOut<T>) {
        if (!value.has_value()) return;
      }
      ++fields;
      ExpectField(line, field.name(), Reading::Expected(value));
    };
    if constexpr (requires { event.actor; }) VisitFields(event.actor, check);
    if constexpr (requires { event.call; }) VisitFields(event.call, check);
    VisitFields(event, check);
    if constexpr (requires { event.object; }) VisitFields(event.object, check);
    simdjson::dom::object object;
    ASSERT_EQ(line.At("").get(object), simdjson::SUCCESS);
    EXPECT_EQ(object.size(), fields) << "and nothing else";
  });
}

// And once by eye.
TEST(EventWriterTest, ExitLooksLikeThis) {
  EventWriter writer = SampleWriter();
  EXPECT_EQ(
      writer.Write(testing::SampleExit()),
      R"({"event_type":"process_exit","boot_id":"0e6c9a1c-7b1c-4a39-9e53-2f1b7c1d5a10","seq":1,)"
      R"("timestamp_ns":61000000007,"time":"2025-01-01T00:01:01.000000007Z",)"
      R"("event_id":"0e6c9a1c7b1c4a39-12a05f200-4711","host":"web1","agent_id":"sensor-7",)"
      R"("pid":1234,"tid":1235,)"
      R"("ppid":1,"uid":1000,"gid":1001,"comm":"curl","exe_path":"/usr/bin/curl",)"
      R"("process_id":"0e6c9a1c7b1c4a39-1234-df8475800",)"
      R"("parent_process_id":"0e6c9a1c7b1c4a39-1-10","cgroup":"/user.slice",)"
      R"("cgroup_id":42,"container_id":)"
      R"("3601745b3bd54d9780436faa5f0e4f72bb46231663bb99a6bb892764917832c2",)"
      R"("container_runtime":"docker","container_inherited":true,"container_rootless":true,)"
      R"("nested_containers":["lxc:web","rootless-podman:ab"],"group_dead":true,"exit_code":3,"signal":null,)"
      R"("core_dumped":false,"duration_ns":1000})"
      "\n");
}

TEST(EventWriterTest, ValuesInTheirForms) {
  EventWriter writer = SampleWriter();
  const Line line(writer.Write(testing::SampleStart()));
  EXPECT_EQ(line.Raw("/args"), R"(["curl","-s","","http://example.org/ a"])");
  EXPECT_EQ(line.Text("/command_line"), "curl -s  http://example.org/ a");
  EXPECT_EQ(line.Text("/exe_mode"), "104755");
  EXPECT_EQ(line.Text("/exe_dev"), "259:2");
  EXPECT_EQ(line.Text("/capabilities/effective"), "0000000000000001");
  EXPECT_EQ(line.Text("/capabilities/permitted"), "000001ffffffffff");
  EXPECT_EQ(line.Text("/capabilities/inheritable"), "0000000000000000");
  EXPECT_EQ(line.Text("/capabilities/bounding"), "ffffffffffffffff");
  EXPECT_EQ(line.Raw("/namespaces/uts"), "4026531838");
  EXPECT_EQ(line.Raw("/ancestors"), R"(["/usr/bin/bash","kthreadd"])");
}

TEST(EventWriterTest, LargestIdsAndDeviceFit) {
  EventWriter writer = SampleWriter();
  ProcessStart e;
  e.actor.event_id = {UINT64_MAX, UINT64_MAX};
  e.actor.process_id = {UINT32_MAX, UINT64_MAX};
  e.exe_dev = Device{UINT32_MAX};
  e.exe_mode = Mode{UINT32_MAX};
  writer.ContinueNumbers("0e6c9a1c-7b1c-4a39-9e53-2f1b7c1d5a10", UINT64_MAX);
  const Line line(writer.Write(e));
  EXPECT_EQ(line.Raw("/seq"), "18446744073709551615");
  EXPECT_EQ(line.Text("/event_id"), "0e6c9a1c7b1c4a39-ffffffffffffffff-18446744073709551615");
  EXPECT_EQ(line.Text("/process_id"), "0e6c9a1c7b1c4a39-4294967295-ffffffffffffffff");
  EXPECT_EQ(line.Text("/exe_dev"), "4095:1048575");
  EXPECT_EQ(line.Text("/exe_mode"), "37777777777");
}

TEST(EventWriterTest, BootIdIsHexOnlyAndOfBoundedLength) {
  EventWriter writer(testing::kSampleAgentId);
  for (const auto& [boot_id, prefix] : std::vector<std::pair<std::string, std::string>>{
           {"", "-"},
           {"\"},{\n", "-"},
           {"0e6c", "0e6c-"},
           {"A0-b1", "0b1-"},
           {"0123456789abcdef0123456789abcdef", "0123456789abcdef-"}}) {
    writer.SetSession({"h", boot_id, 0});
    EXPECT_EQ(Line(writer.Write(ProcessExit{})).Text("/process_id"), prefix + "0-0");
  }
}

TEST(EventWriterTest, BootIdThatIsNoneIsNull) {
  EventWriter writer(testing::kSampleAgentId);
  EXPECT_EQ(Line(writer.Write(Health{})).Raw("/boot_id"), "null");
  for (const char* boot_id :
       {"", "\"},{\n", "\xff", "A0", "0123456789012345678901234567890123456"}) {
    writer.SetSession({"h", boot_id, 0});
    EXPECT_EQ(Line(writer.Write(Health{})).Raw("/boot_id"), "null") << boot_id;
  }
  writer.SetSession({"h", "0e6c-1", 0});
  EXPECT_EQ(Line(writer.Write(Health{})).Raw("/boot_id"), "\"0e6c-1\"");
}

TEST(EventWriterTest, WithoutASessionTheHostIsNull) {
  EventWriter writer(testing::kSampleAgentId);
  EXPECT_EQ(Line(writer.Write(Health{})).Raw("/host"), "null");
}

TEST(EventWriterTest, TextArrayKeepsItsFirstSixteen) {
  EventWriter writer = SampleWriter();
  ProcessStart e;
  for (int i = 0; i < 20; ++i) e.ancestors.Add("/a");
  simdjson::dom::array array;
  const Line line(writer.Write(e));
  ASSERT_EQ(line.At("/ancestors").get(array), simdjson::SUCCESS);
  EXPECT_EQ(array.size(), TextArray::kMax);
}

// --- times -------------------------------------------------------------------------------------

TEST(EventWriterTest, TimesAroundTheEpoch) {
  EXPECT_EQ(TimeOf(0, 0), "\"1970-01-01T00:00:00.000000000Z\"");
  EXPECT_EQ(TimeOf(1, -1), "\"1970-01-01T00:00:00.000000000Z\"");
  EXPECT_EQ(TimeOf(0, -1), "\"1969-12-31T23:59:59.999999999Z\"");
  EXPECT_EQ(TimeOf(0, -kSecond), "\"1969-12-31T23:59:59.000000000Z\"");
  EXPECT_EQ(TimeOf(0, -kSecond - 1), "\"1969-12-31T23:59:58.999999999Z\"");
}

TEST(EventWriterTest, LeapDays) {
  EXPECT_EQ(TimeOf(0, 951'782'400 * kSecond), "\"2000-02-29T00:00:00.000000000Z\"");
  EXPECT_EQ(TimeOf(0, 1'709'251'199 * kSecond), "\"2024-02-29T23:59:59.000000000Z\"");
  EXPECT_EQ(TimeOf(kSecond, 1'709'251'199 * kSecond), "\"2024-03-01T00:00:00.000000000Z\"");
  EXPECT_EQ(TimeOf(0, 4'107'542'400 * kSecond), "\"2100-03-01T00:00:00.000000000Z\"");
}

TEST(EventWriterTest, FirstAndLastTimeThereIs) {
  EXPECT_EQ(TimeOf(0, INT64_MIN), "\"1677-09-21T00:12:43.145224192Z\"");
  EXPECT_EQ(TimeOf(0, INT64_MAX), "\"2262-04-11T23:47:16.854775807Z\"");
  // One more wraps, as unsigned numbers do; it is still a time.
  EXPECT_EQ(TimeOf(1, INT64_MAX), "\"1677-09-21T00:12:43.145224192Z\"");
  EXPECT_EQ(TimeOf(UINT64_MAX, 0), "\"1969-12-31T23:59:59.999999999Z\"");
}

TEST(EventWriterTest, SecondIsNotMixedUpWithTheOneBefore) {
  EventWriter writer(testing::kSampleAgentId);
  const auto time = [&](std::uint64_t boot_ns) {
    ProcessExit e;
    e.actor.time = {boot_ns};
    return Line(writer.Write(e)).Text("/time");
  };
  EXPECT_EQ(time(5 * kSecond), "1970-01-01T00:00:05.000000000Z");
  EXPECT_EQ(time(5 * kSecond + 1), "1970-01-01T00:00:05.000000001Z");
  EXPECT_EQ(time(6 * kSecond), "1970-01-01T00:00:06.000000000Z");
  writer.SetClockOffset(kSecond);
  EXPECT_EQ(time(6 * kSecond), "1970-01-01T00:00:07.000000000Z");
  EXPECT_EQ(time(5 * kSecond), "1970-01-01T00:00:06.000000000Z");
}

// --- bytes that are not UTF-8 -------------------------------------------------------------------

std::map<std::string, std::string> RawBytesOf(const Line& line) {
  std::map<std::string, std::string> raw;
  if (!line.Has("/raw_bytes")) return raw;
  simdjson::dom::object object;
  EXPECT_EQ(line.At("/raw_bytes").get(object), simdjson::SUCCESS);
  for (const auto [key, value] : object) {
    std::string_view hex;
    EXPECT_EQ(value.get(hex), simdjson::SUCCESS);
    EXPECT_TRUE(raw.emplace(key, hex).second) << key << " twice";
    EXPECT_TRUE(line.At(key).is_string()) << key << " points to no string";
  }
  return raw;
}

using RawBytes = std::map<std::string, std::string>;

TEST(EventWriterTest, RawBytesOfAStringAreUnderItsPointer) {
  EventWriter writer = SampleWriter();
  auto e = testing::SampleStart();
  e.actor.comm = "a\xff";
  e.actor.exe_path = "/\xc3/x";
  e.cwd = "\x80";
  const Line line(writer.Write(e));
  EXPECT_EQ(line.Text("/comm"), "a\xef\xbf\xbd");
  EXPECT_EQ(RawBytesOf(line),
            (RawBytes{{"/comm", "61ff"}, {"/exe_path", "2fc32f78"}, {"/cwd", "80"}}));
}

TEST(EventWriterTest, RawBytesOfListsAreUnderTheirItems) {
  EventWriter writer = SampleWriter();
  auto e = testing::SampleStart();
  e.args = TextList{"ok\0\xff\0\0cut\xfe"sv};
  e.command_line = JoinedText{e.args->bytes};
  e.env = TextList{"A=\xc0\0"sv};
  e.ancestors.items[1] = "/\xed\xa0\x80";
  const Line line(writer.Write(e));
  EXPECT_EQ(line.Text("/command_line"), "ok \xef\xbf\xbd  cut\xef\xbf\xbd");
  EXPECT_EQ(RawBytesOf(line), (RawBytes{{"/args/1", "ff"},
                                        {"/args/3", "637574fe"},
                                        {"/env/0", "413dc0"},
                                        {"/ancestors/1", "2feda080"}}));
}

TEST(EventWriterTest, RawBytesOfNestedStringsAreUnderTheirWholePath) {
  EventWriter writer = SampleWriter();
  auto e = testing::SampleHealth();
  e.reasons = {"fine", "\xff", "\xfe"};
  e.hooks[0].why = "\xfd";
  e.hooks[1].why = "\xfc";
  e.collector.version = "\xfb";
  e.rule_set_hash = "\xfa";
  const Line line(writer.Write(e));
  EXPECT_EQ(RawBytesOf(line), (RawBytes{{"/reasons/1", "ff"},
                                        {"/reasons/2", "fe"},
                                        {"/hooks/0/why", "fd"},
                                        {"/hooks/1/why", "fc"},
                                        {"/collector/version", "fb"},
                                        {"/rule_set_hash", "fa"}}));
}

TEST(EventWriterTest, RawBytesOfTheHostAreInEveryLine) {
  EventWriter writer(testing::kSampleAgentId);
  writer.SetSession({"web\xff", "0e6c", 0});
  for (int i = 0; i < 2; ++i) {
    const Line line(writer.Write(testing::SampleExit()));
    EXPECT_EQ(line.Text("/host"), "web\xef\xbf\xbd");
    EXPECT_EQ(RawBytesOf(line), (RawBytes{{"/host", "776562ff"}}));
  }
  writer.SetSession({"web", "0e6c", 0});
  EXPECT_FALSE(Line(writer.Write(testing::SampleExit())).Has("/raw_bytes"));
}

TEST(EventWriterTest, RawBytesDoNotStayForTheNextLine) {
  EventWriter writer = SampleWriter();
  auto e = testing::SampleExit();
  e.actor.comm = "\xff";
  EXPECT_TRUE(Line(writer.Write(e)).Has("/raw_bytes"));
  EXPECT_FALSE(Line(writer.Write(testing::SampleExit())).Has("/raw_bytes"));
}

TEST(EventWriterTest, HostileTextStaysOneLineOfJson) {
  EventWriter writer(testing::kSampleAgentId);
  writer.SetSession({"h\"\n\\", "0e6c", 0});
  auto e = testing::SampleStart();
  const std::string_view hostile = "\",\"pid\":0,\n\r\\u0000\x1b[2J";
  e.actor.comm = e.filename = hostile;
  e.args = TextList{hostile};
  e.command_line = JoinedText{hostile};
  const Line line(writer.Write(e));
  EXPECT_EQ(line.Text("/host"), "h\"\n\\");
  EXPECT_EQ(line.Text("/comm"), hostile);
  EXPECT_EQ(line.Text("/args/0"), hostile);
  EXPECT_EQ(line.Text("/command_line"), hostile);
  EXPECT_EQ(line.Raw("/pid"), "1234");
}

}  // namespace
}  // namespace randguard::event_writer_test
