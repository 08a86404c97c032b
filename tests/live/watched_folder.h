// SPDX-License-Identifier: Apache-2.0
//
// An agent that watches a folder, for all tests of a suite.
#ifndef TESTS_LIVE_WATCHED_FOLDER_H_
#define TESTS_LIVE_WATCHED_FOLDER_H_

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#include <functional>
#include <string>
#include <vector>

#include "tests/live/agent.h"

namespace randguard::live {

// Puts a child into a mount namespace of its own, whose mounts nobody else sees.
inline int OwnMounts() {
  return unshare(CLONE_NEWNS) != 0 || mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0
             ? 1
             : 0;
}

// Does the folder lie on the file system that is mounted on "/"? Paths within that one are those of
// the host.
inline bool IsOnRootFileSystem(const std::string& folder) {
  struct stat of_root {
  }, of_folder{};
  return stat("/", &of_root) == 0 && stat(folder.c_str(), &of_folder) == 0 &&
         of_root.st_dev == of_folder.st_dev;
}

class WatchedFolderTest : public testing::Test {
 protected:
  // A suite's SetUpTestSuite() calls it. `config` is asked once there is a root().
  static void Start(const std::function<std::string()>& config) {
    folder_ = new TempFolder;
    agent_ = new Agent({.config = config(), .quiet = false});
  }
  static void TearDownTestSuite() {
    EXPECT_EQ(agent_->Stop(), 0) << agent_->Errors();
    delete agent_;
    delete folder_;
  }
  // The folder is watched, and what `excluded` lists is not; no event is limited away.
  static std::string Watching(const std::string& excluded = "[]") {
    return "[file]\nwatch_paths = [\"" + root() + "\"]\nexclude_paths = " + excluded +
           "\n[performance]\nmax_events_per_second = 0\n";
  }

  static Agent& agent() { return *agent_; }
  // Are names reported as the kernel resolved them? Else as they were asked for.
  static bool NamesAreResolved() { return agent().LayerOf("file_names") == "function"; }
  static const std::string& root() { return folder_->path(); }
  static void Make(const std::string& name, const std::string& text = "x") {
    WriteFile(root() + "/" + name, text);
  }

  // Runs `body` in a child whose working directory is the folder. Afterwards the agent's output
  // holds what came of it.
  static pid_t RunInFolder(const std::function<int()>& body, int* status,
                           const std::string& folder = root()) {
    const pid_t pid = RunInChild([&] { return chdir(folder.c_str()) != 0 ? 99 : body(); }, status);
    agent_->Catch();
    return pid;
  }
  // The events about files that a child caused by running `body` in the folder, in order. `body`
  // returns 0.
  static std::vector<Line> EventsOf(const std::function<int()>& body) {
    int status = -1;
    child_ = RunInFolder(body, &status);
    EXPECT_EQ(status, 0) << "status of the child";
    return agent_->out().All(
        [&](const Line& l) { return l.IsOfAFile() && l["pid"] == std::to_string(child_); });
  }
  static pid_t child() { return child_; }  // that of EventsOf()

 private:
  static inline Agent* agent_ = nullptr;
  static inline TempFolder* folder_ = nullptr;
  static inline pid_t child_ = -1;
};

}  // namespace randguard::live

#endif  // TESTS_LIVE_WATCHED_FOLDER_H_
