// SPDX-License-Identifier: Apache-2.0
//
// The kernel's own functions of system calls. Each function gets a program of its own, which jumps
// to the one that looks at calls (ebpf/syscalls.bpf.c).
#ifndef COLLECTOR_CALL_FUNCTIONS_H_
#define COLLECTOR_CALL_FUNCTIONS_H_

#include <bpf/libbpf.h>
#include <kj/io.h>

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "collector/kernel_functions.h"
#include "schema/abi/event.h"

namespace randguard::collector {

struct CallFunction {
  std::string name;
  std::uint32_t id;      // of its type
  std::uint64_t cookie;  // RG_CALL_COOKIE: what its program says of each call
};

// Functions of one prototype: a program jumps only to one for functions of the same. By place in
// kCallPrograms.
using CallFunctions = std::array<std::vector<CallFunction>, 2>;

// Descriptors that hold the programs in their places.
struct CallPrograms {
  struct OnFunction {
    kj::AutoCloseFd program;
    kj::AutoCloseFd link;
  };
  std::vector<OnFunction> on_functions;
  // Where the programs jump to. The kernel empties these maps when nobody has them open any more.
  std::vector<kj::AutoCloseFd> targets;
};

// The name of a call's function. `table` is 64 or 32.
std::string NameOfCallFunction(unsigned call, int table);

// Finds those of all calls in settings.exit_calls. A call without a function is one that this
// kernel does not have. Returns why the functions cannot be used, or nothing.
std::string FindCallFunctions(const rg_settings& settings, const KernelFunctions& kernel,
                              CallFunctions& functions);

// Before the object is loaded: its programs for those functions.
void ConfigureCallFunctions(bpf_object* object, const CallFunctions& functions);

// Is it a program of ConfigureCallFunctions?
bool IsCallProgram(std::string_view name);

// After the object is loaded. Returns why that cannot be done, or nothing.
std::string AttachCallFunctions(bpf_object* object, const CallFunctions& functions,
                                CallPrograms& programs);

}  // namespace randguard::collector

#endif  // COLLECTOR_CALL_FUNCTIONS_H_
