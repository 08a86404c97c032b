// SPDX-License-Identifier: Apache-2.0
//
// Keeps the JSON of recent actors: a process that does something has usually just done something
// else.
#ifndef ANALYZER_OUTPUT_JSON_ACTOR_TEXTS_H_
#define ANALYZER_OUTPUT_JSON_ACTOR_TEXTS_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/event/actor.h"

namespace randguard {

// JSON of actors, without when they acted: of one thread for each of a few slots. All that is kept
// is compared, byte by byte, before it is used again.
class ActorTexts {
 public:
  ActorTexts() : slots_(kSlots) {}
  ActorTexts(const ActorTexts&) = delete;  // actors point to the texts beside them
  ActorTexts(ActorTexts&&) = default;
  ActorTexts& operator=(const ActorTexts&) = delete;
  ActorTexts& operator=(ActorTexts&&) = delete;

  // Is the field another one with each event? Such come first, and are never kept.
  static constexpr bool IsMoment(std::string_view field) {
    return field == "timestamp_ns" || field == "time" || field == "event_id";
  }

  // The text that was kept of an equal actor; empty if there is none. Valid until Keep() or
  // Clear().
  std::string_view Find(const Actor& actor) const;
  // Takes note of an actor that was not found; keeps its text if that happens again.
  void Keep(const Actor& actor, std::string_view json);
  void Clear();

 private:
  static constexpr std::size_t kSlots = 32;
  static constexpr std::size_t kTextMax = 2048;  // of JSON; longer ones are not kept

  struct Slot {
    Actor actor;       // of all but when; its texts lie in `bytes`
    std::string json;  // empty: the actor was noted, no more
    std::string bytes;
  };

  static std::size_t SlotOf(const Actor& actor) { return actor.tid % kSlots; }

  std::vector<Slot> slots_;
};

static_assert(ActorTexts::IsMoment(kFields<Actor>.At<0>().name()) &&
                  ActorTexts::IsMoment(kFields<Actor>.At<1>().name()) &&
                  ActorTexts::IsMoment(kFields<Actor>.At<2>().name()),
              "fields that are never kept come before those that are");

}  // namespace randguard

#endif  // ANALYZER_OUTPUT_JSON_ACTOR_TEXTS_H_
