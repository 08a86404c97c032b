// SPDX-License-Identifier: Apache-2.0
//
// Finds the messages in a stream of bytes nobody vouches for: standard Cap'n Proto framing
// (https://capnproto.org/encoding.html#serialization-over-a-stream), a table of segment sizes
// followed by the segments. What is inside a message is wire/message.h's business.
//
//   FrameReader frames;
//   while (...) {
//     std::span<std::byte> tail = frames.WritableTail();
//     frames.Commit(read(fd, tail.data(), tail.size()));
//     for (;;) {
//       RG_ASSIGN_OR_RETURN(const std::optional<Frame> frame, frames.Next());
//       if (!frame) break;
//       ... use *frame ...
//     }
//   }
//   return frames.Finish();
#ifndef ANALYZER_WIRE_FRAME_READER_H_
#define ANALYZER_WIRE_FRAME_READER_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "analyzer/wire/stream_buffer.h"

namespace randguard {

// One whole message with its segment table: borrowed, begins at a multiple of 8, so does its end.
using Frame = std::span<const std::byte>;

// A batch's records take less than 300 KiB (collector/batch.h), its lists of counters a few KiB.
// Three times that is room for growth, and a bound for what one peer can make us hold.
inline constexpr std::size_t kMaxMessageBytes = std::size_t{1} << 20;

// The collector writes two or three: what it builds, and the records, referred to where they lie.
// Other writers (the stock tool, a test) begin a new segment when one is full, each at least as
// large as all before it: 16 hold any message within the size limit. More would only buy a larger
// table to read before anything can be checked.
inline constexpr std::uint32_t kMaxSegments = 16;

// What one read of a socket should have room for.
inline constexpr std::size_t kReadBytes = std::size_t{64} << 10;

// The size of the message whose first bytes are `prefix`, from its segment table alone; nullopt
// when the table goes on behind `prefix`. Errors are InvalidArgument: no or too many segments, an
// empty first segment (the message could not even name its content; also what a hole in a file
// looks like), too large.
absl::StatusOr<std::optional<std::size_t>> FrameSize(std::span<const std::byte> prefix);

class FrameReader {
 public:
  FrameReader();

  // Room for bytes to be read into; call Next() until it says nullopt before. Frames handed out
  // earlier are gone afterwards. Never empty.
  std::span<std::byte> WritableTail(std::size_t min = kReadBytes);
  // The first `bytes` of WritableTail() have arrived.
  void Commit(std::size_t bytes);

  // The next whole message, in place, valid until WritableTail(); nullopt: more bytes are needed.
  // After an error there is no telling where the next message begins: every further call repeats
  // it, and the session is over.
  absl::StatusOr<std::optional<Frame>> Next();

  // To be asked when no more bytes will come: an error when they ended inside a message.
  absl::Status Finish() const;

  // Where in the stream the next message begins.
  std::uint64_t Offset() const { return buffer_.Offset(); }

 private:
  StreamBuffer buffer_;
  std::size_t missing_ = 0;  // bytes that the message at the front still needs, as far as known
  absl::Status status_;
};

}  // namespace randguard

#endif  // ANALYZER_WIRE_FRAME_READER_H_
