// SPDX-License-Identifier: Apache-2.0
#include "analyzer/base/packed_file.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "analyzer/base/status.h"

namespace randguard {
namespace {

constexpr std::size_t kInputBytes = std::size_t{128} << 10;  // a zstd block and its header fit

absl::Status ZstdDamage(std::size_t code) {
  return absl::DataLossError(absl::StrFormat("zstd: %s", ZSTD_getErrorName(code)));
}

}  // namespace

absl::StatusOr<PackedFile> PackedFile::FromFd(kj::AutoCloseFd fd) {
  PackedFile source(std::move(fd));
  std::uint32_t magic = 0;
  while (source.end_ < sizeof(magic) && !source.at_end_) RG_RETURN_IF_ERROR(source.Refill());
  if (source.end_ < sizeof(magic)) return source;
  std::memcpy(&magic, source.input_.data(), sizeof(magic));
  // As the first bytes of a plain capture, these would mean a message of four billion segments.
  if (magic == ZSTD_MAGICNUMBER) RG_RETURN_IF_ERROR(source.OpenZstd());
  return source;
}

PackedFile::PackedFile(kj::AutoCloseFd fd) : fd_(std::move(fd)), input_(kInputBytes) {}

absl::Status PackedFile::OpenZstd() {
  zstd_.reset(ZSTD_createDStream());
  if (!zstd_) return HostError("zstd: out of memory");
  const std::size_t code = ZSTD_DCtx_setParameter(zstd_.get(), ZSTD_d_windowLogMax, kMaxWindowLog);
  if (ZSTD_isError(code)) return HostError("zstd: %s", ZSTD_getErrorName(code));
  return BeginFrame();
}

absl::Status PackedFile::BeginFrame() {
  wanted_ = ZSTD_initDStream(zstd_.get());
  if (ZSTD_isError(wanted_)) return HostError("zstd: %s", ZSTD_getErrorName(wanted_));
  return absl::OkStatus();
}

absl::StatusOr<std::size_t> PackedFile::Read(std::span<std::byte> out) {
  return zstd_ ? ReadZstd(out) : ReadPlain(out);
}

absl::StatusOr<std::size_t> PackedFile::ReadFile(std::span<std::byte> out) {
  for (;;) {
    const ssize_t got = read(fd_.get(), out.data(), out.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return ErrnoError(errno, "cannot be read");
    if (got == 0) at_end_ = true;
    bytes_read_ += static_cast<std::size_t>(got);
    return static_cast<std::size_t>(got);
  }
}

absl::StatusOr<std::size_t> PackedFile::ReadPlain(std::span<std::byte> out) {
  if (begin_ == end_) {
    if (at_end_) return 0;
    return ReadFile(out);
  }
  const std::size_t size = std::min(out.size(), end_ - begin_);
  std::memcpy(out.data(), input_.data() + begin_, size);
  begin_ += size;
  return size;
}

absl::StatusOr<std::size_t> PackedFile::ReadZstd(std::span<std::byte> out) {
  for (;;) {
    if (begin_ == end_ && !at_end_) RG_RETURN_IF_ERROR(Refill());
    if (wanted_ == 0) {
      if (begin_ == end_ && at_end_) return 0;
      if (begin_ == end_) continue;
      RG_RETURN_IF_ERROR(PassOverNextFrame());
    }
    // Zstd gets no more input than it asks for, a block at a time. On an error, zstd forgets how
    // much it had already unpacked in that call.
    ZSTD_inBuffer in{input_.data() + begin_, std::min(end_ - begin_, wanted_), 0};
    ZSTD_outBuffer unpacked{out.data(), out.size(), 0};
    const std::size_t code = ZSTD_decompressStream(zstd_.get(), &unpacked, &in);
    if (ZSTD_isError(code)) return ZstdDamage(code);
    begin_ += in.pos;
    wanted_ = code;
    if (unpacked.pos > 0) return unpacked.pos;
    if (wanted_ > 0 && in.size == 0 && at_end_) {
      return absl::DataLossError("zstd: the compressed stream is cut");
    }
  }
}

absl::Status PackedFile::PassOverNextFrame() {
  std::uint32_t magic = 0;
  if (input_.size() - begin_ < sizeof(magic)) {
    std::memmove(input_.data(), input_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  while (end_ - begin_ < sizeof(magic) && !at_end_) RG_RETURN_IF_ERROR(Refill());
  if (end_ - begin_ >= sizeof(magic)) std::memcpy(&magic, input_.data() + begin_, sizeof(magic));
  if ((magic & ZSTD_MAGIC_SKIPPABLE_MASK) != ZSTD_MAGIC_SKIPPABLE_START) {
    return absl::DataLossError("zstd: data after the end of the compressed stream");
  }
  return BeginFrame();
}

// Appends while there is room, so that the first bytes can be looked at before they are used.
absl::Status PackedFile::Refill() {
  if (begin_ == end_) begin_ = end_ = 0;
  RG_ASSIGN_OR_RETURN(const std::size_t got, ReadFile(std::span(input_).subspan(end_)));
  end_ += got;
  return absl::OkStatus();
}

}  // namespace randguard
