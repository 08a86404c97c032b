// SPDX-License-Identifier: Apache-2.0
//
// The output file's rotation, and what is synced. A small file system of its own shows what a full
// disk does, where tests may mount one.
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <utility>

#include "analyzer/output/sinks/line_sink.h"

namespace randguard::rotation_test {
namespace {

class RotationTest : public ::testing::Test {
 protected:
  RotationTest() {
    if (mkdtemp(folder_.data()) == nullptr) std::abort();
  }
  ~RotationTest() override {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  const std::string& Folder() const { return folder_; }
  std::string Path(const std::string& name = "log") const { return folder_ + "/" + name; }
  LineSink Open(const Rotation& rotation) const {
    auto sink = LineSink::File(Path(), rotation);
    EXPECT_TRUE(sink.ok()) << sink.status();
    return *std::move(sink);
  }
  std::string Content(const std::string& name = "log") const {
    std::ifstream in(Path(name), std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }

 private:
  std::string folder_ = ::testing::TempDir() + "rand-guard-XXXXXX";
};

void WriteLine(LineSink& sink, const std::string& line) {
  sink.Write({line + "\n"});
  sink.Flush();
}

TEST_F(RotationTest, FileOfItsSizeIsFollowedByANewOne) {
  LineSink sink = Open({.bytes = 10, .keep = 2});
  WriteLine(sink, "first");   // 6 bytes
  WriteLine(sink, "second");  // 13
  WriteLine(sink, "third");
  EXPECT_EQ(Content("log.1"), "first\nsecond\n");
  EXPECT_EQ(Content(), "third\n");
  EXPECT_EQ(sink.rotations(), 1u);
  EXPECT_EQ(sink.failures(), 0u);
}

TEST_F(RotationTest, OldestGoes) {
  LineSink sink = Open({.bytes = 1, .keep = 2});
  for (const char* line : {"a", "b", "c", "d"}) WriteLine(sink, line);
  EXPECT_EQ(Content("log.1"), "d\n");
  EXPECT_EQ(Content("log.2"), "c\n");
  EXPECT_FALSE(std::filesystem::exists(Path("log.3")));
  EXPECT_EQ(Content(), "");
}

TEST_F(RotationTest, WhatIsThereAtTheStartCounts) {
  std::ofstream(Path()) << "from before\n";
  LineSink sink = Open({.bytes = 15, .keep = 1});
  WriteLine(sink, "abc");
  EXPECT_EQ(Content("log.1"), "from before\nabc\n");
}

TEST_F(RotationTest, NoSizeNeverRotates) {
  LineSink sink = Open({});
  for (int i = 0; i < 1000; ++i) WriteLine(sink, "line");
  EXPECT_EQ(sink.rotations(), 0u);
}

TEST_F(RotationTest, DeviceIsNotRotated) {
  auto sink = LineSink::File("/dev/null", {.bytes = 1, .keep = 1});
  ASSERT_TRUE(sink.ok());
  WriteLine(*sink, "line");
  EXPECT_EQ(sink->rotations(), 0u);
}

TEST_F(RotationTest, FileThatIsYoungEnoughStays) {
  LineSink sink = Open({.age = std::chrono::hours(1), .keep = 1});
  WriteLine(sink, "line");
  sink.RotateIfOld();
  EXPECT_EQ(sink.rotations(), 0u);
}

TEST_F(RotationTest, ReopeningBeginsAnew) {
  LineSink sink = Open({.bytes = 10, .keep = 1});
  WriteLine(sink, "1234567");
  std::filesystem::rename(Path(), Path("taken"));
  ASSERT_TRUE(sink.Reopen().ok());
  WriteLine(sink, "1234567");
  EXPECT_EQ(sink.rotations(), 0u);
  WriteLine(sink, "1234567");
  EXPECT_EQ(sink.rotations(), 1u);
}

TEST_F(RotationTest, RotationThatFailsKeepsTheFile) {
  std::filesystem::create_directory(Path("log.1"));
  std::ofstream(Path("log.1/file")) << "x";
  LineSink sink = Open({.bytes = 4, .keep = 1});
  for (int i = 0; i < 5; ++i) WriteLine(sink, "line");
  EXPECT_EQ(sink.rotations(), 0u);
  EXPECT_EQ(sink.failures(), 0u);
  EXPECT_EQ(Content(), "line\nline\nline\nline\nline\n");
  std::filesystem::remove_all(Path("log.1"));
  WriteLine(sink, "line");
  EXPECT_EQ(sink.rotations(), 1u);
}

TEST_F(RotationTest, EveryLineIsInOneOfTheFiles) {
  LineSink sink = Open({.bytes = 1000, .keep = 100});
  std::size_t bytes = 0;
  for (int i = 0; i < 2000; ++i) {
    const std::string line = "line " + std::to_string(i) + "\n";
    bytes += line.size();
    sink.Write({line});
    if (i % 7 == 0) sink.Flush();
  }
  sink.Flush();
  std::size_t found = 0;
  for (const auto& file : std::filesystem::directory_iterator(Folder())) {
    found += file.file_size();
    const std::string content = Content(file.path().filename());
    EXPECT_TRUE(content.empty() || content.back() == '\n') << file;
  }
  EXPECT_EQ(found, bytes);
  EXPECT_GT(sink.rotations(), 10u);
}

TEST_F(RotationTest, AlertIsWrittenWithItsNeighbours) {
  LineSink sink = Open({});
  sink.SyncAlerts();
  sink.Write({"event\n"});
  const Alert alert;
  sink.Write({"alert\n", &alert});
  sink.Flush();
  EXPECT_EQ(Content(), "event\nalert\n");
  EXPECT_EQ(sink.sync_failures(), 0u);
}

// A disk with room for a few lines: what is on it are whole lines, what is not is counted, and
// writing goes on when there is room again.
int OnASmallDisk(const std::string& folder) {
  if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
      mount("small", folder.c_str(), "tmpfs", 0, "size=64k") != 0) {
    return 77;
  }
  auto sink = LineSink::File(folder + "/log", {});
  if (!sink.ok()) return 1;
  sink->SyncAlerts();
  std::ofstream(folder + "/other") << std::string(32 << 10, 'x');
  const Alert alert;
  unsigned made = 0;
  const auto write = [&](unsigned lines) {
    for (unsigned i = 0; i < lines; ++i) {
      const std::string line = std::string(92, '.') + " " + std::to_string(100000 + made++) + "\n";
      if (i % 10 == 0) {
        sink->Write({line, &alert});
      } else {
        sink->Write({line});
      }
    }
    sink->Flush();
  };
  for (int i = 0; i < 100; ++i) write(10);
  if (sink->failures() == 0 || !sink->failing()) return 2;
  const std::uint64_t lost = sink->failures();
  std::filesystem::remove(folder + "/other");
  write(10);
  if (sink->failing() || sink->failures() != lost) return 3;
  std::ifstream log(folder + "/log");
  std::set<std::string> lines;
  for (std::string line; std::getline(log, line);) {
    if (line.size() != 99 || !lines.insert(line).second) return 4;
  }
  return lines.size() + sink->failures() == made ? 0 : 5;
}

TEST_F(RotationTest, FullDiskIsCountedAndOvercome) {
  const pid_t child = fork();
  if (child == 0) _exit(OnASmallDisk(Folder()));
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status)) << status;
  if (WEXITSTATUS(status) == 77) GTEST_SKIP() << "file systems cannot be mounted here";
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

}  // namespace
}  // namespace randguard::rotation_test
