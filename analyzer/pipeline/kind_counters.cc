// SPDX-License-Identifier: Apache-2.0
#include "analyzer/pipeline/kind_counters.h"

#include <algorithm>

#include "analyzer/decode/record.h"

namespace randguard {
namespace {

constexpr rg_hook kHookOfProgram[RG_PROGRAM_END] = {
    {},  // there is no program 0
#define PROGRAM(number, name, hook, choice, signature) RG_HOOK_##hook,
#include "schema/abi/programs.def"
#undef PROGRAM
};

unsigned HookOfProgram(unsigned program) {
  return program < RG_PROGRAM_END ? kHookOfProgram[program] : 0;
}

template <typename Counters>
Counters ReadCounters(capnp::List<std::uint64_t>::Reader list) {
  Counters counters{};
  for (unsigned i = 0; i < std::min<unsigned>(list.size(), counters.size()); ++i) {
    counters[i] = list[i];
  }
  return counters;
}

}  // namespace

KindCounters ReadKindCounters(capnp::List<std::uint64_t>::Reader list) {
  return ReadCounters<KindCounters>(list);
}

HookCounters ReadHookCounters(capnp::List<std::uint64_t>::Reader list) {
  return ReadCounters<HookCounters>(list);
}

HookCounters SumByHook(capnp::List<std::uint64_t>::Reader programs) {
  HookCounters counters{};
  for (unsigned i = 0; i < programs.size(); ++i) counters[HookOfProgram(i)] += programs[i];
  return counters;
}

HookCounters SkippedByHook(capnp::List<wire::Counters::Program>::Reader programs) {
  HookCounters counters{};
  for (unsigned i = 0; i < programs.size(); ++i) {
    counters[HookOfProgram(i)] += programs[i].getSkipped();
  }
  return counters;
}

std::vector<std::pair<std::string_view, std::uint64_t>> ByKind(const KindCounters& counters) {
  std::vector<std::pair<std::string_view, std::uint64_t>> named;
  for (unsigned kind = 1; kind < counters.size(); ++kind) {
    named.emplace_back(Name(KindOf(kind)), counters[kind]);
  }
  return named;
}

std::vector<std::pair<std::string_view, std::uint64_t>> ByHook(const HookCounters& counters) {
  std::vector<std::pair<std::string_view, std::uint64_t>> named;
  for (unsigned hook = 1; hook < counters.size(); ++hook) {
    named.emplace_back(Name(HookOf(hook)), counters[hook]);
  }
  return named;
}

}  // namespace randguard
