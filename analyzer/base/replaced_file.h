// SPDX-License-Identifier: Apache-2.0
#ifndef ANALYZER_BASE_REPLACED_FILE_H_
#define ANALYZER_BASE_REPLACED_FILE_H_

#include <sys/types.h>

#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace randguard {

// Puts the text in the place of what has the path, a symlink included, with this mode. Whoever
// reads the file finds the old one or the new one, each whole: the new one is made as `made`, in
// the same folder, where whatever has that path is removed. Not synced. A failure leaves the old
// one; the error is the reason alone.
absl::Status ReplaceFile(const std::string& path, const std::string& made, std::string_view text,
                         mode_t mode);

}  // namespace randguard

#endif  // ANALYZER_BASE_REPLACED_FILE_H_
