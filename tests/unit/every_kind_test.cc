// SPDX-License-Identifier: Apache-2.0
//
// Every kind of record and every system call of the lists (schema/abi/*.def), through the code: the
// builder of records, the decoder, the event's type, its line, the samples, the schema, the fields
// that rules can name, and the plan. A message names the file that lacks something. The pages are
// looked at in listed_everywhere_test.cc, which compiles even while the code does not.
#include <capnp/serialize.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

#include "analyzer/config/config.h"
#include "analyzer/decode/record.h"
#include "analyzer/event/calls.h"
#include "analyzer/event/events.h"
#include "analyzer/event/kinds.h"
#include "analyzer/output/json/event_writer.h"
#include "analyzer/output/json/json_schema.h"
#include "analyzer/output/testing/sample_events.h"
#include "analyzer/plan/plan_compiler.h"
#include "analyzer/rules/fields/event_view.h"
#include "analyzer/rules/fields/field_catalogue.h"
#include "schema/plan.capnp.h"
#include "tests/support/record_builder.h"

namespace randguard {
namespace {

using testing::Bytes;

// The answers that the tests want of an event of any class.
struct Made {
  std::size_t event_class = 0;
  bool goes_out = false;               // as a line; the cgroups' names stay inside
  bool is_of_kind = false;             // its class has the kind in its kKinds
  std::string_view event_type;         // empty: it does not go out
  std::optional<std::string> syscall;  // none: its class has no call
  std::string operation;               // empty: its class has none
  std::string line;
};

Made Describe(const Event& event, unsigned kind) {
  Made made;
  made.event_class = event.index();
  std::visit(
      [&]<typename E>(const E& e) {
        made.is_of_kind = IsMadeOf<E>(kind);
        if constexpr (Described<E>) {
          made.goes_out = true;
          made.event_type = EventType(e);
          EventWriter writer(testing::kSampleAgentId);
          made.line = writer.Write(e);
        }
        if constexpr (requires { e.call.syscall; }) made.syscall = std::string(e.call.syscall);
        if constexpr (requires { e.call.operation; }) made.operation = e.call.operation;
      },
      event);
  return made;
}

bool HasSample(std::size_t event_class) {
  const std::vector<Event>& samples = testing::SampleEvents();
  return std::any_of(samples.begin(), samples.end(),
                     [&](const Event& sample) { return sample.index() == event_class; });
}

// An event of that class goes out, and everything that describes such events knows it.
void ExpectDescribed(const Made& made, std::string_view name) {
  const FieldCatalogue& catalogue = FieldCatalogue::Get();
  const auto event_class = catalogue.ClassOfEventType(made.event_type);
  ASSERT_TRUE(event_class.has_value())
      << "analyzer/rules/fields/: no field of event type " << made.event_type << " of " << name;
  EXPECT_EQ(*event_class, made.event_class) << made.event_type;
  EXPECT_TRUE(std::any_of(catalogue.fields().begin(), catalogue.fields().end(),
                          [&](const FieldInfo& field) {
                            return !field.derived && field.read[*event_class] != nullptr;
                          }))
      << "analyzer/event/: FieldsOf() of the class of " << made.event_type << " has no field";
  EXPECT_TRUE(HasSample(made.event_class))
      << "analyzer/output/testing/sample_events.cc: no sample of the class of " << name;
  EXPECT_NE(JsonSchema().find('"' + std::string(made.event_type) + '"'), std::string::npos)
      << "analyzer/output/json/json_schema.cc: no event type " << made.event_type;
  EXPECT_TRUE(made.line.starts_with("{\"event_type\":\"" + std::string(made.event_type) + "\","))
      << made.line;
}

class EveryKindTest : public ::testing::TestWithParam<unsigned> {};

TEST_P(EveryKindTest, GoesFromTheBuilderToALine) {
  const unsigned kind = GetParam();
  const std::string name(Name(KindOf(kind)));
  Bytes record;
  for (auto& [of, one] : testing::OneRecordOfEachKind()) {
    if (of == kind) record = std::move(one);
  }
  ASSERT_FALSE(record.empty())
      << "tests/support/record_builder.h: OneRecordOfEachKind() has none of " << name;
  const auto event = DecodeRecord(record);
  ASSERT_TRUE(event.ok()) << "analyzer/decode/: " << event.status();
  const Made made = Describe(*event, kind);
  EXPECT_TRUE(made.is_of_kind || IsNamedByCall(kind))
      << "analyzer/event/: " << name << " became an event whose kKinds lack the kind";
  if (kind == RG_KIND_cgroup_mkdir) {
    EXPECT_FALSE(made.goes_out);  // the process table alone reads the names of cgroups
    return;
  }
  ASSERT_TRUE(made.goes_out) << "analyzer/event/: the class of " << name << " has no FieldsOf()";
  ExpectDescribed(made, name);
}

INSTANTIATE_TEST_SUITE_P(, EveryKindTest, ::testing::Range(1u, unsigned{RG_KIND_END}),
                         [](const auto& kind) { return std::string(Name(KindOf(kind.param))); });

// Rules read the path by a case for the class, not by its FieldsOf(). Without the case it is
// absent.
TEST(EveryClassTest, RulesFindThePathOfAFile) {
  const FieldCatalogue& catalogue = FieldCatalogue::Get();
  const FieldInfo& field = catalogue.field(catalogue.Find("path").value());
  const EvaluationContext context;
  std::set<EventClass> found;
  for (const Event& sample : testing::SampleEvents()) {
    std::visit(
        [&]<typename E>(const E& e) {
          if constexpr (Described<E>) {
            if (field.read[ClassOf<E>()] == nullptr) return;
            FieldScratch scratch;
            Value value;
            field.read[ClassOf<E>()](ViewOf(e, context), scratch, value);
            if (value.present()) found.insert(ClassOf<E>());
          }
        },
        sample);
  }
  for (EventClass file = 0; file < kEventClasses; ++file) {
    const EventClassInfo& info = catalogue.classes()[file];
    EXPECT_TRUE(found.contains(file) || info.name.empty() || info.rule_type != RuleType::kFile)
        << "analyzer/rules/fields/derived_fields.cc: PathsOf() has no path of " << info.name
        << "; or analyzer/output/testing/sample_events.cc: its samples have no absolute one";
  }
}

constexpr std::string_view kUniqueNames[] = {
    "none",
#define CALL(number, name, shown, kind, event_type, operation, like, traits, fd, dirfd, name1, \
             dirfd2, name2, keep)                                                              \
#name,
#include "schema/abi/calls.def"
#undef CALL
};

// The calls of a plan for everything that the configuration can ask for.
const std::set<unsigned>& PlannedCalls() {
  static const auto& calls = *new std::set<unsigned>([] {
    Config config;
    config.events.network = config.network.enabled = config.network.unix_sockets = true;
    const std::vector<std::byte> plan = CompilePlan(config, {});
    auto words = kj::heapArray<capnp::word>(plan.size() / sizeof(capnp::word));
    std::memcpy(words.begin(), plan.data(), plan.size());
    capnp::FlatArrayMessageReader reader(words);
    rg_settings settings{};
    const auto bytes = reader.getRoot<wire::Plan>().getSettings();
    std::memcpy(&settings, bytes.begin(), std::min(bytes.size(), sizeof(settings)));
    std::set<unsigned> planned;
    for (unsigned call = 1; call < RG_CALL_END; ++call) {
      if ((settings.wanted[call / 64] >> call % 64 & 1) != 0) planned.insert(call);
    }
    return planned;
  }());
  return calls;
}

class EveryCallTest : public ::testing::TestWithParam<unsigned> {};

TEST_P(EveryCallTest, IsReadNamedAndDescribed) {
  const unsigned call = GetParam();
  const CallInfo& info = kCalls[call];
  const std::string name(kUniqueNames[call]);
  const Bytes record = testing::RecordOfCall(static_cast<std::uint16_t>(call));
  ASSERT_FALSE(record.empty()) << "schema/abi/event_kinds.def: no kind for records of " << name;
  const auto event = DecodeRecord(record);
  // Records name the call that these two stand for.
  if (call == RG_CALL_socketcall || call == RG_CALL_old_mmap) {
    EXPECT_FALSE(event.ok()) << name;
    return;
  }
  ASSERT_TRUE(event.ok()) << "analyzer/decode/: the Fill() for " << Name(KindOf(info.kind))
                          << " does not read " << name << ": " << event.status();
  const Made made = Describe(*event, info.kind);
  EXPECT_TRUE(made.is_of_kind) << name;
  EXPECT_EQ(made.event_type, info.event_type) << name;
  EXPECT_EQ(made.operation, info.operation) << name;
  if (info.kind == RG_KIND_exec_failed) {
    EXPECT_EQ(std::get<ProcessExecFailed>(*event).source, FindNamed<ExecSource>(info.name));
  } else {
    EXPECT_EQ(made.syscall, info.name)
        << "analyzer/decode/: the event of " << name << " does not name its call";
  }
  ExpectDescribed(made, name);
}

TEST_P(EveryCallTest, AKeyOfTheConfigurationSwitchesItOn) {
  EXPECT_TRUE(PlannedCalls().contains(GetParam()))
      << "analyzer/config/config.h and names.h: no hook is called " << SwitchOf(kCalls[GetParam()])
      << "; or schema/abi/event_kinds.def: the kind of " << kUniqueNames[GetParam()]
      << " has no behaviour";
}

INSTANTIATE_TEST_SUITE_P(, EveryCallTest, ::testing::Range(1u, unsigned{RG_CALL_END}),
                         [](const auto& call) { return std::string(kUniqueNames[call.param]); });

}  // namespace
}  // namespace randguard
