// SPDX-License-Identifier: Apache-2.0
//
// Reads what CaptureWriter wrote, plain or compressed, and vouches for it: a message is handed out
// only after its seal was checked. Works as a stream, in about 1 MiB of memory plus zstd's window.
// docs/formats/telemetry.md describes the format.
#ifndef ANALYZER_CAPTURE_CAPTURE_READER_H_
#define ANALYZER_CAPTURE_CAPTURE_READER_H_

#include <kj/io.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "analyzer/base/packed_file.h"
#include "analyzer/capture/seal.h"
#include "analyzer/wire/frame_reader.h"
#include "analyzer/wire/stream_buffer.h"

namespace randguard {

class CaptureReader {
 public:
  static absl::StatusOr<CaptureReader> Open(const std::string& path);
  // Reads `fd`, which may be a pipe. Error messages call the capture `name`.
  static absl::StatusOr<CaptureReader> FromFd(kj::AutoCloseFd fd, std::string name);

  // The next message (never a seal), in order, valid until the next call; nullopt when the capture
  // was read to its end, and ended in order.
  //
  // Every whole message comes first, then one error, which every further call repeats. The error
  // names the file, the byte of the uncompressed stream, and the problem:
  //   InvalidArgument     this is not a capture: empty, or does not begin like one
  //   DataLoss            damaged: cut, changed, a piece missing, moved or added
  //   FailedPrecondition  the host could not read on
  absl::StatusOr<std::optional<Frame>> Next();

  // Where the message that Next() returned last begins in the uncompressed stream.
  std::uint64_t MessageOffset() const { return message_offset_; }
  std::uint64_t Messages() const { return state_.messages; }  // verified, seals left out
  std::uint64_t Bytes() const { return state_.offset; }       // verified, uncompressed, with seals
  std::uint64_t BytesInFile() const { return source_.BytesRead(); }  // read so far
  bool Compressed() const { return source_.Compressed(); }
  bool EndedInOrder() const { return ended_; }
  const std::string& Name() const { return name_; }

 private:
  CaptureReader(PackedFile source, std::string name);
  absl::StatusOr<std::optional<Frame>> ReadMessageAndSeal();
  absl::StatusOr<std::optional<std::size_t>> WaitForMessage();
  absl::StatusOr<bool> FillTo(std::size_t bytes);
  absl::Status CheckEnd();
  absl::Status MissingSeal(Frame frame) const;
  absl::Status NotACapture(std::string_view why) const;
  absl::Status Damage(std::uint64_t offset, std::string_view what) const;

  PackedFile source_;
  std::string name_;
  StreamBuffer buffer_;
  SealState state_;
  std::uint64_t message_offset_ = 0;
  bool ended_ = false;
  absl::Status status_;
};

}  // namespace randguard

#endif  // ANALYZER_CAPTURE_CAPTURE_READER_H_
