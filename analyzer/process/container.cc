// SPDX-License-Identifier: Apache-2.0
#include "analyzer/process/container.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <utility>

namespace randguard {
namespace {

// --- the table -----------------------------------------------------------------------------------

using Runtime = ContainerRuntime;

// The name of a container: its id in the cgroup's name.
enum class Id : std::uint8_t {
  kHex,    // 64 hex digits, as most runtimes make them
  kBuild,  // 25 letters and digits, of a step that BuildKit runs
  kTask,   // 32 hex digits, "-", digits, of Fargate
  kName,   // whatever somebody has chosen
  kUnit,   // likewise, escaped as in a unit's name
};

// The makers that a cgroup can have, by what stands above it.
enum Place : std::uint8_t {
  kRoots = 1 << 0,    // root alone: slices and folders that are no user's
  kRuntime = 1 << 1,  // the unit of a runtime or of a kubelet, which are root
  kService = 1 << 2,  // any other unit of the system: whoever it runs as, if it delegates
  kUsers = 1 << 3,    // a user, somewhere below the user's own slice
  kManager = 1 << 4,  // likewise, right in user.slice of the user's systemd
};

// `parent` is the folder that the container's cgroup is in, at any level above it where that begins
// with "*/". Empty: any. The first row that fits counts.
struct Row {
  Runtime runtime;
  std::string_view prefix;
  Id id;
  std::string_view parent;
  std::uint8_t places;
};

// Drivers. systemd: runc and crun make PREFIX-ID.scope of "SLICE:PREFIX:ID", in the slice that is
// asked for, or by default in system.slice, and in user.slice of a user's systemd (runc:
// libcontainer/cgroups/systemd). cgroupfs: the folder is what is asked for. Where a runtime asks
// in the form of the one driver and gets the other, the folder is called "SLICE:PREFIX:ID", and is
// within the runtime's own unit; that form fits the same rows.
constexpr Row kRows[] = {
    // moby: daemon/oci_linux.go, cri-dockerd likewise; --cgroup-parent chooses the folder or slice.
    {Runtime::kDocker, "docker-", Id::kHex, "", kRoots | kRuntime | kManager},
    {Runtime::kDocker, "", Id::kHex, "docker", kRoots | kRuntime},
    // moby: builder-next; buildkit: executor/oci, whose parent may be any folder.
    {Runtime::kBuildkit, "docker-", Id::kBuild, "", kRoots | kRuntime | kManager},
    {Runtime::kBuildkit, "buildkit-", Id::kBuild, "", kRoots | kRuntime | kManager},
    {Runtime::kBuildkit, "", Id::kBuild, "buildkit", kRoots | kRuntime},
    {Runtime::kContainerd, "", Id::kHex, "buildkit", kRoots | kRuntime},  // its namespace
    // containerd: internal/cri/server/podsandbox; its oci package makes /NAMESPACE/ID.
    {Runtime::kContainerd, "cri-containerd-", Id::kHex, "", kRoots | kRuntime | kManager},
    {Runtime::kContainerd, "containerd-", Id::kHex, "", kRoots | kRuntime | kManager},
    {Runtime::kContainerd, "", Id::kHex, "k8s.io", kRoots | kRuntime},
    {Runtime::kContainerd, "", Id::kHex, "moby", kRoots | kRuntime},
    {Runtime::kContainerd, "", Id::kName, "default", kRoots},
    // nerdctl: pkg/cmd/container.
    {Runtime::kContainerd, "nerdctl-", Id::kHex, "", kRoots | kRuntime | kManager},
    // cri-o: internal/config/cgmgr. conmon is in crio-conmon-ID, on the host.
    {Runtime::kCriO, "crio-", Id::kHex, "", kRoots | kRuntime | kManager},
    {Runtime::kCriO, "cri-o-", Id::kHex, "", kRoots | kRuntime},
    // podman: libpod/container_internal_linux.go. --cgroups=split, and so every Quadlet, has
    // libpod-payload-ID in its own unit. conmon is in libpod-conmon-ID.
    {Runtime::kPodman, "libpod-", Id::kHex, "", kRoots | kRuntime | kUsers | kManager},
    {Runtime::kPodman, "libpod-payload-", Id::kHex, "",
     kRoots | kRuntime | kService | kUsers | kManager},
    // Amazon ECS agent: /ecs/TASK/ID; /ecs/TASK/TASK-NUMBER of Fargate.
    {Runtime::kEcs, "", Id::kHex, "*/ecs", kRoots},
    {Runtime::kEcs, "", Id::kTask, "*/ecs", kRoots},
    // kubelet: pkg/kubelet/cm, [--cgroup-root/]kubepods[/QOS]/podUID, and what its runtime adds.
    {Runtime::kKubernetes, "", Id::kHex, "*/kubepods", kRoots | kRuntime},
    {Runtime::kKubernetes, "", Id::kHex, "pod", kRoots | kRuntime},
    // lxc: src/lxc/cgroups; Proxmox and v1 have /lxc/NAME. lxc.monitor is on the host.
    {Runtime::kLxc, "lxc.payload.", Id::kName, "", kRoots | kRuntime | kUsers | kManager},
    {Runtime::kLxc, "", Id::kName, "lxc.payload", kRoots},
    {Runtime::kLxc, "", Id::kName, "lxc", kRoots},
    // systemd: src/nspawn, src/machine (machine-NAME.scope; that of a virtual machine is none).
    {Runtime::kSystemdNspawn, "systemd-nspawn@", Id::kUnit, "", kRoots},
    {Runtime::kMachined, "machine-", Id::kUnit, "machine.slice", kRoots},
    // guardian: rundmc/cgroups, /garden/HANDLE, with CPU throttling /garden/good/HANDLE.
    {Runtime::kGarden, "", Id::kName, "*/garden", kRoots | kRuntime},
    // cgroupfs and --cgroup-parent, or runc by itself: nothing says which runtime.
    {Runtime::kOci, "", Id::kHex, "", kRoots},
};

// Folders that a runtime makes on the way to its containers, and whose names a row fits.
struct Folder {
  std::string_view parent, name;  // name empty: any
};
constexpr Folder kFolders[] = {
    {"libpod_parent", ""},  // a pod's; its containers are libpod-ID
    {"garden", "good"},
    {"garden", "bad"},
};

// Units of the system in which a runtime may make the cgroups of its containers.
constexpr std::string_view kRuntimeUnits[] = {
    "containerd.service",
    "docker.service",
    "cri-docker.service",
    "crio.service",
    "podman.service",
    "buildkit.service",
    "buildkitd.service",
    "kubelet.service",
    "k3s.service",
    "k3s-agent.service",
    "k0scontroller.service",
    "k0sworker.service",
    "rke2-server.service",
    "rke2-agent.service",
    "garden.service",
    "lxc.service",
    "lxd.service",
    "incus.service",
    "snap.lxd.daemon.service",
    "snap.docker.dockerd.service",
    "snap.microk8s.daemon-containerd.service",
    "snap.microk8s.daemon-kubelite.service",
};

// --- ids -----------------------------------------------------------------------------------------

bool IsHex(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

bool IsNumber(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

// "\x2d" is "-".
std::string Unescaped(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const int high =
        i + 3 < text.size() && text[i] == '\\' && text[i + 1] == 'x' ? HexValue(text[i + 2]) : -1;
    const int low = high >= 0 ? HexValue(text[i + 3]) : -1;
    if (low < 0) {
      out += text[i];
    } else {
      out += static_cast<char>(high * 16 + low);
      i += 3;
    }
  }
  return out;
}

// Empty: the text is no such id.
std::string IdOf(std::string_view text, Id id) {
  switch (id) {
    case Id::kHex:
      return text.size() == 64 && IsHex(text) ? std::string(text) : "";
    case Id::kBuild:
      return text.size() == 25 &&
                     std::all_of(
                         text.begin(), text.end(),
                         [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z'); })
                 ? std::string(text)
                 : "";
    case Id::kTask:
      return text.size() > 33 && IsHex(text.substr(0, 32)) && text[32] == '-' &&
                     IsNumber(text.substr(33))
                 ? std::string(text)
                 : "";
    case Id::kName:
      return std::string(text);
    case Id::kUnit:
      return text.starts_with("qemu\\x2d") ? "" : Unescaped(text);
  }
  return "";
}

// --- paths ---------------------------------------------------------------------------------------

bool IsUnit(std::string_view name) {
  return name.ends_with(".service") || name.ends_with(".scope");
}

bool IsBetween(std::string_view name, std::string_view prefix, std::string_view suffix) {
  return name.size() > prefix.size() + suffix.size() && name.starts_with(prefix) &&
         name.ends_with(suffix) &&
         IsNumber(name.substr(prefix.size(), name.size() - prefix.size() - suffix.size()));
}

// The slice or the systemd of a user who is not root.
bool IsUsersOwn(std::string_view name) {
  return (IsBetween(name, "user-", ".slice") && name != "user-0.slice") ||
         (IsBetween(name, "user@", ".service") && name != "user@0.service");
}

// Whether the name is that of a row's parent.
bool IsParent(std::string_view name, std::string_view parent) {
  if (parent == "pod") return name.starts_with(parent) && name.size() > parent.size();
  // A kubelet with --cgroup-root=x has x-kubepods.slice, and in it x-kubepods-besteffort.slice.
  if (parent == "kubepods") return name.find(parent) != name.npos;
  return name == parent;
}

// The folders from the root, or from the container that we are in, and who can have made what is in
// the last one of them.
class Way {
 public:
  void Down(std::string_view name) {
    if (IsUsersOwn(name)) {
      place_ = kUsers;
      in_manager_ = name.ends_with(".service");
    } else if (place_ == kUsers || place_ == kManager) {
      place_ = in_manager_ && name == "user.slice" ? kManager : kUsers;
      in_manager_ = false;
    } else if (IsUnit(name)) {
      const bool runtime = std::find(std::begin(kRuntimeUnits), std::end(kRuntimeUnits), name) !=
                           std::end(kRuntimeUnits);
      place_ = runtime && place_ == kRoots ? kRuntime : kService;
    }
    folders_.push_back(name);
  }

  bool IsUsers() const { return place_ == kUsers || place_ == kManager; }

  // Does the container of a row belong here?
  bool Fits(const Row& row) const {
    if ((row.places & place_) == 0) return false;
    if (row.parent.empty()) return true;
    if (row.parent.starts_with("*/")) {
      return std::any_of(folders_.begin(), folders_.end(), [&](std::string_view folder) {
        return IsParent(folder, row.parent.substr(2));
      });
    }
    return !folders_.empty() && IsParent(folders_.back(), row.parent);
  }

  bool IsFolderOfRuntime(std::string_view name) const {
    return std::any_of(std::begin(kFolders), std::end(kFolders), [&](const Folder& folder) {
      return !folders_.empty() && folders_.back() == folder.parent &&
             (folder.name.empty() || folder.name == name);
    });
  }

 private:
  Place place_ = kRoots;
  bool in_manager_ = false;  // right below a user's systemd
  std::vector<std::string_view> folders_;
};

// The name as rows have it: without the unit's suffix, PREFIX-ID for SLICE:PREFIX:ID.
std::string NameInRows(std::string_view name) {
  for (const std::string_view suffix : {".scope", ".service"}) {
    if (name.ends_with(suffix)) name.remove_suffix(suffix.size());
  }
  constexpr std::string_view kSlice = ".slice:";
  const std::size_t slice = name.find(kSlice);
  if (slice == name.npos) return std::string(name);
  std::string prefix_and_id(name.substr(slice + kSlice.size()));
  const std::size_t colon = prefix_and_id.find(':');
  if (colon == prefix_and_id.npos) return std::string(name);
  prefix_and_id[colon] = '-';
  return prefix_and_id;
}

std::optional<Container> FromFolder(std::string_view name, const Way& way) {
  if (name.ends_with(".slice")) return std::nullopt;
  const std::string unit = NameInRows(name);
  for (const Row& row : kRows) {
    if (!way.Fits(row)) continue;
    // Without a prefix, a container is a folder and no unit.
    const std::string_view text = row.prefix.empty() ? name : std::string_view(unit);
    if (!text.starts_with(row.prefix)) continue;
    if (row.prefix.empty() && way.IsFolderOfRuntime(name)) continue;
    std::string id = IdOf(text.substr(row.prefix.size()), row.id);
    if (!id.empty()) {
      return Container{.runtime = row.runtime, .id = std::move(id), .rootless = way.IsUsers()};
    }
  }
  return std::nullopt;
}

}  // namespace

std::vector<Container> ContainersOf(std::string_view path) {
  std::vector<Container> containers;
  Way way;
  for (std::size_t at = 0; at < path.size();) {
    const std::size_t end = std::min(path.find('/', at), path.size());
    const std::string_view name = path.substr(at, end - at);
    at = end + 1;
    if (name.empty()) continue;
    auto container = FromFolder(name, way);
    if (!container.has_value()) {
      way.Down(name);
      continue;
    }
    // A user's container makes up what is in it, as the user does.
    if (!containers.empty() && containers.front().rootless) container->rootless = true;
    containers.push_back(*std::move(container));
    way = Way();
  }
  return containers;
}

}  // namespace randguard
