// SPDX-License-Identifier: Apache-2.0
//
// Containers by the names of their cgroups, which the tests make themselves.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "tests/live/agent.h"
#include "tests/live/watched_folder.h"

namespace randguard::live {
namespace {

const std::string id = std::string(48, 'c') + "0123456789abcdef";

// Folders of cgroups, removed in reverse order.
class ContainerTest : public WatchedFolderTest {
 protected:
  static void SetUpTestSuite() {
    Start([] { return Watching() + "max_process_cache_entries = 1000\n"; });
  }
  void SetUp() override {
    for (const char* root : {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"}) {
      if (access((std::string(root) + "/cgroup.procs").c_str(), W_OK) == 0) top_ = root;
    }
    if (top_.empty()) GTEST_SKIP() << "cgroup v2 is not mounted";
  }
  void TearDown() override {
    for (auto path = made_.rbegin(); path != made_.rend(); ++path) rmdir(path->c_str());
  }

  // A path in the hierarchy, with the folders above it.
  std::string MakeCgroup(const std::string& path) {
    for (std::size_t at = path.find('/', 1);; at = path.find('/', at + 1)) {
      const std::string folder = top_ + path.substr(0, at);
      if (mkdir(folder.c_str(), 0755) == 0) made_.push_back(folder);
      if (at == path.npos) return folder;
    }
  }
  // The start of a program in there.
  Line StartIn(const std::string& path) {
    const std::string cgroup = MakeCgroup(path);
    int status = -1;
    const pid_t pid = RunInFolder(
        [&] {
          WriteFile(cgroup + "/cgroup.procs", "0");
          return execl("/bin/true", "true", nullptr);
        },
        &status);
    EXPECT_EQ(status, 0);
    const Line* start = agent().out().First(TypeAndPid("process_start", pid));
    return start == nullptr ? Line() : *start;
  }

  const std::string& top() const { return top_; }

 private:
  std::string top_;
  std::vector<std::string> made_;
};

TEST_F(ContainerTest, OutermostContainerCountsAndTheOthersAreListed) {
  const std::string inner = std::string(64, 'd');
  const Line start = StartIn("/rg-docker.slice/docker-" + id + ".scope/docker/" + inner);
  EXPECT_EQ(start["container_id"], id) << start.text;
  EXPECT_EQ(start["container_runtime"], "docker");
  EXPECT_EQ(start["nested_containers"], "[\"docker:" + inner + "\"]");
  EXPECT_FALSE(start.fields.contains("container_rootless"));
  EXPECT_EQ(start["trusted_exe"], "false") << "a container has a root of its own";
}

TEST_F(ContainerTest, ContainerdWithNamesOfTheOtherDriver) {
  const Line start = StartIn(
      "/rg-test.slice/containerd.service/kubepods-besteffort-pod1.slice:cri-containerd:" + id);
  EXPECT_EQ(start["container_id"], id) << start.text;
  EXPECT_EQ(start["container_runtime"], "containerd");
}

TEST_F(ContainerTest, NameThatAUserChoseIsNoContainerOfTheHost) {
  const std::string user = "/rg-user.slice/user-64999.slice/user@64999.service";
  const Line forged = StartIn(user + "/app.slice/docker-" + id + ".scope");
  EXPECT_EQ(forged["container_id"], "null") << forged.text;
  const Line own = StartIn(user + "/user.slice/libpod-" + id + ".scope");
  EXPECT_EQ(own["container_id"], id) << own.text;
  EXPECT_EQ(own["container_rootless"], "true");
}

TEST_F(ContainerTest, LivingContainerIsKnownHoweverManyCgroupsComeAndGo) {
  const std::string cgroup = MakeCgroup("/rg-docker.slice/docker-" + id + ".scope");
  int status = -1;
  const pid_t maker = getpid();
  const std::string other = top() + "/rg-job-" + std::to_string(maker);
  const pid_t pid = RunInFolder(
      [&] {
        WriteFile(cgroup + "/cgroup.procs", "0");
        close(open("first", O_CREAT | O_WRONLY, 0644));
        for (int i = 0; i < 16'400; ++i) {
          const std::string path = other + "-" + std::to_string(i);
          if (mkdir(path.c_str(), 0755) != 0 || rmdir(path.c_str()) != 0) return 1;
        }
        close(open("last", O_CREAT | O_WRONLY, 0644));
        return 0;
      },
      &status);
  ASSERT_EQ(status, 0);
  const auto opened = agent().out().All([&](const Line& l) {
    return l["pid"] == std::to_string(pid) && l["event_type"].starts_with("file_open");
  });
  ASSERT_EQ(opened.size(), 2U);
  // The first one may come before its cgroup's name does.
  EXPECT_EQ(opened[1]["container_id"], id) << opened[1].text;
  const Line health = agent().Health();
  EXPECT_LE(health.Number("cgroup_names"), 1024U);
  EXPECT_EQ(health["cgroup_names_evicted"], "0");
}

}  // namespace
}  // namespace randguard::live
