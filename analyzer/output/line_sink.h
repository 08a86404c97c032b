// SPDX-License-Identifier: Apache-2.0
//
// Where lines go: a descriptor, through a buffer. A line is written whole or not at all, also when
// the disk is full in its middle: its rest is the first thing written when there is room again.
#ifndef ANALYZER_OUTPUT_LINE_SINK_H_
#define ANALYZER_OUTPUT_LINE_SINK_H_

#include <kj/io.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace randguard {

class LineSink {
 public:
  static LineSink Stdout();
  // Appends to the file, made with mode 0640 if it is not there.
  static absl::StatusOr<LineSink> File(std::string path);

  // Takes one line with its newline. May write; failures are counted and told on stderr, once until
  // it works again.
  void Write(std::string_view line);
  // Writes what is buffered.
  void Flush();
  // Opens the file anew, for log rotation. On an error the old one stays in use.
  absl::Status Reopen();

  std::uint64_t failures() const { return failures_; }  // lines lost
  std::uint64_t bytes() const { return bytes_; }
  // Nobody reads any more (EPIPE): there is no point in going on.
  bool closed() const { return closed_; }

 private:
  LineSink(std::string path, kj::AutoCloseFd owned, int fd);
  void DropLines(int error);

  std::string path_;  // empty: stdout
  kj::AutoCloseFd owned_;
  int fd_;
  std::string buffer_;
  bool mid_line_ = false;  // the last byte written was not a newline
  bool failing_ = false;
  bool closed_ = false;
  std::uint64_t failures_ = 0;
  std::uint64_t bytes_ = 0;
};

}  // namespace randguard

#endif  // ANALYZER_OUTPUT_LINE_SINK_H_
