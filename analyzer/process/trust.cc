// SPDX-License-Identifier: Apache-2.0
#include "analyzer/process/trust.h"

#include <sys/stat.h>

#include <algorithm>
#include <string_view>

namespace randguard {
namespace {

constexpr std::uint32_t kInit = 1;
constexpr std::uint32_t kKernelThreads = 2;  // kthreadd

// Folders in which no other user has a folder, so that nobody can mount a file system of their own
// there (FUSE, a stick), whose files belong to whomever it says.
constexpr std::string_view kRootsFolders[] = {
    "/usr/bin/",   "/usr/sbin/",    "/usr/lib/",       "/usr/lib32/",
    "/usr/lib64/", "/usr/libexec/", "/bin/",           "/sbin/",
    "/lib/",       "/lib64/",       "/usr/local/bin/", "/usr/local/sbin/",
    "/snap/",      "/nix/store/",   "/gnu/store/",     "/var/lib/dpkg/",
};

bool IsBelowRootsFolder(std::string_view path) {
  return std::any_of(std::begin(kRootsFolders), std::end(kRootsFolders),
                     [&](std::string_view folder) { return path.starts_with(folder); });
}

}  // namespace

struct Trust::File {
  OptionalText path, fs_path;
  std::optional<PathStatus> status;
  std::uint32_t uid = 0;
  std::uint32_t mode = 0;
  std::uint32_t dev = 0;
  bool memfd = false, unlinked = false;
};

void Trust::NoteHost(const ProcessStart& event) {
  const std::uint32_t pid = event.actor.process_id.pid;
  const bool first = pid == kInit || (pid == kKernelThreads && host_.mnt == 0);
  if (first && event.namespaces.mnt != 0) host_ = event.namespaces;
  if (pid != kInit || !event.actor.exe_path.has_value() || !event.exe_dev.has_value()) return;
  dev_ = event.exe_dev->dev;
  const std::string_view path = *event.actor.exe_path;
  const std::string_view within = event.exe_fs_path.value_or(path);
  root_ = within.ends_with(path) ? within.substr(0, within.size() - path.size()) : "";
}

bool Trust::IsTrusted(const File& file, bool foreign) const {
  if (!file.path.has_value() || !file.path->starts_with('/') || file.status.has_value() ||
      file.memfd || file.unlinked) {
    return false;
  }
  if (file.uid != 0 || (file.mode & (S_IWGRP | S_IWOTH)) != 0 || !S_ISREG(file.mode)) return false;
  const bool with_first = dev_ != 0 && file.dev == dev_;
  if (!foreign) return with_first || IsBelowRootsFolder(*file.path);
  // A service's sandbox shows the host's files at their own places.
  if (!with_first) return false;
  if (!file.fs_path.has_value()) return true;
  const std::string_view within = *file.fs_path;
  return within.size() == root_.size() + file.path->size() && within.starts_with(root_) &&
         within.ends_with(*file.path);
}

std::optional<bool> Trust::IsTrusted(const ProcessStart& event, bool snapshot,
                                     bool contained) const {
  if (!event.actor.exe_path.has_value() || host_.mnt == 0) return std::nullopt;
  // A container's root has the host's ids, and writes what it likes in there.
  if (contained || event.foreign_exe || event.namespaces.user != host_.user ||
      event.namespaces.pid != host_.pid) {
    return false;
  }
  const bool foreign = IsForeign(event.namespaces.mnt).value_or(true);
  File exe{.path = event.actor.exe_path,
           .fs_path = event.exe_fs_path,
           .status = event.exe_path_status,
           .uid = event.exe_uid.value_or(UINT32_MAX),
           .mode = event.exe_mode.value_or(Mode{}).bits,
           .dev = event.exe_dev.value_or(Device{}).dev,
           .memfd = event.memfd,
           .unlinked = event.unlinked};
  if (snapshot && !exe.memfd) {
    exe.unlinked = false;
    if (exe.status == PathStatus::kDeleted) exe.status = std::nullopt;
  }
  if (!IsTrusted(exe, foreign)) return false;
  if (!event.scripts.has_value()) return true;
  return std::all_of(event.scripts->begin(), event.scripts->end(), [&](const ScriptFile& script) {
    return IsTrusted({.path = script.path,
                      .status = script.path_status,
                      .uid = script.uid,
                      .mode = script.mode.bits,
                      .dev = script.dev.dev,
                      .memfd = script.memfd,
                      .unlinked = script.unlinked},
                     foreign);
  });
}

}  // namespace randguard
