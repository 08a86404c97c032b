// SPDX-License-Identifier: Apache-2.0
//
// One event or report of each type for tests, with every field filled, and one with every field
// that may be absent absent. Made out of line: compilers take half a minute for it.
#ifndef ANALYZER_OUTPUT_TESTING_SAMPLE_EVENTS_H_
#define ANALYZER_OUTPUT_TESTING_SAMPLE_EVENTS_H_

#include <concepts>
#include <cstddef>
#include <optional>
#include <set>
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
FileTimes SampleTimes(unsigned call = RG_CALL_utimensat);
FileFlags SampleFlags(unsigned call = RG_CALL_file_setattr);
Address SampleAddress(std::string_view text);
ShortName SampleName(std::string_view text);
NetworkCall SampleNetworkCall(std::string_view event_type, std::string_view syscall);
Socket SampleSocket();
NetworkConnect SampleConnect();
NetworkBind SampleBind();
NetworkListen SampleListen();
NetworkAccept SampleAccept();
NetworkDatagram SampleDatagram(bool sent);
NetworkSocket SampleNetworkSocket();
NetworkClose SampleClose();
Alert SampleAlert();
Loss SampleLoss();
Health SampleHealth();
Canary SampleCanary();

// All of them, made once.
const std::vector<Event>& SampleEvents();
const std::vector<std::variant<Alert, Loss, Health, Canary>>& SampleReports();

// Calls visit(event) for each of them.
template <typename Visit>
void ForEachSample(Visit&& visit) {
  const auto one = [&]<typename E>(const E& event) {
    if constexpr (Described<E>) visit(event);
  };
  for (const auto& event : SampleEvents()) std::visit(one, event);
  for (const auto& report : SampleReports()) std::visit(one, report);
}

template <typename T>
struct EnumOf {
  using Type = T;
};
template <typename E>
struct EnumOf<std::optional<E>> {
  using Type = E;
};

template <typename E>
struct EnumOf<OrLeftOut<E>> {
  using Type = E;
};

// Calls visit(event) with each value of each closed set that `object`, a part of the event, has
// anywhere in it, and without one where it may be absent; all else is as it was.
template <typename Event, typename Object, typename Visit>
void ForEachValueIn(Event& event, Object& object, const Visit& visit) {
  const auto one = [&]<typename T>(T& value) {
    if constexpr (kValuesOf<T> != nullptr) {
      const T before = value;
      for (std::size_t i = 0; i < kValuesOf<T>->names.size(); ++i) {
        value = static_cast<typename EnumOf<T>::Type>(i);
        visit(event);
      }
      if constexpr (!std::same_as<T, typename EnumOf<T>::Type>) {
        value = std::nullopt;
        visit(event);
      }
      value = before;
    } else if constexpr (Described<T>) {
      ForEachValueIn(event, value, visit);
    } else if constexpr (requires {
                           requires Described<typename T::value_type>;
                           value.data();
                         }) {
      if (!value.empty()) ForEachValueIn(event, value.front(), visit);
    } else if constexpr (requires {
                           requires Described<typename T::value_type>;
                           value.has_value();
                         }) {
      if (value.has_value()) ForEachValueIn(event, *value, visit);
    }
  };
  kFields<Object>.Apply([&](const auto&... field) { (one(object.*field.member), ...); });
}

// Does that for the first sample of each type, with all that a line is written from.
template <typename Visit>
void ForEachValue(Visit&& visit) {
  const auto all = [&]<typename E>(const E& sample) {
    if constexpr (Described<E>) {
      E event = sample;
      if constexpr (requires { event.actor; }) ForEachValueIn(event, event.actor, visit);
      if constexpr (requires { event.call; }) ForEachValueIn(event, event.call, visit);
      ForEachValueIn(event, event, visit);
      if constexpr (requires { event.object; }) ForEachValueIn(event, event.object, visit);
    }
  };
  std::set<std::size_t> seen;
  for (const auto& event : SampleEvents()) {
    if (seen.insert(event.index()).second) std::visit(all, event);
  }
  for (const auto& report : SampleReports()) std::visit(all, report);
}

}  // namespace randguard::testing

#endif  // ANALYZER_OUTPUT_TESTING_SAMPLE_EVENTS_H_
