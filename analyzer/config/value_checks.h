// SPDX-License-Identifier: Apache-2.0
//
// Bounds of strings in the configuration. Each function returns what is wrong with the string and
// what is allowed, to follow the quoted value in a message; empty when the string is fine.
#ifndef ANALYZER_CONFIG_VALUE_CHECKS_H_
#define ANALYZER_CONFIG_VALUE_CHECKS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace randguard {

using ValueCheck = std::string (*)(std::string_view value);

// A name for people: 1 to 128 bytes, no control characters.
std::string CheckLabel(std::string_view value);

// The same, of at most 256 bytes.
std::string CheckName(std::string_view value);

// A file to write, or nothing.
std::string CheckPath(std::string_view value);

// A file that the textfile collector of node-exporter reads, or nothing.
std::string CheckMetricsPath(std::string_view value);

// A path as the kernel would report it: absolute, without ".", ".." and "*".
std::string CheckAbsolutePath(std::string_view value);

// "*" and an ending, or a whole path.
std::string CheckPattern(std::string_view value);

// "*" and an ending, or a text that is anywhere in a path.
std::string CheckLoosePattern(std::string_view value);

// Like CheckAbsolutePath() and CheckLoosePattern(), for what the kernel compares, where room is
// short.
std::string CheckFilterPath(std::string_view value);
std::string CheckFilterPattern(std::string_view value);

// A program's name, without a folder.
std::string CheckProcessName(std::string_view value);

// The length of a condition. The condition itself is checked when rules are compiled.
std::string CheckCondition(std::string_view value);

// Text for people, of several lines if need be.
std::string CheckProse(std::string_view value);

// The same, of at most 65,535 bytes.
std::string CheckLongProse(std::string_view value);

// A path of at least one byte.
std::string CheckSomePath(std::string_view value);

// A name that conditions can use: lower-case letters, digits and underscores.
std::string CheckRuleName(std::string_view value);

// 1 to 63 bytes without "=".
std::string CheckEnvName(std::string_view value);

// A duration such as "90s", "5m", "2h" or "1d", from 1 second to 7 days: in seconds. Absent: it is
// none.
std::optional<std::uint32_t> ParseTimespan(std::string_view value);
std::string CheckTimespan(std::string_view value);

}  // namespace randguard

#endif  // ANALYZER_CONFIG_VALUE_CHECKS_H_
