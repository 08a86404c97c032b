// SPDX-License-Identifier: Apache-2.0
#include "analyzer/process/enricher.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace randguard {
namespace {

using Outcome = Enricher::Outcome;

constexpr ProcessKey kShell{100, 1}, kChild{200, 2};

ProcessStart StartOf(ProcessKey key, Text exe_path) {
  ProcessStart start;
  start.actor.process_id = key;
  start.actor.exe_path = exe_path;
  start.actor.uid = 1000;
  start.actor.cgroup_id = 7;
  return start;
}

ProcessRelationship ForkOf(ProcessKey creator, ProcessKey child) {
  ProcessRelationship fork;
  fork.actor.process_id = creator;
  fork.actor.comm = "nginx";
  fork.parent_pid = creator.pid;
  fork.child_parent_start_ns = creator.start_ns;
  fork.child_process_id = child;
  return fork;
}

class EnricherTest : public ::testing::Test {
 protected:
  EnricherTest() {
    enricher_.BeginSession(/*other_boot=*/true);
    ProcessStart shell = StartOf(kShell, "/bin/bash");
    EXPECT_EQ(enricher_.Apply(shell, /*snapshot=*/true), Outcome::kNoted);
  }

  Enricher enricher_{16};
};

TEST_F(EnricherTest, StartGetsItsParentAndItsUser) {
  enricher_.AddUser(1000, "alice");
  ProcessStart start = StartOf(kChild, "/usr/bin/id");
  start.actor.parent_process_id = kShell;
  EXPECT_EQ(enricher_.Apply(start, /*snapshot=*/false), Outcome::kHappened);
  EXPECT_EQ(start.parent_exe_path, "/bin/bash");
  EXPECT_EQ(start.user, "alice");
}

TEST_F(EnricherTest, MountNamespaceIsComparedWithTheHosts) {
  constexpr ProcessKey kInit{1, 1};
  constexpr std::uint32_t kHosts = 4026531841, kOther = 4026532001;
  const auto foreign_of = [&](std::uint32_t mount_namespace) {
    FileOpen open;
    open.actor.process_id = kShell;
    open.call.mount_namespace = mount_namespace;
    enricher_.Apply(open, /*snapshot=*/false);
    return open.call.mount_namespace_foreign;
  };
  EXPECT_EQ(foreign_of(kHosts), std::nullopt);  // neither of the host's processes is known yet
  ProcessStart threads = StartOf({2, 1}, "");
  threads.namespaces.mnt = kHosts;
  enricher_.Apply(threads, /*snapshot=*/true);
  EXPECT_EQ(foreign_of(kHosts), false);
  ProcessStart init = StartOf(kInit, "/sbin/init");
  init.namespaces.mnt = kHosts;
  enricher_.Apply(init, /*snapshot=*/true);
  EXPECT_EQ(foreign_of(kHosts), false);
  EXPECT_EQ(foreign_of(kOther), true);
  EXPECT_EQ(foreign_of(0), std::nullopt);  // a record that does not say
  ProcessStart start = StartOf(kChild, "/usr/bin/dpkg");
  start.namespaces.mnt = kOther;
  enricher_.Apply(start, /*snapshot=*/false);
  EXPECT_EQ(start.mount_namespace_foreign, true);
  // A program by a descriptor from there.
  ProcessStart passed = StartOf(kChild, "/usr/bin/dpkg");
  passed.namespaces.mnt = kHosts;
  enricher_.Apply(passed, /*snapshot=*/false);
  EXPECT_EQ(passed.mount_namespace_foreign, false);
  passed.foreign_exe = true;
  enricher_.Apply(passed, /*snapshot=*/false);
  EXPECT_EQ(passed.mount_namespace_foreign, true);
}

// fork, setsid, fork, exit, and exec long after that.
TEST_F(EnricherTest, ShellThatWasMadeOrphanStaysItsCreators) {
  constexpr ProcessKey kInit{1, 1}, kServer{300, 3}, kFirst{301, 4}, kSecond{302, 5};
  ProcessStart server = StartOf(kServer, "/usr/sbin/nginx");
  server.actor.parent_process_id = kShell;
  enricher_.Apply(server, /*snapshot=*/true);
  ProcessStart init = StartOf(kInit, "/sbin/init");
  enricher_.Apply(init, /*snapshot=*/true);
  ProcessRelationship forks[] = {ForkOf(kServer, kFirst), ForkOf(kFirst, kSecond)};
  forks[0].actor.parent_process_id = kShell;
  for (ProcessRelationship& fork : forks) enricher_.Apply(fork, /*snapshot=*/false);
  for (const ProcessKey& key : {kFirst, kServer}) {
    ProcessExit exit;
    exit.actor.process_id = key;
    exit.group_dead = true;
    enricher_.Apply(exit, /*snapshot=*/false);
  }
  enricher_.Expire(UINT64_MAX);
  EXPECT_EQ(enricher_.processes().Find(kFirst), nullptr);
  ProcessStart start = StartOf(kSecond, "/usr/bin/sh");
  start.actor.parent_process_id = kInit;
  enricher_.Apply(start, /*snapshot=*/false);
  EXPECT_EQ(start.parent_exe_path, "/sbin/init");
  EXPECT_EQ(start.creator_process_id, kFirst);
  EXPECT_EQ(start.creator_pid, kFirst.pid);
  EXPECT_EQ(start.creator_comm, "nginx");
  EXPECT_EQ(start.creator_exe_path, "/usr/sbin/nginx");
  EXPECT_EQ(start.adopted, true);
  ASSERT_EQ(start.ancestors.size, 3u);
  EXPECT_EQ(start.ancestors.items[0], "/usr/sbin/nginx");
  EXPECT_EQ(start.ancestors.items[1], "/usr/sbin/nginx");
  EXPECT_EQ(start.ancestors.items[2], "/bin/bash")
      << "of the snapshot, so only the parent is known";
}

TEST_F(EnricherTest, CreatorIsAsItWasWhenItForked) {
  ProcessRelationship fork = ForkOf(kShell, kChild);
  enricher_.Apply(fork, /*snapshot=*/false);
  ProcessStart other = StartOf(kShell, "/usr/bin/dpkg");
  enricher_.Apply(other, /*snapshot=*/false);
  ProcessStart start = StartOf(kChild, "/usr/bin/id");
  start.actor.parent_process_id = kShell;
  enricher_.Apply(start, /*snapshot=*/false);
  EXPECT_EQ(start.parent_exe_path, "/usr/bin/dpkg");
  EXPECT_EQ(start.creator_exe_path, "/bin/bash");
  EXPECT_EQ(start.adopted, false);
}

TEST_F(EnricherTest, CreatorOfAProcessOlderThanTheSensorIsNotGuessed) {
  ProcessStart start = StartOf(kChild, "/usr/bin/id");
  start.actor.parent_process_id = kShell;
  enricher_.Apply(start, /*snapshot=*/false);
  EXPECT_EQ(start.creator_process_id, std::nullopt);
  EXPECT_EQ(start.creator_comm, std::nullopt);
  EXPECT_EQ(start.adopted, std::nullopt);
  EXPECT_EQ(start.ancestors.size, 1u);
}

// The fork waited in the ring while the snapshot was taken.
TEST_F(EnricherTest, ForkAfterTheSnapshotSaysTheCreator) {
  ProcessStart known = StartOf(kChild, "/usr/bin/id");
  enricher_.Apply(known, /*snapshot=*/true);
  ProcessRelationship fork = ForkOf(kShell, kChild);
  enricher_.Apply(fork, /*snapshot=*/false);
  const Process* child = enricher_.processes().Find(kChild);
  ASSERT_NE(child->creator, nullptr);
  EXPECT_EQ(child->creator->key, kShell);
  EXPECT_EQ(child->image->exe_path, "/usr/bin/id");
}

TEST_F(EnricherTest, CreatorThatIsNotKnownOtherwiseHasTheNameInTheFork) {
  ProcessRelationship fork = ForkOf({400, 9}, kChild);
  enricher_.Apply(fork, /*snapshot=*/false);
  ProcessStart start = StartOf(kChild, "/usr/bin/id");
  enricher_.Apply(start, /*snapshot=*/false);
  EXPECT_EQ(start.creator_pid, 400u);
  EXPECT_EQ(start.creator_comm, "nginx");
  EXPECT_EQ(start.creator_exe_path, std::nullopt);
}

TEST_F(EnricherTest, EventGetsTheExecutableOfItsProcess) {
  FileOpen event;
  event.actor.process_id = kShell;
  EXPECT_EQ(enricher_.Apply(event, /*snapshot=*/false), Outcome::kHappened);
  EXPECT_EQ(event.actor.exe_path, "/bin/bash");
  ProcessAccess access;
  access.actor.process_id = kChild;
  access.target.process_id = kShell;
  enricher_.Apply(access, /*snapshot=*/false);
  EXPECT_EQ(access.actor.exe_path, std::nullopt) << "not known";
  EXPECT_EQ(access.target.exe_path, "/bin/bash");
}

TEST_F(EnricherTest, NameOfACgroupIsNotedAndGivenToItsProcesses) {
  CgroupName name{7, "/system.slice/cron.service"};
  EXPECT_EQ(enricher_.Apply(name, /*snapshot=*/false), Outcome::kNoted);
  ProcessExit event;
  event.actor.cgroup_id = 7;
  enricher_.Apply(event, /*snapshot=*/false);
  EXPECT_EQ(event.actor.cgroup, "/system.slice/cron.service");
}

// A timer that runs once a minute makes that many cgroups in eleven days.
TEST_F(EnricherTest, ContainerOfALivingProcessIsKnownHoweverManyCgroupsComeAndGo) {
  const std::string id(64, 'a');
  const std::string path = "/system.slice/docker-" + id + ".scope";
  ProcessStart start = StartOf(kChild, "/usr/sbin/nginx");
  start.actor.cgroup_id = 9;
  start.actor.cgroup = path;
  enricher_.Apply(start, /*snapshot=*/false);
  // Another process has moved into a container, and has started no program since.
  CgroupName moved{10, "/system.slice/docker-b.scope"};
  enricher_.Apply(moved, /*snapshot=*/false);
  FileOpen open;
  open.actor.process_id = kShell;
  open.actor.cgroup_id = 10;
  enricher_.Apply(open, /*snapshot=*/false);
  for (std::uint64_t i = 0; i < 16'400; ++i) {
    const std::string name = "/system.slice/job-" + std::to_string(i) + ".service";
    CgroupName cgroup{1000 + i, name};
    enricher_.Apply(cgroup, /*snapshot=*/false);
  }
  ProcessExit event;
  event.actor.process_id = kChild;
  event.actor.cgroup_id = 9;
  enricher_.Apply(event, /*snapshot=*/false);
  EXPECT_EQ(event.actor.container_id, id);
  EXPECT_EQ(event.actor.cgroup, path);
  ProcessExit other;
  other.actor.process_id = kShell;
  other.actor.cgroup_id = 10;
  enricher_.Apply(other, /*snapshot=*/false);
  EXPECT_EQ(other.actor.cgroup, "/system.slice/docker-b.scope");
  EXPECT_EQ(enricher_.cgroups().evicted(), 0u);
  EXPECT_LE(enricher_.cgroups().size(), 1024u);
}

TEST_F(EnricherTest, NestedContainersFollowTheOutermost) {
  const std::string id(64, 'a');
  ProcessStart start = StartOf(kChild, "/usr/sbin/nginx");
  const std::string path = "/docker/" + id + "/lxc.payload.web";
  start.actor.cgroup = path;
  enricher_.Apply(start, /*snapshot=*/false);
  EXPECT_EQ(start.actor.container_id, id);
  EXPECT_EQ(start.actor.container_rootless, std::nullopt);
  ASSERT_TRUE(start.actor.nested_containers.has_value());
  EXPECT_EQ(start.actor.nested_containers->bytes, std::string_view("lxc:web\0", 8));
  const std::string users =
      "/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-" + id + ".scope";
  start.actor.cgroup = users;
  enricher_.Apply(start, /*snapshot=*/false);
  ASSERT_TRUE(start.actor.container_rootless.has_value());
  EXPECT_TRUE(*start.actor.container_rootless);
}

TEST_F(EnricherTest, CredentialsThatStayAreNoChange) {
  CredentialsChange change;
  change.actor.process_id = kShell;
  change.before = change.after;
  EXPECT_EQ(enricher_.Apply(change, /*snapshot=*/false), Outcome::kNoChange);
  change.after.euid = 33;
  EXPECT_EQ(enricher_.Apply(change, /*snapshot=*/false), Outcome::kHappened);
  CredentialsChange next;
  next.actor.process_id = kShell;
  enricher_.Apply(next, /*snapshot=*/false);
  ASSERT_TRUE(next.before.has_value());
  EXPECT_EQ(next.before->euid, 33u) << "as the change before it left them";
}

TEST_F(EnricherTest, SecondEndOfAProcessIsThatOfAThread) {
  ProcessExit first, second;
  first.actor.process_id = second.actor.process_id = kShell;
  first.group_dead = second.group_dead = true;
  enricher_.Apply(first, /*snapshot=*/false);
  EXPECT_TRUE(first.group_dead);
  enricher_.Apply(second, /*snapshot=*/false);
  EXPECT_FALSE(second.group_dead);
}

TEST_F(EnricherTest, SnapshotEndsWhatItDoesNotHave) {
  enricher_.BeginSession(/*other_boot=*/false);
  ProcessStart other = StartOf(kChild, "/usr/bin/id");
  enricher_.Apply(other, /*snapshot=*/true);
  EXPECT_EQ(enricher_.EndSnapshot(50).ended, 1u);
  EXPECT_TRUE(enricher_.processes().Find(kShell)->exited);
  EXPECT_FALSE(enricher_.processes().Find(kChild)->exited);
}

TEST_F(EnricherTest, SnapshotSaysWhatTheTableDidNotKnow) {
  constexpr ProcessKey kOther{300, 3};
  ProcessStart other = StartOf(kOther, "/usr/bin/id");
  enricher_.Apply(other, /*snapshot=*/false);
  enricher_.BeginSnapshot();
  for (const auto& [key, path] : {std::pair(kShell, "/usr/bin/vi"), std::pair(kChild, "/bin/ls")}) {
    ProcessStart seen = StartOf(key, path);
    EXPECT_EQ(enricher_.Apply(seen, /*snapshot=*/true), Outcome::kNoted);
  }
  const Enricher::Findings found = enricher_.EndSnapshot(50);
  EXPECT_EQ(found.born, 1u);
  EXPECT_EQ(found.changed, 1u);
  EXPECT_EQ(found.ended, 1u);
  EXPECT_EQ(enricher_.processes().Find(kShell)->image->exe_path, "/usr/bin/vi");
  EXPECT_TRUE(enricher_.processes().Find(kOther)->exited);
  // The same again finds nothing, but for the one that the snapshot before had missed.
  enricher_.BeginSnapshot();
  for (const auto& [key, path] : {std::pair(kShell, "/usr/bin/vi"), std::pair(kChild, "/bin/ls"),
                                  std::pair(kOther, "/usr/bin/id")}) {
    ProcessStart seen = StartOf(key, path);
    enricher_.Apply(seen, /*snapshot=*/true);
  }
  const Enricher::Findings again = enricher_.EndSnapshot(60);
  EXPECT_EQ(again.born, 1u);
  EXPECT_EQ(again.changed, 0u);
  EXPECT_EQ(again.ended, 0u);
  EXPECT_FALSE(enricher_.processes().Find(kOther)->exited);
}

TEST_F(EnricherTest, SnapshotDoesNotEraseWhatWasKnown) {
  constexpr std::string_view kArgs("id\0-u\0", 6);
  ProcessRelationship fork = ForkOf(kShell, kChild);
  enricher_.Apply(fork, /*snapshot=*/false);
  ProcessStart start = StartOf(kChild, "/usr/bin/id");
  start.exe_inode = 12;
  start.args = TextList{kArgs};
  enricher_.Apply(start, /*snapshot=*/false);
  const auto snapshot = [&](OptionalText exe_path, std::uint64_t inode) {
    ProcessStart now = StartOf(kChild, "");
    now.actor.exe_path = exe_path;
    now.actor.parent_process_id = ProcessKey{1, 1};
    now.exe_inode = inode;
    enricher_.Apply(now, /*snapshot=*/true);
    return *enricher_.processes().Find(kChild);
  };
  EXPECT_EQ(snapshot("/usr/bin/id", 12).image->args, kArgs);
  EXPECT_EQ(snapshot(std::nullopt, 0).image->args, kArgs);
  EXPECT_EQ(snapshot("/usr/bin/id", 12).creator->key, kShell);
  EXPECT_EQ(snapshot("/usr/bin/id", 12).parent, (ProcessKey{1, 1}));
  // Another file by this name, so another program.
  EXPECT_EQ(snapshot("/usr/bin/id", 13).image->args, std::nullopt);
  EXPECT_EQ(snapshot("/usr/bin/sh", 14).image->exe_path, "/usr/bin/sh");
  EXPECT_EQ(snapshot("/usr/bin/sh", 14).creator->key, kShell);
}

TEST_F(EnricherTest, NothingIsKnownOfAnotherBoot) {
  enricher_.BeginSession(/*other_boot=*/true);
  EXPECT_EQ(enricher_.processes().size(), 0u);
}

}  // namespace
}  // namespace randguard
