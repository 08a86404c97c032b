// SPDX-License-Identifier: Apache-2.0
//
// The bytes of a capture or of lines, unpacked if necessary. The content decides whether a file is
// compressed, not the name.
#ifndef ANALYZER_BASE_PACKED_FILE_H_
#define ANALYZER_BASE_PACKED_FILE_H_

#include <kj/io.h>
#include <zstd.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace randguard {

// The largest window that a zstd frame may ask for: 8 MiB, which every decoder should support (RFC
// 8878). Level 3, which the writer uses, takes 2 MiB.
inline constexpr int kMaxWindowLog = 23;

class PackedFile {
 public:
  // Reads the first bytes of `fd`, which may also be a pipe.
  static absl::StatusOr<PackedFile> FromFd(kj::AutoCloseFd fd);

  // Fills the front of `out`, at least one byte of it; 0 at the end. FailedPrecondition when the
  // host cannot read. DataLoss when the compressed stream is damaged or cut, or when data follows
  // its end that is no skippable frame. Bytes that were unpacked before the damage come out first.
  absl::StatusOr<std::size_t> Read(std::span<std::byte> out);

  bool Compressed() const { return zstd_ != nullptr; }
  std::uint64_t BytesRead() const { return bytes_read_; }  // as they are in the file

 private:
  struct FreeStream {
    void operator()(ZSTD_DStream* stream) const { ZSTD_freeDStream(stream); }
  };

  explicit PackedFile(kj::AutoCloseFd fd);
  absl::Status OpenZstd();
  absl::Status BeginFrame();
  absl::StatusOr<std::size_t> ReadFile(std::span<std::byte> out);
  absl::StatusOr<std::size_t> ReadPlain(std::span<std::byte> out);
  absl::StatusOr<std::size_t> ReadZstd(std::span<std::byte> out);
  absl::Status Refill();
  // Goes on behind the end of a frame.
  absl::Status PassOverNextFrame();

  kj::AutoCloseFd fd_;
  std::vector<std::byte> input_;  // read from the file, [begin_, end_) not yet used
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  bool at_end_ = false;  // of the file
  std::uint64_t bytes_read_ = 0;
  std::unique_ptr<ZSTD_DStream, FreeStream> zstd_;  // null: plain
  std::size_t wanted_ = 0;                          // input zstd asks for next; 0: frame complete
};

}  // namespace randguard

#endif  // ANALYZER_BASE_PACKED_FILE_H_
