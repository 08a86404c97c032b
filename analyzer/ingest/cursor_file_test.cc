// SPDX-License-Identifier: Apache-2.0
#include "analyzer/ingest/cursor_file.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>

namespace randguard {
namespace {

constexpr char kBootId[] = "0e6c9a1c-7b1c-4a39-9e53-2f1b7c1d5a10";

class CursorFileTest : public ::testing::Test {
 protected:
  CursorFileTest() {
    if (mkdtemp(folder_.data()) == nullptr) std::abort();
  }
  ~CursorFileTest() override {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  CursorFile Open() const {
    auto file = CursorFile::Open(folder_);
    EXPECT_TRUE(file.ok()) << file.status();
    return *std::move(file);
  }
  std::string Path() const { return folder_ + "/cursor"; }

  std::string folder_ = ::testing::TempDir() + "rand-guard-XXXXXX";
};

void ExpectCursor(const std::optional<Cursor>& cursor, const std::string& boot_id,
                  std::uint64_t start, std::uint64_t records) {
  ASSERT_TRUE(cursor.has_value());
  EXPECT_EQ(cursor->boot_id, boot_id);
  EXPECT_EQ(cursor->collector_start_ns, start);
  EXPECT_EQ(cursor->records, records);
}

TEST_F(CursorFileTest, NewFileHoldsNothingAndIsPrivate) {
  EXPECT_FALSE(Open().Read().has_value());
  struct stat st {};
  ASSERT_EQ(stat(Path().c_str(), &st), 0);
  EXPECT_EQ(st.st_mode & 07777, 0600u);
}

TEST_F(CursorFileTest, WhatWasStoredIsThereAfterReopening) {
  Open().Store({kBootId, 7, 1000});
  ExpectCursor(Open().Read(), kBootId, 7, 1000);
}

TEST_F(CursorFileTest, ThePositionInTheOutputIsKept) {
  Cursor cursor{kBootId, 7, 1000};
  Open().Store(cursor);
  EXPECT_FALSE(Open().Read()->output.has_value());
  cursor.output = FilePosition{.device = 3, .inode = 12, .bytes = std::uint64_t{5} << 32};
  Open().Store(cursor);
  EXPECT_EQ(Open().Read()->output, cursor.output);
}

TEST_F(CursorFileTest, ThePositionIsKeptBeforeThereIsACollector) {
  Cursor cursor;
  cursor.output = FilePosition{1, 2, 3};
  Open().Store(cursor);
  const auto read = Open().Read();
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->output->bytes, 3u);
  EXPECT_EQ(read->boot_id, "");
}

TEST_F(CursorFileTest, LossesAreKeptByKind) {
  Cursor cursor{kBootId, 7, 1000};
  KindCounters& lost = cursor.lost.emplace();
  lost[RG_KIND_process_exec] = 3;
  lost[RG_KIND_END - 1] = 4;
  Open().Store(cursor);
  const auto read = Open().Read();
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->lost, cursor.lost);
  lost[RG_KIND_process_exec] = 5;
  Open().Store(cursor);
  EXPECT_EQ(Open().Read()->lost, cursor.lost);
}

TEST_F(CursorFileTest, SkippedRunsAreKeptByHook) {
  Cursor cursor{kBootId, 7, 1000};
  cursor.lost.emplace()[RG_KIND_END - 1] = 4;
  HookCounters& skipped = cursor.skipped.emplace();
  skipped[RG_HOOK_process_exec] = 3;
  skipped[RG_HOOK_END - 1] = 5;
  Open().Store(cursor);
  const auto read = Open().Read();
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->lost, cursor.lost);
  EXPECT_EQ(read->skipped, cursor.skipped);
}

// As when the process is killed: nothing is closed, nothing is flushed. (The file is locked, its
// copy is not.)
TEST_F(CursorFileTest, WhatWasStoredIsThereAtOnce) {
  CursorFile writer = Open();
  const std::string copy = folder_ + "/copy";
  std::filesystem::create_directory(copy);
  for (const std::uint64_t records : {1, 2}) {
    writer.Store({kBootId, 7, records});
    std::filesystem::copy_file(Path(), copy + "/cursor",
                               std::filesystem::copy_options::overwrite_existing);
    ExpectCursor(CursorFile::Open(copy)->Read(), kBootId, 7, records);
  }
}

TEST_F(CursorFileTest, AnotherCollectorOrBootReplacesAll) {
  CursorFile file = Open();
  file.Store({kBootId, 7, 1000});
  file.Store({kBootId, 8, 1});
  ExpectCursor(file.Read(), kBootId, 8, 1);
  file.Store({"short", 8, 2});
  ExpectCursor(file.Read(), "short", 8, 2);
  file.Store({"", 0, 0});
  ExpectCursor(file.Read(), "", 0, 0);
}

TEST_F(CursorFileTest, LongBootIdIsCut) {
  CursorFile file = Open();
  file.Store({std::string(100, 'x'), 7, 1});
  ExpectCursor(file.Read(), std::string(39, 'x'), 7, 1);
  file.Store({std::string(100, 'x'), 7, 2});
  ExpectCursor(file.Read(), std::string(39, 'x'), 7, 2);
}

TEST_F(CursorFileTest, MovedFileGoesOn) {
  CursorFile first = Open();
  CursorFile second = std::move(first);
  second.Store({kBootId, 7, 5});
  ExpectCursor(second.Read(), kBootId, 7, 5);
}

TEST_F(CursorFileTest, FileThatMakesNoSenseHoldsNothing) {
  for (const std::string& content : {std::string("x"), std::string("rgcurs9\0", 8),
                                     std::string(64, '\0'), std::string(4096, '\xff')}) {
    std::ofstream(Path(), std::ios::binary | std::ios::trunc) << content;
    CursorFile file = Open();
    EXPECT_FALSE(file.Read().has_value()) << content.size();
    file.Store({kBootId, 7, 5});
    ExpectCursor(file.Read(), kBootId, 7, 5);
  }
}

TEST_F(CursorFileTest, BootIdWithoutItsNulEndsWithItsField) {
  Open().Store({kBootId, 7, 5});
  {
    std::fstream file(Path(), std::ios::binary | std::ios::in | std::ios::out);
    file.seekp(8);
    file << std::string(40, 'y');
  }
  ExpectCursor(Open().Read(), std::string(40, 'y'), 7, 5);
}

TEST_F(CursorFileTest, MissingFolderIsAnErrorThatNamesThePath) {
  const auto file = CursorFile::Open(folder_ + "/no");
  EXPECT_EQ(file.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_NE(file.status().message().find(folder_ + "/no/cursor"), absl::string_view::npos)
      << file.status();
}

TEST_F(CursorFileTest, SymlinkIsNotFollowed) {
  const std::string target = folder_ + "/target";
  ASSERT_EQ(symlink(target.c_str(), Path().c_str()), 0);
  EXPECT_FALSE(CursorFile::Open(folder_).ok());
  EXPECT_FALSE(std::filesystem::exists(target));
}

TEST_F(CursorFileTest, NumbersOfLinesBeginWithOne) {
  const LineNumbers numbers = Open().ReadNumbers(kBootId);
  EXPECT_EQ(numbers.boot_id, kBootId);
  EXPECT_EQ(numbers.next, 1u);
  EXPECT_EQ(numbers.sure, 1u);
  EXPECT_TRUE(numbers.ended);
}

TEST_F(CursorFileTest, NumbersOfLinesAreOpenUntilTheyAreEnded) {
  {
    CursorFile file = Open();
    file.BeginNumbers({.boot_id = kBootId, .next = 5, .sure = 4});
    EXPECT_EQ(file.ReadNumbers(kBootId).next, 5u);
    EXPECT_EQ(file.ReadNumbers(kBootId).sure, 4u);
    file.StoreNumbers(70, 60);
  }
  EXPECT_EQ(Open().ReadNumbers(kBootId).next, 70u);
  EXPECT_EQ(Open().ReadNumbers(kBootId).sure, 60u);
  EXPECT_FALSE(Open().ReadNumbers(kBootId).ended);
  Open().EndNumbers();
  EXPECT_TRUE(Open().ReadNumbers(kBootId).ended);
  EXPECT_EQ(Open().ReadNumbers(kBootId).sure, 60u) << "the output did not work to the end";
  Open().BeginNumbers({.boot_id = kBootId, .next = 70, .sure = 70});
  EXPECT_FALSE(Open().ReadNumbers(kBootId).ended);
}

TEST_F(CursorFileTest, NumbersThatBeginWithALossSaySoUntilTheyGoOn) {
  CursorFile file = Open();
  file.BeginNumbers({.boot_id = kBootId, .next = 5000, .sure = 4});
  EXPECT_TRUE(file.ReadNumbers(kBootId).begun_with_loss);
  EXPECT_FALSE(file.ReadNumbers(kBootId).ended);
  file.StoreNumbers(5001, 5001);
  EXPECT_FALSE(file.ReadNumbers(kBootId).begun_with_loss);
  file.BeginNumbers({.boot_id = kBootId, .next = 5001, .sure = 5001});
  EXPECT_FALSE(file.ReadNumbers(kBootId).begun_with_loss);
}

TEST_F(CursorFileTest, NumbersOfLinesAreThoseOfOneBoot) {
  const std::string other = "ffffffff-0000-4a39-9e53-2f1b7c1d5a10";
  CursorFile file = Open();
  file.BeginNumbers({.boot_id = kBootId});
  file.StoreNumbers(70, 70);
  EXPECT_EQ(file.ReadNumbers(other).next, 1u);
  file.BeginNumbers({.boot_id = other, .next = 5, .sure = 5});
  EXPECT_EQ(file.ReadNumbers(kBootId).next, 1u);
  EXPECT_EQ(file.ReadNumbers(other).next, 5u);
}

// Another version may store its progress in another form.
TEST_F(CursorFileTest, NumbersOfLinesOutliveACursorThatMakesNoSense) {
  {
    CursorFile file = Open();
    file.Store({kBootId, 7, 1000});
    file.BeginNumbers({.boot_id = kBootId});
    file.StoreNumbers(70, 70);
  }
  {
    std::fstream file(Path(), std::ios::in | std::ios::out | std::ios::binary);
    file.write("other", 5);
  }
  EXPECT_FALSE(Open().Read().has_value());
  EXPECT_EQ(Open().ReadNumbers(kBootId).next, 70u);
}

TEST_F(CursorFileTest, OneAnalyzerHasIt) {
  const CursorFile file = Open();
  const auto other = CursorFile::Open(folder_);
  EXPECT_EQ(other.status().message(),
            "state file " + Path() + " is in use: another analyzer runs with this folder");
}

}  // namespace
}  // namespace randguard
