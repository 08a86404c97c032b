// SPDX-License-Identifier: Apache-2.0
//
// `rand-guard doctor`: what this host offers, and what of it will not be seen or kept. With root it
// does not guess about hooks: it lets the collector load and attach, and reports what became of
// each.
#include <fcntl.h>
#include <kj/io.h>
#include <poll.h>
#include <signal.h>
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
#include "analyzer/doctor/host.h"
#include "analyzer/doctor/storage.h"
#include "analyzer/event/reports.h"
#include "analyzer/ingest/listener.h"
#include "analyzer/output/json/json_writer.h"
#include "analyzer/wire/hook_state.h"
#include "analyzer/wire/message.h"

namespace randguard::cli {
namespace {

constexpr int kPatienceMs = 20000;  // the verifier takes its time on slow machines

// All that was found, and the outcome of the try.
struct Looked {
  doctor::Findings findings;
  std::vector<HookHealth> hooks;
  std::string refusal;  // why the collector did not start
  bool usable = false;
};

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

absl::Status TryCollector(const Arguments& arguments, const Config& config, Looked& out) {
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

// Four letters, so that all lines begin alike; scripts look for those with "no".
std::string_view WordOf(doctor::Mark mark) {
  switch (mark) {
    case doctor::Mark::kGood:
      return "ok";
    case doctor::Mark::kNote:
      return "note";
    case doctor::Mark::kBad:
      break;
  }
  return "no";
}

void PrintLine(doctor::Mark mark, std::string_view name, std::string_view text,
               std::string_view remedy) {
  Print(absl::StrFormat("%-4s %-14s %s\n", WordOf(mark), name, EscapedForTerminal(text)));
  if (!remedy.empty()) Print(absl::StrFormat("%20sremedy: %s\n", "", remedy));
}

void PrintText(const Looked& f) {
  bool limits = false;
  for (const doctor::Finding& finding : f.findings) {
    PrintLine(finding.mark, finding.name, finding.text, finding.remedy);
    limits |= finding.mark != doctor::Mark::kGood;
  }
  for (const HookHealth& hook : f.hooks) {
    std::string how(Name(hook.state));
    if (hook.layer.has_value()) how.append(", layer: ").append(Name(*hook.layer));
    if (!hook.why.empty()) how.append(": ").append(hook.why);
    const bool missing = hook.state == HookState::kMissing;
    PrintLine(missing ? doctor::Mark::kBad : doctor::Mark::kGood, Name(hook.name), how, "");
    limits |= missing;
  }
  if (!f.refusal.empty()) PrintLine(doctor::Mark::kBad, "collector", f.refusal, "");
  Print(!f.usable ? "This host cannot be observed.\n"
        : limits  ? "This host can be observed, within the limits above.\n"
                  : "This host can be observed.\n");
}

void PrintJson(const Looked& f) {
  JsonWriter json;
  json.Raw("{\"usable\":");
  json.Bool(f.usable);
  json.Raw(",\"facts\":[");
  for (std::size_t i = 0; i < f.findings.size(); ++i) {
    const doctor::Finding& finding = f.findings[i];
    json.Raw(i == 0 ? "{\"name\":" : ",{\"name\":");
    json.String(finding.name);
    json.Raw(",\"good\":");
    json.Bool(finding.mark != doctor::Mark::kBad);
    json.Raw(",\"mark\":");
    json.String(WordOf(finding.mark));
    json.Raw(",\"text\":");
    json.String(finding.text);
    json.Raw(",\"remedy\":");
    if (finding.remedy.empty()) {
      json.Null();
    } else {
      json.String(finding.remedy);
    }
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
  const Config& config = loaded->config;
  const doctor::Host host = doctor::ThisHost();
  Looked looked;
  for (const doctor::Findings& found :
       {doctor::KernelFindings(host), doctor::ContainerFindings(host),
        doctor::FileSystemFindings(host, config.file), doctor::JournalFindings(host, config),
        doctor::StorageFindings(config)}) {
    looked.findings.insert(looked.findings.end(), found.begin(), found.end());
  }
  if (host.privileged) {
    if (const absl::Status status = TryCollector(arguments, config, looked); !status.ok()) {
      looked.refusal = Message(status);
    }
  }
  looked.usable = !looked.hooks.empty() && looked.refusal.empty();
  if (arguments.Has(option::kJson)) {
    PrintJson(looked);
  } else {
    PrintText(looked);
  }
  return looked.usable ? 0 : 1;
}

}  // namespace randguard::cli
