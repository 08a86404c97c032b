// SPDX-License-Identifier: Apache-2.0
//
// The length of a line: the worst event of every class, with the longest texts that records can
// hold, of the bytes that take the most room.
#include <gtest/gtest.h>
#include <simdjson.h>

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <list>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "analyzer/confine/sanitized.h"
#include "analyzer/output/json/event_writer.h"
#include "analyzer/output/testing/sample_events.h"
#include "schema/abi/event.h"
#include "tests/support/rounds.h"

namespace randguard::line_limit_test {
namespace {

using namespace std::string_view_literals;
using simdjson::dom::element;

// Repeated, these make texts. Each byte of them takes up to six in JSON, or three and two more of
// raw_bytes, or with a surrogate pair three.
const std::vector<std::pair<const char*, std::string_view>> patterns = {
    {"plain", "a"sv},
    {"control", "\x01"sv},
    {"quote", "\""sv},
    {"delete", "\x7f"sv},
    {"c1", "\xc2\x85"sv},
    {"direction", "\xe2\x80\xae"sv},
    {"tag", "\xf3\xa0\x80\x81"sv},
    {"not utf-8", "\xff"sv},
    {"cut utf-8", "a\xe2\x80"sv},
    {"mixed", "\x01\xff\"\xe2\x80\xa8x"sv},
};

// Lengths of texts, and of the items of lists.
const std::vector<std::pair<std::size_t, std::size_t>> lengths = {
    {255, 255}, {1000, 1}, {4096, 8100}};

// Fills every text of an event with bytes of a pattern.
class Filler {
 public:
  // `item` bytes for each item of lists. Texts are all different, or all of one length are equal.
  Filler(std::string_view pattern, std::size_t path, std::size_t item, bool equal)
      : path_(path), item_(item), equal_(equal) {
    while (repeated_.size() < RG_ARGS_MAX) repeated_ += pattern;
  }

  template <typename Event>
  void Fill(Event& event) {
    if constexpr (requires { event.actor; }) Members(event.actor);
    if constexpr (requires { event.call; }) Members(event.call);
    Members(event);
    if constexpr (requires { event.object; }) Members(event.object);
    if constexpr (requires { event.command_line->bytes; }) {
      if (event.args.has_value()) event.command_line = JoinedText{event.args->bytes};
    }
  }

 private:
  template <typename Object>
  void Members(Object& object) {
    kFields<Object>.Apply([&](const auto&... field) { (Value(object.*field.member), ...); });
  }

  template <typename T>
  void Value(T& value) {
    if constexpr (std::same_as<T, Text> || std::same_as<T, std::string>) {
      value = Make(path_);
    } else if constexpr (std::same_as<T, TextList>) {
      value.bytes = MakeList();
    } else if constexpr (std::same_as<T, TextArray>) {
      value.size = 0;
      while (value.size < TextArray::kMax) value.Add(Make(path_));
    } else if constexpr (std::same_as<T, std::vector<std::string_view>> ||
                         std::same_as<T, std::vector<std::string>>) {
      value.clear();
      for (int i = 0; i < 256; ++i) value.emplace_back(Make(128));  // tags of a rule
    } else if constexpr (std::same_as<T, std::vector<ScriptFile>>) {
      value.resize(RG_SCRIPTS_MAX);
      for (ScriptFile& script : value) Members(script);
    } else if constexpr (std::same_as<T, std::vector<HookHealth>>) {
      for (HookHealth& hook : value) Members(hook);
    } else if constexpr (Described<T>) {
      Members(value);
    } else if constexpr (requires {
                           requires !kIsOrLeftOut<T>;
                           value.emplace();
                           value.has_value();
                         }) {
      Value(value.emplace());
    }
  }

  std::string_view Make(std::size_t size) {
    // Different at both ends, for either may be cut. Texts of different lengths may be cut alike.
    const std::string number = std::to_string(equal_ ? size : texts_.size());
    std::string& text = texts_.emplace_back(number);
    text.append(repeated_, 0, size - 2 * number.size()).append(number);
    return text;
  }

  std::string_view MakeList() {
    std::string& list = texts_.emplace_back();
    const std::size_t count = RG_ARGS_MAX / (item_ + 1);
    for (std::size_t i = 0; i < count; ++i) {
      list.append(repeated_, 0, item_).append(1, '\0');
    }
    return list;
  }

  std::string repeated_;
  const std::size_t path_, item_;
  const bool equal_;
  std::list<std::string> texts_;
};

// Calls visit(pointer, text) for each text of a line, but for what is noted at its end.
template <typename Visit>
void VisitTexts(const element& value, const std::string& pointer, const Visit& visit) {
  if (pointer == "/raw_bytes" || pointer == "/same_as" || pointer == "/texts_cut") return;
  simdjson::dom::object object;
  simdjson::dom::array array;
  std::string_view text;
  if (value.get(object) == simdjson::SUCCESS) {
    for (const auto& [key, member] : object) {
      VisitTexts(member, pointer + "/" + std::string(key), visit);
    }
  } else if (value.get(array) == simdjson::SUCCESS) {
    std::size_t at = 0;
    for (const element& item : array) VisitTexts(item, pointer + "/" + std::to_string(at++), visit);
  } else if (value.get(text) == simdjson::SUCCESS) {
    visit(pointer, text);
  }
}

struct Read {
  std::map<std::string, std::string> texts;
  std::map<std::string, std::string> same_as;
  std::set<std::string> cut;
  bool args_truncated = false, filename_truncated = false, text_truncated = false;
};

Read ReadLine(std::string_view line) {
  Read read;
  static simdjson::dom::parser parser;  // of one line after the other, all of which is copied
  element root;
  EXPECT_EQ(parser.parse(line.data(), line.size()).get(root), simdjson::SUCCESS) << line;
  EXPECT_TRUE(line.ends_with("}\n"));
  VisitTexts(root, "", [&](const std::string& pointer, std::string_view text) {
    read.texts.emplace(pointer, text);
  });
  simdjson::dom::object same_as;
  if (root["same_as"].get(same_as) == simdjson::SUCCESS) {
    for (const auto& [key, value] : same_as) {
      read.same_as.emplace(key, std::string_view(value));
    }
  }
  simdjson::dom::array cut;
  if (root["texts_cut"].get(cut) == simdjson::SUCCESS) {
    for (const element& pointer : cut) read.cut.emplace(std::string_view(pointer));
  }
  const auto is = [&](const char* name) {
    bool value = false;
    return root[name].get(value) == simdjson::SUCCESS && value;
  };
  read.args_truncated = is("args_truncated");
  read.filename_truncated = is("filename_truncated");
  read.text_truncated = is("text_truncated");
  return read;
}

// A list names all that was cut, and fields about it agree.
void ExpectMarked(const Read& read, const std::string& what) {
  for (const std::string& pointer : read.cut) {
    if (pointer == "/args") {
      EXPECT_TRUE(read.args_truncated) << what;
    }
    if (pointer == "/filename") {
      EXPECT_TRUE(read.filename_truncated || read.text_truncated) << what;
    }
    if (pointer == "/target" || pointer == "/parameters") {
      EXPECT_TRUE(read.text_truncated) << what;
    }
  }
}

// No long text stands twice, and what stands in its place leads to it.
void ExpectOnce(const Read& read, const std::string& what) {
  std::set<std::string> seen;
  for (const auto& [pointer, text] : read.texts) {
    if (text.size() <= 3 * EventWriter::kRepeatedMax) continue;  // U+FFFD has three bytes
    EXPECT_TRUE(seen.insert(text).second) << what << ": " << pointer << " is there twice";
  }
  for (const auto& [pointer, other] : read.same_as) {
    EXPECT_EQ(read.same_as.count(other), 0u) << what << ": " << pointer;
    const auto text = read.texts.find(pointer);
    if (text != read.texts.end()) {
      EXPECT_EQ(text->second, "") << what << ": " << pointer;
    }
  }
}

TEST(LineLimitTest, TheWorstEventOfEveryClassWithTheWorstBytes) {
  EventWriter writer(std::string(128, '\x01'));
  SessionContext session = testing::SampleSession();
  session.host_name = std::string(64, '\xff');
  writer.SetSession(session);
  std::size_t longest = 0, longest_alert = 0;
  std::set<std::string> lines_of, cut_in;
  std::size_t round = 0;
  const auto write = [&]<typename E>(const E& sample) {
    for (const auto& [name, pattern] : patterns) {
      for (const auto& [path, item] : lengths) {
        for (const bool equal : {false, true}) {
          if (kSanitized && round++ % 3 != 0) continue;
          E event = sample;
          Filler filler(pattern, path, item, equal);
          filler.Fill(event);
          const std::string line(writer.Write(event));
          const std::string what = std::string(EventType(event)) + ", " + name + ", " +
                                   std::to_string(path) + ", " + std::to_string(item);
          constexpr bool kAlert = std::same_as<E, Alert>;
          ASSERT_LE(line.size(), kAlert ? EventWriter::kAlertMax : EventWriter::kLineMax) << what;
          (kAlert ? longest_alert : longest) =
              std::max(kAlert ? longest_alert : longest, line.size());
          const Read read = ReadLine(line);
          ExpectMarked(read, what);
          ExpectOnce(read, what);
          lines_of.emplace(EventType(event));
          if (!read.cut.empty()) cut_in.emplace(EventType(event));
          if (::testing::Test::HasFailure()) return;
        }
      }
    }
  };
  testing::ForEachSample(write);
  // The room is used.
  EXPECT_GT(longest, EventWriter::kLineMax * 9 / 10);
  EXPECT_GT(longest_alert, EventWriter::kAlertMax * 9 / 10);
  EXPECT_GT(lines_of.size(), 40u);
  for (const char* type : {"process_start", "process_exec_failed", "file_open", "alert", "mount"}) {
    EXPECT_EQ(cut_in.count(type), 1u) << type;
  }
}

// A flood of such execs filled 25 MB with 250 lines.
TEST(LineLimitTest, ArgumentsOfControlCharactersAreCutAndMarked) {
  EventWriter writer("sensor");
  writer.SetSession(testing::SampleSession());
  ProcessStart event = testing::SampleStart();
  const std::string argument(8100, '\x01');
  const std::string args = std::string("/bin/true\0", 10) + argument + '\0';
  event.args = TextList{args};
  event.command_line = JoinedText{args};
  event.args_truncated = false;
  const std::string line(writer.Write(event));
  EXPECT_LE(line.size(), EventWriter::kLineMax);
  const Read read = ReadLine(line);
  EXPECT_TRUE(read.args_truncated);
  EXPECT_EQ(read.cut, std::set<std::string>{"/args"});
  EXPECT_EQ(read.texts.at("/args/0"), "/bin/true");
  EXPECT_GT(read.texts.at("/args/1").size(), 7000u) << "as much as fits is there";
  EXPECT_EQ(read.texts.count("/command_line"), 0u);
  EXPECT_EQ(read.same_as.at("/command_line"), "/args");
  EXPECT_EQ(writer.lines_cut(), 1u);
}

TEST(LineLimitTest, ALineThatFitsIsAsItWas) {
  EventWriter writer("sensor");
  writer.SetSession(testing::SampleSession());
  ProcessStart event = testing::SampleStart();
  const std::string args = std::string("sh\0-c\0", 6) + std::string(1000, 'x') + '\0';
  event.args = TextList{args};
  event.command_line = JoinedText{args};
  const Read read = ReadLine(std::string(writer.Write(event)));
  EXPECT_EQ(read.texts.at("/command_line"), "sh -c " + std::string(1000, 'x'))
      << "of up to 1 KiB, for whoever looks for it there";
  EXPECT_TRUE(read.same_as.empty());
  EXPECT_TRUE(read.cut.empty());
  EXPECT_EQ(writer.lines_cut(), 0u);
}

TEST(LineLimitTest, PathsLoseTheirBeginningAndOtherTextsTheirEnd) {
  EventWriter writer("sensor");
  writer.SetSession(testing::SampleSession());
  FileRename event = testing::SampleRename();
  const std::string middle(4000, '\x02');
  const std::string paths[] = {"/a" + middle + "/first", "/b" + middle + "/second",
                               "/c" + middle + "/third", "/d" + middle + "/fourth"};
  event.actor.exe_path = paths[0];
  event.old_resolved_path = paths[1];
  event.new_resolved_path = paths[2];
  event.new_filename = paths[3];
  const Read read = ReadLine(std::string(writer.Write(event)));
  EXPECT_TRUE(read.texts.at("/exe_path").ends_with("/first"));
  EXPECT_TRUE(read.texts.at("/old_resolved_path").ends_with("/second"));
  EXPECT_TRUE(read.texts.at("/new_resolved_path").ends_with("/third"));
  EXPECT_TRUE(read.texts.at("/new_filename").starts_with("/d"));
  EXPECT_EQ(read.cut, (std::set<std::string>{"/exe_path", "/old_resolved_path",
                                             "/new_resolved_path", "/new_filename"}));
  EXPECT_TRUE(read.filename_truncated);
}

// The texts of an actor are kept ready-made from line to line: they are noted all the same.
TEST(LineLimitTest, AnActorsLongTextsAreNotedInEachLine) {
  EventWriter writer("sensor");
  writer.SetSession(testing::SampleSession());
  FileOpen event = testing::SampleOpen();
  const std::string path = "/" + std::string(2000, 'p');
  event.actor.exe_path = path;
  event.resolved_path = path;
  for (int i = 0; i < 4; ++i) {
    const Read read = ReadLine(std::string(writer.Write(event)));
    EXPECT_EQ(read.texts.at("/exe_path"), path);
    EXPECT_EQ(read.same_as.at("/resolved_path"), "/exe_path");
  }
}

}  // namespace
}  // namespace randguard::line_limit_test
