// SPDX-License-Identifier: Apache-2.0
//
// Files of lines that a command is given.
#ifndef ANALYZER_CLI_LINE_FILES_H_
#define ANALYZER_CLI_LINE_FILES_H_

#include <kj/io.h>

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "analyzer/base/packed_file.h"

namespace randguard::cli {

// Allows as many open files as this process may have at all: a command opens all of its files
// before its confinement, behind which nothing can be opened.
void AllowManyFiles();

// "-" is standard input. A folder is an error.
absl::StatusOr<kj::AutoCloseFd> OpenInput(const std::string& path);

// Calls visit(line) for each line, without its end. Its error names the file: it cannot be read, is
// damaged, or has a longer line than any output. `path` is for that alone. False: there is text
// behind the last newline.
absl::StatusOr<bool> ForEachLine(kj::AutoCloseFd fd, const std::string& path,
                                 absl::FunctionRef<void(std::string_view)> visit);

}  // namespace randguard::cli

#endif  // ANALYZER_CLI_LINE_FILES_H_
