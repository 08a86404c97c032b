// SPDX-License-Identifier: Apache-2.0
#include "analyzer/view/watched_lines.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <utility>

#include "absl/strings/str_format.h"
#include "analyzer/base/log.h"

namespace randguard {
namespace {

// To the beginning of the line; whatever stands there and below is gone.
constexpr std::string_view kClearBelow = "\r\x1b[J";
constexpr std::string_view kBackUp = "\r\x1b[A";

}  // namespace

WatchedLines::WatchedLines(Watcher::Options options, bool status)
    : status_(status && options.screen.columns != 0 && options.screen.moves),
      screen_(options.screen),
      watcher_(std::move(options), [this](std::string_view line) { Print(line); }) {
  // A message would stand in the middle of the state.
  if (status_ && isatty(STDERR_FILENO) == 1) SetLogPrefix(kClearBelow);
}

WatchedLines::~WatchedLines() noexcept {
  if (status_) SetLogPrefix("");
}

void WatchedLines::Print(std::string_view line) {
  std::string text;
  if (std::exchange(status_shown_, false)) text += kClearBelow;
  text.append(line) += '\n';
  OutputLine out;
  out.text = text;
  out_.Write(out);
}

absl::Status WatchedLines::See(std::string_view line) { return watcher_.See(line); }

void WatchedLines::Write(const OutputLine& line) {
  std::string_view text = line.text;
  if (text.ends_with('\n')) text.remove_suffix(1);
  if (!See(text).ok()) ++not_understood_;
}

std::string WatchedLines::StatusText(Clock::time_point now) {
  if (now - second_ >= std::chrono::seconds(1)) {
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(now - second_).count();
    // Over the last seconds, the latest counting most: events come in bursts.
    constexpr double kLatest = 0.3;
    const double latest =
        static_cast<double>(watcher_.events() - events_before_) * 1000 / static_cast<double>(ms);
    per_second_ += kLatest * (latest - per_second_);
    events_before_ = watcher_.events();
    second_ = now;
  }
  const bool fine = watcher_.status().value_or(HealthStatus::kOk) == HealthStatus::kOk;
  const std::string_view how =
      watcher_.status().has_value() ? Name(*watcher_.status()) : std::string_view("not known yet");
  const std::string counts =
      absl::StrFormat("%.0f events/s, %d events, %d lost, %d alerts, %s", per_second_,
                      watcher_.events(), watcher_.lost(), watcher_.alerts(), how);
  const std::string first = CutEnd(counts, screen_.columns - 1, screen_);
  const std::string second =
      CutEnd("Ctrl-C ends it; --json gives the lines", screen_.columns - 1, screen_);
  return Coloured(fine && watcher_.lost() == 0 ? Colour::kBold : Colour::kBoldRed, first, screen_) +
         "\n" + Coloured(Colour::kDim, second, screen_);
}

void WatchedLines::ShowStatus() {
  winsize size{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1 &&
      size.ws_col != screen_.columns) {
    screen_.columns = size.ws_col;
    watcher_.Resize(screen_.columns);
  }
  std::string text(kClearBelow);
  text += StatusText(Clock::now());
  text += kBackUp;
  OutputLine out;
  out.text = text;
  out_.Write(out);
  status_shown_ = true;
  shown_ = Clock::now();
}

void WatchedLines::Flush() {
  if (status_ && !status_shown_) ShowStatus();
  out_.Flush();
}

bool WatchedLines::Work() {
  constexpr std::chrono::milliseconds kBetween(500);
  if (!status_ || Clock::now() - shown_ < kBetween) return status_;
  ShowStatus();
  out_.Flush();
  return true;
}

void WatchedLines::End() {
  if (std::exchange(status_shown_, false)) {
    OutputLine out;
    out.text = kClearBelow;
    out_.Write(out);
  }
  out_.Flush();
}

}  // namespace randguard
