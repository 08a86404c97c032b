// SPDX-License-Identifier: Apache-2.0
#include "analyzer/wire/stream_buffer.h"

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <cstring>

#include "analyzer/base/log.h"

namespace randguard {
namespace {

constexpr std::size_t kMinCapacity = 4096;

void Require(bool condition, const char* what) {
  if (condition) return;
  Log(LogLevel::kError, "bug: StreamBuffer: %s", what);
  std::abort();
}

}  // namespace

StreamBuffer::StreamBuffer(std::size_t max_bytes)
    : max_bytes_(max_bytes / sizeof(std::uint64_t) * sizeof(std::uint64_t)) {}

std::span<const std::byte> StreamBuffer::Data() const { return {Bytes() + begin_, end_ - begin_}; }

std::span<std::byte> StreamBuffer::WritableTail(std::size_t min) {
  if (begin_ == end_) begin_ = end_ = 0;
  if (capacity_ - end_ < min) MakeRoom(min);
  return {Bytes() + end_, capacity_ - end_};
}

void StreamBuffer::MakeRoom(std::size_t min) {
  const std::size_t used = end_ - begin_;
  const std::size_t wanted = std::min(max_bytes_, used + std::min(min, max_bytes_));
  if (wanted <= capacity_) {
    if (used > 0 && begin_ > 0) std::memmove(Bytes(), Bytes() + begin_, used);
  } else {
    // Doubling: growing to the largest message moves each byte about once.
    const std::size_t capacity =
        std::min(max_bytes_, std::bit_ceil(std::max(wanted, kMinCapacity)));
    auto words = std::make_unique_for_overwrite<std::uint64_t[]>(capacity / sizeof(std::uint64_t));
    if (used > 0) std::memcpy(words.get(), Bytes() + begin_, used);
    words_ = std::move(words);
    capacity_ = capacity;
  }
  begin_ = 0;
  end_ = used;
}

void StreamBuffer::Commit(std::size_t bytes) {
  Require(bytes <= capacity_ - end_, "more bytes committed than there was room for");
  end_ += bytes;
}

void StreamBuffer::Consume(std::size_t bytes) {
  Require(bytes <= end_ - begin_, "more bytes consumed than had arrived");
  begin_ += bytes;
  offset_ += bytes;
}

}  // namespace randguard
