// SPDX-License-Identifier: Apache-2.0
//
// A sink for lines of output.format "json" that shows them as compact lines on standard output. On
// a terminal, the state of things stands in two lines below them.
#ifndef ANALYZER_VIEW_WATCHED_LINES_H_
#define ANALYZER_VIEW_WATCHED_LINES_H_

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "analyzer/output/sinks/line_sink.h"
#include "analyzer/output/sinks/sink.h"
#include "analyzer/view/watcher.h"

namespace randguard {

class WatchedLines final : public Sink {
 public:
  // `status`: the lines go on, and their state is shown.
  WatchedLines(Watcher::Options options, bool status);
  WatchedLines(const WatchedLines&) = delete;
  ~WatchedLines() noexcept override;

  void Write(const OutputLine& line) override;
  void Flush() override;
  void End() override;
  // The state is shown anew, now and then.
  bool HasWork() const override { return status_; }
  bool Work() override;
  void SetWaiter(const Waiter& waiter) override { out_.SetWaiter(waiter); }
  std::uint64_t lost_lines() const override { return out_.lost_lines() + not_understood_; }
  bool failing() const override { return out_.failing(); }
  bool closed() const override { return out_.closed(); }
  void AddTo(Health& health) const override { out_.AddTo(health); }

  Watcher& watcher() { return watcher_; }
  // For lines of another origin, without a newline. An error: it is none of this version.
  absl::Status See(std::string_view line);

 private:
  using Clock = std::chrono::steady_clock;

  void Print(std::string_view line);
  void ShowStatus();
  std::string StatusText(Clock::time_point now);

  LineSink out_ = LineSink::Stdout();
  bool status_ = false;
  Screen screen_;
  Watcher watcher_;
  bool status_shown_ = false;
  std::uint64_t not_understood_ = 0;
  // Events are counted by the second.
  Clock::time_point second_ = Clock::now(), shown_;
  std::uint64_t events_before_ = 0;
  double per_second_ = 0;
};

}  // namespace randguard

#endif  // ANALYZER_VIEW_WATCHED_LINES_H_
