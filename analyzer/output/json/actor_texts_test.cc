// SPDX-License-Identifier: Apache-2.0
#include "analyzer/output/json/actor_texts.h"

#include <gtest/gtest.h>

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>

#include "analyzer/output/json/event_writer.h"
#include "analyzer/output/testing/sample_events.h"
#include "tests/support/without_number.h"

namespace randguard::actor_texts_test {
namespace {

using testing::WithoutNumber;

EventWriter SampleWriter() {
  EventWriter writer(testing::kSampleAgentId);
  writer.SetSession(testing::SampleSession());
  return writer;
}

// A writer that has kept what it said of the actor.
EventWriter WriterThatKnows(const ProcessExit& event) {
  EventWriter writer = SampleWriter();
  for (int i = 0; i < 3; ++i) writer.Write(event);
  return writer;
}

std::string WrittenByAnother(const ProcessExit& event) {
  return WithoutNumber(SampleWriter().Write(event));
}

ProcessExit SampleEvent() {
  ProcessExit event = testing::SampleExit();
  event.actor.comm = "sample";
  event.actor.exe_path = "/usr/bin/sample";
  event.actor.parent_process_id = ProcessKey{7, 8};
  event.actor.cgroup = "/system.slice/sample.service";
  event.actor.container_id = "0123456789ab";
  event.actor.container_runtime = ContainerRuntime::kPodman;
  event.actor.container_rootless = true;
  event.actor.nested_containers = TextList{"lxc:web"};
  return event;
}

struct Changed {
  template <std::integral T>
  static T Value(T value) {
    if constexpr (std::same_as<T, bool>) {
      return !value;
    } else {
      return static_cast<T>(value + 1);
    }
  }
  template <ValueSet E>
  static E Value(E value) {
    return static_cast<E>((static_cast<std::size_t>(value) + 1) % kValueList<E>.names.size());
  }
  static Text Value(Text) { return "another"; }
  static ProcessKey Value(ProcessKey key) { return {key.pid, key.start_ns + 1}; }
  static WallTime Value(WallTime time) { return {time.boot_ns + 1}; }
  static EventId Value(EventId id) { return {id.collector_start_ns, id.record + 1}; }
  static Host Value(Host host) { return host; }
  static AgentId Value(AgentId id) { return id; }
  static TextList Value(TextList) { return TextList{"another"}; }
  template <typename T>
  static std::optional<T> Value(std::optional<T> value) {
    if (value.has_value()) value = Value(*value);
    return value;
  }
  template <typename T>
  static OrLeftOut<T> Value(OrLeftOut<T> value) {
    if (value.has_value()) value = Value(*value);
    return value;
  }
};

struct Missing {
  template <typename T>
  static T Value(T value) {
    return value;
  }
  template <typename T>
  static std::optional<T> Value(std::optional<T>) {
    return std::nullopt;
  }
  template <typename T>
  static OrLeftOut<T> Value(OrLeftOut<T>) {
    return {};
  }
};

TEST(ActorTexts, KnownActorIsWrittenAsByAWriterThatDoesNotKnowIt) {
  const ProcessExit event = SampleEvent();
  EventWriter writer = WriterThatKnows(event);
  EXPECT_EQ(WithoutNumber(writer.Write(event)), WrittenByAnother(event));
}

template <typename Change>
void ExpectEveryFieldIsLookedAt() {
  VisitFields(Actor(), [](const auto& field, const auto&) {
    const ProcessExit event = SampleEvent();
    EventWriter writer = WriterThatKnows(event);
    ProcessExit other = event;
    other.actor.*field.member = Change::Value(other.actor.*field.member);
    EXPECT_EQ(WithoutNumber(writer.Write(other)), WrittenByAnother(other)) << field.name();
    EXPECT_EQ(WithoutNumber(writer.Write(event)), WrittenByAnother(event)) << field.name();
  });
}

TEST(ActorTexts, AFieldThatIsAnotherIsSeen) {
  ExpectEveryFieldIsLookedAt<Changed>();
  ExpectEveryFieldIsLookedAt<Missing>();
}

TEST(ActorTexts, TextsAreKeptNotPointedAt) {
  ProcessExit event = SampleEvent();
  std::string comm = "one";
  event.actor.comm = comm;
  EventWriter writer = WriterThatKnows(event);
  comm = "two";
  event.actor.comm = comm;
  EXPECT_EQ(WithoutNumber(writer.Write(event)), WrittenByAnother(event));
}

TEST(ActorTexts, WhatIsKeptMovesWithTheWriter) {
  const ProcessExit event = SampleEvent();
  EventWriter writer = WriterThatKnows(event);
  EventWriter moved = std::move(writer);
  EXPECT_EQ(WithoutNumber(moved.Write(event)), WrittenByAnother(event));
}

TEST(ActorTexts, BytesThatAreNotUtf8AreToldInEveryLine) {
  ProcessExit event = SampleEvent();
  event.actor.comm = "a\xff";
  EventWriter writer = WriterThatKnows(event);
  EXPECT_NE(writer.Write(event).find("\"raw_bytes\":{\"/comm\":\"61ff\"}"), std::string::npos);
}

TEST(ActorTexts, AnotherSessionHasAnotherHost) {
  const ProcessExit event = SampleEvent();
  EventWriter writer = WriterThatKnows(event);
  SessionContext session = testing::SampleSession();
  session.host_name = "elsewhere";
  writer.SetSession(session);
  EXPECT_NE(writer.Write(event).find("\"host\":\"elsewhere\""), std::string::npos);
}

TEST(ActorTexts, IsFoundFromTheThirdTimeOn) {
  const Actor actor = SampleEvent().actor;
  ActorTexts texts;
  EXPECT_EQ(texts.Find(actor), "");
  texts.Keep(actor, "text");
  EXPECT_EQ(texts.Find(actor), "");
  texts.Keep(actor, "text");
  EXPECT_EQ(texts.Find(actor), "text");
}

TEST(ActorTexts, ALongTextIsNotKept) {
  const Actor actor = SampleEvent().actor;
  ActorTexts texts;
  for (int i = 0; i < 3; ++i) texts.Keep(actor, std::string(4096, 'x'));
  EXPECT_EQ(texts.Find(actor), "");
}

}  // namespace
}  // namespace randguard::actor_texts_test
