// SPDX-License-Identifier: Apache-2.0
//
// Messages for a pipeline, made of what a test says of them, and the lines it writes for them.
#ifndef ANALYZER_PIPELINE_PIPELINE_TEST_SUPPORT_H_
#define ANALYZER_PIPELINE_PIPELINE_TEST_SUPPORT_H_

#include <gtest/gtest.h>
#include <simdjson.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <initializer_list>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "analyzer/config/config.h"
#include "analyzer/decode/record.h"
#include "analyzer/output/sinks/line_sink.h"
#include "analyzer/output/sinks/sink.h"
#include "analyzer/pipeline/pipeline.h"
#include "analyzer/rules/match/rule_set.h"
#include "analyzer/wire/message.h"
#include "tests/support/record_builder.h"

namespace randguard::testing {

inline constexpr std::string_view kOtherBoot = "ffffffff-0000-4a39-9e53-2f1b7c1d5a10";
inline constexpr std::uint64_t kMs = 1'000'000;

using Counts = std::map<unsigned, std::uint64_t>;  // by kind

inline void Set(capnp::List<std::uint64_t>::Builder list, const Counts& counts) {
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
    return MakeMessage([this](wire::Message::Builder message) {
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
    return MakeMessage([this](wire::Message::Builder message) {
      auto batch = message.initBatch();
      batch.setSequence(sequence);
      batch.setFirstRecord(first_record);
      batch.setRecordCount(static_cast<std::uint32_t>(records.size()));
      batch.setDrainedNs(drained_ns);
      batch.setClockOffsetNs(clock_offset_ns);
      batch.setRecords(AsData(Concat(records)));
      Set(batch.initLost(lost_size), lost);
    });
  }
};

inline Bytes HeartbeatOf(const Counts& lost, std::uint64_t time_ns = kStartNs + 2000 * kMs) {
  return MakeMessage([&](wire::Message::Builder message) {
    auto heartbeat = message.initHeartbeat();
    heartbeat.setTimeNs(time_ns);
    heartbeat.setClockOffsetNs(kClockOffsetNs);
    Set(heartbeat.initCounters().initLost(RG_KIND_END), lost);
  });
}

inline Bytes PrintedOf(std::string_view boot_id, std::uint64_t collector_start_ns,
                       std::uint64_t records, const std::optional<Counts>& lost = std::nullopt) {
  return MakeMessage([&](wire::Message::Builder message) {
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
      : path_(TempFile()), config_(std::move(config)) {
    auto lines = std::make_unique<LineSink>(*LineSink::File(path_));
    lines_ = lines.get();
    sinks_.Add(std::move(lines));
    pipeline_.emplace(config_, sinks_, std::move(rules));
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
  LineSink& sink() { return *lines_; }
  void Add(std::unique_ptr<Sink> sink) { sinks_.Add(std::move(sink)); }

  std::string Output() {
    sinks_.Flush();
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
  SinkList sinks_;
  LineSink* lines_ = nullptr;
  std::optional<Pipeline> pipeline_;
};

#define EXPECT_SENT(stream, ...)                          \
  do {                                                    \
    const absl::Status sent = (stream).Send(__VA_ARGS__); \
    EXPECT_TRUE(sent.ok()) << sent;                       \
  } while (false)

inline std::string Fields(const Line& line, std::span<const std::string_view> names) {
  std::string text;
  for (const std::string_view name : names) text += (text.empty() ? "" : " ") + line[name];
  return text;
}

inline std::string Fields(const Line& line, std::initializer_list<std::string_view> names) {
  return Fields(line, std::span(names.begin(), names.size()));
}

inline std::vector<std::string> Each(const std::vector<Line>& lines,
                                     std::span<const std::string_view> names) {
  std::vector<std::string> texts;
  for (const Line& line : lines) texts.push_back(Fields(line, names));
  return texts;
}

inline std::vector<std::string> Each(const std::vector<Line>& lines,
                                     std::initializer_list<std::string_view> names) {
  return Each(lines, std::span(names.begin(), names.size()));
}

using Texts = std::vector<std::string>;

// Its processes: 1 (init), 100 (a shell, child of 1).
inline std::vector<Bytes> SnapshotRecords() {
  auto init = ProcessSnapshot();
  init.By(1, 10).ChildOf(0, 0).At(kStartNs);
  SetComm(init.body.hdr.comm, "init");
  init.Put(&rg_process::exe_path, "/sbin/init");
  auto shell = ProcessSnapshot();
  shell.By(100, 20).ChildOf(1, 10).At(kStartNs);
  SetComm(shell.body.hdr.comm, "bash");
  shell.Put(&rg_process::exe_path, "/bin/bash");
  return {init.Build(), shell.Build()};
}

inline auto ExitOf(std::uint32_t pid, std::uint64_t start_ns, std::uint64_t time_ns) {
  auto r = ProcessExit();
  r.By(pid, start_ns).At(time_ns);
  return r;
}

inline auto ForkOf(std::uint32_t pid, std::uint64_t start_ns, std::uint32_t child,
                   std::uint64_t child_start_ns, std::uint64_t time_ns) {
  auto r = ProcessFork();
  r.By(pid, start_ns).At(time_ns);
  r.body.child_pid = r.body.child_tid = child;
  r.body.child_start_ns = child_start_ns;
  r.body.child_ppid = pid;
  r.body.child_parent_start_ns = start_ns;
  r.Put(&rg_fork::child_cgroup, "");
  return r;
}

inline Bytes WithSize(Bytes record, std::uint32_t size) {
  std::memcpy(record.data() + offsetof(rg_header, size), &size, sizeof(size));
  return record;
}

}  // namespace randguard::testing

#endif  // ANALYZER_PIPELINE_PIPELINE_TEST_SUPPORT_H_
