// SPDX-License-Identifier: Apache-2.0
//
// One event or report of each type for tests, with every field filled, and one with every field
// that may be absent absent. Made out of line: compilers take half a minute for it.
#ifndef ANALYZER_OUTPUT_TESTING_SAMPLE_EVENTS_H_
#define ANALYZER_OUTPUT_TESTING_SAMPLE_EVENTS_H_

#include <string_view>
#include <variant>
#include <vector>

#include "analyzer/event/alert.h"
#include "analyzer/event/events.h"
#include "analyzer/event/reports.h"
#include "analyzer/output/json/event_writer.h"

namespace randguard::testing {

inline constexpr std::string_view kSampleAgentId = "sensor-7";

SessionContext SampleSession();
Actor SampleActor();
ProcessStart SampleStart();
ProcessExecFailed SampleExecFailed();
ProcessRelationship SampleRelationship();
ProcessExit SampleExit();
FileCall SampleCall(unsigned call);
FileObject SampleObject();
FileOpen SampleOpen(unsigned call = RG_CALL_openat);
FileWrite SampleWrite(unsigned call = RG_CALL_write);
FileRename SampleRename(unsigned call = RG_CALL_rename);
FileUnlink SampleUnlink(unsigned call = RG_CALL_unlink);
FileChange SampleChange(unsigned call = RG_CALL_chmod);
Address SampleAddress(std::string_view text);
ShortName SampleName(std::string_view text);
NetworkCall SampleNetworkCall(std::string_view event_type, std::string_view syscall);
Socket SampleSocket();
NetworkConnect SampleConnect();
NetworkBind SampleBind();
NetworkListen SampleListen();
NetworkAccept SampleAccept();
NetworkDatagram SampleDatagram(bool sent);
NetworkClose SampleClose();
Alert SampleAlert();
Loss SampleLoss();
Health SampleHealth();

// All of them, made once.
const std::vector<Event>& SampleEvents();
const std::vector<std::variant<Alert, Loss, Health>>& SampleReports();

// Calls visit(event) for each of them.
template <typename Visit>
void ForEachSample(Visit&& visit) {
  const auto one = [&]<typename E>(const E& event) {
    if constexpr (Described<E>) visit(event);
  };
  for (const auto& event : SampleEvents()) std::visit(one, event);
  for (const auto& report : SampleReports()) std::visit(one, report);
}

}  // namespace randguard::testing

#endif  // ANALYZER_OUTPUT_TESTING_SAMPLE_EVENTS_H_
