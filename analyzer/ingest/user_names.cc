// SPDX-License-Identifier: Apache-2.0
#include "analyzer/ingest/user_names.h"

#include <fcntl.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "analyzer/base/log.h"
#include "analyzer/base/status.h"

namespace randguard {
namespace {

std::string_view TakeField(std::string_view& line) {
  const std::size_t end = std::min(line.find(':'), line.size());
  const std::string_view field = line.substr(0, end);
  line.remove_prefix(std::min(end + 1, line.size()));
  return field;
}

// Null: the line names a user. Otherwise what is wrong with it.
const char* ParseLine(std::string_view line, std::string_view& name, std::uint32_t& uid) {
  name = TakeField(line);
  if (name.empty()) return "a user without a name";
  if (name.size() > kMaxUserNameBytes) return "a name that is too long";
  if (std::any_of(name.begin(), name.end(),
                  [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; })) {
    return "a name with control characters";
  }
  TakeField(line);  // the password
  const std::string_view id = TakeField(line);
  const auto parsed = std::from_chars(id.data(), id.data() + id.size(), uid);
  // The last number means "no user" to the kernel.
  if (parsed.ec != std::errc() || parsed.ptr != id.data() + id.size() || uid == UINT32_MAX) {
    return "an id that is none";
  }
  return nullptr;
}

// Includes or leaves out users of a directory, which is not asked.
bool IsOfADirectory(std::string_view line) { return line[0] == '+' || line[0] == '-'; }

}  // namespace

UserNames ParseUserNames(std::string_view passwd) {
  UserNames names;
  absl::flat_hash_set<std::uint32_t> ids;
  std::size_t bytes = 0, line_number = 0, passed_over = 0;
  while (!passwd.empty()) {
    const std::size_t end = std::min(passwd.find('\n'), passwd.size());
    const std::string_view line = passwd.substr(0, end);
    passwd.remove_prefix(std::min(end + 1, passwd.size()));
    ++line_number;
    if (line.empty() || line[0] == '#' || IsOfADirectory(line)) continue;
    std::string_view name;
    std::uint32_t uid = 0;
    const char* wrong = ParseLine(line, name, uid);
    if (wrong == nullptr && ids.contains(uid)) continue;
    if (wrong == nullptr &&
        (names.users.size() >= kMaxUserNames || bytes + name.size() > kMaxUserNamesBytes)) {
      wrong = "more users than are taken in";
    }
    if (wrong != nullptr) {
      if (passed_over++ == 0) names.problem = absl::StrFormat("line %d: %s", line_number, wrong);
      continue;
    }
    ids.insert(uid);
    bytes += name.size();
    names.users.push_back({uid, std::string(name)});
  }
  if (passed_over > 1) names.problem += absl::StrFormat(", and %d more", passed_over - 1);
  return names;
}

UserNamesFile::UserNamesFile(std::string path)
    : path_(std::move(path)), notices_(inotify_init1(IN_CLOEXEC | IN_NONBLOCK)) {
  const std::string folder = path_.substr(0, path_.rfind('/') + 1);
  constexpr std::uint32_t kEvents =
      IN_MOVED_TO | IN_MOVED_FROM | IN_CREATE | IN_DELETE | IN_CLOSE_WRITE | IN_ATTRIB | IN_ONLYDIR;
  if (notices_.get() >= 0 && inotify_add_watch(notices_, folder.c_str(), kEvents) >= 0) return;
  Log(LogLevel::kDebug, "%s gives no notice of changes: %s", folder, std::strerror(errno));
  notices_ = nullptr;
}

void UserNamesFile::OnNotices() {
  const std::string_view name = std::string_view(path_).substr(path_.rfind('/') + 1);
  alignas(inotify_event) std::array<char, 4096> buffer{};
  for (ssize_t size = 0; (size = read(notices_, buffer.data(), buffer.size())) > 0;) {
    for (ssize_t at = 0; at < size;) {
      const auto* event = reinterpret_cast<const inotify_event*>(buffer.data() + at);
      const bool about_all = (event->mask & (IN_Q_OVERFLOW | IN_IGNORED)) != 0;
      if (about_all || (event->len > 0 && std::string_view(event->name) == name)) {
        if (!due_.has_value()) due_ = last_read_ + kAtMostEvery;
      }
      at += static_cast<ssize_t>(sizeof(inotify_event) + event->len);
    }
  }
}

UserNamesFile::Version UserNamesFile::VersionOf(const struct stat& st) {
  const auto ns = [](const timespec& t) {
    return static_cast<std::int64_t>(t.tv_sec) * 1'000'000'000 + t.tv_nsec;
  };
  return {st.st_dev, st.st_ino, static_cast<std::uint64_t>(st.st_size), ns(st.st_ctim),
          ns(st.st_mtim)};
}

void UserNamesFile::Look() {
  struct stat st {};
  const bool there = stat(path_.c_str(), &st) == 0;
  if (due_.has_value() || (there && !failed_ && VersionOf(st) == version_)) return;
  due_ = last_read_ + kAtMostEvery;
}

absl::Status UserNamesFile::ReadAll(std::string& text, Version& version) const {
  // Not to be waited for, if somebody has put a pipe there.
  const kj::AutoCloseFd file(open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (file.get() < 0) return ErrnoError(errno, path_);
  struct stat before {
  }, after{};
  if (fstat(file, &before) != 0) return ErrnoError(errno, path_);
  if (!S_ISREG(before.st_mode)) return HostError("%s: no regular file", path_);
  text.clear();
  while (text.size() <= kMaxPasswdBytes) {
    std::array<char, 16384> piece;  // NOLINT: filled by read()
    const ssize_t got = read(file, piece.data(), piece.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return ErrnoError(errno, path_);
    if (got == 0) break;
    text.append(piece.data(), static_cast<std::size_t>(got));
  }
  if (fstat(file, &after) != 0) return ErrnoError(errno, path_);
  version = VersionOf(after);
  if (VersionOf(before) != version) return HostError("%s: changed while it was read", path_);
  return absl::OkStatus();
}

void UserNamesFile::SetError(std::string error) {
  if (error_ == error) return;
  error_ = std::move(error);
  Log(LogLevel::kError, "names of users: %s", *error_);
}

void UserNamesFile::Fail(std::string why, Clock::time_point now) {
  // Once may be between the old file and the new one. Look() tries again later.
  if (!std::exchange(failed_, true) && reading_ > 0) {
    due_ = now + kAtMostEvery;
  } else {
    SetError(std::move(why));
  }
}

bool UserNamesFile::Read(Clock::time_point now) {
  due_ = std::nullopt;
  last_read_ = now;
  std::string text;
  if (const absl::Status status = ReadAll(text, version_); !status.ok()) {
    Fail(Message(status), now);
    return false;
  }
  const bool cut = text.size() > kMaxPasswdBytes;
  // The last line may be half a line.
  if (cut) text.resize(text.rfind('\n', kMaxPasswdBytes) + 1);
  UserNames names = ParseUserNames(text);
  if (cut) names.problem = absl::StrFormat("longer than %d bytes", kMaxPasswdBytes);
  if (names.users.empty()) {
    Fail(path_ + ": no user in it" + (names.problem.empty() ? "" : "; " + names.problem), now);
    return false;
  }
  failed_ = false;
  if (!names.problem.empty()) {
    SetError(path_ + ": " + names.problem);
  } else if (error_.has_value()) {
    error_ = std::nullopt;
    Log(LogLevel::kInfo, "names of users: all of %s is taken over again", path_);
  }
  const bool changed = reading_ == 0 || names.users != names_.users;
  if (changed) ++reading_;
  names_ = std::move(names);
  return changed;
}

}  // namespace randguard
