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
#include "analyzer/process/process_table.h"
#include "analyzer/rules/fields/event_view.h"
#include "analyzer/rules/fields/field_info.h"

namespace randguard {

// A host that consists of the events it is given. A process is named by its pid.
class EventFixture {
 public:
  struct Made;  // an event, and where in it its parts are

  EventFixture();
  ~EventFixture();
  EventFixture(const EventFixture&) = delete;
  EventFixture& operator=(const EventFixture&) = delete;

  // An event that happened before.
  absl::Status Add(const TestEvent& event);
  // The event to be evaluated, with what happened before as its context; valid until the fixture's
  // end.
  absl::StatusOr<EventView> View(const TestEvent& event);
  // The event last viewed has happened: those that follow see it.
  void Settle();

 private:
  absl::StatusOr<Made*> Make(const TestEvent& event);
  absl::Status SetOne(const Made& made, const TestField& field);
  void SetIdentity(const Made& made);
  void CompleteOverrides();
  absl::Status CheckRemembered(const TestEvent& test, const Made& made) const;
  void CompleteActor(const Made& made) const;
  void Learn(const Made& made);
  std::string_view Keep(std::string text) { return texts_.emplace_back(std::move(text)); }

  std::deque<std::string> texts_;  // that events borrow from
  std::deque<std::vector<std::int64_t>> numbers_;
  std::deque<TextArray> arrays_;
  std::vector<std::unique_ptr<Made>> events_;
  ProcessTable processes_;
  FieldOverrides overrides_;
  EvaluationContext context_;
};

}  // namespace randguard

#endif  // ANALYZER_RULES_TOOLS_EVENT_FIXTURE_H_
