// SPDX-License-Identifier: Apache-2.0
//
// Every row of the lists in schema/abi/ is also on the pages and in the other lists. A
// message names the file that lacks something. No code of the product is included, so that this
// program says what is missing while the product does not compile for want of the rest.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "schema/abi/event.h"
#include "tests/support/source_root.h"

namespace randguard {
namespace {

struct Kind {
  unsigned number = 0;
  std::string name, body, domain, behaviour, lane;
};

const std::vector<Kind>& Kinds() {
  static const auto& kinds = *new std::vector<Kind>{
#define EVENT_KIND(number, name, body, domain, behaviour, lane) \
  {number, #name, #body, #domain, #behaviour, #lane},
#include "schema/abi/event_kinds.def"
#undef EVENT_KIND
  };
  return kinds;
}

struct Call {
  std::string name, shown, event_type;
  unsigned kind = 0;
};

const std::vector<Call>& Calls() {
  static const auto& calls = *new std::vector<Call>{
#define CALL(number, name, shown, kind, event_type, operation, like, traits, fd, dirfd, name1, \
             dirfd2, name2, keep)                                                              \
  {#name, #shown, #event_type, RG_KIND_##kind},
#include "schema/abi/calls.def"
#undef CALL
  };
  return calls;
}

std::string TextOf(const std::filesystem::path& path) {
  std::ifstream file(path);
  EXPECT_TRUE(file.is_open()) << path;
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string Page(std::string_view path) { return TextOf(testing::SourcePath(path)); }

class KindListTest : public ::testing::TestWithParam<Kind> {};
class CallListTest : public ::testing::TestWithParam<Call> {};

TEST_P(KindListTest, HasItsRowOnThePageOfRecords) {
  const Kind& kind = GetParam();
  const std::string lane =
      kind.lane == "snapshot" ? "in no ring: only in `Snapshot` messages" : kind.lane;
  const std::string row = "| " + std::to_string(kind.number) + " | `" + kind.name + "` | `rg_" +
                          kind.body + "` | " + lane + " |";
  EXPECT_NE(Page("docs/formats/abi.md").find("\n" + row + "\n"), std::string::npos)
      << "docs/formats/abi.md: no row " << row;
}

// How docs/coverage.md says which key switches a call on: the beginning of its row.
std::string KeyOf(const Call& call) {
  const Kind& kind = Kinds().at(call.kind - 1);
  if (kind.name == "exec_failed") return "| `process.failed_exec` |";
  if (kind.domain == "file") return "| `file.hooks`, ";
  if (kind.domain == "network") return "| `network.hooks` |";
  return "| `process.behaviour`, `" + kind.behaviour + "` |";
}

TEST_P(CallListTest, IsInARowOfItsKeyOnThePageOfWhatIsSeen) {
  const Call& call = GetParam();
  const std::string key = KeyOf(call);
  std::ifstream page(testing::SourcePath("docs/coverage.md"));
  bool found = false;
  for (std::string line; std::getline(page, line);) {
    found = found || (line.starts_with(key) && line.find('`' + call.shown + '`') != line.npos);
  }
  EXPECT_TRUE(found) << "docs/coverage.md: no row that begins with " << key << " has `"
                     << call.shown << "`";
}

TEST_P(CallListTest, HasANumberOnEachArchitecture) {
  unsigned architectures = 0;
  for (const auto& file :
       std::filesystem::directory_iterator(testing::SourcePath("schema/abi/arch"))) {
    if (file.path().extension() != ".def") continue;
    ++architectures;
    EXPECT_NE(TextOf(file.path()).find("\nSYSTEM_CALL(" + GetParam().name + ", "),
              std::string::npos)
        << "schema/abi/arch/" << file.path().filename().string() << ": no row for "
        << GetParam().name;
  }
  EXPECT_GT(architectures, 0u);
}

TEST_P(CallListTest, HasItsEventTypeInTheCommittedSchema) {
  EXPECT_NE(Page("docs/formats/events.schema.json").find('"' + GetParam().event_type + '"'),
            std::string::npos)
      << "docs/formats/events.schema.json: no event type " << GetParam().event_type
      << " (rand-guard schema > docs/formats/events.schema.json)";
}

constexpr auto kName = [](const auto& item) { return item.param.name; };
INSTANTIATE_TEST_SUITE_P(, KindListTest, ::testing::ValuesIn(Kinds()), kName);
INSTANTIATE_TEST_SUITE_P(, CallListTest, ::testing::ValuesIn(Calls()), kName);

}  // namespace
}  // namespace randguard
