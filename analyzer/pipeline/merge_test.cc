// SPDX-License-Identifier: Apache-2.0
#include "analyzer/pipeline/merge.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <random>
#include <utility>
#include <vector>

namespace randguard::merge_test {
namespace {

// A record's bytes as Merge sees them: a number to know it by, and a length.
using Memory = std::vector<std::uint64_t>;

Memory Numbered(std::uint64_t number, std::size_t words = 1) {
  Memory memory(words, ~number);
  memory[0] = number;
  return memory;
}

RecordBytes BytesOf(const Memory& memory) { return std::as_bytes(std::span(memory)); }

std::uint64_t NumberOf(RecordBytes bytes) {
  std::uint64_t number = 0;
  std::memcpy(&number, bytes.data(), sizeof(number));
  return number;
}

std::vector<std::uint64_t> Release(Merge& merge, std::uint64_t complete_ns) {
  std::vector<std::uint64_t> numbers;
  merge.Release(complete_ns, [&](RecordBytes bytes, Merge::From, std::uint64_t) {
    numbers.push_back(NumberOf(bytes));
  });
  return numbers;
}

using Numbers = std::vector<std::uint64_t>;

TEST(MergeTest, NothingGivesNothing) {
  Merge merge;
  EXPECT_EQ(Release(merge, UINT64_MAX), Numbers{});
  EXPECT_EQ(merge.held(), 0u);
}

TEST(MergeTest, TwoLanesBecomeOneOrder) {
  const Memory records[] = {Numbered(0), Numbered(1), Numbered(2), Numbered(3)};
  Merge merge;
  merge.Add(10, BytesOf(records[0]));  // bulk
  merge.Add(30, BytesOf(records[2]));
  merge.Add(20, BytesOf(records[1]));  // critical
  merge.Add(40, BytesOf(records[3]));
  EXPECT_EQ(Release(merge, 100), (Numbers{0, 1, 2, 3}));
  EXPECT_EQ(merge.held(), 0u);
}

TEST(MergeTest, SameTimeKeepsTheOrderOfAdding) {
  std::vector<Memory> records;
  for (std::uint64_t i = 0; i < 100; ++i) records.push_back(Numbered(i));
  Merge merge;
  for (std::uint64_t i = 0; i < 100; ++i) merge.Add(50 - i / 10, BytesOf(records[i]));
  const Numbers order = Release(merge, 100);
  ASSERT_EQ(order.size(), 100u);
  for (std::uint64_t i = 0; i < 100; ++i) EXPECT_EQ(order[i], (9 - i / 10) * 10 + i % 10);
}

TEST(MergeTest, YoungerThanCompleteWaitsForTheNextBatch) {
  const Memory records[] = {Numbered(0), Numbered(1), Numbered(2), Numbered(3)};
  Merge merge;
  merge.Add(20, BytesOf(records[1]));
  merge.Add(21, BytesOf(records[3]));
  EXPECT_EQ(Release(merge, 20), Numbers{1});  // 20 itself is complete
  EXPECT_EQ(merge.held(), 1u);
  merge.Add(19, BytesOf(records[0]));  // late, but what is written is written
  merge.Add(21, BytesOf(records[2]));
  EXPECT_EQ(Release(merge, 21), (Numbers{0, 3, 2}));
  EXPECT_EQ(merge.held(), 0u);
}

TEST(MergeTest, HeldRecordsAreCopies) {
  Merge merge;
  for (int batch = 0; batch < 4; ++batch) {
    // Held again and again, from memory that is gone each time.
    auto memory = std::make_unique<Memory>(Numbered(static_cast<std::uint64_t>(batch), 3));
    merge.Add(100 - static_cast<std::uint64_t>(batch), BytesOf(*memory));
    EXPECT_EQ(Release(merge, 5), Numbers{});
    std::fill(memory->begin(), memory->end(), 0xeeee);
  }
  EXPECT_EQ(merge.held(), 4u);
  std::vector<Memory> seen;
  merge.Release(99, [&](RecordBytes bytes, Merge::From, std::uint64_t) {
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(bytes.data()) % 8, 0u);
    Memory copy(bytes.size() / 8);
    std::memcpy(copy.data(), bytes.data(), bytes.size());
    seen.push_back(copy);
  });
  EXPECT_EQ(seen, (std::vector<Memory>{Numbered(3, 3), Numbered(2, 3), Numbered(1, 3)}));
  EXPECT_EQ(Release(merge, 100), Numbers{0});
}

TEST(MergeTest, RecordsOfASnapshotComeInTheirTurnAndAreNotCounted) {
  const Memory records[] = {Numbered(0), Numbered(1), Numbered(2)};
  Merge merge;
  merge.Add(20, BytesOf(records[1]), Merge::From::kSnapshot);
  EXPECT_EQ(Release(merge, 0), Numbers{});
  EXPECT_EQ(merge.held(), 0u);
  merge.Add(10, BytesOf(records[0]));
  merge.Add(30, BytesOf(records[2]));
  EXPECT_EQ(merge.held(), 2u);
  std::vector<Merge::From> from;
  merge.Release(25, [&](RecordBytes, Merge::From one, std::uint64_t) { from.push_back(one); });
  EXPECT_EQ(from, (std::vector{Merge::From::kLanes, Merge::From::kSnapshot}));
  EXPECT_EQ(merge.held(), 1u);
}

TEST(MergeTest, ReleaseAllHoldsNothing) {
  const Memory records[] = {Numbered(0), Numbered(1)};
  Merge merge;
  merge.Add(UINT64_MAX, BytesOf(records[1]));
  merge.Add(7, BytesOf(records[0]));
  EXPECT_EQ(Release(merge, 0), Numbers{});
  EXPECT_EQ(merge.held(), 2u);
  Numbers numbers;
  merge.ReleaseAll(
      [&](RecordBytes bytes, Merge::From, std::uint64_t) { numbers.push_back(NumberOf(bytes)); });
  EXPECT_EQ(numbers, (Numbers{0, 1}));
  EXPECT_EQ(merge.held(), 0u);
}

// A peer that says its batches are complete up to the beginning of time.
TEST(MergeTest, HeldBytesAreBoundedAndTheOldestGoFirst) {
  constexpr std::size_t kWords = 32768 / 8;
  constexpr std::size_t kBound = std::size_t{1} << 20;
  Merge merge;
  std::uint64_t next = 0;
  Numbers released;
  for (int batch = 0; batch < 50; ++batch) {
    std::vector<Memory> records;
    for (int i = 0; i < 4; ++i)
      records.push_back(Numbered(next + static_cast<unsigned>(i), kWords));
    for (const Memory& record : records) merge.Add(1000 + next++, BytesOf(record));
    for (const std::uint64_t number : Release(merge, 0)) released.push_back(number);
    EXPECT_LE(merge.held() * kWords * 8, kBound);
  }
  EXPECT_EQ(released.size() + merge.held(), next);
  EXPECT_EQ(merge.held(), kBound / (kWords * 8));
  for (std::uint64_t i = 0; i < released.size(); ++i) ASSERT_EQ(released[i], i);
}

// Batches as a collector makes them: every record comes out once, in order, whatever the cuts.
TEST(MergeTest, RandomBatchesComeOutSortedAndWhole) {
  std::mt19937 random(3);  // NOLINT: the same each time
  for (int round = 0; round < 200; ++round) {
    Merge merge;
    std::vector<std::pair<std::uint64_t, std::uint64_t>> released;  // time, number
    std::uint64_t number = 0;
    std::uint64_t complete = 0;
    std::vector<std::uint64_t> time_of;
    for (int batch = 0; batch < 8; ++batch) {
      const std::uint64_t next_complete = complete + random() % 20;
      std::vector<Memory> records;
      std::vector<std::uint64_t> times;
      for (unsigned i = random() % 12; i > 0; --i) {
        // Nothing older than what was complete before; some younger than what is complete now.
        times.push_back(complete + 1 + random() % 40);
        records.push_back(Numbered(number++, 1 + random() % 5));
        time_of.push_back(times.back());
      }
      for (std::size_t i = 0; i < records.size(); ++i) merge.Add(times[i], BytesOf(records[i]));
      complete = next_complete;
      for (const std::uint64_t n : Release(merge, complete)) released.emplace_back(time_of[n], n);
    }
    for (const std::uint64_t n : Release(merge, UINT64_MAX)) released.emplace_back(time_of[n], n);
    ASSERT_EQ(released.size(), number);
    ASSERT_TRUE(std::is_sorted(released.begin(), released.end())) << "by time, then as added";
  }
}

}  // namespace
}  // namespace randguard::merge_test
