// SPDX-License-Identifier: Apache-2.0
//
// `rand-guard doctor`: what this host offers. With root it does not guess: it lets the collector
// load and attach, and reports what became of each hook.
#include <fcntl.h>
#include <kj/io.h>
#include <poll.h>
#include <signal.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <string>
#include <vector>

#include "analyzer/base/status.h"
#include "analyzer/base/terminal_text.h"
#include "analyzer/cli/collector_process.h"
#include "analyzer/cli/commands.h"
#include "analyzer/cli/options.h"
#include "analyzer/cli/setup.h"
#include "analyzer/decode/record.h"
#include "analyzer/event/reports.h"
#include "analyzer/ingest/listener.h"
#include "analyzer/output/json/json_writer.h"
#include "analyzer/wire/hook_state.h"
#include "analyzer/wire/message.h"

namespace randguard::cli {
namespace {

constexpr int kPatienceMs = 20000;  // the verifier takes its time on slow machines

struct Fact {
  std::string name;
  bool good;
  std::string text;
};

struct Findings {
  std::vector<Fact> facts;
  std::vector<HookHealth> hooks;
  std::string refusal;  // why the collector did not start
  bool usable = false;
};

Fact FileFact(const char* name, const char* path, const char* good, const char* bad) {
  const bool there = access(path, R_OK) == 0;
  return {name, there, there ? good : bad};
}

void LookAtHost(Findings& out) {
  utsname uts{};
  uname(&uts);
  const std::string machine = uts.machine;
  out.facts.push_back({"machine", machine == "x86_64",
                       machine + (machine == "x86_64" ? "" : ": only x86_64 is supported")});
  int major = 0, minor = 0;
  std::sscanf(uts.release, "%d.%d", &major, &minor);
  const bool recent = major > 6 || (major == 6 && minor >= 1);
  out.facts.push_back(
      {"kernel", recent, std::string(uts.release) + (recent ? "" : ": 6.1 or later is needed")});
  out.facts.push_back(FileFact("btf", "/sys/kernel/btf/vmlinux", "/sys/kernel/btf/vmlinux",
                               "missing: the kernel must be built with CONFIG_DEBUG_INFO_BTF"));
  const bool tracefs = access("/sys/kernel/tracing/events", F_OK) == 0 ||
                       access("/sys/kernel/debug/tracing/events", F_OK) == 0;
  out.facts.push_back({"tracefs", tracefs || geteuid() != 0,
                       tracefs ? "mounted"
                       : geteuid() != 0
                           ? "not to be seen without root"
                           : "not mounted: failed execs cost every system call a little more "
                             "(mount -t tracefs tracefs /sys/kernel/tracing)"});
  out.facts.push_back({"privilege", geteuid() == 0,
                       geteuid() == 0 ? "root" : "not root: the hooks below are not tried"});
}

// The hooks as Hello names them.
absl::Status ReadHello(int listener, pid_t collector, std::vector<HookHealth>& hooks) {
  kj::AutoCloseFd peer;
  FrameReader frames;
  for (int waited = 0; waited < kPatienceMs;) {
    pollfd fd{peer.get() >= 0 ? peer.get() : listener, POLLIN, 0};
    const int n = poll(&fd, 1, 100);
    if (n == 0) {
      waited += 100;
      siginfo_t info{};
      if (waitid(P_PID, static_cast<id_t>(collector), &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
          info.si_pid != 0) {
        return HostError("the collector ended");
      }
      continue;
    }
    if (peer.get() < 0) {
      uid_t uid = 0;
      RG_ASSIGN_OR_RETURN(peer, AcceptPeer(listener, uid));
      continue;
    }
    const auto room = frames.WritableTail();
    const ssize_t got = read(peer, room.data(), room.size());
    if (got <= 0) return HostError("the collector hung up");
    frames.Commit(static_cast<std::size_t>(got));
    RG_ASSIGN_OR_RETURN(const auto frame, frames.Next());
    if (!frame.has_value()) continue;
    return ReadMessage(*frame, [&](wire::Message::Reader message) -> absl::Status {
      if (!message.isHello()) return InvalidInput("the collector did not begin with hello");
      for (const auto hook : message.getHello().getHooks()) {
        hooks.push_back({HookOf(hook.getNumber()), StateOf(hook.getState()),
                         LayerOf(hook.getLayer()), std::string(AsView(hook.getWhy()))});
      }
      return absl::OkStatus();
    });
  }
  return HostError("the collector did not connect within %d s", kPatienceMs / 1000);
}

// The last words of a child.
std::string ReadAll(int fd) {
  std::string text;
  char buffer[4096];
  for (ssize_t n; (n = read(fd, buffer, sizeof(buffer))) > 0;) {
    text.append(buffer, static_cast<std::size_t>(n));
  }
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

absl::Status TryCollector(const Arguments& arguments, const Config& config, Findings& out) {
  RG_ASSIGN_OR_RETURN(Identities identities, FindOrInventIdentities(arguments));
  identities.analyzer_uid = geteuid();
  RG_ASSIGN_OR_RETURN(RuntimeFolder folder, RuntimeFolder::Make());
  RG_ASSIGN_OR_RETURN(kj::AutoCloseFd listener, ListenAt(folder.socket()));
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return ErrnoError(errno, "pipe");
  kj::AutoCloseFd reading(ends[0]);
  kj::AutoCloseFd writing(ends[1]);
  const auto plan = CompilePlan(config, ForPlan(identities));
  RG_ASSIGN_OR_RETURN(const pid_t collector,
                      StartCollector(FindCollector(arguments), folder, plan, writing));
  writing = nullptr;
  const absl::Status status = ReadHello(listener, collector, out.hooks);
  kill(collector, SIGTERM);
  int ended = 0;
  waitpid(collector, &ended, 0);
  if (!status.ok()) {
    out.refusal = ReadAll(reading);
    if (out.refusal.empty()) out.refusal = Message(status);
  }
  return absl::OkStatus();
}

void PrintText(const Findings& f) {
  for (const Fact& fact : f.facts) {
    Print(absl::StrFormat("%-4s %-14s %s\n", fact.good ? "ok" : "no", fact.name,
                          EscapedForTerminal(fact.text)));
  }
  for (const HookHealth& hook : f.hooks) {
    std::string how(Name(hook.state));
    if (hook.layer.has_value()) how.append(", layer: ").append(Name(*hook.layer));
    Print(absl::StrFormat("%-4s %-14s %s%s%s\n", hook.state == HookState::kMissing ? "no" : "ok",
                          Name(hook.name), how, hook.why.empty() ? "" : ": ",
                          EscapedForTerminal(hook.why)));
  }
  if (!f.refusal.empty()) Print(absl::StrFormat("no   collector      %s\n", f.refusal));
  Print(f.usable ? "This host can be observed.\n" : "This host cannot be observed.\n");
}

void PrintJson(const Findings& f) {
  JsonWriter json;
  json.Raw("{\"usable\":");
  json.Bool(f.usable);
  json.Raw(",\"facts\":[");
  for (std::size_t i = 0; i < f.facts.size(); ++i) {
    json.Raw(i == 0 ? "{\"name\":" : ",{\"name\":");
    json.String(f.facts[i].name);
    json.Raw(",\"good\":");
    json.Bool(f.facts[i].good);
    json.Raw(",\"text\":");
    json.String(f.facts[i].text);
    json.Raw('}');
  }
  json.Raw("],\"hooks\":[");
  for (std::size_t i = 0; i < f.hooks.size(); ++i) {
    json.Raw(i == 0 ? "{\"name\":" : ",{\"name\":");
    json.Raw(JsonOf(f.hooks[i].name));
    json.Raw(",\"state\":");
    json.Raw(JsonOf(f.hooks[i].state));
    json.Raw(",\"layer\":");
    json.Raw(f.hooks[i].layer.has_value() ? JsonOf(*f.hooks[i].layer) : "null");
    json.Raw(",\"why\":");
    json.String(f.hooks[i].why);
    json.Raw('}');
  }
  json.Raw("],\"refusal\":");
  if (f.refusal.empty()) {
    json.Null();
  } else {
    json.String(f.refusal);
  }
  json.Raw("}\n");
  std::fwrite(json.text().data(), 1, json.size(), stdout);
}

}  // namespace

int Doctor(const Arguments& arguments) {
  const auto loaded = ReadConfig(arguments, Report::kErrors, RuleTests::kPassOver);
  if (!loaded.has_value()) return 1;
  Findings findings;
  LookAtHost(findings);
  if (geteuid() == 0) {
    if (const absl::Status status = TryCollector(arguments, loaded->config, findings);
        !status.ok()) {
      findings.refusal = Message(status);
    }
  }
  findings.usable = !findings.hooks.empty() && findings.refusal.empty();
  if (arguments.Has(option::kJson)) {
    PrintJson(findings);
  } else {
    PrintText(findings);
  }
  return findings.usable ? 0 : 1;
}

}  // namespace randguard::cli
