// SPDX-License-Identifier: Apache-2.0
#include "collector/kernel_functions.h"

#include <cerrno>
#include <cstring>

#include "collector/startup.h"

namespace randguard::collector {
namespace {

constexpr std::string_view kOtherName = " | ";
constexpr std::string_view kNone = " | -";
constexpr std::string_view kAnyType = "?";
constexpr std::string_view kAnyOthers = "...";

// Cuts `text` in front of the separator, and returns what was cut off.
std::string_view TakeUntil(std::string_view& text, std::string_view separator) {
  const std::size_t end = text.find(separator);
  const std::string_view taken = text.substr(0, end);
  text.remove_prefix(end == text.npos ? text.size() : end + separator.size());
  return taken;
}

}  // namespace

KernelFunctions::KernelFunctions() : types_(btf__load_vmlinux_btf()) {
  if (types_ == nullptr) Fail("this kernel's type information: %s", std::strerror(errno));
  for (std::uint32_t id = 1; id < btf__type_cnt(types_.get()); ++id) {
    const btf_type* type = btf__type_by_id(types_.get(), id);
    if (!btf_is_func(type)) continue;
    ids_.emplace(btf__name_by_offset(types_.get(), type->name_off), Ids{id, type->type});
  }
}

std::string KernelFunctions::Find(std::string_view name, std::string_view signature) const {
  std::string_view names = signature;
  if (IsDispensable(signature)) names.remove_suffix(kNone.size());
  const std::string_view wanted = TakeUntil(names, kOtherName);
  for (std::string_view other = name; !other.empty(); other = TakeUntil(names, kOtherName)) {
    if (HasSignature(std::string(other), wanted)) return std::string(other);
  }
  return "";
}

bool KernelFunctions::IsDispensable(std::string_view signature) {
  return signature.ends_with(kNone);
}

KernelFunctions::Ids KernelFunctions::Get(std::string_view name) const {
  const auto found = ids_.find(name);
  return found != ids_.end() ? found->second : Ids{};
}

std::string KernelFunctions::TypeName(std::uint32_t id) const {
  const btf_type* type = btf__type_by_id(types_.get(), id);
  while (btf_is_mod(type)) type = btf__type_by_id(types_.get(), type->type);
  if (btf_is_ptr(type)) {
    std::string pointed = TypeName(type->type);
    return pointed + (pointed.ends_with('*') ? "*" : " *");
  }
  const char* name = btf__name_by_offset(types_.get(), type->name_off);
  return std::string(btf_is_struct(type) ? "struct " : btf_is_union(type) ? "union " : "") + name;
}

bool KernelFunctions::HasSignature(const std::string& name, std::string_view signature) const {
  const Ids ids = Get(name);
  if (ids.function == 0) return false;
  const btf_type* prototype = btf__type_by_id(types_.get(), ids.prototype);
  const auto fits = [&](std::string_view wanted, std::uint32_t type) {
    return wanted == kAnyType || wanted == TypeName(type);
  };
  if (!fits(TakeUntil(signature, "("), prototype->type)) return false;
  signature.remove_suffix(1);  // ")"
  for (int i = 0; i < btf_vlen(prototype); ++i) {
    const std::string_view wanted = TakeUntil(signature, ", ");
    if (wanted == kAnyOthers) return true;
    if (!fits(wanted, btf_params(prototype)[i].type)) return false;
  }
  return signature.empty() || signature == kAnyOthers;
}

}  // namespace randguard::collector
