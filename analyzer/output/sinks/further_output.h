// SPDX-License-Identifier: Apache-2.0
//
// One of [[outputs]]: the lines of the first output in another format or place. Nobody waits for
// it, and what it loses is its own: it is counted in health under its name, and no loss line is
// about it.
#ifndef ANALYZER_OUTPUT_SINKS_FURTHER_OUTPUT_H_
#define ANALYZER_OUTPUT_SINKS_FURTHER_OUTPUT_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "analyzer/config/config.h"
#include "analyzer/output/json/event_writer.h"
#include "analyzer/output/sinks/sink.h"

namespace randguard {

class FurtherOutput final : public Sink {
 public:
  FurtherOutput(const FurtherOutputConfig& config, std::string_view agent_id,
                std::unique_ptr<Sink> to);
  // One that loses all of its lines, because its place cannot be had. It says so in health.
  static FurtherOutput Unopened(const FurtherOutputConfig& config, std::string_view agent_id,
                                const absl::Status& why);
  FurtherOutput(FurtherOutput&&) = default;
  ~FurtherOutput() noexcept override = default;

  // Lines of other kinds are left out.
  void Write(const OutputLine& line) override;
  void SetSession(const SessionContext& session) override { writer_.SetSession(session); }
  void SetClockOffset(std::int64_t ns) override { writer_.SetClockOffset(ns); }
  void ContinueNumbers(std::string_view boot_id, std::uint64_t next) override {
    writer_.ContinueNumbers(boot_id, next);
  }
  void Flush() override { to_->Flush(); }
  void End() override { to_->End(); }
  std::uint64_t LastSeq(std::string_view boot_id) const override { return to_->LastSeq(boot_id); }
  absl::Status Reopen() override { return to_->Reopen(); }
  void RotateIfOld() override { to_->RotateIfOld(); }
  bool Work() override { return to_->Work(); }
  bool HasWork() const override { return to_->HasWork(); }
  void AddTo(Health& health) const override;

 private:
  std::string name_;
  std::uint32_t kinds_ = 0;  // a bit for each LineKind
  EventWriter writer_;
  std::unique_ptr<Sink> to_;
  std::uint64_t lines_ = 0;
};

}  // namespace randguard

#endif  // ANALYZER_OUTPUT_SINKS_FURTHER_OUTPUT_H_
