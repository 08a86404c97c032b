// SPDX-License-Identifier: Apache-2.0
//
// Users who try to fill the memory of the process table, or to make it forget other users.
#include <gtest/gtest.h>
#include <malloc.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/confine/sanitized.h"
#include "analyzer/process/enricher.h"
#include "analyzer/process/lineage.h"

namespace randguard {
namespace {

constexpr std::size_t kMiB = std::size_t{1} << 20;
constexpr std::size_t kPathMax = 4096;
constexpr std::size_t kDefault = 65536, kMost = 4194304;  // max_process_cache_entries

std::size_t ResidentBytes() {
  unsigned long long size = 0, resident = 0;
  std::FILE* file = std::fopen("/proc/self/statm", "r");
  if (file == nullptr || std::fscanf(file, "%llu %llu", &size, &resident) != 2) std::abort();
  std::fclose(file);
  return resident * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

std::size_t AllocatedBytes() {
  const struct mallinfo2 info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

// A host on which users start processes.
class Host {
 public:
  explicit Host(std::size_t entries) : enricher_(entries) {
    enricher_.BeginSession(/*other_boot=*/true);
  }

  ProcessKey Fork(ProcessKey creator, std::uint32_t uid) {
    const ProcessKey child = New();
    ProcessRelationship fork;
    SetActor(fork.actor, creator, uid);
    fork.actor.comm = "maker";
    fork.parent_pid = creator.pid;
    fork.child_parent_start_ns = creator.start_ns;
    fork.child_process_id = child;
    fork.child_comm = "made";
    fork.child_cgroup_id = cgroup_id;
    enricher_.Apply(fork, /*snapshot=*/false);
    return child;
  }

  // Each text is as long as `size`, and there is none like it.
  void Exec(ProcessKey key, std::uint32_t uid, std::size_t size) {
    const std::string number = std::to_string(++texts_);
    std::string_view views[4];
    for (std::size_t i = 0; i < 4; ++i) {
      std::string& text = buffers_[i];
      text.resize(kPathMax, 'x');
      text[0] = "/csa"[i];
      text.replace(1, number.size(), number);
      views[i] = std::string_view(text).substr(0, std::max(number.size() + 1, size));
    }
    Exec(key, uid, views[0], views[1], views[2], views[3]);
  }

  void Exec(ProcessKey key, std::uint32_t uid, std::string_view path, std::string_view cwd,
            std::string_view script, std::string_view args) {
    ProcessStart start;
    SetActor(start.actor, key, uid);
    start.actor.exe_path = path;
    start.actor.comm = "comm";
    start.cwd = cwd;
    start.script_path = script;
    start.args = TextList{args};
    enricher_.Apply(start, /*snapshot=*/false);
  }

  ProcessKey Start(std::uint32_t uid, std::string_view path) {
    const ProcessKey key = New();
    Exec(key, uid, path, "/srv", "", path);
    return key;
  }

  void Exit(ProcessKey key, std::uint32_t uid) {
    ProcessExit exit;
    SetActor(exit.actor, key, uid);
    exit.group_dead = true;
    enricher_.Apply(exit, /*snapshot=*/false);
  }

  const Process* Find(ProcessKey key) const { return enricher_.processes().Find(key); }
  std::string PathOf(ProcessKey key) const {
    const Process* process = Find(key);
    if (process == nullptr || process->image == nullptr) return "";
    return std::string(process->image->exe_path);
  }
  // As an event of the process would say it.
  std::vector<std::string> AncestorsOf(ProcessKey key) {
    ProcessStart start;
    SetActor(start.actor, key, 0);
    FillLineage(enricher_.processes(), start);
    return {start.ancestors.items.begin(), start.ancestors.items.begin() + start.ancestors.size};
  }
  ProcessKey New() { return {++pids_, 1'000'000 + pids_}; }
  Enricher& enricher() { return enricher_; }

  std::uint64_t cgroup_id = 1;  // of all that happens next

 private:
  void SetActor(Actor& actor, ProcessKey key, std::uint32_t uid) const {
    actor.process_id = key;
    actor.uid = uid;
    actor.cgroup_id = cgroup_id;
    actor.timestamp_ns = key.start_ns;
  }

  Enricher enricher_;
  std::uint32_t pids_ = 10;
  std::uint64_t texts_ = 0;
  std::array<std::string, 4> buffers_;
};

struct MemoryCase {
  const char* name;
  std::size_t entries;
  // How the processes live.
  bool chains;  // each makes the next one and starts another program after that
  bool end;     // and ends
};

class ProcessMemoryTest : public ::testing::TestWithParam<MemoryCase> {};

TEST_P(ProcessMemoryTest, FullTableWithTheLongestTextsStaysUnder192MiB) {
  constexpr std::size_t kLimit = 192 * kMiB;
  constexpr std::size_t kStarts = 150'000;
  if (kSanitized) GTEST_SKIP() << "memory is that of the sanitizer";
  malloc_trim(0);
  const std::size_t resident_before = ResidentBytes(), allocated_before = AllocatedBytes();
  Host host(GetParam().entries);
  std::size_t resident = 0;
  ProcessKey last = host.New();
  host.Exec(last, 1000, kPathMax);
  for (std::size_t n = 0; n < kStarts; ++n) {
    // The same with shorter texts comes in between: its memory lies among that of the longer ones.
    const std::size_t size = n / 10'000 % 3 == 0 ? kPathMax : n % 5 == 0 ? 40 : 700;
    const ProcessKey next = host.Fork(last, 1000);
    if (GetParam().chains) host.Exec(last, 1000, size);
    host.Exec(next, 1000, size);
    if (GetParam().end) host.Exit(last, 1000);
    if (GetParam().chains || n % 16 == 0) last = next;
    if (n % 5'000 == 0) resident = std::max(resident, ResidentBytes() - resident_before);
    ASSERT_LT(resident, kLimit) << "after " << n << " starts";
  }
  const std::size_t allocated = AllocatedBytes() - allocated_before;
  const std::size_t accounted = host.enricher().processes().bytes();
  std::printf("%s: %zu processes, %zu KiB accounted, %zu KiB allocated, %zu KiB resident\n",
              GetParam().name, host.enricher().processes().size(), accounted / 1024,
              allocated / 1024, resident / 1024);
  EXPECT_LT(resident, kLimit);
  EXPECT_LT(allocated, accounted + accounted / 8) << "the table takes more than it accounts for";
  EXPECT_GT(allocated, accounted / 2) << "the table accounts for more than it takes";
}

INSTANTIATE_TEST_SUITE_P(Lives, ProcessMemoryTest,
                         ::testing::Values(MemoryCase{"DefaultLiving", kDefault, false, false},
                                           MemoryCase{"DefaultChains", kDefault, true, false},
                                           MemoryCase{"DefaultChainsOfTheEnded", kDefault, true,
                                                      true},
                                           MemoryCase{"MostLiving", kMost, false, false},
                                           MemoryCase{"MostChains", kMost, true, false},
                                           MemoryCase{"MostChainsOfTheEnded", kMost, true, true}),
                         [](const auto& param) { return param.param.name; });

constexpr std::uint32_t kRoot = 0, kAlice = 1001, kMallory = 1002, kFirstSubordinate = 231072;

class FairnessTest : public ::testing::Test {
 protected:
  static constexpr std::size_t kEntries = 4096;

  FairnessTest() {
    shell_ = host_.Start(kRoot, "/usr/bin/bash");
    for (int n = 0; n < 200; ++n) {
      roots_.push_back(host_.Fork(shell_, kRoot));
      host_.Exec(roots_.back(), kRoot, "/usr/sbin/daemon-" + std::to_string(n), "/", "", "daemon");
    }
    for (int n = 0; n < 100; ++n) {
      alices_.push_back(host_.Start(kAlice, "/home/alice/bin/tool-" + std::to_string(n)));
    }
    host_.Exit(shell_, kRoot);  // those that it made still know it
  }

  void ExpectNothingIsForgotten() {
    for (std::size_t n = 0; n < roots_.size(); ++n) {
      ASSERT_EQ(host_.PathOf(roots_[n]), "/usr/sbin/daemon-" + std::to_string(n));
      ASSERT_EQ(host_.AncestorsOf(roots_[n]), (std::vector<std::string>{"/usr/bin/bash"})) << n;
    }
    for (std::size_t n = 0; n < alices_.size(); ++n) {
      ASSERT_EQ(host_.PathOf(alices_[n]), "/home/alice/bin/tool-" + std::to_string(n));
    }
  }

  Host host_{kEntries};
  ProcessKey shell_;
  std::vector<ProcessKey> roots_, alices_;
};

TEST_F(FairnessTest, UserWithManyProcessesForgetsHisOwn) {
  for (std::size_t n = 0; n < 5 * kEntries; ++n) host_.Start(kMallory, "/tmp/x");
  ExpectNothingIsForgotten();
  EXPECT_GT(host_.enricher().processes().evicted(), 0u);
}

TEST_F(FairnessTest, UserWithManyEndedProcessesForgetsHisOwn) {
  for (std::size_t n = 0; n < 5 * kEntries; ++n) {
    host_.Exit(host_.Start(kMallory, "/tmp/x"), kMallory);
  }
  ExpectNothingIsForgotten();
}

TEST_F(FairnessTest, UserWithLongTextsForgetsHisOwn) {
  const ProcessKey first = host_.New();
  host_.Exec(first, kMallory, kPathMax);
  for (std::size_t n = 0; n < 20'000; ++n) host_.Exec(host_.New(), kMallory, kPathMax);
  ExpectNothingIsForgotten();
  EXPECT_EQ(host_.PathOf(first), "");
}

// In a user namespace of his own, with the ids that /etc/subuid gives him.
TEST_F(FairnessTest, UserWithManyIdsForgetsHisOwn) {
  for (std::uint32_t n = 0; n < 65536; ++n) {
    host_.Exec(host_.New(), kFirstSubordinate + n, n % 8 == 0 ? kPathMax : 20);
  }
  ExpectNothingIsForgotten();
}

// The same ids, and in each a line of processes that make each other.
TEST_F(FairnessTest, UserWithManyCreatorsCutsHisOwn) {
  ProcessKey last = host_.New();
  host_.Exec(last, kMallory, kPathMax);
  for (std::uint32_t n = 0; n < 50'000; ++n) {
    const std::uint32_t uid = n % 2 == 0 ? kMallory : kFirstSubordinate + n;
    const ProcessKey next = host_.Fork(last, uid);
    if (n % 3 == 0) host_.Exec(last, uid, 1000);
    if (n % 32 != 0) host_.Exit(last, uid);
    last = next;
  }
  ExpectNothingIsForgotten();
  // Others can still have creators, with theirs.
  const ProcessKey one = host_.Start(kRoot, "/usr/sbin/one");
  const ProcessKey two = host_.Fork(one, kRoot);
  host_.Exec(two, kRoot, "/usr/sbin/two", "/", "", "");
  const ProcessKey three = host_.Fork(two, kRoot);
  host_.Exit(one, kRoot);
  host_.Exit(two, kRoot);
  EXPECT_EQ(host_.AncestorsOf(three), (std::vector<std::string>{"/usr/sbin/two", "/usr/sbin/one"}));
}

TEST_F(FairnessTest, RootOfAContainerForgetsTheContainersOwn) {
  CgroupName name{77,
                  "/system.slice/docker-"
                  "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef.scope"};
  host_.enricher().Apply(name, /*snapshot=*/false);
  host_.cgroup_id = 77;
  for (std::size_t n = 0; n < 5 * kEntries; ++n) host_.Exec(host_.New(), kRoot, n % 2 * kPathMax);
  ExpectNothingIsForgotten();
}

TEST_F(FairnessTest, CgroupsThatAUserNamesLikeContainersAreHis) {
  for (std::uint32_t n = 0; n < 3000; ++n) {
    char id[65] = {};
    std::snprintf(id, sizeof(id), "%064x", n);
    const std::string path =
        "/user.slice/user-1002.slice/user@1002.service/docker-" + std::string(id) + ".scope";
    CgroupName name{1000 + n, path};
    host_.enricher().Apply(name, /*snapshot=*/false);
    host_.cgroup_id = 1000 + n;
    for (int twice = 0; twice < 3; ++twice) host_.Exec(host_.New(), kMallory, 2000);
  }
  ExpectNothingIsForgotten();
}

// As many as one large directory has: each has less than his share.
TEST_F(FairnessTest, ManyUsersWithFewProcessesAreNotForgottenForOne) {
  std::vector<ProcessKey> theirs;
  for (std::uint32_t user = 0; user < 300; ++user) {
    for (int n = 0; n < 5; ++n) {
      theirs.push_back(host_.Start(kFirstSubordinate + user, "/usr/bin/theirs"));
    }
  }
  for (std::size_t n = 0; n < 5 * kEntries; ++n) {
    host_.Start(kFirstSubordinate + 500, "/tmp/x");  // of the same directory
  }
  ExpectNothingIsForgotten();
  for (const ProcessKey& key : theirs) ASSERT_EQ(host_.PathOf(key), "/usr/bin/theirs");
}

// Mallory has many living processes; those that end are alice's, and beyond her share.
TEST_F(FairnessTest, EndedProcessesGoBeforeLivingOnes) {
  std::vector<ProcessKey> living;
  for (std::size_t n = 0; n < kEntries / 2; ++n) living.push_back(host_.Start(kMallory, "/opt/x"));
  for (std::size_t n = 0; n < 2 * kEntries; ++n) {
    host_.Exit(host_.Start(kAlice, "/usr/bin/cc"), kAlice);
  }
  ExpectNothingIsForgotten();
  for (const ProcessKey& key : living) ASSERT_EQ(host_.PathOf(key), "/opt/x");
  EXPECT_GT(host_.enricher().processes().evicted(), 0u);
}

}  // namespace
}  // namespace randguard
