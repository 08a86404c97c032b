// SPDX-License-Identifier: Apache-2.0
#include "analyzer/output/sinks/line_sink.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace randguard::line_sink_test {
namespace {

class LineSinkTest : public ::testing::Test {
 protected:
  LineSinkTest() {
    if (mkdtemp(folder_.data()) == nullptr) std::abort();
  }
  ~LineSinkTest() override {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  std::string Path(const std::string& name = "log") const { return folder_ + "/" + name; }

 private:
  std::string folder_ = ::testing::TempDir() + "rand-guard-XXXXXX";
};

std::string Content(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::vector<std::string> Lines(const std::string& content) {
  std::vector<std::string> lines;
  std::size_t at = 0;
  for (std::size_t end; (end = content.find('\n', at)) != content.npos; at = end + 1) {
    lines.push_back(content.substr(at, end - at));
  }
  if (at != content.size()) lines.push_back("(not whole) " + content.substr(at));
  return lines;
}

LineSink Open(const std::string& path) {
  auto sink = LineSink::File(path);
  EXPECT_TRUE(sink.ok()) << sink.status();
  return *std::move(sink);
}

constexpr char kExit[] = R"({"event_type":"process_exit","pid":1})"
                         "\n";
constexpr char kAlert[] = R"({"event_type":"alert","pid":1})"
                          "\n";

TEST_F(LineSinkTest, LinesBehindAPositionAreThoseOfWholeLines) {
  LineSink before = Open(Path());
  before.Write({kExit});
  before.Flush();
  const auto position = before.position();
  ASSERT_TRUE(position.has_value());
  EXPECT_EQ(position->bytes, sizeof(kExit) - 1);
  EXPECT_EQ(Open(Path()).Behind(*position).events, 0u);
  for (const char* line : {kExit, kAlert,
                           R"({"event_type":"loss"})"
                           "\n",
                           kExit,
                           R"({"event_type":"health"})"
                           "\n",
                           "not ours\n", "\n"}) {
    before.Write({line});
  }
  before.Write({R"({"event_type":"process_start","pi)"});
  before.Flush();
  EXPECT_EQ(Open(Path()).Behind(*position).events, 2u) << "the torn line is none, and goes";
  EXPECT_EQ(Open(Path()).Behind(*position).lines, 7u);
}

TEST_F(LineSinkTest, LinesBehindAPositionAreCountedThroughLongLines) {
  LineSink before = Open(Path());
  const auto position = before.position();
  std::string line = R"({"event_type":"process_start","args":[")";
  line += std::string(300'000, 'x') + "\"]}\n";
  for (int i = 0; i < 20; ++i) {
    before.Write({line});
    before.Write({kExit});
  }
  before.Flush();
  EXPECT_EQ(Open(Path()).Behind(position.value()).events, 40u);
  EXPECT_EQ(Open(Path()).Behind(position.value()).lines, 40u);
}

TEST_F(LineSinkTest, TheLastLineOfTheBootHasItsNumber) {
  EXPECT_EQ(Open(Path()).LastSeq("b1"), 0u);
  LineSink sink = Open(Path());
  const auto last_after = [&](std::string_view line) {
    sink.Write({line});
    sink.Flush();
    return sink.LastSeq("b1");
  };
  EXPECT_EQ(last_after("{\"event_type\":\"health\",\"boot_id\":\"b1\",\"seq\":7,\"x\":1}\n"), 7u);
  EXPECT_EQ(
      last_after("{\"event_type\":\"loss\",\"boot_id\":\"b1\",\"seq\":18446744073709551615}\n"),
      UINT64_MAX);
  EXPECT_EQ(last_after("{\"event_type\":\"loss\",\"boot_id\":\"b1\",\"seq\":8"), UINT64_MAX)
      << "not of a line that is torn";
  EXPECT_EQ(last_after("}\n"), 8u);
  EXPECT_EQ(last_after("{\"event_type\":\"loss\",\"boot_id\":\"b2\",\"seq\":9}\n"), 0u);
  EXPECT_EQ(last_after(R"({"event":{"sequence":7},"host":{"boot":{"id":"b1"},"name":"h"},)"
                       R"("rand_guard":{"event_type":"loss"}})"
                       "\n"),
            7u);
  EXPECT_EQ(last_after(R"({"device":{"boot_uid":"b1"},"metadata":{"event_code":"x","sequence":8}})"
                       "\n"),
            8u);
  EXPECT_EQ(last_after(R"({"device":{"boot_uid":"b2"},"metadata":{"event_code":"x","sequence":8}})"
                       "\n"),
            0u);
  EXPECT_EQ(last_after("{\"a\":\"" + std::string(300, 'x') + "\",\"boot_id\":\"b1\",\"seq\":9}\n"),
            0u);
}

TEST_F(LineSinkTest, NoEventsStandBehindAPositionInAnotherFile) {
  LineSink before = Open(Path());
  const auto position = before.position();
  before.Write({kExit});
  before.Flush();
  std::filesystem::rename(Path(), Path("log.1"));
  LineSink after = Open(Path());
  after.Write({kExit});
  after.Flush();
  EXPECT_EQ(after.Behind(position.value()).events, 0u);
  EXPECT_FALSE(LineSink::Stdout().position().has_value());
  after.TakeAlertsOnly();
  EXPECT_FALSE(after.position().has_value());
}

// Files of this process grow up to `bytes` and no further: a write that crosses it is cut, the next
// one fails, as on a full disk.
class DiskOf {
 public:
  explicit DiskOf(rlim_t bytes) {
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before_);
    Resize(bytes);
  }
  ~DiskOf() { setrlimit(RLIMIT_FSIZE, &before_); }
  DiskOf(const DiskOf&) = delete;
  DiskOf& operator=(const DiskOf&) = delete;
  void Resize(rlim_t bytes) {
    const rlimit limit{bytes, before_.rlim_max};
    if (setrlimit(RLIMIT_FSIZE, &limit) != 0) std::abort();
  }

 private:
  rlimit before_{};
};

// A process that is killed within write(2) leaves the beginning of a line.
TEST_F(LineSinkTest, BeginningOfALineThatAKilledProcessLeftIsRemoved) {
  const std::string whole = "{\"a\":1}\n", next = "{\"b\":2}\n";
  const std::string shortest = "{", longest = "{\"c\":\"" + std::string(200'000, 'x');
  for (const std::string& before : {std::string(), whole, whole + whole}) {
    for (const std::string& torn : {shortest, longest}) {
      std::ofstream(Path(), std::ios::binary | std::ios::trunc) << before << torn;
      {
        LineSink sink = Open(Path());
        sink.Write({.text = next});
        sink.Flush();
      }
      EXPECT_EQ(Content(Path()), before + next) << torn.size();
    }
    // A block of the search ends with the last newline.
    const std::string blocks = before + std::string((64 << 10) - before.size() - 1, 'y') + "\n";
    std::ofstream(Path(), std::ios::binary | std::ios::trunc)
        << blocks << "{" << std::string((64 << 10) - 1, 'z');
    Open(Path());
    EXPECT_EQ(Content(Path()), blocks);
  }
}

TEST_F(LineSinkTest, OtherTextWithoutANewlineGetsOne) {
  std::ofstream(Path(), std::ios::binary) << "notes\nof somebody";
  LineSink sink = Open(Path());
  sink.Write({.text = "{}\n"});
  sink.Flush();
  EXPECT_EQ(Content(Path()), "notes\nof somebody\n{}\n");
}

TEST_F(LineSinkTest, LinesAreWrittenWhenFlushed) {
  LineSink sink = Open(Path());
  sink.Write({"one\n"});
  sink.Write({"two\n"});
  EXPECT_EQ(Content(Path()), "");
  sink.Flush();
  EXPECT_EQ(Content(Path()), "one\ntwo\n");
  EXPECT_EQ(sink.bytes(), 8u);
  EXPECT_EQ(sink.failures(), 0u);
  EXPECT_FALSE(sink.closed());
}

TEST_F(LineSinkTest, FullBufferIsWrittenUnasked) {
  LineSink sink = Open(Path());
  const std::string line = std::string(1023, 'x') + "\n";
  for (int i = 0; i < 1023; ++i) sink.Write({line});
  EXPECT_EQ(sink.bytes(), 0u);
  sink.Write({line});
  EXPECT_EQ(sink.bytes(), std::uint64_t{1} << 20);
}

TEST_F(LineSinkTest, FileIsAppendedToAndNotForOthers) {
  std::ofstream(Path()) << "old\n";
  {
    LineSink sink = Open(Path());
    sink.Write({"new\n"});
    sink.Flush();
  }
  EXPECT_EQ(Content(Path()), "old\nnew\n");
  const mode_t mask = umask(0);
  Open(Path("made"));
  umask(mask);
  struct stat st {};
  ASSERT_EQ(stat(Path("made").c_str(), &st), 0);
  EXPECT_EQ(st.st_mode & 07777, 0640u);
}

TEST_F(LineSinkTest, SymlinkIsNotFollowed) {
  ASSERT_EQ(symlink(Path("target").c_str(), Path().c_str()), 0);
  const auto sink = LineSink::File(Path());
  EXPECT_EQ(sink.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_NE(sink.status().message().find(Path()), absl::string_view::npos) << sink.status();
  EXPECT_FALSE(std::filesystem::exists(Path("target")));
}

TEST_F(LineSinkTest, MissingFolderIsAnErrorThatNamesThePath) {
  const auto sink = LineSink::File(Path("no/log"));
  EXPECT_EQ(sink.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_NE(sink.status().message().find(Path("no/log")), absl::string_view::npos);
}

TEST_F(LineSinkTest, FullDeviceLosesEveryLineAndCounts) {
  LineSink sink = Open("/dev/full");
  for (int i = 0; i < 5; ++i) sink.Write({"line\n"});
  sink.Flush();
  EXPECT_EQ(sink.failures(), 5u);
  EXPECT_EQ(sink.bytes(), 0u);
  EXPECT_FALSE(sink.closed());
  sink.Write({"line\n"});
  sink.Flush();
  sink.Flush();
  EXPECT_EQ(sink.failures(), 6u);
}

TEST_F(LineSinkTest, LineCutByAFullDiskIsCompletedLater) {
  LineSink sink = Open(Path());
  DiskOf disk(10);
  sink.Write({"first\n"});   // 6 bytes
  sink.Write({"second\n"});  // 4 of its 7 bytes
  sink.Write({"third\n"});
  sink.Write({"fourth\n"});
  sink.Flush();
  EXPECT_EQ(Content(Path()), "first\nseco");
  EXPECT_EQ(sink.failures(), 2u);
  EXPECT_EQ(sink.bytes(), 10u);
  sink.Write({"fifth\n"});  // still full
  sink.Flush();
  EXPECT_EQ(sink.failures(), 3u);
  disk.Resize(12);
  sink.Write({"sixth\n"});  // room for two bytes of the rest
  sink.Flush();
  EXPECT_EQ(Content(Path()), "first\nsecond");
  EXPECT_EQ(sink.failures(), 4u);
  disk.Resize(1000);
  sink.Write({"seventh\n"});
  sink.Flush();
  EXPECT_EQ(Content(Path()), "first\nsecond\nseventh\n");
  EXPECT_EQ(sink.failures(), 4u);
  EXPECT_EQ(sink.bytes(), 21u);
}

TEST_F(LineSinkTest, DiskThatIsFullBetweenLinesCutsNone) {
  LineSink sink = Open(Path());
  DiskOf disk(6);
  sink.Write({"first\n"});
  sink.Write({"second\n"});
  sink.Flush();
  EXPECT_EQ(sink.failures(), 1u);
  disk.Resize(1000);
  sink.Write({"third\n"});
  sink.Flush();
  EXPECT_EQ(Content(Path()), "first\nthird\n");
}

// At every size the disk can have: what is in the file are whole lines, in order, and what is not
// is counted.
TEST_F(LineSinkTest, WrittenAndLostAddUpWhereverTheDiskEnds) {
  for (rlim_t size = 0; size <= 60; ++size) {
    const std::string path = Path("log" + std::to_string(size));
    LineSink sink = Open(path);
    DiskOf disk(size);
    unsigned made = 0;
    const auto write = [&](unsigned lines) {
      for (unsigned i = 0; i < lines; ++i) sink.Write({"line " + std::to_string(made++) + "\n"});
      sink.Flush();
    };
    write(4);
    write(2);
    disk.Resize(size + 3);
    write(1);
    disk.Resize(10'000);
    write(3);
    const auto lines = Lines(Content(path));
    EXPECT_EQ(lines.size() + sink.failures(), made) << size;
    EXPECT_EQ(Content(path).size(), sink.bytes()) << size;
    std::set<std::string> all;
    for (unsigned i = 0; i < made; ++i) all.insert("line " + std::to_string(i));
    int before = -1;
    for (const std::string& line : lines) {
      ASSERT_TRUE(all.contains(line)) << size << ": " << line;
      const int number = std::stoi(line.substr(5));
      EXPECT_GT(number, before) << size;
      before = number;
    }
    EXPECT_EQ(before, static_cast<int>(made) - 1) << size;
  }
}

TEST_F(LineSinkTest, ReopenGoesOnInANewFile) {
  LineSink sink = Open(Path());
  sink.Write({"one\n"});
  ASSERT_EQ(rename(Path().c_str(), Path("log.1").c_str()), 0);
  sink.Write({"two\n"});  // said before the rotation was heard of
  ASSERT_TRUE(sink.Reopen().ok());
  sink.Write({"three\n"});
  sink.Flush();
  EXPECT_EQ(Content(Path("log.1")), "one\ntwo\n");
  EXPECT_EQ(Content(Path()), "three\n");
  EXPECT_EQ(sink.bytes(), 14u);
}

TEST_F(LineSinkTest, ReopenThatFailsKeepsTheOldFile) {
  LineSink sink = Open(Path());
  ASSERT_EQ(rename(Path().c_str(), Path("log.1").c_str()), 0);
  ASSERT_EQ(symlink("elsewhere", Path().c_str()), 0);
  EXPECT_FALSE(sink.Reopen().ok());
  sink.Write({"one\n"});
  sink.Flush();
  EXPECT_EQ(Content(Path("log.1")), "one\n");
}

TEST_F(LineSinkTest, RestOfALineDoesNotGoIntoANewFile) {
  LineSink sink = Open(Path());
  {
    DiskOf disk(3);
    sink.Write({"first\n"});
    sink.Flush();
    EXPECT_EQ(sink.failures(), 0u) << "it may yet be completed";
    ASSERT_EQ(rename(Path().c_str(), Path("log.1").c_str()), 0);
    ASSERT_TRUE(sink.Reopen().ok());
  }
  EXPECT_EQ(sink.failures(), 1u);
  sink.Write({"second\n"});
  sink.Flush();
  EXPECT_EQ(Content(Path("log.1")), "fir");
  EXPECT_EQ(Content(Path()), "second\n");
}

// SIGHUP without a rotation, while the disk is full.
TEST_F(LineSinkTest, RestOfALineStaysWhenTheFileIsTheSame) {
  LineSink sink = Open(Path());
  {
    DiskOf disk(3);
    sink.Write({"first\n"});
    sink.Flush();
    ASSERT_TRUE(sink.Reopen().ok());
  }
  sink.Write({"second\n"});
  sink.Flush();
  EXPECT_EQ(Content(Path()), "first\nsecond\n");
  EXPECT_EQ(sink.failures(), 0u);
}

// A pipe in the place of stdout.
class StdoutPipe {
 public:
  explicit StdoutPipe(int flags = 0) : saved_(dup(STDOUT_FILENO)) {
    int fds[2];
    std::fflush(stdout);
    if (pipe2(fds, flags) != 0 || dup2(fds[1], STDOUT_FILENO) < 0) std::abort();
    close(fds[1]);
    reader_ = fds[0];
  }
  ~StdoutPipe() {
    dup2(saved_, STDOUT_FILENO);
    close(saved_);
    CloseReader();
  }
  StdoutPipe(const StdoutPipe&) = delete;
  StdoutPipe& operator=(const StdoutPipe&) = delete;
  void CloseReader() {
    if (reader_ >= 0) close(reader_);
    reader_ = -1;
  }
  int reader() const { return reader_; }

 private:
  int saved_;
  int reader_ = -1;
};

TEST_F(LineSinkTest, StdoutIsWrittenAndReopeningItOnlyFlushes) {
  StdoutPipe out;
  LineSink sink = LineSink::Stdout();
  sink.Write({"one\n"});
  EXPECT_TRUE(sink.Reopen().ok());
  char text[16];
  EXPECT_EQ(read(out.reader(), text, sizeof(text)), 4);
}

TEST_F(LineSinkTest, ReaderThatWentAwayIsTold) {
  signal(SIGPIPE, SIG_IGN);
  StdoutPipe out;
  LineSink sink = LineSink::Stdout();
  out.CloseReader();
  sink.Write({"one\n"});
  EXPECT_FALSE(sink.closed());
  sink.Flush();
  EXPECT_TRUE(sink.closed());
  EXPECT_EQ(sink.failures(), 1u);
}

TEST_F(LineSinkTest, NonBlockingStdoutIsWaitedFor) {
  StdoutPipe out(O_NONBLOCK);
  const int capacity = fcntl(out.reader(), F_GETPIPE_SZ);
  ASSERT_GT(capacity, 0);
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {  // fills the pipe twice over
    LineSink sink = LineSink::Stdout();
    const std::string line = std::string(99, 'x') + "\n";
    for (int i = 0; i < capacity / 50; ++i) sink.Write({line});
    sink.Flush();
    _exit(sink.failures() == 0 ? 0 : 1);
  }
  // Only the child writes.
  const int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
  ASSERT_GE(dup2(null, STDOUT_FILENO), 0);
  close(null);
  std::size_t total = 0;
  char bytes[4096];
  for (;;) {
    const ssize_t n = read(out.reader(), bytes, sizeof(bytes));
    if (n == 0) break;
    if (n < 0) {
      ASSERT_EQ(errno, EAGAIN);
      usleep(1000);
      continue;
    }
    total += static_cast<std::size_t>(n);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(total, static_cast<std::size_t>(capacity / 50 * 100));
}

}  // namespace
}  // namespace randguard::line_sink_test
