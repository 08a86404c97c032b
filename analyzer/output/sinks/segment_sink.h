// SPDX-License-Identifier: Apache-2.0
//
// A sink that writes lines to segments. One is ended when it is full or old, or when the last line
// was written; the next line begins another one.
#ifndef ANALYZER_OUTPUT_SINKS_SEGMENT_SINK_H_
#define ANALYZER_OUTPUT_SINKS_SEGMENT_SINK_H_

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "analyzer/output/sinks/file_digest.h"
#include "analyzer/output/sinks/line_sink.h"
#include "analyzer/output/sinks/segment_compressor.h"
#include "analyzer/output/sinks/segments.h"
#include "analyzer/output/sinks/sink.h"

namespace randguard {

class SegmentSink final : public Sink {
 public:
  struct Limits {
    std::uint64_t bytes = 0;    // of one segment; 0: any
    std::chrono::hours age{0};  // of one that has lines; 0: any
    Retention keep;
    std::chrono::hours compress{0};  // when it was ended so long ago; 0: none is
  };
  // `path` as of Segments. Files are made by whom the process is then; `owner` says who that will
  // be, if it is not yet. A folder that he cannot write to is an error, and so is a `path` that is
  // there and no regular file.
  static absl::StatusOr<SegmentSink> Open(const std::string& path, Limits limits,
                                          std::optional<FileOwner> owner = std::nullopt);

  SegmentSink(SegmentSink&&) = default;
  ~SegmentSink() noexcept override = default;

  void SyncAlerts() { lines_.SyncAlerts(); }
  void TakeAlertsOnly() { alerts_only_ = true; }
  // Not all lines come here, so the next one may have any number.
  void ExpectGaps() { sparse_ = true; }

  void Write(const OutputLine& line) override;
  void Flush() override;
  void End() override;
  std::optional<FilePosition> position() const override;
  LineCount Behind(const FilePosition& position) const override;
  std::uint64_t LastSeq(std::string_view boot_id) const override;
  std::uint64_t LastSeqOfAll(std::string_view boot_id) const override {
    return alerts_only_ || sparse_ ? 0 : LastSeq(boot_id);
  }
  // Nothing is to be opened: others do not rotate segments. A failure is followed by another try at
  // once.
  absl::Status Reopen() override;
  void RotateIfOld() override;
  bool Work() override;

  std::uint64_t lost_lines() const override { return lines_.lost_lines(); }
  bool failing() const override { return lines_.failing(); }
  bool failing_for_all() const override { return lines_.failing() && !alerts_only_; }
  void AddTo(Health& health) const override;

 private:
  SegmentSink(Segments segments, Limits limits);
  // Makes the file that the next lines go to, unless that has just failed. True: it did.
  bool Begin(std::uint64_t seq);
  // Notes a failure, after which nothing is tried for a second.
  void TryLater(const absl::Status& status);
  // Ends the segment, if all that it is to have is written.
  void EndSegment();
  // Leaves a segment that was removed or renamed by somebody, as soon as there is another one.
  void FindAway();
  // False: there is nothing to compress now.
  bool BeginCompressing();
  void LeaveUncompressed(const std::string& path, const absl::Status& status);
  // All lines come here, so it is known which is the next, and there can always be a file whose end
  // says how much was written.
  void BeginNext();

  Segments segments_;
  Limits limits_;
  LineSink lines_;
  std::unique_ptr<FileDigest> digest_;  // of the file that lines_ writes to
  bool alerts_only_ = false;
  std::string boot_id_;
  std::uint64_t first_seq_ = 0, last_seq_ = 0;  // of the segment
  std::uint64_t waiting_seq_ = 0;               // of the first line that waits; 0: none does
  std::chrono::steady_clock::time_point begun_{}, next_try_{};
  std::string error_;  // why none could be begun or ended; empty: it could
  std::uint64_t ended_ = 0, taken_away_ = 0;
  std::optional<SegmentCompressor> compressor_;  // of the oldest one that is not yet compressed
  bool sparse_ = false;
};

}  // namespace randguard

#endif  // ANALYZER_OUTPUT_SINKS_SEGMENT_SINK_H_
