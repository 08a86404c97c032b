// SPDX-License-Identifier: Apache-2.0
#include "analyzer/detect/alert_folder.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace randguard {
namespace {

constexpr std::uint64_t kWindow = 1'000'000'000'000;

// Each alert is another one, and each comes twice, so that the second one is kept.
TEST(AlertFolderTest, WindowsAreBoundedInBytes) {
  AlertFolder folder(kWindow, 1'000'000);
  std::size_t summaries = 0, most = 0;
  const auto emit = [&](const Alert& alert) {
    ++summaries;
    EXPECT_TRUE(alert.folded);
    EXPECT_EQ(alert.count, 1u);
  };
  constexpr std::size_t kAlerts = 5'000;
  std::string path(4096, 'x'), command_line(8192, 'y');
  for (std::size_t n = 0; n < kAlerts; ++n) {
    Alert alert;
    alert.rule_id = "A";
    alert.timestamp_ns = n + 1;
    path.replace(0, 8, std::to_string(10'000'000 + n));
    alert.path = path;
    alert.exe_path = path;
    alert.command_line = command_line;
    EXPECT_TRUE(folder.Fold(alert, path, emit));
    EXPECT_FALSE(folder.Fold(alert, path, emit));
    most = std::max(most, folder.bytes());
  }
  EXPECT_LE(most, AlertFolder::kMaxBytes);
  EXPECT_GT(most, AlertFolder::kMaxBytes / 2);
  EXPECT_GT(folder.ended_early(), 0u);
  EXPECT_EQ(summaries, folder.ended_early()) << "nothing that was counted is lost";
  folder.Flush(emit);
  EXPECT_EQ(summaries, kAlerts);
  EXPECT_EQ(folder.bytes(), 0u);
}

TEST(AlertFolderTest, OneAlertMayBeLargerThanAll) {
  AlertFolder folder(kWindow, 10);
  const std::string path(AlertFolder::kMaxBytes, 'x');
  Alert alert;
  alert.path = path;
  const auto emit = [](const Alert&) {};
  EXPECT_TRUE(folder.Fold(alert, path, emit));
  EXPECT_FALSE(folder.Fold(alert, path, emit)) << "is counted all the same";
}

}  // namespace
}  // namespace randguard
