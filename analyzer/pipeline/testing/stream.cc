// SPDX-License-Identifier: Apache-2.0
#include "analyzer/pipeline/testing/stream.h"

#include <gtest/gtest.h>
#include <simdjson.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <utility>

#include "analyzer/output/sinks/line_sink.h"
#include "analyzer/wire/message.h"

namespace randguard::testing {
namespace {

void Set(capnp::List<std::uint64_t>::Builder list, const Counts& counts) {
  for (const auto& [kind, count] : counts) list.set(kind, count);
}

std::string TempFile() {
  std::string path = ::testing::TempDir() + "rand-guard-XXXXXX";
  const int fd = mkstemp(path.data());
  if (fd < 0) std::abort();
  close(fd);
  return path;
}

}  // namespace

Bytes HelloOf::Make() const {
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

Bytes BatchOf::Make() const {
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

Bytes HeartbeatOf(const Counts& lost, std::uint64_t time_ns) {
  return MakeMessage([&](wire::Message::Builder message) {
    auto heartbeat = message.initHeartbeat();
    heartbeat.setTimeNs(time_ns);
    heartbeat.setClockOffsetNs(kClockOffsetNs);
    Set(heartbeat.initCounters().initLost(RG_KIND_END), lost);
  });
}

Bytes PrintedOf(std::string_view boot_id, std::uint64_t collector_start_ns, std::uint64_t records,
                const std::optional<Counts>& lost) {
  return MakeMessage([&](wire::Message::Builder message) {
    auto printed = message.initContext().initPrinted();
    printed.setBootId(std::string(boot_id));
    printed.setCollectorStartNs(collector_start_ns);
    printed.setRecords(records);
    if (lost.has_value()) Set(printed.initLost(RG_KIND_END), *lost);
  });
}

struct Line::Parsed {
  simdjson::dom::parser parser;
  simdjson::dom::element root;
};

Line::Line(std::string text) : text_(std::move(text)), parsed_(std::make_unique<Parsed>()) {
  const bool parsed = parsed_->parser.parse(text_).get(parsed_->root) == simdjson::SUCCESS;
  EXPECT_TRUE(parsed) << text_;
  if (!parsed) parsed_->root = parsed_->parser.parse(std::string("{}"));
}

Line::Line(Line&&) noexcept = default;
Line::~Line() = default;

std::string Line::operator[](std::string_view name) const {
  simdjson::dom::element value;
  if (parsed_->root[name].get(value) != simdjson::SUCCESS) return "(no such field)";
  return simdjson::minify(value);
}

Stream::Stream(Config config, std::shared_ptr<const RuleSet> rules)
    : path_(TempFile()), config_(std::move(config)) {
  auto lines = std::make_unique<LineSink>(*LineSink::File(path_));
  lines_ = lines.get();
  sinks_.Add(std::move(lines));
  pipeline_.emplace(config_, sinks_, std::move(rules));
}

Stream::~Stream() { unlink(path_.c_str()); }

absl::Status Stream::Send(const Bytes& message) {
  auto memory = std::make_unique<Bytes>(message);
  absl::Status status = ReadMessage(
      *memory, [this](wire::Message::Reader reader) { return pipeline_->OnMessage(reader); });
  std::fill(memory->begin(), memory->end(), std::byte{0xee});
  return status;
}

std::string Stream::Output() {
  sinks_.Flush();
  std::ifstream in(path_, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::vector<Line> Stream::Lines(std::string_view type) {
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

Health Stream::Filled() {
  Health health;
  pipeline_->FillHealth(health);
  return health;
}

std::string Fields(const Line& line, std::span<const std::string_view> names) {
  std::string text;
  for (const std::string_view name : names) text += (text.empty() ? "" : " ") + line[name];
  return text;
}

std::vector<std::string> Each(const std::vector<Line>& lines,
                              std::span<const std::string_view> names) {
  std::vector<std::string> texts;
  texts.reserve(lines.size());
  for (const Line& line : lines) texts.push_back(Fields(line, names));
  return texts;
}

std::vector<Bytes> SnapshotRecords() {
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

Bytes WithSize(Bytes record, std::uint32_t size) {
  std::memcpy(record.data() + offsetof(rg_header, size), &size, sizeof(size));
  return record;
}

}  // namespace randguard::testing
