// SPDX-License-Identifier: Apache-2.0
#include "analyzer/wire/record_walker.h"

#include <gtest/gtest.h>

#include <cstring>

#include "tests/support/message_builder.h"

namespace randguard {
namespace {

using testing::Bytes;

Bytes WithSize(std::uint32_t size) {
  Bytes record = testing::MakeExitRecord();
  std::memcpy(record.data() + offsetof(rg_header, size), &size, sizeof(size));
  return record;
}

TEST(RecordWalkerTest, HandsOutRecordsInOrder) {
  const Bytes first = testing::MakeExitRecord(1);
  const Bytes second = testing::MakeSnapshotRecord(2);
  const Bytes blob = testing::Concat({first, second});
  RecordWalker walker(blob);
  auto record = walker.Next();
  ASSERT_TRUE(record.ok() && *record);
  EXPECT_EQ((*record)->data(), blob.data());
  EXPECT_EQ((*record)->size(), first.size());
  record = walker.Next();
  ASSERT_TRUE(record.ok() && *record);
  EXPECT_EQ((*record)->size(), second.size());
  EXPECT_EQ(walker.Offset(), blob.size());
  record = walker.Next();
  ASSERT_TRUE(record.ok());
  EXPECT_FALSE(*record);
}

TEST(RecordWalkerTest, EmptyBlobHasNoRecords) {
  RecordWalker walker({});
  const auto record = walker.Next();
  ASSERT_TRUE(record.ok());
  EXPECT_FALSE(*record);
}

TEST(RecordWalkerTest, ImpossibleSizesAreRefusedAndStayRefused) {
  for (const std::uint32_t size :
       {0u, 8u, std::uint32_t{sizeof(rg_header)} - 8, std::uint32_t{sizeof(rg_exit)} - 4,
        RG_RECORD_MAX + 8u, std::uint32_t{sizeof(rg_exit)} + 8, 0xffff'fff8u}) {
    const Bytes blob = testing::Concat({testing::MakeExitRecord(), WithSize(size)});
    RecordWalker walker(blob);
    ASSERT_TRUE(walker.Next().ok());
    EXPECT_EQ(walker.Next().status().code(), absl::StatusCode::kInvalidArgument) << size;
    EXPECT_EQ(walker.Next().status().code(), absl::StatusCode::kInvalidArgument) << size;
    EXPECT_EQ(walker.Offset(), sizeof(rg_exit));
  }
}

TEST(RecordWalkerTest, BytesTooFewForAHeaderAreRefused) {
  const Bytes record = testing::MakeExitRecord();
  for (std::size_t size = 1; size < sizeof(rg_header); ++size) {
    RecordWalker walker{std::span(record).first(size)};
    EXPECT_FALSE(walker.Next().ok()) << size;
  }
}

}  // namespace
}  // namespace randguard
