// SPDX-License-Identifier: Apache-2.0
#include "collector/sensor.h"

#include <bpf/bpf.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <iterator>
#include <string_view>

#include "collector/startup.h"

namespace randguard::collector {
namespace {

constexpr char kKernelTypes[] = "/sys/kernel/btf/vmlinux";
constexpr ino_t kFirstPidNamespace = 0xeffffffc;  // PROC_PID_INIT_INO
constexpr std::size_t kMaxObjectBytes = std::size_t{16} * 1024 * 1024;

struct ProgramInfo {
  const char* name;
  rg_hook hook;
  int choice;
};
constexpr ProgramInfo kPrograms[] = {
#define PROGRAM(number, name, hook, choice) {"rg_" #name, RG_HOOK_##hook, choice},
#include "schema/abi/programs.def"
#undef PROGRAM
};

struct HookInfo {
  rg_hook hook;
  const char* name;
  bool required;
};
constexpr bool required = true;   // NOLINT(readability-identifier-naming): words of hooks.def
constexpr bool optional = false;  // NOLINT(readability-identifier-naming)
constexpr HookInfo kHooks[] = {
#define HOOK(number, name, need) {RG_HOOK_##name, #name, need},
#include "schema/abi/hooks.def"
#undef HOOK
};

// The first complaint of libbpf since the last clear: the cause, not its consequences.
std::string& LibbpfComplaint() {
  static std::string complaint;
  return complaint;
}

int KeepComplaint(libbpf_print_level level, const char* format, va_list args) {
  if (level != LIBBPF_WARN || !LibbpfComplaint().empty()) return 0;
  char line[512];
  std::vsnprintf(line, sizeof(line), format, args);
  std::string_view text = line;
  if (text.starts_with("libbpf: ")) text.remove_prefix(8);
  if (text.find("RLIMIT_MEMLOCK") != text.npos) return 0;  // means nothing since 5.11
  // libbpf looks in modules for functions that the kernel itself lacks, which takes CAP_SYS_ADMIN.
  // All programs attach to the kernel's own functions; the complaint about the program follows.
  if (text.find("iterate BTF objects") != text.npos) return 0;
  LibbpfComplaint() = text.substr(0, text.find('\n'));
  return 0;
}

struct ObjectDelete {
  void operator()(bpf_object* o) const { bpf_object__close(o); }
};
using Object = std::unique_ptr<bpf_object, ObjectDelete>;

bpf_program* FindProgram(bpf_object* object, const char* name) {
  bpf_program* program = bpf_object__find_program_by_name(object, name);
  if (program == nullptr) Fail("eBPF object: program %s is missing", name);
  return program;
}

// The reason why an earlier try failed on this host, by hook and choice; empty where none failed.
using Refused = std::array<std::array<std::string, 2>, RG_HOOK_END>;

// Which choice of programs each hook gets: 0, 1, or -1 for none.
using Choices = std::array<int, RG_HOOK_END>;

Choices Choose(const Plan& plan, const Refused& refused,
               std::array<HookReport, RG_HOOK_END>& hooks) {
  Choices choices;
  choices.fill(-1);
  for (const HookInfo& hook : kHooks) {
    HookReport& report = hooks[hook.hook];
    if (!plan.hooks[hook.hook]) continue;
    report.state = HookState::kMissing;
    for (int choice = 0; choice < 2 && choices[hook.hook] < 0; ++choice) {
      const std::string& why = refused[hook.hook][choice];
      const bool any = std::any_of(
          std::begin(kPrograms), std::end(kPrograms),
          [&](const ProgramInfo& p) { return p.hook == hook.hook && p.choice == choice; });
      if (!any) continue;
      if (why.empty()) {
        choices[hook.hook] = choice;
        report.state = choice == 0 ? HookState::kAttached : HookState::kFallback;
      } else {
        report.why += (report.why.empty() ? "" : "; ") + why;
      }
    }
    if (hook.required && choices[hook.hook] < 0) {
      Fail("this host cannot be observed: %s: %s", hook.name, report.why.c_str());
    }
  }
  return choices;
}

bpf_map* FindMap(bpf_object* object, const char* name) {
  bpf_map* map = bpf_object__find_map_by_name(object, name);
  if (map == nullptr) Fail("eBPF object: map %s is missing", name);
  return map;
}

// The object's .rodata or .bss: libbpf names it after the object.
bpf_map* FindSection(bpf_object* object, std::string_view suffix, std::size_t size) {
  bpf_map* map = nullptr;
  bpf_object__for_each_map(map, object) {
    if (std::string_view(bpf_map__name(map)).ends_with(suffix)) {
      if (bpf_map__value_size(map) != size) break;
      return map;
    }
  }
  Fail(
      "eBPF object: its %s section is not that of ABI version %u; install collector and object "
      "of the same version",
      suffix.data(), RG_ABI_VERSION);
}

Object Open(kj::ArrayPtr<const kj::byte> bytes, const char* path) {
  LIBBPF_OPTS(bpf_object_open_opts, options, .object_name = "edr_ebpf");
  Object object(bpf_object__open_mem(bytes.begin(), bytes.size(), &options));
  if (object == nullptr) {
    Fail("eBPF object %s: %s: %s", path, std::strerror(errno), LibbpfComplaint().c_str());
  }
  std::size_t size = 0;
  const bpf_map* rodata = FindSection(object.get(), ".rodata", sizeof(rg_settings));
  const auto* settings =
      static_cast<const rg_settings*>(bpf_map__initial_value(const_cast<bpf_map*>(rodata), &size));
  if (size != sizeof(rg_settings) || settings->abi_version != RG_ABI_VERSION) {
    Fail(
        "eBPF object %s is of ABI version %u, this collector of %u; install the same version of "
        "both",
        path, settings->abi_version, RG_ABI_VERSION);
  }
  return object;
}

void Configure(bpf_object* object, const Plan& plan, const Choices& choices) {
  rg_settings settings = plan.settings;
  settings.abi_version = RG_ABI_VERSION;
  bpf_map* rodata = FindSection(object, ".rodata", sizeof(rg_settings));
  const int cpus = libbpf_num_possible_cpus();
  if (cpus < 1) Fail("cannot tell the number of CPUs: %s", std::strerror(-cpus));
  if (bpf_map__set_initial_value(rodata, &settings, sizeof(settings)) != 0 ||
      bpf_map__set_max_entries(FindMap(object, "rg_scratch"), cpus) != 0 ||
      bpf_map__set_max_entries(FindMap(object, "rg_filter"),
                               std::max<std::size_t>(plan.filter.size(), 1)) != 0 ||
      bpf_map__set_max_entries(FindMap(object, "rg_lane_critical"), plan.critical_ring_bytes) !=
          0 ||
      bpf_map__set_max_entries(FindMap(object, "rg_lane_bulk"), plan.bulk_ring_bytes) != 0) {
    Fail("eBPF object: cannot be configured: %s", std::strerror(errno));
  }
  for (const ProgramInfo& p : kPrograms) {
    bpf_program__set_autoload(FindProgram(object, p.name), choices[p.hook] == p.choice);
  }
}

// False: the kernel refused a program, and `refused` now says which.
bool Load(bpf_object* object, Refused& refused) {
  // The programs can do without a function of the kernel (ebpf/read.h). Where the kernel itself
  // lacks that function, libbpf looks for it in modules. Not being allowed to do that is an error.
  // libbpf tries it once for an object: here, for a function that exists nowhere.
  bpf_program__set_attach_target(FindProgram(object, kPrograms[0].name), 0, "rand_guard");
  LibbpfComplaint().clear();
  if (bpf_object__load(object) == 0) return true;
  const int error = errno;
  for (const ProgramInfo& p : kPrograms) {
    if (!LibbpfComplaint().starts_with(std::string("prog '") + p.name + "'")) continue;
    refused[p.hook][p.choice] = LibbpfComplaint();
    return false;
  }
  Fail("this host refuses eBPF: %s (%s)", std::strerror(error), LibbpfComplaint().c_str());
}

// Attaches them in the same way. Backwards: exec, which prepare_exec and fork prepare for, comes
// last.
bool Attach(bpf_object* object, const Choices& choices, Sensor& sensor, Refused& refused) {
  for (auto p = std::rbegin(kPrograms); p != std::rend(kPrograms); ++p) {
    if (choices[p->hook] != p->choice) continue;
    std::unique_ptr<bpf_link, LinkDelete> link(bpf_program__attach(FindProgram(object, p->name)));
    if (link == nullptr) {
      refused[p->hook][p->choice] =
          std::string(p->name) + " cannot be attached: " + std::strerror(errno);
      return false;
    }
    if (p->hook == RG_HOOK_snapshot) sensor.snapshot_link = bpf_link__fd(link.get());
    if (p->hook == RG_HOOK_exec_source) sensor.shared->source_known = 1;
    sensor.links.push_back(std::move(link));
  }
  return true;
}

kj::AutoCloseFd DuplicateMapFd(bpf_object* object, const char* name) {
  kj::AutoCloseFd fd(fcntl(bpf_map__fd(FindMap(object, name)), F_DUPFD_CLOEXEC, 0));
  if (fd.get() < 0) Fail("map %s: %s", name, std::strerror(errno));
  return fd;
}

void Put(bpf_object* object, const char* map, const void* key, const void* value) {
  if (bpf_map_update_elem(bpf_map__fd(FindMap(object, map)), key, value, BPF_ANY) != 0) {
    Fail("map %s: %s", map, std::strerror(errno));
  }
}

void FillMaps(bpf_object* object, const Plan& plan) {
  for (const std::string& name : plan.env_names) {
    char key[RG_ENV_NAME_MAX] = {};
    const std::uint8_t value = 1;
    std::copy(name.begin(), name.end(), key);  // shorter than the key, as the plan's reader checked
    Put(object, "rg_env_names", key, &value);
  }
  for (std::uint32_t slot = 0; slot < plan.filter.size(); ++slot) {
    if (plan.filter[slot].hash != 0) Put(object, "rg_filter", &slot, &plan.filter[slot]);
  }
}

}  // namespace

Sensor LoadAndAttach(const Plan& plan, const char* object_path) {
  libbpf_set_print(KeepComplaint);
  std::size_t size = 0;
  const auto words = ReadTrustedFile(object_path, "eBPF object", kMaxObjectBytes, size);
  const kj::ArrayPtr<const kj::byte> bytes(words.asBytes().begin(), size);
  if (access(kKernelTypes, R_OK) != 0) {
    Fail(
        "this kernel has no type information (%s: %s); it must be built with CONFIG_DEBUG_INFO_BTF",
        kKernelTypes, std::strerror(errno));
  }

  // The programs recognise the sensor's own processes by pids of this namespace.
  struct stat pids {};
  if (stat("/proc/self/ns/pid", &pids) != 0 || pids.st_ino != kFirstPidNamespace) {
    Fail("must run in the host's own pid namespace, not in a container's");
  }

  // Parts that this host refuses are left out and everything is tried again, without optional hooks
  // or with their second choice. Every round leaves out one more part, so there is a last one.
  for (Refused refused;;) {
    Sensor sensor;
    const Object object = Open(bytes, object_path);
    const Choices choices = Choose(plan, refused, sensor.hooks);
    Configure(object.get(), plan, choices);
    if (!Load(object.get(), refused)) continue;
    FillMaps(object.get(), plan);
    sensor.critical_map = DuplicateMapFd(object.get(), "rg_lane_critical");
    sensor.bulk_map = DuplicateMapFd(object.get(), "rg_lane_bulk");
    const bpf_map* bss = FindSection(object.get(), ".bss", sizeof(rg_shared));
    const std::size_t page = sysconf(_SC_PAGESIZE);
    void* shared = mmap(nullptr, (sizeof(rg_shared) + page - 1) / page * page,
                        PROT_READ | PROT_WRITE, MAP_SHARED, bpf_map__fd(bss), 0);
    if (shared == MAP_FAILED) Fail("counters cannot be mapped: %s", std::strerror(errno));
    sensor.shared = static_cast<rg_shared*>(shared);
    sensor.counters = std::span(sensor.shared->counters)
                          .first(std::min(libbpf_num_possible_cpus(), RG_COUNTER_BLOCKS));
    // Before anything is attached, because dropping privileges is not to be reported as somebody's
    // act.
    sensor.shared->agent[0] = {.start_ns = 0, .pid = static_cast<__u32>(getpid()), .reserved = 0};
    if (Attach(object.get(), choices, sensor, refused)) return sensor;
  }
}

}  // namespace randguard::collector
