// SPDX-License-Identifier: Apache-2.0
#include "analyzer/capture/capture_writer.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <utility>

#include "analyzer/base/status.h"
#include "analyzer/wire/message.h"

namespace randguard {
namespace {

// Few system calls a second at the rates of a busy host, and little lost in a crash.
constexpr std::size_t kBufferBytes = std::size_t{128} << 10;

// zstd's own default: several hundred MB/s, more than the sensor produces.
constexpr int kCompressionLevel = 3;

absl::Status ZstdError(std::string_view name, std::size_t code) {
  return HostError("capture %s: zstd: %s", name, ZSTD_getErrorName(code));
}

}  // namespace

absl::StatusOr<CaptureWriter> CaptureWriter::Open(const std::string& path) {
  kj::AutoCloseFd fd(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOCTTY, 0600));
  if (fd.get() < 0) {
    if (errno == EEXIST) {
      return HostError("capture %s: exists already; name a new file or remove it first", path);
    }
    return ErrnoError(errno, absl::StrFormat("capture %s: cannot be created", path));
  }
  const auto format = path.ends_with(".zst") ? CaptureFormat::kZstd : CaptureFormat::kPlain;
  return FromFd(std::move(fd), format, path);
}

absl::StatusOr<CaptureWriter> CaptureWriter::FromFd(kj::AutoCloseFd fd, CaptureFormat format,
                                                    std::string name) {
  CaptureWriter writer(std::move(fd), std::move(name));
  if (format == CaptureFormat::kPlain) return writer;

  writer.zstd_.reset(ZSTD_createCStream());
  if (!writer.zstd_) return HostError("capture %s: zstd: out of memory", writer.name_);
  for (const auto& [parameter, value] :
       {std::pair{ZSTD_c_compressionLevel, kCompressionLevel}, std::pair{ZSTD_c_checksumFlag, 1}}) {
    const std::size_t code = ZSTD_CCtx_setParameter(writer.zstd_.get(), parameter, value);
    if (ZSTD_isError(code)) return ZstdError(writer.name_, code);
  }
  return writer;
}

CaptureWriter::CaptureWriter(kj::AutoCloseFd fd, std::string name)
    : fd_(std::move(fd)), name_(std::move(name)), buffer_(kBufferBytes) {}

CaptureWriter::~CaptureWriter() {
  if (fd_.get() < 0) return;
  if (!failed_) (void)Flush();
  (void)close(fd_.release());  // kj::AutoCloseFd would throw what close() says
}

absl::Status CaptureWriter::Append(Frame message) {
  RG_RETURN_IF_ERROR(Usable());
  const absl::StatusOr<wire::Message::Which> type = MessageType(message);
  if (!type.ok()) return type.status();
  // A peer that could record its own seals could end the capture early.
  if (*type == wire::Message::SEAL) return InvalidInput("a seal is not a message to be recorded");

  const SealState sealed = Extend(state_, message);
  absl::Status status = Put(message);
  if (status.ok()) status = Put(BuildSeal(sealed, /*end=*/false));
  if (!status.ok()) return Fail(std::move(status));
  state_ = AfterSeal(sealed);
  return absl::OkStatus();
}

absl::Status CaptureWriter::Flush() {
  RG_RETURN_IF_ERROR(Usable());
  absl::Status status = zstd_ ? Compress({}, ZSTD_e_flush) : absl::OkStatus();
  if (status.ok()) status = WriteBuffer();
  return Fail(std::move(status));
}

absl::Status CaptureWriter::Close() {
  RG_RETURN_IF_ERROR(Usable());
  RG_RETURN_IF_ERROR(Fail(Finish()));
  state_ = AfterSeal(state_);
  if (close(fd_.release()) != 0) {
    return Fail(ErrnoError(errno, absl::StrFormat("capture %s: cannot be closed", name_)));
  }
  return absl::OkStatus();
}

absl::Status CaptureWriter::Finish() {
  RG_RETURN_IF_ERROR(Put(BuildSeal(state_, /*end=*/true)));
  if (zstd_) RG_RETURN_IF_ERROR(Compress({}, ZSTD_e_end));
  RG_RETURN_IF_ERROR(WriteBuffer());
  // A pipe or a device has nothing to sync, and says so with EINVAL.
  if (fsync(fd_.get()) != 0 && errno != EINVAL && errno != ENOTSUP) {
    return ErrnoError(errno, absl::StrFormat("capture %s: cannot be synced", name_));
  }
  return absl::OkStatus();
}

absl::Status CaptureWriter::Usable() const {
  if (failed_) return HostError("capture %s: recording has ended after an error", name_);
  if (fd_.get() < 0) return HostError("capture %s: closed already", name_);
  return absl::OkStatus();
}

absl::Status CaptureWriter::Fail(absl::Status status) {
  if (!status.ok()) failed_ = true;
  return status;
}

absl::Status CaptureWriter::Put(std::span<const std::byte> bytes) {
  return zstd_ ? Compress(bytes, ZSTD_e_continue) : PutPlain(bytes);
}

absl::Status CaptureWriter::PutPlain(std::span<const std::byte> bytes) {
  if (bytes.size() > buffer_.size() - used_) RG_RETURN_IF_ERROR(WriteBuffer());
  if (bytes.size() >= buffer_.size()) return WriteAll(bytes);
  std::copy(bytes.begin(), bytes.end(), buffer_.begin() + static_cast<std::ptrdiff_t>(used_));
  used_ += bytes.size();
  return absl::OkStatus();
}

absl::Status CaptureWriter::Compress(std::span<const std::byte> bytes,
                                     ZSTD_EndDirective directive) {
  ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
  for (;;) {
    ZSTD_outBuffer out{buffer_.data(), buffer_.size(), used_};
    const std::size_t left = ZSTD_compressStream2(zstd_.get(), &out, &in, directive);
    if (ZSTD_isError(left)) return ZstdError(name_, left);
    used_ = out.pos;
    const bool done = directive == ZSTD_e_continue ? in.pos == in.size : left == 0;
    if (done) return absl::OkStatus();
    if (used_ == buffer_.size()) RG_RETURN_IF_ERROR(WriteBuffer());
  }
}

absl::Status CaptureWriter::WriteBuffer() {
  const std::size_t used = std::exchange(used_, 0);
  return WriteAll(std::span(buffer_).first(used));
}

absl::Status CaptureWriter::WriteAll(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t written = write(fd_.get(), bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) {
      return ErrnoError(errno, absl::StrFormat("capture %s: cannot be written after %d messages",
                                               name_, state_.messages));
    }
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
  return absl::OkStatus();
}

}  // namespace randguard
