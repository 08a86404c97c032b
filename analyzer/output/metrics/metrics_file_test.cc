// SPDX-License-Identifier: Apache-2.0
#include "analyzer/output/metrics/metrics_file.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

namespace randguard::metrics_file_test {
namespace {

namespace fs = std::filesystem;

std::string ContentOf(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

class MetricsFileTest : public ::testing::Test {
 protected:
  MetricsFileTest() {
    if (mkdtemp(folder_.data()) == nullptr) std::abort();
  }
  ~MetricsFileTest() noexcept override {
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
  }
  const std::string& Folder() const { return folder_; }
  std::string Path(const std::string& name = "a.prom") const { return folder_ + "/" + name; }
  std::vector<std::string> Names() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(folder_)) {
      names.push_back(entry.path().filename().string());
    }
    std::sort(names.begin(), names.end());
    return names;
  }

 private:
  std::string folder_ = ::testing::TempDir() + "rand-guard-XXXXXX";
};

using Strings = std::vector<std::string>;

TEST_F(MetricsFileTest, OthersMayReadItWhateverTheUmask) {
  const mode_t before = umask(0077);
  MetricsFile file(Path());
  file.Write("a 1\n");
  file.Write("a 2\n");
  umask(before);
  EXPECT_EQ(ContentOf(Path()), "a 2\n");
  EXPECT_EQ(Names(), Strings{"a.prom"});
  struct stat st {};
  ASSERT_EQ(stat(Path().c_str(), &st), 0);
  EXPECT_EQ(st.st_mode & 07777, 0644u);
  EXPECT_EQ(file.failures(), 0u);
  EXPECT_EQ(file.error(), "");
}

TEST_F(MetricsFileTest, ReaderNeverFindsAHalfFile) {
  constexpr std::size_t kBytes = 300'000;
  MetricsFile file(Path());
  file.Write(std::string(kBytes, 'a'));
  std::atomic<bool> done = false;
  std::size_t read = 0, wrong = 0;
  std::thread reader([&] {
    do {
      const std::string text = ContentOf(Path());
      ++read;
      if (text.size() != kBytes || text.find_first_not_of(text[0]) != text.npos) ++wrong;
    } while (!done);
  });
  for (int i = 0; i < 300; ++i) file.Write(std::string(kBytes, static_cast<char>('a' + i % 26)));
  done = true;
  reader.join();
  EXPECT_GT(read, 0u);
  EXPECT_EQ(wrong, 0u);
  EXPECT_EQ(file.failures(), 0u);
}

TEST_F(MetricsFileTest, FolderThatIsMissingIsCountedAndOvercome) {
  MetricsFile file(Path("later/a.prom"));
  file.Write("a 1\n");
  file.Write("a 2\n");
  EXPECT_EQ(file.failures(), 2u);
  Health health;
  file.AddTo(health);
  EXPECT_EQ(health.metrics_failures, 2u);
  EXPECT_EQ(health.metrics_error, "metrics file " + Path("later/a.prom") +
                                      " cannot be written: No such file or directory");
  fs::create_directory(Path("later"));
  file.Write("a 3\n");
  EXPECT_EQ(ContentOf(Path("later/a.prom")), "a 3\n");
  Health after;
  file.AddTo(after);
  EXPECT_EQ(after.metrics_failures, 2u);
  EXPECT_EQ(after.metrics_error, std::nullopt);
}

TEST_F(MetricsFileTest, SymlinkIsReplacedAndNotFollowed) {
  std::ofstream(Path("target")) << "precious";
  fs::create_symlink(Path("target"), Path());
  MetricsFile file(Path());
  file.Write("a 1\n");
  EXPECT_EQ(ContentOf(Path("target")), "precious");
  EXPECT_TRUE(fs::is_regular_file(fs::symlink_status(Path())));
  EXPECT_EQ(ContentOf(Path()), "a 1\n");
}

// Whoever may write to the folder may know the name of the file that is made first.
TEST_F(MetricsFileTest, NothingIsWrittenIntoWhatHasTheNameOfTheNewFile) {
  std::ofstream(Path("target")) << "precious";
  const auto expect_written = [&] {
    MetricsFile file(Path());
    file.Write("a 1\n");
    EXPECT_EQ(file.error(), "");
    EXPECT_EQ(ContentOf(Path("target")), "precious");
    EXPECT_EQ(ContentOf(Path()), "a 1\n");
    EXPECT_EQ(Names(), (Strings{"a.prom", "target"}));
    fs::remove(Path());
  };
  fs::create_symlink(Path("target"), Path("a.prom.new"));
  expect_written();
  fs::create_hard_link(Path("target"), Path("a.prom.new"));
  expect_written();
  fs::create_symlink(Path("nowhere"), Path("a.prom.new"));
  expect_written();
  ASSERT_EQ(mkfifo(Path("a.prom.new").c_str(), 0666), 0);  // nobody waits for its reader
  expect_written();
  std::ofstream(Path("a.prom.new")) << "of an analyzer that was killed";
  expect_written();
}

TEST_F(MetricsFileTest, FolderInItsPlaceIsAnErrorAndStays) {
  fs::create_directory(Path("a.prom.new"));
  MetricsFile file(Path());
  file.Write("a 1\n");
  EXPECT_EQ(file.error(), "metrics file " + Path() + " cannot be written: Is a directory");
  fs::rename(Path("a.prom.new"), Path());
  file.Write("a 1\n");
  EXPECT_EQ(file.error(), "metrics file " + Path() + " cannot be written: Is a directory");
  EXPECT_EQ(Names(), Strings{"a.prom"});
  EXPECT_EQ(file.failures(), 2u);
}

TEST_F(MetricsFileTest, FifoInItsPlaceIsReplaced) {
  ASSERT_EQ(mkfifo(Path().c_str(), 0666), 0);
  MetricsFile file(Path());
  file.Write("a 1\n");
  EXPECT_EQ(ContentOf(Path()), "a 1\n");
}

int OnASmallDisk(const std::string& folder) {
  if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
      mount("small", folder.c_str(), "tmpfs", 0, "size=64k") != 0) {
    return 77;
  }
  const std::string path = folder + "/a.prom";
  MetricsFile file(path);
  file.Write("a 1\n");
  std::ofstream(folder + "/other") << std::string(40 << 10, 'x');
  file.Write(std::string(30 << 10, '2'));
  if (file.failures() != 1 || file.error().find("No space left") == file.error().npos) return 1;
  if (ContentOf(path) != "a 1\n") return 2;  // the old one, whole
  if (fs::exists(path + ".new")) return 3;
  fs::remove(folder + "/other");
  file.Write(std::string(30 << 10, '3'));
  return file.error().empty() && ContentOf(path) == std::string(30 << 10, '3') ? 0 : 4;
}

TEST_F(MetricsFileTest, FullDiskLeavesTheOldFile) {
  const pid_t child = fork();
  if (child == 0) _exit(OnASmallDisk(Folder()));
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status)) << status;
  if (WEXITSTATUS(status) == 77) GTEST_SKIP() << "file systems cannot be mounted here";
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

}  // namespace
}  // namespace randguard::metrics_file_test
