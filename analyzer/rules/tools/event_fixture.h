// SPDX-License-Identifier: Apache-2.0
//
// Events as people write them, for a rule's tests and for `rules explain`: named fields, or a line
// of output. All other fields are absent, zero, false, or what the event
// class begins with.
#ifndef ANALYZER_RULES_TOOLS_EVENT_FIXTURE_H_
#define ANALYZER_RULES_TOOLS_EVENT_FIXTURE_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "analyzer/config/config.h"
#include "analyzer/event/events.h"
#include "analyzer/process/process_table.h"
#include "analyzer/rules/fields/event_view.h"
#include "analyzer/rules/fields/field_info.h"

namespace randguard {

// A host that consists of the events it is given. A process is named by its pid.
class EventFixture {
 public:
  // An event, and where in it its parts are.
  struct Made {
    std::unique_ptr<Event> event;
    EventClass event_class = 0;
    std::string_view event_type;
    EventParts parts;
    Actor* actor = nullptr;
  };

  EventFixture() : processes_(kProcesses, UINT64_MAX / 2) {}
  EventFixture(const EventFixture&) = delete;
  EventFixture& operator=(const EventFixture&) = delete;

  // An event that happened before.
  absl::Status Add(const TestEvent& event);
  // The event to be evaluated, with what happened before as its context; valid until the fixture's
  // end.
  absl::StatusOr<EventView> View(const TestEvent& event);

 private:
  static constexpr std::size_t kProcesses = 1024;

  absl::StatusOr<Made*> Make(const TestEvent& event);
  absl::Status SetOne(const Made& made, const TestField& field);
  void SetIdentity(const Made& made);
  void Learn(const Event& event);
  std::string_view Keep(std::string text) { return texts_.emplace_back(std::move(text)); }

  std::deque<std::string> texts_;  // that events borrow from
  std::deque<std::vector<std::int64_t>> numbers_;
  std::deque<TextArray> arrays_;
  std::deque<Made> events_;
  ProcessTable processes_;
  FieldOverrides overrides_;
  EvaluationContext context_;
};

}  // namespace randguard

#endif  // ANALYZER_RULES_TOOLS_EVENT_FIXTURE_H_
