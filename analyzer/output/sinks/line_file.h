// SPDX-License-Identifier: Apache-2.0
//
// Files of lines: to open them, to mend their ends, to count what they have.
#ifndef ANALYZER_OUTPUT_SINKS_LINE_FILE_H_
#define ANALYZER_OUTPUT_SINKS_LINE_FILE_H_

#include <kj/io.h>
#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "analyzer/output/sinks/sink.h"

namespace randguard {

struct FileOwner {
  uid_t uid;
  gid_t gid;
};

// Opens the file for appending, without following a symlink in its last component and without
// waiting for a FIFO's reader, whose absence is an error. One that is not there is made with mode
// 0640 and given to `owner`.
absl::StatusOr<kj::AutoCloseFd> OpenForAppending(const std::string& path,
                                                 std::optional<FileOwner> owner = std::nullopt);

// Makes a file that is not there yet, for appending, which its group may read whatever the umask
// is.
absl::StatusOr<kj::AutoCloseFd> MakeForAppending(const std::string& path);

// A process that was killed may have left the beginning of a line. Its record counts as lost, so
// the bytes go; whatever else a file ends with only gets a newline.
void EndLastLine(const std::string& path);

// The whole lines between two bytes of a file; what comes behind the last newline is none.
LineCount CountLines(int fd, std::uint64_t from, std::uint64_t to = UINT64_MAX);

// The number of the last whole line, if it is one of this boot; else 0.
std::uint64_t LastSeqOf(int fd, std::string_view boot_id);

bool IsSameFile(int a, int b);

// Whether the file has this name, which is no symlink.
bool IsAtPath(const std::string& path, int fd);

// The mode of a file of lines that never changes again.
inline constexpr mode_t kEndedMode = 0440;

}  // namespace randguard

#endif  // ANALYZER_OUTPUT_SINKS_LINE_FILE_H_
