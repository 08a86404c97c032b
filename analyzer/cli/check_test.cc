// SPDX-License-Identifier: Apache-2.0
//
// `rand-guard check` says what a configuration makes of the sensor. A start says so on stderr.
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "analyzer/base/log.h"
#include "analyzer/cli/commands.h"
#include "tests/support/source_root.h"

namespace randguard::cli::check_test {
namespace {

namespace fs = std::filesystem;

struct Answer {
  int status;
  std::string out, err;
};

Answer CheckFile(const std::string& path) {
  ::testing::internal::CaptureStdout();
  ::testing::internal::CaptureStderr();
  const int status = Dispatch({"check", "--config", path});
  std::string out = ::testing::internal::GetCapturedStdout();
  SetLogLevel(LogLevel::kInfo);  // which a configuration has set
  return {status, std::move(out), ::testing::internal::GetCapturedStderr()};
}

class CheckTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = (fs::temp_directory_path() / "rand-guard-check-XXXXXX").string();
    ASSERT_NE(mkdtemp(folder_.data()), nullptr);
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::string path() const { return folder_ + "/config.toml"; }
  Answer CheckText(const std::string& text) const {
    std::ofstream(path()) << text;
    return CheckFile(path());
  }

  std::string folder_;
};

constexpr char kRule[] =
    "[[rules]]\nid = 'R-1'\nname = 'n'\ntype = 'process'\nseverity = 'low'\n"
    "condition = \"comm == 'x'\"\n";
constexpr char kRuleOff[] =
    "[[rules]]\nid = 'R-2'\nname = 'n'\nenabled = false\ntype = 'process'\nseverity = 'low'\n"
    "condition = \"comm == 'y'\"\n";

TEST_F(CheckTest, ShippedConfigurationHasNothingToSay) {
  const Answer answer = CheckFile(randguard::testing::SourcePath("etc/config.toml"));
  EXPECT_EQ(answer.status, 0);
  EXPECT_EQ(answer.err, "");
  EXPECT_NE(answer.out.find("mode detect: "), std::string::npos) << answer.out;
}

TEST_F(CheckTest, SaysWhoModeRulesAndOutput) {
  const Answer answer = CheckText(
      "[agent]\nid = 'web-7'\nmode = 'monitor'\n[alerts]\nbuilt_in_rules = false\n"
      "[output]\ntype = 'file'\npath = '/var/log/rand-guard/x'\n" +
      std::string(kRule) + kRuleOff);
  EXPECT_EQ(answer.status, 0);
  EXPECT_EQ(answer.err, "");
  EXPECT_NE(answer.out.find("agent web-7, mode monitor: 1 rules and 0 detections; rules that are "
                            "off: R-2; hooks: auto; output: /var/log/rand-guard/x\n"),
            std::string::npos)
      << answer.out;
}

TEST_F(CheckTest, TelemetryModeIsSaid) {
  const Answer answer = CheckText("[agent]\nmode = 'telemetry'\n" + std::string(kRule));
  EXPECT_EQ(answer.status, 0);
  EXPECT_NE(answer.out.find("mode telemetry: no rule is evaluated; without effect are "),
            std::string::npos)
      << answer.out;
}

TEST_F(CheckTest, WhatHasNoEffectIsNamedOnce) {
  const Answer answer = CheckText(
      "[network]\nhooks = ['connect']\n[output]\nrotate_keep = 9\n[lists]\nunused = [1]\n"
      "[[detections.network]]\nname = 'd'\ndirections = ['outbound']\nports = [1]\n"
      "[[rules]]\nid = 'N-1'\nname = 'n'\ntype = 'network'\nseverity = 'low'\n"
      "direction = 'outbound'\nports = [4444]\n");
  EXPECT_EQ(answer.status, 0);
  EXPECT_EQ(answer.err,
            path() + ":2:9: warning: network.hooks: has no effect: network.enabled is false\n" +
                path() +
                ":4:15: warning: output.rotate_keep: has no effect: lines are not written to a "
                "file\n" +
                path() + ":6:1: warning: the list \"unused\" is not used\n" + path() +
                ":12:7: warning: the rule \"N-1\" cannot fire: this configuration observes none of "
                "its events: network.enabled is false\n");
  EXPECT_NE(answer.out.find("1 of the detections sees no event, for network.enabled is false"),
            std::string::npos)
      << answer.out;
}

TEST_F(CheckTest, SymlinksOfOthersAreSaidAndNotFollowed) {
  // The folder is in one that everybody may write to.
  fs::create_symlink("/", folder_ + "/link");
  const Answer answer =
      CheckText("[agent]\nlog_level = 'error'\n[file]\nexclude_paths = ['" + folder_ + "/link']\n");
  EXPECT_EQ(answer.status, 0);
  EXPECT_TRUE(answer.err.starts_with("warning: file.exclude_paths: \"" + folder_ +
                                     "/link\" is taken as it is written"))
      << answer.err;
}

TEST_F(CheckTest, SymlinksOfRootAreShownWithWhereTheyLead) {
  // On every host that the sensor supports; that of init is root's.
  if (!fs::is_symlink("/etc/mtab")) GTEST_SKIP() << "/etc/mtab is no symlink here";
  const Answer answer = CheckText("[file]\nwatch_paths = ['/etc/mtab']\nexclude_paths = []\n");
  EXPECT_EQ(answer.status, 0);
  EXPECT_NE(answer.out.find("file.watch_paths: \"/etc/mtab\" leads to \"/proc/"), std::string::npos)
      << answer.out;
}

TEST_F(CheckTest, ExclusionOfEverythingIsAnErrorWithPlaceAndRemedy) {
  const Answer answer = CheckText("[file]\nexclude_paths = ['/tmp', '/']\n");
  EXPECT_EQ(answer.status, 1);
  EXPECT_EQ(answer.out, "");
  EXPECT_EQ(answer.err, path() +
                            ":2:27: error: file.exclude_paths: \"/\" leads to \"/\", which "
                            "would exclude every file; to watch none, set file.enabled to "
                            "false\n");
}

}  // namespace
}  // namespace randguard::cli::check_test
