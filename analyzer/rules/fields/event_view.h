// SPDX-License-Identifier: Apache-2.0
//
// An event as conditions see it: its parts, and what is known beside it.
#ifndef ANALYZER_RULES_FIELDS_EVENT_VIEW_H_
#define ANALYZER_RULES_FIELDS_EVENT_VIEW_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "analyzer/base/text_map.h"
#include "analyzer/event/event_classes.h"
#include "analyzer/event/field.h"
#include "analyzer/rules/fields/value.h"

namespace randguard {

struct Actor;
class ProcessTable;

// Values of derived fields that a test gives instead of a process table, by the field's name.
using FieldOverrides = TextMap<Value>;

// The data that a condition may use besides the event. All borrowed, each may be null.
struct EvaluationContext {
  const ProcessTable* processes = nullptr;
  const absl::flat_hash_map<std::uint32_t, std::string>* users = nullptr;
  const FieldOverrides* overrides = nullptr;
  std::string_view host, agent_id;
};

struct EventView {
  EventClass event_class = 0;
  std::string_view event_type;
  const Actor* actor = nullptr;
  const void* call = nullptr;    // its FileCall, NetworkCall or BehaviourCall
  const void* own = nullptr;     // itself
  const void* object = nullptr;  // its FileObject or Socket
  const EvaluationContext* context = nullptr;
};

template <typename E>
EventView ViewOf(const E& event, const EvaluationContext& context) {
  EventView view;
  view.event_class = ClassOf<E>();
  view.event_type = EventType(event);
  view.actor = &event.actor;
  view.own = &event;
  if constexpr (requires { event.call; }) view.call = &event.call;
  if constexpr (requires { event.object; }) view.object = &event.object;
  view.context = &context;
  return view;
}

}  // namespace randguard

#endif  // ANALYZER_RULES_FIELDS_EVENT_VIEW_H_
