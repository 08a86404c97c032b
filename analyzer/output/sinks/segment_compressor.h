// SPDX-License-Identifier: Apache-2.0
//
// Compressed segments. "events-BOOT-FIRST.ndjson.zst" is one frame of zstd with the whole segment,
// and behind it a skippable frame, which every tool passes over, with
//
//   the segment's manifest line, as it is in the frame, too
//   when the segment was ended, in seconds of CLOCK_REALTIME, and a newline
//
// so that nobody has to unpack one to know which lines it has.
#ifndef ANALYZER_OUTPUT_SINKS_SEGMENT_COMPRESSOR_H_
#define ANALYZER_OUTPUT_SINKS_SEGMENT_COMPRESSOR_H_

#include <kj/io.h>
#include <zstd.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace randguard {

// Behind the name of the segment.
inline constexpr std::string_view kCompressedEnd = ".zst";

// Makes a compressed file of a segment that was ended, a little at a time. It has its name when it
// is on the disk; nothing is left of one that was given up.
class SegmentCompressor {
 public:
  // `ended_s` is when the segment was ended. NotFound: it was removed.
  static absl::StatusOr<SegmentCompressor> Begin(const std::string& path, std::int64_t ended_s);
  SegmentCompressor(SegmentCompressor&&) = default;
  ~SegmentCompressor();

  // Takes up to a MiB of the segment. True: the compressed file is there, besides the segment.
  // NotFound: that was removed meanwhile.
  absl::StatusOr<bool> Step();

  const std::string& path() const { return path_; }  // of the segment
  std::uint64_t bytes() const { return bytes_; }     // of the compressed file

 private:
  struct FreeContext {
    void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
  };

  SegmentCompressor() = default;
  absl::Status WriteOut(const void* data, std::size_t size);
  absl::Status Finish();
  absl::Status Error(int number) const;

  std::string path_, trailer_;
  std::string new_path_;  // what it is called before it is whole; empty: nothing is left of it
  kj::AutoCloseFd in_, out_;
  std::unique_ptr<ZSTD_CCtx, FreeContext> zstd_;
  std::vector<char> read_, packed_;
  std::uint64_t bytes_ = 0, synced_ = 0;
};

struct CompressedTrailer {
  std::string manifest;  // with its newline
  std::int64_t ended_s = 0;
};
// The text behind the frame of a compressed segment, read from the file's end; absent: it is
// none.
std::optional<CompressedTrailer> ReadCompressedTrailer(int fd, std::uint64_t bytes);

// Whether a file has such a name as one has before it is whole, and of which segment.
std::optional<std::string_view> UnfinishedSegment(std::string_view name);

}  // namespace randguard

#endif  // ANALYZER_OUTPUT_SINKS_SEGMENT_COMPRESSOR_H_
