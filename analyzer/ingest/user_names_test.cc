// SPDX-License-Identifier: Apache-2.0
#include "analyzer/ingest/user_names.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace randguard {
namespace {

using Names = std::vector<UserName>;

std::string LineOf(const std::string& name, const std::string& uid) {
  return name + ":x:" + uid + ":100:comment:/home/" + name + ":/bin/sh\n";
}

TEST(ParseUserNamesTest, TakesNamesAndIds) {
  const UserNames names = ParseUserNames(
      "root:x:0:0:root:/root:/bin/bash\n# a comment\n\n+@everyone::::::\n-mallory\n"
      "bär:x:4294967294:0::/:\nlast:x:7");
  EXPECT_EQ(names.users, (Names{{0, "root"}, {4294967294, "bär"}, {7, "last"}}));
  EXPECT_EQ(names.problem, "");
}

TEST(ParseUserNamesTest, FirstNameOfAnIdCounts) {
  const UserNames names = ParseUserNames(LineOf("root", "0") + LineOf("toor", "0"));
  EXPECT_EQ(names.users, (Names{{0, "root"}}));
  EXPECT_EQ(names.problem, "");
}

TEST(ParseUserNamesTest, LinesThatNameNobodyArePassedOverAndSaid) {
  const std::string good = LineOf("root", "0");
  const struct {
    std::string line;
    const char* problem;
  } cases[] = {
      {"garbage\n", "line 1: an id that is none"},
      {LineOf("", "5"), "line 1: a user without a name"},
      {LineOf("a", ""), "line 1: an id that is none"},
      {LineOf("a", "-1"), "line 1: an id that is none"},
      {LineOf("a", "+1"), "line 1: an id that is none"},
      {LineOf("a", "1x"), "line 1: an id that is none"},
      {LineOf("a", " 1"), "line 1: an id that is none"},
      {LineOf("a", "4294967295"), "line 1: an id that is none"},
      {LineOf("a", "4294967296"), "line 1: an id that is none"},
      {LineOf("a", "99999999999999999999"), "line 1: an id that is none"},
      {LineOf(std::string("a\0b", 3), "5"), "line 1: a name with control characters"},
      {LineOf("a\033[2J", "5"), "line 1: a name with control characters"},
      {LineOf(std::string(257, 'a'), "5"), "line 1: a name that is too long"},
      {std::string(100'000, '\0') + "\n", "line 1: a name that is too long"},
      {std::string(100'000, ':') + "\n", "line 1: a user without a name"},
  };
  for (const auto& c : cases) {
    const UserNames names = ParseUserNames(c.line + good);
    EXPECT_EQ(names.users, (Names{{0, "root"}})) << c.line;
    EXPECT_EQ(names.problem, c.problem) << c.line;
  }
  EXPECT_EQ(ParseUserNames("x\n" + good + "y\nz\n").problem,
            "line 1: an id that is none, and 2 more");
}

TEST(ParseUserNamesTest, NumberAndBytesAreBounded) {
  std::string many, large;
  for (int n = 0; n < 100'000; ++n) many += LineOf("u" + std::to_string(n), std::to_string(n));
  const UserNames first = ParseUserNames(many);
  EXPECT_EQ(first.users.size(), kMaxUserNames);
  EXPECT_EQ(first.problem, "line 16385: more users than are taken in, and 83615 more");
  for (int n = 0; n < 5'000; ++n) large += LineOf(std::string(256, 'a'), std::to_string(n));
  const UserNames second = ParseUserNames(large);
  EXPECT_EQ(second.users.size(), kMaxUserNamesBytes / 256);
  EXPECT_NE(second.problem, "");
}

class UserNamesFileTest : public ::testing::Test {
 protected:
  UserNamesFileTest() {
    if (mkdtemp(folder_.data()) == nullptr) std::abort();
    Write("passwd", LineOf("root", "0"));
    file_.emplace(Path("passwd"));
  }
  ~UserNamesFileTest() noexcept override { std::filesystem::remove_all(folder_); }

  std::string Path(const std::string& name) const { return folder_ + "/" + name; }
  void Write(const std::string& name, const std::string& text) const {
    std::ofstream(Path(name), std::ios::binary) << text;
  }
  void Replace(const std::string& text) const {
    Write("passwd+", text);
    std::filesystem::rename(Path("passwd+"), Path("passwd"));
  }
  // As the service does it. True: the names have changed.
  bool Pass(int seconds) {
    now_ += std::chrono::seconds(seconds);
    pollfd notice{file_->notices(), POLLIN, 0};
    if (poll(&notice, 1, 0) > 0) file_->OnNotices();
    const auto due = file_->due();
    return due.has_value() && now_ >= *due && file_->Read(now_);
  }

  std::string folder_ = ::testing::TempDir() + "rand-guard-XXXXXX";
  UserNamesFile::Clock::time_point now_ = UserNamesFile::Clock::now();
  std::optional<UserNamesFile> file_;
};

TEST_F(UserNamesFileTest, IsReadOnceAndAgainAfterAChange) {
  EXPECT_TRUE(Pass(0));
  EXPECT_EQ(file_->users(), (Names{{0, "root"}}));
  EXPECT_EQ(file_->reading(), 1u);
  EXPECT_FALSE(Pass(10));
  EXPECT_EQ(file_->due(), std::nullopt) << "nothing to be done while nothing changes";
  Replace(LineOf("admin", "0") + LineOf("new", "1000"));
  EXPECT_TRUE(Pass(10));
  EXPECT_EQ(file_->users(), (Names{{0, "admin"}, {1000, "new"}}));
  EXPECT_EQ(file_->reading(), 2u);
}

TEST_F(UserNamesFileTest, ChangeInPlaceIsSeen) {
  EXPECT_TRUE(Pass(0));
  std::ofstream(Path("passwd"), std::ios::app) << LineOf("new", "1000");
  EXPECT_TRUE(Pass(10));
  EXPECT_EQ(file_->users(), (Names{{0, "root"}, {1000, "new"}}));
}

TEST_F(UserNamesFileTest, ChangesAreReadOnceASecond) {
  EXPECT_TRUE(Pass(0));
  Replace(LineOf("a", "0"));
  EXPECT_FALSE(Pass(0));
  Replace(LineOf("b", "0"));
  EXPECT_TRUE(Pass(1));
  EXPECT_EQ(file_->users(), (Names{{0, "b"}}));
  EXPECT_EQ(file_->reading(), 2u);
}

TEST_F(UserNamesFileTest, SameNamesAreNoNewReading) {
  EXPECT_TRUE(Pass(0));
  Replace("root:x:0:0:another comment:/root:/bin/zsh\n");
  EXPECT_FALSE(Pass(10));
  EXPECT_EQ(file_->reading(), 1u);
}

TEST_F(UserNamesFileTest, OtherFilesOfTheFolderDoNotMatter) {
  EXPECT_TRUE(Pass(0));
  Write("group", "x");
  Write("passwd-", "x");
  EXPECT_FALSE(Pass(10));
  EXPECT_EQ(file_->due(), std::nullopt);
}

TEST_F(UserNamesFileTest, AbsenceForAMomentIsNoError) {
  EXPECT_TRUE(Pass(0));
  std::filesystem::remove(Path("passwd"));
  EXPECT_FALSE(Pass(10));
  EXPECT_EQ(file_->error(), std::nullopt);
  Replace(LineOf("new", "0"));
  EXPECT_TRUE(Pass(1));
  EXPECT_EQ(file_->error(), std::nullopt);
}

TEST_F(UserNamesFileTest, WhatCannotBeReadIsSaidAndTheNamesStay) {
  EXPECT_TRUE(Pass(0));
  const std::function<void()> damages[] = {
      [&] { std::filesystem::remove(Path("passwd")); },
      [&] { Replace(""); },
      [&] { Replace(std::string(100'000, '\0')); },
      [&] { Replace("\xff\xfe\n\x01\x02\x03"); },
      [&] {
        std::filesystem::remove(Path("passwd"));
        std::filesystem::create_directory(Path("passwd"));
      },
      [&] {
        std::filesystem::remove(Path("passwd"));
        ASSERT_EQ(mkfifo(Path("passwd").c_str(), 0600), 0);
      },
      [&] {
        std::filesystem::remove(Path("passwd"));
        std::filesystem::create_symlink("passwd", Path("passwd"));
      },
  };
  std::uint32_t reading = 1;
  for (const auto& damage : damages) {
    damage();
    EXPECT_FALSE(Pass(10));
    EXPECT_FALSE(Pass(1));
    EXPECT_TRUE(file_->error().has_value()) << "damage before reading " << reading + 1;
    ASSERT_EQ(file_->users().size(), 1u);
    EXPECT_EQ(file_->reading(), reading);
    file_->Look();  // tries again, as nothing else may ask for it
    EXPECT_FALSE(Pass(1));
    std::filesystem::remove(Path("passwd"));
    Replace(LineOf("u" + std::to_string(reading), "0"));
    EXPECT_TRUE(Pass(10));
    EXPECT_EQ(file_->error(), std::nullopt);
    EXPECT_EQ(file_->reading(), ++reading);
  }
}

TEST_F(UserNamesFileTest, WhatIsTooLongIsReadInPartAndSaid) {
  std::string text = LineOf("root", "0") + "#";
  text.append(kMaxPasswdBytes, 'x');
  Replace(text + "\n" + LineOf("late", "1"));
  EXPECT_TRUE(Pass(0));
  EXPECT_EQ(file_->users(), (Names{{0, "root"}}));
  EXPECT_EQ(file_->error(), Path("passwd") + ": longer than 4194304 bytes");
}

TEST_F(UserNamesFileTest, LookFindsWhatNoNoticeSaid) {
  EXPECT_TRUE(Pass(0));
  file_->Look();
  EXPECT_EQ(file_->due(), std::nullopt);
  Replace(LineOf("new", "0"));
  file_->Look();
  EXPECT_TRUE(file_->due().has_value());
}

TEST_F(UserNamesFileTest, FileThatComesLaterIsRead) {
  std::filesystem::remove(Path("passwd"));
  file_.emplace(Path("passwd"));
  EXPECT_FALSE(Pass(0));
  EXPECT_NE(file_->error()->find("No such file"), std::string::npos);
  EXPECT_EQ(file_->reading(), 0u);
  Replace(LineOf("root", "0"));
  EXPECT_TRUE(Pass(1));
  EXPECT_EQ(file_->error(), std::nullopt);
}

}  // namespace
}  // namespace randguard
