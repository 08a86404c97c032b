// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <simdjson.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "analyzer/config/config.h"
#include "analyzer/config/names.h"
#include "analyzer/output/profiles/attack_tags.h"
#include "analyzer/output/profiles/page.h"
#include "analyzer/output/profiles/values.h"
#include "analyzer/output/testing/sample_events.h"
#include "tests/support/source_root.h"

namespace randguard::profiles::profiles_test {
namespace {

using simdjson::dom::element;
using Texts = std::vector<std::string_view>;

EventWriter SampleWriter(OutputFormat format) {
  EventWriter writer(testing::kSampleAgentId, format);
  writer.SetSession(testing::SampleSession());
  return writer;
}

// A line of one format, read again.
class Line {
 public:
  template <typename Event>
  Line(OutputFormat format, const Event& event) {
    EventWriter writer = SampleWriter(format);
    text_ = writer.Write(event);
    EXPECT_EQ(parser_.parse(text_).get(root_), simdjson::SUCCESS) << text_;
  }

  // The member at a JSON Pointer as JSON; empty: there is none.
  std::string At(std::string_view pointer) const {
    element member;
    if (root_.at_pointer(pointer).get(member) != simdjson::SUCCESS) return {};
    return simdjson::minify(member);
  }

 private:
  simdjson::dom::parser parser_;
  std::string text_;
  element root_;
};

void ExpectPlaces(const Section& section, std::span<const Row> rows, const char* profile) {
  for (const FieldNames& field : section.fields) {
    const std::string name = section.title + "." + std::string(field.name);
    const Places places = PlacesOf(field.name, rows);
    EXPECT_TRUE(!places.rows.empty() || places.rest != nullptr)
        << name << " has no row in " << profile << ": it would be in no line";
    bool whole = places.rest != nullptr;
    Texts named;
    for (const Row* row : places.rows) {
      if (row->to.empty()) {
        EXPECT_FALSE(row->note.empty())
            << name << " is a gap in " << profile << " without a reason";
      }
      if (row->field == field.name) {
        whole = true;
      } else {
        named.push_back(row->field.substr(field.name.size() + 1));
      }
    }
    for (const std::string_view member : field.members) {
      EXPECT_TRUE(whole || std::find(named.begin(), named.end(), member) != named.end())
          << name << "." << member << " has no row in " << profile;
    }
  }
}

TEST(ProfileRowsTest, EveryFieldHasAPlaceOrIsAGap) {
  for (const Section& section : Sections()) {
    ExpectPlaces(section, section.ecs, "ecs");
    ExpectPlaces(section, section.ocsf, "ocsf");
  }
}

TEST(ProfileRowsTest, AFieldWithoutARowIsFound) {
  constexpr Row kRows[] = {{"a", "file.path"}, {"b.c", "process.pid"}};
  EXPECT_EQ(PlacesOf("a", kRows).rows.size(), 1u);
  EXPECT_EQ(PlacesOf("b", kRows).rows.size(), 1u);
  EXPECT_TRUE(PlacesOf("d", kRows).rows.empty());
  EXPECT_EQ(PlacesOf("d", kRows).rest, nullptr);
  EXPECT_TRUE(PlacesOf("b.", kRows).rows.empty());
}

// RANDGUARD_UPDATE=1 writes the page anew.
TEST(ProfilePageTest, CommittedCopyIsWhatIsGenerated) {
  const std::string path = testing::SourcePath("docs/formats/profiles.md");
  if (std::getenv("RANDGUARD_UPDATE") != nullptr) std::ofstream(path) << Page();
  std::ifstream file(path);
  ASSERT_TRUE(file.is_open());
  const std::string committed{std::istreambuf_iterator<char>(file), {}};
  EXPECT_TRUE(committed == Page())
      << "RANDGUARD_UPDATE=1 build/analyzer/output/output_test, and look at the difference";
}

class EveryFormatTest : public ::testing::TestWithParam<OutputFormat> {};
INSTANTIATE_TEST_SUITE_P(, EveryFormatTest,
                         ::testing::Values(OutputFormat::kEcs, OutputFormat::kOcsf),
                         [](const auto& info) { return std::string(Name(info.param)); });

TEST_P(EveryFormatTest, ARememberedActorGivesTheSameLine) {
  EventWriter warm = SampleWriter(GetParam());
  testing::ForEachSample([&](const auto& event) {
    for (int i = 0; i < 3; ++i) warm.Write(event);
    EventWriter fresh = SampleWriter(GetParam());
    fresh.ContinueNumbers(testing::SampleSession().boot_id, warm.next_seq());
    EXPECT_EQ(warm.Write(event), fresh.Write(event));
  });
}

TEST_P(EveryFormatTest, ALineWithLongTextsIsCut) {
  const std::string path = "/" + std::string(5000, 'p') + "\xff" + std::string(5000, 'q');
  const std::string args(60000, 'a');
  ProcessStart event = testing::SampleStart();
  event.filename = path;
  for (OptionalText* text : {&event.actor.exe_path, &event.cwd, &event.script_path,
                             &event.parent_exe_path, &event.creator_exe_path}) {
    *text = path;
  }
  event.args = TextList{args};
  event.command_line = JoinedText{args};
  event.env = TextList{args};
  for (std::string_view& item : event.ancestors.items) item = path;
  event.ancestors.size = TextArray::kMax;
  EventWriter writer = SampleWriter(GetParam());
  const std::string_view line = writer.Write(event);
  EXPECT_LE(line.size(), EventWriter::kLineMax);
  EXPECT_GT(line.size(), EventWriter::kLineMax / 2);
  EXPECT_EQ(writer.lines_cut(), 1u);
  simdjson::dom::parser parser;
  element root;
  ASSERT_EQ(parser.parse(line.data(), line.size()).get(root), simdjson::SUCCESS);
  const char* const own = GetParam() == OutputFormat::kEcs ? "rand_guard" : "unmapped";
  simdjson::dom::array cut;
  ASSERT_EQ(root[own]["texts_cut"].get(cut), simdjson::SUCCESS);
  for (const auto pointer : cut) {
    std::string_view text;
    ASSERT_EQ(pointer.get(text), simdjson::SUCCESS);
    element member;
    EXPECT_EQ(root.at_pointer(text).get(member), simdjson::SUCCESS) << text;
  }
}

TEST_P(EveryFormatTest, BytesThatAreNotUtf8AreShownInHexUnderThePlaceOfTheText) {
  ProcessExit event = testing::SampleExit();
  event.actor.exe_path = "/bin/\xff";
  const Line line(GetParam(), event);
  if (GetParam() == OutputFormat::kEcs) {
    EXPECT_EQ(line.At("/rand_guard/raw_bytes/~1process~1executable"), "\"2f62696e2fff\"");
  } else {
    EXPECT_EQ(line.At("/unmapped/raw_bytes/~1process~1path"), "\"2f62696e2fff\"");
  }
}

TEST_P(EveryFormatTest, WhatIsAbsentIsLeftOut) {
  FileUnlink event = testing::SampleUnlink();
  event.actor.container_id = std::nullopt;
  event.actor.container_runtime = std::nullopt;
  event.call.compat32 = false;
  const Line line(GetParam(), event);
  EXPECT_EQ(line.At("/container"), "");
  EXPECT_EQ(line.At("/actor/process/container"), "");
  EXPECT_EQ(line.At("/rand_guard/compat32"), "");
  EXPECT_EQ(line.At("/unmapped/compat32"), "");
}

constexpr OutputFormat kEcsLine = OutputFormat::kEcs, kOcsfLine = OutputFormat::kOcsf;

TEST(EcsTest, ExecHasWhatRulesAskFor) {
  const Line line(kEcsLine, testing::SampleStart());
  EXPECT_EQ(line.At("/@timestamp"), "\"2025-01-01T00:01:01.000000007Z\"");
  EXPECT_EQ(line.At("/event/kind"), "\"event\"");
  EXPECT_EQ(line.At("/event/category"), "[\"process\"]");
  EXPECT_EQ(line.At("/event/type"), "[\"start\"]");
  EXPECT_EQ(line.At("/event/action"), "\"exec\"");
  EXPECT_EQ(line.At("/event/outcome"), "\"success\"");
  EXPECT_EQ(line.At("/event/sequence"), "1");
  EXPECT_EQ(line.At("/event/id"), "\"0e6c9a1c7b1c4a39-12a05f200-4711\"");
  EXPECT_EQ(line.At("/process/entity_id"), "\"0e6c9a1c7b1c4a39-1234-df8475800\"");
  EXPECT_EQ(line.At("/process/parent/entity_id"), "\"0e6c9a1c7b1c4a39-1-10\"");
  EXPECT_EQ(line.At("/process/pid"), "1234");
  EXPECT_EQ(line.At("/process/name"), "\"curl\"");
  EXPECT_EQ(line.At("/process/executable"), "\"/usr/bin/curl\"");
  EXPECT_EQ(line.At("/process/args"), R"(["curl","-s","","http://example.org/ a"])");
  EXPECT_EQ(line.At("/process/command_line"), R"("curl -s  http://example.org/ a")");
  EXPECT_EQ(line.At("/process/working_directory"), "\"/home/ann\"");
  EXPECT_EQ(line.At("/process/session_leader/pid"), "1200");
  EXPECT_EQ(line.At("/process/session_leader/same_as_process"), "false");
  EXPECT_EQ(line.At("/process/session_leader/entity_id"), "") << "it is another process";
  EXPECT_EQ(line.At("/user/id"), "\"1000\"");
  EXPECT_EQ(line.At("/user/effective/id"), "\"1\"");
  EXPECT_EQ(line.At("/user/name"), "\"ann\"");
  EXPECT_EQ(line.At("/host/boot/id"), "\"0e6c9a1c-7b1c-4a39-9e53-2f1b7c1d5a10\"");
  EXPECT_EQ(line.At("/host/name"), "\"web1\"");
  EXPECT_EQ(line.At("/agent/id"), "\"sensor-7\"");
  EXPECT_EQ(line.At("/container/runtime"), "\"docker\"");
  EXPECT_EQ(line.At("/rand_guard/event_type"), "\"process_start\"");
}

TEST(EcsTest, ALeaderOfItsSessionIsSaidToBeTheProcess) {
  ProcessStart event = testing::SampleStart();
  event.session_id = event.actor.pid;
  const Line line(kEcsLine, event);
  EXPECT_EQ(line.At("/process/session_leader/same_as_process"), "true");
  EXPECT_EQ(line.At("/process/session_leader/entity_id"), line.At("/process/entity_id"));
}

TEST(EcsTest, OfAForkTheProcessIsTheChild) {
  ProcessRelationship event = testing::SampleRelationship();
  event.thread = false;
  const Line fork(kEcsLine, event);
  EXPECT_EQ(fork.At("/event/action"), "\"fork\"");
  EXPECT_EQ(fork.At("/process/pid"), std::to_string(event.child_pid));
  EXPECT_EQ(fork.At("/process/parent/pid"), std::to_string(event.actor.pid));
  event.thread = true;
  const Line thread(kEcsLine, event);
  EXPECT_EQ(thread.At("/event/action"), "\"thread_start\"");
  EXPECT_EQ(thread.At("/event/type"), "[\"info\"]");
  EXPECT_EQ(thread.At("/process/pid"), std::to_string(event.actor.pid));
}

TEST(EcsTest, WhatFailedIsNotTakenForDone) {
  FileUnlink event = testing::SampleUnlink();
  event.call.result = 0;
  EXPECT_EQ(Line(kEcsLine, event).At("/event/type"), "[\"deletion\"]");
  event.call.result = -2;
  const Line line(kEcsLine, event);
  EXPECT_EQ(line.At("/event/action"), "\"deletion\"");
  EXPECT_EQ(line.At("/event/type"), "[\"info\"]");
  EXPECT_EQ(line.At("/event/outcome"), "\"failure\"");
  event.call.result = std::nullopt;
  EXPECT_EQ(Line(kEcsLine, event).At("/event/outcome"), "\"unknown\"");
}

TEST(EcsTest, WhoAskedForAConnectionIsItsSource) {
  NetworkClose event = testing::SampleClose();
  event.object.remote_addr = testing::SampleAddress("192.0.2.1");
  event.bytes_sent = 1000;
  event.bytes_received = UINT64_MAX;
  event.direction = Direction::kOutbound;
  const Line out(kEcsLine, event);
  EXPECT_EQ(out.At("/destination/ip"), "\"192.0.2.1\"");
  EXPECT_EQ(out.At("/network/direction"), "\"egress\"");
  EXPECT_EQ(out.At("/source/bytes"), "1000");
  EXPECT_EQ(out.At("/destination/bytes"), "9223372036854775807") << "the most that it can be there";
  event.direction = Direction::kInbound;
  const Line in(kEcsLine, event);
  EXPECT_EQ(in.At("/source/ip"), "\"192.0.2.1\"");
  EXPECT_EQ(in.At("/network/direction"), "\"ingress\"");
  EXPECT_EQ(in.At("/destination/bytes"), "1000");
}

TEST(EcsTest, AnAddressThatIsNoIpIsNoIp) {
  NetworkConnect event = testing::SampleConnect();
  event.object.family = AddressFamily::kVsock;
  event.object.remote_addr = testing::SampleAddress("3");
  const Line line(kEcsLine, event);
  EXPECT_EQ(line.At("/destination/address"), "\"3\"");
  EXPECT_EQ(line.At("/destination/ip"), "");
}

TEST(EcsTest, TagsOfAnAlertBecomeThreats) {
  Alert alert = testing::SampleAlert();
  alert.tags = {"attack.defense-evasion", "attack.t1070.004", "attack.t1070.006", "own"};
  alert.severity = Severity::kHigh;
  const Line line(kEcsLine, alert);
  EXPECT_EQ(line.At("/event/kind"), "\"alert\"");
  EXPECT_EQ(line.At("/event/severity"), "73");
  EXPECT_EQ(line.At("/threat/technique/id"), "[\"T1070\"]");
  EXPECT_EQ(line.At("/threat/technique/subtechnique/id"), "[\"T1070.004\",\"T1070.006\"]");
  EXPECT_EQ(line.At("/threat/tactic/id"), "[\"TA0005\"]");
  EXPECT_EQ(line.At("/tags/3"), "\"own\"");
  alert.tags = {"own"};
  EXPECT_EQ(Line(kEcsLine, alert).At("/threat"), "");
}

TEST(EcsTest, AnAlertHasThePeerWhereItAskedForOne) {
  Alert alert = testing::SampleAlert();
  alert.addr = "192.0.2.1", alert.port = 22;
  alert.direction = Direction::kOutbound;
  EXPECT_EQ(Line(kEcsLine, alert).At("/destination/ip"), "\"192.0.2.1\"");
  alert.direction = Direction::kInbound, alert.source_event_type = "network_accept";
  EXPECT_EQ(Line(kEcsLine, alert).At("/source/ip"), "\"192.0.2.1\"");
  EXPECT_EQ(Line(kEcsLine, alert).At("/destination/port"), "22");
  alert.source_event_type = "network_listen";
  EXPECT_EQ(Line(kEcsLine, alert).At("/source/port"), "22") << "the socket's own";
  EXPECT_EQ(Line(kEcsLine, alert).At("/network/direction"), "");
}

TEST(EcsTest, WhenAProcessStartedIsTheSameThoughClocksDrift) {
  EventWriter writer = SampleWriter(kEcsLine);
  const auto line_at = [&](std::int64_t offset_ns) {
    writer.SetClockOffset(offset_ns);
    for (int i = 0; i < 2; ++i) writer.Write(testing::SampleUnlink());  // the actor is known
    return std::string(writer.Write(testing::SampleUnlink()));
  };
  const auto has = [](const std::string& line, std::string_view text) {
    return line.find(text) != line.npos;
  };
  const std::int64_t offset = testing::SampleSession().clock_offset_ns;
  EXPECT_TRUE(has(line_at(offset), R"("start":"2025-01-01T00:01:00.000000000Z")"));
  const std::string drifted = line_at(offset + 1000);
  EXPECT_TRUE(has(drifted, R"("start":"2025-01-01T00:01:00.000000000Z")")) << drifted;
  EXPECT_TRUE(has(drifted, R"("@timestamp":"2025-01-01T00:01:01.000001007Z")")) << drifted;
  const std::string set = line_at(offset + 2'000'000'000);
  EXPECT_TRUE(has(set, R"("start":"2025-01-01T00:01:02.000000000Z")")) << set;
}

TEST(EcsTest, AlertsAndReportsHaveIdsOfTheirOwn) {
  const Line alert(kEcsLine, testing::SampleAlert());
  EXPECT_EQ(alert.At("/event/id"), "\"0e6c9a1c7b1c4a39-line-1\"");
  EXPECT_NE(alert.At("/rand_guard/event_id"), "");
  EXPECT_EQ(Line(kEcsLine, testing::SampleLoss()).At("/event/kind"), "\"pipeline_error\"");
}

TEST(OcsfTest, ExecIsALaunchByTheParent) {
  const Line line(kOcsfLine, testing::SampleStart());
  EXPECT_EQ(line.At("/class_uid"), "1007");
  EXPECT_EQ(line.At("/type_uid"), "100701");
  EXPECT_EQ(line.At("/launch_type_id"), "3");
  EXPECT_EQ(line.At("/time"), "1735689661000");
  EXPECT_EQ(line.At("/time_dt"), "\"2025-01-01T00:01:01.000000007Z\"");
  EXPECT_EQ(line.At("/process/pid"), "1234");
  EXPECT_EQ(line.At("/actor/process/pid"), "1");
  EXPECT_EQ(line.At("/metadata/sequence"), "1");
  EXPECT_EQ(line.At("/metadata/event_code"), "\"process_start\"");
  EXPECT_EQ(line.At("/device/agent_list"), R"([{"type_id":1,"uid":"sensor-7"}])");
}

TEST(OcsfTest, AFileAlwaysHasAName) {
  FileOpen event = testing::SampleOpen();
  event.resolved_path = std::nullopt;
  event.filename = "../x";
  EXPECT_EQ(Line(kOcsfLine, event).At("/file/name"), "\"x\"");
  event.filename = "";
  EXPECT_EQ(Line(kOcsfLine, event).At("/file/name"), "\"\"");
}

TEST(OcsfTest, OfALinkTheFileIsTheNewName) {
  FileRename event = testing::SampleRename();
  const Line rename(kOcsfLine, event);
  EXPECT_EQ(rename.At("/activity_name"), "\"Rename\"");
  EXPECT_EQ(rename.At("/file/path"), "\"/etc/a\"");
  EXPECT_EQ(rename.At("/file_result/path"), "\"/etc/b\"");
  event = testing::SampleRename(RG_CALL_symlink);
  const Line link(kOcsfLine, event);
  EXPECT_EQ(link.At("/activity_name"), "\"Create\"");
  EXPECT_EQ(link.At("/file/path"), "\"/etc/b\"");
  EXPECT_EQ(link.At("/unmapped/old_resolved_path"), "\"/etc/a\"");
  EXPECT_EQ(link.At("/file_result"), "");
}

TEST(OcsfTest, APortThatNoEndpointMayHaveIsUnmapped) {
  NetworkConnect event = testing::SampleConnect();
  event.object.remote_port = 65536;
  const Line vsock(kOcsfLine, event);
  EXPECT_EQ(vsock.At("/dst_endpoint/port"), "");
  EXPECT_EQ(vsock.At("/unmapped/remote_port"), "65536");
  event.object.remote_port = 443;
  event.object.remote_addr = std::nullopt;
  const Line alone(kOcsfLine, event);
  EXPECT_EQ(alone.At("/dst_endpoint"), "");
  EXPECT_EQ(alone.At("/unmapped/remote_port"), "443");
}

TEST(OcsfTest, ATargetHasItsOwnName) {
  const auto& samples = testing::SampleEvents();
  const auto found = std::find_if(samples.begin(), samples.end(), [](const Event& sample) {
    return std::holds_alternative<AgentSignal>(sample);
  });
  ASSERT_NE(found, samples.end());
  AgentSignal event = std::get<AgentSignal>(*found);
  for (const bool actor_known : {true, false}) {
    event.actor.exe_path = actor_known ? OptionalText("/usr/bin/me") : std::nullopt;
    event.target.comm = "thread";
    event.target.exe_path = "/usr/bin/it";
    EXPECT_EQ(Line(kOcsfLine, event).At("/process/name"), "\"it\"");
    event.target.exe_path = std::nullopt;
    EXPECT_EQ(Line(kOcsfLine, event).At("/process/name"), "\"thread\"");
  }
  event.target = {};
  event.target_argument = 7;
  const Line unknown(kOcsfLine, event);
  EXPECT_EQ(unknown.At("/process/pid"), "") << "it may be a descriptor";
  EXPECT_EQ(unknown.At("/process/uid"), "\"Unknown\"");
  EXPECT_EQ(unknown.At("/unmapped/target_argument"), "7");
}

TEST(OcsfTest, AConnectionThatNeverWasHasFailed) {
  NetworkClose event = testing::SampleClose();
  event.established = false;
  event.result = 0;
  EXPECT_EQ(Line(kOcsfLine, event).At("/status_id"), "2");
  EXPECT_EQ(Line(kEcsLine, event).At("/event/outcome"), "\"failure\"");
}

TEST(OcsfTest, VariablesAreNoReasonToCutTexts) {
  ProcessStart event = testing::SampleStart();
  std::string env;
  for (int i = 0; i < 2000; ++i) env.append("A=\0", 3);
  const std::string args(6000, 'a');
  event.env = TextList{env};
  event.args = TextList{args};
  event.command_line = JoinedText{args};
  EventWriter writer = SampleWriter(kOcsfLine);
  const std::string_view line = writer.Write(event);
  EXPECT_EQ(line.find("texts_cut"), line.npos);
  EXPECT_EQ(line.find("\"value\":"), line.npos) << "the list alone is there";
  EXPECT_NE(line.find(args), line.npos);
  EXPECT_EQ(writer.lines_cut(), 0u);
}

TEST(OcsfTest, AnAlertIsAFinding) {
  Alert alert = testing::SampleAlert();
  alert.tags = {"attack.execution", "attack.t1059.004"};
  alert.severity = Severity::kCritical;
  const Line line(kOcsfLine, alert);
  EXPECT_EQ(line.At("/class_uid"), "2004");
  EXPECT_EQ(line.At("/severity_id"), "5");
  EXPECT_EQ(line.At("/finding_info/uid"), line.At("/metadata/uid"));
  EXPECT_EQ(line.At("/finding_info/attacks"),
            R"([{"tactic":{"name":"Execution","uid":"TA0002"}},{"technique":{"uid":"T1059"}},)"
            R"({"sub_technique":{"uid":"T1059.004"}}])");
}

TEST(AttackTagsTest, OnlyWhatIsOneIsTakenForATechnique) {
  EXPECT_EQ(ReadAttackTag("attack.t1070").technique, "t1070");
  EXPECT_EQ(ReadAttackTag("attack.T1070.004").technique, "T1070.004");
  for (const char* tag : {"attack.t107", "attack.t10700", "attack.t1070.04", "attack.t1070-004",
                          "attack.txxxx", "t1070", "attack.g0016", "attack.", "attack.t1070.0xx"}) {
    EXPECT_EQ(ReadAttackTag(tag).technique, "") << tag;
    EXPECT_EQ(ReadAttackTag(tag).tactic, nullptr) << tag;
  }
  ASSERT_NE(ReadAttackTag("attack.command_and_control").tactic, nullptr);
  EXPECT_EQ(ReadAttackTag("attack.command-and-control").tactic->id, "TA0011");
}

TEST(ProfileValuesTest, Paths) {
  EXPECT_EQ(Base("/usr/bin/curl"), "curl");
  EXPECT_EQ(Base("/usr/bin/"), "bin");
  EXPECT_EQ(Base("/"), "/");
  EXPECT_EQ(Base("//"), "/");
  EXPECT_EQ(Base("curl"), "curl");
  EXPECT_EQ(Base(""), "");
  EXPECT_EQ(Folder("/usr/bin/curl"), "/usr/bin");
  EXPECT_EQ(Folder("/x"), "/");
  EXPECT_EQ(Folder("x"), "");
  EXPECT_EQ(Extension("/a.b/x.tar.gz"), "gz");
  EXPECT_EQ(Extension("/a.b/x"), "");
  EXPECT_EQ(Extension("/a/.bashrc"), "");
}

TEST(ProfileValuesTest, Addresses) {
  EXPECT_TRUE(IsIp("192.0.2.1"));
  EXPECT_TRUE(IsIp("2001:db8::1"));
  EXPECT_TRUE(IsIp("::"));
  EXPECT_FALSE(IsIp("3"));
  EXPECT_FALSE(IsIp("@name"));
  EXPECT_FALSE(IsIp("/run/x.sock"));
}

TEST(ProfileValuesTest, PermissionsAndCapabilities) {
  JsonWriter json;
  Permissions(json, Mode{0104755});
  CapabilityNames(json, CapabilitySet{1 | std::uint64_t{1} << 21 | std::uint64_t{1} << 63});
  EXPECT_EQ(json.text(), R"("4755"["CAP_CHOWN","CAP_SYS_ADMIN","CAP_63"])");
}

}  // namespace
}  // namespace randguard::profiles::profiles_test
