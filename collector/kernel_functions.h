// SPDX-License-Identifier: Apache-2.0
//
// Functions of the running kernel, by its type information: programs are attached only to functions
// whose arguments they know.
#ifndef COLLECTOR_KERNEL_FUNCTIONS_H_
#define COLLECTOR_KERNEL_FUNCTIONS_H_

#include <bpf/btf.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

namespace randguard::collector {

class KernelFunctions {
 public:
  KernelFunctions();  // ends the program with one line on stderr if there is no type information

  // The function's name in this kernel, or empty: there is none with this signature. `name` is the
  // usual one, and `signature` a column of programs.def.
  std::string Find(std::string_view name, std::string_view signature) const;

  // Does a kernel without the function need no program there?
  static bool IsDispensable(std::string_view signature);

  // The numbers of a function's type and of its prototype, which says how its arguments are called,
  // too. Both are 0 if the kernel has no such function.
  struct Ids {
    std::uint32_t function = 0;
    std::uint32_t prototype = 0;
  };
  Ids Get(std::string_view name) const;

 private:
  struct Free {
    void operator()(btf* types) const { btf__free(types); }
  };
  std::string TypeName(std::uint32_t id) const;  // as C writes it, without qualifiers
  bool HasSignature(const std::string& name, std::string_view signature) const;

  std::unique_ptr<btf, Free> types_;
  std::unordered_map<std::string_view, Ids> ids_;  // names as the type information holds them
};

}  // namespace randguard::collector

#endif  // COLLECTOR_KERNEL_FUNCTIONS_H_
