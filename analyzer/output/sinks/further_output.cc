// SPDX-License-Identifier: Apache-2.0
#include "analyzer/output/sinks/further_output.h"

#include <utility>

#include "analyzer/base/log.h"
#include "analyzer/base/status.h"

namespace randguard {
namespace {

std::uint32_t BitOf(LineKind kind) { return std::uint32_t{1} << static_cast<unsigned>(kind); }

// In the place of one that could not be opened.
class Nowhere final : public Sink {
 public:
  explicit Nowhere(std::string why) : why_(std::move(why)) {}
  ~Nowhere() noexcept override = default;
  void Write(const OutputLine&) override { ++lost_; }
  void AddTo(Health& health) const override {
    health.userspace_output_failures += lost_;
    AddOutputError(health, why_);
  }

 private:
  std::string why_;
  std::uint64_t lost_ = 0;
};

}  // namespace

FurtherOutput FurtherOutput::Unopened(const FurtherOutputConfig& config, std::string_view agent_id,
                                      const absl::Status& why) {
  Log(LogLevel::kError, "output \"%s\" cannot be opened, and its lines are lost: %s", config.name,
      Message(why));
  return {config, agent_id, std::make_unique<Nowhere>(Message(why))};
}

FurtherOutput::FurtherOutput(const FurtherOutputConfig& config, std::string_view agent_id,
                             std::unique_ptr<Sink> to)
    : name_(config.name), writer_(agent_id, config.format), to_(std::move(to)) {
  for (const LineKind kind : config.kinds) kinds_ |= BitOf(kind);
  if (config.kinds.empty()) kinds_ = ~std::uint32_t{0};
  writer_.OmitEmpty(config.omit_empty);
  // Asked once, when it does not take a line at once.
  to_->SetWaiter([] { return false; });
}

void FurtherOutput::Write(const OutputLine& line) {
  if ((kinds_ & BitOf(line.kind)) == 0 || line.write == nullptr) return;
  ++lines_;
  writer_.Renumber(line.seq);
  OutputLine other = line;
  other.text = line.write(writer_, line.event);
  to_->Write(other);
}

void FurtherOutput::AddTo(Health& health) const {
  Health own;
  to_->AddTo(own);
  OutputHealth& output = health.outputs.has_value() ? health.outputs->emplace_back()
                                                    : health.outputs.emplace().emplace_back();
  output.name = name_;
  output.lines = lines_;
  output.bytes = own.output_bytes;
  output.lost = own.userspace_output_failures + own.journal_failures;
  output.removed = own.output_lines_removed;
  output.error = own.output_error;
  if (own.output_error.has_value()) AddOutputError(health, name_ + ": " + *own.output_error);
}

}  // namespace randguard
