// SPDX-License-Identifier: Apache-2.0
//
// The Open Cybersecurity Schema Framework 1.8 as a profile: which rows an event has, and of which
// class and activity it is.
//
// Process activity (1007) has exec and fork, which launch_type_id tells apart, exits, changes of
// identity and what one process does to another one; memory activity (1004) what it does to another
// one's memory. The actor is whoever acts: of an exec the parent, of a fork the caller. A call to
// the kernel that no class is about is kernel activity (1003), with the call's name. Losses and
// health are event log activity (1008) of the sensor's own log.
#ifndef ANALYZER_OUTPUT_PROFILES_OCSF_H_
#define ANALYZER_OUTPUT_PROFILES_OCSF_H_

#include <span>
#include <string_view>

#include "analyzer/event/alert.h"
#include "analyzer/event/events.h"
#include "analyzer/event/reports.h"
#include "analyzer/output/profiles/ocsf_rows.h"
#include "analyzer/output/profiles/profile.h"
#include "analyzer/output/profiles/variants.h"

namespace randguard::profiles {

struct Ocsf {
  static const Profile& Writing();

  // --- rows --------------------------------------------------------------------------------------

  static constexpr Rows With(std::span<const Row> own, std::span<const Row> object = {}) {
    return {.line = ocsf::kLine,
            .actor = ocsf::kActor,
            .call = ocsf::kCall,
            .own = own,
            .object = object};
  }
  static constexpr Rows OfProcess(std::span<const Row> actor, std::span<const Row> own) {
    return {.line = ocsf::kLine, .actor = actor, .call = ocsf::kCall, .own = own, .object = {}};
  }
  static constexpr Rows OfKernel(std::span<const Row> own) {
    return {.line = ocsf::kLine,
            .actor = ocsf::kActor,
            .call = ocsf::kKernelCall,
            .own = own,
            .object = {}};
  }
  static constexpr Rows OfReport(std::span<const Row> line, std::span<const Row> own) {
    return {.line = line, .actor = {}, .call = {}, .own = own, .object = {}};
  }
  static constexpr Rows RowsOf(const ProcessStart*, int) {
    return OfProcess(ocsf::kActorIsChild, ocsf::kProcessStart);
  }
  static constexpr Rows RowsOf(const ProcessExecFailed*, int) {
    return OfProcess(ocsf::kActorStartsNothing, ocsf::kProcessExecFailed);
  }
  static constexpr Rows RowsOf(const ProcessRelationship*, int variant) {
    return variant == kThread ? OfProcess(ocsf::kActorIsBoth, ocsf::kRestAlone)
                              : OfProcess(ocsf::kActor, ocsf::kFork);
  }
  static constexpr Rows RowsOf(const ProcessExit*, int) {
    return OfProcess(ocsf::kActorIsBoth, ocsf::kProcessExit);
  }
  static constexpr Rows RowsOf(const FileOpen*, int) {
    return With(ocsf::kFile, ocsf::kFileObject);
  }
  static constexpr Rows RowsOf(const FileWrite*, int) {
    return With(ocsf::kFile, ocsf::kFileObject);
  }
  static constexpr Rows RowsOf(const FileRename*, int variant) {
    return With(variant == kLink ? std::span<const Row>(ocsf::kFileLink)
                                 : std::span<const Row>(ocsf::kFileRename));
  }
  static constexpr Rows RowsOf(const FileUnlink*, int) { return With(ocsf::kFileName); }
  static constexpr Rows RowsOf(const FileChange*, int) {
    return With(ocsf::kFile, ocsf::kFileObject);
  }
  static constexpr Rows RowsOf(const FileTimes*, int) {
    return With(ocsf::kFile, ocsf::kFileObject);
  }
  static constexpr Rows RowsOf(const FileFlags*, int) {
    return With(ocsf::kFile, ocsf::kFileObject);
  }
  static constexpr Rows RowsOf(const CredentialsChange*, int) {
    return OfProcess(ocsf::kActorIsBoth, ocsf::kCredentialsChange);
  }
  static constexpr Rows RowsOf(const ProcessAccess*, int) { return With(ocsf::kTarget); }
  static constexpr Rows RowsOf(const AgentSignal*, int) { return With(ocsf::kTarget); }
  static constexpr Rows RowsOf(const ModuleLoad*, int) { return With(ocsf::kModuleLoad); }
  static constexpr Rows RowsOf(const ModuleUnload*, int) { return With(ocsf::kModuleUnload); }
  static constexpr Rows RowsOf(const BpfOperation*, int) { return OfKernel(ocsf::kRestAlone); }
  static constexpr Rows RowsOf(const NamespaceChange*, int) {
    return OfKernel(ocsf::kNamespaceChange);
  }
  static constexpr Rows RowsOf(const Mount*, int) { return With(ocsf::kMount); }
  static constexpr Rows RowsOf(const Unmount*, int) { return With(ocsf::kMount); }
  static constexpr Rows RowsOf(const RootChange*, int) { return OfKernel(ocsf::kRootChange); }
  static constexpr Rows RowsOf(const MemfdCreate*, int) { return OfKernel(ocsf::kRestAlone); }
  static constexpr Rows RowsOf(const IoUringOperation*, int) { return With(ocsf::kIoUring); }
  static constexpr Rows RowsOf(const NetworkConnect*, int) {
    return With(ocsf::kRestAlone, ocsf::kSocketOutbound);
  }
  static constexpr Rows RowsOf(const NetworkBind*, int) {
    return With(ocsf::kRestAlone, ocsf::kSocketAlone);
  }
  static constexpr Rows RowsOf(const NetworkListen*, int) {
    return With(ocsf::kRestAlone, ocsf::kSocketAlone);
  }
  static constexpr Rows RowsOf(const NetworkSocket*, int) {
    return With(ocsf::kRestAlone, ocsf::kSocketAlone);
  }
  static constexpr Rows RowsOf(const NetworkAccept*, int) {
    return With(ocsf::kRestAlone, ocsf::kSocketInbound);
  }
  static constexpr Rows RowsOf(const NetworkDatagram*, int variant) {
    return With(ocsf::kRestAlone,
                variant == kInbound ? ocsf::kSocketInbound : ocsf::kSocketOutbound);
  }
  static constexpr Rows RowsOf(const NetworkClose*, int variant) {
    return variant == kInbound ? With(ocsf::kCloseInbound, ocsf::kSocketInbound)
                               : With(ocsf::kCloseOutbound, ocsf::kSocketOutbound);
  }
  static constexpr Rows RowsOf(const Alert*, int variant) {
    return OfReport(ocsf::kAlertLine,
                    variant == kNoDirection    ? std::span<const Row>(ocsf::kAlert)
                    : variant == kAlertInbound ? std::span<const Row>(ocsf::kAlertInbound)
                    : variant == kAlertLocal   ? std::span<const Row>(ocsf::kAlertLocal)
                                               : std::span<const Row>(ocsf::kAlertOutbound));
  }
  static constexpr Rows RowsOf(const Loss*, int) {
    return OfReport(ocsf::kReportLine, ocsf::kLoss);
  }
  static constexpr Rows RowsOf(const Health*, int) {
    return OfReport(ocsf::kReportLine, ocsf::kHealth);
  }
  static constexpr Rows RowsOf(const Canary*, int) {
    return OfReport(ocsf::kReportLine, ocsf::kCanary);
  }

  // --- what only the event as a whole says: class, category, type, activity, its name, status,
  // type of a launch (of reports: severity)
  // ------------------------------------------------------------

  static Parts Classify(const ProcessStart& e);
  static Parts Classify(const ProcessExecFailed& e);
  static Parts Classify(const ProcessRelationship& e);
  static Parts Classify(const ProcessExit& e);
  static Parts Classify(const FileOpen& e);
  static Parts Classify(const FileWrite& e);
  static Parts Classify(const FileRename& e);
  static Parts Classify(const FileUnlink& e);
  static Parts Classify(const FileChange& e);
  static Parts Classify(const FileTimes& e);
  static Parts Classify(const FileFlags& e);
  static Parts Classify(const CredentialsChange& e);
  static Parts Classify(const ProcessAccess& e);
  static Parts Classify(const AgentSignal& e);
  static Parts Classify(const ModuleLoad& e);
  static Parts Classify(const ModuleUnload& e);
  static Parts Classify(const BpfOperation& e);
  static Parts Classify(const NamespaceChange& e);
  static Parts Classify(const Mount& e);
  static Parts Classify(const Unmount& e);
  static Parts Classify(const RootChange& e);
  static Parts Classify(const MemfdCreate& e);
  static Parts Classify(const IoUringOperation& e);
  static Parts Classify(const NetworkConnect& e);
  static Parts Classify(const NetworkBind& e);
  static Parts Classify(const NetworkListen& e);
  static Parts Classify(const NetworkAccept& e);
  static Parts Classify(const NetworkDatagram& e);
  static Parts Classify(const NetworkSocket& e);
  static Parts Classify(const NetworkClose& e);
  static Parts Classify(const Alert& e);
  static Parts Classify(const Loss& e);
  static Parts Classify(const Health& e);
  static Parts Classify(const Canary& e);
};

}  // namespace randguard::profiles

#endif  // ANALYZER_OUTPUT_PROFILES_OCSF_H_
