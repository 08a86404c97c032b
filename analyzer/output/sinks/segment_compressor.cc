// SPDX-License-Identifier: Apache-2.0
#include "analyzer/output/sinks/segment_compressor.h"

#include <endian.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/str_format.h"
#include "analyzer/base/status.h"
#include "analyzer/output/sinks/line_file.h"
#include "analyzer/output/sinks/segments.h"

namespace randguard {
namespace {

constexpr std::size_t kStepBytes = std::size_t{1} << 20;
constexpr int kLevel = 3;
// The disk gets so many bytes at a time, so that nobody waits for all of them at the end.
constexpr std::uint64_t kSyncBytes = 4 << 20;
constexpr std::uint32_t kTrailerMagic = ZSTD_MAGIC_SKIPPABLE_START | 0x7;
constexpr std::size_t kTrailerHeader = 8;  // magic and size of a skippable frame
constexpr std::size_t kTrailerMax = 1024;
// A hidden name, so that nobody takes it for a segment.
constexpr std::string_view kNewBegin = ".", kNewEnd = ".zst.new";

void AddNumber(std::string& text, std::uint32_t number) {
  const std::uint32_t bytes = htole32(number);
  text.append(reinterpret_cast<const char*>(&bytes), sizeof(bytes));
}

std::uint32_t NumberAt(std::string_view text, std::size_t at) {
  std::uint32_t bytes = 0;
  std::memcpy(&bytes, text.data() + at, sizeof(bytes));
  return le32toh(bytes);
}

std::string NewPath(const std::string& path) {
  const std::filesystem::path whole(path);
  const std::string name = absl::StrFormat("%s%s%s", kNewBegin, whole.filename().string(), kNewEnd);
  return (whole.parent_path() / name).string();
}

}  // namespace

absl::StatusOr<SegmentCompressor> SegmentCompressor::Begin(const std::string& path,
                                                           std::int64_t ended_s) {
  SegmentCompressor made;
  made.path_ = path;
  made.in_ = kj::AutoCloseFd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  struct stat st {};
  if (made.in_.get() < 0 || fstat(made.in_, &st) != 0) return made.Error(errno);
  // Numbers may come again: after a snapshot of the machine, or where the boot is not known.
  struct stat there {};
  if (lstat((path + std::string(kCompressedEnd)).c_str(), &there) == 0) return made.Error(EEXIST);
  const std::string manifest = LastManifestOf(made.in_, static_cast<std::uint64_t>(st.st_size));
  if (manifest.empty()) {
    return HostError("segment %s cannot be compressed: it has no manifest at its end", path);
  }
  const std::string content = absl::StrFormat("%s%d\n", manifest, ended_s);
  AddNumber(made.trailer_, kTrailerMagic);
  AddNumber(made.trailer_, static_cast<std::uint32_t>(content.size()));
  made.trailer_ += content;
  const std::string new_path = NewPath(path);
  // One that a killed process left.
  if (unlink(new_path.c_str()) != 0 && errno != ENOENT) return made.Error(errno);
  RG_ASSIGN_OR_RETURN(made.out_, MakeForAppending(new_path));
  made.new_path_ = new_path;
  made.zstd_.reset(ZSTD_createCCtx());
  if (!made.zstd_) return made.Error(ENOMEM);
  ZSTD_CCtx_setParameter(made.zstd_.get(), ZSTD_c_compressionLevel, kLevel);
  ZSTD_CCtx_setParameter(made.zstd_.get(), ZSTD_c_checksumFlag, 1);
  made.read_.resize(kStepBytes);
  made.packed_.resize(ZSTD_CStreamOutSize());
  return made;
}

SegmentCompressor::~SegmentCompressor() {
  // One that was moved from has no file.
  if (out_.get() >= 0 && !new_path_.empty()) unlink(new_path_.c_str());
}

absl::Status SegmentCompressor::Error(int number) const {
  const std::string what = absl::StrFormat("segment %s cannot be compressed", path_);
  return number == ENOENT ? absl::NotFoundError(what) : ErrnoError(number, what);
}

absl::Status SegmentCompressor::WriteOut(const void* data, std::size_t size) {
  const char* from = static_cast<const char*>(data);
  bytes_ += size;
  while (size > 0) {
    const ssize_t n = write(out_, from, size);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return Error(n < 0 ? errno : ENOSPC);
    from += n;
    size -= static_cast<std::size_t>(n);
  }
  if (bytes_ - synced_ < kSyncBytes) return absl::OkStatus();
  synced_ = bytes_;
  return fdatasync(out_) == 0 ? absl::OkStatus() : Error(errno);
}

absl::StatusOr<bool> SegmentCompressor::Step() {
  ssize_t n = 0;
  do {
    n = read(in_, read_.data(), read_.size());
  } while (n < 0 && errno == EINTR);
  if (n < 0) return Error(errno);
  ZSTD_inBuffer in{read_.data(), static_cast<std::size_t>(n), 0};
  for (bool more = true; more;) {
    ZSTD_outBuffer out{packed_.data(), packed_.size(), 0};
    const std::size_t left =
        ZSTD_compressStream2(zstd_.get(), &out, &in, n == 0 ? ZSTD_e_end : ZSTD_e_continue);
    if (ZSTD_isError(left)) {
      return HostError("segment %s cannot be compressed: zstd: %s", path_, ZSTD_getErrorName(left));
    }
    RG_RETURN_IF_ERROR(WriteOut(packed_.data(), out.pos));
    more = n == 0 ? left != 0 : in.pos < in.size;
  }
  if (n != 0) return false;
  RG_RETURN_IF_ERROR(Finish());
  return true;
}

// The segment is removed when this one can no longer be lost.
absl::Status SegmentCompressor::Finish() {
  RG_RETURN_IF_ERROR(WriteOut(trailer_.data(), trailer_.size()));
  // One that somebody has moved or removed does not come back.
  if (!IsAtPath(path_, in_)) return Error(ENOENT);
  const std::string to = path_ + std::string(kCompressedEnd);
  if (fchmod(out_, kEndedMode) != 0 || fsync(out_) != 0 ||
      rename(new_path_.c_str(), to.c_str()) != 0) {
    return Error(errno);
  }
  new_path_.clear();
  return absl::OkStatus();
}

std::optional<CompressedTrailer> ReadCompressedTrailer(int fd, std::uint64_t bytes) {
  const std::size_t size = std::min<std::uint64_t>(bytes, kTrailerMax);
  std::string end(size, '\0');
  const auto from = static_cast<off_t>(bytes - size);
  if (pread(fd, end.data(), size, from) != static_cast<ssize_t>(size)) return std::nullopt;
  std::string begin;
  AddNumber(begin, kTrailerMagic);
  const std::size_t at = end.rfind(begin);
  if (at == end.npos || end.size() - at < kTrailerHeader ||
      NumberAt(end, at + sizeof(kTrailerMagic)) != end.size() - at - kTrailerHeader) {
    return std::nullopt;
  }
  const std::string_view content = std::string_view(end).substr(at + kTrailerHeader);
  const std::size_t newline = content.find('\n');
  if (newline == content.npos || content.back() != '\n') return std::nullopt;
  CompressedTrailer trailer{.manifest = std::string(content.substr(0, newline + 1))};
  const std::string_view digits = content.substr(newline + 1, content.size() - newline - 2);
  const char* const digits_end = digits.data() + digits.size();
  const auto [parsed, error] = std::from_chars(digits.data(), digits_end, trailer.ended_s);
  const bool whole = error == std::errc() && parsed == digits_end && trailer.ended_s >= 0;
  return whole ? std::optional(std::move(trailer)) : std::nullopt;
}

std::optional<std::string_view> UnfinishedSegment(std::string_view name) {
  if (!name.starts_with(kNewBegin) || !name.ends_with(kNewEnd) ||
      name.size() <= kNewBegin.size() + kNewEnd.size()) {
    return std::nullopt;
  }
  name.remove_prefix(kNewBegin.size());
  name.remove_suffix(kNewEnd.size());
  return name;
}

}  // namespace randguard
