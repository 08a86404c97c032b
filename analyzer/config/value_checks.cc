// SPDX-License-Identifier: Apache-2.0
#include "analyzer/config/value_checks.h"

#include <algorithm>
#include <cstddef>

#include "absl/strings/str_format.h"
#include "analyzer/config/config.h"
#include "schema/abi/event.h"

namespace randguard {
namespace {

constexpr std::size_t kLabelMax = 128;
constexpr std::size_t kNameMax = 256;
constexpr std::size_t kProseMax = 4096;
constexpr std::size_t kLongProseMax = 65535;
constexpr std::size_t kRuleNameMax = 64;
constexpr std::size_t kProcessNameMax = 255;  // NAME_MAX

bool IsControl(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

bool HasDotComponent(std::string_view path) {
  std::size_t start = 0;
  while (start <= path.size()) {
    const std::size_t end = std::min(path.find('/', start), path.size());
    const std::string_view component = path.substr(start, end - start);
    if (component == "." || component == "..") return true;
    start = end + 1;
  }
  return false;
}

}  // namespace

namespace {

std::string CheckPrintable(std::string_view value, std::size_t max) {
  if (value.empty()) return "must not be empty";
  if (value.size() > max) return absl::StrFormat("is longer than %d bytes", max);
  if (std::any_of(value.begin(), value.end(), IsControl)) return "has control characters";
  return "";
}

std::string CheckLength(std::string_view value, std::size_t max) {
  return value.size() > max ? absl::StrFormat("is longer than %d bytes", max) : "";
}

}  // namespace

std::string CheckLabel(std::string_view value) { return CheckPrintable(value, kLabelMax); }

std::string CheckName(std::string_view value) { return CheckPrintable(value, kNameMax); }

std::string CheckPath(std::string_view value) {
  if (value.size() >= RG_PATH_MAX) {
    return absl::StrFormat("is longer than %d bytes", RG_PATH_MAX - 1);
  }
  return "";
}

std::string CheckMetricsPath(std::string_view value) {
  if (value.empty()) return "";
  if (!value.starts_with('/')) return "is not an absolute path: it must begin with \"/\"";
  const std::string_view name = value.substr(value.rfind('/') + 1);
  if (!name.ends_with(".prom") || name.size() == 5) {
    return "must end in a name and \".prom\": node-exporter reads no other files";
  }
  // The new file has this name, and more, until it is whole.
  constexpr std::size_t kMore = 8;
  if (name.size() + kMore > kProcessNameMax) {
    return absl::StrFormat("has a name that is longer than %d bytes", kProcessNameMax - kMore);
  }
  return CheckPath(value);
}

std::string CheckAbsolutePath(std::string_view value) {
  if (!value.starts_with('/')) return "is not an absolute path: it must begin with \"/\"";
  if (HasDotComponent(value)) {
    return "can never match: paths are compared after \".\" and \"..\" have been resolved";
  }
  if (value.find('*') != value.npos) return "\"*\" is not special in a path: use a pattern";
  if (value.find("//") != value.npos) return "can never match: it has an empty component (\"//\")";
  return CheckPath(value);
}

namespace {

constexpr char kStarElsewhere[] =
    "can never match: \"*\" is special only at the start, as in \"*.service\"";

std::string CheckEnding(std::string_view value) {
  if (value == "*") return "matches everything: leave the pattern out instead";
  return value.find('*', 1) != value.npos ? kStarElsewhere : CheckPath(value);
}

}  // namespace

std::string CheckPattern(std::string_view value) {
  if (value.empty()) return "must not be empty";
  if (value.starts_with('*')) return CheckEnding(value);
  if (!value.starts_with('/')) {
    return absl::StrFormat(
        "can never match: a pattern is \"*\" and an ending (\"*/%s\", \"*.ext\") or an absolute "
        "path",
        value.substr(0, std::min(value.find('*'), kLabelMax)));
  }
  if (value.find('*') != value.npos) return kStarElsewhere;
  if (value.ends_with('/')) return "can never match: no file's path ends in \"/\"";
  return CheckAbsolutePath(value);
}

std::string CheckLoosePattern(std::string_view value) {
  if (value.empty()) return "must not be empty";
  if (value.starts_with('*')) return CheckEnding(value);
  if (value.find('*') != value.npos) return kStarElsewhere;
  if (value == "/") return "matches everything: leave the pattern out instead";
  for (const std::string_view absent : {"//", "/./", "/../"}) {
    if (value.find(absent) != value.npos) {
      return absl::StrFormat("can never match: no path has \"%s\" after it has been resolved",
                             absent);
    }
  }
  return CheckPath(value);
}

std::string CheckFilterPath(std::string_view value) {
  std::string wrong = CheckAbsolutePath(value);
  if (!wrong.empty()) return wrong;
  if (value.size() > RG_FILTER_TEXT_MAX) {
    return absl::StrFormat("is longer than %d bytes", RG_FILTER_TEXT_MAX);
  }
  if (std::count(value.begin(), value.end(), '/') > RG_FILTER_DEPTH_MAX) {
    return absl::StrFormat("has more than %d components", RG_FILTER_DEPTH_MAX);
  }
  return "";
}

std::string CheckFilterPattern(std::string_view value) {
  std::string wrong = CheckLoosePattern(value);
  if (!wrong.empty()) return wrong;
  if (value.starts_with('*')) {
    if (value.size() - 1 <= RG_FILTER_ENDING_MAX) return "";
    return absl::StrFormat("has more than %d bytes after \"*\"", RG_FILTER_ENDING_MAX);
  }
  if (value.size() <= RG_FILTER_ENDING_MAX) return "";
  return absl::StrFormat("is longer than %d bytes%s", RG_FILTER_ENDING_MAX,
                         value.starts_with('/') ? "; watch_paths takes longer paths" : "");
}

std::string CheckProcessName(std::string_view value) {
  if (value.empty()) return "must not be empty";
  if (value.starts_with('/')) {
    return absl::StrFormat("can never match: a process name has no folder; write \"%s\"",
                           value.substr(value.rfind('/') + 1));
  }
  if (value.size() > kProcessNameMax) {
    return absl::StrFormat("is longer than %d bytes", kProcessNameMax);
  }
  return "";
}

std::string CheckCondition(std::string_view value) {
  if (value.find_first_not_of(" \t\r\n") == value.npos) return "must not be empty";
  if (value.size() > kConditionMax) {
    return absl::StrFormat("is longer than %d bytes", kConditionMax);
  }
  return "";
}

std::string CheckProse(std::string_view value) { return CheckLength(value, kProseMax); }

std::string CheckLongProse(std::string_view value) { return CheckLength(value, kLongProseMax); }

std::string CheckSomePath(std::string_view value) {
  return value.empty() ? "must not be empty" : CheckPath(value);
}

std::string CheckRuleName(std::string_view value) {
  const bool fits = !value.empty() && value.size() <= kRuleNameMax && value[0] >= 'a' &&
                    value[0] <= 'z' &&
                    value.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") == value.npos;
  if (fits) return "";
  return absl::StrFormat(
      "is no name for a list or macro: 1 to %d lower-case letters, digits and \"_\", a letter "
      "first",
      kRuleNameMax);
}

std::string CheckEnvName(std::string_view value) {
  if (value.empty() || value.size() >= RG_ENV_NAME_MAX) {
    return absl::StrFormat("must have 1 to %d bytes", RG_ENV_NAME_MAX - 1);
  }
  if (value.find('=') != value.npos) return "must be the name alone, without \"=\"";
  return "";
}

std::optional<std::uint32_t> ParseTimespan(std::string_view value) {
  constexpr std::uint32_t kMax = 7 * 86400;
  const std::size_t digits = std::min(value.find_first_not_of("0123456789"), value.size());
  if (digits == 0 || digits + 1 != value.size()) return std::nullopt;
  std::uint32_t unit = 0;
  switch (value.back()) {
    case 's':
      unit = 1;
      break;
    case 'm':
      unit = 60;
      break;
    case 'h':
      unit = 3600;
      break;
    case 'd':
      unit = 86400;
      break;
    default:
      return std::nullopt;
  }
  std::uint32_t number = 0;
  for (const char c : value.substr(0, digits)) {
    number = number * 10 + static_cast<std::uint32_t>(c - '0');
    if (number > kMax) return std::nullopt;
  }
  if (number == 0 || number > kMax / unit) return std::nullopt;
  return number * unit;
}

std::string CheckTimespan(std::string_view value) {
  if (ParseTimespan(value).has_value()) return "";
  return "must be a number and s, m, h or d, from 1s to 7d, such as \"5m\"";
}

}  // namespace randguard
