// SPDX-License-Identifier: Apache-2.0
//
// Parts of the eBPF object by their names. Each ends the program with one line on stderr if the
// object lacks the part.
#ifndef COLLECTOR_OBJECT_H_
#define COLLECTOR_OBJECT_H_

#include <bpf/libbpf.h>

#include "collector/startup.h"

namespace randguard::collector {

inline bpf_program* FindProgram(bpf_object* object, const char* name) {
  bpf_program* program = bpf_object__find_program_by_name(object, name);
  if (program == nullptr) Fail("eBPF object: program %s is missing", name);
  return program;
}

inline bpf_map* FindMap(bpf_object* object, const char* name) {
  bpf_map* map = bpf_object__find_map_by_name(object, name);
  if (map == nullptr) Fail("eBPF object: map %s is missing", name);
  return map;
}

}  // namespace randguard::collector

#endif  // COLLECTOR_OBJECT_H_
