// SPDX-License-Identifier: Apache-2.0
//
// Bytes that arrive in pieces and leave in messages. A source writes straight into WritableTail().
// The reader looks at Data() and drops the bytes it is done with. Waiting bytes are moved only when
// the room behind them does not suffice. A whole message is never moved.
//
// Data() begins at an address that is a multiple of 8 as long as only multiples of 8 are consumed.
// Reading Cap'n Proto in place needs that.
#ifndef ANALYZER_WIRE_STREAM_BUFFER_H_
#define ANALYZER_WIRE_STREAM_BUFFER_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

namespace randguard {

class StreamBuffer {
 public:
  // Nothing is allocated before the first WritableTail(), and never more than `max_bytes`.
  explicit StreamBuffer(std::size_t max_bytes);

  // The bytes that have arrived and were not consumed; valid until WritableTail() is called.
  std::span<const std::byte> Data() const;

  // Room behind Data(): at least `min` bytes, unless `max_bytes` leaves fewer (also none).
  std::span<std::byte> WritableTail(std::size_t min);

  // The first `bytes` of the last WritableTail() have been written.
  void Commit(std::size_t bytes);

  // Drops the first `bytes` of Data(). They stay readable until WritableTail() is called.
  void Consume(std::size_t bytes);

  // How many bytes were consumed in all.
  std::uint64_t Offset() const { return offset_; }

 private:
  std::byte* Bytes() const { return reinterpret_cast<std::byte*>(words_.get()); }
  void MakeRoom(std::size_t min);

  std::unique_ptr<std::uint64_t[]> words_;
  std::size_t capacity_ = 0;
  std::size_t max_bytes_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::uint64_t offset_ = 0;
};

}  // namespace randguard

#endif  // ANALYZER_WIRE_STREAM_BUFFER_H_
