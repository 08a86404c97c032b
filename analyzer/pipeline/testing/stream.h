// SPDX-License-Identifier: Apache-2.0
//
// A pipeline that reads the messages of a test, and the lines it writes for them.
#ifndef ANALYZER_PIPELINE_TESTING_STREAM_H_
#define ANALYZER_PIPELINE_TESTING_STREAM_H_

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "analyzer/config/config.h"
#include "analyzer/event/reports.h"
#include "analyzer/output/sinks/line_sink.h"
#include "analyzer/output/sinks/sink.h"
#include "analyzer/pipeline/pipeline.h"
#include "analyzer/pipeline/testing/line.h"
#include "analyzer/pipeline/testing/messages.h"
#include "analyzer/rules/match/rule_set.h"

namespace randguard::testing {

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

}  // namespace randguard::testing

#endif  // ANALYZER_PIPELINE_TESTING_STREAM_H_
