// SPDX-License-Identifier: Apache-2.0
//
// The names of local users, by /etc/passwd, and when to read that file again. Names of network
// directories are not asked for: that would be a question over the network.
#ifndef ANALYZER_INGEST_USER_NAMES_H_
#define ANALYZER_INGEST_USER_NAMES_H_

#include <kj/io.h>
#include <sys/stat.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"

namespace randguard {

struct UserName {
  std::uint32_t uid = 0;
  std::string name;

  friend bool operator==(const UserName&, const UserName&) = default;
};

// Bounds of one reading, whatever the file has. Together they fit into a message.
inline constexpr std::size_t kMaxUserNames = 16384;
inline constexpr std::size_t kMaxUserNameBytes = 256;
inline constexpr std::size_t kMaxUserNamesBytes = std::size_t{256} << 10;  // of all names
inline constexpr std::size_t kMaxPasswdBytes = std::size_t{4} << 20;

// The users that passwd(5) describes, each id once: its first name counts, as for getpwuid(3).
// `problem` says what was passed over, with the first line of that sort; empty: nothing.
struct UserNames {
  std::vector<UserName> users;
  std::string problem;
};
UserNames ParseUserNames(std::string_view passwd);

// Watches the file. All of it works for a process that may open files in that folder, and needs no
// system call while nothing changes.
class UserNamesFile {
 public:
  using Clock = std::chrono::steady_clock;

  explicit UserNamesFile(std::string path);

  // To be polled; readable when something in the folder has changed. -1: this host gives no
  // notice, and the file is looked at in Look() alone.
  int notices() const { return notices_; }
  // Takes the notices.
  void OnNotices();
  // Compares the file with the one that was read, in case that a notice was not given.
  void Look();
  // When the file is to be read; absent: it was.
  std::optional<Clock::time_point> due() const { return due_; }
  // Reads the file. True: the names have changed. Names that cannot be read stay as they were.
  bool Read(Clock::time_point now);

  const std::vector<UserName>& users() const { return names_.users; }
  // Readings that changed something.
  std::uint32_t reading() const { return reading_; }
  // The latest one's, if something was wrong with it.
  const std::optional<std::string>& error() const { return error_; }

 private:
  // Whoever replaces the file may take it away first, and write it in pieces.
  static constexpr std::chrono::seconds kAtMostEvery{1};

  struct Version {
    std::uint64_t device = 0, inode = 0, size = 0;
    std::int64_t changed_ns = 0, modified_ns = 0;
    friend bool operator==(const Version&, const Version&) = default;
  };
  static Version VersionOf(const struct stat& st);

  absl::Status ReadAll(std::string& text, Version& version) const;
  void Fail(std::string why, Clock::time_point now);
  void SetError(std::string error);

  const std::string path_;
  kj::AutoCloseFd notices_;
  Version version_;  // that was read
  UserNames names_;
  std::uint32_t reading_ = 0;
  std::optional<Clock::time_point> due_ = Clock::time_point();
  Clock::time_point last_read_ = Clock::time_point();
  bool failed_ = false;  // the reading before
  std::optional<std::string> error_;
};

}  // namespace randguard

#endif  // ANALYZER_INGEST_USER_NAMES_H_
