// SPDX-License-Identifier: Apache-2.0
//
// usage: program_stats OBJECT PLAN
//
// Loads every eBPF program of the object alone, with the plan's settings, and prints what the
// running kernel's verifier says of it. Exit status 1 if a hook is left without a program that
// loads.
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <capnp/serialize.h>
#include <fcntl.h>
#include <kj/io.h>
#include <sys/utsname.h>

#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "schema/abi/event.h"
#include "schema/plan.capnp.h"

namespace {

struct Program {
  const char* name;
  const char* hook;
};
constexpr Program kPrograms[] = {
#define PROGRAM(number, name, hook, choice) {"rg_" #name, #hook},
#include "schema/abi/programs.def"
#undef PROGRAM
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

// "processed N insns (limit ...) ..." is the last line of a log with statistics.
std::string Processed(const std::vector<char>& log) {
  const char* at = std::strstr(log.data(), "processed ");
  return at == nullptr ? "" : std::string(at, std::strcspn(at, "\n"));
}

bool Load(const char* path, const rg_settings& settings, std::string_view name) {
  const std::unique_ptr<bpf_object, CloseObject> object(bpf_object__open(path));
  if (object == nullptr) {
    std::printf("%s cannot be opened: %s\n", path, std::strerror(errno));
    return false;
  }
  bpf_map* map = nullptr;
  bpf_object__for_each_map(map, object.get()) {
    if (std::string_view(bpf_map__name(map)).ends_with(".rodata")) {
      bpf_map__set_initial_value(map, &settings, sizeof(settings));
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
    return false;
  }
  bpf_program__set_log_buf(wanted, log.data(), log.size());
  bpf_program__set_log_level(wanted, 4);  // statistics alone
  Complaint().clear();
  if (bpf_object__load(object.get()) != 0) {
    std::printf("  %-18s refused: %s\n", std::string(name).c_str(), Complaint().c_str());
    return false;
  }
  std::printf("  %-18s %6zu instructions; %s\n", std::string(name).c_str(),
              bpf_program__insn_cnt(wanted), Processed(log).c_str());
  return true;
}

rg_settings SettingsOf(const char* plan) {
  rg_settings settings{};
  kj::AutoCloseFd fd(open(plan, O_RDONLY | O_CLOEXEC));
  if (fd.get() < 0) return settings;
  capnp::StreamFdMessageReader message(kj::mv(fd));
  const auto bytes = message.getRoot<randguard::wire::Plan>().getSettings();
  if (bytes.size() == sizeof(settings)) std::memcpy(&settings, bytes.begin(), sizeof(settings));
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
  utsname uts{};
  uname(&uts);
  std::printf("kernel %s\n", uts.release);
  std::map<std::string, bool> hooks;
  for (const Program& p : kPrograms) hooks[p.hook] |= Load(argv[1], settings, p.name);
  int status = 0;
  for (const auto& [hook, served] : hooks) {
    if (served) continue;
    std::printf("  hook %s has no program that loads\n", hook.c_str());
    status = 1;
  }
  return status;
}
