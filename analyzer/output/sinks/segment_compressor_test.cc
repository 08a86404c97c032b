// SPDX-License-Identifier: Apache-2.0
#include "analyzer/output/sinks/segment_compressor.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utime.h>
#include <zstd.h>

#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <filesystem>
#include <span>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "analyzer/base/packed_file.h"
#include "analyzer/event/reports.h"
#include "analyzer/output/sinks/testing/segment_folder.h"

namespace randguard::segment_compressor_test {
namespace {

namespace fs = std::filesystem;

std::string ZstNameOf(std::uint64_t first) { return NameOf(first) + ".zst"; }

class SegmentCompressorTest : public SegmentFolderTest {
 protected:
  static constexpr SegmentSink::Limits kAfterAnHour{.compress = std::chrono::hours(1)};

  // Segments of one line each that were ended two hours ago.
  void MakeOld(std::uint64_t first, std::uint64_t last) {
    {
      SegmentSink sink = Open({.bytes = 1});
      for (std::uint64_t seq = first; seq <= last; ++seq) Write(sink, seq, seq);
      sink.End();
    }
    for (std::uint64_t seq = first; seq <= last; ++seq) {
      const utimbuf old{ended_, ended_};
      ASSERT_EQ(utime((folder_ / NameOf(seq)).c_str(), &old), 0);
    }
  }
  static void WorkToTheEnd(Sink& sink) {
    while (sink.Work()) {
    }
  }
  // The content of a packed file.
  absl::StatusOr<std::string> Unpacked(const std::string& name) const {
    auto file =
        PackedFile::FromFd(kj::AutoCloseFd(open((folder_ / name).c_str(), O_RDONLY | O_CLOEXEC)));
    if (!file.ok()) return file.status();
    std::string text;
    for (;;) {
      std::string block(1 << 16, '\0');
      const auto n = file->Read(std::as_writable_bytes(std::span(block)));
      if (!n.ok()) return n.status();
      if (*n == 0) return text;
      text.append(block, 0, *n);
    }
  }
  void Rewrite(const std::string& name, const std::string& text) {
    fs::remove(folder_ / name);
    Append(name, text);
  }

  std::time_t ended_ = std::time(nullptr) - 7200;
};

TEST_F(SegmentCompressorTest, OneThatIsOldEnoughIsCompressed) {
  MakeOld(1, 2);
  SegmentSink sink = Open(kAfterAnHour);
  Write(sink, 3, 3);
  EXPECT_TRUE(sink.Work());
  EXPECT_EQ(Text(NameOf(1)), Ended(1, 1)) << "it is there until the other one is whole";
  WorkToTheEnd(sink);
  EXPECT_EQ(Names(), (Lines{ZstNameOf(1), ZstNameOf(2), NameOf(3)}));
  EXPECT_EQ(Unpacked(ZstNameOf(1)).value(), Ended(1, 1));
  EXPECT_EQ(Unpacked(ZstNameOf(2)).value(), Ended(2, 2));
  EXPECT_EQ(ModeOf(ZstNameOf(1)), 0440u);
  sink.End();
  WorkToTheEnd(sink);
  EXPECT_EQ(Names(), (Lines{ZstNameOf(1), ZstNameOf(2), NameOf(3)})) << "it has just been ended";
  Health health;
  sink.AddTo(health);
  EXPECT_EQ(health.output_error, std::nullopt);
}

TEST_F(SegmentCompressorTest, NoneIsUnlessItIsAskedFor) {
  MakeOld(1, 1);
  SegmentSink sink = Open();
  EXPECT_FALSE(sink.Work());
  SegmentSink later =
      SegmentSink::Open((folder_ / "alerts.ndjson").string(), {.compress = std::chrono::hours(3)})
          .value();
  EXPECT_FALSE(later.Work());
  EXPECT_EQ(Names(), Lines{NameOf(1)});
}

TEST_F(SegmentCompressorTest, ALongOneIsDoneInSteps) {
  constexpr std::uint64_t kLines = 30'000;
  {
    SegmentSink sink = Open();
    Write(sink, 1, kLines);
    sink.End();
  }
  ASSERT_GT(fs::file_size(folder_ / NameOf(1)), std::size_t{2} << 20);
  auto compressor = SegmentCompressor::Begin((folder_ / NameOf(1)).string(), ended_).value();
  int steps = 1;
  while (!compressor.Step().value()) ++steps;
  EXPECT_GT(steps, 3);
  EXPECT_EQ(Unpacked(ZstNameOf(1)).value(), Ended(1, kLines));
  EXPECT_EQ(compressor.bytes(), fs::file_size(folder_ / ZstNameOf(1)));
}

TEST_F(SegmentCompressorTest, TheNextProcessKnowsWhatIsInIt) {
  MakeOld(1, 3);
  {
    SegmentSink sink = Open(kAfterAnHour);
    WorkToTheEnd(sink);
  }
  const std::uint64_t size = fs::file_size(folder_ / ZstNameOf(1));
  SegmentSink sink = Open({.keep = {.bytes = 2 * size}});
  EXPECT_EQ(sink.LastSeq(kBoot), 3u);
  EXPECT_EQ(Names(), (Lines{ZstNameOf(2), ZstNameOf(3)})) << "their size counts as it is";
  Health health;
  sink.AddTo(health);
  EXPECT_EQ(health.output_lines_removed, 1u);
  EXPECT_EQ(health.output_removed_last_seq, 1u);
}

TEST_F(SegmentCompressorTest, ItIsAsOldAsTheSegmentWas) {
  MakeOld(1, 1);
  {
    SegmentSink sink = Open(kAfterAnHour);
    WorkToTheEnd(sink);
  }
  Open({.keep = {.age = std::chrono::hours(3)}});
  EXPECT_EQ(Names(), Lines{ZstNameOf(1)});
  Open({.keep = {.age = std::chrono::hours(1)}});
  EXPECT_EQ(Names(), Lines{}) << "although its file is new";
}

TEST_F(SegmentCompressorTest, WhatAKilledProcessLeftIsRemoved) {
  MakeOld(1, 2);
  const std::string unfinished = "." + ZstNameOf(1) + ".new";
  {
    auto compressor = SegmentCompressor::Begin((folder_ / NameOf(1)).string(), ended_).value();
    EXPECT_TRUE(fs::exists(folder_ / unfinished));
  }
  EXPECT_FALSE(fs::exists(folder_ / unfinished)) << "given up";
  Append(unfinished, "the beginning of one");
  // And one that was killed before the segment was removed.
  auto compressor = SegmentCompressor::Begin((folder_ / NameOf(2)).string(), ended_).value();
  while (!compressor.Step().value()) {
  }
  EXPECT_EQ(Names(), (Lines{NameOf(1), NameOf(2), ZstNameOf(2)}));
  const SegmentSink sink = Open();
  EXPECT_FALSE(fs::exists(folder_ / unfinished));
  EXPECT_EQ(Names(), (Lines{NameOf(1), ZstNameOf(2)}));
}

TEST_F(SegmentCompressorTest, FilesOfOthersAreLeftAlone) {
  MakeOld(1, 1);
  const Lines others = {ZstNameOf(1), "." + NameOf(1) + ".new", ".alerts.ndjson.zst.new"};
  for (const std::string& name : others) Append(name, "x");
  Open({.keep = {.bytes = 1}});
  for (const std::string& name : others) EXPECT_EQ(Text(name), "x") << name;
}

TEST_F(SegmentCompressorTest, OneThatSomebodyRemovesIsNotComingBack) {
  MakeOld(1, 2);
  SegmentSink sink = Open(kAfterAnHour);
  EXPECT_TRUE(sink.Work());
  fs::rename(folder_ / NameOf(1), folder_ / "taken");
  fs::remove(folder_ / NameOf(2));
  for (int i = 0; i < 10; ++i) sink.Work();
  EXPECT_EQ(Names(), Lines{"taken"});
  Health health;
  sink.AddTo(health);
  EXPECT_EQ(health.output_error, std::nullopt);
}

// Numbers come again after a snapshot of the machine.
TEST_F(SegmentCompressorTest, NothingIsReplaced) {
  MakeOld(1, 1);
  {
    SegmentSink sink = Open(kAfterAnHour);
    WorkToTheEnd(sink);
  }
  const std::string before = Text(ZstNameOf(1));
  FileDigest digest;
  const std::string lines = LineOf(1) + LineOf(2);
  digest.Add(lines);
  Append(NameOf(1), lines + ManifestOf(kBoot, 1, 2, digest));
  const utimbuf old{ended_, ended_};
  ASSERT_EQ(utime((folder_ / NameOf(1)).c_str(), &old), 0);
  SegmentSink sink = Open(kAfterAnHour);
  WorkToTheEnd(sink);
  EXPECT_EQ(Names(), (Lines{NameOf(1), ZstNameOf(1)}));
  EXPECT_EQ(Text(ZstNameOf(1)), before);
  Health health;
  sink.AddTo(health);
  EXPECT_NE(health.output_error, std::nullopt);
}

TEST_F(SegmentCompressorTest, WhatCannotBeRemovedKeepsNothingFromStarting) {
  const std::string unfinished = "." + ZstNameOf(1) + ".new";
  fs::create_directories(folder_ / unfinished / "x");
  SegmentSink sink = Open();
  Write(sink, 1, 1);
  EXPECT_FALSE(sink.failing());
  Health health;
  sink.AddTo(health);
  EXPECT_NE(health.output_error.value_or("").find("cannot be removed"), std::string::npos);
}

TEST_F(SegmentCompressorTest, OneThatIsRemovedMeanwhileIsNotComingBack) {
  MakeOld(1, 1);
  SegmentSink sink =
      Open({.keep = {.bytes = 10 * LineOf(1).size()}, .compress = std::chrono::hours(1)});
  EXPECT_TRUE(sink.Work());
  Write(sink, 2, 20);
  sink.RotateIfOld();
  EXPECT_EQ(Names(), Lines{NameOf(2)});
  WorkToTheEnd(sink);
  EXPECT_EQ(Names(), Lines{NameOf(2)});
}

TEST_F(SegmentCompressorTest, WithoutRoomTheSegmentStays) {
  MakeOld(1, 1);
  SegmentSink sink = Open(kAfterAnHour);
  const auto before = signal(SIGXFSZ, SIG_IGN);
  rlimit limit{};
  getrlimit(RLIMIT_FSIZE, &limit);
  const rlimit small{10, limit.rlim_max};
  setrlimit(RLIMIT_FSIZE, &small);
  WorkToTheEnd(sink);
  setrlimit(RLIMIT_FSIZE, &limit);
  signal(SIGXFSZ, before);
  EXPECT_EQ(Names(), Lines{NameOf(1)});
  EXPECT_FALSE(fs::exists(folder_ / ("." + ZstNameOf(1) + ".new")));
  Health health;
  sink.AddTo(health);
  EXPECT_NE(health.output_error.value_or("").find("cannot be compressed"), std::string::npos);
  EXPECT_FALSE(sink.Work()) << "it is not tried at once";
  EXPECT_EQ(sink.lost_lines(), 0u);
}

TEST_F(SegmentCompressorTest, OneThatHasNoEndIsNotCompressed) {
  Append(NameOf(1), LineOf(1));
  const auto compressor = SegmentCompressor::Begin((folder_ / NameOf(1)).string(), ended_);
  EXPECT_NE(compressor.status().message().find("no manifest"), std::string::npos)
      << compressor.status();
  EXPECT_EQ(Names(), Lines{NameOf(1)});
}

TEST_F(SegmentCompressorTest, DamageIsNoticed) {
  MakeOld(1, 1);
  {
    SegmentSink sink = Open(kAfterAnHour);
    WorkToTheEnd(sink);
  }
  const std::string whole = Text(ZstNameOf(1));
  const std::string content = Ended(1, 1);
  const std::size_t frame = ZSTD_findFrameCompressedSize(whole.data(), whole.size());
  ASSERT_FALSE(ZSTD_isError(frame));
  ASSERT_LT(frame, whole.size());
  for (std::size_t size = 0; size < whole.size(); ++size) {
    Rewrite("cut", whole.substr(0, size));
    const auto text = Unpacked("cut");
    // Bytes that are no beginning of a packed file are what they are.
    EXPECT_FALSE(text.ok() && *text == content && size != frame) << size;
    EXPECT_TRUE(size < 4 || size == frame || !text.ok()) << size;
    const kj::AutoCloseFd fd(open((folder_ / "cut").c_str(), O_RDONLY | O_CLOEXEC));
    EXPECT_FALSE(ReadCompressedTrailer(fd, size).has_value()) << size;
  }
  for (std::size_t at = 4; at < frame; ++at) {
    std::string changed = whole;
    changed[at] = static_cast<char>(changed[at] ^ 0x20);
    Rewrite("changed", changed);
    const auto text = Unpacked("changed");
    EXPECT_TRUE(!text.ok() || *text == content) << at;
  }
  Rewrite("more", whole + "more");
  EXPECT_FALSE(Unpacked("more").ok());
}

}  // namespace
}  // namespace randguard::segment_compressor_test
