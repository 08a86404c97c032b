// SPDX-License-Identifier: Apache-2.0
#include "analyzer/doctor/host.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "absl/strings/str_format.h"
#include "analyzer/doctor/mounts.h"

namespace randguard::doctor {
namespace {

namespace fs = std::filesystem;

constexpr char kRootMount[] = "22 1 254:1 / / rw,relatime shared:1 - ext4 /dev/vda1 rw\n";
constexpr char kVersion2[] = "30 22 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw\n";

class HostTest : public ::testing::Test {
 protected:
  void SetUp() override {
    char path[] = "/tmp/rand-guard-doctor-XXXXXX";
    ASSERT_NE(mkdtemp(path), nullptr);
    host_ = {.root = path, .machine = "x86_64", .release = "6.1.0", .privileged = true};
    Write("/sys/kernel/btf/vmlinux", "BTF");
  }
  void TearDown() override { fs::remove_all(host_.root); }

  void Write(const std::string& path, std::string_view text) const {
    fs::create_directories(fs::path(host_.root + path).parent_path());
    std::ofstream(host_.root + path) << text;
  }
  void Mounts(const std::string& lines) const { Write("/proc/self/mountinfo", lines); }

  Host host_;
};

// "name mark", line by line.
std::string Marks(const Findings& findings) {
  std::string out;
  for (const Finding& finding : findings) {
    absl::StrAppendFormat(&out, "%s %d\n", finding.name, static_cast<int>(finding.mark));
  }
  return out;
}

bool AllHaveRemedies(const Findings& findings) {
  for (const Finding& finding : findings) {
    if (finding.remedy.empty() == (finding.mark != Mark::kGood)) return false;
  }
  return true;
}

TEST_F(HostTest, AKernelThatHasAllIsGood) {
  EXPECT_EQ(Marks(KernelFindings(host_)), "machine 0\nkernel 0\nbtf 0\nprivilege 0\n");
  // Nobody asks for tracefs: no program needs it.
  EXPECT_FALSE(fs::exists(host_.root + "/sys/kernel/tracing"));
  // A kernel's number says nothing about what it offers.
  host_.release = "5.14.0-570.el9";
  EXPECT_EQ(KernelFindings(host_)[1].mark, Mark::kGood);
}

TEST_F(HostTest, WhatAKernelLacksIsNamedWithItsRemedy) {
  fs::remove(host_.root + "/sys/kernel/btf/vmlinux");
  Write("/sys/kernel/security/lockdown", "none integrity [confidentiality]\n");
  Write("/proc/sys/net/core/bpf_jit_enable", "0\n");
  host_.privileged = false;
  const Findings findings = KernelFindings(host_);
  EXPECT_EQ(Marks(findings), "machine 0\nkernel 0\nbtf 2\nlockdown 2\njit 1\nprivilege 2\n");
  EXPECT_TRUE(AllHaveRemedies(findings));
}

TEST_F(HostTest, LockdownThatDoesNotConcernTheSensorIsGood) {
  Write("/sys/kernel/security/lockdown", "none [integrity] confidentiality\n");
  Write("/proc/sys/net/core/bpf_jit_enable", "1\n");
  EXPECT_EQ(Marks(KernelFindings(host_)), "machine 0\nkernel 0\nbtf 0\nlockdown 0\nprivilege 0\n");
  Write("/sys/kernel/security/lockdown", "[none] integrity confidentiality\n");
  EXPECT_EQ(Marks(KernelFindings(host_)), "machine 0\nkernel 0\nbtf 0\nprivilege 0\n");
}

TEST_F(HostTest, AnotherProcessorIsNotSupported) {
  host_.machine = "riscv64";
  EXPECT_EQ(KernelFindings(host_)[0].mark, Mark::kBad);
}

TEST_F(HostTest, ContainersDependOnTheVersionOfControlGroups) {
  Mounts(std::string(kRootMount) + kVersion2);
  EXPECT_EQ(Marks(ContainerFindings(host_)), "containers 0\n");
  Mounts(std::string(kRootMount) + kVersion2 +
         "31 22 0:27 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n");
  EXPECT_EQ(Marks(ContainerFindings(host_)), "containers 1\n");
  Mounts(kRootMount);
  EXPECT_EQ(Marks(ContainerFindings(host_)), "containers 1\n");
  EXPECT_TRUE(AllHaveRemedies(ContainerFindings(host_)));
}

TEST_F(HostTest, FilesThatOthersChangeAreSaid) {
  Mounts(std::string(kRootMount) + "40 22 0:40 / /home rw shared:5 master:2 - nfs4 srv:/home rw\n" +
         "41 22 0:41 / /mnt/with\\040blank rw - fuse.sshfs a@b: rw\n" +
         "42 22 0:42 / /tmp/mine rw - fuse.sshfs a@b: rw\n" +
         "43 22 0:43 / /sys/fs/fuse/connections rw - fusectl fusectl rw\n");
  FileConfig config;  // excludes /tmp
  const Findings findings = FileSystemFindings(host_, config);
  EXPECT_EQ(Marks(findings), "file systems 1\nfile systems 1\n");
  EXPECT_TRUE(AllHaveRemedies(findings));
  EXPECT_EQ(findings[0].text.find("/mnt/with blank (fuse.sshfs): a program"), 0u);
  EXPECT_EQ(findings[1].text.find("/home (nfs4): other machines"), 0u);
  config.exclude_paths = {"/home/", "/mnt", "/tmp"};
  EXPECT_EQ(Marks(FileSystemFindings(host_, config)), "file systems 0\n");
  // A folder's name that only begins alike is not excluded.
  config.exclude_paths = {"/hom", "/mnt", "/tmp"};
  EXPECT_EQ(Marks(FileSystemFindings(host_, config)), "file systems 1\n");
  config.enabled = false;
  EXPECT_TRUE(FileSystemFindings(host_, config).empty());
}

TEST_F(HostTest, ManyMountsAreOneLine) {
  std::string mounts = kRootMount;
  for (int i = 0; i < 50; ++i) {
    absl::StrAppendFormat(&mounts, "%d 22 0:9 / /net/%d rw - nfs s:/ rw\n", 100 + i, i);
  }
  Mounts(mounts);
  const Findings findings = FileSystemFindings(host_, FileConfig());
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_NE(findings[0].text.find("/net/3 (nfs) and 46 more: "), std::string::npos)
      << findings[0].text;
}

TEST_F(HostTest, TheJournalCountsOnlyWhereLinesGoThere) {
  Config config;
  config.output.type = OutputType::kFile;
  config.output.path = "/var/log/rand-guard/events.ndjson";
  EXPECT_TRUE(JournalFindings(host_, config).empty());
  config.output.alerts.journal = true;
  EXPECT_EQ(Marks(JournalFindings(host_, config)), "journal 1\n");  // there is no folder for it
  fs::create_directories(host_.root + "/var/log/journal");
  EXPECT_EQ(Marks(JournalFindings(host_, config)), "journal 0\n");
  config.output.alerts.journal = false;
  config.outputs.push_back({.name = "j", .type = FurtherOutputType::kJournald});
  EXPECT_EQ(Marks(JournalFindings(host_, config)), "journal 0\n");
}

TEST_F(HostTest, TheJournalsSettingsAreMergedAsSystemdDoes) {
  Config config;  // lines go to stdout
  fs::create_directories(host_.root + "/var/log/journal");
  Write("/etc/systemd/journald.conf", "[Journal]\n#Storage=none\nLineMax=4K\n");
  EXPECT_EQ(Marks(JournalFindings(host_, config)), "journal 1\n");
  Write("/usr/lib/systemd/journald.conf.d/10.conf", "[Journal]\nLineMax = 48K\n");
  EXPECT_EQ(Marks(JournalFindings(host_, config)), "journal 0\n");
  Write("/usr/lib/systemd/journald.conf.d/20.conf", "[Journal]\nStorage=none\nLineMax=1M\n");
  EXPECT_EQ(Marks(JournalFindings(host_, config)), "journal 1\n");
  // The administrator's file of that name stands for it.
  Write("/etc/systemd/journald.conf.d/20.conf", "[Journal]\nStorage=volatile\n");
  EXPECT_EQ(Marks(JournalFindings(host_, config)), "journal 1\n");
  Write("/etc/systemd/journald.conf.d/20.conf", "");
  EXPECT_EQ(Marks(JournalFindings(host_, config)), "journal 0\n");
  // Sizes that are none are passed over.
  Write("/etc/systemd/journald.conf.d/30.conf", "LineMax=99999999999999999999K\nLineMax=x\n");
  EXPECT_EQ(Marks(JournalFindings(host_, config)), "journal 0\n");
}

TEST(MountsTest, LinesThatAreNoneArePassedOver) {
  EXPECT_TRUE(ParseMounts("").empty());
  EXPECT_TRUE(ParseMounts("\n\n1 2 3\n1 2 3:4 / /x rw -\n1 2 3:4 / /x rw - \n-\n").size() <= 1);
  const auto mounts = ParseMounts("1 2 3:4 / /a\\134b\\9\\ rw a b c - ext4 x rw\nlast");
  ASSERT_EQ(mounts.size(), 1u);
  EXPECT_EQ(mounts[0].point, "/a\\b\\9\\");
  EXPECT_EQ(mounts[0].type, "ext4");
}

}  // namespace
}  // namespace randguard::doctor
