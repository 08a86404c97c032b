// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "collector/batch.h"
#include "collector/confinement.h"

namespace randguard::collector {
namespace {

TEST(PrivilegedSurfaceTest, DocumentListsTheSystemCallsOfTheFilter) {
  std::ifstream file(std::string(RG_SOURCE_ROOT) + "/docs/privileged-surface.md");
  std::stringstream text;
  text << file.rdbuf();
  const std::string header = "| system call | why |\n| --- | --- |\n";
  const std::size_t begin = text.str().find(header);
  ASSERT_NE(begin, std::string::npos);
  const std::string rest = text.str().substr(begin + header.size());
  EXPECT_EQ(rest.substr(0, rest.find("\n\n") + 1), AllowedCalls());
}

std::vector<char> Record(std::uint64_t time_ns, std::size_t size) {
  std::vector<char> bytes(size);
  auto* header = reinterpret_cast<rg_header*>(bytes.data());
  header->size = static_cast<std::uint32_t>(size);
  header->time_ns = time_ns;
  return bytes;
}

TEST(BatchTest, KeepsRecordsInOrderAndKnowsTheNewest) {
  Batch batch;
  batch.Clear();
  EXPECT_TRUE(batch.empty());
  for (const std::uint64_t time : {5, 9, 7}) {
    const auto record = Record(time, 96);
    EXPECT_TRUE(batch.Add(record.data(), record.size()));
  }
  EXPECT_EQ(batch.count(), 3U);
  EXPECT_EQ(batch.bytes().size(), 3U * 96);
  EXPECT_EQ(batch.newest_ns(), 9U);
  EXPECT_EQ(batch.last_ns(), 7U);
}

TEST(BatchTest, AFullLaneLeavesRoomForTheOther) {
  Batch batch;
  batch.Clear();
  const auto record = Record(1, RG_RECORD_MAX);
  std::size_t bulk = 0;
  while (batch.Add(record.data(), record.size())) ++bulk;
  EXPECT_GE(batch.lane_bytes(), Batch::kLaneBytes);
  batch.BeginLane();
  EXPECT_EQ(batch.lane_bytes(), 0U);
  std::size_t critical = 0;
  while (batch.Add(record.data(), record.size())) ++critical;
  EXPECT_EQ(bulk, critical);
  EXPECT_EQ(batch.bytes().size(), (bulk + critical + 2) * RG_RECORD_MAX);
}

TEST(BatchTest, ARecordThatIsNoneEndsTheProgram) {
  Batch batch;
  batch.Clear();
  const auto record = Record(1, 96);
  EXPECT_EXIT(batch.Add(record.data(), 12), testing::ExitedWithCode(1), "a record of 12 bytes");
  EXPECT_EXIT(batch.Add(record.data(), 92), testing::ExitedWithCode(1), "a record of 92 bytes");
}

}  // namespace
}  // namespace randguard::collector
