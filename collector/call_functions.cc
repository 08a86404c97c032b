// SPDX-License-Identifier: Apache-2.0
#include "collector/call_functions.h"

#include <bpf/bpf.h>
#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <set>

#include "collector/object.h"
#include "collector/startup.h"
#include "schema/abi/arch.h"

namespace randguard::collector {
namespace {

// Looks at calls, is what jumps to that, and holds where to.
struct Programs {
  const char* target;
  const char* function;
  const char* map;
};
constexpr Programs kCallPrograms[] = {
    {"rg_call", "rg_call_function", "rg_call_target"},
    {"rg_call_other", "rg_call_other_function", "rg_call_other_target"},
};
constexpr char kLicense[] = "GPL";

constexpr const char* kCallNames[RG_CALL_END] = {
    "",
#define CALL(number, name, ...) #name,
#include "schema/abi/calls.def"
#undef CALL
};

bool Add(const CallFunction& function, std::uint32_t prototype,
         std::array<std::uint32_t, std::size(kCallPrograms)>& prototypes,
         CallFunctions& functions) {
  for (std::size_t i = 0; i < prototypes.size(); ++i) {
    if (prototypes[i] == 0) prototypes[i] = prototype;
    if (prototypes[i] != prototype) continue;
    functions[i].push_back(function);
    return true;
  }
  return false;
}

// The first of the functions that the kernel has all the same, or nothing: its type information is
// not complete. A weak symbol is that of a call which was left out of the build.
std::string FirstInKernel(const std::set<std::string>& names) {
  std::ifstream symbols("/proc/kallsyms");
  for (std::string address, type, name, rest; symbols >> address >> type >> name;) {
    std::getline(symbols, rest);
    if ((type == "T" || type == "t") && names.contains(name)) return name;
  }
  return "";
}

}  // namespace

std::string NameOfCallFunction(unsigned call, int table) {
  constexpr struct {
    unsigned call;
    int table;
    const char* function;
  } kOther[] = {
#define FUNCTION_OF_CALL(call, table, function) {RG_CALL_##call, table, #function},
#include RG_FUNCTIONS_OF_CALLS
#undef FUNCTION_OF_CALL
  };
  const std::string prefix = table == 64 ? RG_FUNCTION_PREFIX_64 : RG_FUNCTION_PREFIX_32;
  for (const auto& other : kOther) {
    if (other.call == call && other.table == table) return prefix + other.function;
  }
  return prefix + "sys_" + kCallNames[call];
}

std::string FindCallFunctions(const rg_settings& settings, const KernelFunctions& kernel,
                              CallFunctions& functions) {
  std::array<std::uint32_t, std::size(kCallPrograms)> prototypes{};
  std::set<std::string> absent;
  for (unsigned table = 0; table < 2; ++table) {
    for (const unsigned call : settings.exit_calls[table]) {
      if (call == 0) continue;
      const std::string name = NameOfCallFunction(call, table == 0 ? 64 : 32);
      const KernelFunctions::Ids ids = kernel.Get(name);
      if (ids.function == 0) {
        absent.insert(name);
      } else if (!Add({name, ids.function, RG_CALL_COOKIE(call, table)}, ids.prototype, prototypes,
                      functions)) {
        return "this kernel's functions of system calls have more prototypes than are known";
      }
    }
  }
  if (functions[0].empty()) {
    return "this kernel's type information has no functions of system calls";
  }
  const std::string forgotten = absent.empty() ? "" : FirstInKernel(absent);
  return forgotten.empty() ? "" : "this kernel's type information lacks " + forgotten;
}

void ConfigureCallFunctions(bpf_object* object, const CallFunctions& functions) {
  for (std::size_t i = 0; i < functions.size(); ++i) {
    for (const char* name : {kCallPrograms[i].target, kCallPrograms[i].function}) {
      bpf_program* program = FindProgram(object, name);
      bpf_program__set_autoload(program, !functions[i].empty());
      if (functions[i].empty()) continue;
      const char* function = functions[i].front().name.c_str();
      if (bpf_program__set_attach_target(program, 0, function) != 0) {
        Fail("eBPF object: %s and %s: %s", name, function, std::strerror(errno));
      }
    }
  }
}

bool IsCallProgram(std::string_view name) {
  return std::any_of(std::begin(kCallPrograms), std::end(kCallPrograms),
                     [&](const Programs& programs) {
                       return name == programs.target || name == programs.function;
                     });
}

std::string AttachCallFunctions(bpf_object* object, const CallFunctions& functions,
                                CallPrograms& programs) {
  for (std::size_t i = 0; i < functions.size(); ++i) {
    if (functions[i].empty()) continue;
    const Programs& names = kCallPrograms[i];
    const bpf_map* map = FindMap(object, names.map);
    const int target = bpf_program__fd(FindProgram(object, names.target));
    const std::uint32_t first = 0;
    kj::AutoCloseFd& kept =
        programs.targets.emplace_back(fcntl(bpf_map__fd(map), F_DUPFD_CLOEXEC, 0));
    if (kept.get() < 0 || bpf_map_update_elem(kept.get(), &first, &target, BPF_ANY) != 0) {
      return std::string(names.target) + ": " + std::strerror(errno);
    }
    // libbpf has put this kernel's numbers into the instructions. They are the same for each
    // function. The types make the programs known as ours.
    const bpf_program* function = FindProgram(object, names.function);
    const int type = btf__find_by_name_kind(bpf_object__btf(object), names.function, BTF_KIND_FUNC);
    if (type < 0) Fail("eBPF object: the type of %s is missing", names.function);
    const bpf_func_info types = {.insn_off = 0, .type_id = static_cast<__u32>(type)};
    for (const CallFunction& on : functions[i]) {
      LIBBPF_OPTS(bpf_prog_load_opts, options, .expected_attach_type = BPF_TRACE_FEXIT,
                  .prog_btf_fd = static_cast<__u32>(bpf_object__btf_fd(object)),
                  .attach_btf_id = on.id, .func_info = &types, .func_info_cnt = 1,
                  .func_info_rec_size = sizeof(types));
      LIBBPF_OPTS(bpf_link_create_opts, link, .tracing = {.cookie = on.cookie});
      CallPrograms::OnFunction& added = programs.on_functions.emplace_back();
      added.program = kj::AutoCloseFd(bpf_prog_load(BPF_PROG_TYPE_TRACING, "rg_call_function",
                                                    kLicense, bpf_program__insns(function),
                                                    bpf_program__insn_cnt(function), &options));
      if (added.program.get() >= 0) {
        added.link =
            kj::AutoCloseFd(bpf_link_create(added.program.get(), 0, BPF_TRACE_FEXIT, &link));
      }
      if (added.link.get() < 0) return on.name + ": " + std::strerror(errno);
    }
  }
  return "";
}

}  // namespace randguard::collector
