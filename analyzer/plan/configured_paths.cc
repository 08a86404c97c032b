// SPDX-License-Identifier: Apache-2.0
#include "analyzer/plan/configured_paths.h"

#include <fcntl.h>
#include <kj/io.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <deque>
#include <optional>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "analyzer/plan/path_filter.h"
#include "analyzer/source/reporter.h"

namespace randguard {
namespace {

constexpr int kLinksMax = 40;  // as the kernel's own limit

// Access lists can give somebody the right to write that the group's bits then show.
bool HasAccessList(int fd) {
  const std::string path = absl::StrCat("/proc/self/fd/", fd);
  return getxattr(path.c_str(), "system.posix_acl_access", nullptr, 0) >= 0 ||
         (errno != ENODATA && errno != EOPNOTSUPP);
}

// Why somebody other than root could change what is in the folder; empty: nobody else could.
std::string WhoElseCanChange(int fd, const struct stat& st, const std::string& path) {
  if (st.st_uid != 0) return absl::StrFormat("%s belongs to uid %d", Quoted(path), st.st_uid);
  if ((st.st_mode & S_IWOTH) != 0) {
    return absl::StrFormat("%s can be written by everybody", Quoted(path));
  }
  if ((st.st_mode & S_IWGRP) != 0 && st.st_gid != 0) {
    return absl::StrFormat("%s can be written by group %d", Quoted(path), st.st_gid);
  }
  if ((st.st_mode & S_IWGRP) != 0 && HasAccessList(fd)) {
    return absl::StrFormat("%s can be written by others, by its access list", Quoted(path));
  }
  struct statfs file_system {};
  if (fstatfs(fd, &file_system) != 0 || file_system.f_type == FUSE_SUPER_MAGIC) {
    // Its owner says whom its files belong to.
    return absl::StrFormat("%s is in a file system that a user may serve", Quoted(path));
  }
  return "";
}

class Walk {
 public:
  explicit Walk(const std::string& path) { Prepend(path); }

  ResolvedPath Run() {
    ResolvedPath result;
    if (!Enter("", kj::AutoCloseFd(open("/", O_PATH | O_DIRECTORY | O_CLOEXEC)))) return result;
    while (!todo_.empty()) {
      const std::string name = std::exchange(todo_.front(), {});
      todo_.pop_front();
      if (name == "..") {
        if (levels_.size() > 1) levels_.pop_back();
      } else if (!Step(name, result)) {
        return result;
      }
    }
    result.leads_to = levels_.size() == 1 ? "/" : PathOf();
    return result;
  }

 private:
  struct Level {
    std::string name;
    kj::AutoCloseFd fd;
    std::string untrusted;  // why what is in it may be somebody else's work
  };

  // False: the walk ends here.
  bool Step(const std::string& name, ResolvedPath& result) {
    const Level& folder = levels_.back();
    kj::AutoCloseFd fd(openat(folder.fd, name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
    struct stat st {};
    if (fd.get() < 0 && errno == EACCES) {
      result.hidden = true;
      result.refused = absl::StrFormat("uid %d may not look into \"%s\"", geteuid(),
                                       levels_.size() == 1 ? "/" : PathOf());
    }
    if (fd.get() < 0 || fstat(fd, &st) != 0) return false;
    if (!S_ISLNK(st.st_mode)) return Enter(name, std::move(fd));
    result.has_link = true;
    result.refused = folder.untrusted;
    if (result.refused.empty() && st.st_uid != 0) {
      result.refused = absl::StrFormat("the link %s belongs to uid %d",
                                       Quoted(absl::StrCat(PathOf(), "/", name)), st.st_uid);
    }
    if (!result.refused.empty() || ++links_ > kLinksMax) return false;
    char target[PATH_MAX];
    const ssize_t size = readlinkat(fd, "", target, sizeof(target));
    if (size <= 0 || size == sizeof(target)) return false;
    const std::string_view text(target, static_cast<std::size_t>(size));
    if (text.starts_with('/')) levels_.erase(levels_.begin() + 1, levels_.end());
    Prepend(text);
    return true;
  }

  bool Enter(const std::string& name, kj::AutoCloseFd fd) {
    struct stat st {};
    if (fd.get() < 0 || fstat(fd, &st) != 0) return false;
    if (!todo_.empty() && !S_ISDIR(st.st_mode)) return false;
    std::string untrusted = levels_.empty() ? "" : levels_.back().untrusted;
    const std::string path = levels_.empty() ? "/" : absl::StrCat(PathOf(), "/", name);
    if (untrusted.empty() && S_ISDIR(st.st_mode)) untrusted = WhoElseCanChange(fd, st, path);
    levels_.push_back({name, std::move(fd), std::move(untrusted)});
    return true;
  }

  // "" of the root.
  std::string PathOf() const {
    std::string path;
    for (std::size_t i = 1; i < levels_.size(); ++i) absl::StrAppend(&path, "/", levels_[i].name);
    return path;
  }

  void Prepend(std::string_view path) {
    std::vector<std::string> names;
    while (!path.empty()) {
      const std::string_view name = path.substr(0, path.find('/'));
      path.remove_prefix(std::min(name.size() + 1, path.size()));
      if (!name.empty() && name != ".") names.emplace_back(name);
    }
    todo_.insert(todo_.begin(), names.begin(), names.end());
  }

  std::vector<Level> levels_;
  std::deque<std::string> todo_;
  int links_ = 0;
};

bool IsPlainPath(const std::string& pattern) { return pattern.starts_with('/'); }

}  // namespace

ResolvedPath FollowLinks(const std::string& path) { return Walk(path).Run(); }

ConfiguredPaths::ConfiguredPaths(const FileConfig& config) {
  if (!config.enabled) return;
  for (const std::string& path : config.watch_paths) Add("file.watch_paths", path);
  for (const std::string& pattern : config.watch_patterns) {
    if (IsPlainPath(pattern)) Add("file.watch_patterns", pattern);
  }
  for (const std::string& path : config.exclude_paths) Add("file.exclude_paths", path);
}

void ConfiguredPaths::Add(const char* key, const std::string& path) {
  const auto [at, is_new] = paths_.try_emplace(path);
  if (is_new) at->second = FollowLinks(path);
  const ResolvedPath& resolved = at->second;
  if (!resolved.has_link && !resolved.hidden) return;
  PathHealth& link = links_.emplace_back();
  link.key = key;
  link.path = path;
  if (!resolved.leads_to.empty()) link.leads_to = resolved.leads_to;
  link.why = resolved.refused;
  link.hidden = resolved.hidden;
  link.unwatched =
      !resolved.refused.empty() && !resolved.hidden && link.key != "file.exclude_paths";
  if (!link.leads_to.has_value() && link.why.empty()) link.why = "it leads nowhere";
}

std::string ConfiguredPaths::operator()(const std::string& path) const {
  const auto found = paths_.find(path);
  return found == paths_.end() ? "" : found->second.leads_to;
}

bool ConfiguredPaths::Check(const FileConfig& config, const std::string& config_name,
                            std::vector<Diagnostic>& diagnostics) const {
  if (!config.enabled) return true;
  // The first watched path that lies at `folder` or below it.
  const auto watched_below = [&](const std::string& folder) -> std::optional<std::string> {
    std::vector<std::string> watched = config.watch_paths;
    std::copy_if(config.watch_patterns.begin(), config.watch_patterns.end(),
                 std::back_inserter(watched), IsPlainPath);
    for (const std::string& path : watched) {
      const std::string real = (*this)(path);
      if (IsUnder(path, folder) || (!real.empty() && IsUnder(real, folder))) return path;
    }
    return std::nullopt;
  };
  bool good = true;
  for (const std::string& path : config.exclude_paths) {
    const auto found = paths_.find(path);
    if (found == paths_.end()) continue;
    const std::string& real = found->second.leads_to;
    std::string wrong;
    if (real == "/") {
      wrong = "which would exclude every file; to watch none, set file.enabled to false";
    } else if (found->second.has_link && !real.empty()) {
      if (const auto watched = watched_below(real)) {
        wrong = absl::StrFormat("which would exclude %s, which is watched; take one of the two out",
                                Quoted(*watched));
      }
    }
    if (wrong.empty()) continue;
    good = false;
    const auto& places = config.exclude_places.items;
    const auto place = std::find_if(places.begin(), places.end(),
                                    [&](const SourceText& item) { return item.text == path; });
    const std::string message = absl::StrFormat("file.exclude_paths: %s leads to %s, %s",
                                                Quoted(path), Quoted(real), wrong);
    if (place != places.end()) {
      ReportAt(*place, 0, Diagnostic::Severity::kError, message, diagnostics);
    } else {
      diagnostics.push_back({.file = config_name, .message = message});
    }
  }
  return good;
}

std::string Description(const PathHealth& path) {
  if (path.leads_to.has_value()) {
    return absl::StrFormat("%s: %s leads to %s", path.key, Quoted(path.path),
                           Quoted(*path.leads_to));
  }
  return absl::StrFormat("%s: %s is taken as it is written, no symlink in it is followed: %s",
                         path.key, Quoted(path.path), path.why);
}

}  // namespace randguard
