// SPDX-License-Identifier: Apache-2.0
//
// Small helpers around absl::Status. Messages are one line, name the value that was wrong and,
// where there is one, the remedy.
#ifndef ANALYZER_BASE_STATUS_H_
#define ANALYZER_BASE_STATUS_H_

#include <cstring>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_format.h"

namespace randguard {

// Input that is not what it must be: configuration, capture, message, record.
template <typename... Args>
absl::Status InvalidInput(const absl::FormatSpec<Args...>& format, const Args&... args) {
  return absl::InvalidArgumentError(absl::StrFormat(format, args...));
}

// The host says no: a file cannot be opened, a privilege is missing.
template <typename... Args>
absl::Status HostError(const absl::FormatSpec<Args...>& format, const Args&... args) {
  return absl::FailedPreconditionError(absl::StrFormat(format, args...));
}

// The host says no and left an errno.
inline absl::Status ErrnoError(int error, std::string_view what) {
  return absl::FailedPreconditionError(absl::StrFormat("%s: %s", what, std::strerror(error)));
}

inline std::string Message(const absl::Status& status) { return std::string(status.message()); }

}  // namespace randguard

#define RG_RETURN_IF_ERROR(expression)                                            \
  do {                                                                            \
    if (absl::Status rg_status = (expression); !rg_status.ok()) return rg_status; \
  } while (false)

#define RG_CONCAT_INNER(a, b) a##b
#define RG_CONCAT(a, b) RG_CONCAT_INNER(a, b)
// NOLINTBEGIN(bugprone-macro-parentheses): a declaration cannot stand in parentheses
#define RG_ASSIGN_OR_RETURN(declaration, expression)                                          \
  auto RG_CONCAT(rg_result_, __LINE__) = (expression);                                        \
  if (!RG_CONCAT(rg_result_, __LINE__).ok()) return RG_CONCAT(rg_result_, __LINE__).status(); \
  declaration = *std::move(RG_CONCAT(rg_result_, __LINE__))
// NOLINTEND(bugprone-macro-parentheses)

#endif  // ANALYZER_BASE_STATUS_H_
