// SPDX-License-Identifier: Apache-2.0
//
// Finds the messages in a stream of bytes that nobody vouches for. The framing is standard Cap'n
// Proto (https://capnproto.org/encoding.html#serialization-over-a-stream): a table of segment
// sizes, followed by the segments. wire/message.h reads what is inside a message.
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

// One whole message with its segment table. Borrowed; begins and ends at a multiple of 8.
using Frame = std::span<const std::byte>;

// A batch's records take less than 300 KiB (collector/batch.h), its lists of counters a few KiB.
// Three times that is room for growth. The limit bounds the memory that one peer can make us hold.
inline constexpr std::size_t kMaxMessageBytes = std::size_t{1} << 20;

// The collector writes two or three: its own, and the records, which it refers to in place. Other
// writers (the stock tool, a test) begin a new segment when one is full. Each segment is at least
// as large as all before it, so 16 hold any message within the size limit. A higher limit would
// only allow a larger table, which is read before anything can be checked.
inline constexpr std::uint32_t kMaxSegments = 16;

// A read of a socket should have room for this many bytes.
inline constexpr std::size_t kReadBytes = std::size_t{64} << 10;

// The size of the message whose first bytes are `prefix`, from its segment table alone; nullopt
// when the table goes on behind `prefix`. InvalidArgument when the message is too large, has no
// segments or too many, or has an empty first segment. The first segment names the content, so it
// cannot be empty. A hole in a file looks like a message with an empty first segment.
absl::StatusOr<std::optional<std::size_t>> FrameSize(std::span<const std::byte> prefix);

class FrameReader {
 public:
  FrameReader();

  // Room for bytes to be read into. Before this, call Next() until it returns nullopt. Afterwards,
  // frames that were handed out earlier are gone. Never empty.
  std::span<std::byte> WritableTail(std::size_t min = kReadBytes);
  // The first `bytes` of WritableTail() have arrived.
  void Commit(std::size_t bytes);

  // The next whole message, in place, valid until WritableTail(); nullopt: more bytes are needed.
  // After an error nobody knows where the next message begins. So every further call repeats the
  // error, and the session is over.
  absl::StatusOr<std::optional<Frame>> Next();

  // To be called when no more bytes will come: an error if they ended inside a message.
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
