// SPDX-License-Identifier: Apache-2.0
#include "analyzer/doctor/host.h"

#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <map>
#include <optional>
#include <string_view>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "analyzer/config/file_reader.h"
#include "analyzer/doctor/mounts.h"
#include "analyzer/output/json/event_writer.h"
#include "analyzer/plan/path_filter.h"

namespace randguard::doctor {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kReadMax = std::size_t{64} << 20;  // bytes of a file; a mount table is long
constexpr std::size_t kNamed = 4;                        // of many alike

// Empty: it is not there, or may not be read.
std::string TextOf(const std::string& path) { return ReadWholeFile(path, kReadMax).value_or(""); }

std::vector<Mount> MountsOf(const Host& host) {
  return ParseMounts(TextOf(host.root + "/proc/self/mountinfo"));
}

// Why file telemetry of this type of file system is not whole; empty: it is.
std::string_view Elsewhere(std::string_view type) {
  static constexpr auto kShared = std::to_array<std::string_view>(
      {"9p", "afs", "beegfs", "ceph", "cifs", "gfs2", "gpfs", "lustre", "nfs", "nfs4", "ocfs2",
       "orangefs", "smb3", "vboxsf", "virtiofs"});
  if (std::ranges::find(kShared, type) != kShared.end()) {
    return "other machines change it, too, and that is not seen here";
  }
  if (type == "fuse" || type == "fuseblk" || type.starts_with("fuse.")) {
    return "a program answers for it, and may say something else each time; what it does behind "
           "its files is not seen as theirs";
  }
  return {};
}

// The settings of journald.conf and its drop-ins, the last of each name: as systemd merges them.
class JournalSettings {
 public:
  explicit JournalSettings(const std::string& root) {
    for (const char* folder : {"/etc", "/run", "/usr/local/lib", "/usr/lib"}) {
      if (const auto text = ReadWholeFile(root + folder + "/systemd/journald.conf", kReadMax);
          text.ok()) {
        Read(*text);
        break;
      }
    }
    std::map<std::string, std::string> drop_ins;  // by name: of one name, the first folder's counts
    for (const char* folder : {"/etc", "/run", "/usr/local/lib", "/usr/lib"}) {
      std::error_code error;
      const std::string path = root + folder + "/systemd/journald.conf.d";
      for (const auto& entry : fs::directory_iterator(path, error)) {
        if (entry.path().extension() == ".conf") {
          drop_ins.emplace(entry.path().filename(), entry.path());
        }
      }
    }
    for (const auto& [name, path] : drop_ins) Read(TextOf(path));
  }

  // Lower-case; empty: not said.
  std::string Value(const std::string& name) const {
    const auto found = values_.find(name);
    return found == values_.end() ? "" : absl::AsciiStrToLower(found->second);
  }

  // Bytes, of "48K" and the like; absent: not said, or not a size.
  std::optional<std::uint64_t> Size(const std::string& name) const {
    std::string text = Value(name);
    std::uint64_t unit = 1;
    if (!text.empty()) {
      const std::size_t power = std::string_view("kmgt").find(text.back());
      if (power != std::string_view::npos) {
        unit = std::uint64_t{1} << (10 * (power + 1));
        text.pop_back();
      }
    }
    std::uint64_t value = 0;
    if (!absl::SimpleAtoi(text, &value) || value > UINT64_MAX / unit) return std::nullopt;
    return value * unit;
  }

 private:
  void Read(std::string_view text) {
    for (absl::string_view line :
         absl::StrSplit(absl::string_view(text.data(), text.size()), '\n')) {
      line = absl::StripAsciiWhitespace(line);
      if (line.empty() || line[0] == '#' || line[0] == ';' || line[0] == '[') continue;
      const std::pair<absl::string_view, absl::string_view> pair =
          absl::StrSplit(line, absl::MaxSplits('=', 1));
      values_[std::string(absl::StripAsciiWhitespace(pair.first))] =
          std::string(absl::StripAsciiWhitespace(pair.second));
    }
  }

  std::map<std::string, std::string> values_;
};

bool AlertsGoToJournal(const Config& config) {
  return config.output.alerts.journal || config.output.type == OutputType::kJournald ||
         std::ranges::any_of(config.outputs, [](const FurtherOutputConfig& output) {
           return output.type == FurtherOutputType::kJournald;
         });
}

}  // namespace

Host ThisHost() {
  utsname names{};
  uname(&names);
  return {
      .root = "", .machine = names.machine, .release = names.release, .privileged = geteuid() == 0};
}

Findings KernelFindings(const Host& host) {
  Findings out;
  if (host.machine == "x86_64") {
    out.push_back({"machine", Mark::kGood, host.machine, ""});
  } else {
    out.push_back({"machine", Mark::kBad, host.machine + ": only x86_64 is supported", ""});
  }
  out.push_back({"kernel", Mark::kGood, host.release, ""});
  if (access((host.root + "/sys/kernel/btf/vmlinux").c_str(), R_OK) == 0) {
    out.push_back({"btf", Mark::kGood, "/sys/kernel/btf/vmlinux", ""});
  } else {
    out.push_back({"btf", Mark::kBad, "/sys/kernel/btf/vmlinux is not there, or may not be read",
                   "a kernel that was built with CONFIG_DEBUG_INFO_BTF"});
  }
  const std::string lockdown = TextOf(host.root + "/sys/kernel/security/lockdown");
  if (absl::StrContains(lockdown, "[confidentiality]")) {
    out.push_back({"lockdown", Mark::kBad,
                   "confidentiality: no eBPF program may read the kernel's memory",
                   "boot with lockdown=integrity, or without it"});
  } else if (absl::StrContains(lockdown, "[integrity]")) {
    out.push_back({"lockdown", Mark::kGood, "integrity: that does not concern the sensor", ""});
  }
  if (TextOf(host.root + "/proc/sys/net/core/bpf_jit_enable").starts_with('0')) {
    out.push_back({"jit", Mark::kNote, "eBPF programs are interpreted, and cost a multiple",
                   "sysctl net.core.bpf_jit_enable=1"});
  }
  if (host.privileged) {
    out.push_back({"privilege", Mark::kGood, "root", ""});
  } else {
    out.push_back({"privilege", Mark::kBad,
                   "not root: that takes CAP_BPF and CAP_PERFMON, so the hooks are not tried",
                   "sudo rand-guard doctor"});
  }
  return out;
}

Findings ContainerFindings(const Host& host) {
  bool v1 = false, v2 = false;
  for (const Mount& mount : MountsOf(host)) {
    v1 |= mount.type == "cgroup";
    v2 |= mount.type == "cgroup2";
  }
  if (v2 && !v1) return {{"containers", Mark::kGood, "named by control groups, version 2", ""}};
  if (v2) {
    return {{"containers", Mark::kNote,
             "control groups of version 1 beside version 2: a container whose runtime names its "
             "groups by itself (driver cgroupfs) has no container_id",
             "boot with systemd.unified_cgroup_hierarchy=1"}};
  }
  return {{"containers", Mark::kNote,
           "no control groups of version 2 are mounted: container_id and cgroup may be missing",
           "boot with systemd.unified_cgroup_hierarchy=1, or mount cgroup2 at /sys/fs/cgroup"}};
}

Findings FileSystemFindings(const Host& host, const FileConfig& config) {
  if (!config.enabled) return {};
  // Patterns hold anywhere, so all counts that is not excluded.
  std::map<std::string_view, std::vector<std::string>> partial;  // by why
  for (const Mount& mount : MountsOf(host)) {
    const std::string_view why = Elsewhere(mount.type);
    if (why.empty() || std::ranges::any_of(config.exclude_paths, [&](const std::string& folder) {
          return IsUnder(mount.point, folder);
        })) {
      continue;
    }
    partial[why].push_back(absl::StrFormat("%s (%s)", mount.point, mount.type));
  }
  Findings out;
  for (auto& [why, mounts] : partial) {
    const std::size_t more = mounts.size() - std::min(mounts.size(), kNamed);
    mounts.resize(mounts.size() - more);
    const std::string others = more > 0 ? absl::StrFormat(" and %d more", more) : "";
    out.push_back({"file systems", Mark::kNote,
                   absl::StrFormat("%s%s: %s", absl::StrJoin(mounts, ", "), others, why),
                   "a sensor on the machine that has the files; or file.exclude_paths"});
  }
  if (out.empty())
    out.push_back({"file systems", Mark::kGood, "no network or FUSE file system is watched", ""});
  return out;
}

Findings JournalFindings(const Host& host, const Config& config) {
  const bool alerts = AlertsGoToJournal(config);
  const bool lines = config.output.type == OutputType::kStdout ||
                     (config.output.type == OutputType::kJournald && config.output.path.empty());
  if (!alerts && !lines) return {};
  const JournalSettings settings(host.root);
  Findings out;
  const std::string storage = settings.Value("Storage");
  if (storage == "none") {
    out.push_back({"journal", Mark::kNote, "it keeps nothing (Storage=none in journald.conf)",
                   "Storage=persistent; or output.type = \"file\""});
  } else if (storage == "volatile" ||
             (storage != "persistent" && !fs::exists(host.root + "/var/log/journal"))) {
    out.push_back({"journal", Mark::kNote,
                   alerts ? "alerts in it are gone with the next boot"
                          : "if lines go there, they are gone with the next boot",
                   "Storage=persistent in journald.conf; or output.alerts.path"});
  }
  if (const auto max = settings.Size("LineMax");
      lines && max.has_value() && *max < EventWriter::kLineMax) {
    out.push_back({"journal", Mark::kNote,
                   absl::StrFormat("it cuts lines after %d bytes, and ours have up to %d", *max,
                                   EventWriter::kLineMax),
                   "LineMax=48K in journald.conf; or output.type = \"file\""});
  }
  if (out.empty()) out.push_back({"journal", Mark::kGood, "it keeps what it gets, whole", ""});
  return out;
}

}  // namespace randguard::doctor
