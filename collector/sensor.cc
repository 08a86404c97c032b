// SPDX-License-Identifier: Apache-2.0
#include "collector/sensor.h"

#include <bpf/bpf.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <iterator>
#include <string_view>

#include "collector/kernel_functions.h"
#include "collector/object.h"
#include "collector/startup.h"

namespace randguard::collector {
namespace {

constexpr char kKernelTypes[] = "/sys/kernel/btf/vmlinux";
constexpr ino_t kFirstPidNamespace = 0xeffffffc;  // PROC_PID_INIT_INO
constexpr rlim_t kDescriptors = 4096;
constexpr std::size_t kMaxObjectBytes = std::size_t{16} * 1024 * 1024;

struct ProgramInfo {
  unsigned number;
  const char* name;
  rg_hook hook;
  int choice;
  std::string_view signature;  // empty: the program is on no function
};
constexpr ProgramInfo kPrograms[] = {
#define PROGRAM(number, name, hook, choice, signature) \
  {number, "rg_" #name, RG_HOOK_##hook, choice, signature},
#include "schema/abi/programs.def"
#undef PROGRAM
};

struct HookInfo {
  rg_hook hook;
  const char* name;
  bool required;
  bool lives;
};
constexpr bool required = true;   // NOLINT(readability-identifier-naming): words of hooks.def
constexpr bool optional = false;  // NOLINT(readability-identifier-naming)
constexpr bool lives = true;      // NOLINT(readability-identifier-naming)
constexpr bool acts = false;      // NOLINT(readability-identifier-naming)
constexpr HookInfo kHooks[] = {
#define HOOK(number, name, need, about) {RG_HOOK_##name, #name, need, about},
#include "schema/abi/hooks.def"
#undef HOOK
};

// The hook that sees each call.
constexpr rg_hook kHookOfOperation[] = {
#define OPERATION(name, hook) RG_HOOK_##hook,
#include "schema/abi/operations.def"
#undef OPERATION
};
constexpr rg_hook kHookOfCall[RG_CALL_END] = {
    RG_HOOK_syscalls,  // there is no call 0
#define CALL(number, name, shown, kind, event_type, operation, like, traits, fd, dirfd, name1, \
             dirfd2, name2, keep)                                                              \
  RG_HOOK_OF_CALL(RG_KIND_##kind, kHookOfOperation[RG_OPERATION_##operation]),
#include "schema/abi/calls.def"
#undef CALL
};

// Calls are seen in their own functions, or else at the exit of all calls.
constexpr int kCallFunctions = 0;
constexpr int kCallExit = 1;

// A hook on functions further inside of the kernel. That of calls can take its place.
bool HasStandIn(rg_hook hook) {
  return hook != RG_HOOK_syscalls &&
         std::find(std::begin(kHookOfOperation), std::end(kHookOfOperation), hook) !=
             std::end(kHookOfOperation);
}

bool IsOnFunctions(rg_hook hook, int choice) {
  return HasStandIn(hook) || (hook == RG_HOOK_syscalls && choice == kCallFunctions);
}

// Does the plan's layer leave the choice out?
bool IsLeftOut(const Plan& plan, rg_hook hook, int choice) {
  if (plan.layer == HookLayer::kCalls) return IsOnFunctions(hook, choice);
  return plan.layer == HookLayer::kFunctions && hook == RG_HOOK_syscalls && choice == kCallExit;
}

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

// The reason why an earlier try failed on this host, by hook and choice; empty where none failed.
using Refused = std::array<std::array<std::string, 2>, RG_HOOK_END>;

// The programs that are loaded on this host.
struct Selection {
  std::array<int, RG_HOOK_END> choices;                   // 0 or 1 for each hook, -1: none
  std::array<std::string, RG_PROGRAM_END - 1> functions;  // by place in kPrograms: what it is on
  std::array<bool, RG_PROGRAM_END - 1> programs{};
  CallFunctions call_functions;
  bool HasChoice(rg_hook hook) const { return choices[hook] >= 0; }
  bool HasCallFunctions() const { return choices[RG_HOOK_syscalls] == kCallFunctions; }
};

// Programs that are the same up to here are variants of one.
std::string_view RoleOf(std::string_view program) { return program.substr(0, program.find("___")); }

std::string_view FunctionOf(bpf_object* object, const char* program) {
  const std::string_view section = bpf_program__section_name(FindProgram(object, program));
  return section.substr(section.find('/') + 1);
}

// Takes the variant of a program that fits this kernel. Returns why there is none, or nothing.
std::string TakeVariant(const ProgramInfo& first, bpf_object* object, const KernelFunctions& kernel,
                        Selection& selection) {
  for (std::size_t i = 0; i < std::size(kPrograms); ++i) {
    const ProgramInfo& program = kPrograms[i];
    if (program.hook != first.hook || program.choice != first.choice ||
        RoleOf(program.name) != RoleOf(first.name)) {
      continue;
    }
    if (!program.signature.empty()) {
      selection.functions[i] = kernel.Find(FunctionOf(object, program.name), program.signature);
      if (selection.functions[i].empty()) continue;
    }
    selection.programs[i] = true;
    return "";
  }
  if (KernelFunctions::IsDispensable(first.signature) &&
      kernel.Get(FunctionOf(object, first.name)).function == 0) {
    return "";
  }
  return "this kernel has no function " + std::string(FunctionOf(object, first.name)) +
         " with the arguments that " + first.name + " knows";
}

// Takes the programs of a hook's choice. Returns why that cannot be done, or nothing.
std::string Take(rg_hook hook, int choice, bpf_object* object, const KernelFunctions& kernel,
                 Selection& selection) {
  for (const ProgramInfo& program : kPrograms) {
    if (program.hook != hook || program.choice != choice) continue;
    if (RoleOf(program.name) != program.name) continue;  // a variant of one in the list
    std::string why = TakeVariant(program, object, kernel, selection);
    if (!why.empty()) return why;
  }
  return "";
}

// Leaves all programs of a hook out.
void Drop(rg_hook hook, Selection& selection) {
  selection.choices[hook] = -1;
  for (std::size_t i = 0; i < std::size(kPrograms); ++i) {
    if (kPrograms[i].hook == hook) selection.programs[i] = false;
  }
}

// Reports a hook on functions that are not to be used, or cannot be: are its calls seen by the hook
// of calls?
void StandIn(const Plan& plan, const Selection& selection, const HookReport& hooks_of_calls,
             HookReport& report) {
  if (selection.HasChoice(RG_HOOK_syscalls)) {
    report.state = plan.layer == HookLayer::kCalls ? HookState::kAttached : HookState::kFallback;
    report.layer = hooks_of_calls.layer;
  } else if (report.why.empty()) {
    report.why = hooks_of_calls.why;
  }
}

Selection Select(const Plan& plan, const Refused& refused, bpf_object* object,
                 const KernelFunctions& kernel, std::array<HookReport, RG_HOOK_END>& hooks) {
  Selection selection;
  selection.choices.fill(-1);
  for (const HookInfo& hook : kHooks) {
    HookReport& report = hooks[hook.hook];
    if (!plan.hooks[hook.hook]) continue;
    report.state = HookState::kMissing;
    for (int choice = 0; choice < 2 && !selection.HasChoice(hook.hook); ++choice) {
      const bool any = std::any_of(
          std::begin(kPrograms), std::end(kPrograms),
          [&](const ProgramInfo& p) { return p.hook == hook.hook && p.choice == choice; });
      if (!any || IsLeftOut(plan, hook.hook, choice)) continue;
      std::string why = refused[hook.hook][choice];
      if (why.empty()) why = Take(hook.hook, choice, object, kernel, selection);
      if (!why.empty()) Drop(hook.hook, selection);
      if (why.empty()) {
        selection.choices[hook.hook] = choice;
        const bool first = choice == 0 || IsLeftOut(plan, hook.hook, 0);
        report.state = first ? HookState::kAttached : HookState::kFallback;
        report.layer = IsOnFunctions(hook.hook, choice) ? Layer::kFunction
                       : hook.hook == RG_HOOK_syscalls  ? Layer::kCall
                                                        : Layer::kNone;
      } else {
        report.why += (report.why.empty() ? "" : "; ") + why;
      }
    }
    if (HasStandIn(hook.hook) && !selection.HasChoice(hook.hook) &&
        plan.layer != HookLayer::kFunctions) {
      StandIn(plan, selection, hooks[RG_HOOK_syscalls], report);
    }
    if (hook.required && !selection.HasChoice(hook.hook)) {
      Fail("this host cannot be observed: %s: %s", hook.name, report.why.c_str());
    }
  }
  return selection;
}

bool IsByFunction(rg_hook hook, const Plan& plan, const Selection& selection) {
  return hook != RG_HOOK_syscalls &&
         (selection.HasChoice(hook) || plan.layer == HookLayer::kFunctions);
}

// The calls that are seen when they return: no function further inside sees them. False: there are
// none.
bool SelectExitCalls(const Plan& plan, const Selection& selection, rg_settings& settings) {
  bool any = false;
  for (unsigned call = 1; call < RG_CALL_END; ++call) {
    if (!IsByFunction(kHookOfCall[call], plan, selection))
      settings.exit_wanted[call / 64] |= settings.wanted[call / 64] & std::uint64_t{1} << call % 64;
  }
  for (int table = 0; table < 2; ++table) {
    for (int number = 0; number < RG_CALL_NUMBERS; ++number) {
      const unsigned call = settings.calls[table][number];
      if (call >= RG_CALL_END) Fail("plan: system call %d has the number %u", number, call);
      if (IsByFunction(kHookOfCall[call], plan, selection)) continue;
      settings.exit_calls[table][number] = static_cast<__u8>(call);
      any |= call != 0;
    }
  }
  return any;
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

void Configure(bpf_object* object, const Plan& plan, const rg_settings& settings,
               const Selection& selection) {
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
  ConfigureCallFunctions(object, selection.call_functions);
  for (std::size_t i = 0; i < std::size(kPrograms); ++i) {
    if (kPrograms[i].number == RG_PROGRAM_call) continue;
    bpf_program* program = FindProgram(object, kPrograms[i].name);
    bpf_program__set_autoload(program, selection.programs[i]);
    const std::string& function = selection.functions[i];
    if (!selection.programs[i] || function.empty()) continue;
    if (bpf_program__set_attach_target(program, 0, function.c_str()) != 0) {
      Fail("eBPF object: %s and %s: %s", kPrograms[i].name, function.c_str(), std::strerror(errno));
    }
  }
}

// A host that lets no program be attached to one function refuses all of them. So there is no need
// to load everything again for each hook.
void Refuse(const ProgramInfo& program, const std::string& why, int error, Refused& refused) {
  refused[program.hook][program.choice] = why;
  if (error != EPERM || !IsOnFunctions(program.hook, program.choice)) return;
  for (const HookInfo& hook : kHooks) {
    if (IsOnFunctions(hook.hook, program.choice)) refused[hook.hook][program.choice] = why;
  }
}

// The program that libbpf complains of, or nothing: it complains of something else.
std::string_view ProgramIn(std::string_view complaint) {
  constexpr std::string_view kBefore = "prog '";
  if (!complaint.starts_with(kBefore)) return "";
  complaint.remove_prefix(kBefore.size());
  return complaint.substr(0, complaint.find('\''));
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
  const std::string_view name = ProgramIn(LibbpfComplaint());
  for (const ProgramInfo& p : kPrograms) {
    const bool is_call = p.number == RG_PROGRAM_call && IsCallProgram(name);
    if (name != p.name && !is_call) continue;
    Refuse(p, LibbpfComplaint(), error, refused);
    return false;
  }
  Fail("this host refuses eBPF: %s (%s)", std::strerror(error), LibbpfComplaint().c_str());
}

kj::AutoCloseFd DuplicateFd(int fd, const char* name) {
  kj::AutoCloseFd copy(fcntl(fd, F_DUPFD_CLOEXEC, 0));
  if (copy.get() < 0) Fail("%s: %s", name, std::strerror(errno));
  return copy;
}

bool IsAboutLives(rg_hook hook) {
  return std::any_of(std::begin(kHooks), std::end(kHooks),
                     [&](const HookInfo& info) { return info.hook == hook && info.lives; });
}

bool AttachCalls(bpf_object* object, const ProgramInfo& p, const CallFunctions& functions,
                 Sensor& sensor, Refused& refused) {
  CallPrograms& programs = sensor.call_programs;
  const std::string why = AttachCallFunctions(object, functions, programs);
  if (!why.empty()) {
    Refuse(p, std::string(p.name) + " cannot be attached: " + why, 0, refused);
    return false;
  }
  for (CallPrograms::OnFunction& on_function : programs.on_functions) {
    sensor.programs.push_back({p.number, IsAboutLives(p.hook), kj::mv(on_function.program)});
  }
  return true;
}

bool AttachOne(bpf_object* object, const ProgramInfo& p, const Selection& selection, Sensor& sensor,
               Refused& refused) {
  if (p.number == RG_PROGRAM_call) {
    return AttachCalls(object, p, selection.call_functions, sensor, refused);
  }
  const bpf_program* program = FindProgram(object, p.name);
  std::unique_ptr<bpf_link, LinkDelete> link(bpf_program__attach(program));
  if (link == nullptr) {
    const int error = errno;
    Refuse(p, std::string(p.name) + " cannot be attached: " + std::strerror(error), error, refused);
    return false;
  }
  if (p.hook == RG_HOOK_snapshot) sensor.snapshot_link = bpf_link__fd(link.get());
  if (p.hook == RG_HOOK_exec_source) sensor.shared->source_known = 1;
  sensor.links.push_back(std::move(link));
  sensor.programs.push_back(
      {p.number, IsAboutLives(p.hook), DuplicateFd(bpf_program__fd(program), p.name)});
  return true;
}

// Attaches them in the same way. Functions go forwards: the end of a look-up without its beginning
// would be a loss. The others go backwards: exec, which prepare_exec and fork prepare for, comes
// last.
bool Attach(bpf_object* object, const Selection& selection, Sensor& sensor, Refused& refused) {
  for (std::size_t i = 0; i < std::size(kPrograms); ++i) {
    if (!selection.programs[i] || !HasStandIn(kPrograms[i].hook)) continue;
    if (!AttachOne(object, kPrograms[i], selection, sensor, refused)) return false;
  }
  for (std::size_t i = std::size(kPrograms); i-- > 0;) {
    if (!selection.programs[i] || HasStandIn(kPrograms[i].hook)) continue;
    if (!AttachOne(object, kPrograms[i], selection, sensor, refused)) return false;
  }
  return true;
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

  // Programs on functions of calls take two descriptors each.
  rlimit descriptors{};
  getrlimit(RLIMIT_NOFILE, &descriptors);
  descriptors.rlim_cur = std::min<rlim_t>(descriptors.rlim_max, kDescriptors);
  if (setrlimit(RLIMIT_NOFILE, &descriptors) != 0) Fail("descriptors: %s", std::strerror(errno));

  // Parts that this host refuses are left out and everything is tried again, without optional hooks
  // or with their second choice. Every round leaves out one more part, so there is a last one.
  const KernelFunctions kernel;
  for (Refused refused;;) {
    Sensor sensor;
    const Object object = Open(bytes, object_path);
    Selection selection = Select(plan, refused, object.get(), kernel, sensor.hooks);
    rg_settings settings = plan.settings;
    settings.abi_version = RG_ABI_VERSION;
    if (!SelectExitCalls(plan, selection, settings) && plan.hooks[RG_HOOK_syscalls]) {
      Drop(RG_HOOK_syscalls, selection);  // nothing is left for it
      sensor.hooks[RG_HOOK_syscalls] = {};
    }
    if (selection.HasCallFunctions()) {
      std::string why = FindCallFunctions(settings, kernel, selection.call_functions);
      if (!why.empty()) {
        refused[RG_HOOK_syscalls][kCallFunctions] = kj::mv(why);
        continue;
      }
    }
    settings.calls_by_function = selection.HasCallFunctions();
    settings.attributes_by_function =
        selection.HasChoice(RG_HOOK_file_names) && selection.HasChoice(RG_HOOK_syscalls);
    Configure(object.get(), plan, settings, selection);
    if (!Load(object.get(), refused)) continue;
    FillMaps(object.get(), plan);
    sensor.critical_map =
        DuplicateFd(bpf_map__fd(FindMap(object.get(), "rg_lane_critical")), "ring");
    sensor.bulk_map = DuplicateFd(bpf_map__fd(FindMap(object.get(), "rg_lane_bulk")), "ring");
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
    if (Attach(object.get(), selection, sensor, refused)) return sensor;
  }
}

}  // namespace randguard::collector
