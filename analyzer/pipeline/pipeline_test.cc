// SPDX-License-Identifier: Apache-2.0
#include "analyzer/pipeline/pipeline.h"

#include <gtest/gtest.h>
#include <simdjson.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/support/record_builder.h"

namespace randguard {
namespace {

using testing::Bytes;
using testing::kBootId;
using testing::kClockOffsetNs;
using testing::kStartNs;

constexpr std::string_view kOtherBoot = "ffffffff-0000-4a39-9e53-2f1b7c1d5a10";
constexpr std::uint64_t kMs = 1'000'000;

using Counts = std::map<unsigned, std::uint64_t>;  // by kind

void Set(capnp::List<std::uint64_t>::Builder list, const Counts& counts) {
  for (const auto& [kind, count] : counts) list.set(kind, count);
}

struct HelloOf {
  std::string_view boot_id = kBootId;
  std::uint64_t collector_start_ns = kStartNs;
  std::uint32_t session = 0;
  std::uint64_t next_batch = 0, next_record = 0;
  Counts lost_before = {};
  std::string_view host = "web1";
  std::uint16_t abi_version = RG_ABI_VERSION;

  Bytes Make() const {
    return testing::MakeMessage([this](wire::Message::Builder message) {
      auto hello = message.initHello();
      hello.setAbiVersion(abi_version);
      hello.setCollectorVersion("0.1.0");
      hello.setBootId(std::string(boot_id));
      hello.setHostName(std::string(host));
      hello.setKernelRelease("6.1.0");
      hello.setClockOffsetNs(kClockOffsetNs);
      hello.setCollectorStartNs(collector_start_ns);
      hello.setPlanDigest(99);
      hello.setSession(session);
      hello.setNextBatch(next_batch);
      hello.setNextRecord(next_record);
      Set(hello.initLostBefore(RG_KIND_END), lost_before);
    });
  }
};

struct BatchOf {
  std::uint64_t sequence = 0, first_record = 0;
  std::vector<Bytes> records = {};
  std::uint64_t drained_ns = kStartNs + 1000 * kMs;
  Counts lost = {};
  std::int64_t clock_offset_ns = kClockOffsetNs;
  unsigned lost_size = RG_KIND_END;

  Bytes Make() const {
    return testing::MakeMessage([this](wire::Message::Builder message) {
      auto batch = message.initBatch();
      batch.setSequence(sequence);
      batch.setFirstRecord(first_record);
      batch.setRecordCount(static_cast<std::uint32_t>(records.size()));
      batch.setDrainedNs(drained_ns);
      batch.setClockOffsetNs(clock_offset_ns);
      batch.setRecords(testing::AsData(testing::Concat(records)));
      Set(batch.initLost(lost_size), lost);
    });
  }
};

Bytes HeartbeatOf(const Counts& lost, std::uint64_t time_ns = kStartNs + 2000 * kMs) {
  return testing::MakeMessage([&](wire::Message::Builder message) {
    auto heartbeat = message.initHeartbeat();
    heartbeat.setTimeNs(time_ns);
    heartbeat.setClockOffsetNs(kClockOffsetNs);
    Set(heartbeat.initCounters().initLost(RG_KIND_END), lost);
  });
}

Bytes PrintedOf(std::string_view boot_id, std::uint64_t collector_start_ns, std::uint64_t records,
                const std::optional<Counts>& lost = std::nullopt) {
  return testing::MakeMessage([&](wire::Message::Builder message) {
    auto printed = message.initContext().initPrinted();
    printed.setBootId(std::string(boot_id));
    printed.setCollectorStartNs(collector_start_ns);
    printed.setRecords(records);
    if (lost.has_value()) Set(printed.initLost(RG_KIND_END), *lost);
  });
}

class Line {
 public:
  explicit Line(std::string text)
      : text_(std::move(text)), parser_(std::make_unique<simdjson::dom::parser>()) {
    const bool parsed = parser_->parse(text_).get(root_) == simdjson::SUCCESS;
    EXPECT_TRUE(parsed) << text_;
    if (!parsed) root_ = parser_->parse(std::string("{}"));
  }
  // As minified JSON.
  std::string operator[](std::string_view name) const {
    simdjson::dom::element value;
    if (root_[name].get(value) != simdjson::SUCCESS) return "(no such field)";
    return simdjson::minify(value);
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
  std::unique_ptr<simdjson::dom::parser> parser_;
  simdjson::dom::element root_;
};

class Stream {
 public:
  explicit Stream(Config config = {}, std::shared_ptr<const RuleSet> rules = nullptr)
      : path_(TempFile()), config_(std::move(config)), sink_(*LineSink::File(path_)) {
    pipeline_.emplace(config_, sink_, std::move(rules));
  }
  ~Stream() { unlink(path_.c_str()); }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  // Reads the message from memory of its own, which is spoilt and freed afterwards.
  absl::Status Send(const Bytes& message) {
    auto memory = std::make_unique<Bytes>(message);
    const absl::Status status = ReadMessage(
        *memory, [this](wire::Message::Reader reader) { return pipeline_->OnMessage(reader); });
    std::fill(memory->begin(), memory->end(), std::byte{0xee});
    return status;
  }
  template <typename Spec>
  requires requires(const Spec& spec) { spec.Make(); }
  absl::Status Send(const Spec& spec) { return Send(spec.Make()); }

  Pipeline& pipeline() { return *pipeline_; }
  LineSink& sink() { return sink_; }

  std::string Output() {
    sink_.Flush();
    std::ifstream in(path_, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  // Those of one type, or all.
  std::vector<Line> Lines(std::string_view type = "") {
    std::vector<Line> lines;
    const std::string output = Output();
    std::size_t at = 0;
    for (std::size_t end; (end = output.find('\n', at)) != output.npos; at = end + 1) {
      Line line(output.substr(at, end - at));
      if (type.empty() || line["event_type"] == "\"" + std::string(type) + "\"") {
        lines.push_back(std::move(line));
      }
    }
    EXPECT_EQ(at, output.size()) << "a line without its end";
    return lines;
  }
  Health Filled() {
    Health health;
    pipeline_->FillHealth(health);
    return health;
  }

 private:
  static std::string TempFile() {
    std::string path = ::testing::TempDir() + "rand-guard-XXXXXX";
    const int fd = mkstemp(path.data());
    if (fd < 0) std::abort();
    close(fd);
    return path;
  }

  std::string path_;
  Config config_;
  LineSink sink_;
  std::optional<Pipeline> pipeline_;
};

#define EXPECT_SENT(stream, ...)                          \
  do {                                                    \
    const absl::Status sent = (stream).Send(__VA_ARGS__); \
    EXPECT_TRUE(sent.ok()) << sent;                       \
  } while (false)

std::string Fields(const Line& line, std::span<const std::string_view> names) {
  std::string text;
  for (const std::string_view name : names) text += (text.empty() ? "" : " ") + line[name];
  return text;
}

std::string Fields(const Line& line, std::initializer_list<std::string_view> names) {
  return Fields(line, std::span(names.begin(), names.size()));
}

std::vector<std::string> Each(const std::vector<Line>& lines,
                              std::span<const std::string_view> names) {
  std::vector<std::string> texts;
  for (const Line& line : lines) texts.push_back(Fields(line, names));
  return texts;
}

std::vector<std::string> Each(const std::vector<Line>& lines,
                              std::initializer_list<std::string_view> names) {
  return Each(lines, std::span(names.begin(), names.size()));
}

using Texts = std::vector<std::string>;

// Its processes: 1 (init), 100 (a shell, child of 1).
std::vector<Bytes> SnapshotRecords() {
  auto init = testing::ProcessSnapshot();
  init.By(1, 10).ChildOf(0, 0).At(kStartNs);
  testing::SetComm(init.body.hdr.comm, "init");
  init.Put(&rg_process::exe_path, "/sbin/init");
  auto shell = testing::ProcessSnapshot();
  shell.By(100, 20).ChildOf(1, 10).At(kStartNs);
  testing::SetComm(shell.body.hdr.comm, "bash");
  shell.Put(&rg_process::exe_path, "/bin/bash");
  return {init.Build(), shell.Build()};
}

auto ExitOf(std::uint32_t pid, std::uint64_t start_ns, std::uint64_t time_ns) {
  auto r = testing::ProcessExit();
  r.By(pid, start_ns).At(time_ns);
  return r;
}

auto ForkOf(std::uint32_t pid, std::uint64_t start_ns, std::uint32_t child,
            std::uint64_t child_start_ns, std::uint64_t time_ns) {
  auto r = testing::ProcessFork();
  r.By(pid, start_ns).At(time_ns);
  r.body.child_pid = r.body.child_tid = child;
  r.body.child_start_ns = child_start_ns;
  r.body.child_ppid = pid;
  r.body.child_parent_start_ns = start_ns;
  r.Put(&rg_fork::child_cgroup, "");
  return r;
}

// --- the order of messages ---------------------------------------------------------------------

TEST(PipelineTest, MessagesBeforeHelloAreErrors) {
  Stream stream;
  for (const Bytes& message :
       {testing::MakeSnapshot(), testing::MakeBatch(0, 0), testing::MakeHeartbeat()}) {
    EXPECT_EQ(stream.Send(message).code(), absl::StatusCode::kInvalidArgument);
  }
  EXPECT_SENT(stream, testing::MakeContext());
  EXPECT_EQ(stream.Output(), "");
  EXPECT_EQ(stream.pipeline().records_read(), 0u);
}

TEST(PipelineTest, MessagesAfterTheSessionAreErrors) {
  Stream stream;
  EXPECT_SENT(stream, HelloOf{});
  EXPECT_TRUE(stream.pipeline().connected());
  stream.pipeline().EndSession();
  EXPECT_FALSE(stream.pipeline().connected());
  EXPECT_FALSE(stream.Send(BatchOf{}).ok());
}

TEST(PipelineTest, AnotherAbiIsRefusedAndNamed) {
  Stream stream;
  EXPECT_SENT(stream, HelloOf{});
  const absl::Status status = stream.Send(HelloOf{.abi_version = RG_ABI_VERSION + 1});
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_NE(status.message().find(absl::StrCat("version ", RG_ABI_VERSION + 1)),
            absl::string_view::npos)
      << status;
  EXPECT_NE(status.message().find(absl::StrCat("version ", RG_ABI_VERSION)),
            absl::string_view::npos)
      << status;
  EXPECT_FALSE(stream.pipeline().connected());
  EXPECT_FALSE(stream.Send(BatchOf{}).ok()) << "the session before is over, too";
}

TEST(PipelineTest, SealIsForCapturesOnly) {
  Stream stream;
  EXPECT_SENT(stream, HelloOf{});
  EXPECT_EQ(
      stream.Send(testing::MakeMessage([](wire::Message::Builder message) { message.initSeal(); }))
          .code(),
      absl::StatusCode::kInvalidArgument);
}

TEST(PipelineTest, UnknownMessageIsCountedAndPassedOver) {
  Stream stream;
  EXPECT_SENT(stream, HelloOf{});
  Bytes message = testing::MakeHeartbeat();
  message[0x10] = std::byte{99};  // the discriminant: docs/formats/telemetry.md
  EXPECT_SENT(stream, message);
  EXPECT_EQ(stream.Filled().unknown_messages, 1u);
  EXPECT_SENT(stream, BatchOf{});
}

// --- losses ------------------------------------------------------------------------------------

constexpr std::string_view kLossFields[] = {"reason", "kind", "lane", "count", "total"};

TEST(PipelineLossTest, CountersThatMoveBecomeLossRecords) {
  Stream stream;
  EXPECT_SENT(stream, HelloOf{});
  EXPECT_SENT(stream, BatchOf{.drained_ns = kStartNs + 5, .lost = {{RG_KIND_exec_failed, 3}}});
  EXPECT_SENT(stream, (BatchOf{.sequence = 1, .lost = {{RG_KIND_exec_failed, 3}}}));
  EXPECT_SENT(stream,
              HeartbeatOf({{RG_KIND_exec_failed, 5}, {RG_KIND_process_exec, 1}}, kStartNs + 20));
  const auto lines = stream.Lines();
  EXPECT_EQ(Each(lines, kLossFields), (Texts{R"("kernel" "exec_failed" "bulk" 3 3)",
                                             R"("kernel" "process_exec" "critical" 1 1)",
                                             R"("kernel" "exec_failed" "bulk" 2 5)"}));
  EXPECT_EQ(Fields(lines[0], {"from_ns", "to_ns", "timestamp_ns", "host"}),
            R"(60000000000 60000000005 60000000005 "web1")");
  const Health health = stream.Filled();
  EXPECT_EQ(health.losses_reported, 3u);
  EXPECT_EQ(health.kernel_lost, 6u);
}

TEST(PipelineLossTest, WhatAnEarlierSessionReportedIsNotReportedAgain) {
  Stream stream;
  EXPECT_SENT(stream, HelloOf{.session = 3, .lost_before = {{RG_KIND_thread_exit, 5}}});
  EXPECT_SENT(stream, BatchOf{.lost = {{RG_KIND_thread_exit, 7}}});
  EXPECT_EQ(Each(stream.Lines(), kLossFields), Texts{R"("kernel" "thread_exit" "bulk" 2 7)"});
}

// Hello repeats what the last batch said; the heartbeat behind it had said more.
TEST(PipelineLossTest, WhatAHeartbeatReportedIsNotReportedAgainAfterReconnecting) {
  Stream stream;
  EXPECT_SENT(stream, HelloOf{});
  EXPECT_SENT(stream, BatchOf{.lost = {{RG_KIND_thread_exit, 5}}});
  EXPECT_SENT(stream, HeartbeatOf({{RG_KIND_thread_exit, 7}}));
  EXPECT_SENT(stream,
              (HelloOf{.session = 1, .next_batch = 1, .lost_before = {{RG_KIND_thread_exit, 5}}}));
  EXPECT_SENT(stream, (BatchOf{.sequence = 1, .lost = {{RG_KIND_thread_exit, 8}}}));
  EXPECT_EQ(Each(stream.Lines(), {"count", "total"}), (Texts{"5 5", "2 7", "1 8"}));
}

// The batch that said it was sent and never read.
TEST(PipelineLossTest, WhatOnlyAnUnreadBatchReportedIsReported) {
  Stream stream;
  EXPECT_SENT(stream, HelloOf{});
  EXPECT_SENT(stream,
              (HelloOf{.session = 1, .next_batch = 1, .lost_before = {{RG_KIND_thread_exit, 4}}}));
  EXPECT_SENT(stream, (BatchOf{.sequence = 1, .lost = {{RG_KIND_thread_exit, 4}}}));
  EXPECT_EQ(Each(stream.Lines(), {"count", "total"}), Texts{"4 4"});
}

TEST(PipelineLossTest, AnotherCollectorCountsFromItsOwnBeginning) {
  Stream stream;
  EXPECT_SENT(stream, HelloOf{});
  EXPECT_SENT(stream, BatchOf{.lost = {{RG_KIND_thread_exit, 9}}});
  EXPECT_SENT(stream, HelloOf{.collector_start_ns = kStartNs + 1});
  EXPECT_SENT(stream, BatchOf{.lost = {{RG_KIND_thread_exit, 2}}});
  EXPECT_EQ(Each(stream.Lines(), {"count", "total"}), (Texts{"9 9", "2 2"}));
  EXPECT_EQ(stream.Filled().kernel_lost, 2u);
}

TEST(PipelineLossTest, CountersThatShrinkOrAreMissingReportNothing) {
  Stream stream;
  EXPECT_SENT(stream, HelloOf{});
  EXPECT_SENT(stream, BatchOf{.lost = {{RG_KIND_thread_exit, 9}}});
  EXPECT_SENT(stream, (BatchOf{.sequence = 1, .lost = {{RG_KIND_thread_exit, 3}}}));
  EXPECT_SENT(stream, (BatchOf{.sequence = 2, .lost_size = 0}));
  // One entry for a kind that is not known here.
  EXPECT_SENT(stream, (BatchOf{.sequence = 3,
                               .lost = {{RG_KIND_thread_exit, 9}, {RG_KIND_END, 1}},
                               .lost_size = RG_KIND_END + 1}));
  EXPECT_EQ(stream.Lines().size(), 1u);
}

TEST(PipelineLossTest, RecordsOfAnAnalyzerThatEndedEarlyAreALoss) {
  Stream stream;
  EXPECT_SENT(stream, PrintedOf(kBootId, kStartNs, 5));
  EXPECT_SENT(stream, (HelloOf{.session = 1, .next_record = 12}));
  EXPECT_EQ(Each(stream.Lines(), kLossFields), Texts{R"("analyzer_restart" null null 7 null)"});
  EXPECT_EQ(stream.Filled().restart_lost, 7u);
  // Once: a hello that follows finds nothing more missing.
  EXPECT_SENT(stream, (HelloOf{.session = 2, .next_record = 12}));
  EXPECT_EQ(stream.Lines().size(), 1u);
}

TEST(PipelineLossTest, CursorThatIsUpToDateOrOfAnotherLifeIsNoLoss) {
  for (const Bytes& printed : {PrintedOf(kBootId, kStartNs, 12), PrintedOf(kBootId, kStartNs, 13),
                               PrintedOf(kOtherBoot, kStartNs, 5),
                               PrintedOf(kBootId, kStartNs + 1, 5), PrintedOf("", 0, 0)}) {
    Stream stream;
    EXPECT_SENT(stream, printed);
    EXPECT_SENT(stream, HelloOf{.next_record = 12});
    EXPECT_EQ(stream.Output(), "");
  }
}

// The collector had sent 9, in a batch that nobody read.
TEST(PipelineLossTest, LossesThatWereSentAndNotReportedAreReported) {
  Stream stream;
  EXPECT_SENT(stream, PrintedOf(kBootId, kStartNs, 5, Counts{{RG_KIND_thread_exit, 4}}));
  EXPECT_SENT(stream,
              (HelloOf{.session = 1, .next_record = 5, .lost_before = {{RG_KIND_thread_exit, 9}}}));
  EXPECT_SENT(stream, (BatchOf{.first_record = 5, .lost = {{RG_KIND_thread_exit, 11}}}));
  EXPECT_EQ(Each(stream.Lines(), kLossFields), Texts{R"("kernel" "thread_exit" "bulk" 7 11)"});
  EXPECT_EQ(stream.pipeline().cursor().lost.value()[RG_KIND_thread_exit], 11u);
}

TEST(PipelineLossTest, LossesThatWereReportedAreNotReportedAgain) {
  // Without a word of the analyzer before this one, the collector's counts.
  for (const Bytes& printed :
       {PrintedOf(kBootId, kStartNs, 5, Counts{{RG_KIND_thread_exit, 9}}),
        PrintedOf(kBootId, kStartNs, 5), PrintedOf(kOtherBoot, kStartNs, 5, Counts{})}) {
    Stream stream;
    EXPECT_SENT(stream, printed);
    EXPECT_SENT(
        stream,
        (HelloOf{.session = 1, .next_record = 5, .lost_before = {{RG_KIND_thread_exit, 9}}}));
    EXPECT_SENT(stream, (BatchOf{.first_record = 5, .lost = {{RG_KIND_thread_exit, 9}}}));
    EXPECT_EQ(stream.Output(), "");
  }
}

TEST(PipelineTest, FileEventsAboveTheLimitAreCountedAndProcessesAreNot) {
  Config config;
  config.performance.max_events_per_second = 2;
  Stream stream(config);
  EXPECT_SENT(stream, HelloOf{});
  std::vector<Bytes> records;
  for (int i = 0; i < 5; ++i) {
    records.push_back(testing::FileWrite().At(61'000'000'000 + i).Build());
    records.push_back(ExitOf(5 + i, 1, 61'000'000'000 + i).Build());
  }
  records.push_back(testing::FileWrite().At(62'000'000'000).Build());
  EXPECT_SENT(stream, (BatchOf{.records = records, .drained_ns = 63'000'000'000}));
  EXPECT_EQ(stream.Lines("file_pwrite64").size(), 3u);
  EXPECT_EQ(stream.Lines("process_exit").size(), 5u);
  EXPECT_EQ(stream.Filled().userspace_rate_limited, 3u);
}

TEST(PipelineTest, ContainerIsThatOfTheCgroupOrElseOfTheParent) {
  const std::string id(64, 'a');
  Stream stream;
  EXPECT_SENT(stream, HelloOf{});
  auto parent = testing::ProcessExec();
  parent.By(50, kStartNs).At(kStartNs + 1).body.hdr.cgroup_id = 7;
  parent.Put(&rg_process::cgroup, "/system.slice/docker-" + id + ".scope");
  const auto exit_of = [&](std::uint32_t pid, std::uint64_t cgroup_id) {
    auto r = testing::ProcessExit();
    r.By(pid, kStartNs).ChildOf(50, kStartNs).At(kStartNs + pid).body.hdr.cgroup_id = cgroup_id;
    return r.Build();
  };
  EXPECT_SENT(stream, (BatchOf{.records = {parent.Build(), exit_of(51, 7), exit_of(52, 8)}}));
  const std::vector<std::string_view> fields = {"container_id", "container_runtime",
                                                "container_inherited"};
  EXPECT_EQ(Each(stream.Lines("process_start"), fields), Texts{"\"" + id + "\" \"docker\" false"});
  EXPECT_EQ(Each(stream.Lines("process_exit"), fields),
            (Texts{"\"" + id + "\" \"docker\" false", "\"" + id + "\" \"docker\" true"}));
}

TEST(PipelineTest, HelloWithEndlessTextsIsRefused) {
  const std::string text(300, 'x');
  Stream stream;
  EXPECT_EQ(stream.Send(HelloOf{.boot_id = text}).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(stream.Send(HelloOf{.host = text}).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_FALSE(stream.Filled().collector.connected);
}

TEST(PipelineLossTest, RecordsBetweenTwoSessionsAreALoss) {
  Stream stream;
  EXPECT_SENT(stream, HelloOf{});
  EXPECT_SENT(stream, BatchOf{.records = {ExitOf(5, 1, kStartNs).Build()}});
  EXPECT_SENT(stream, (HelloOf{.session = 1, .next_batch = 3, .next_record = 4}));
  EXPECT_EQ(Each(stream.Lines("loss"), {"reason", "count"}), Texts{"\"analyzer_restart\" 3"});
}

TEST(PipelineLossTest, MissingBatchIsAGap) {
  Stream stream;
  EXPECT_SENT(stream, (HelloOf{.next_batch = 7, .next_record = 100}));
  EXPECT_SENT(stream, (BatchOf{.sequence = 7, .first_record = 100}));
  EXPECT_EQ(stream.Output(), "");
  EXPECT_SENT(stream, (BatchOf{.sequence = 9, .first_record = 130}));
  EXPECT_EQ(Each(stream.Lines(), kLossFields), Texts{R"("stream_gap" null null 30 null)"});
  EXPECT_SENT(stream, (BatchOf{.sequence = 10, .first_record = 130}));
  EXPECT_EQ(stream.Lines().size(), 1u);
}

TEST(PipelineLossTest, FirstBatchThatIsNotTheAnnouncedOneIsAGap) {
  Stream stream;
  EXPECT_SENT(stream, HelloOf{});
  EXPECT_SENT(stream, (BatchOf{.sequence = 1, .first_record = 3}));
  EXPECT_EQ(Each(stream.Lines(), {"reason", "count"}), Texts{"\"stream_gap\" 3"});
}

// --- how far it has got --------------------------------------------------------------------------

TEST(PipelineCursorTest, BeforeHelloItIsThatOfTheAnalyzerBefore) {
  Stream stream;
  EXPECT_EQ(stream.pipeline().cursor().boot_id, "");
  EXPECT_SENT(stream, PrintedOf(kBootId, kStartNs, 5));
  EXPECT_EQ(stream.pipeline().cursor().boot_id, kBootId);
  EXPECT_EQ(stream.pipeline().cursor().collector_start_ns, kStartNs);
  EXPECT_EQ(stream.pipeline().cursor().records, 5u);
  EXPECT_FALSE(stream.Send(HelloOf{.abi_version = 0}).ok());
  EXPECT_EQ(stream.pipeline().cursor().records, 5u) << "nothing was taken over yet";
}

TEST(PipelineCursorTest, HeldRecordsAreNotPrinted) {
  Stream stream;
  EXPECT_SENT(stream, HelloOf{.next_record = 10});
  EXPECT_EQ(stream.pipeline().cursor().records, 10u);
  EXPECT_SENT(
      stream,
      (BatchOf{.first_record = 10,
               .records = {ExitOf(5, 1, kStartNs + 1).Build(), ExitOf(6, 1, kStartNs + 3).Build()},
               .drained_ns = kStartNs + 2}));
  EXPECT_EQ(stream.pipeline().cursor().records, 11u);
  EXPECT_SENT(stream, (BatchOf{.sequence = 1, .first_record = 12, .drained_ns = kStartNs + 3}));
  EXPECT_EQ(stream.pipeline().cursor().records, 12u);
  EXPECT_EQ(stream.Lines("loss").size(), 0u);
}

TEST(PipelineCursorTest, EndOfTheSessionPrintsWhatWasHeld) {
  Stream stream;
  EXPECT_SENT(stream, HelloOf{});
  EXPECT_SENT(stream,
              (BatchOf{.records = {ExitOf(5, 1, kStartNs + 3).Build()}, .drained_ns = kStartNs}));
  EXPECT_EQ(stream.Output(), "");
  stream.pipeline().EndSession();
  EXPECT_EQ(stream.Lines("process_exit").size(), 1u);
  EXPECT_EQ(stream.pipeline().cursor().records, 1u);
}

TEST(PipelineCursorTest, NewHelloPrintsWhatWasHeldAndLosesNothing) {
  Stream stream;
  EXPECT_SENT(stream, HelloOf{});
  EXPECT_SENT(stream,
              (BatchOf{.records = {ExitOf(5, 1, kStartNs + 3).Build()}, .drained_ns = kStartNs}));
  EXPECT_SENT(stream, (HelloOf{.session = 1, .next_batch = 1, .next_record = 1}));
  EXPECT_EQ(stream.Lines("process_exit").size(), 1u);
  EXPECT_EQ(stream.Lines("loss").size(), 0u);
}

Bytes WithSize(Bytes record, std::uint32_t size) {
  std::memcpy(record.data() + offsetof(rg_header, size), &size, sizeof(size));
  return record;
}

TEST(PipelineCursorTest, RecordsBehindDamageAreALossOfTheNextSession) {
  Stream stream;
  EXPECT_SENT(stream, HelloOf{});
  const BatchOf batch{.records = {ExitOf(5, 1, kStartNs).Build(),
                                  WithSize(ExitOf(6, 1, kStartNs).Build(), 4),
                                  ExitOf(7, 1, kStartNs).Build()}};
  EXPECT_EQ(stream.Send(batch).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Each(stream.Lines("process_exit"), {"pid"}), Texts{"5"});
  EXPECT_EQ(stream.Filled().userspace_invalid_schema, 1u);
  EXPECT_EQ(stream.pipeline().cursor().records, 1u);
  stream.pipeline().EndSession();
  EXPECT_SENT(stream, (HelloOf{.session = 1, .next_batch = 1, .next_record = 3}));
  EXPECT_EQ(Each(stream.Lines("loss"), {"reason", "count"}), Texts{"\"analyzer_restart\" 2"});
}

// --- processes -----------------------------------------------------------------------------------

TEST(PipelineProcessTest, SnapshotIsNotPrintedAndFillsParentsAndAncestors) {
  Stream stream;
  EXPECT_SENT(stream, HelloOf{});
  EXPECT_SENT(stream, testing::MakeSnapshot(SnapshotRecords()));
  EXPECT_EQ(stream.Output(), "");
  EXPECT_EQ(stream.Filled().process_table_size, 2u);
  auto exec = testing::ProcessExec();
  exec.By(200, 30).ChildOf(100, 20);
  EXPECT_SENT(stream, BatchOf{.records = {exec.Build()}});
  const auto lines = stream.Lines();
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(Fields(lines[0], {"event_type", "pid", "parent_comm", "parent_exe_path", "ancestors",
                              "parent_process_id"}),
            R"("process_start" 200 "bash" "/bin/bash" ["/bin/bash","/sbin/init"] )"
            R"("0e6c9a1c7b1c4a39-100-14")");
}

TEST(PipelineProcessTest, AncestorWithoutAnExecutableIsShownByItsName) {
  Stream stream;
  auto thread = testing::ProcessSnapshot();
  thread.By(2, 5).ChildOf(0, 0);
  thread.body.flags = RG_PROCESS_KERNEL_THREAD;
  testing::SetComm(thread.body.hdr.comm, "kthreadd");
  thread.Put(&rg_process::exe_path, "");
  EXPECT_SENT(stream, HelloOf{});
  EXPECT_SENT(stream, testing::MakeSnapshot({thread.Build()}));
  EXPECT_SENT(stream, BatchOf{.records = {testing::ProcessExec().ChildOf(2, 5).Build()}});
  EXPECT_EQ(Each(stream.Lines(), {"parent_comm", "parent_exe_path", "ancestors"}),
            Texts{R"("kthreadd" null ["kthreadd"])"});
}

TEST(PipelineProcessTest, UnknownParentIsNull) {
  Stream stream;
  EXPECT_SENT(stream, HelloOf{});
  EXPECT_SENT(stream, BatchOf{.records = {testing::ProcessExec().ChildOf(100, 20).Build()}});
  EXPECT_EQ(Each(stream.Lines(), {"parent_comm", "parent_exe_path", "ancestors"}),
            Texts{"null null []"});
}

// A reused pid is another process.
TEST(PipelineProcessTest, ParentIsFoundByPidAndStart) {
  Stream stream;
  EXPECT_SENT(stream, HelloOf{});
  EXPECT_SENT(stream, testing::MakeSnapshot(SnapshotRecords()));
  EXPECT_SENT(stream, BatchOf{.records = {testing::ProcessExec().ChildOf(100, 21).Build()}});
  EXPECT_EQ(Each(stream.Lines(), {"ppid", "parent_comm", "parent_process_id"}),
            Texts{R"(100 null "0e6c9a1c7b1c4a39-100-15")"});
}

TEST(PipelineProcessTest, ProcessThatIsItsOwnAncestorEndsSomewhere) {
  Stream stream;
  EXPECT_SENT(stream, HelloOf{});
  auto loop = testing::ProcessSnapshot();
  loop.By(7, 7).ChildOf(7, 7);
  EXPECT_SENT(stream, testing::MakeSnapshot({loop.Build()}));
  EXPECT_SENT(stream, BatchOf{.records = {testing::ProcessExec().ChildOf(7, 7).Build()}});
  const auto lines = stream.Lines();
  ASSERT_EQ(lines.size(), 1u);
  const std::string ancestors = lines[0]["ancestors"];
  EXPECT_EQ(std::count(ancestors.begin(), ancestors.end(), ','), 15);
}

TEST(PipelineProcessTest, ForkGoesOnWithTheParentsImageUntilItsExec) {
  Stream stream;
  EXPECT_SENT(stream, HelloOf{});
  EXPECT_SENT(stream, testing::MakeSnapshot(SnapshotRecords()));
  auto exec = testing::ProcessExec();
  exec.By(200, 30).ChildOf(100, 20).At(kStartNs + 4);
  exec.Put(&rg_process::exe_path, "/bin/true");
  EXPECT_SENT(stream, BatchOf{.records = {ForkOf(100, 20, 200, 30, kStartNs + 1).Build(),
                                          ForkOf(200, 30, 201, 31, kStartNs + 2).Build(),
                                          ForkOf(200, 30, 202, 32, kStartNs + 3).Build(),
                                          exec.Build(), ExitOf(201, 31, kStartNs + 5).Build(),
                                          ExitOf(200, 30, kStartNs + 6).Build()}});
  EXPECT_EQ(Each(stream.Lines(), {"event_type", "pid", "exe_path", "parent_exe_path"}),
            (Texts{R"("process_relationship" 100 "/bin/bash" (no such field))",
                   R"("process_relationship" 200 "/bin/bash" (no such field))",
                   R"("process_relationship" 200 "/bin/bash" (no such field))",
                   R"("process_start" 200 "/bin/true" "/bin/bash")",
                   R"("process_exit" 201 "/bin/bash" (no such field))",
                   R"("process_exit" 200 "/bin/true" (no such field))"}));
}

// A thread's first change: what was, the process table knows.
TEST(PipelineConductTest, CredentialsBeforeComeFromWhereTheProcessIsKnownFrom) {
  Stream stream;
  EXPECT_SENT(stream, HelloOf{});
  EXPECT_SENT(stream, testing::MakeSnapshot(SnapshotRecords()));
  const auto change = [](std::uint32_t pid, std::uint64_t start_ns, std::uint32_t euid,
                         std::uint64_t time_ns) {
    auto r = testing::CredentialsChange();
    r.By(pid, start_ns).At(time_ns);
    r.body.flags = 0;
    r.body.after.euid = euid;
    return r.Build();
  };
  EXPECT_SENT(
      stream,
      BatchOf{.records = {ForkOf(100, 20, 200, 30, kStartNs + 1).Build(),
                          testing::ProcessExec().By(300, 40).At(kStartNs + 2).Build(),
                          change(100, 20, 7, kStartNs + 3), change(100, 20, 8, kStartNs + 4),
                          change(200, 30, 9, kStartNs + 5), change(300, 40, 9, kStartNs + 6),
                          change(400, 50, 9, kStartNs + 7)}});
  const auto lines = stream.Lines("credentials_change");
  ASSERT_EQ(lines.size(), 5u);
  EXPECT_EQ(Each(lines, {"pid", "before_source"}),
            (Texts{R"(100 "snapshot")", R"(100 "credentials_change")", R"(200 "fork")",
                   R"(300 "exec")", "400 null"}));
  const std::string euid_7 = "\"euid\":7,";
  EXPECT_NE(lines[0]["after"].find(euid_7), std::string::npos);
  EXPECT_NE(lines[1]["before"].find(euid_7), std::string::npos);
  EXPECT_EQ(lines[4]["before"], "null");
}

// As one does for every thread of a process, or an empty call.
TEST(PipelineConductTest, CredentialsThatAreKnownAreNotToldAgain) {
  Stream stream;
  EXPECT_SENT(stream, HelloOf{});
  auto first = testing::CredentialsChange();
  first.body.flags = 0;
  auto again = first;
  auto groups = first;
  groups.body.call = RG_CALL_setgroups;
  auto denied = testing::CredentialsDenied();
  EXPECT_SENT(stream,
              BatchOf{.records = {first.Build(), again.Build(), groups.Build(), denied.Build()}});
  EXPECT_EQ(Each(stream.Lines(), {"syscall", "error", "before_source"}),
            (Texts{R"("setresuid" null null)", R"("setgroups" null "credentials_change")",
                   R"("setresuid" "EPERM" null)"}));
  EXPECT_EQ(stream.Filled().userspace_filtered, 1u);
}

TEST(PipelineConductTest, TargetsAreKnownByTheirExecutable) {
  Stream stream;
  EXPECT_SENT(stream, HelloOf{});
  EXPECT_SENT(stream, testing::MakeSnapshot(SnapshotRecords()));
  auto access = testing::ProcessAccess();
  access.body.target_pid = 100;
  access.body.target_start_ns = 20;
  EXPECT_SENT(stream, BatchOf{.records = {access.Build(), testing::AgentSignal().Build()}});
  const auto lines = stream.Lines();
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_NE(lines[0]["target"].find(R"("exe_path":"/bin/bash")"), std::string::npos);
  EXPECT_NE(lines[1]["target"].find(R"("exe_path":null)"), std::string::npos);
}

TEST(PipelineConductTest, BehaviourIsNotLimited) {
  Config config;
  config.performance.max_events_per_second = 1;
  Stream stream(config);
  EXPECT_SENT(stream, HelloOf{});
  std::vector<Bytes> records;
  for (int i = 0; i < 5; ++i) {
    records.push_back(testing::MemfdCreate().At(61'000'000'000 + i).Build());
    records.push_back(testing::IoUring().At(61'000'000'000 + i).Build());
  }
  EXPECT_SENT(stream, (BatchOf{.records = records, .drained_ns = 63'000'000'000}));
  EXPECT_EQ(stream.Lines().size(), 10u);
}

TEST(PipelineProcessTest, ThreadIsNoNewProcess) {
  Stream stream;
  EXPECT_SENT(stream, HelloOf{});
  EXPECT_SENT(stream, BatchOf{.records = {testing::ThreadStart().Build()}});
  EXPECT_EQ(stream.Filled().process_table_size, 0u);
  EXPECT_EQ(Each(stream.Lines(), {"event_type", "thread"}), Texts{"\"process_relationship\" true"});
}

TEST(PipelineProcessTest, ForkThatTheSnapshotKnewBetterChangesNothing) {
  Stream stream;
  EXPECT_SENT(stream, HelloOf{});
  EXPECT_SENT(stream, testing::MakeSnapshot(SnapshotRecords()));
  // The fork that made the shell waited in the ring while the snapshot was taken.
  EXPECT_SENT(stream, BatchOf{.records = {ForkOf(1, 10, 100, 20, kStartNs + 1).Build(),
                                          ExitOf(100, 20, kStartNs + 2).Build()}});
  EXPECT_EQ(Each(stream.Lines("process_exit"), {"exe_path"}), Texts{"\"/bin/bash\""});
}

TEST(PipelineProcessTest, ProcessEndsOnceHoweverManyThreadsWereTheLast) {
  Stream stream;
  EXPECT_SENT(stream, HelloOf{});
  EXPECT_SENT(stream, testing::MakeSnapshot(SnapshotRecords()));
  auto second = ExitOf(100, 20, kStartNs + 2);
  second.body.hdr.tid = 101;
  auto thread = testing::ThreadExit();
  thread.By(100, 20, 102).At(kStartNs);
  EXPECT_SENT(stream, BatchOf{.records = {thread.Build(), ExitOf(100, 20, kStartNs + 1).Build(),
                                          second.Build()}});
  // And one more, in a batch of its own.
  EXPECT_SENT(stream, (BatchOf{.sequence = 1,
                               .first_record = 3,
                               .records = {ExitOf(100, 20, kStartNs + 3).Build()}}));
  EXPECT_EQ(Each(stream.Lines(), {"tid", "group_dead", "exe_path"}),
            (Texts{"102 false \"/bin/bash\"", "100 true \"/bin/bash\"", "101 false \"/bin/bash\"",
                   "100 false \"/bin/bash\""}));
}

TEST(PipelineProcessTest, EndOfAnUnknownProcessIsToldOnceToo) {
  Stream stream;
  EXPECT_SENT(stream, HelloOf{});
  EXPECT_SENT(stream, BatchOf{.records = {ExitOf(9, 9, kStartNs + 1).Build(),
                                          ExitOf(9, 9, kStartNs + 1).Build(),
                                          ExitOf(9, 10, kStartNs + 1).Build()}});
  EXPECT_EQ(Each(stream.Lines(), {"group_dead"}), (Texts{"true", "false", "true"}));
}

TEST(PipelineProcessTest, NewSnapshotEndsWhatIsNotInIt) {
  Stream stream;
  EXPECT_SENT(stream, HelloOf{});
  EXPECT_SENT(stream, testing::MakeSnapshot(SnapshotRecords()));
  EXPECT_SENT(stream, HelloOf{.session = 1});
  EXPECT_SENT(stream, testing::MakeSnapshot({SnapshotRecords()[0]}, /*last=*/false));
  EXPECT_EQ(stream.Filled().processes_reconciled, 0u) << "not before it is complete";
  EXPECT_SENT(stream, testing::MakeSnapshot({}, /*last=*/true));
  EXPECT_EQ(stream.Filled().processes_reconciled, 1u);
  EXPECT_EQ(stream.Filled().process_table_size, 2u) << "kept for the grace time";
  EXPECT_SENT(stream, HeartbeatOf({}, kStartNs + 61'000 * kMs));
  EXPECT_EQ(stream.Filled().process_table_size, 1u);
}

// It ended while nobody was connected; its record waited in the ring.
TEST(PipelineProcessTest, EndThatComesAfterTheSnapshotThatMissedTheProcessIsStillItsEnd) {
  Stream stream;
  EXPECT_SENT(stream, HelloOf{});
  EXPECT_SENT(stream, testing::MakeSnapshot(SnapshotRecords()));
  EXPECT_SENT(stream, HelloOf{.session = 1});
  EXPECT_SENT(stream, testing::MakeSnapshot({SnapshotRecords()[0]}));
  EXPECT_SENT(stream, BatchOf{.records = {ExitOf(100, 20, kStartNs + 1).Build(),
                                          ExitOf(100, 20, kStartNs + 1).Build()}});
  EXPECT_EQ(Each(stream.Lines(), {"group_dead", "exe_path"}),
            (Texts{"true \"/bin/bash\"", "false \"/bin/bash\""}));
}

TEST(PipelineProcessTest, TableIsAsLargeAsConfigured) {
  Config config;
  config.performance.max_process_cache_entries = 3;
  Stream stream(config);
  EXPECT_SENT(stream, HelloOf{});
  std::vector<Bytes> records;
  for (std::uint32_t i = 0; i < 10; ++i) {
    records.push_back(ForkOf(1, 10, 300 + i, 40 + i, kStartNs + i).Build());
  }
  EXPECT_SENT(stream, BatchOf{.records = records});
  EXPECT_EQ(stream.Filled().process_table_size, 3u);
  EXPECT_EQ(stream.Filled().process_records_evicted, 7u);
}

TEST(PipelineProcessTest, NothingOfAnotherBootIsKept) {
  Stream stream;
  EXPECT_SENT(stream, HelloOf{});
  EXPECT_SENT(stream, testing::MakeSnapshot(SnapshotRecords()));
  EXPECT_SENT(stream, BatchOf{.records = {testing::CgroupMkdir().Build()}});
  EXPECT_SENT(stream, (HelloOf{.boot_id = kOtherBoot, .collector_start_ns = 7}));
  EXPECT_EQ(stream.Filled().process_table_size, 0u);
  EXPECT_EQ(stream.Filled().cgroup_names, 0u);
  // Its clock begins anew: what ended 50 s ago is kept, whatever the time was before.
  auto exit = ExitOf(5, 1, 1'000 * kMs);
  exit.body.hdr.cgroup_id = 77;
  EXPECT_SENT(stream, (BatchOf{.records = {exit.Build()},
                               .drained_ns = 51'000 * kMs,
                               .lost = {{RG_KIND_thread_exit, 1}}}));
  EXPECT_EQ(stream.Filled().process_table_size, 1u);
  EXPECT_EQ(Each(stream.Lines("process_exit"), {"process_id", "cgroup"}),
            Texts{R"("ffffffff00004a39-5-1" null)"});
  EXPECT_EQ(Each(stream.Lines("loss"), {"timestamp_ns", "from_ns", "to_ns"}),
            Texts{"51000000000 7 51000000000"});
}

TEST(PipelineProcessTest, UsersOfTheContextHaveNames) {
  Stream stream;
  EXPECT_SENT(stream, testing::MakeContext());
  EXPECT_SENT(stream, HelloOf{});
  auto root = testing::ProcessExec();
  root.body.hdr.uid = 0;
  EXPECT_SENT(stream, BatchOf{.records = {root.Build(), testing::ProcessExec().Build()}});
  EXPECT_EQ(Each(stream.Lines(), {"uid", "user"}), (Texts{"0 \"root\"", "1000 null"}));
}

TEST(PipelineProcessTest, CgroupsAreNamedByWhoeverNamedThem) {
  Stream stream;
  EXPECT_SENT(stream, HelloOf{});
  const auto exit_in = [](std::uint64_t cgroup, std::uint64_t at) {
    auto r = ExitOf(9, at, kStartNs + at);
    r.body.hdr.cgroup_id = cgroup;
    return r.Build();
  };
  auto fork = ForkOf(1, 10, 300, 40, kStartNs + 2);
  fork.Put(&rg_fork::child_cgroup, "/forked");
  EXPECT_SENT(stream,
              BatchOf{.records = {testing::CgroupMkdir().At(kStartNs).Build(),
                                  testing::ProcessExec().At(kStartNs + 1).Build(), fork.Build(),
                                  exit_in(77, 3), exit_in(42, 4), exit_in(43, 5), exit_in(44, 6)}});
  EXPECT_EQ(Each(stream.Lines("process_exit"), {"cgroup_id", "cgroup"}),
            (Texts{"77 \"/system.slice/new.service\"", "42 \"/user.slice/session-3.scope\"",
                   "43 \"/forked\"", "44 null"}));
}

TEST(PipelineProcessTest, CutCgroupNamesAreNotLearnt) {
  Stream stream;
  EXPECT_SENT(stream, HelloOf{});
  auto mkdir = testing::CgroupMkdir();
  mkdir.Put(&rg_cgroup::path, "/tail", RG_STR_TRUNCATED);
  auto fork = ForkOf(1, 10, 300, 40, kStartNs + 2);
  fork.Put(&rg_fork::child_cgroup, "/tail", RG_STR_TRUNCATED);
  EXPECT_SENT(stream, BatchOf{.records = {mkdir.Build(), fork.Build()}});
  EXPECT_EQ(stream.Filled().cgroup_names, 0u);
}

// --- what is printed
// -------------------------------------------------------------------------------

TEST(PipelineOutputTest, EventsOfBothLanesAreInOrderOfTime) {
  Stream stream;
  EXPECT_SENT(stream, HelloOf{});
  auto failed = testing::ExecFailed();
  auto thread = testing::ThreadExit();
  EXPECT_SENT(stream, (BatchOf{.records = {failed.At(kStartNs + 20).Build(),
                                           thread.At(kStartNs + 40).Build(),
                                           ForkOf(1, 10, 300, 40, kStartNs + 10).Build(),
                                           testing::ProcessExec().At(kStartNs + 30).Build(),
                                           ExitOf(300, 40, kStartNs + 60).Build()},
                               .drained_ns = kStartNs + 50}));
  EXPECT_SENT(stream, (BatchOf{.sequence = 1,
                               .first_record = 5,
                               .records = {failed.At(kStartNs + 55).Build()},
                               .drained_ns = kStartNs + 60}));
  EXPECT_EQ(Each(stream.Lines(), {"timestamp_ns", "event_type"}),
            (Texts{"60000000010 \"process_relationship\"", "60000000020 \"process_exec_failed\"",
                   "60000000030 \"process_start\"", "60000000040 \"process_exit\"",
                   "60000000055 \"process_exec_failed\"", "60000000060 \"process_exit\""}));
}

TEST(PipelineOutputTest, HooksThatAreNotAskedForAreFilteredAndCounted) {
  const auto run = [](std::vector<ProcessHook> hooks, bool process = true) {
    Config config;
    config.process.hooks = std::move(hooks);
    config.events.process = process;
    Stream stream(config);
    EXPECT_SENT(stream, HelloOf{});
    auto execveat = testing::ProcessExec();
    execveat.body.source = RG_EXEC_EXECVEAT;
    EXPECT_SENT(
        stream,
        BatchOf{.records = {testing::ProcessExec().Build(), execveat.Build(),
                            testing::ExecFailed().Build(), testing::ProcessFork().Build(),
                            testing::ThreadStart().Build(), testing::ThreadExit().Build(),
                            testing::ProcessExit().Build(), testing::CgroupMkdir().Build()}});
    const Health health = stream.Filled();
    const auto lines = stream.Lines();
    EXPECT_EQ(health.userspace_filtered + lines.size(), 7u);
    EXPECT_EQ(health.normalized_events_output, lines.size());
    EXPECT_EQ(health.raw_events_read, 8u);
    return Each(lines, {"event_type", "source"});
  };
  const std::string fork = "\"process_relationship\" (no such field)";
  const std::string exit = "\"process_exit\" (no such field)";
  EXPECT_EQ(run({ProcessHook::kExecve}), Texts{R"("process_start" "execve")"});
  EXPECT_EQ(run({ProcessHook::kExecveat}),
            (Texts{R"("process_start" "execveat")", R"("process_exec_failed" "execveat")"}));
  EXPECT_EQ(run({ProcessHook::kFork}), (Texts{fork, fork}));
  EXPECT_EQ(run({ProcessHook::kExit}), (Texts{exit, exit}));
  EXPECT_EQ(run(Config{}.process.hooks).size(), 7u);
  EXPECT_EQ(run(Config{}.process.hooks, /*process=*/false), Texts{});
}

TEST(PipelineOutputTest, UnknownKindsAreCountedAndPassedOver) {
  Stream stream;
  EXPECT_SENT(stream, HelloOf{});
  auto unknown = testing::ProcessExit();
  unknown.body.hdr.kind = RG_KIND_END;
  auto version = testing::ProcessExit();
  version.body.hdr.abi_version = RG_ABI_VERSION + 1;
  auto invalid = testing::ProcessExec();
  invalid.body.tty.offset = 1;
  EXPECT_SENT(stream, BatchOf{.records = {unknown.Build(), version.Build(), invalid.Build(),
                                          testing::ProcessExit().Build()}});
  const Health health = stream.Filled();
  EXPECT_EQ(health.userspace_unsupported_kind, 2u);
  EXPECT_EQ(health.userspace_invalid_schema, 1u);
  EXPECT_EQ(health.raw_events_read, 4u);
  EXPECT_EQ(stream.pipeline().invalid_records(), 3u);
  EXPECT_EQ(stream.Lines().size(), 1u);
}

// Its body is an exec's; printed, it would say that something was started.
TEST(PipelineOutputTest, SnapshotRecordInABatchIsInvalid) {
  Stream stream;
  EXPECT_SENT(stream, HelloOf{});
  EXPECT_SENT(stream, BatchOf{.records = {testing::ProcessSnapshot().Build()}});
  EXPECT_EQ(stream.Filled().userspace_invalid_schema, 1u);
  EXPECT_EQ(stream.Output(), "");
}

TEST(PipelineOutputTest, DamagedSnapshotIsAnErrorAndEndsNoProcess) {
  Stream stream;
  EXPECT_SENT(stream, HelloOf{});
  EXPECT_SENT(stream, testing::MakeSnapshot(SnapshotRecords()));
  EXPECT_SENT(stream, HelloOf{.session = 1});
  EXPECT_FALSE(stream.Send(testing::MakeSnapshot({WithSize(SnapshotRecords()[0], 16)}, true)).ok());
  EXPECT_EQ(stream.Filled().processes_reconciled, 0u);
}

TEST(PipelineOutputTest, WallClockIsTheBatchsOwn) {
  Stream stream;
  EXPECT_SENT(stream, HelloOf{});
  EXPECT_SENT(stream, BatchOf{.records = {ExitOf(5, 1, kStartNs).Build()}});
  EXPECT_SENT(stream, (BatchOf{.sequence = 1,
                               .first_record = 1,
                               .records = {ExitOf(6, 1, kStartNs).Build()},
                               .clock_offset_ns = kClockOffsetNs + 3'600'000 * std::int64_t{kMs}}));
  EXPECT_EQ(Each(stream.Lines(), {"time"}),
            (Texts{"\"2025-01-01T00:01:00.000000000Z\"", "\"2025-01-01T01:01:00.000000000Z\""}));
}

TEST(PipelineOutputTest, HealthSaysWhatTheCollectorSaid) {
  Stream stream;
  EXPECT_SENT(stream, testing::MakeHello());
  EXPECT_SENT(stream, testing::MakeHeartbeat());
  Health health = stream.Filled();
  ASSERT_EQ(health.hooks.size(), 2u);
  EXPECT_EQ(health.hooks[0].name, "process_exec");
  EXPECT_EQ(health.hooks[0].state, "attached");
  EXPECT_EQ(health.hooks[1].name, "syscalls");
  EXPECT_EQ(health.hooks[1].state, "missing");
  EXPECT_EQ(health.hooks[1].why, "not asked for");
  EXPECT_TRUE(health.collector.connected);
  EXPECT_EQ(health.collector.sessions, 1u);
  EXPECT_EQ(health.collector.version, "0.1.0");
  ASSERT_EQ(health.kernel_stored_by_kind.size(), std::size_t{RG_KIND_END - 1});
  EXPECT_EQ(health.kernel_stored_by_kind[RG_KIND_process_exit - 1].first, "process_exit");
  EXPECT_EQ(health.kernel_stored_by_kind[RG_KIND_process_exit - 1].second, 1u);
  ASSERT_EQ(health.programs.size(), std::size_t{RG_PROGRAM_END - 1});
  EXPECT_EQ(health.programs[0].first, "exec");
  EXPECT_EQ(health.programs[0].second.runs, 7u);
  EXPECT_EQ(stream.pipeline().plan_digest(), 0x1122334455667788u);
  stream.pipeline().WriteHealth(health);
  EXPECT_EQ(Each(stream.Lines(), {"event_type", "host"}), Texts{"\"health\" \"web1\""});
}

TEST(PipelineOutputTest, ManyHooksAreBounded) {
  Stream stream;
  EXPECT_SENT(stream, testing::MakeMessage([](wire::Message::Builder message) {
                auto hello = message.initHello();
                hello.setAbiVersion(RG_ABI_VERSION);
                hello.initHooks(5000);
              }));
  EXPECT_EQ(stream.Filled().hooks.size(), 256u);
  EXPECT_EQ(stream.Filled().hooks[0].name, "unknown");
}

TEST(PipelineOutputTest, SameInputGivesTheSameBytes) {
  const auto run = [] {
    Stream stream;
    EXPECT_SENT(stream, testing::MakeContext());
    EXPECT_SENT(stream, HelloOf{});
    EXPECT_SENT(stream, testing::MakeSnapshot(SnapshotRecords()));
    std::vector<Bytes> records;
    for (const auto& [kind, record] : testing::OneRecordOfEachKind()) records.push_back(record);
    EXPECT_SENT(stream, (BatchOf{.records = records,
                                 .drained_ns = kStartNs + 1,
                                 .lost = {{RG_KIND_thread_exit, 1}, {RG_KIND_process_exec, 2}}}));
    EXPECT_SENT(stream, HeartbeatOf({{RG_KIND_thread_exit, 4}}));
    EXPECT_SENT(stream, (HelloOf{.session = 1, .next_batch = 1, .next_record = 100}));
    stream.pipeline().EndSession();
    return stream.Output();
  };
  const std::string first = run();
  // Of each kind but for snapshots and names of cgroups; and the losses.
  EXPECT_EQ(std::count(first.begin(), first.end(), '\n'), RG_KIND_END - 1 - 2 + 4);
  EXPECT_EQ(run(), first);
}

// --- detection ---------------------------------------------------------------------------------

struct Detection {
  Config config;
  std::shared_ptr<const RuleSet> rules;
};

Detection Compile(std::string_view text) {
  Detection out;
  const ConfigResult parsed = ParseConfig(text, "c.toml");
  EXPECT_TRUE(parsed.config.has_value());
  if (!parsed.config.has_value()) return out;
  out.config = *parsed.config;
  std::vector<Diagnostic> diagnostics;
  out.rules = RuleSet::Compile(out.config, diagnostics);
  EXPECT_NE(out.rules, nullptr) << FormatDiagnostic(diagnostics.empty() ? Diagnostic{}
                                                                        : diagnostics[0]);
  return out;
}

std::string RuleOf(std::string_view id, std::string_view type, std::string_view condition) {
  return "[[rules]]\nid = '" + std::string(id) + "'\nname = 'n'\nseverity = 'high'\ntype = '" +
         std::string(type) + "'\ncondition = \"" + std::string(condition) + "\"\n";
}

Bytes OpenAt(std::uint64_t time_ns, std::string_view path = "/etc/shadow") {
  auto open = testing::FileOpen();
  open.At(time_ns);
  open.Put(&rg_file::path, path);
  return open.Build();
}

constexpr std::uint64_t kSecond = 1000 * kMs;

TEST(PipelineDetectionTest, AlertsFollowTheirEventInTheOrderOfRules) {
  const auto d = Compile(RuleOf("B", "file", "path == '/etc/shadow'") +
                         RuleOf("A", "file", "operation == 'open'"));
  Stream stream(d.config, d.rules);
  EXPECT_SENT(stream, HelloOf{});
  EXPECT_SENT(stream, (BatchOf{.records = {OpenAt(kStartNs + 1), OpenAt(kStartNs + 2, "/etc/x")}}));
  EXPECT_EQ(Each(stream.Lines(), {"event_type", "rule_id", "path"}),
            (Texts{"\"file_open\" (no such field) (no such field)",
                   "\"alert\" \"B\" \"/etc/shadow\"", "\"alert\" \"A\" \"/etc/shadow\"",
                   "\"file_open\" (no such field) (no such field)", "\"alert\" \"A\" \"/etc/x\""}));
  const Health health = stream.Filled();
  EXPECT_EQ(health.alerts_output, 3u);
  EXPECT_EQ(health.rules_enabled, 5u);
  EXPECT_EQ(health.rule_set_hash, d.rules->hash());
}

TEST(PipelineDetectionTest, TheLimitOfTelemetryLimitsNoAlert) {
  const std::string rules = "[alerts]\nwindow_secs = 0\n" + RuleOf("A", "file", "uid == 1000");
  const auto count = [&](const std::string& more) {
    const auto d = Compile(more + rules);
    Stream stream(d.config, d.rules);
    EXPECT_SENT(stream, HelloOf{});
    BatchOf batch;
    for (std::uint64_t i = 0; i < 50; ++i) batch.records.push_back(OpenAt(kStartNs + i));
    EXPECT_SENT(stream, batch);
    return std::pair(stream.Lines("file_open").size(), stream.Lines("alert").size());
  };
  EXPECT_EQ(count(""), std::pair(std::size_t{50}, std::size_t{50}));
  EXPECT_EQ(count("[performance]\nmax_events_per_second = 1\n"),
            std::pair(std::size_t{1}, std::size_t{50}));
}

TEST(PipelineDetectionTest, RulesSeeEventsThatAreNotPrinted) {
  const auto d = Compile("[process]\nhooks = ['exit']\n" + RuleOf("A", "process", "uid == 1000"));
  Stream stream(d.config, d.rules);
  EXPECT_SENT(stream, HelloOf{});
  EXPECT_SENT(stream, BatchOf{.records = {testing::ProcessExec().Build()}});
  EXPECT_EQ(Each(stream.Lines(), {"event_type", "source_event_type"}),
            Texts{"\"alert\" \"process_start\""});
}

TEST(PipelineDetectionTest, MonitorModeDetectsNothing) {
  const auto d = Compile("[agent]\nmode = 'monitor'\n" + RuleOf("A", "process", "uid == 1000"));
  Stream stream(d.config, d.rules);
  EXPECT_SENT(stream, HelloOf{});
  EXPECT_SENT(stream, BatchOf{.records = {testing::ProcessExec().Build()}});
  EXPECT_EQ(stream.Lines("alert").size(), 0u);
  EXPECT_EQ(stream.Filled().rule_set_hash, std::nullopt);
}

TEST(PipelineDetectionTest, DetectionsMarkTheEvent) {
  const auto d = Compile(
      "[[detections.persistence]]\nname = 'shadow'\npaths = ['/etc/shadow']\n"
      "operations = ['open']\n");
  Stream stream(d.config, d.rules);
  EXPECT_SENT(stream, HelloOf{});
  EXPECT_SENT(stream, (BatchOf{.records = {OpenAt(kStartNs + 1), OpenAt(kStartNs + 2, "/etc/x")}}));
  EXPECT_EQ(Each(stream.Lines(), {"event_type", "alert", "detection_type"}),
            (Texts{"\"file_open\" true \"shadow\"", "\"file_open\" false null"}));
}

TEST(PipelineDetectionTest, IdenticalAlertsAreFoldedWithinTheWindow) {
  const auto d = Compile("[alerts]\nwindow_secs = 10\n" + RuleOf("A", "file", "uid == 1000"));
  Stream stream(d.config, d.rules);
  EXPECT_SENT(stream, HelloOf{});
  EXPECT_SENT(stream,
              (BatchOf{.records = {OpenAt(kStartNs + 1 * kSecond), OpenAt(kStartNs + 2 * kSecond),
                                   OpenAt(kStartNs + 3 * kSecond, "/etc/x"),
                                   OpenAt(kStartNs + 4 * kSecond)},
                       .drained_ns = kStartNs + 5 * kSecond}));
  EXPECT_EQ(stream.Lines("alert").size(), 2u);
  EXPECT_SENT(stream, HeartbeatOf({}, kStartNs + 10 * kSecond));
  EXPECT_EQ(stream.Lines("alert").size(), 2u) << "the window lasts until 11 s";
  EXPECT_SENT(stream, HeartbeatOf({}, kStartNs + 30 * kSecond));
  // The other one was alone.
  EXPECT_EQ(Each(stream.Lines("alert"), {"path", "count", "folded", "timestamp_ns"}),
            (Texts{"\"/etc/shadow\" 1 false 61000000000", "\"/etc/x\" 1 false 63000000000",
                   "\"/etc/shadow\" 2 true 64000000000"}));
  const Health health = stream.Filled();
  EXPECT_EQ(health.alerts_output, 3u);
  EXPECT_EQ(health.alerts_folded, 2u);
  EXPECT_SENT(
      stream,
      (BatchOf{.sequence = 1,
               .first_record = 4,
               .records = {OpenAt(kStartNs + 31 * kSecond), OpenAt(kStartNs + 32 * kSecond)},
               .drained_ns = kStartNs + 33 * kSecond}));
  stream.pipeline().EndSession();
  EXPECT_EQ(Each(stream.Lines("alert"), {"count", "folded"}),
            (Texts{"1 false", "1 false", "2 true", "1 false", "1 true"}))
      << "the end of the session ends all windows";
}

TEST(PipelineDetectionTest, FoldedAlertsAreBounded) {
  const auto d = Compile("[alerts]\nmax_folded = 2\n" + RuleOf("A", "file", "uid == 1000"));
  Stream stream(d.config, d.rules);
  EXPECT_SENT(stream, HelloOf{});
  EXPECT_SENT(stream, (BatchOf{.records = {OpenAt(kStartNs + 1), OpenAt(kStartNs + 2),
                                           OpenAt(kStartNs + 3, "/etc/b"),
                                           OpenAt(kStartNs + 4, "/etc/c")}}));
  EXPECT_EQ(Each(stream.Lines("alert"), {"path", "folded"}),
            (Texts{"\"/etc/shadow\" false", "\"/etc/b\" false", "\"/etc/shadow\" true",
                   "\"/etc/c\" false"}));
  EXPECT_EQ(stream.Filled().alert_windows_ended_early, 1u);
}

TEST(PipelineDetectionTest, OtherRulesTakeOverBetweenMessages) {
  const auto first = Compile(RuleOf("A", "file", "uid == 1000"));
  const auto second = Compile(RuleOf("B", "file", "uid == 1000"));
  Stream stream(first.config, first.rules);
  EXPECT_SENT(stream, HelloOf{});
  EXPECT_SENT(stream, (BatchOf{.records = {OpenAt(kStartNs + 1), OpenAt(kStartNs + 2)}}));
  stream.pipeline().SetRules(second.rules);
  EXPECT_SENT(stream, (BatchOf{.sequence = 1,
                               .first_record = 2,
                               .records = {OpenAt(kStartNs + 3)},
                               .drained_ns = kStartNs + 1001 * kMs}));
  stream.pipeline().EndSession();
  // What was folded is told in the words of the rule that folded it.
  EXPECT_EQ(Each(stream.Lines("alert"), {"rule_id", "folded"}),
            (Texts{"\"A\" false", "\"B\" false", "\"A\" true"}));
}

TEST(PipelineDetectionTest, ShellOfAWebServerFiresOnceAtItsExec) {
  const auto d = Compile(
      "[[rules]]\nid = 'P'\nname = 'n'\nseverity = 'high'\ntype = 'process'\n"
      "parent_names = ['nginx']\nprocess_names = ['sh']\n");
  Stream stream(d.config, d.rules);
  EXPECT_SENT(stream, HelloOf{});
  auto server = testing::ProcessSnapshot();
  server.By(100, 20).ChildOf(1, 10).At(kStartNs);
  server.Put(&rg_process::exe_path, "/usr/sbin/nginx");
  EXPECT_SENT(stream, testing::MakeSnapshot({server.Build()}));
  auto shell = testing::ProcessExec();
  shell.By(200, 30).ChildOf(100, 20).At(kStartNs + 20);
  shell.Put(&rg_process::exe_path, "/usr/bin/sh");
  EXPECT_SENT(stream,
              (BatchOf{.records = {ForkOf(100, 20, 200, 30, kStartNs + 10).Build(), shell.Build(),
                                   ExitOf(200, 30, kStartNs + 30).Build()}}));
  EXPECT_EQ(Each(stream.Lines("alert"), {"pid", "process_name", "parent_name"}),
            Texts{"200 \"sh\" \"nginx\""});
}

}  // namespace
}  // namespace randguard
