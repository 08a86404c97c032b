// SPDX-License-Identifier: Apache-2.0
#include "analyzer/view/glance.h"

#include <fcntl.h>

#include <array>
#include <cstdint>
#include <optional>
#include <type_traits>
#include <variant>

#include "absl/strings/str_format.h"
#include "analyzer/rules/fields/symbols.h"

namespace randguard {
namespace {

// "file_unlink" is "unlink".
std::string WithoutDomain(std::string_view event_type) {
  for (const std::string_view domain : {"file_", "network_", "process_"}) {
    if (event_type.starts_with(domain)) event_type.remove_prefix(domain.size());
  }
  return std::string(event_type);
}

std::string JoinedItems(std::string_view bytes) {
  std::string out;
  ForEachItem(bytes, [&](std::string_view item) {
    if (!out.empty()) out += ' ';
    out += item;
  });
  return out;
}

std::string NumberText(std::string_view name, std::int64_t value) {
  return absl::StrFormat("%s %d", name, value);
}

// The kernel's name of the file, else the caller's, else the descriptor.
template <typename E>
std::string FileOf(const E& event) {
  if (event.resolved_path.has_value()) return std::string(*event.resolved_path);
  if constexpr (requires { event.filename; }) {
    const std::string_view name = OptionalText(event.filename).value_or("");
    if (!name.empty()) return std::string(name);
  }
  if constexpr (requires { event.fd; }) {
    if (event.fd.has_value()) return NumberText("fd", *event.fd);
  }
  return {};
}

std::string Either(const OptionalText& first, const OptionalText& second) {
  return std::string(first.has_value() ? *first : second.value_or(""));
}

std::string TargetOf(const TargetProcess& target) {
  std::string out(target.comm.value_or(""));
  if (target.pid.has_value()) absl::StrAppendFormat(&out, "[%d]", *target.pid);
  return out;
}

std::string SocketText(const Socket& socket, bool local) {
  if (socket.unix_path.has_value()) {
    return std::string(socket.unix_abstract ? "@" : "").append(*socket.unix_path);
  }
  const auto& address = local ? socket.local_addr : socket.remote_addr;
  const auto& port = local ? socket.local_port : socket.remote_port;
  std::string out = address.has_value() ? AddressText(address->view(), port) : std::string();
  const std::string_view protocol = socket.protocol.view();
  if (!protocol.empty() && protocol != "tcp") absl::StrAppendFormat(&out, " %s", protocol);
  return out;
}

std::string NamespacesOf(std::uint64_t flags) {
  constexpr std::string_view kBegin = "CLONE_NEW";
  std::string out;
  for (const Symbol& symbol : AllSymbols()) {
    if (symbol.group != Symbols::kNamespace || !symbol.name.starts_with(kBegin)) continue;
    if ((flags & symbol.bits) == 0) continue;
    if (!out.empty()) out += ' ';
    for (const char c : symbol.name.substr(kBegin.size())) {
      out += static_cast<char>(c - 'A' + 'a');
    }
  }
  return out;
}

// 0 where the identity did not change in the way that counts most.
std::string CredentialsText(const CredentialsChange& event) {
  if (!event.before.has_value()) return NumberText("euid", event.after.euid);
  const Credentials &before = *event.before, &after = event.after;
  if (before.euid != after.euid) {
    return absl::StrFormat("euid %d -> %d", before.euid, after.euid);
  }
  if (before.uid != after.uid) return absl::StrFormat("uid %d -> %d", before.uid, after.uid);
  if (before.egid != after.egid) return absl::StrFormat("egid %d -> %d", before.egid, after.egid);
  if (before.capabilities != after.capabilities) {
    return absl::StrFormat("capabilities %x -> %x", before.capabilities.effective.bits,
                           after.capabilities.effective.bits);
  }
  return {};
}

// How long something took, for people.
std::string DurationText(std::uint64_t ns) {
  constexpr double kSecond = 1e9;
  const double seconds = static_cast<double>(ns) / kSecond;
  if (ns >= 100 * std::uint64_t{1'000'000'000}) return absl::StrFormat("%.0f s", seconds);
  return absl::StrFormat("%.3f s", seconds);
}

std::string ExitText(const ProcessExit& event) {
  if (event.signal.has_value()) {
    return absl::StrFormat("signal %d%s", *event.signal, event.core_dumped ? ", core" : "");
  }
  return NumberText("exit", event.exit_code.value_or(0));
}

void Describe(const ProcessStart& event, Glance& glance) {
  glance.object = event.args.has_value() && !event.args->bytes.empty()
                      ? JoinedItems(event.args->bytes)
                      : Either(event.actor.exe_path, event.filename);
  if (event.memfd) {
    glance.result = "memfd";
  } else if (event.unlinked) {
    glance.result = "unlinked";
  }
}

void Describe(const ProcessExecFailed& event, Glance& glance) {
  glance.what = "exec";
  glance.object = std::string(event.filename);
}

void Describe(const ProcessRelationship& event, Glance& glance) {
  glance.what = event.thread ? "thread" : "fork";
  glance.object =
      absl::StrFormat("%s[%d]", event.child_comm, event.thread ? event.child_tid : event.child_pid);
}

void Describe(const ProcessExit& event, Glance& glance) {
  glance.what = event.group_dead ? "exit" : "thread-exit";
  glance.object = "after " + DurationText(event.duration_ns);
  glance.result = ExitText(event);
  glance.failed = event.signal.has_value() || event.exit_code.value_or(0) != 0;
}

void Describe(const FileOpen& event, Glance& glance) {
  glance.object = FileOf(event);
  if (event.created) {
    glance.what = "create";
  } else if ((event.flags & (O_ACCMODE | O_TRUNC)) != 0) {
    glance.what += "-w";
  }
}

void Describe(const FileRename& event, Glance& glance) {
  glance.object = Either(event.old_resolved_path, event.old_filename) + " -> " +
                  Either(event.new_resolved_path, event.new_filename);
}

void Describe(const FileChange& event, Glance& glance) {
  glance.object = FileOf(event);
  if (event.new_mode.has_value()) {
    absl::StrAppendFormat(&glance.object, " %o", event.new_mode->bits);
  }
  constexpr std::uint32_t kUnchanged = UINT32_MAX;
  if (event.new_uid.value_or(kUnchanged) != kUnchanged) {
    absl::StrAppendFormat(&glance.object, " uid %d", *event.new_uid);
  }
  if (event.new_gid.value_or(kUnchanged) != kUnchanged) {
    absl::StrAppendFormat(&glance.object, " gid %d", *event.new_gid);
  }
  if (event.attribute.has_value()) glance.object.append(" ").append(*event.attribute);
}

void Describe(const CredentialsChange& event, Glance& glance) {
  glance.what = std::string(event.call.syscall);
  glance.object = CredentialsText(event);
}

void Describe(const ProcessAccess& event, Glance& glance) {
  glance.object = TargetOf(event.target);
  if (event.operation.has_value()) glance.object.append(" ").append(Name(*event.operation));
}

void Describe(const AgentSignal& event, Glance& glance) {
  glance.what = "signal";
  glance.object = absl::StrFormat("%d to %s", event.signal, TargetOf(event.target));
}

void Describe(const ModuleLoad& event, Glance& glance) {
  glance.object = Either(event.module, event.path);
}

void Describe(const ModuleUnload& event, Glance& glance) {
  glance.object = std::string(event.module);
}

void Describe(const BpfOperation& event, Glance& glance) {
  glance.what = "bpf";
  if (event.operation.has_value()) glance.object = std::string(Name(*event.operation));
  if (event.name.has_value()) glance.object.append(" ").append(*event.name);
}

void Describe(const NamespaceChange& event, Glance& glance) {
  glance.what = std::string(event.call.syscall);
  glance.object = event.path.has_value() ? std::string(*event.path) : NamespacesOf(event.flags);
}

void Describe(const Mount& event, Glance& glance) {
  const std::string source = Either(event.source_path, event.source);
  glance.object = (source.empty() ? std::string(event.fs_type.value_or("")) : source) + " on " +
                  Either(event.target_path, event.target);
}

void Describe(const Unmount& event, Glance& glance) {
  glance.object = Either(event.target_path, event.target);
}

void Describe(const RootChange& event, Glance& glance) {
  glance.what = std::string(event.call.syscall);
  glance.object = Either(event.new_root_path, event.new_root);
}

void Describe(const MemfdCreate& event, Glance& glance) {
  glance.what = "memfd";
  glance.object = std::string(event.name);
}

void Describe(const IoUringOperation& event, Glance& glance) {
  glance.what = "io_uring";
  glance.object = event.operation.has_value() ? std::string(Name(*event.operation))
                                              : NumberText("opcode", event.opcode);
  if (event.filename.has_value()) {
    glance.object.append(" ").append(*event.filename);
  } else if (event.remote_addr.has_value()) {
    glance.object += " " + AddressText(event.remote_addr->view(), event.remote_port);
  } else if (event.local_addr.has_value()) {
    glance.object += " " + AddressText(event.local_addr->view(), event.local_port);
  }
}

void Describe(const NetworkClose& event, Glance& glance) {
  glance.object =
      absl::StrFormat("%s, %d B sent, %d B received", SocketText(event.object, /*local=*/false),
                      event.bytes_sent, event.bytes_received);
}

void Describe(const Alert& alert, Glance& glance) {
  glance.what = "ALERT";
  glance.object = absl::StrFormat("%s %s %s", Name(alert.severity), alert.rule_id, alert.rule_name);
  const OptionalText about = alert.path.has_value()   ? alert.path
                             : alert.addr.has_value() ? alert.addr
                                                      : alert.command_line;
  if (about.has_value()) glance.object.append(": ").append(*about);
  if (alert.folded) glance.result = absl::StrFormat("x%d", alert.count);
}

void Describe(const Loss& loss, Glance& glance) {
  glance.what = "LOSS";
  glance.object = loss.count.has_value() ? absl::StrFormat("%d lost", *loss.count) : "some lost";
  if (loss.kind.has_value()) glance.object.append(" of kind ").append(Name(*loss.kind));
  glance.object.append(", ").append(Name(loss.reason));
  glance.failed = true;
}

void Describe(const Health& health, Glance& glance) {
  glance.object = std::string(Name(health.status));
  for (const std::string& reason : health.reasons) glance.object.append("; ").append(reason);
  glance.failed = health.status != HealthStatus::kOk;
}

void Describe(const Canary& canary, Glance& glance) {
  glance.object = absl::StrFormat("came back after %d us", canary.round_trip_us);
}

// Events about one file, and those about a socket.
template <typename E>
void Describe(const E& event, Glance& glance) {
  if constexpr (requires { event.resolved_path; }) {
    glance.object = FileOf(event);
  } else if constexpr (std::is_same_v<decltype(event.object), Socket>) {
    const bool local = std::is_same_v<E, NetworkBind> || std::is_same_v<E, NetworkListen>;
    glance.object = SocketText(event.object, local);
  }
}

template <typename E>
OptionalText ErrorOf(const E& event) {
  if constexpr (requires { event.call.error; }) {
    return event.call.error;
  } else if constexpr (requires { event.error; }) {
    return event.error;
  } else {
    return std::nullopt;
  }
}

}  // namespace

std::string AddressText(std::string_view address, std::optional<std::uint32_t> port) {
  if (!port.has_value()) return std::string(address);
  const bool is_ipv6 = address.find(':') != address.npos;
  return is_ipv6 ? absl::StrFormat("[%s]:%d", address, *port)
                 : absl::StrFormat("%s:%d", address, *port);
}

Glance GlanceAt(const AnyEvent& event) {
  Glance glance;
  std::visit(
      [&]<typename E>(const E& of) {
        if constexpr (!std::is_same_v<E, CgroupName>) {
          glance.what = WithoutDomain(EventType(of));
          Describe(of, glance);
          // An alert is about a call that failed or not, and says so in its own words.
          if constexpr (!std::is_same_v<E, Alert>) {
            if (const OptionalText error = ErrorOf(of); error.has_value()) {
              glance.result = std::string(*error);
              glance.failed = true;
            }
          }
        }
      },
      event);
  return glance;
}

std::optional<Who> WhoOf(const AnyEvent& event) {
  const auto who = [](const auto& of) { return Who{of.comm, of.pid, of.uid, of.process_id}; };
  if (const auto* const alert = std::get_if<Alert>(&event)) return who(*alert);
  const Actor* const actor = ActorOf(event);
  return actor == nullptr ? std::nullopt : std::optional(who(*actor));
}

const Actor* ActorOf(const AnyEvent& event) {
  return std::visit(
      [](const auto& of) -> const Actor* {
        if constexpr (requires { of.actor; }) {
          return &of.actor;
        } else {
          return nullptr;
        }
      },
      event);
}

}  // namespace randguard
