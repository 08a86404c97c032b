// SPDX-License-Identifier: Apache-2.0
//
// Messages for a pipeline, made of what a test says of them, and the lines it writes for them.
#ifndef ANALYZER_PIPELINE_TESTING_STREAM_H_
#define ANALYZER_PIPELINE_TESTING_STREAM_H_

#include <gtest/gtest.h>

#include <cstdint>
#include <initializer_list>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "analyzer/config/config.h"
#include "analyzer/decode/record.h"
#include "analyzer/event/reports.h"
#include "analyzer/output/sinks/line_sink.h"
#include "analyzer/output/sinks/sink.h"
#include "analyzer/pipeline/pipeline.h"
#include "analyzer/rules/match/rule_set.h"
#include "tests/support/record_builder.h"

namespace randguard::testing {

inline constexpr std::string_view kOtherBoot = "ffffffff-0000-4a39-9e53-2f1b7c1d5a10";
inline constexpr std::uint64_t kMs = 1'000'000;

using Counts = std::map<unsigned, std::uint64_t>;  // by kind

struct HelloOf {
  std::string_view boot_id = kBootId;
  std::uint64_t collector_start_ns = kStartNs;
  std::uint32_t session = 0;
  std::uint64_t next_batch = 0, next_record = 0;
  Counts lost_before = {};
  std::string_view host = "web1";
  std::uint16_t abi_version = RG_ABI_VERSION;

  Bytes Make() const;
};

struct BatchOf {
  std::uint64_t sequence = 0, first_record = 0;
  std::vector<Bytes> records = {};
  std::uint64_t drained_ns = kStartNs + 1000 * kMs;
  Counts lost = {};
  std::int64_t clock_offset_ns = kClockOffsetNs;
  unsigned lost_size = RG_KIND_END;

  Bytes Make() const;
};

Bytes HeartbeatOf(const Counts& lost, std::uint64_t time_ns = kStartNs + 2000 * kMs);

Bytes PrintedOf(std::string_view boot_id, std::uint64_t collector_start_ns, std::uint64_t records,
                const std::optional<Counts>& lost = std::nullopt);

class Line {
 public:
  explicit Line(std::string text);
  Line(Line&&) noexcept;
  ~Line();
  // As minified JSON.
  std::string operator[](std::string_view name) const;
  const std::string& text() const { return text_; }

 private:
  struct Parsed;
  std::string text_;
  std::unique_ptr<Parsed> parsed_;
};

class Stream {
 public:
  explicit Stream(Config config = {}, std::shared_ptr<const RuleSet> rules = nullptr);
  ~Stream();
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  // Reads the message from memory of its own, which is spoilt and freed afterwards.
  absl::Status Send(const Bytes& message);
  template <typename Spec>
  requires requires(const Spec& spec) { spec.Make(); }
  absl::Status Send(const Spec& spec) { return Send(spec.Make()); }

  Pipeline& pipeline() { return *pipeline_; }
  LineSink& sink() { return *lines_; }
  void Add(std::unique_ptr<Sink> sink) { sinks_.Add(std::move(sink)); }

  std::string Output();
  // Those of one type, or all.
  std::vector<Line> Lines(std::string_view type = "");
  Health Filled();

 private:
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

std::string Fields(const Line& line, std::span<const std::string_view> names);

inline std::string Fields(const Line& line, std::initializer_list<std::string_view> names) {
  return Fields(line, std::span(names.begin(), names.size()));
}

std::vector<std::string> Each(const std::vector<Line>& lines,
                              std::span<const std::string_view> names);

inline std::vector<std::string> Each(const std::vector<Line>& lines,
                                     std::initializer_list<std::string_view> names) {
  return Each(lines, std::span(names.begin(), names.size()));
}

using Texts = std::vector<std::string>;

// Its processes: 1 (init), 100 (a shell, child of 1).
std::vector<Bytes> SnapshotRecords();

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

Bytes WithSize(Bytes record, std::uint32_t size);

}  // namespace randguard::testing

#endif  // ANALYZER_PIPELINE_TESTING_STREAM_H_
