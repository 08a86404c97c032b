// SPDX-License-Identifier: Apache-2.0
//
// The Elastic Common Schema 9 as a profile: which rows an event has, and what its event.kind,
// category, type, action and outcome are.
//
// Categories and types are pairs that the schema allows. Actions are the words by which public
// rules for Linux ask for such events; where there are none, those of the native line. An act that
// failed has type "info" and the action that it would have been, so that a rule about starts or
// deletions does not take it for one. An attempt at a connection is an attempt either way.
#ifndef ANALYZER_OUTPUT_PROFILES_ECS_H_
#define ANALYZER_OUTPUT_PROFILES_ECS_H_

#include <span>
#include <string_view>

#include "analyzer/event/alert.h"
#include "analyzer/event/events.h"
#include "analyzer/event/reports.h"
#include "analyzer/output/profiles/ecs_rows.h"
#include "analyzer/output/profiles/profile.h"
#include "analyzer/output/profiles/variants.h"

namespace randguard::profiles {

struct Ecs {
  static const Profile& Writing();

  // --- rows --------------------------------------------------------------------------------------

  template <typename E>
  static constexpr Rows RowsOf(const E*, int) {
    return {.line = ecs::kLine,
            .actor = ecs::kActor,
            .call = ecs::kRestAlone,
            .own = ecs::kRestAlone,
            .object = {}};
  }
  static constexpr Rows With(std::span<const Row> own, std::span<const Row> object = {}) {
    return {.line = ecs::kLine,
            .actor = ecs::kActor,
            .call = ecs::kRestAlone,
            .own = own,
            .object = object};
  }
  static constexpr Rows OfReport(std::span<const Row> own) {
    return {.line = ecs::kReportLine, .actor = {}, .call = {}, .own = own, .object = {}};
  }
  static constexpr Rows RowsOf(const ProcessStart*, int) { return With(ecs::kProcessStart); }
  static constexpr Rows RowsOf(const ProcessExecFailed*, int) {
    return With(ecs::kProcessExecFailed);
  }
  static constexpr Rows RowsOf(const ProcessRelationship*, int variant) {
    if (variant == kThread) return With(ecs::kRestAlone);
    Rows rows = With(ecs::kFork);
    rows.actor = ecs::kActorIsParent;
    return rows;
  }
  static constexpr Rows RowsOf(const ProcessExit*, int) { return With(ecs::kProcessExit); }
  static constexpr Rows RowsOf(const FileOpen*, int) { return With(ecs::kFile, ecs::kFileObject); }
  static constexpr Rows RowsOf(const FileWrite*, int) { return With(ecs::kFile, ecs::kFileObject); }
  static constexpr Rows RowsOf(const FileRename*, int) { return With(ecs::kFileRename); }
  static constexpr Rows RowsOf(const FileUnlink*, int) { return With(ecs::kFile); }
  static constexpr Rows RowsOf(const FileChange*, int) {
    return With(ecs::kFile, ecs::kFileObject);
  }
  static constexpr Rows RowsOf(const FileTimes*, int) { return With(ecs::kFile, ecs::kFileObject); }
  static constexpr Rows RowsOf(const FileFlags*, int) { return With(ecs::kFile, ecs::kFileObject); }
  static constexpr Rows RowsOf(const CredentialsChange*, int) {
    return With(ecs::kCredentialsChange);
  }
  static constexpr Rows RowsOf(const ProcessAccess*, int) { return With(ecs::kFile); }
  static constexpr Rows RowsOf(const ModuleLoad*, int) { return With(ecs::kModuleLoad); }
  static constexpr Rows RowsOf(const Mount*, int) { return With(ecs::kMount); }
  static constexpr Rows RowsOf(const Unmount*, int) { return With(ecs::kMount); }
  static constexpr Rows RowsOf(const RootChange*, int) { return With(ecs::kRootChange); }
  static constexpr Rows RowsOf(const MemfdCreate*, int) { return With(ecs::kMemfdCreate); }
  static constexpr Rows RowsOf(const IoUringOperation*, int) { return With(ecs::kIoUring); }
  static constexpr Rows RowsOf(const NetworkConnect*, int) {
    return With(ecs::kRestAlone, ecs::kSocketOutbound);
  }
  static constexpr Rows RowsOf(const NetworkBind*, int) {
    return With(ecs::kRestAlone, ecs::kSocketAlone);
  }
  static constexpr Rows RowsOf(const NetworkListen*, int) {
    return With(ecs::kRestAlone, ecs::kSocketAlone);
  }
  static constexpr Rows RowsOf(const NetworkSocket*, int) {
    return With(ecs::kRestAlone, ecs::kSocketAlone);
  }
  static constexpr Rows RowsOf(const NetworkAccept*, int) {
    return With(ecs::kRestAlone, ecs::kSocketInbound);
  }
  static constexpr Rows RowsOf(const NetworkDatagram*, int variant) {
    return With(ecs::kRestAlone, variant == kInbound ? ecs::kSocketInbound : ecs::kSocketOutbound);
  }
  static constexpr Rows RowsOf(const NetworkClose*, int variant) {
    return variant == kInbound ? With(ecs::kCloseInbound, ecs::kSocketInbound)
                               : With(ecs::kCloseOutbound, ecs::kSocketOutbound);
  }
  static constexpr Rows RowsOf(const Alert*, int variant) {
    return OfReport(variant == kNoDirection    ? std::span<const Row>(ecs::kAlert)
                    : variant == kAlertInbound ? std::span<const Row>(ecs::kAlertInbound)
                    : variant == kAlertLocal   ? std::span<const Row>(ecs::kAlertLocal)
                                               : std::span<const Row>(ecs::kAlertOutbound));
  }
  static constexpr Rows RowsOf(const Loss*, int) { return OfReport(ecs::kReport); }
  static constexpr Rows RowsOf(const Health*, int) { return OfReport(ecs::kReport); }
  static constexpr Rows RowsOf(const Canary*, int) { return OfReport(ecs::kReport); }

  // --- what only the event as a whole says: kind, category, type, action, outcome ----------------

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

#endif  // ANALYZER_OUTPUT_PROFILES_ECS_H_
