// SPDX-License-Identifier: Apache-2.0
//
// Lines of a pipeline for outputs that write them otherwise.
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "analyzer/config/names.h"
#include "analyzer/output/sinks/further_output.h"
#include "analyzer/pipeline/testing/stream.h"
#include "analyzer/rules/compile/compile_rules.h"
#include "tests/support/record_builder.h"

namespace randguard::pipeline_outputs_test {
namespace {

using testing::BatchOf;
using testing::HelloOf;
using testing::kStartNs;
using testing::Stream;

constexpr std::string_view kAgent = "outputs-test";

std::string WithoutLastLine(const std::string& text) {
  return text.substr(0, text.rfind('\n', text.size() - 2) + 1);
}

class Kept final : public Sink {
 public:
  explicit Kept(std::string& text) : text_(text) {}
  ~Kept() noexcept override = default;
  void Write(const OutputLine& line) override { text_ += line.text; }
  void AddTo(Health&) const override {}

 private:
  std::string& text_;
};

class PipelineOutputsTest : public ::testing::Test {
 public:
  PipelineOutputsTest() {
    config_ = ParseConfig(
                  "[agent]\nid = \"outputs-test\"\n[[rules]]\nid = 'r'\nname = 'n'\n"
                  "severity = 'high'\ntype = 'file'\ncondition = \"path == '/etc/shadow'\"\n",
                  "c.toml")
                  .config.value();
    std::vector<Diagnostic> diagnostics;
    rules_ = CompileRules(config_, diagnostics);
  }
  ~PipelineOutputsTest() noexcept override = default;

 protected:
  // An event, an alert, a loss, a canary and a health record.
  static void SendAllKinds(Stream& stream) {
    EXPECT_SENT(stream, HelloOf{.collector_start_ns = 5, .next_record = 7});
    auto open = testing::FileOpen();
    open.At(kStartNs + 1);
    open.Put(&rg_file::path, "/etc/shadow");
    EXPECT_SENT(stream, (BatchOf{.first_record = 7, .records = {open.Build()}}));
    EXPECT_SENT(stream, (BatchOf{.sequence = 1,
                                 .first_record = 8,
                                 .records = {open.Build()},
                                 .lost = {{RG_KIND_file_open, 1}}}));
    stream.pipeline().WriteCanary({});
    stream.pipeline().WriteHealth(stream.Filled());
    stream.pipeline().Flush();
  }
  std::unique_ptr<Sink> Further(std::string& text, FurtherOutputConfig config = {}) const {
    return std::make_unique<FurtherOutput>(config, kAgent, std::make_unique<Kept>(text));
  }

  Config config_;
  std::shared_ptr<const RuleSet> rules_;
};

TEST_F(PipelineOutputsTest, AnotherOutputInTheSameFormatHasTheSameLines) {
  Stream stream(config_, rules_);
  std::string further;
  stream.Add(Further(further));
  SendAllKinds(stream);
  EXPECT_EQ(further, stream.Output());
  for (const char* type : {"file_open", "alert", "loss", "canary", "health"}) {
    EXPECT_FALSE(stream.Lines(type).empty()) << type;
  }
}

TEST_F(PipelineOutputsTest, EachKindIsWhatItIsCalled) {
  const std::pair<LineKind, std::string_view> kinds[] = {{LineKind::kEvent, "file_open"},
                                                         {LineKind::kAlert, "alert"},
                                                         {LineKind::kLoss, "loss"},
                                                         {LineKind::kCanary, "canary"},
                                                         {LineKind::kHealth, "health"}};
  for (const auto& [kind, type] : kinds) {
    Stream stream(config_, rules_);
    std::string further;
    FurtherOutputConfig config;
    config.kinds = {kind};
    stream.Add(Further(further, config));
    SendAllKinds(stream);
    std::string expected;
    for (const auto& line : stream.Lines(type)) expected += line.text() + "\n";
    EXPECT_FALSE(expected.empty()) << type;
    EXPECT_EQ(further, expected) << type;
  }
}

TEST_F(PipelineOutputsTest, AnotherFormatHasWhatItWouldHaveAlone) {
  for (const OutputFormat format : {OutputFormat::kEcs, OutputFormat::kOcsf}) {
    Stream stream(config_, rules_);
    std::string further;
    FurtherOutputConfig as;
    as.format = format;
    stream.Add(Further(further, as));
    SendAllKinds(stream);
    Config alone = config_;
    alone.output.format = format;
    Stream other(alone, rules_);
    SendAllKinds(other);
    // Health differs: it says which outputs there are.
    EXPECT_EQ(WithoutLastLine(further), WithoutLastLine(other.Output())) << Name(format);
  }
}

}  // namespace
}  // namespace randguard::pipeline_outputs_test
