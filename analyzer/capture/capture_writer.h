// SPDX-License-Identifier: Apache-2.0
//
// Records a session's messages to a file, each followed by its seal. docs/formats/telemetry.md
// describes the format.
#ifndef ANALYZER_CAPTURE_CAPTURE_WRITER_H_
#define ANALYZER_CAPTURE_CAPTURE_WRITER_H_

#include <kj/io.h>
#include <zstd.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "analyzer/capture/seal.h"
#include "analyzer/wire/frame_reader.h"

namespace randguard {

enum class CaptureFormat { kPlain, kZstd };

class CaptureWriter {
 public:
  // Creates `path` for its owner alone, because a capture holds command lines. Compressed when the
  // name ends in ".zst". An existing file is refused, whatever it is. A recording is evidence:
  // before anything is appended, the recording would have to be verified.
  static absl::StatusOr<CaptureWriter> Open(const std::string& path);

  // Writes to `fd` from its present position. Error messages call the capture `name`.
  static absl::StatusOr<CaptureWriter> FromFd(kj::AutoCloseFd fd, CaptureFormat format,
                                              std::string name);

  CaptureWriter(CaptureWriter&&) = default;
  CaptureWriter& operator=(CaptureWriter&&) = delete;
  // Without Close(): writes the buffer out, without an end seal, and reports no error. Readers will
  // report the capture as interrupted.
  ~CaptureWriter();

  // Adds one whole message and its seal. InvalidArgument for bytes that are not a message, and for
  // seals, which only the writer may write. In that case nothing was written, and the capture goes
  // on.
  //
  // Any other error, such as a full disk, means that the recording is over. This call returns the
  // error in full. Every later call fails at once, and Failed() is true. Messages that reached the
  // file before are readable.
  absl::Status Append(Frame message);

  // Hands the buffer to the kernel, so that a reader of the file sees every message appended so
  // far. Each call makes compression worse: call once a second, not for each message.
  absl::Status Flush();

  // Writes the end seal, flushes, syncs the file to its device, and closes it. To be called once.
  absl::Status Close();

  bool Failed() const { return failed_; }
  std::uint64_t Messages() const { return state_.messages; }
  std::uint64_t Bytes() const { return state_.offset; }  // uncompressed, seals counted

 private:
  struct FreeStream {
    void operator()(ZSTD_CStream* stream) const { ZSTD_freeCStream(stream); }
  };

  CaptureWriter(kj::AutoCloseFd fd, std::string name);
  absl::Status Usable() const;
  absl::Status Put(std::span<const std::byte> bytes);
  absl::Status PutPlain(std::span<const std::byte> bytes);
  absl::Status Compress(std::span<const std::byte> bytes, ZSTD_EndDirective directive);
  absl::Status WriteBuffer();
  absl::Status WriteAll(std::span<const std::byte> bytes);
  absl::Status Finish();
  absl::Status Fail(absl::Status status);

  kj::AutoCloseFd fd_;
  std::string name_;
  std::unique_ptr<ZSTD_CStream, FreeStream> zstd_;  // null: plain
  std::vector<std::byte> buffer_;                   // allocated once
  std::size_t used_ = 0;
  SealState state_;
  bool failed_ = false;
};

}  // namespace randguard

#endif  // ANALYZER_CAPTURE_CAPTURE_WRITER_H_
