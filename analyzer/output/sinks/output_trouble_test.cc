// SPDX-License-Identifier: Apache-2.0
//
// Outputs that others remove, replace, fill, or do not read.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>

#include "analyzer/output/sinks/line_sink.h"

namespace randguard::output_trouble_test {
namespace {

namespace fs = std::filesystem;

std::string Content(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

class OutputTroubleTest : public ::testing::Test {
 protected:
  OutputTroubleTest() {
    signal(SIGPIPE, SIG_IGN);
    if (mkdtemp(folder_.data()) == nullptr) std::abort();
  }
  ~OutputTroubleTest() override {
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
  }
  std::string Path(const std::string& name = "log") const { return folder_ + "/" + name; }
  LineSink Open(Rotation rotation = {}) const {
    auto sink = LineSink::File(Path(), rotation);
    if (!sink.ok()) ADD_FAILURE() << sink.status();
    sink->FollowPath();
    return *std::move(sink);
  }
  static void Put(LineSink& sink, std::string_view line) {
    sink.Write({line});
    sink.Flush();
  }
  // All that is in a pipe.
  static void Take(int reader, std::string& got) {
    char block[65536];
    for (ssize_t n; (n = read(reader, block, sizeof(block))) > 0;) {
      got.append(block, static_cast<std::size_t>(n));
    }
  }
  static Health HealthOf(const LineSink& sink) {
    Health health;
    sink.AddTo(health);
    return health;
  }

 private:
  std::string folder_ = ::testing::TempDir() + "rand-guard-XXXXXX";
};

TEST_F(OutputTroubleTest, ARemovedFileIsMadeAnew) {
  LineSink sink = Open();
  Put(sink, "one\n");
  fs::remove(Path());
  ::testing::internal::CaptureStderr();
  Put(sink, "two\n");
  EXPECT_NE(::testing::internal::GetCapturedStderr().find("was removed or replaced"),
            std::string::npos);
  EXPECT_EQ(Content(Path()), "two\n");
  EXPECT_EQ(HealthOf(sink).output_reopened, 1u);
  EXPECT_EQ(HealthOf(sink).output_error, std::nullopt);
}

TEST_F(OutputTroubleTest, WithoutLinesItIsMadeAnewNowAndThen) {
  LineSink sink = Open();
  fs::remove(Path());
  sink.RotateIfOld();
  EXPECT_TRUE(fs::exists(Path()));
}

TEST_F(OutputTroubleTest, AReplacedFileIsOpened) {
  LineSink sink = Open();
  Put(sink, "one\n");
  fs::rename(Path(), Path("moved"));
  std::ofstream(Path()) << "another's\n";
  Put(sink, "two\n");
  EXPECT_EQ(Content(Path()), "another's\ntwo\n");
  EXPECT_EQ(Content(Path("moved")), "one\n");
  EXPECT_EQ(HealthOf(sink).output_reopened, 1u);
}

// A symlink, a folder, a FIFO without a reader in its place: lines go on into the old file.
TEST_F(OutputTroubleTest, AFailureToOpenItStandsInHealthUntilItWorks) {
  for (const char* replaced_by : {"symlink", "folder", "fifo"}) {
    LineSink sink = Open();
    fs::rename(Path(), Path("moved"));
    if (*replaced_by == 's') fs::create_symlink("elsewhere", Path());
    if (*replaced_by == 'f' && replaced_by[1] == 'o') fs::create_directory(Path());
    if (*replaced_by == 'f' && replaced_by[1] == 'i') mkfifo(Path().c_str(), 0600);
    Put(sink, "one\n");
    Put(sink, "two\n");
    ASSERT_NE(HealthOf(sink).output_error, std::nullopt) << replaced_by;
    EXPECT_NE(HealthOf(sink).output_error->find(Path()), std::string::npos);
    EXPECT_EQ(Content(Path("moved")), "one\ntwo\n") << "nothing is lost meanwhile";
    EXPECT_EQ(sink.failures(), 0u);
    EXPECT_EQ(HealthOf(sink).output_reopened, 0u);
    fs::remove(Path());
    usleep(1'100'000);  // not with every line
    Put(sink, "three\n");
    EXPECT_EQ(Content(Path()), "three\n");
    EXPECT_EQ(HealthOf(sink).output_error, std::nullopt);
    EXPECT_EQ(HealthOf(sink).output_reopened, 1u);
    fs::remove(Path("moved"));
    fs::remove(Path());
  }
}

TEST_F(OutputTroubleTest, AFailedReopenStandsInHealthUntilItWorks) {
  LineSink sink = Open();
  fs::rename(Path(), Path("moved"));
  fs::create_directory(Path());
  EXPECT_FALSE(sink.Reopen().ok());
  EXPECT_NE(HealthOf(sink).output_error, std::nullopt);
  fs::remove(Path());
  EXPECT_TRUE(sink.Reopen().ok());
  EXPECT_EQ(HealthOf(sink).output_error, std::nullopt);
}

TEST_F(OutputTroubleTest, AFailedRotationStandsInHealth) {
  LineSink sink = Open({.bytes = 8, .keep = 1});
  fs::create_directory(Path("log.1"));
  std::ofstream(Path("log.1/x")) << "x";
  Put(sink, "0123456789\n");
  ASSERT_NE(HealthOf(sink).output_error, std::nullopt);
  EXPECT_NE(HealthOf(sink).output_error->find("cannot be renamed"), std::string::npos);
  fs::remove_all(Path("log.1"));
  Put(sink, "0123456789\n");
  EXPECT_EQ(HealthOf(sink).output_error, std::nullopt);
  EXPECT_EQ(sink.rotations(), 1u);
}

TEST_F(OutputTroubleTest, AFifoWithoutAReaderIsAnError) {
  ASSERT_EQ(mkfifo(Path().c_str(), 0600), 0);
  const auto sink = LineSink::File(Path());
  ASSERT_FALSE(sink.ok());
  EXPECT_NE(sink.status().message().find("a FIFO that nobody reads"), std::string::npos);
}

TEST_F(OutputTroubleTest, AFifosReaderMayGoAndComeBack) {
  ASSERT_EQ(mkfifo(Path().c_str(), 0600), 0);
  int reader = open(Path().c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  LineSink sink = Open();
  Put(sink, "one\n");
  char text[64] = {};
  EXPECT_EQ(read(reader, text, sizeof(text)), 4);
  close(reader);
  Put(sink, "two\n");
  EXPECT_EQ(sink.failures(), 1u);
  EXPECT_FALSE(sink.closed()) << "another reader may come";
  EXPECT_NE(HealthOf(sink).output_error, std::nullopt);
  reader = open(Path().c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  Put(sink, "three\n");
  EXPECT_EQ(read(reader, text, sizeof(text)), 6);
  EXPECT_EQ(std::string(text), "three\n");
  EXPECT_EQ(HealthOf(sink).output_error, std::nullopt);
  close(reader);
}

TEST_F(OutputTroubleTest, AReaderWhoStandsStillIsWaitedForAsLongAsTheWaiterSays) {
  ASSERT_EQ(mkfifo(Path().c_str(), 0600), 0);
  const int reader = open(Path().c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  LineSink sink = Open();
  int asked = 0;
  sink.SetWaiter([&] { return ++asked < 3; });
  const std::string line = std::string(99'999, 'x') + "\n";
  Put(sink, line);  // more than the pipe holds
  EXPECT_EQ(asked, 3);
  EXPECT_EQ(sink.failures(), 0u) << "its beginning is written, so its rest will be";
  Put(sink, "lost\n");
  EXPECT_EQ(sink.failures(), 1u);
  EXPECT_EQ(asked, 3) << "who takes nothing is not waited for again";
  EXPECT_NE(HealthOf(sink).output_error, std::nullopt);
  std::string got;
  Take(reader, got);
  Put(sink, "next\n");
  Take(reader, got);
  EXPECT_EQ(got, line + "next\n");
  EXPECT_EQ(HealthOf(sink).output_error, std::nullopt);
  close(reader);
}

TEST_F(OutputTroubleTest, WithABacklogAReaderMayBeSlow) {
  ASSERT_EQ(mkfifo(Path().c_str(), 0600), 0);
  const int reader = open(Path().c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  LineSink sink = Open();
  sink.KeepUpTo(1 << 20);
  const std::string line = std::string(999, 'x') + "\n";
  std::string got, put;
  char block[65536];
  const auto take = [&] {
    const ssize_t n = read(reader, block, sizeof(block));
    if (n > 0) got.append(block, static_cast<std::size_t>(n));
  };
  for (int i = 0; i < 50; ++i) {
    for (int j = 0; j < 64; ++j) {
      sink.Write({line});
      put += line;
    }
    sink.Flush();
    take();
  }
  while (sink.Work()) take();
  take();
  EXPECT_EQ(sink.failures(), 0u);
  EXPECT_FALSE(sink.HasWork());
  EXPECT_EQ(got, put);
  close(reader);
}

TEST_F(OutputTroubleTest, ABacklogIsBoundedAndHasWholeLines) {
  ASSERT_EQ(mkfifo(Path().c_str(), 0600), 0);
  const int reader = open(Path().c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  LineSink sink = Open();
  sink.KeepUpTo(1 << 20);
  const std::string line = std::string(999, 'x') + "\n";
  constexpr std::uint64_t kLines = 3000;
  const auto begin = std::chrono::steady_clock::now();
  for (std::uint64_t i = 0; i < kLines; ++i) Put(sink, line);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, LineSink::kPatience) << "nobody waits";
  EXPECT_GT(sink.failures(), 0u);
  EXPECT_NE(HealthOf(sink).output_error, std::nullopt);
  std::string got;
  while (sink.Work()) Take(reader, got);
  Take(reader, got);
  EXPECT_EQ(got.size(), (kLines - sink.failures()) * line.size());
  EXPECT_GT(got.size(), std::size_t{1} << 20);
  for (std::size_t at = 0; at < got.size(); at += line.size()) {
    ASSERT_EQ(got.compare(at, line.size(), line), 0) << at;
  }
  EXPECT_EQ(HealthOf(sink).output_error, std::nullopt);
  close(reader);
}

// In a child, for it is about descriptor 1. The pipe stays as it is for others.
TEST_F(OutputTroubleTest, AFullPipeOnStdoutDoesNotStopTheProcess) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const pid_t child = fork();
  if (child == 0) {
    dup2(ends[1], STDOUT_FILENO);
    LineSink sink = LineSink::Stdout();
    const auto start = std::chrono::steady_clock::now();
    sink.SetWaiter(
        [&] { return std::chrono::steady_clock::now() - start < std::chrono::milliseconds(300); });
    for (int i = 0; i < 4; ++i) Put(sink, std::string(99'999, 'x') + "\n");
    const bool blocking = (fcntl(STDOUT_FILENO, F_GETFL) & O_NONBLOCK) == 0;
    _exit(sink.failures() == 3 && blocking ? 0 : 1);
  }
  alarm(60);
  int status = 0;
  waitpid(child, &status, 0);
  alarm(0);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  close(ends[0]);
  close(ends[1]);
}

TEST_F(OutputTroubleTest, AlertsOnly) {
  LineSink sink = Open();
  sink.TakeAlertsOnly();
  const Alert alert;
  sink.Write({.text = "{\"event\":1}\n"});
  sink.Write({.text = "{\"alert\":1}\n", .alert = &alert});
  sink.Flush();
  EXPECT_EQ(Content(Path()), "{\"alert\":1}\n");
}

TEST_F(OutputTroubleTest, OneFileIsKnownByWhateverName) {
  LineSink sink = Open();
  fs::create_hard_link(Path(), Path("other"));
  auto other = LineSink::File(Path("other"));
  auto third = LineSink::File(Path("third"));
  ASSERT_TRUE(other.ok() && third.ok());
}

TEST_F(OutputTroubleTest, ANewFileIsGivenToItsOwner) {
  if (geteuid() != 0) GTEST_SKIP() << "takes root";
  ASSERT_TRUE(LineSink::File(Path(), {}, FileOwner{1234, 2345}).ok());
  struct stat st {};
  ASSERT_EQ(stat(Path().c_str(), &st), 0);
  EXPECT_EQ(st.st_uid, 1234u);
  EXPECT_EQ(st.st_gid, 2345u);
  std::ofstream(Path("there")) << "";
  ASSERT_TRUE(LineSink::File(Path("there"), {}, FileOwner{1234, 2345}).ok());
  ASSERT_EQ(stat(Path("there").c_str(), &st), 0);
  EXPECT_EQ(st.st_uid, 0u) << "one that was there is somebody's";
}

}  // namespace
}  // namespace randguard::output_trouble_test
