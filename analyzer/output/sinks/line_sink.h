// SPDX-License-Identifier: Apache-2.0
//
// Where lines go: a descriptor, through a buffer. A line is written whole or not at all, also when
// the disk is full in its middle: its rest is the first thing written when there is room again.
#ifndef ANALYZER_OUTPUT_SINKS_LINE_SINK_H_
#define ANALYZER_OUTPUT_SINKS_LINE_SINK_H_

#include <kj/io.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "analyzer/output/sinks/journal.h"

namespace randguard {

// When a file becomes `path`.1 and a new one is begun. Of regular files only.
struct Rotation {
  std::uint64_t bytes = 0;    // 0: never
  std::chrono::hours age{0};  // since it was made; 0: never
  unsigned keep = 1;          // old files
};

class LineSink {
 public:
  static LineSink Stdout();
  // Appends to the file, made with mode 0640 if it is not there.
  static absl::StatusOr<LineSink> File(std::string path, Rotation rotation = {});

  // Also hands alerts to the journal.
  void AttachJournal(Journal journal) { journal_ = std::move(journal); }
  // A file is synced by the Flush() behind an alert.
  void SyncAlerts() { sync_alerts_ = true; }

  // Takes one line with its newline. May write; failures are counted and logged, once until
  // it works again.
  void Write(std::string_view line);
  // The same for a line that is an alert.
  void WriteAlert(std::string_view line, const AlertFields& alert);
  // Writes what is buffered; rotates a file that has grown to its size.
  void Flush();
  // Opens the file anew, for log rotation by others. On an error the old one stays in use.
  absl::Status Reopen();
  // Rotates a file that is too old. To be called now and then.
  void RotateIfOld();

  std::uint64_t failures() const { return failures_; }  // lines lost
  bool failing() const { return failing_; }             // the last line was
  std::uint64_t rotations() const { return rotations_; }
  std::uint64_t sync_failures() const { return sync_failures_; }  // alerts may not be on the disk
  std::uint64_t journal_failures() const { return journal_ ? journal_->failures() : 0; }
  std::uint64_t bytes() const { return bytes_; }
  // Nobody reads any more (EPIPE): there is no point in going on.
  bool closed() const { return closed_; }

 private:
  LineSink(std::string path, kj::AutoCloseFd owned, int fd);
  void DropLines(int error);
  void Sync();
  void Rotate();
  // What rotation goes by, of the file that was just opened.
  void Examine();

  std::string path_;  // empty: stdout
  kj::AutoCloseFd owned_;
  int fd_;
  std::string buffer_;
  bool mid_line_ = false;  // the last byte written was not a newline
  bool failing_ = false;
  bool closed_ = false;
  std::uint64_t failures_ = 0;
  std::uint64_t bytes_ = 0;
  Rotation rotation_;
  bool regular_ = false;
  std::uint64_t rotate_at_ = 0;  // value of bytes_, 0: never
  std::int64_t made_s_ = 0;      // the file; 0: unknown
  std::uint64_t rotations_ = 0;
  bool sync_alerts_ = false;
  bool sync_due_ = false;
  bool sync_failing_ = false;
  std::uint64_t sync_failures_ = 0;
  std::optional<Journal> journal_;
};

}  // namespace randguard

#endif  // ANALYZER_OUTPUT_SINKS_LINE_SINK_H_
