// SPDX-License-Identifier: Apache-2.0
#include "analyzer/canary/canary_process.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <optional>
#include <set>
#include <sstream>
#include <string>
#include <thread>

#include "analyzer/confine/sanitized.h"
#include "analyzer/event/reports.h"

namespace randguard {
namespace {

std::string ReadAll(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::set<pid_t> ChildrenOf(pid_t pid) {
  std::istringstream list(
      ReadAll("/proc/" + std::to_string(pid) + "/task/" + std::to_string(pid) + "/children"));
  std::set<pid_t> children;
  for (pid_t child = 0; list >> child;) children.insert(child);
  return children;
}

// Repeats until it holds; false: it does not for long.
bool Wait(const std::function<bool()>& holds) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!holds()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return true;
}

class CanaryProcessTest : public ::testing::Test {
 public:
  ~CanaryProcessTest() noexcept override = default;

 protected:
  void SetUp() override {
    signal(SIGPIPE, SIG_IGN);
    const std::set<pid_t> before = ChildrenOf(getpid());
    auto started = CanaryProcess::Start();
    ASSERT_TRUE(started.ok()) << started.status();
    process_.emplace(*std::move(started));
    for (const pid_t child : ChildrenOf(getpid())) {
      if (!before.contains(child)) pid_ = child;
    }
    ASSERT_NE(pid_, 0);
    // The last that it does before it serves; the calls of a sanitized build are not restricted.
    ASSERT_TRUE(Wait(
        [this] { return kSanitized ? Status("NoNewPrivs:") == "1" : Status("Seccomp:") == "2"; }));
  }
  void TearDown() override {
    process_.reset();
    if (pid_ == 0) return;
    // It is this test's own child.
    EXPECT_TRUE(Wait([this] { return waitpid(pid_, nullptr, WNOHANG) != 0; }));
  }

  // A row of /proc/PID/status.
  std::string Status(const std::string& name) const {
    std::istringstream rows(ReadAll("/proc/" + std::to_string(pid_) + "/status"));
    for (std::string word; rows >> word;) {
      if (word == name && rows >> word) return word;
    }
    return "";
  }

  std::optional<CanaryProcess> process_;
  pid_t pid_ = 0;
};

TEST_F(CanaryProcessTest, MayDoNothingElse) {
  EXPECT_EQ(ReadAll("/proc/" + std::to_string(pid_) + "/comm"), std::string(Canary::kComm) + "\n");
  EXPECT_EQ(Status("NoNewPrivs:"), "1");
  if (geteuid() == 0) {
    std::size_t open = 0;
    for (const auto& entry :
         std::filesystem::directory_iterator("/proc/" + std::to_string(pid_) + "/fd")) {
      (void)entry;
      ++open;
    }
    EXPECT_EQ(open, 1u) << "its socket, and neither stdout nor what the tests have open";
  }
}

TEST_F(CanaryProcessTest, StartsAProcessEachTimeThatItIsAsked) {
  // Waited for: what the kernel charges to it for its children that have ended.
  const auto forks = [this] {
    std::istringstream rows(ReadAll("/proc/" + std::to_string(pid_) + "/stat"));
    std::string rest;
    std::getline(rows, rest, ')');
    std::string word;
    for (int i = 3; i <= 11; ++i) rows >> word;  // cminflt
    return std::stoull(word);
  };
  std::uint64_t before = forks();
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(Wait([&] { return process_->Ask(); })) << "the one before was answered";
    ASSERT_TRUE(Wait([&] { return forks() > before; })) << i;
    before = forks();
  }
  EXPECT_EQ(Status("State:"), "S");
}

TEST_F(CanaryProcessTest, ThatItIsGoneIsSeen) {
  ASSERT_EQ(kill(pid_, SIGKILL), 0);
  ASSERT_EQ(waitpid(pid_, nullptr, 0), pid_);
  pid_ = 0;
  EXPECT_FALSE(process_->Ask());
}

TEST_F(CanaryProcessTest, ThatItHangsIsSeen) {
  ASSERT_EQ(kill(pid_, SIGSTOP), 0);
  EXPECT_TRUE(process_->Ask());
  EXPECT_FALSE(process_->Ask()) << "it has not taken the one before";
  ASSERT_EQ(kill(pid_, SIGKILL), 0);
}

TEST_F(CanaryProcessTest, EndsWithWhoeverMadeIt) {
  process_.reset();
  EXPECT_EQ(waitpid(pid_, nullptr, 0), pid_);
  pid_ = 0;
}

}  // namespace
}  // namespace randguard
