// SPDX-License-Identifier: Apache-2.0
#include "analyzer/doctor/storage.h"

#include <sys/stat.h>
#include <sys/statvfs.h>

#include <filesystem>
#include <map>
#include <set>
#include <vector>

#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"

namespace randguard::doctor {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMiB = std::uint64_t{1} << 20;

// One of the outputs that keep files, and how much each keeps.
struct Kept {
  std::string key;  // as the configuration calls it: "output"
  std::string folder;
  std::uint64_t max = 0;  // bytes; 0: all of it
};

std::uint64_t MostOf(OutputRotation rotation, std::uint64_t keep_mib, std::uint64_t rotate_mib,
                     std::uint64_t rotate_keep) {
  return (rotation == OutputRotation::kSegments ? keep_mib : rotate_mib * (rotate_keep + 1)) * kMiB;
}

std::vector<Kept> AllKept(const Config& config) {
  std::vector<Kept> all;
  const auto add = [&](std::string key, const std::string& path, std::uint64_t max) {
    if (!path.empty()) all.push_back({std::move(key), fs::path(path).parent_path(), max});
  };
  const OutputConfig& out = config.output;
  if (out.type != OutputType::kStdout) {
    add("output", out.path, MostOf(out.rotation, out.keep_size, out.rotate_size, out.rotate_keep));
  }
  const AlertOutputConfig& alerts = out.alerts;
  add("output.alerts", alerts.path,
      MostOf(out.rotation, alerts.keep_size, alerts.rotate_size, alerts.rotate_keep));
  for (const FurtherOutputConfig& other : config.outputs) {
    if (other.type != FurtherOutputType::kFile) continue;
    add(absl::StrFormat("outputs \"%s\"", other.name), other.path,
        MostOf(other.rotation, other.keep_size, other.rotate_size, other.rotate_keep));
  }
  return all;
}

std::string Size(std::uint64_t bytes) {
  const double mib = static_cast<double>(bytes) / static_cast<double>(kMiB);
  return mib < 1024 ? absl::StrFormat("%.0f MiB", mib) : absl::StrFormat("%.1f GiB", mib / 1024);
}

// All that is kept in one file system.
struct Disk {
  std::uint64_t free = 0, used = 0, max = 0;
  bool unread = false;                   // some of what is used is not known
  std::set<std::string> folders;         // of what is kept
  std::vector<std::string> without_end;  // keys of what is kept for ever
};

Finding FindingOf(const Disk& disk) {
  const std::string folders = absl::StrJoin(disk.folders, ", ");
  const std::string free = absl::StrFormat("%s: %s free", folders, Size(disk.free));
  if (!disk.without_end.empty()) {
    return {"disk", Mark::kNote,
            absl::StrFormat("%s, and nothing bounds what is kept there by %s", free,
                            absl::StrJoin(disk.without_end, ", ")),
            "keep_size, or rotate_size, in that part of the configuration"};
  }
  const std::uint64_t room = disk.free + disk.used;
  if (disk.max <= room) {
    return {"disk", Mark::kGood, absl::StrFormat("%s; at most %s is kept", free, Size(disk.max)),
            ""};
  }
  if (disk.unread) {
    return {"disk", Mark::kNote,
            absl::StrFormat("%s besides what is kept there already, of at most %s", free,
                            Size(disk.max)),
            "sudo rand-guard doctor can look how much that is"};
  }
  return {"disk", Mark::kBad,
          absl::StrFormat("%s, %s are kept already, and up to %s may be: lines will be lost", free,
                          Size(disk.used), Size(disk.max)),
          "less in keep_size, or in rotate_size and rotate_keep; or another disk"};
}

}  // namespace

std::optional<Space> SpaceOf(const std::string& folder) {
  fs::path there = folder;
  std::error_code error;
  while (!fs::is_directory(there, error) && there.has_relative_path()) there = there.parent_path();
  struct statvfs system {};
  struct stat status {};
  if (statvfs(there.c_str(), &system) != 0 || stat(there.c_str(), &status) != 0) {
    return std::nullopt;
  }
  Space space{
      .device = status.st_dev, .free = std::uint64_t{system.f_bavail} * system.f_frsize, .used = 0};
  if (there != folder) return space;
  fs::directory_iterator files(there, error);
  if (error) {
    space.used.reset();
    return space;
  }
  for (const auto& file : files) {
    if (file.is_regular_file(error)) *space.used += file.file_size(error);
  }
  return space;
}

Findings StorageFindings(const Config& config,
                         absl::FunctionRef<std::optional<Space>(const std::string& folder)> space) {
  Findings out;
  std::map<std::uint64_t, Disk> disks;
  for (const Kept& kept : AllKept(config)) {
    const auto found = space(kept.folder);
    if (!found.has_value()) {
      out.push_back({"disk", Mark::kBad, kept.folder + ": not there, or not to be looked into",
                     "make it, or name another path in " + kept.key});
      continue;
    }
    Disk& disk = disks[found->device];
    disk.free = found->free;
    disk.max += kept.max;
    if (kept.max == 0) disk.without_end.push_back(kept.key);
    if (!disk.folders.insert(kept.folder).second) continue;
    disk.used += found->used.value_or(0);
    disk.unread |= !found->used.has_value();
  }
  for (const auto& [device, disk] : disks) out.push_back(FindingOf(disk));
  return out;
}

}  // namespace randguard::doctor
