// SPDX-License-Identifier: Apache-2.0
#include "analyzer/cli/period.h"

#include <cstdint>
#include <ctime>
#include <string>

#include "analyzer/base/status.h"
#include "analyzer/base/terminal_text.h"
#include "analyzer/cli/options.h"

namespace randguard::cli {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;  // in nanoseconds
constexpr std::int64_t kDay = 86'400;            // in seconds, most of them

enum class Edge : std::uint8_t { kBegin, kEnd };

// The begin or end of the day, minute or second that the text names, in nanoseconds since 1970.
absl::StatusOr<std::int64_t> ParseTime(const Option& option, const std::string& text, Edge edge) {
  struct Form {
    const char* format;
    bool utc;
    std::int64_t seconds;
  };
  constexpr Form kForms[] = {
      {"%Y-%m-%dT%H:%M:%SZ", true, 1}, {"%Y-%m-%dT%H:%MZ", true, 60},
      {"%Y-%m-%d %H:%M:%S", false, 1}, {"%Y-%m-%dT%H:%M:%S", false, 1},
      {"%Y-%m-%d %H:%M", false, 60},   {"%Y-%m-%dT%H:%M", false, 60},
      {"%Y-%m-%d", false, kDay},
  };
  constexpr std::int64_t kLast = 4'102'444'800;  // the year 2100
  for (const Form& form : kForms) {
    std::tm time{};
    const char* const end = strptime(text.c_str(), form.format, &time);
    if (end == nullptr || *end != '\0') continue;
    const std::tm named = time;
    time.tm_isdst = -1;
    const std::int64_t begin = form.utc ? timegm(&time) : mktime(&time);
    // No day such as the 31st of February.
    if (time.tm_mday != named.tm_mday || time.tm_mon != named.tm_mon) break;
    if (begin < 0 || begin > kLast) break;
    if (edge == Edge::kBegin) return begin * kSecond;
    // Days have 23 and 25 hours, too.
    std::tm next = named;
    next.tm_isdst = -1;
    ++next.tm_mday;
    const std::int64_t behind = form.seconds == kDay ? mktime(&next) : begin + form.seconds;
    return behind * kSecond - 1;
  }
  return InvalidInput(
      "option %s takes a time between 1970 and 2100 such as 2026-01-31, \"2026-01-31 14:00\" or "
      "2026-01-31T14:00:00Z, "
      "not "
      "%s",
      option.name, EscapedForTerminal(text));
}

}  // namespace

absl::StatusOr<Period> PeriodOf(const Arguments& arguments) {
  Period period;
  if (const auto from = arguments.Value(option::kFrom)) {
    RG_ASSIGN_OR_RETURN(period.from, ParseTime(option::kFrom, *from, Edge::kBegin));
  }
  if (const auto to = arguments.Value(option::kUntil)) {
    RG_ASSIGN_OR_RETURN(period.to, ParseTime(option::kUntil, *to, Edge::kEnd));
  }
  if (period.from > period.to) return InvalidInput("the period ends before it begins");
  return period;
}

}  // namespace randguard::cli
