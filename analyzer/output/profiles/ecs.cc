// SPDX-License-Identifier: Apache-2.0
#include "analyzer/output/profiles/ecs.h"

#include <sys/stat.h>

#include <array>
#include <cstddef>

namespace randguard::profiles {
namespace {

constexpr std::string_view kSuccess = "\"success\"";
constexpr std::string_view kFailure = "\"failure\"";
constexpr std::string_view kUnknown = "\"unknown\"";
constexpr std::string_view kInfo = "[\"info\"]";
constexpr std::string_view kProcess = "[\"process\"]";
constexpr std::string_view kFileCategory = "[\"file\"]";
constexpr std::string_view kNetwork = "[\"network\"]";
constexpr std::string_view kDriver = "[\"driver\"]";
constexpr std::string_view kHost = "[\"host\"]";

Parts Made(std::string_view category, std::string_view type, std::string_view action,
           std::string_view outcome = kSuccess) {
  return {{"\"event\"", category, outcome == kFailure ? kInfo : type, action, outcome}};
}

std::string_view DirectionJson(Direction direction) {
  return direction == Direction::kInbound ? "\"ingress\"" : "\"egress\"";
}

std::string_view FileTypeJson(const Mode& mode) {
  switch (mode.bits & S_IFMT) {
    case S_IFREG:
      return "\"file\"";
    case S_IFDIR:
      return "\"dir\"";
    case S_IFLNK:
      return "\"symlink\"";
    default:
      return {};  // the schema has no more of them
  }
}

// As rules of this schema rate them: 21 is low, 99 critical.
int EcsSeverity(Severity severity) {
  constexpr int kNumbers[] = {1, 21, 47, 73, 99};
  return kNumbers[static_cast<std::size_t>(severity)];
}

// EINPROGRESS and the like: a connection is being made.
bool IsUnderWay(const NetworkCall& call) {
  return call.error == "EINPROGRESS" || call.error == "EINTR" || call.error == "EALREADY";
}

std::string_view OutcomeOf(const FileCall& call) {
  if (!call.result.has_value()) return kUnknown;
  return *call.result < 0 ? kFailure : kSuccess;
}
std::string_view OutcomeOf(const BehaviourCall& call) {
  return call.result < 0 ? kFailure : kSuccess;
}
std::string_view OutcomeOf(const NetworkCall& call) {
  if (IsUnderWay(call)) return kUnknown;
  return call.result < 0 ? kFailure : kSuccess;
}

// An attempt is one whatever comes of it.
Parts Connection(std::string_view type, std::string_view action, std::string_view outcome) {
  Parts parts = Made(kNetwork, type, action, outcome);
  parts.json[2] = type;
  return parts;
}

#define RG_BPF_ACTION(enumerator, name, meaning) std::string_view("\"bpf_" name "\""),
constexpr std::string_view kBpfActions[] = {RG_BPF_COMMANDS(RG_BPF_ACTION)};
#undef RG_BPF_ACTION
#define RG_RING_ACTION(enumerator, name, meaning) std::string_view("\"io_uring_" name "\""),
constexpr std::string_view kRingActions[] = {RG_RING_OPERATIONS(RG_RING_ACTION)};
#undef RG_RING_ACTION

bool IsOfFiles(RingOperation operation) {
  switch (operation) {
    case RingOperation::kOpenat:
    case RingOperation::kOpenat2:
    case RingOperation::kRenameat:
    case RingOperation::kUnlinkat:
    case RingOperation::kMkdirat:
    case RingOperation::kSymlinkat:
    case RingOperation::kLinkat:
      return true;
    case RingOperation::kConnect:
    case RingOperation::kSend:
    case RingOperation::kSendmsg:
    case RingOperation::kSendZc:
    case RingOperation::kSendmsgZc:
    case RingOperation::kBind:
    case RingOperation::kListen:
    case RingOperation::kAccept:
    case RingOperation::kRecv:
    case RingOperation::kRecvmsg:
      return false;
  }
  return false;
}

}  // namespace

const Profile& Ecs::Writing() {
  static const Profile writing = {
      .schema = {.own = "rand_guard", .actor_rows = ecs::kActor, .line_rows = ecs::kLine},
      .numbers_are_texts = true,
      .severity_number = EcsSeverity,
      .severity_json = nullptr,
      .direction_json = DirectionJson,
      .file_type_json = FileTypeJson,
  };
  return writing;
}

Parts Ecs::Classify(const ProcessStart&) { return Made(kProcess, "[\"start\"]", "\"exec\""); }

Parts Ecs::Classify(const ProcessExecFailed&) {
  return Made(kProcess, kInfo, "\"exec_failed\"", kFailure);
}

Parts Ecs::Classify(const ProcessRelationship& e) {
  return e.thread ? Made(kProcess, kInfo, "\"thread_start\"")
                  : Made(kProcess, "[\"start\"]", "\"fork\"");
}

Parts Ecs::Classify(const ProcessExit& e) {
  return e.group_dead ? Made(kProcess, "[\"end\"]", "\"end\"")
                      : Made(kProcess, kInfo, "\"thread_end\"");
}

Parts Ecs::Classify(const FileOpen& e) {
  return e.created ? Made(kFileCategory, "[\"creation\"]", "\"creation\"", OutcomeOf(e.call))
                   : Made(kFileCategory, "[\"access\"]", "\"open\"", OutcomeOf(e.call));
}

Parts Ecs::Classify(const FileWrite& e) {
  return Made(kFileCategory, "[\"change\"]", "\"modification\"", OutcomeOf(e.call));
}

Parts Ecs::Classify(const FileRename& e) {
  return VariantOf(e) == kLink
             ? Made(kFileCategory, "[\"creation\"]", "\"creation\"", OutcomeOf(e.call))
             : Made(kFileCategory, "[\"change\"]", "\"rename\"", OutcomeOf(e.call));
}

Parts Ecs::Classify(const FileUnlink& e) {
  return Made(kFileCategory, "[\"deletion\"]", "\"deletion\"", OutcomeOf(e.call));
}

Parts Ecs::Classify(const FileChange& e) {
  const std::string_view operation = e.call.operation;
  const std::string_view outcome = OutcomeOf(e.call);
  if (operation == "create") {
    return Made(kFileCategory, "[\"creation\"]", "\"creation\"", outcome);
  }
  return Made(kFileCategory, "[\"change\"]",
              operation == "chmod"   ? "\"changed-file-permissions-of\""
              : operation == "chown" ? "\"changed-file-ownership-of\""
              : operation == "write" ? "\"modification\""
                                     : "\"changed-file-attributes-of\"",
              outcome);
}

Parts Ecs::Classify(const FileTimes& e) {
  return Made(kFileCategory, "[\"change\"]", "\"changed-timestamp-of\"", OutcomeOf(e.call));
}

Parts Ecs::Classify(const FileFlags& e) {
  return Made(kFileCategory, "[\"change\"]", "\"changed-file-attributes-of\"", OutcomeOf(e.call));
}

Parts Ecs::Classify(const CredentialsChange& e) {
  const std::string_view call = e.call.syscall;
  return Made(kProcess, "[\"change\"]",
              call == "capset" ? "\"capabilities_change\""
              : call.find("gid") != std::string_view::npos || call == "setgroups"
                  ? "\"gid_change\""
                  : "\"uid_change\"",
              OutcomeOf(e.call));
}

Parts Ecs::Classify(const ProcessAccess& e) {
  // Requests of ptrace(2) have one name, as in audit records.
  return Made(
      kProcess, "[\"access\"]",
      e.call.syscall == "ptrace" || !e.operation.has_value() ? "\"ptrace\"" : JsonOf(*e.operation),
      OutcomeOf(e.call));
}

Parts Ecs::Classify(const AgentSignal& e) {
  return Made(kProcess, "[\"access\"]", "\"signal\"", OutcomeOf(e.call));
}

Parts Ecs::Classify(const ModuleLoad& e) {
  return Made(kDriver, "[\"start\"]", "\"loaded-kernel-module\"", OutcomeOf(e.call));
}

Parts Ecs::Classify(const ModuleUnload& e) {
  return Made(kDriver, "[\"end\"]", "\"unloaded-kernel-module\"", OutcomeOf(e.call));
}

Parts Ecs::Classify(const BpfOperation& e) {
  if (!e.operation.has_value()) return Made(kDriver, kInfo, "\"bpf\"", OutcomeOf(e.call));
  return Made(kDriver,
              *e.operation == BpfCommand::kProgLoad     ? "[\"start\"]"
              : *e.operation == BpfCommand::kLinkDetach ? "[\"end\"]"
                                                        : kInfo,
              kBpfActions[static_cast<std::size_t>(*e.operation)], OutcomeOf(e.call));
}

Parts Ecs::Classify(const NamespaceChange& e) {
  return Made(kProcess, "[\"change\"]", "\"namespace_change\"", OutcomeOf(e.call));
}

Parts Ecs::Classify(const Mount& e) {
  return Made(kFileCategory, "[\"change\"]", "\"mounted\"", OutcomeOf(e.call));
}

Parts Ecs::Classify(const Unmount& e) {
  return Made(kFileCategory, "[\"change\"]", "\"unmounted\"", OutcomeOf(e.call));
}

Parts Ecs::Classify(const RootChange& e) {
  return Made(kProcess, "[\"change\"]", "\"root_change\"", OutcomeOf(e.call));
}

Parts Ecs::Classify(const MemfdCreate& e) {
  return Made(kProcess, kInfo, "\"memfd_create\"", OutcomeOf(e.call));
}

Parts Ecs::Classify(const IoUringOperation& e) {
  if (!e.operation.has_value()) return Made(kProcess, kInfo, "\"io_uring\"", kUnknown);
  return Made(IsOfFiles(*e.operation) ? kFileCategory : kNetwork, kInfo,
              kRingActions[static_cast<std::size_t>(*e.operation)], kUnknown);
}

Parts Ecs::Classify(const NetworkConnect& e) {
  return Connection("[\"connection\",\"start\"]", "\"connection_attempted\"", OutcomeOf(e.call));
}

Parts Ecs::Classify(const NetworkBind& e) {
  return Made(kNetwork, kInfo, "\"bound-socket\"", OutcomeOf(e.call));
}

Parts Ecs::Classify(const NetworkListen& e) {
  return Made(kNetwork, kInfo, "\"listen\"", OutcomeOf(e.call));
}

Parts Ecs::Classify(const NetworkAccept& e) {
  return Made(kNetwork, "[\"connection\",\"start\"]", "\"connection_accepted\"", OutcomeOf(e.call));
}

Parts Ecs::Classify(const NetworkDatagram& e) {
  // The first datagram to or from a peer is all of a connection that there is.
  return Connection(
      "[\"connection\",\"start\"]",
      VariantOf(e) == kInbound ? "\"connection_accepted\"" : "\"connection_attempted\"",
      OutcomeOf(e.call));
}

Parts Ecs::Classify(const NetworkSocket& e) {
  return Made(kNetwork, kInfo, "\"socket\"", OutcomeOf(e.call));
}

Parts Ecs::Classify(const NetworkClose& e) {
  return Connection("[\"connection\",\"end\"]", "\"disconnect_received\"",
                    e.result < 0 || !e.established ? kFailure : kSuccess);
}

Parts Ecs::Classify(const Alert&) {
  return {{"\"alert\"", "[\"intrusion_detection\"]", kInfo, "\"rule_detection\""}};
}

Parts Ecs::Classify(const Loss&) { return {{"\"pipeline_error\"", kHost, kInfo, "\"loss\""}}; }

Parts Ecs::Classify(const Health&) { return {{"\"state\"", kHost, kInfo, "\"health\""}}; }

Parts Ecs::Classify(const Canary&) { return {{"\"state\"", kHost, kInfo, "\"canary\""}}; }

}  // namespace randguard::profiles
