// SPDX-License-Identifier: Apache-2.0
#include "analyzer/view/compact_lines.h"

#include <algorithm>
#include <ctime>
#include <variant>

#include "absl/strings/str_format.h"
#include "analyzer/view/glance.h"

namespace randguard {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::size_t kWide = 120, kNarrow = 100;  // columns of a screen

std::tm LocalTime(std::int64_t realtime_ns) {
  // Times before 1970 are rounded down, too.
  const std::int64_t rest = realtime_ns % kSecond;
  const std::time_t seconds = realtime_ns / kSecond - (rest < 0 ? 1 : 0);
  std::tm local{};
  localtime_r(&seconds, &local);
  return local;
}

std::uint64_t BootTimeOf(const AnyEvent& event) {
  return std::visit(
      [](const auto& of) -> std::uint64_t {
        if constexpr (requires { of.actor; }) {
          return of.actor.timestamp_ns;
        } else if constexpr (requires { of.timestamp_ns; }) {
          return of.timestamp_ns;
        } else {
          return 0;
        }
      },
      event);
}

Mark MarkOf(Severity severity) {
  switch (severity) {
    case Severity::kInformational:
      return {"i ", Colour::kCyan};
    case Severity::kLow:
      return {". ", Colour::kCyan};
    case Severity::kMedium:
      return {"* ", Colour::kYellow};
    case Severity::kHigh:
      return {"! ", Colour::kRed};
    case Severity::kCritical:
      return {"!!", Colour::kBoldRed};
  }
  return {};
}

}  // namespace

std::string ClockText(std::int64_t realtime_ns, bool milliseconds) {
  const std::tm local = LocalTime(realtime_ns);
  std::string text = absl::StrFormat("%02d:%02d:%02d", local.tm_hour, local.tm_min, local.tm_sec);
  if (milliseconds) {
    const std::int64_t rest = (realtime_ns % kSecond + kSecond) % kSecond;
    absl::StrAppendFormat(&text, ".%03d", rest / 1'000'000);
  }
  return text;
}

std::string DateText(std::int64_t realtime_ns) {
  const std::tm local = LocalTime(realtime_ns);
  constexpr int kYear = 1900;
  return absl::StrFormat("%04d-%02d-%02d", local.tm_year + kYear, local.tm_mon + 1, local.tm_mday);
}

std::int64_t RealTime(std::uint64_t boot_ns, std::int64_t clock_offset_ns) {
  // Lines may say anything. Sums and differences of two such times do not overflow.
  constexpr std::int64_t kMax = INT64_MAX / 2;
  const auto boot = static_cast<std::int64_t>(std::min<std::uint64_t>(boot_ns, kMax));
  if (clock_offset_ns > 0 && boot > kMax - clock_offset_ns) return kMax;
  return std::max<std::int64_t>(boot + clock_offset_ns, 0);
}

std::int64_t RealTimeOf(const LineContent& line) {
  return RealTime(BootTimeOf(line.event), line.clock_offset_ns);
}

Mark MarkOf(const AnyEvent& event, bool failed) {
  if (const auto* const alert = std::get_if<Alert>(&event)) return MarkOf(alert->severity);
  if (std::holds_alternative<Loss>(event)) return {"??", Colour::kBoldRed};
  if (const auto* const health = std::get_if<Health>(&event)) {
    return health->status == HealthStatus::kOk ? Mark{"ok", Colour::kDim}
                                               : Mark{"??", Colour::kBoldRed};
  }
  return {"  ", failed ? Colour::kDim : Colour::kNone};
}

CompactLines::CompactLines(const Screen& screen) : screen_(screen) { Resize(screen.columns); }

void CompactLines::Resize(std::size_t columns) {
  screen_.columns = columns;
  const bool wide = columns == 0 || columns >= kWide;
  milliseconds_ = columns == 0 || columns >= kNarrow;
  process_ = wide ? 24 : 18;
  user_ = wide ? 10 : 8;
  what_ = wide ? 10 : 8;
}

std::string CompactLines::Heading(std::int64_t realtime_ns, std::string_view host) const {
  std::string text = DateText(realtime_ns);
  if (!host.empty()) text += " on " + Harmless(host, screen_);
  text = absl::StrFormat("-- %s --", text);
  if (screen_.columns != 0) text = CutEnd(text, screen_.columns, screen_);
  return Coloured(Colour::kDim, text, screen_);
}

std::string CompactLines::Of(const LineContent& line, std::string_view user,
                             std::size_t depth) const {
  const Glance glance = GlanceAt(line.event);
  const Mark mark = MarkOf(line.event, glance.failed);
  std::string process, who;
  if (const auto of = WhoOf(line.event)) {
    process = Harmless(absl::StrFormat("%s[%d]", of->comm, of->pid), screen_);
    who = user.empty() ? std::to_string(of->uid) : Harmless(user, screen_);
  }

  std::string left = ClockText(RealTimeOf(line), milliseconds_) + " ";
  std::string right = " ";
  const std::string indented = std::string(depth, ' ') + process;
  // A whole name is worth more than a straight column, where there is room for it.
  if (screen_.columns == 0) {
    right += indented;
    right.append(process_ - std::min(process_, ColumnsOf(indented)), ' ');
  } else {
    // The end of it is the pid.
    const std::string cut = CutMiddle(indented, process_ + depth, screen_);
    right += Column(cut, process_ + depth, screen_);
  }
  right += ' ';
  right += Column(who, user_, screen_) + ' ';
  const std::string what = Harmless(glance.what, screen_);
  right += what;
  right.append(what_ - std::min(what_, ColumnsOf(what)), ' ') += ' ';

  std::string object = Harmless(glance.object, screen_);
  std::string result = Harmless(glance.result, screen_);
  if (!result.empty()) result = "  " + result;
  if (screen_.columns != 0) {
    const std::size_t used = ColumnsOf(left) + mark.text.size() + ColumnsOf(right);
    const std::size_t room = screen_.columns - std::min(screen_.columns, used);
    result = CutEnd(result, room, screen_);
    const std::size_t rest = room - ColumnsOf(result);
    // A path says most at its end, all else at its beginning.
    object = object.starts_with('/') && object.find(' ') == object.npos
                 ? CutMiddle(object, rest, screen_)
                 : CutEnd(object, rest, screen_);
  }
  std::string tail = right + object + result;
  tail.resize(tail.find_last_not_of(' ') + 1);
  if (screen_.columns != 0)
    tail = CutEnd(tail,
                  screen_.columns - std::min(screen_.columns, ColumnsOf(left) + mark.text.size()),
                  screen_);
  return Coloured(Colour::kDim, left, screen_) + Coloured(mark.colour, mark.text, screen_) +
         Coloured(mark.colour, tail, screen_);
}

}  // namespace randguard
