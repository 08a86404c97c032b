// SPDX-License-Identifier: Apache-2.0
//
// Events as people write them, for a rule's tests and for `rules explain`: named fields, or a line
// of output. What is not given is absent, zero or false.
#ifndef ANALYZER_RULES_TOOLS_TEST_EVENT_H_
#define ANALYZER_RULES_TOOLS_TEST_EVENT_H_

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "analyzer/config/config.h"
#include "analyzer/event/events.h"
#include "analyzer/process/process_table.h"
#include "analyzer/rules/fields/field_catalogue.h"

namespace randguard {

// The fields of a line of output. Members that are null are left out, nested ones get dots.
absl::StatusOr<std::vector<TestField>> FieldsOfJson(std::string_view json);

// A host that consists of the events it is given. A process is named by its pid.
class EventFixture {
 public:
  EventFixture() : processes_(kProcesses, UINT64_MAX / 2) {}
  EventFixture(const EventFixture&) = delete;
  EventFixture& operator=(const EventFixture&) = delete;

  // What happened before.
  absl::Status Add(const TestEvent& event);
  // The event to be evaluated, with what happened before as its context; valid until the fixture's
  // end.
  absl::StatusOr<EventView> View(const TestEvent& event);

 private:
  static constexpr std::size_t kProcesses = 1024;

  absl::StatusOr<Event*> Make(const TestEvent& event);
  absl::Status SetOne(EventClass event_class, Event& event, const TestField& field);
  void SetIdentity(Event& event);
  void Learn(const Event& event);
  std::string_view Keep(std::string text) { return texts_.emplace_back(std::move(text)); }

  std::deque<std::string> texts_;  // that events borrow from
  std::deque<std::vector<std::int64_t>> numbers_;
  std::deque<TextArray> arrays_;
  std::deque<Event> events_;
  ProcessTable processes_;
  FieldOverrides overrides_;
  EvaluationContext context_;
};

}  // namespace randguard

#endif  // ANALYZER_RULES_TOOLS_TEST_EVENT_H_
