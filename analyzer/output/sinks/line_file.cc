// SPDX-License-Identifier: Apache-2.0
#include "analyzer/output/sinks/line_file.h"

#include <fcntl.h>
#include <simdjson.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "analyzer/base/log.h"
#include "analyzer/base/status.h"
#include "analyzer/event/alert.h"
#include "analyzer/event/reports.h"
#include "analyzer/output/profiles/line_places.h"

namespace randguard {
namespace {

bool Same(const struct stat& a, const struct stat& b) {
  return a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

constexpr std::uint64_t kMaxLineBytes = std::uint64_t{4} << 20;  // more than any line has

// The number of bytes behind the file's last newline; `first` becomes the first of them. Longer
// than any line: none is looked for further.
std::uint64_t BytesBehindLastLine(int fd, std::uint64_t size, char& first) {
  constexpr std::size_t kBlock = std::size_t{64} << 10;
  std::string block(kBlock, '\0');
  std::uint64_t end = size;
  while (end > 0 && size - end < kMaxLineBytes) {
    const std::uint64_t begin = end > kBlock ? end - kBlock : 0;
    const ssize_t n = pread(fd, block.data(), end - begin, static_cast<off_t>(begin));
    if (n != static_cast<ssize_t>(end - begin)) return 0;  // it shrinks, or cannot be read
    const std::size_t newline = std::string_view(block.data(), end - begin).rfind('\n');
    if (newline != std::string_view::npos) {
      if (newline + 1 < end - begin) first = block[newline + 1];
      return size - (begin + newline + 1);
    }
    first = block[0];
    end = begin;
  }
  return size - end;
}

// `text` begins with the type, and goes on behind a quote.
bool IsEventType(std::string_view text) {
  const std::string_view type = text.substr(0, text.find('"'));
  return type != Alert::kEventType && type != Loss::kEventType && type != Health::kEventType &&
         type != Canary::kEventType;
}

// Events are what the kernel's records become; the lines of other kinds are the analyzer's own.
bool IsEventLine(std::string_view line) {
  // A line's type as EventWriter has it, in one of its formats. Within a string, quotes are
  // escaped.
  for (const std::string_view key : {"\"event_type\":\"", "\"event_code\":\""}) {
    const std::size_t at = line.find(key);
    if (at == std::string_view::npos) continue;
    line.remove_prefix(at + key.size());
    return IsEventType(line);
  }
  return false;
}

}  // namespace

absl::StatusOr<kj::AutoCloseFd> OpenForAppending(const std::string& path,
                                                 std::optional<FileOwner> owner) {
  // Not through a symlink in its last component: the folder may be writable by others. Not
  // blocking, because a FIFO would wait for its reader, and later for room.
  constexpr int kFlags = O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;
  if (owner.has_value()) {
    kj::AutoCloseFd made(open(path.c_str(), kFlags | O_CREAT | O_EXCL, 0640));
    if (made.get() >= 0 && fchown(made, owner->uid, owner->gid) != 0) {
      return ErrnoError(errno, absl::StrFormat("output file %s cannot be given away", path));
    }
  }
  kj::AutoCloseFd fd(open(path.c_str(), kFlags | O_CREAT, 0640));
  if (fd.get() >= 0) return fd;
  const int error = errno;
  struct stat st {};
  if (error == ENXIO && lstat(path.c_str(), &st) == 0 && S_ISFIFO(st.st_mode)) {
    return HostError("output file %s is a FIFO that nobody reads; start its reader first", path);
  }
  return ErrnoError(error, absl::StrFormat("output file %s cannot be opened", path));
}

absl::StatusOr<kj::AutoCloseFd> MakeForAppending(const std::string& path) {
  constexpr mode_t kMode = 0640;
  kj::AutoCloseFd fd(
      open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, kMode));
  if (fd.get() < 0 || fchmod(fd, kMode) != 0) {
    return ErrnoError(errno, absl::StrFormat("output file %s cannot be made", path));
  }
  return fd;
}

void EndLastLine(const std::string& path) {
  const kj::AutoCloseFd fd(open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  struct stat st {};
  if (fd.get() < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) return;
  char first = 0;
  const auto size = static_cast<std::uint64_t>(st.st_size);
  const std::uint64_t torn = BytesBehindLastLine(fd, size, first);
  if (torn == 0) return;
  if (first == '{' && torn < kMaxLineBytes) {
    if (ftruncate(fd, static_cast<off_t>(size - torn)) != 0) return;
    Log(LogLevel::kWarn,
        "%s ended with %d bytes of a line that a killed process left; they are removed", path,
        torn);
  } else if (pwrite(fd, "\n", 1, st.st_size) == 1) {
    Log(LogLevel::kWarn, "%s did not end with a newline; there is one now", path);
  }
}

LineCount CountLines(int fd, std::uint64_t from, std::uint64_t to) {
  constexpr std::size_t kBlock = std::size_t{256} << 10;
  std::string block;
  LineCount count;
  while (from < to) {
    const std::size_t rest = block.size();
    if (rest >= kMaxLineBytes) return count;
    block.resize(rest + kBlock);
    const auto most = static_cast<std::size_t>(std::min<std::uint64_t>(kBlock, to - from));
    const ssize_t n = pread(fd, block.data() + rest, most, static_cast<off_t>(from));
    if (n <= 0) return count;
    from += static_cast<std::uint64_t>(n);
    block.resize(rest + static_cast<std::size_t>(n));
    std::string_view text = block;
    for (std::size_t end; (end = text.find('\n')) != std::string_view::npos;) {
      ++count.lines;
      if (IsEventLine(text.substr(0, end))) ++count.events;
      text.remove_prefix(end + 1);
    }
    block.erase(0, block.size() - text.size());
  }
  return count;
}

std::uint64_t LastSeqOf(int fd, std::string_view boot_id) {
  constexpr std::uint64_t kBlock = 256 << 10;  // longer than any line with a number
  struct stat st {};
  if (fstat(fd, &st) != 0) return 0;
  const auto size = static_cast<std::uint64_t>(st.st_size);
  std::string block(std::min(size, kBlock), '\0');
  const ssize_t n =
      pread(fd, block.data(), block.size(), st.st_size - static_cast<off_t>(block.size()));
  if (n != static_cast<ssize_t>(block.size())) return 0;
  const std::size_t end = block.rfind('\n');
  if (end == std::string::npos || end == 0) return 0;
  const std::size_t before = block.rfind('\n', end - 1);
  const std::size_t begin = before == std::string::npos ? 0 : before + 1;
  simdjson::dom::parser parser;
  simdjson::dom::element line;
  if (parser.parse(block.data() + begin, end - begin).get(line) != simdjson::SUCCESS) return 0;
  for (const profiles::LinePlaces& places : profiles::kLinePlaces) {
    std::string_view type, boot;
    std::uint64_t seq = 0;
    if (line.at_pointer(places.type).get(type) == simdjson::SUCCESS &&
        line.at_pointer(places.boot).get(boot) == simdjson::SUCCESS && boot == boot_id &&
        line.at_pointer(places.seq).get(seq) == simdjson::SUCCESS) {
      return seq;
    }
  }
  return 0;
}

bool IsSameFile(int a, int b) {
  struct stat sa {
  }, sb{};
  return fstat(a, &sa) == 0 && fstat(b, &sb) == 0 && Same(sa, sb);
}

bool IsAtPath(const std::string& path, int fd) {
  struct stat at_path {
  }, opened{};
  return lstat(path.c_str(), &at_path) == 0 && fstat(fd, &opened) == 0 && Same(at_path, opened);
}

}  // namespace randguard
