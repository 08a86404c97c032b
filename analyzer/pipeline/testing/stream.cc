// SPDX-License-Identifier: Apache-2.0
#include "analyzer/pipeline/testing/stream.h"

#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <fstream>
#include <iterator>

#include "analyzer/wire/message.h"

namespace randguard::testing {
namespace {

std::string TempFile() {
  std::string path = ::testing::TempDir() + "rand-guard-XXXXXX";
  const int fd = mkstemp(path.data());
  if (fd < 0) std::abort();
  close(fd);
  return path;
}

}  // namespace

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

}  // namespace randguard::testing
