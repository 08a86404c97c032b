// SPDX-License-Identifier: Apache-2.0
#include "analyzer/wire/frame_reader.h"

#include <algorithm>
#include <cstring>

#include "analyzer/base/status.h"

namespace randguard {
namespace {

constexpr std::size_t kWordBytes = 8;

// The format is little-endian, and so is every machine this runs on: Cap'n Proto reads in place.
std::uint32_t Load32(std::span<const std::byte> bytes, std::size_t offset) {
  std::uint32_t value;
  std::memcpy(&value, bytes.data() + offset, sizeof(value));
  return value;
}

}  // namespace

absl::StatusOr<std::optional<std::size_t>> FrameSize(std::span<const std::byte> prefix) {
  if (prefix.size() < kWordBytes) return std::nullopt;

  const std::uint64_t segments = std::uint64_t{Load32(prefix, 0)} + 1;
  if (segments > kMaxSegments) {
    return InvalidInput("a message of %d segments, at most %d are allowed", segments, kMaxSegments);
  }
  const std::uint32_t first_words = Load32(prefix, 4);
  if (first_words == 0) return InvalidInput("a message whose first segment is empty");

  // The table: the count, one size for each segment, rounded up to whole words.
  const std::size_t table_bytes = (segments / 2 + 1) * kWordBytes;
  if (prefix.size() < table_bytes) return std::nullopt;

  std::uint64_t size = table_bytes;  // at most 16 segments of 2^35 bytes: cannot wrap
  for (std::size_t i = 1; i <= segments; ++i) {
    size += std::uint64_t{Load32(prefix, i * sizeof(std::uint32_t))} * kWordBytes;
  }
  if (size > kMaxMessageBytes) {
    return InvalidInput("a message of %d bytes, at most %d are allowed", size, kMaxMessageBytes);
  }
  return static_cast<std::size_t>(size);
}

// Callers take out all messages before they read more. So the buffer holds less than one message,
// and a read fits behind.
FrameReader::FrameReader() : buffer_(kMaxMessageBytes + kReadBytes) {}

std::span<std::byte> FrameReader::WritableTail(std::size_t min) {
  return buffer_.WritableTail(std::max(min, missing_));
}

void FrameReader::Commit(std::size_t bytes) { buffer_.Commit(bytes); }

absl::StatusOr<std::optional<Frame>> FrameReader::Next() {
  if (!status_.ok()) return status_;
  const std::span<const std::byte> data = buffer_.Data();
  absl::StatusOr<std::optional<std::size_t>> size = FrameSize(data);
  if (!size.ok()) {
    status_ = InvalidInput("byte %d: %s", buffer_.Offset(), Message(size.status()));
    return status_;
  }
  if (!*size || data.size() < **size) {
    missing_ = *size ? **size - data.size() : 0;
    return std::nullopt;
  }
  missing_ = 0;
  buffer_.Consume(**size);
  return data.first(**size);
}

absl::Status FrameReader::Finish() const {
  if (!status_.ok()) return status_;
  const std::size_t waiting = buffer_.Data().size();
  if (waiting == 0) return absl::OkStatus();
  return InvalidInput("byte %d: the stream ends inside a message, after %d of its bytes",
                      buffer_.Offset(), waiting);
}

}  // namespace randguard
