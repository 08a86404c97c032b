// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <linux/bpf.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "collector/batch.h"
#include "collector/confinement.h"
#include "tests/support/source_root.h"

namespace randguard::collector {
namespace {

TEST(PrivilegedSurfaceTest, DocumentListsTheSystemCallsOfTheFilter) {
  std::ifstream file(testing::SourcePath("docs/privileged-surface.md"));
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
    EXPECT_TRUE(batch.Add({record.data(), record.size()}));
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
  while (batch.Add({record.data(), record.size()})) ++bulk;
  EXPECT_GE(batch.lane_bytes(), Batch::kLaneBytes);
  batch.BeginLane();
  EXPECT_EQ(batch.lane_bytes(), 0U);
  std::size_t critical = 0;
  while (batch.Add({record.data(), record.size()})) ++critical;
  EXPECT_EQ(bulk, critical);
  EXPECT_EQ(batch.bytes().size(), (bulk + critical + 2) * RG_RECORD_MAX);
}

TEST(BatchTest, ARecordThatIsNoneEndsTheProgram) {
  Batch batch;
  batch.Clear();
  const auto record = Record(1, 96);
  EXPECT_EXIT(batch.Add({record.data(), 12}), ::testing::ExitedWithCode(1), "a record of 12 bytes");
  EXPECT_EXIT(batch.Add({record.data(), 92}), ::testing::ExitedWithCode(1), "a record of 92 bytes");
}

// A ring as the kernel fills it, in a file of the map's shape.
class LaneTest : public ::testing::Test {
 protected:
  static constexpr std::size_t kBytes = 4096;

  LaneTest() : page_(sysconf(_SC_PAGESIZE)), file_(memfd_create("ring", MFD_CLOEXEC)) {
    const std::size_t size = 2 * page_ + kBytes;
    EXPECT_EQ(ftruncate(file_, static_cast<off_t>(size)), 0);
    memory_ = static_cast<char*>(mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, file_, 0));
    lane_.emplace(file_, kBytes);
    batch_.Clear();
  }
  ~LaneTest() override {
    munmap(memory_, 2 * page_ + kBytes);
    close(file_);
  }

  // Returns the offset of its length in the ring.
  std::uint32_t* Store(std::uint64_t time_ns, std::size_t size, std::uint32_t bits = 0) {
    const auto record = Record(time_ns, size);
    auto* length = reinterpret_cast<std::uint32_t*>(Data() + produced() % kBytes);
    *length = static_cast<std::uint32_t>(size) | bits;
    for (std::size_t i = 0; i < size; ++i) {
      Data()[(produced() + BPF_RINGBUF_HDR_SZ + i) % kBytes] = record[i];
    }
    produced() += BPF_RINGBUF_HDR_SZ + size;
    return length;
  }
  std::uint64_t& consumed() { return *reinterpret_cast<std::uint64_t*>(memory_); }
  std::uint64_t& produced() { return *reinterpret_cast<std::uint64_t*>(memory_ + page_); }
  char* Data() { return memory_ + 2 * page_; }

  const std::size_t page_;
  const int file_;
  char* memory_ = nullptr;
  std::optional<Lane> lane_;
  Batch batch_;
};

TEST_F(LaneTest, RecordsThatGoRoundTheEndComeWhole) {
  std::uint64_t time = 0;
  for (int round = 0; round < 50; ++round) {
    batch_.Clear();
    std::vector<char> expected;
    for (const std::size_t size : {96, 1000, 104, 1504}) {
      Store(++time, size);
      const auto record = Record(time, size);
      expected.insert(expected.end(), record.begin(), record.end());
    }
    EXPECT_TRUE(lane_->Drain(batch_));
    EXPECT_EQ(consumed(), produced());
    ASSERT_EQ(batch_.bytes().size(), expected.size());
    EXPECT_EQ(std::memcmp(batch_.bytes().begin(), expected.data(), expected.size()), 0);
  }
}

TEST_F(LaneTest, WaitsForARecordThatIsBeingWrittenAndPassesOverOneThatWasDropped) {
  Store(1, 96);
  Store(2, 96, BPF_RINGBUF_DISCARD_BIT);
  const std::uint64_t so_far = produced();
  std::uint32_t* busy = Store(3, 96, BPF_RINGBUF_BUSY_BIT);
  Store(4, 96);
  EXPECT_TRUE(lane_->Drain(batch_));
  EXPECT_EQ(batch_.count(), 1U);
  EXPECT_EQ(consumed(), so_far);
  *busy &= ~BPF_RINGBUF_BUSY_BIT;
  EXPECT_TRUE(lane_->Drain(batch_));
  EXPECT_EQ(batch_.count(), 3U);
  EXPECT_EQ(batch_.last_ns(), 4U);
}

TEST_F(LaneTest, LeavesWhatABatchHasNoRoomFor) {
  while (batch_.lane_bytes() + 2000 < Batch::kLaneBytes) {
    const auto record = Record(1, 2000);
    batch_.Add({record.data(), record.size()});
  }
  Store(2, 2000);
  Store(3, 96);
  EXPECT_FALSE(lane_->Drain(batch_));
  EXPECT_EQ(batch_.last_ns(), 2U);
  EXPECT_EQ(produced() - consumed(), BPF_RINGBUF_HDR_SZ + 96);
}

TEST_F(LaneTest, ALengthThatIsNoneEndsTheProgram) {
  Store(1, 96);
  *reinterpret_cast<std::uint32_t*>(Data()) = RG_RECORD_MAX + 8;
  EXPECT_EXIT(lane_->Drain(batch_), ::testing::ExitedWithCode(1), "a record of 32776 bytes");
}

}  // namespace
}  // namespace randguard::collector
