// SPDX-License-Identifier: Apache-2.0
#include "analyzer/view/followed_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <utility>

#include "absl/strings/str_format.h"
#include "analyzer/base/status.h"
#include "analyzer/base/terminal_text.h"
#include "analyzer/output/convert/line_reader.h"

namespace randguard {
namespace {

constexpr std::size_t kBlock = std::size_t{256} << 10;
constexpr off_t kLastLines = 32 << 10;  // bytes

}  // namespace

absl::StatusOr<FollowedFile> FollowedFile::Open(const std::string& path, From from) {
  FollowedFile file;
  RG_RETURN_IF_ERROR(file.OpenFile(path));
  // Compressed files are ended, and captures begin with a zero.
  constexpr char kZstd = '\x28';
  char first = '{';
  if (pread(file.fd_, &first, 1, 0) == 1 && (first == '\0' || first == kZstd)) {
    return InvalidInput(
        "%s is no file of lines that goes on: it is a capture, or compressed; "
        "rand-guard watch shows it without --follow",
        EscapedForTerminal(path));
  }
  std::error_code error;
  const std::filesystem::path whole = std::filesystem::canonical(path, error);
  if (error) return ErrnoError(error.value(), EscapedForTerminal(path));
  file.path_ = whole.string();
  file.name_ = ParseSegmentStem(whole.stem().string());
  if (file.name_.has_value()) {
    const std::string of = file.name_->of.substr(0, file.name_->of.rfind('-'));
    file.segments_ = (whole.parent_path() / (of + whole.extension().string())).string();
  }
  struct stat st {};
  if (from == From::kLastLines && fstat(file.fd_, &st) == 0 && st.st_size > kLastLines) {
    file.read_ = st.st_size - kLastLines;
    file.skip_ = true;
  }
  return file;
}

absl::Status FollowedFile::OpenFile(const std::string& path) {
  kj::AutoCloseFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat st {};
  if (fd.get() < 0 || fstat(fd, &st) != 0) {
    return ErrnoError(errno, "cannot open " + EscapedForTerminal(path));
  }
  if (!S_ISREG(st.st_mode)) {
    return InvalidInput("%s is no file, and cannot be followed", EscapedForTerminal(path));
  }
  fd_ = std::move(fd);
  path_ = path;
  device_ = st.st_dev;
  inode_ = st.st_ino;
  read_ = 0;
  text_.clear();
  skip_ = false;
  return absl::OkStatus();
}

void FollowedFile::LeaveRest() {
  if (!text_.empty() && !skip_) {
    notices_.push_back("the last line of " + path_ + " has no end, and is left out");
  }
  text_.clear();
  skip_ = false;
}

absl::Status FollowedFile::ReadAll(Visit visit, bool& any) {
  struct stat st {};
  if (fstat(fd_, &st) == 0 && st.st_size < read_) {  // it was cut, and is written anew
    read_ = 0;
    LeaveRest();
  }
  for (;;) {
    const std::size_t rest = text_.size();
    text_.resize(rest + kBlock);
    const ssize_t n = pread(fd_, text_.data() + rest, kBlock, read_);
    text_.resize(rest + static_cast<std::size_t>(std::max<ssize_t>(n, 0)));
    if (n < 0 && errno != EINTR) return ErrnoError(errno, EscapedForTerminal(path_));
    if (n <= 0) return absl::OkStatus();
    any = true;
    read_ += n;
    std::size_t begin = 0;
    for (std::size_t end; (end = text_.find('\n', begin)) != text_.npos; begin = end + 1) {
      const auto line = std::string_view(text_).substr(begin, end - begin);
      if (!std::exchange(skip_, false)) visit(line);
    }
    text_.erase(0, begin);
    if (text_.size() > LineReader::kLineMax) {
      return InvalidInput("%s has a line of more than %d bytes, which no output has",
                          EscapedForTerminal(path_), LineReader::kLineMax);
    }
  }
}

std::string FollowedFile::NextSegment() const {
  const auto segments = ListSegments(segments_);
  if (!segments.ok()) return {};
  // From the oldest on. One that was removed or compressed meanwhile is not among them; the lines
  // go on in the first one behind it.
  const Segment* next = nullptr;
  // Where none of this boot is left, all others came behind it.
  bool behind = std::none_of(segments->begin(), segments->end(), [&](const Segment& segment) {
    return segment.boot_id == name_->boot_id;
  });
  for (const Segment& segment : *segments) {
    const bool same_boot = segment.boot_id == name_->boot_id;
    if (same_boot && segment.first_seq <= name_->first_seq) {
      behind = true;
      continue;
    }
    if (segment.compressed || (!same_boot && !behind)) continue;
    next = &segment;
    break;
  }
  return next == nullptr ? std::string() : next->path;
}

std::string FollowedFile::Successor() const {
  if (name_.has_value()) return NextSegment();
  if (!IsOther(path_)) return {};
  // It was renamed, maybe more than once: what follows it is the file that was renamed behind it.
  constexpr int kRenamedMax = 64;
  for (int i = 1; i <= kRenamedMax; ++i) {
    const std::string renamed = absl::StrFormat("%s.%d", path_, i);
    struct stat st {};
    if (stat(renamed.c_str(), &st) != 0) break;
    if (st.st_dev != device_ || st.st_ino != inode_) continue;
    return i == 1 ? path_ : absl::StrFormat("%s.%d", path_, i - 1);
  }
  return path_;
}

bool FollowedFile::IsOther(const std::string& path) const {
  struct stat st {};
  return stat(path.c_str(), &st) == 0 && S_ISREG(st.st_mode) &&
         (st.st_dev != device_ || st.st_ino != inode_);
}

absl::StatusOr<bool> FollowedFile::Read(Visit visit) {
  bool any = false;
  // Asked first: when the next file is there, nothing is written into this one any more, and what
  // is read then is all of it.
  const std::string next = Successor();
  RG_RETURN_IF_ERROR(ReadAll(visit, any));
  if (next.empty()) return any;
  LeaveRest();
  const std::string path = path_;
  if (const absl::Status status = OpenFile(next); !status.ok()) {
    // It is just being made, or has gone already.
    constexpr int kTriesMax = 20;
    if (++tries_ < kTriesMax) return any;
    return status;
  }
  tries_ = 0;
  switched_ = true;
  if (!name_.has_value()) path_ = path;  // by which the newest file is known
  if (name_.has_value()) name_ = ParseSegmentStem(std::filesystem::path(next).stem().string());
  return true;
}

}  // namespace randguard
