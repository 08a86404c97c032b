// SPDX-License-Identifier: Apache-2.0
//
// Functions of the running kernel, by its type information: programs are attached only to functions
// whose arguments they know.
#ifndef COLLECTOR_KERNEL_FUNCTIONS_H_
#define COLLECTOR_KERNEL_FUNCTIONS_H_

#include <bpf/btf.h>

#include <memory>
#include <string>
#include <string_view>

namespace randguard::collector {

class KernelFunctions {
 public:
  KernelFunctions();  // ends the program with one line on stderr if there is no type information

  // The function's name in this kernel, or empty: there is none with this signature. `name` is the
  // usual one, and `signature` a column of programs.def.
  std::string Find(std::string_view name, std::string_view signature) const;

 private:
  struct Free {
    void operator()(btf* types) const { btf__free(types); }
  };
  std::string TypeName(std::uint32_t id) const;  // as C writes it, without qualifiers
  bool HasSignature(const std::string& name, std::string_view signature) const;

  std::unique_ptr<btf, Free> types_;
};

}  // namespace randguard::collector

#endif  // COLLECTOR_KERNEL_FUNCTIONS_H_
