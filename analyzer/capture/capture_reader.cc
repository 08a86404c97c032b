// SPDX-License-Identifier: Apache-2.0
#include "analyzer/capture/capture_reader.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "analyzer/base/status.h"
#include "analyzer/wire/message.h"

namespace randguard {
namespace {

absl::Status WithName(const absl::Status& status, std::string_view name) {
  return absl::Status(status.code(), absl::StrFormat("capture %s: %s", name, Message(status)));
}

bool IsSeal(Frame frame) {
  const absl::StatusOr<wire::Message::Which> type = MessageType(frame);
  return type.ok() && *type == wire::Message::SEAL;
}

}  // namespace

absl::StatusOr<CaptureReader> CaptureReader::Open(const std::string& path) {
  kj::AutoCloseFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
  if (fd.get() < 0) return ErrnoError(errno, absl::StrFormat("capture %s: cannot be opened", path));
  return FromFd(std::move(fd), path);
}

absl::StatusOr<CaptureReader> CaptureReader::FromFd(kj::AutoCloseFd fd, std::string name) {
  absl::StatusOr<PackedFile> source = PackedFile::FromFd(std::move(fd));
  if (!source.ok()) return WithName(source.status(), name);
  return CaptureReader(*std::move(source), std::move(name));
}

CaptureReader::CaptureReader(PackedFile source, std::string name)
    : source_(std::move(source)),
      name_(std::move(name)),
      // Room for a message with its seal, and for one read behind them.
      buffer_(kMaxMessageBytes + kSealBytes + kReadBytes) {}

absl::StatusOr<std::optional<Frame>> CaptureReader::Next() {
  if (!status_.ok()) return status_;
  if (ended_) return std::nullopt;
  absl::StatusOr<std::optional<Frame>> next = ReadMessageAndSeal();
  if (!next.ok()) status_ = next.status();
  return next;
}

absl::StatusOr<std::optional<Frame>> CaptureReader::ReadMessageAndSeal() {
  RG_ASSIGN_OR_RETURN(const std::optional<std::size_t> size, WaitForMessage());
  if (!size) {
    if (state_.offset == 0) return NotACapture("empty");
    return Damage(state_.offset, "no end seal: the recording was interrupted or the file was cut");
  }
  if (std::ranges::equal(buffer_.Data().first(*size), BuildSeal(state_, /*end=*/true))) {
    buffer_.Consume(*size);
    state_ = AfterSeal(state_);
    RG_RETURN_IF_ERROR(CheckEnd());
    ended_ = true;
    return std::nullopt;
  }

  RG_ASSIGN_OR_RETURN(const bool sealed, FillTo(*size + kSealBytes));
  const Frame frame = buffer_.Data().first(*size);
  if (!sealed) return MissingSeal(frame);
  const SealState state = Extend(state_, frame);
  if (!std::ranges::equal(buffer_.Data().subspan(*size, kSealBytes),
                          BuildSeal(state, /*end=*/false))) {
    return Damage(state_.offset,
                  absl::StrFormat("checksum mismatch: something between here and byte %d is not as "
                                  "it was recorded",
                                  state.offset + kSealBytes));
  }
  // The writer never seals such a message, so somebody else did.
  const absl::StatusOr<wire::Message::Which> type = MessageType(frame);
  if (!type.ok()) return Damage(state_.offset, Message(type.status()));
  if (*type == wire::Message::SEAL) return Damage(state_.offset, "a seal in place of a message");

  message_offset_ = state_.offset;
  state_ = AfterSeal(state);
  buffer_.Consume(*size + kSealBytes);  // readable until the next call
  return frame;
}

// The size of the message at the front, once the whole message is buffered; nullopt at the stream's
// end.
absl::StatusOr<std::optional<std::size_t>> CaptureReader::WaitForMessage() {
  RG_ASSIGN_OR_RETURN(const bool more, FillTo(1));
  if (!more) return std::nullopt;

  std::size_t needed = 1;
  for (;;) {
    RG_ASSIGN_OR_RETURN(const bool there, FillTo(needed));
    const std::size_t waiting = buffer_.Data().size();
    const absl::StatusOr<std::optional<std::size_t>> size = FrameSize(buffer_.Data());
    if (!size.ok()) {
      if (state_.offset == 0) return NotACapture("neither Cap'n Proto messages nor zstd");
      return Damage(state_.offset,
                    absl::StrFormat("no message begins here: %s", Message(size.status())));
    }
    if (*size && **size <= waiting) return **size;
    if (!there) {
      return Damage(state_.offset,
                    absl::StrFormat("cut inside a message: %d of its %sbytes are there", waiting,
                                    *size ? absl::StrFormat("%d ", **size) : ""));
    }
    needed = *size ? **size : waiting + 1;
  }
}

// True once `bytes` are buffered; false when the stream ends before.
absl::StatusOr<bool> CaptureReader::FillTo(std::size_t bytes) {
  while (buffer_.Data().size() < bytes) {
    const std::size_t missing = bytes - buffer_.Data().size();
    absl::StatusOr<std::size_t> got =
        source_.Read(buffer_.WritableTail(std::max(missing, kReadBytes)));
    if (got.ok() && *got == 0) return false;
    if (absl::IsDataLoss(got.status())) {
      return Damage(state_.offset + buffer_.Data().size(), Message(got.status()));
    }
    if (!got.ok()) return WithName(got.status(), name_);
    buffer_.Commit(*got);
  }
  return true;
}

absl::Status CaptureReader::CheckEnd() {
  RG_ASSIGN_OR_RETURN(const bool more, FillTo(1));
  if (more) return Damage(state_.offset, "data after the end seal");
  return absl::OkStatus();
}

absl::Status CaptureReader::MissingSeal(Frame frame) const {
  if (IsSeal(frame)) return Damage(state_.offset, "checksum mismatch in the last seal");
  return Damage(state_.offset + frame.size(), "cut: the last message's seal is not whole");
}

absl::Status CaptureReader::NotACapture(std::string_view why) const {
  return InvalidInput("capture %s: not a capture: %s", name_, why);
}

absl::Status CaptureReader::Damage(std::uint64_t offset, std::string_view what) const {
  return absl::DataLossError(absl::StrFormat("capture %s: damaged at byte %d: %s%s", name_, offset,
                                             what, Compressed() ? " (uncompressed)" : ""));
}

}  // namespace randguard
