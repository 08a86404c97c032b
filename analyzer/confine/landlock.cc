// SPDX-License-Identifier: Apache-2.0
#include "analyzer/confine/landlock.h"

#include <fcntl.h>
#include <kj/io.h>
#include <linux/landlock.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <system_error>
#include <vector>

#include "analyzer/base/status.h"
#include "analyzer/confine/sanitized.h"

namespace randguard {
namespace {

namespace fs = std::filesystem;

// The program may run on a kernel that is newer than the header it was built with. So names and
// layouts of later versions stand here, from the kernel's documentation.
struct RulesetAttr {
  std::uint64_t handled_access_fs;
  std::uint64_t handled_access_net;  // ABI 4
  std::uint64_t scoped;              // ABI 6
};
constexpr std::uint64_t kFsTruncate = 1ULL << 14;  // ABI 3
constexpr std::uint64_t kFsIoctlDev = 1ULL << 15;  // ABI 5
constexpr std::uint64_t kNetBindTcp = 1ULL << 0;
constexpr std::uint64_t kNetConnectTcp = 1ULL << 1;
constexpr std::uint64_t kScopeAbstractUnixSocket = 1ULL << 0;
constexpr std::uint64_t kScopeSignal = 1ULL << 1;

constexpr std::uint64_t kFirstFsAccess = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1;
constexpr std::uint64_t kRead = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
// Rotation renames. A rename removes a file and makes one.
constexpr std::uint64_t kWrite =
    LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_REMOVE_FILE;

struct Rule {
  std::string path;
  std::uint64_t access;
};

std::string FolderOf(const std::string& file) {
  const std::string folder = fs::path(file).parent_path().string();
  return folder.empty() ? "." : folder;
}

// Rights are for folders, not files, because editors put a new file in the place of the old one. A
// file may be a link into another folder. Then that folder is allowed, too, for the file that is
// there now and for its successor.
void AddConfig(const std::string& config, std::vector<Rule>& rules) {
  const std::string more = FolderOf(config) + "/rules.d";
  rules.push_back({FolderOf(config), kRead});
  rules.push_back({more, kRead});
  const auto add_target = [&rules](const fs::path& link) {
    std::error_code absent;
    const std::string real = fs::canonical(link, absent).string();
    if (!absent) rules.push_back({FolderOf(real), kRead});
  };
  add_target(config);
  std::error_code error;  // not there, or not to be read: then there is nothing
  for (fs::directory_iterator at(more, error), end; !error && at != end; at.increment(error)) {
    std::error_code unknown;
    const std::string extension = at->path().extension().string();
    const bool rules = extension == ".toml" || extension == ".yml" || extension == ".yaml";
    if (rules && at->is_symlink(unknown)) add_target(at->path());
  }
}

// As above: a file that is written anew is another file.
void AddRules(const std::string& path, std::vector<Rule>& rules) {
  std::error_code absent;
  const bool folder = fs::is_directory(path, absent);
  rules.push_back({folder ? path : FolderOf(path), kRead});
  const std::string real = fs::canonical(path, absent).string();
  if (!absent) rules.push_back({folder ? real : FolderOf(real), kRead});
}

// Whoever changes the file puts a new one in its place, so the folder's files can be read. The
// folder itself cannot.
void AddUsers(const std::string& users, std::vector<Rule>& rules) {
  rules.push_back({FolderOf(users), LANDLOCK_ACCESS_FS_READ_FILE});
  std::error_code absent;
  const std::string real = fs::canonical(users, absent).string();
  if (!absent) rules.push_back({FolderOf(real), LANDLOCK_ACCESS_FS_READ_FILE});
}

void AddOutput(const WrittenFile& output, std::vector<Rule>& rules) {
  struct stat st {};
  if (!output.segments && stat(output.path.c_str(), &st) == 0 && !S_ISREG(st.st_mode)) {
    // A pipe or a device is opened again but never rotated. Its neighbours are none of ours.
    rules.push_back({output.path, LANDLOCK_ACCESS_FS_WRITE_FILE});
    return;
  }
  // A manifest for which the disk has no room is taken back. Whoever may remove a file may empty
  // it.
  rules.push_back({FolderOf(output.path), kWrite | (output.segments ? kFsTruncate : 0) |
                                              (output.read ? LANDLOCK_ACCESS_FS_READ_FILE : 0)});
}

absl::Status AddRule(int ruleset, const Rule& rule, std::uint64_t handled) {
  const kj::AutoCloseFd fd(open(rule.path.c_str(), O_PATH | O_CLOEXEC));
  // A path that cannot be reached now needs no exception; it could not be opened later either.
  if (fd.get() < 0 && (errno == ENOENT || errno == EACCES || errno == ENOTDIR)) {
    return absl::OkStatus();
  }
  if (fd.get() < 0) return ErrnoError(errno, "Landlock: " + rule.path);
  const landlock_path_beneath_attr beneath{.allowed_access = rule.access & handled,
                                           .parent_fd = fd.get()};
  if (syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &beneath, 0) != 0) {
    return ErrnoError(errno, "Landlock: a rule for " + rule.path);
  }
  return absl::OkStatus();
}

// The restrictions that each version of the interface added, in order.
RulesetAttr AttrFor(unsigned abi) {
  RulesetAttr attr{};
  attr.handled_access_fs = kFirstFsAccess;
  if (abi >= 2) attr.handled_access_fs |= LANDLOCK_ACCESS_FS_REFER;
  if (abi >= 3) attr.handled_access_fs |= kFsTruncate;
  if (abi >= 4) attr.handled_access_net = kNetBindTcp | kNetConnectTcp;
  if (abi >= 5) attr.handled_access_fs |= kFsIoctlDev;
  if (abi >= 6) attr.scoped = kScopeSignal;
  // A service manager that takes notifications at an abstract address must stay reachable.
  const char* notify = std::getenv("NOTIFY_SOCKET");
  if (abi >= 6 && (notify == nullptr || notify[0] != '@')) attr.scoped |= kScopeAbstractUnixSocket;
  return attr;
}

std::size_t SizeFor(unsigned abi) {
  if (abi >= 6) return sizeof(RulesetAttr);
  return abi >= 4 ? offsetof(RulesetAttr, scoped) : offsetof(RulesetAttr, handled_access_net);
}

// Only restrictions that nothing else makes up for are named. Seccomp and the user's own rights
// stand in for those that version 4 and later ones added.
std::string MissingFrom(unsigned abi) {
  if (abi == 0) return "this kernel has none: files are protected by their modes alone";
  if (abi < 3) return "this kernel's version 1 or 2: truncating files is not restricted";
  return "";
}

}  // namespace

absl::StatusOr<LandlockResult> RestrictFiles(const OpenLater& later) {
  const long version =
      syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
  LandlockResult result;
  // ENOSYS: not built in. EOPNOTSUPP: built in, and not switched on at boot.
  result.abi = version > 0 ? static_cast<unsigned>(version) : 0;
  result.missing = MissingFrom(result.abi);
  if (result.abi == 0) return result;

  std::vector<Rule> rules;
  if (later.config.has_value()) AddConfig(*later.config, rules);
  for (const std::string& path : later.rules) AddRules(path, rules);
  for (const WrittenFile& output : later.outputs) AddOutput(output, rules);
  // Whatever has the file's name is replaced, so its kind does not count, nor where a link leads.
  if (later.metrics.has_value()) rules.push_back({FolderOf(*later.metrics), kWrite});
  if (later.state.has_value()) rules.push_back({*later.state, kWrite | kRead});
  if (later.users.has_value()) AddUsers(*later.users, rules);
  if (kSanitized) rules.push_back({"/proc/self/task", kRead});  // which threads to stop

  const RulesetAttr attr = AttrFor(result.abi);
  const kj::AutoCloseFd ruleset(
      static_cast<int>(syscall(SYS_landlock_create_ruleset, &attr, SizeFor(result.abi), 0)));
  if (ruleset.get() < 0) return ErrnoError(errno, "Landlock: the ruleset");
  for (const Rule& rule : rules) {
    RG_RETURN_IF_ERROR(AddRule(ruleset, rule, attr.handled_access_fs));
  }
  if (syscall(SYS_landlock_restrict_self, ruleset.get(), 0) != 0) {
    return ErrnoError(errno, "Landlock");
  }
  return result;
}

}  // namespace randguard
