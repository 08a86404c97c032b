// SPDX-License-Identifier: Apache-2.0
#include "analyzer/output/profiles/layout.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/event/alert.h"
#include "analyzer/event/events.h"
#include "analyzer/event/reports.h"
#include "analyzer/output/profiles/ecs.h"
#include "analyzer/output/profiles/entries.h"
#include "analyzer/output/profiles/ocsf.h"
#include "analyzer/output/profiles/variants.h"
#include "analyzer/output/testing/sample_events.h"

namespace randguard::profiles::layout_test {
namespace {

template <typename Profile, typename Event>
void ExpectSound(const char* profile) {
  for (int variant = 0; variant < kVariants<Event>; ++variant) {
    EXPECT_EQ((LayoutOf<Profile, Event>(variant).Fault(Profile::Writing().schema)), "")
        << profile << ", " << ClassName<Event>() << " " << variant;
  }
}

TEST(LayoutTest, ThoseOfAllEventsAreSound) {
  testing::ForEachSample([]<typename Event>(const Event&) {
    ExpectSound<Ecs, Event>("ecs");
    ExpectSound<Ocsf, Event>("ocsf");
  });
}

// Those of most events are the same for all that an actor does.
TEST(LayoutTest, WhatIsSaidOfTheActorIsKept) {
  const Layout& ecs = LayoutOf<Ecs, FileOpen>(0);
  EXPECT_TRUE(ecs.keeps());
  EXPECT_GT(ecs.kept().size(), 5u);
  EXPECT_TRUE((LayoutOf<Ocsf, FileOpen>(0).keeps()));
  EXPECT_FALSE((LayoutOf<Ecs, ProcessRelationship>(kFork).keeps())) << "the actor is the parent";
}

struct Thing {
  std::uint64_t a = 0, b = 0;
};
constexpr auto FieldsOf(const Thing*) {
  return FieldList{Field<"a">(&Thing::a, ""), Field<"b">(&Thing::b, "")};
}

std::string FaultOf(std::vector<Row> rows) {
  static const Schema schema{"own", {}, {}};
  rows.push_back({"", "own.x", As::kConstant, "1"});
  const Rows all{{}, {}, {}, rows, {}};
  Structs structs;
  structs.own = TableOf<Thing>();
  return Layout(schema, all, structs).Fault(schema);
}

TEST(LayoutTest, RowsThatDoNotFitAreFaults) {
  EXPECT_EQ(FaultOf({{"a", "x.y"}, {"b", "x.z"}}), "");
  EXPECT_EQ(FaultOf({{"a", "x.y"}, {"b", "x.y"}}), "b to x.y: is there twice");
  EXPECT_EQ(FaultOf({{"a", "x"}, {"b", "x.y"}}), "b to x.y: is an object and is none");
  EXPECT_EQ(FaultOf({{"a", "x.y"}, {"c", "x.z"}}), "there is no field c");
  EXPECT_EQ(FaultOf({{"a", "x.y", As::kPort}}), "a needs a field that there is not");
  EXPECT_EQ(FaultOf({{"a", "a.b.c.d.e.f.g.h.i.j"}}), "too deep: a.b.c.d.e.f.g.h.i.j");
}

}  // namespace
}  // namespace randguard::profiles::layout_test
