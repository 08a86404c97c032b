// SPDX-License-Identifier: Apache-2.0
#include "analyzer/process/trust.h"

#include <gtest/gtest.h>

#include <functional>
#include <optional>

#include "analyzer/process/enricher.h"

namespace randguard {
namespace {

constexpr std::uint32_t kMnt = 4026531841, kUser = 4026531837, kPid = 4026531836;
constexpr std::uint32_t kOther = 4026532001;
constexpr std::uint32_t kRootDisk = 259u << 20, kOtherDisk = 259u << 20 | 1;

ProcessStart Start(Text exe_path) {
  ProcessStart e;
  e.actor.process_id = {100, 1};
  e.actor.exe_path = exe_path;
  e.exe_dev = Device{kRootDisk};
  e.exe_mode = Mode{0100755};
  e.exe_uid = e.exe_gid = 0;
  e.namespaces.mnt = kMnt, e.namespaces.user = kUser, e.namespaces.pid = kPid;
  return e;
}

ProcessStart First(Text exe_path = "/usr/lib/systemd/systemd") {
  ProcessStart e = Start(exe_path);
  e.actor.process_id = {1, 1};
  return e;
}

class TrustTest : public ::testing::Test {
 protected:
  TrustTest() { trust_.NoteHost(First()); }

  std::optional<bool> With(const std::function<void(ProcessStart&)>& change,
                           bool snapshot = false) const {
    ProcessStart e = Start("/usr/bin/dpkg");
    change(e);
    return trust_.IsTrusted(e, snapshot, /*contained=*/false);
  }

  Trust trust_;
};

TEST_F(TrustTest, ProgramOfTheHostIsTrusted) {
  EXPECT_EQ(With([](ProcessStart&) {}), true);
  EXPECT_EQ(With([](ProcessStart& e) { e.exe_mode = Mode{0104755}; }), true);
  // /srv is on the disk that the first process is from.
  EXPECT_EQ(With([](ProcessStart& e) { e.actor.exe_path = "/srv/tool"; }), true);
  // /usr is a mount of its own, or a part of one.
  EXPECT_EQ(With([](ProcessStart& e) { e.exe_dev = Device{kOtherDisk}; }), true);
  EXPECT_EQ(With([](ProcessStart& e) { e.exe_fs_path = "/@usr/bin/dpkg"; }), true);
}

TEST_F(TrustTest, FileThatAnotherCanWriteIsNot) {
  EXPECT_EQ(With([](ProcessStart& e) { e.exe_uid = 1000; }), false);
  EXPECT_EQ(With([](ProcessStart& e) { e.exe_uid = std::nullopt; }), false);
  EXPECT_EQ(With([](ProcessStart& e) { e.exe_mode = Mode{0100775}; }), false);
  EXPECT_EQ(With([](ProcessStart& e) { e.exe_mode = Mode{0100757}; }), false);
  EXPECT_EQ(With([](ProcessStart& e) { e.exe_mode = std::nullopt; }), false);
}

TEST_F(TrustTest, FileWithoutANameOfItsOwnIsNot) {
  EXPECT_EQ(With([](ProcessStart& e) { e.memfd = true; }), false);
  EXPECT_EQ(With([](ProcessStart& e) { e.unlinked = true; }), false);
  EXPECT_EQ(With([](ProcessStart& e) { e.actor.exe_path = "memfd:dpkg"; }), false);
  for (const PathStatus status : {PathStatus::kUnreadable, PathStatus::kTruncated,
                                  PathStatus::kDetached, PathStatus::kDeleted}) {
    EXPECT_EQ(With([&](ProcessStart& e) { e.exe_path_status = status; }), false) << Name(status);
  }
}

TEST_F(TrustTest, ProgramWhosePackageWasUpgradedStaysTrusted) {
  const auto upgraded = [](ProcessStart& e) {
    e.unlinked = true;
    e.exe_path_status = PathStatus::kDeleted;
  };
  EXPECT_EQ(With(upgraded, /*snapshot=*/true), true);
  EXPECT_EQ(With([](ProcessStart& e) { e.memfd = e.unlinked = true; }, /*snapshot=*/true), false);
}

// A file system that a user may mount says of its files whatever the user likes.
TEST_F(TrustTest, FileOfAFileSystemThatAUserCanMountIsNot) {
  for (const Text path : {"/home/eve/mnt/dpkg", "/run/media/eve/stick/dpkg", "/tmp/dpkg",
                          "/opt/app/dpkg", "/usr/local/app/mnt/dpkg"}) {
    EXPECT_EQ(With([&](ProcessStart& e) {
                e.actor.exe_path = path;
                e.exe_dev = Device{45};
              }),
              false)
        << path;
  }
}

TEST_F(TrustTest, ProcessInNamespacesOfItsOwnIsNot) {
  EXPECT_EQ(With([](ProcessStart& e) { e.namespaces.user = kOther; }), false);
  EXPECT_EQ(With([](ProcessStart& e) { e.namespaces.pid = kOther; }), false);
  EXPECT_EQ(With([](ProcessStart& e) { e.foreign_exe = true; }), false);
  EXPECT_EQ(trust_.IsTrusted(Start("/usr/bin/dpkg"), false, /*contained=*/true), false);
}

// systemd gives most services a mount namespace: the host's files at their own places.
TEST_F(TrustTest, SandboxOfAServiceIsNoOtherHost) {
  const auto in_sandbox = [](const std::function<void(ProcessStart&)>& change) {
    return [change](ProcessStart& e) {
      e.namespaces.mnt = kOther;
      change(e);
    };
  };
  EXPECT_EQ(With(in_sandbox([](ProcessStart&) {})), true);
  EXPECT_EQ(With(in_sandbox([](ProcessStart& e) { e.exe_fs_path = "/usr/bin/dpkg"; })), true)
      << "ProtectSystem=full: /usr is mounted on itself";
  EXPECT_EQ(With(in_sandbox([](ProcessStart& e) { e.exe_fs_path = "/home/eve/dpkg"; })), false);
  EXPECT_EQ(With(in_sandbox([](ProcessStart& e) { e.exe_fs_path = "/usr/bin/bash"; })), false);
  EXPECT_EQ(With(in_sandbox(
                [](ProcessStart& e) { e.exe_fs_path = "/var/lib/lxc/web/rootfs/usr/bin/dpkg"; })),
            false);
  EXPECT_EQ(With(in_sandbox([](ProcessStart& e) { e.exe_fs_path = ""; })), false);
  EXPECT_EQ(With(in_sandbox([](ProcessStart& e) { e.exe_dev = Device{kOtherDisk}; })), false)
      << "a container's image";
}

TEST_F(TrustTest, HostsRootMayBeAPartOfItsFileSystem) {
  ProcessStart first = First();
  first.exe_fs_path = "/@/usr/lib/systemd/systemd";
  trust_.NoteHost(first);
  const auto within = [&](Text fs_path) {
    return With([&](ProcessStart& e) {
      e.namespaces.mnt = kOther;
      e.exe_fs_path = fs_path;
    });
  };
  EXPECT_EQ(within("/@/usr/bin/dpkg"), true);
  EXPECT_EQ(within("/@home/usr/bin/dpkg"), false);
  EXPECT_EQ(within("/usr/bin/dpkg"), false);
  EXPECT_EQ(within("/@"), false);
}

TEST_F(TrustTest, ScriptsAreToBeTheHostsToo) {
  const auto with = [&](const std::function<void(ScriptFile&)>& change) {
    return With([&](ProcessStart& e) {
      ScriptFile script;
      script.path = "/usr/sbin/update-rc.d";
      script.mode = Mode{0100755};
      script.dev = Device{kRootDisk};
      change(script);
      e.scripts = std::vector<ScriptFile>{script};
    });
  };
  EXPECT_EQ(with([](ScriptFile&) {}), true);
  EXPECT_EQ(with([](ScriptFile& s) { s.uid = 1000; }), false);
  EXPECT_EQ(with([](ScriptFile& s) { s.mode = Mode{0100777}; }), false);
  EXPECT_EQ(with([](ScriptFile& s) { s.memfd = true; }), false);
  EXPECT_EQ(with([](ScriptFile& s) { s.path = std::nullopt; }), false);
  EXPECT_EQ(with([](ScriptFile& s) { s.dev = Device{45}, s.path = "/home/eve/mnt/x"; }), false);
}

TEST(TrustOfNobodyTest, NothingIsKnownWithoutTheHost) {
  Trust trust;
  EXPECT_EQ(trust.IsTrusted(Start("/usr/bin/dpkg"), false, false), std::nullopt);
  trust.NoteHost(First());
  ProcessStart thread = Start("");
  thread.actor.exe_path = std::nullopt;
  EXPECT_EQ(trust.IsTrusted(thread, false, false), std::nullopt);
}

// --- ancestors -----------------------------------------------------------------------------------

// Forks and starts programs, one in the next.
class ChainTest : public ::testing::Test {
 protected:
  ChainTest() {
    enricher_.BeginSession(/*other_boot=*/true);
    ProcessStart first = First();
    enricher_.Apply(first, /*snapshot=*/true);
  }

  // A child of the last process, as this user; its start.
  ProcessStart Next(Text exe_path, std::uint32_t uid, std::uint32_t owner = 0) {
    ProcessRelationship fork;
    fork.actor.process_id = last_;
    fork.actor.uid = uid_;
    fork.child_process_id = {last_.pid + 1, 1};
    fork.parent_pid = last_.pid;
    fork.child_parent_start_ns = 1;
    enricher_.Apply(fork, /*snapshot=*/false);
    ProcessStart start = Start(exe_path);
    start.actor.process_id = fork.child_process_id;
    start.actor.parent_process_id = last_;
    start.actor.uid = uid;
    start.exe_uid = owner;
    enricher_.Apply(start, /*snapshot=*/false);
    last_ = fork.child_process_id;
    uid_ = uid;
    return start;
  }

  Enricher enricher_{64};
  ProcessKey last_{1, 1};
  std::uint32_t uid_ = 0;
};

TEST_F(ChainTest, RootsOwnProgramsAreTrustedUpToTheFirst) {
  Next("/usr/bin/apt-get", 0);
  Next("/usr/bin/dpkg", 0);
  const ProcessStart start = Next("/usr/bin/dash", 0);
  EXPECT_EQ(start.trusted_exe, true);
  EXPECT_EQ(start.ancestors_trusted, 3u) << "dpkg, apt-get, systemd";
}

TEST_F(ChainTest, ProgramThatAUserRanIsNoTrustedAncestor) {
  Next("/usr/bin/bash", 1000);
  Next("/usr/bin/apt-get", 1000);  // -o APT::Update::Pre-Invoke::=...
  const ProcessStart start = Next("/usr/bin/dash", 1000);
  EXPECT_EQ(start.trusted_exe, true);
  EXPECT_EQ(start.ancestors_trusted, 0u);
}

TEST_F(ChainTest, NobodyAboveAnUntrustedOneCounts) {
  Next("/usr/bin/dpkg", 0);
  Next("/usr/bin/tool", 0, /*owner=*/1000);
  const ProcessStart start = Next("/usr/bin/dash", 0);
  EXPECT_EQ(start.ancestors.size, 3u);
  EXPECT_EQ(start.ancestors_trusted, 0u);
}

TEST_F(ChainTest, RootOfASudoSessionIsRoot) {
  Next("/usr/bin/bash", 1000);
  ProcessStart sudo = Next("/usr/bin/sudo", 0);
  Next("/usr/bin/apt-get", 0);
  const ProcessStart start = Next("/usr/bin/dash", 0);
  EXPECT_EQ(start.ancestors_trusted, 2u) << "apt-get, sudo";
}

// The first process adopts whoever loses its parent.
TEST_F(ChainTest, MereParentIsNotTrusted) {
  ProcessStart start = Start("/usr/bin/dash");
  start.actor.process_id = {500, 1};
  start.actor.parent_process_id = ProcessKey{1, 1};
  enricher_.Apply(start, /*snapshot=*/false);
  EXPECT_EQ(start.ancestors.size, 1u);
  EXPECT_EQ(start.ancestors_trusted, 0u);
}

TEST_F(ChainTest, ContainersRootIsNotTheHosts) {
  ProcessStart start = Start("/usr/bin/dpkg");
  start.actor.cgroup_id = 9;
  start.actor.cgroup = "/docker/3601745b3bd54d9780436faa5f0e4f72bb46231663bb99a6bb892764917832c2";
  enricher_.Apply(start, /*snapshot=*/false);
  EXPECT_EQ(start.trusted_exe, false);
}

}  // namespace
}  // namespace randguard
