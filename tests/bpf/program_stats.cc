// SPDX-License-Identifier: Apache-2.0
//
// usage: program_stats OBJECT PLAN
//
// Loads every eBPF program of the object alone, with the plan's settings, and prints the verdict of
// the running kernel's verifier. The exit status is 1 in three cases: it refuses a program; a
// program takes so many instructions that another kernel may refuse it; a required hook has no
// program that loads. The status is 77 without the privilege to load any.
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <capnp/serialize.h>
#include <fcntl.h>
#include <kj/io.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "schema/abi/event.h"
#include "schema/plan.capnp.h"

namespace {

struct Program {
  const char* name;
  std::string_view hook;
};
constexpr Program kPrograms[] = {
#define PROGRAM(number, name, hook, choice, signature) {"rg_" #name, #hook},
#include "schema/abi/programs.def"
#undef PROGRAM
};

struct Hook {
  std::string_view name;
  bool required;
};
constexpr bool required = true;   // NOLINT(readability-identifier-naming): words of hooks.def
constexpr bool optional = false;  // NOLINT(readability-identifier-naming)
constexpr Hook kHooks[] = {
#define HOOK(number, name, need, about) {#name, need},
#include "schema/abi/hooks.def"
#undef HOOK
};

struct CloseObject {
  void operator()(bpf_object* object) const { bpf_object__close(object); }
};

std::string& Complaint() {
  static std::string complaint;
  return complaint;
}

int Keep(libbpf_print_level level, const char* format, va_list args) {
  if (level != LIBBPF_WARN || !Complaint().empty()) return 0;
  char line[512];
  std::vsnprintf(line, sizeof(line), format, args);
  Complaint().assign(line, std::strcspn(line, "\n"));
  return 0;
}

// The verifier's last message before its statistics: the reason why it refused the program, or
// nothing.
std::string Reason(const std::vector<char>& log) {
  std::string_view text = log.data();
  for (const char* statistics : {"\nprocessed ", "\nstack depth ", "\nverification time "}) {
    text = text.substr(0, text.rfind(statistics));
  }
  while (text.ends_with('\n')) text.remove_suffix(1);
  return std::string(text.substr(text.rfind('\n') + 1));
}

// "processed N insns (limit ...) ..." is the last line of a log with statistics. 7.2 has a line
// before it that gives parts of that number: "insns processed 20+3", one for each global function.
std::string Processed(const std::vector<char>& log) {
  const std::string_view text = log.data();
  const std::size_t at = text.rfind("\nprocessed ");
  if (at == text.npos) return "";
  const std::string_view line = text.substr(at + 1);
  return std::string(line.substr(0, line.find('\n')));
}

// Half of the million instructions that a verifier goes through at most. The number for one program
// differs from kernel to kernel, by half and more. A program that takes all of them is refused.
constexpr std::size_t kMostInstructions = 500'000;

// kNot: this kernel lacks the place that the program is attached to. kRefused: by the verifier.
enum class Loaded { kNot, kRefused, kBarely, kYes };

Loaded Load(const char* path, const rg_settings& settings, std::string_view name) {
  const std::unique_ptr<bpf_object, CloseObject> object(bpf_object__open(path));
  if (object == nullptr) {
    std::printf("%s cannot be opened: %s\n", path, std::strerror(errno));
    return Loaded::kRefused;
  }
  rg_settings own = settings;
  own.calls_by_function = name == "rg_call";
  bpf_map* map = nullptr;
  bpf_object__for_each_map(map, object.get()) {
    if (std::string_view(bpf_map__name(map)).ends_with(".rodata")) {
      bpf_map__set_initial_value(map, &own, sizeof(own));
    }
  }
  std::vector<char> log(std::size_t{1} << 20);
  bpf_program* program = nullptr;
  bpf_program* wanted = nullptr;
  bpf_object__for_each_program(program, object.get()) {
    const bool is_it = name == bpf_program__name(program);
    bpf_program__set_autoload(program, is_it);
    if (is_it) wanted = program;
  }
  if (wanted == nullptr) {
    std::printf("  %-18s is not in the object\n", std::string(name).c_str());
    return Loaded::kRefused;
  }
  bpf_program__set_log_buf(wanted, log.data(), log.size());
  bpf_program__set_log_level(wanted, 4);  // statistics alone
  Complaint().clear();
  if (bpf_object__load(object.get()) != 0) {
    const std::string reason = Reason(log);
    std::printf("  %-18s refused: %s %s\n", std::string(name).c_str(), Complaint().c_str(),
                reason.c_str());
    return reason.empty() ? Loaded::kNot : Loaded::kRefused;
  }
  const std::string processed = Processed(log);
  std::printf("  %-18s %6zu instructions; %s\n", std::string(name).c_str(),
              bpf_program__insn_cnt(wanted), processed.c_str());
  std::size_t count = 0;
  if (std::sscanf(processed.c_str(), "processed %zu", &count) == 1 && count <= kMostInstructions) {
    return Loaded::kYes;
  }
  std::printf("  %-18s is to take %zu of them at most\n", "", kMostInstructions);
  return Loaded::kBarely;
}

rg_settings SettingsOf(const char* plan) {
  rg_settings settings{};
  kj::AutoCloseFd fd(open(plan, O_RDONLY | O_CLOEXEC));
  if (fd.get() < 0) return settings;
  capnp::StreamFdMessageReader message(kj::mv(fd));
  const auto bytes = message.getRoot<randguard::wire::Plan>().getSettings();
  if (bytes.size() == sizeof(settings)) std::memcpy(&settings, bytes.begin(), sizeof(settings));
  // Without functions, all calls are seen when they return. That leaves the verifier the most.
  std::memcpy(settings.exit_calls, settings.calls, sizeof(settings.calls));
  return settings;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fputs("usage: program_stats OBJECT PLAN\n", stderr);
    return 2;
  }
  libbpf_set_print(Keep);
  const rg_settings settings = SettingsOf(argv[2]);
  if (settings.abi_version != RG_ABI_VERSION) {
    std::fprintf(stderr, "%s: not a plan of this version\n", argv[2]);
    return 1;
  }
  if (geteuid() != 0) {
    std::puts("skipped: loading eBPF programs takes root");
    return 77;
  }
  utsname uts{};
  uname(&uts);
  std::printf("kernel %s\n", uts.release);
  int status = 0;
  std::set<std::string_view> served;
  for (const Program& p : kPrograms) {
    const Loaded loaded = Load(argv[1], settings, p.name);
    if (loaded == Loaded::kRefused || loaded == Loaded::kBarely) status = 1;
    if (loaded == Loaded::kBarely || loaded == Loaded::kYes) served.insert(p.hook);
  }
  for (const Hook& hook : kHooks) {
    if (served.contains(hook.name)) continue;
    std::printf("  hook %s has no program that loads\n", hook.name.data());
    if (hook.required) status = 1;
  }
  return status;
}
