// SPDX-License-Identifier: Apache-2.0
#include "analyzer/output/profiles/ocsf.h"

#include <array>
#include <cstddef>
#include <cstdint>

namespace randguard::profiles {
namespace {

// The digits of a number, known to the compiler.
template <int kNumber>
struct Digits {
  static constexpr std::size_t kSize = [] {
    std::size_t size = 1;
    for (int rest = kNumber; rest >= 10; rest /= 10) ++size;
    return size;
  }();
  static constexpr auto kText = [] {
    std::array<char, kSize> text{};
    int rest = kNumber;
    for (std::size_t at = kSize; at > 0; rest /= 10)
      text[--at] = static_cast<char>('0' + rest % 10);
    return text;
  }();
  static constexpr std::string_view View() { return {kText.data(), kText.size()}; }
};

int OcsfSeverity(Severity severity) { return 1 + static_cast<int>(severity); }

std::string_view SeverityJson(Severity severity) {
  constexpr std::string_view kNames[] = {"\"Informational\"", "\"Low\"", "\"Medium\"", "\"High\"",
                                         "\"Critical\""};
  return kNames[static_cast<std::size_t>(severity)];
}

enum class Status { kUnknown, kSuccess, kFailure };

constexpr std::string_view kStatusIds[] = {"0", "1", "2"};

constexpr int kFileActivity = 1001, kKernelExtensions = 1002, kKernelActivity = 1003,
              kMemoryActivity = 1004, kProcessActivity = 1007, kLogActivity = 1008,
              kFindings = 2004, kNetworkActivity = 4001;
constexpr int kOther = 99;

constexpr std::string_view NameOf(int event_class) {
  switch (event_class) {
    case kFileActivity:
      return "\"File System Activity\"";
    case kKernelExtensions:
      return "\"Kernel Extension Activity\"";
    case kKernelActivity:
      return "\"Kernel Activity\"";
    case kMemoryActivity:
      return "\"Memory Activity\"";
    case kProcessActivity:
      return "\"Process Activity\"";
    case kLogActivity:
      return "\"Event Log Activity\"";
    case kFindings:
      return "\"Detection Finding\"";
    case kNetworkActivity:
      return "\"Network Activity\"";
    default:
      return {};
  }
}

// `name` is JSON.
template <int kClass, int kActivity>
Parts Made(std::string_view name, Status status, std::string_view last = {}) {
  return {{Digits<kClass>::View(), Digits<kClass / 1000>::View(),
           Digits<kClass * 100 + kActivity>::View(), Digits<kActivity>::View(), name,
           kStatusIds[static_cast<std::size_t>(status)], last, NameOf(kClass)}};
}

Status Of(std::int64_t result) { return result < 0 ? Status::kFailure : Status::kSuccess; }
Status Of(const FileCall& call) {
  return call.result.has_value() ? Of(*call.result) : Status::kUnknown;
}
Status Of(const BehaviourCall& call) { return Of(call.result); }
Status Of(const NetworkCall& call) {
  if (call.error == "EINPROGRESS" || call.error == "EINTR" || call.error == "EALREADY") {
    return Status::kUnknown;
  }
  return Of(call.result);
}

}  // namespace

const Profile& Ocsf::Writing() {
  static const Profile writing = {
      .schema = {.own = "unmapped", .actor_rows = ocsf::kActor, .line_rows = ocsf::kLine},
      .numbers_are_texts = false,
      .severity_number = OcsfSeverity,
      .severity_json = SeverityJson,
      .direction_json = nullptr,
      .file_type_json = nullptr,
  };
  return writing;
}

Parts Ocsf::Classify(const ProcessStart&) {
  return Made<kProcessActivity, 1>("\"Launch\"", Status::kSuccess, "3");
}

Parts Ocsf::Classify(const ProcessExecFailed&) {
  return Made<kProcessActivity, 1>("\"Launch\"", Status::kFailure, "3");
}

Parts Ocsf::Classify(const ProcessRelationship& e) {
  return e.thread ? Made<kProcessActivity, kOther>("\"Thread Start\"", Status::kSuccess)
                  : Made<kProcessActivity, 1>("\"Launch\"", Status::kSuccess, "2");
}

Parts Ocsf::Classify(const ProcessExit& e) {
  return e.group_dead ? Made<kProcessActivity, 2>("\"Terminate\"", Status::kSuccess)
                      : Made<kProcessActivity, kOther>("\"Thread End\"", Status::kSuccess);
}

Parts Ocsf::Classify(const FileOpen& e) {
  return e.created ? Made<kFileActivity, 1>("\"Create\"", Of(e.call))
                   : Made<kFileActivity, 14>("\"Open\"", Of(e.call));
}

Parts Ocsf::Classify(const FileWrite& e) {
  return Made<kFileActivity, 3>("\"Update\"", Of(e.call));
}

Parts Ocsf::Classify(const FileRename& e) {
  return VariantOf(e) == kLink ? Made<kFileActivity, 1>("\"Create\"", Of(e.call))
                               : Made<kFileActivity, 5>("\"Rename\"", Of(e.call));
}

Parts Ocsf::Classify(const FileUnlink& e) {
  return Made<kFileActivity, 4>("\"Delete\"", Of(e.call));
}

Parts Ocsf::Classify(const FileChange& e) {
  const std::string_view operation = e.call.operation;
  if (operation == "create") return Made<kFileActivity, 1>("\"Create\"", Of(e.call));
  if (operation == "write") return Made<kFileActivity, 3>("\"Update\"", Of(e.call));
  if (operation == "attribute") return Made<kFileActivity, 6>("\"Set Attributes\"", Of(e.call));
  return Made<kFileActivity, 7>("\"Set Security\"", Of(e.call));
}

Parts Ocsf::Classify(const FileTimes& e) {
  return Made<kFileActivity, 6>("\"Set Attributes\"", Of(e.call));
}

Parts Ocsf::Classify(const FileFlags& e) {
  return Made<kFileActivity, 6>("\"Set Attributes\"", Of(e.call));
}

Parts Ocsf::Classify(const CredentialsChange& e) {
  const std::string_view call = e.call.syscall;
  if (call == "capset") {
    return Made<kProcessActivity, kOther>("\"Set Capabilities\"", Of(e.call));
  }
  return call.find("gid") != call.npos || call == "setgroups"
             ? Made<kProcessActivity, kOther>("\"Set Group ID\"", Of(e.call))
             : Made<kProcessActivity, 5>("\"Set User ID\"", Of(e.call));
}

Parts Ocsf::Classify(const ProcessAccess& e) {
  if (!e.operation.has_value()) return Made<kProcessActivity, kOther>("\"ptrace\"", Of(e.call));
  switch (*e.operation) {
    case AccessOperation::kReadMemory:
    case AccessOperation::kOpenMemoryToRead:
      return Made<kMemoryActivity, 7>("\"Read\"", Of(e.call));
    case AccessOperation::kPokeText:
    case AccessOperation::kPokeData:
    case AccessOperation::kPokeUser:
    case AccessOperation::kWriteMemory:
    case AccessOperation::kOpenMemoryToWrite:
      return Made<kMemoryActivity, 8>("\"Write\"", Of(e.call));
    case AccessOperation::kAttach:
    case AccessOperation::kSeize:
    case AccessOperation::kTraceme:
    case AccessOperation::kGetDescriptor:
    case AccessOperation::kOpenEnvironment:
    case AccessOperation::kOpenMappings:
      break;
  }
  return Made<kProcessActivity, 3>("\"Open\"", Of(e.call));
}

Parts Ocsf::Classify(const AgentSignal& e) {
  return Made<kProcessActivity, kOther>("\"Signal\"", Of(e.call));
}

Parts Ocsf::Classify(const ModuleLoad& e) {
  return Made<kKernelExtensions, 1>("\"Load\"", Of(e.call));
}

Parts Ocsf::Classify(const ModuleUnload& e) {
  return Made<kKernelExtensions, 2>("\"Unload\"", Of(e.call));
}

Parts Ocsf::Classify(const BpfOperation& e) {
  return Made<kKernelActivity, 4>("\"Invoke\"", Of(e.call));
}

Parts Ocsf::Classify(const NamespaceChange& e) {
  return Made<kKernelActivity, 4>("\"Invoke\"", Of(e.call));
}

Parts Ocsf::Classify(const Mount& e) { return Made<kFileActivity, 12>("\"Mount\"", Of(e.call)); }

Parts Ocsf::Classify(const Unmount& e) {
  return Made<kFileActivity, 13>("\"Unmount\"", Of(e.call));
}

Parts Ocsf::Classify(const RootChange& e) {
  return Made<kKernelActivity, 4>("\"Invoke\"", Of(e.call));
}

Parts Ocsf::Classify(const MemfdCreate& e) {
  return Made<kKernelActivity, 4>("\"Invoke\"", Of(e.call));
}

Parts Ocsf::Classify(const IoUringOperation&) {
  return Made<kKernelActivity, 4>("\"Invoke\"", Status::kUnknown);
}

Parts Ocsf::Classify(const NetworkConnect& e) {
  if (e.call.error == "ECONNREFUSED") {
    return Made<kNetworkActivity, 5>("\"Refuse\"", Status::kFailure);
  }
  if (Of(e.call) == Status::kFailure) return Made<kNetworkActivity, 4>("\"Fail\"", Of(e.call));
  return Made<kNetworkActivity, 1>("\"Open\"", Of(e.call));
}

Parts Ocsf::Classify(const NetworkBind& e) {
  return Made<kNetworkActivity, kOther>("\"Bind\"", Of(e.call));
}

Parts Ocsf::Classify(const NetworkListen& e) {
  return Made<kNetworkActivity, 7>("\"Listen\"", Of(e.call));
}

Parts Ocsf::Classify(const NetworkAccept& e) {
  return Of(e.call) == Status::kFailure ? Made<kNetworkActivity, 4>("\"Fail\"", Of(e.call))
                                        : Made<kNetworkActivity, 1>("\"Open\"", Of(e.call));
}

Parts Ocsf::Classify(const NetworkDatagram& e) {
  return Made<kNetworkActivity, 6>("\"Traffic\"", Of(e.call));
}

Parts Ocsf::Classify(const NetworkSocket& e) {
  return Made<kNetworkActivity, kOther>("\"Socket\"", Of(e.call));
}

Parts Ocsf::Classify(const NetworkClose& e) {
  if (!e.established) return Made<kNetworkActivity, 4>("\"Fail\"", Status::kFailure);
  if (e.error == "ECONNRESET") return Made<kNetworkActivity, 3>("\"Reset\"", Of(e.result));
  return Made<kNetworkActivity, 2>("\"Close\"", Of(e.result));
}

Parts Ocsf::Classify(const Alert&) {
  Parts parts = Made<kFindings, 1>("\"Create\"", Status::kUnknown);
  parts.json[5] = "1";  // new
  return parts;
}

Parts Ocsf::Classify(const Loss&) {
  return Made<kLogActivity, kOther>("\"Loss\"", Status::kFailure, "3");
}

Parts Ocsf::Classify(const Health& e) {
  switch (e.status) {
    case HealthStatus::kOk:
      return Made<kLogActivity, kOther>("\"Health\"", Status::kSuccess, "1");
    case HealthStatus::kDegraded:
      return Made<kLogActivity, kOther>("\"Health\"", Status::kFailure, "3");
    case HealthStatus::kBlind:
      break;
  }
  return Made<kLogActivity, kOther>("\"Health\"", Status::kFailure, "4");
}

Parts Ocsf::Classify(const Canary&) {
  return Made<kLogActivity, kOther>("\"Canary\"", Status::kSuccess, "1");
}

}  // namespace randguard::profiles
