// SPDX-License-Identifier: Apache-2.0
//
// The rules that are installed make exceptions for programs of the host that root runs. Somebody
// who only has the name of such a program, or brings it to do something for him, is no exception.
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>
#include <vector>

#include "tests/live/agent.h"
#include "tests/live/watched_folder.h"

namespace randguard::live {
namespace {

class TrustTest : public WatchedFolderTest {
 protected:
  static void SetUpTestSuite() {
    // Beside the agent's configuration: it reads these rules when it starts.
    Start([] {
      std::string rules;
      for (const auto& file : std::filesystem::directory_iterator(RulesFolder())) {
        if (file.path().filename() == "lists.toml") rules = ReadFile(file.path()) + rules;
        if (file.path().filename() == "persistence.toml") rules += ReadFile(file.path());
      }
      return Watching() + rules;
    });
    ASSERT_EQ(chmod(root().c_str(), 0755), 0);
  }
  static std::string RulesFolder() {
    const char* folder = std::getenv("RG_RULES");
    return folder == nullptr ? "" : folder;
  }

  // A new folder of this user, with what apt-get needs to run in it.
  static std::string Home(const std::string& name, uid_t owner) {
    std::string home = root() + "/" + name;
    for (const char* part : {"", "/etc", "/state", "/state/lists", "/state/lists/partial", "/cache",
                             "/cache/archives", "/cache/archives/partial"}) {
      mkdir((home + part).c_str(), 0755);
      EXPECT_EQ(chown((home + part).c_str(), owner, owner), 0);
    }
    return home;
  }
  // apt-get runs the command before it looks for updates, of which there are none.
  static int AptGet(const std::string& home, const std::string& command) {
    return execl(
        "/usr/bin/apt-get", "apt-get", "-qq", "-o", ("Dir::State=" + home + "/state").c_str(), "-o",
        ("Dir::Cache=" + home + "/cache").c_str(), "-o", ("Dir::Etc=" + home + "/etc").c_str(),
        "-o", ("APT::Update::Pre-Invoke::=" + command).c_str(), "update", nullptr);
  }
  static int BecomeNobody() { return setgid(kNobody) != 0 || setuid(kNobody) != 0 ? 90 : 0; }
  // The rule about profiles of shells, for the file in that folder.
  static std::vector<Line> AlertsOn(const std::string& path) {
    std::vector<Line> alerts;
    for (const Line& alert : agent().out().alerts()) {
      if (alert["rule_id"] == "PERSIST-004" && alert["path"] == path) alerts.push_back(alert);
    }
    return alerts;
  }
};

TEST_F(TrustTest, PackageManagerThatAUserBringsToRunACommand) {
  if (access("/usr/bin/apt-get", X_OK) != 0) GTEST_SKIP() << "there is no apt-get";
  const std::string home = Home("pre-invoke", kNobody);
  int status = -1;
  RunInFolder(
      [&] {
        if (const int failed = BecomeNobody(); failed != 0) return failed;
        return AptGet(home, "echo x >> " + home + "/.bashrc");
      },
      &status, home);
  ASSERT_EQ(status, 0);
  const auto alerts = AlertsOn(home + "/.bashrc");
  ASSERT_EQ(alerts.size(), 1U) << agent().Errors();
  EXPECT_EQ(alerts[0]["uid"], std::to_string(kNobody));
}

TEST_F(TrustTest, FileOfAUserThatIsMountedOverAPackageManager) {
  if (access("/usr/bin/dpkg", X_OK) != 0) GTEST_SKIP() << "there is no dpkg";
  const std::string home = Home("mounted", kNobody);
  int status = -1;
  const pid_t pid = RunInFolder(
      [] {
        if (const int failed = BecomeNobody(); failed != 0) return failed;
        std::error_code error;
        if (!std::filesystem::copy_file("/bin/sh", "impostor", error)) return 2;
        if (unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) return 77;
        if (mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return 3;
        if (mount("impostor", "/usr/bin/dpkg", nullptr, MS_BIND, nullptr) != 0) return 4;
        return execl("/usr/bin/dpkg", "dpkg", "-c", "echo x >> .bashrc", nullptr);
      },
      &status, home);
  if (WIFEXITED(status) && WEXITSTATUS(status) == 77) {
    GTEST_SKIP() << "this host gives no user namespace to a user";
  }
  ASSERT_EQ(status, 0);
  const Line* start = agent().out().First(TypeAndPid("process_start", pid));
  ASSERT_NE(start, nullptr);
  EXPECT_EQ((*start)["exe_path"], "/usr/bin/dpkg");
  EXPECT_EQ((*start)["trusted_exe"], "false");
  const auto alerts = AlertsOn(home + "/.bashrc");
  ASSERT_EQ(alerts.size(), 1U) << agent().Errors();
  EXPECT_EQ(alerts[0]["exe_path"], "/usr/bin/dpkg");
}

// Root in a mount namespace: what is mounted over the program is no program of the host.
TEST_F(TrustTest, FileThatRootMountsOverAPackageManagerInANamespace) {
  if (access("/usr/bin/dpkg", X_OK) != 0) GTEST_SKIP() << "there is no dpkg";
  const std::string home = Home("roots", 0);
  int status = -1;
  RunInFolder(
      [] {
        if (OwnMounts() != 0) return 1;
        if (mount("/bin/sh", "/usr/bin/dpkg", nullptr, MS_BIND, nullptr) != 0) return 2;
        return execl("/usr/bin/dpkg", "dpkg", "-c", "echo x >> .bashrc", nullptr);
      },
      &status, home);
  ASSERT_EQ(status, 0);
  EXPECT_EQ(AlertsOn(home + "/.bashrc").size(), 1U) << agent().Errors();
}

TEST_F(TrustTest, PackageManagerOfRootIsAnException) {
  if (access("/usr/bin/apt-get", X_OK) != 0) GTEST_SKIP() << "there is no apt-get";
  const std::string home = Home("root", 0);
  int status = -1;
  const pid_t pid =
      RunInFolder([&] { return AptGet(home, "echo x >> " + home + "/.bashrc"); }, &status, home);
  ASSERT_EQ(status, 0);
  const Line* start = agent().out().First(TypeAndPid("process_start", pid));
  ASSERT_NE(start, nullptr);
  if ((*start)["trusted_exe"] != "true") {
    GTEST_SKIP() << "the tests do not run in the host's namespaces: " << start->text;
  }
  EXPECT_TRUE(AlertsOn(home + "/.bashrc").empty()) << AlertsOn(home + "/.bashrc")[0].text;
}

}  // namespace
}  // namespace randguard::live
