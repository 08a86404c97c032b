// SPDX-License-Identifier: Apache-2.0
#ifndef ANALYZER_CONFIG_FILE_READER_H_
#define ANALYZER_CONFIG_FILE_READER_H_

#include <cstddef>
#include <string>

#include "absl/status/statusor.h"
#include "analyzer/source/diagnostic.h"

namespace randguard {

// The content of a regular file of at most `max` bytes. An error ends a sentence that the path
// begins.
absl::StatusOr<std::string> ReadWholeFile(const std::string& path, std::size_t max);

// An error about a file as a whole.
Diagnostic WholeFileError(const std::string& path, std::string message);

}  // namespace randguard

#endif  // ANALYZER_CONFIG_FILE_READER_H_
