// SPDX-License-Identifier: Apache-2.0
//
// A sink that writes lines to a descriptor, through a buffer. A line is written whole or not at
// all, also when the disk is full in its middle: its rest is the first thing written when there is
// room again.
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
#include "analyzer/base/rarely.h"
#include "analyzer/output/sinks/file_digest.h"
#include "analyzer/output/sinks/line_file.h"
#include "analyzer/output/sinks/sink.h"

namespace randguard {

// When a file becomes `path`.1 and a new one is begun. Only regular files are rotated.
struct Rotation {
  std::uint64_t bytes = 0;    // 0: never
  std::chrono::hours age{0};  // since it was made; 0: never
  unsigned keep = 1;          // old files
};

class LineSink final : public Sink {
 public:
  // How long a sink with a waiter waits while nothing is taken. From then on lines are lost, until
  // there is room again.
  static constexpr std::chrono::seconds kPatience{10};

  static LineSink Stdout();
  // Appends to the file, made with mode 0640 if it is not there, and then given to `owner`. The
  // beginning of a line that a killed process left at its end is removed. A FIFO that nobody reads
  // is an error.
  static absl::StatusOr<LineSink> File(std::string path, Rotation rotation = {},
                                       std::optional<FileOwner> owner = std::nullopt);

  LineSink(LineSink&&) = default;
  ~LineSink() noexcept override = default;

  // A file is synced by the Flush() behind an alert.
  void SyncAlerts() { sync_alerts_ = true; }
  // Only alerts are written.
  void TakeAlertsOnly() { alerts_only_ = true; }
  // Whoever reads a FIFO is not waited for: what he does not take at once waits here, and lines are
  // lost when it is more than this.
  void KeepUpTo(std::size_t bytes) { backlog_ = bytes; }
  // A file that was removed, or replaced by another one, is opened anew before the next line.
  void FollowPath() { follows_ = true; }

  // For files that are written one after another. A sink without a file: lines are lost at the next
  // Flush().
  static LineSink Nowhere();
  // Goes on in a file that is made for it. All that waits to be written goes there, but for the
  // rest of a line. On an error the old file stays, if there is one.
  absl::Status BeginFile(std::string path);
  // Adds a last line to the file, whole or not at all, and makes it one that is only read. Nothing
  // may wait to be written; then there is no file.
  absl::Status EndFile(std::string_view last_line);
  // The file, or what has its name now, is none of ours any more.
  void LeaveFile();
  // Or removes it.
  absl::Status RemoveFile();
  const std::string& path() const { return path_; }
  bool has_file() const { return fd_ >= 0; }
  // The file that is written has its name still.
  bool IsAtPath() const;
  // Nothing waits to be written.
  bool settled() const { return buffer_.empty() && !mid_line_; }
  // As Write(), but without writing anything yet.
  void Append(const OutputLine& line);
  std::size_t waiting() const { return buffer_.size(); }  // bytes
  // From so many on, Write() writes.
  static constexpr std::size_t kFlushBytes = std::size_t{1} << 20;
  // Each byte that is written to a file is added, from its beginning on. Borrowed.
  void AddTo(FileDigest* digest) { digest_ = digest; }

  // May write to the descriptor; failures are counted and said on stderr, once until it works
  // again.
  void Write(const OutputLine& line) override;
  // Writes what is buffered; rotates a file that has grown to its size.
  void Flush() override;
  std::optional<FilePosition> position() const override;
  LineCount Behind(const FilePosition& position) const override;
  std::uint64_t LastSeq(std::string_view boot_id) const override;
  std::uint64_t LastSeqOfAll(std::string_view boot_id) const override {
    return alerts_only_ ? 0 : LastSeq(boot_id);
  }
  // A failure stands in health until it works.
  absl::Status Reopen() override;
  void RotateIfOld() override;
  bool HasWork() const override { return backlog_ != 0 && !buffer_.empty(); }
  void SetWaiter(const Waiter& waiter) override { waiter_ = waiter; }

  std::uint64_t lost_lines() const override { return failures_; }
  bool failing() const override { return failing_; }  // the last line was lost
  bool failing_for_all() const override { return failing_ && !alerts_only_; }
  // EPIPE of stdout. A FIFO with a name may find another reader.
  bool closed() const override { return closed_; }
  void AddTo(Health& health) const override;

  std::uint64_t failures() const { return failures_; }  // lines lost
  std::uint64_t rotations() const { return rotations_; }
  std::uint64_t sync_failures() const { return sync_failures_; }  // alerts may not be on the disk
  std::uint64_t bytes() const { return bytes_; }

 private:
  LineSink(std::string path, kj::AutoCloseFd owned, int fd);
  // False: there is no room, and the lines are to be given up.
  bool WaitForRoom() const;
  void DropLines(int error);
  void Fail(int error);
  void Sync();
  void Rotate();
  // Opens the file again if another one, or none, has its name, or if that has failed before.
  void CheckPath();
  absl::Status OpenAgain();
  std::string_view name() const { return path_.empty() ? "stdout" : std::string_view(path_); }
  // Finds the size and age of the file that was just opened, which rotation depends on.
  void Examine();
  // Gives up a line whose beginning is in a file that is not written any more.
  void DropRest();

  std::string path_;  // empty: stdout
  kj::AutoCloseFd owned_;
  int fd_;
  std::string buffer_;
  Waiter waiter_;
  std::size_t chunk_ = SIZE_MAX;  // bytes that a write never waits with, once there is room
  std::size_t backlog_ = 0;       // bytes; 0: see Waiter
  bool stuck_ = false;            // the last write was taken in part or not at all
  Rarely may_say_;                // with a backlog
  bool said_ = false;             // that it fails
  bool alerts_only_ = false;
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
  std::string write_error_;     // while failing_
  std::string rotation_error_;  // empty: it worked, or was not needed
  bool follows_ = false;
  std::string open_error_;  // empty: the file is open
  std::chrono::steady_clock::time_point next_try_{};
  std::uint64_t reopened_ = 0;  // because it was removed or replaced
  FileDigest* digest_ = nullptr;
  bool sync_alerts_ = false;
  bool sync_due_ = false;
  bool sync_failing_ = false;
  std::uint64_t sync_failures_ = 0;
};

}  // namespace randguard

#endif  // ANALYZER_OUTPUT_SINKS_LINE_SINK_H_
