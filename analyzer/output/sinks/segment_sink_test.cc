// SPDX-License-Identifier: Apache-2.0
#include "analyzer/output/sinks/segment_sink.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utime.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/event/alert.h"
#include "analyzer/event/reports.h"
#include "analyzer/output/sinks/testing/segment_folder.h"

namespace randguard::segment_sink_test {
namespace {

namespace fs = std::filesystem;

class SegmentSinkTest : public SegmentFolderTest {};

TEST_F(SegmentSinkTest, TheManifestSaysWhatStandsBeforeIt) {
  FileDigest digest;
  digest.Add("one\n");
  digest.Add("two\n");
  // printf 'one\ntwo\n' | xxh128sum
  EXPECT_EQ(ManifestOf(kBoot, 7, 8, digest),
            "{\"event_type\":\"segment_end\",\"boot_id\":\"0e6c9a1c-7b1c-4a39-9e53-2f1b7c1d5a10\","
            "\"first_seq\":7,\"last_seq\":8,\"lines\":2,\"bytes\":8,"
            "\"xxh128\":\"c796d15e493d134d5d953b5446c61440\"}\n");
}

TEST_F(SegmentSinkTest, AFileIsNamedByItsFirstLineAndEndedOnce) {
  {
    SegmentSink sink = Open();
    Write(sink, 40, 42);
    EXPECT_EQ(Names(), Lines{NameOf(40)});
    EXPECT_EQ(Text(NameOf(40)), LineOf(40) + LineOf(41) + LineOf(42));
    EXPECT_EQ(ModeOf(NameOf(40)), 0640u);
    sink.End();
  }
  EXPECT_EQ(Text(NameOf(40)), Ended(40, 42));
  EXPECT_EQ(ModeOf(NameOf(40)), 0440u);
  SegmentSink next = Open();
  Write(next, 43, 43);
  EXPECT_EQ(Names(), (Lines{NameOf(40), NameOf(43)}));
  EXPECT_EQ(Text(NameOf(40)), Ended(40, 42));
}

TEST_F(SegmentSinkTest, AFullOneIsFollowedByAnother) {
  SegmentSink sink = Open({.bytes = 3 * LineOf(10).size()});
  Write(sink, 10, 11);
  EXPECT_EQ(Names().size(), 1u);
  Write(sink, 12, 12);
  EXPECT_EQ(Names(), (Lines{NameOf(10), NameOf(13)})) << "where it goes on is there at once";
  Write(sink, 13, 14);
  sink.End();
  EXPECT_EQ(Text(NameOf(10)), Ended(10, 12));
  EXPECT_EQ(Text(NameOf(13)), Ended(13, 14));
  Health health;
  sink.AddTo(health);
  EXPECT_EQ(health.output_rotations, 2u);
  EXPECT_EQ(health.userspace_output_failures, 0u);
}

TEST_F(SegmentSinkTest, OneWithoutALineIsNotLeft) {
  {
    SegmentSink sink = Open({.bytes = 1});
    Write(sink, 1, 1);
    EXPECT_EQ(Names().size(), 2u);
    sink.End();
    EXPECT_EQ(Names(), Lines{NameOf(1)});
    sink.End();
  }
  Append(NameOf(2), "");
  EXPECT_EQ(Names().size(), 2u);
  Open();
  EXPECT_EQ(Names(), Lines{NameOf(1)}) << "nor by a process that was killed";
}

TEST_F(SegmentSinkTest, AnotherBootHasAnotherFile) {
  SegmentSink sink = Open();
  Write(sink, 1, 2);
  Write(sink, 1, 1, kOtherBoot);
  EXPECT_EQ(Names(), (Lines{NameOf(1), NameOf(1, kOtherBoot)}));
  EXPECT_EQ(Text(NameOf(1)), Ended(1, 2));
}

TEST_F(SegmentSinkTest, AlertsAloneAreNamedByTheFirstOfThem) {
  SegmentSink sink = Open({.bytes = 1});
  sink.TakeAlertsOnly();
  const Alert alert;
  for (const std::uint64_t seq : {4, 9}) {
    Write(sink, seq - 1, seq - 1);
    const std::string line = LineOf(seq, "alert");
    sink.Write({.text = line, .alert = &alert, .boot_id = kBoot, .seq = seq});
    sink.Flush();
  }
  EXPECT_EQ(Names(), (Lines{NameOf(4), NameOf(9)}));
  EXPECT_FALSE(sink.position().has_value());
}

TEST_F(SegmentSinkTest, OneThatAKilledProcessLeftIsEnded) {
  FilePosition position;
  {
    SegmentSink sink = Open();
    Write(sink, 1, 2);
    position = sink.position().value();
    Write(sink, 3, 4);
  }
  Append(NameOf(1), R"({"event_type":"process_exit","boot)");
  const SegmentSink next = Open();
  EXPECT_EQ(Text(NameOf(1)), Ended(1, 4)) << "without the line that is torn";
  EXPECT_EQ(ModeOf(NameOf(1)), 0440u);
  EXPECT_EQ(next.Behind(position).lines, 2u);
  EXPECT_EQ(next.Behind(position).events, 2u);
  position.bytes = 0;
  EXPECT_EQ(next.Behind(position).lines, 4u) << "the manifest is none of them";
  ++position.inode;
  EXPECT_EQ(next.Behind(position).lines, 0u);
}

TEST_F(SegmentSinkTest, OneThatWasEndedByAKilledProcessIsOnlyReadAsWell) {
  Append(NameOf(1), Ended(1, 2));
  fs::permissions(folder_ / NameOf(1), fs::perms(0640));
  Open();
  EXPECT_EQ(Text(NameOf(1)), Ended(1, 2));
  EXPECT_EQ(ModeOf(NameOf(1)), 0440u);
}

TEST_F(SegmentSinkTest, AManifestThatIsTornIsWrittenAgain) {
  const std::string whole = Ended(1, 3);
  const std::size_t lines = 3 * LineOf(1).size();
  for (std::size_t size = lines; size <= whole.size(); ++size) {
    fs::remove(folder_ / NameOf(1));
    Append(NameOf(1), whole.substr(0, size));
    Open();
    ASSERT_EQ(Text(NameOf(1)), whole) << size;
  }
}

TEST_F(SegmentSinkTest, OtherFilesAreLeftAlone) {
  const Lines others = {"events.ndjson",
                        "events-1.ndjson",
                        NameOf(1) + ".gz",
                        "alerts-" + std::string(kBoot) + "-000000000001.ndjson",
                        "events-" + std::string(kBoot) + "-.ndjson",
                        "events-" + std::string(kBoot) + "-x.ndjson",
                        "events-" + std::string(36, 'x') + "-1.ndjson"};
  for (const std::string& name : others) Append(name, "x");
  fs::create_directory(folder_ / NameOf(3));
  fs::create_symlink("events.ndjson", folder_ / NameOf(4));
  const Lines before = Names();
  Open({.keep = {.bytes = 1}});
  EXPECT_EQ(Names(), before);
  for (const std::string& name : others) EXPECT_EQ(Text(name), "x") << name;
}

TEST_F(SegmentSinkTest, TheOldestAreRemovedForTheirSize) {
  const std::uint64_t size = Ended(1, 1).size();
  SegmentSink sink = Open({.bytes = 1, .keep = {.bytes = 3 * size}});
  for (std::uint64_t seq = 1; seq <= 6; ++seq) Write(sink, seq, seq);
  EXPECT_EQ(Names(), (Lines{NameOf(4), NameOf(5), NameOf(6), NameOf(7)}));
  Health health;
  sink.AddTo(health);
  EXPECT_EQ(health.output_segments_removed, 3u);
  EXPECT_EQ(health.output_lines_removed, 3u);
  EXPECT_EQ(health.output_removed_boot_id, kBoot);
  EXPECT_EQ(health.output_removed_last_seq, 3u);
  EXPECT_EQ(health.output_error, std::nullopt);
}

TEST_F(SegmentSinkTest, TheOldestAreRemovedForTheirAge) {
  {
    SegmentSink sink = Open({.bytes = 1});
    Write(sink, 1, 1);
    Write(sink, 2, 2);
    sink.End();
  }
  const utimbuf old{time(nullptr) - 7300, time(nullptr) - 7300};
  ASSERT_EQ(utime((folder_ / NameOf(1)).c_str(), &old), 0);
  Open({.keep = {.age = std::chrono::hours(3)}});
  EXPECT_EQ(Names().size(), 2u);
  Open({.keep = {.age = std::chrono::hours(2)}});
  EXPECT_EQ(Names(), Lines{NameOf(2)});
}

TEST_F(SegmentSinkTest, OneThatWasTakenAwayIsNotMissed) {
  SegmentSink sink = Open({.bytes = 1, .keep = {.bytes = 1}});
  Write(sink, 1, 1);
  EXPECT_EQ(Names(), Lines{NameOf(2)});
  fs::remove(folder_ / NameOf(2));
  Write(sink, 2, 2);
  Write(sink, 3, 3);
  Health health;
  sink.AddTo(health);
  EXPECT_EQ(health.output_error, std::nullopt);
  EXPECT_EQ(health.userspace_output_failures, 0u);
  EXPECT_EQ(health.output_reopened, 1u);
}

TEST_F(SegmentSinkTest, OneThatWasRenamedIsFollowedByAnother) {
  SegmentSink sink = Open();
  Write(sink, 1, 2);
  fs::rename(folder_ / NameOf(1), folder_ / "kept");
  Append(NameOf(1), "something else\n");
  Write(sink, 3, 3);
  sink.End();
  EXPECT_EQ(Text("kept"), LineOf(1) + LineOf(2));
  EXPECT_EQ(Text(NameOf(1)), "something else\n");
  EXPECT_EQ(Text(NameOf(3)), Ended(3, 3));
  EXPECT_EQ(sink.lost_lines(), 0u);
}

TEST_F(SegmentSinkTest, NoFileThatIsThereIsAppendedTo) {
  SegmentSink sink = Open();
  Append(NameOf(1), "something else\n");
  Write(sink, 1, 1);
  EXPECT_TRUE(sink.failing()) << "the name is taken";
  for (std::uint64_t seq = 2; seq < 100 && sink.failing(); ++seq) {
    usleep(50'000);
    Write(sink, seq, seq);
  }
  EXPECT_FALSE(sink.failing()) << "another line has another name";
  EXPECT_EQ(Text(NameOf(1)), "something else\n");
}

TEST_F(SegmentSinkTest, OneProcessAtATime) {
  SegmentSink sink = Open();
  Write(sink, 1, 1);
  const auto second = SegmentSink::Open((folder_ / "events.ndjson").string(), {});
  EXPECT_NE(second.status().message().find("are being written already"), std::string::npos)
      << second.status();
  EXPECT_EQ(Text(NameOf(1)), LineOf(1)) << "nothing is ended for the other one";
  const auto other = SegmentSink::Open((folder_ / "alerts.ndjson").string(), {});
  EXPECT_TRUE(other.ok()) << other.status();
}

TEST_F(SegmentSinkTest, WhatIsNoRegularFileHasNoSegments) {
  ASSERT_EQ(mkfifo((folder_ / "events.ndjson").c_str(), 0600), 0);
  const auto sink = SegmentSink::Open((folder_ / "events.ndjson").string(), {});
  EXPECT_NE(sink.status().message().find("is no regular file"), std::string::npos) << sink.status();
}

TEST_F(SegmentSinkTest, TheGroupMayReadWhateverTheUmaskIs) {
  const mode_t before = umask(0077);
  SegmentSink sink = Open();
  Write(sink, 1, 1);
  umask(before);
  EXPECT_EQ(ModeOf(NameOf(1)), 0640u);
}

TEST_F(SegmentSinkTest, NumbersGoOnBehindThoseThatWereRemoved) {
  {
    SegmentSink sink = Open({.bytes = 1});
    for (std::uint64_t seq = 1; seq <= 5; ++seq) Write(sink, seq, seq);
    sink.End();
  }
  EXPECT_EQ(Open({.keep = {.bytes = 1}}).LastSeq(kBoot), 5u);
  EXPECT_EQ(Names(), Lines{});
}

TEST_F(SegmentSinkTest, WhatIsBehindAPositionIsCountedOverSegments) {
  FilePosition position;
  {
    SegmentSink sink = Open({.bytes = 3 * LineOf(1).size()});
    Write(sink, 1, 1);
    position = sink.position().value();
    Write(sink, 2, 3);
    Write(sink, 4, 4);
  }
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(Open().Behind(position).lines, 3u) << "also when they have ends";
    EXPECT_EQ(Open().Behind(position).events, 3u);
  }
}

// As a user who is not root, to whom modes mean something.
class UnprivilegedSegmentTest : public SegmentSinkTest {
 protected:
  // Runs it in a process of its own. True: it returned true.
  bool AsSomebody(const std::function<bool()>& run) {
    constexpr uid_t kSomebody = 65534;
    if (geteuid() == 0) {
      for (const auto& entry : fs::recursive_directory_iterator(folder_)) {
        if (entry.path() == roots_) continue;
        EXPECT_EQ(lchown(entry.path().c_str(), kSomebody, kSomebody), 0);
      }
      EXPECT_EQ(chown(folder_.c_str(), kSomebody, kSomebody), 0);
    }
    const pid_t child = fork();
    if (child == 0) {
      if (geteuid() == 0 && (setgid(kSomebody) != 0 || setuid(kSomebody) != 0)) _exit(2);
      _exit(run() ? 0 : 1);
    }
    int status = 0;
    EXPECT_EQ(waitpid(child, &status, 0), child);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
  }

  fs::path roots_;  // stays root's
};

TEST_F(UnprivilegedSegmentTest, OneWhoseEndWasLostGetsAnother) {
  Append(NameOf(1), LineOf(1) + LineOf(2).substr(0, 20));
  fs::permissions(folder_ / NameOf(1), fs::perms(0440));
  EXPECT_TRUE(AsSomebody(
      [this] { return SegmentSink::Open((folder_ / "events.ndjson").string(), {}).ok(); }));
  EXPECT_EQ(Text(NameOf(1)), Ended(1, 1));
}

TEST_F(UnprivilegedSegmentTest, OneThatCannotBeMendedStays) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can give a file away";
  Append(NameOf(1), LineOf(1));
  fs::permissions(folder_ / NameOf(1), fs::perms(0600));
  roots_ = folder_ / NameOf(1);
  EXPECT_TRUE(AsSomebody([this] {
    auto sink = SegmentSink::Open((folder_ / "events.ndjson").string(), {});
    if (!sink.ok()) return false;
    Health health;
    sink->AddTo(health);
    if (!health.output_error.has_value()) return false;
    Write(*sink, 2, 2);
    sink->End();
    return sink->lost_lines() == 0;
  }));
  EXPECT_EQ(Text(NameOf(1)), LineOf(1));
  EXPECT_EQ(Text(NameOf(2)), Ended(2, 2));
}

TEST_F(UnprivilegedSegmentTest, WithoutRoomForTheManifestItIsTriedAgain) {
  const std::size_t room = 2 * LineOf(1).size() + 10;
  EXPECT_TRUE(AsSomebody([&] {
    signal(SIGXFSZ, SIG_IGN);
    auto sink = SegmentSink::Open((folder_ / "events.ndjson").string(), {});
    if (!sink.ok()) return false;
    Write(*sink, 1, 2);
    rlimit limit{};
    getrlimit(RLIMIT_FSIZE, &limit);
    const rlimit small{room, limit.rlim_max};
    setrlimit(RLIMIT_FSIZE, &small);
    sink->End();
    if (Text(NameOf(1)) != LineOf(1) + LineOf(2)) return false;  // none, and not a part of one
    Health health;
    sink->AddTo(health);
    if (!health.output_error.has_value()) return false;
    setrlimit(RLIMIT_FSIZE, &limit);
    sink->End();
    return Text(NameOf(1)) == Ended(1, 2);
  }));
}

TEST_F(UnprivilegedSegmentTest, AFolderThatCannotBeWrittenIsAnError) {
  if (geteuid() != 0) GTEST_SKIP() << "this takes another user";
  const auto sink =
      SegmentSink::Open((folder_ / "events.ndjson").string(), {}, FileOwner{65534, 65534});
  EXPECT_NE(sink.status().message().find("cannot make segments in"), std::string::npos)
      << sink.status();
}

TEST_F(SegmentSinkTest, OrderIsThatOfNumbersWhateverTheClockWas) {
  {
    SegmentSink sink = Open({.bytes = 1});
    for (std::uint64_t seq = 1; seq <= 3; ++seq) Write(sink, seq, seq);
    sink.End();
  }
  // The clock was set back before the last ones.
  for (const std::uint64_t seq : {2, 3}) {
    const utimbuf old{1000, 1000};
    ASSERT_EQ(utime((folder_ / NameOf(seq)).c_str(), &old), 0);
  }
  Open({.keep = {.bytes = 2 * Ended(1, 1).size()}});
  EXPECT_EQ(Names(), (Lines{NameOf(2), NameOf(3)}));
}

TEST_F(SegmentSinkTest, AClockThatIsSetAheadRemovesOneAtATime) {
  {
    SegmentSink sink = Open({.bytes = 1});
    for (std::uint64_t seq = 1; seq <= 4; ++seq) Write(sink, seq, seq);
    sink.End();
  }
  for (std::uint64_t seq = 1; seq <= 4; ++seq) {
    const utimbuf old{1000, 1000};
    ASSERT_EQ(utime((folder_ / NameOf(seq)).c_str(), &old), 0);
  }
  SegmentSink sink = Open({.bytes = 1, .keep = {.age = std::chrono::hours(1)}});
  EXPECT_EQ(Names().size(), 3u);
  Write(sink, 5, 5);
  EXPECT_EQ(Names(), (Lines{NameOf(3), NameOf(4), NameOf(5), NameOf(6)}));
}

TEST_F(SegmentSinkTest, OneThatCannotBeRemovedDoesNotKeepTheOthers) {
  const std::uint64_t size = Ended(1, 1).size();
  SegmentSink sink = Open({.bytes = 1, .keep = {.bytes = 3 * size}});
  for (std::uint64_t seq = 1; seq <= 3; ++seq) Write(sink, seq, seq);
  // Stands in for one that was made immutable.
  fs::remove(folder_ / NameOf(1));
  fs::create_directory(folder_ / NameOf(1));
  Write(sink, 4, 5);
  Write(sink, 6, 6);
  EXPECT_FALSE(fs::exists(folder_ / NameOf(2)));
  Health health;
  sink.AddTo(health);
  ASSERT_TRUE(health.output_error.has_value());
  EXPECT_NE(health.output_error->find("cannot be removed"), std::string::npos);
}

TEST_F(SegmentSinkTest, AFolderThatIsNotThereIsAnError) {
  const auto sink = SegmentSink::Open((folder_ / "no" / "events.ndjson").string(), {});
  EXPECT_NE(sink.status().message().find("cannot be read: No such file"), std::string::npos)
      << sink.status();
}

TEST_F(SegmentSinkTest, LinesGoOnIntoAFileWhoseFolderWasMoved) {
  SegmentSink sink = Open();
  Write(sink, 1, 1);
  const fs::path away = folder_.string() + ".away";
  fs::rename(folder_, away);
  Write(sink, 2, 2);
  fs::rename(away, folder_);
  EXPECT_EQ(sink.lost_lines(), 0u);
  EXPECT_EQ(Text(NameOf(1)), LineOf(1) + LineOf(2));
}

TEST_F(SegmentSinkTest, LinesAreCountedWhileNoFileCanBeMade) {
  SegmentSink sink = Open({.bytes = 1});
  const fs::path away = folder_.string() + ".away";
  fs::rename(folder_, away);
  Write(sink, 3, 4);
  EXPECT_TRUE(sink.failing());
  EXPECT_EQ(sink.lost_lines(), 2u);
  fs::rename(away, folder_);
  // It is tried again every second.
  for (int i = 0; i < 100 && sink.failing(); ++i) {
    usleep(50'000);
    Write(sink, 5, 5);
  }
  EXPECT_FALSE(sink.failing());
}

}  // namespace
}  // namespace randguard::segment_sink_test
