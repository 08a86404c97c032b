// SPDX-License-Identifier: Apache-2.0
#include "analyzer/output/convert/line_converter.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_format.h"
#include "analyzer/config/names.h"
#include "analyzer/output/sinks/segments.h"
#include "analyzer/output/testing/sample_events.h"

namespace randguard::line_converter_test {
namespace {

std::string Converted(LineConverter& converter, std::string_view line) {
  const auto converted = converter.Convert(line.substr(0, line.size() - 1));
  if (!converted.ok()) return std::string(converted.status().message());
  return converted->has_value() ? std::string((*converted)->text) : "";
}

std::string ErrorOf(const std::string& line) {
  LineConverter converter(OutputFormat::kEcs);
  const auto converted = converter.Convert(line);
  return converted.ok() ? "" : std::string(converted.status().message());
}

class ConvertTest : public ::testing::TestWithParam<OutputFormat> {
 protected:
  ConvertTest() {
    native_.SetSession(testing::SampleSession());
    other_.SetSession(testing::SampleSession());
  }
  ~ConvertTest() noexcept override = default;

  template <typename E>
  void ExpectSame(const E& event) {
    const std::string native(native_.Write(event));
    const std::string other(other_.Write(event));
    EXPECT_EQ(Converted(converter_, native), other);
  }

  EventWriter native_{testing::kSampleAgentId};
  EventWriter other_{testing::kSampleAgentId, GetParam()};
  LineConverter converter_{GetParam()};
};
// To the same format, too: then what was read is all that the line says.
INSTANTIATE_TEST_SUITE_P(, ConvertTest,
                         ::testing::Values(OutputFormat::kJson, OutputFormat::kEcs,
                                           OutputFormat::kOcsf),
                         [](const auto& info) { return std::string(Name(info.param)); });

TEST_P(ConvertTest, ALineBecomesTheOneThatWouldHaveBeenWritten) {
  testing::ForEachSample([&](const auto& event) { ExpectSame(event); });
  testing::ForEachValue([&](const auto& event) { ExpectSame(event); });
}

TEST_P(ConvertTest, FieldsThatWereOmittedSayNothing) {
  EventWriter shortened(testing::kSampleAgentId);
  shortened.SetSession(testing::SampleSession());
  shortened.OmitEmpty(true);
  std::size_t bytes = 0, all_bytes = 0;
  testing::ForEachSample([&](const auto& event) {
    const std::string line(shortened.Write(event));
    bytes += line.size();
    all_bytes += native_.Write(event).size();
    EXPECT_EQ(Converted(converter_, line), other_.Write(event));
  });
  EXPECT_LT(bytes, all_bytes);
}

TEST_P(ConvertTest, BeforeASessionToo) {
  EventWriter native(testing::kSampleAgentId), other(testing::kSampleAgentId, GetParam());
  for (EventWriter* writer : {&native, &other}) {
    writer->ContinueNumbers(testing::SampleSession().boot_id, 7);
  }
  const std::string health(native.Write(testing::SampleHealth()));
  EXPECT_EQ(Converted(converter_, health), other.Write(testing::SampleHealth()));
  const std::string loss(native.Write(testing::SampleLoss()));
  EXPECT_EQ(Converted(converter_, loss), other.Write(testing::SampleLoss()));
}

TEST_P(ConvertTest, BytesThatAreNotUtf8AreKept) {
  ProcessStart event = testing::SampleStart();
  event.actor.comm = "\xff\x80";
  event.actor.exe_path = "/usr/\xfe";
  event.args = TextList{std::string_view("a\0\xff\0c\0", 6)};
  event.command_line = JoinedText{event.args->bytes};
  ExpectSame(event);
}

TEST_P(ConvertTest, ATextThatStoodInTheLineAlreadyIsThere) {
  const std::string path = "/" + std::string(2000, 'p');
  const std::string args = path + std::string(1, '\0') + "x";
  ProcessStart event = testing::SampleStart();
  event.filename = path;
  event.actor.exe_path = path;
  event.args = TextList{args};
  event.command_line = JoinedText{args};
  ExpectSame(event);
}

TEST_P(ConvertTest, TextsThatWereCutAreNamed) {
  ProcessStart event = testing::SampleStart();
  const std::string args(200000, 'a');
  event.args = TextList{args};
  event.command_line = JoinedText{args};
  const std::string path = "/" + std::string(100000, 'c');
  event.cwd = path;
  const std::string native(native_.Write(event));
  ASSERT_NE(native.find("texts_cut"), native.npos);
  const std::string line = Converted(converter_, native);
  const std::string cwd = GetParam() == OutputFormat::kJson ? "/cwd" : "/process/working_directory";
  const std::size_t cut = line.find("\"texts_cut\":");
  ASSERT_NE(cut, line.npos) << line.substr(0, 1000);
  EXPECT_NE(line.find('"' + cwd + '"', cut), line.npos) << line.substr(cut);
}

TEST_P(ConvertTest, LinesOfSeveralHostsMayBeMixed) {
  SessionContext session = testing::SampleSession();
  session.host_name = "web2";
  session.boot_id = "11111111-2222-3333-4444-555555555555";
  session.clock_offset_ns += 5'000'000'000;
  EventWriter native("sensor-8"), other("sensor-8", GetParam());
  native.SetSession(session);
  other.SetSession(session);
  for (int i = 0; i < 3; ++i) {
    ExpectSame(testing::SampleOpen());
    const std::string line(native.Write(testing::SampleOpen()));
    EXPECT_EQ(Converted(converter_, line), other.Write(testing::SampleOpen()));
  }
}

TEST(LineConverterTest, ManifestsAreLeftOut) {
  LineConverter converter(OutputFormat::kEcs);
  const std::string manifest =
      ManifestOf("0e6c9a1c-7b1c-4a39-9e53-2f1b7c1d5a10", 1, 2, FileDigest());
  const auto converted = converter.Convert(manifest);
  ASSERT_TRUE(converted.ok());
  EXPECT_FALSE(converted->has_value());
}

TEST(LineConverterTest, WhatIsNoLineIsSaid) {
  EventWriter writer(testing::kSampleAgentId);
  writer.SetSession(testing::SampleSession());
  const std::string line(writer.Write(testing::SampleOpen()));
  const auto with = [&](std::string_view from, std::string_view to) {
    std::string changed = line;
    const std::size_t at = changed.find(from);
    EXPECT_NE(at, changed.npos) << from;
    return changed.replace(at, from.size(), to);
  };
  EXPECT_EQ(ErrorOf(line), "");
  EXPECT_EQ(ErrorOf(""), "no JSON object");
  EXPECT_EQ(ErrorOf("[1]"), "no JSON object");
  EXPECT_EQ(ErrorOf(line.substr(0, line.size() / 2)), "no JSON object");
  EXPECT_EQ(ErrorOf("{\"a\":1}"), "no event_type: this is no line of output.format \"json\"");
  EXPECT_EQ(ErrorOf(with("file_open", "file_opened")), "event_type file_opened is not known");
  EXPECT_EQ(ErrorOf(with("\"pid\":1234", "\"pid\":-1")), "/pid: no such number");
  EXPECT_EQ(ErrorOf(with("\"pid\":1234", "\"pid\":4294967296")), "/pid: no such number");
  EXPECT_EQ(ErrorOf(with("\"pid\":", "\"pib\":")), "the line: no member pid");
  EXPECT_EQ(ErrorOf(with("\"pid\":", "\"extra\":1,\"pid\":")), "member extra is not known");
  EXPECT_EQ(ErrorOf(with("\"time\":\"2025", "\"time\":\"never")), "/time: no time of RFC 3339");
  EXPECT_EQ(ErrorOf(with("\"process_id\":\"0e", "\"process_id\":\"1e")),
            "/process_id: it is of another boot than the line");
  EXPECT_EQ(ErrorOf(with("\"witness\":\"call\"", "\"witness\":\"me\"")),
            "/witness: me is no value of it");
  EXPECT_EQ(ErrorOf(with("\"seq\":1", "\"seq\":null")), "no number: seq");
  EXPECT_EQ(ErrorOf(with("\"comm\":\"curl\"", "\"comm\":7")), "/comm: no text");
  EXPECT_EQ(ErrorOf(with("\"pid\":", "\"timestamp_ns\":1,\"pid\":")),
            "member timestamp_ns is there twice");
  EXPECT_EQ(ErrorOf(with("\"time\":\"2025", "\"time\":\"9025")), "/time: no time of RFC 3339");
  const auto says = [&](const std::string& more) {
    return ErrorOf(line.substr(0, line.size() - 2) + "," + more + "}");
  };
  EXPECT_EQ(says("\"raw_bytes\":{\"/pid\":\"ff\"}"),
            "/pid: no text is there, and the line says something about it");
  EXPECT_EQ(says("\"texts_cut\":[\"/nothing\"]"),
            "/nothing: no text is there, and the line says something about it");
  EXPECT_EQ(says("\"same_as\":{\"/comm\":\"/nothing\"}"),
            "/comm: no text is there, and the line says something about it");
  EXPECT_EQ(says("\"raw_bytes\":{\"/comm\":\"ff\"}"),
            "/comm: raw_bytes has other bytes than the text");
  EXPECT_EQ(says("\"raw_bytes\":{\"/comm\":\"6\"}"), "/comm: raw_bytes has no hex bytes of it");
  EXPECT_EQ(says("\"raw_bytes\":[]"), "the line: raw_bytes is no object");
}

TEST(LineConverterTest, ALineThatStandsForTooMuchIsAnError) {
  ProcessStart event = testing::SampleStart();
  const std::string path(10000, 'p');
  const std::string args(300, '\0');
  event.filename = path;
  event.args = TextList{args};
  EventWriter writer(testing::kSampleAgentId);
  writer.SetSession(testing::SampleSession());
  std::string line(writer.Write(event));
  line.resize(line.size() - 2);
  line += ",\"same_as\":{";
  for (int i = 0; i < 300; ++i) {
    line += absl::StrFormat("%s\"/args/%d\":\"/filename\"", i == 0 ? "" : ",", i);
  }
  line += "}}";
  EXPECT_EQ(ErrorOf(line), "/args: the line stands for too much text");
}

// Wherever a line is cut, that is an error, and the next line is read as ever.
TEST(LineConverterTest, AShortenedLineIsAnError) {
  EventWriter writer(testing::kSampleAgentId);
  writer.SetSession(testing::SampleSession());
  LineConverter converter(OutputFormat::kOcsf);
  testing::ForEachSample([&](const auto& event) {
    const std::string line(writer.Write(event));
    for (std::size_t size = 0; size + 2 < line.size(); size += 97) {
      EXPECT_FALSE(converter.Convert(line.substr(0, size)).ok()) << line.substr(0, size);
    }
    EXPECT_TRUE(converter.Convert(line).ok());
  });
}

}  // namespace
}  // namespace randguard::line_converter_test
