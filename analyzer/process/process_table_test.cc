// SPDX-License-Identifier: Apache-2.0
#include "analyzer/process/process_table.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "analyzer/process/cgroup_names.h"

namespace randguard {
namespace {

constexpr std::uint64_t kGrace = 100;

ProcessKey Key(std::uint32_t pid, std::uint64_t start_ns = 1) { return {pid, start_ns}; }

TEST(ProcessTest, CommIsCutAndEndsAtItsNul) {
  Process process;
  EXPECT_EQ(process.comm_text(), "");
  process.set_comm("0123456789abcdef-and-more");
  EXPECT_EQ(process.comm_text(), "0123456789abcdef");
  process.set_comm("sh");
  EXPECT_EQ(process.comm_text(), "sh");
  process.set_comm("");
  EXPECT_EQ(process.comm_text(), "");
}

TEST(ProcessTableTest, UnknownProcessIsNull) {
  ProcessTable table(4, kGrace);
  EXPECT_EQ(table.Find(Key(1)), nullptr);
  EXPECT_EQ(table.size(), 0u);
}

TEST(ProcessTableTest, UpsertMakesOnceAndFindsAgain) {
  ProcessTable table(4, kGrace);
  table.Upsert(Key(1)).set_comm("init");
  EXPECT_EQ(table.Upsert(Key(1)).comm_text(), "init");
  ASSERT_NE(table.Find(Key(1)), nullptr);
  EXPECT_EQ(table.Find(Key(1))->key, Key(1));
  EXPECT_EQ(table.size(), 1u);
}

TEST(ProcessTableTest, ReusedPidIsAnotherProcess) {
  ProcessTable table(4, kGrace);
  table.Upsert(Key(7, 1)).set_comm("old");
  table.Exit(Key(7, 1), 5);
  table.Upsert(Key(7, 2)).set_comm("new");
  EXPECT_EQ(table.Find(Key(7, 1))->comm_text(), "old");
  EXPECT_TRUE(table.Find(Key(7, 1))->exited);
  EXPECT_EQ(table.Find(Key(7, 2))->comm_text(), "new");
  EXPECT_FALSE(table.Find(Key(7, 2))->exited);
  EXPECT_EQ(table.Find(Key(7, 3)), nullptr);
}

TEST(ProcessTableTest, EntryMadeInAnEvictedOnesPlaceIsEmpty) {
  ProcessTable table(1, kGrace);
  Process& old = table.Upsert(Key(1));
  old.set_comm("old");
  old.parent = Key(9);
  old.generation = 3;
  table.SetImage(old, table.MakeImage({"/bin/old"}));
  EXPECT_EQ(table.images().images(), 1u);
  table.Exit(Key(1), 5);
  const Process& made = table.Upsert(Key(2));
  EXPECT_EQ(table.images().images(), 0u) << "an evicted process keeps its image";
  EXPECT_EQ(made.comm_text(), "");
  EXPECT_EQ(made.parent, ProcessKey{});
  EXPECT_EQ(made.image, nullptr);
  EXPECT_EQ(made.generation, 0u);
  EXPECT_FALSE(made.exited || made.exit_recorded);
  EXPECT_EQ(made.exit_ns, 0u);
}

TEST(ProcessTableTest, CapacityHoldsAndEvictionsAreCounted) {
  ProcessTable table(3, kGrace);
  for (std::uint32_t pid = 1; pid <= 10; ++pid) table.Upsert(Key(pid));
  EXPECT_EQ(table.size(), 3u);
  EXPECT_EQ(table.evicted(), 7u);
  for (std::uint32_t pid = 1; pid <= 10; ++pid) {
    EXPECT_EQ(table.Find(Key(pid)) != nullptr, pid > 7) << pid;
  }
}

TEST(ProcessTableTest, CapacityOfZeroIsOne) {
  ProcessTable table(0, kGrace);
  table.Upsert(Key(1));
  table.Upsert(Key(2));
  EXPECT_EQ(table.size(), 1u);
  EXPECT_NE(table.Find(Key(2)), nullptr);
}

TEST(ProcessTableTest, EndedGoFirstTheLongestEndedBeforeOthers) {
  ProcessTable table(4, kGrace);
  for (std::uint32_t pid = 1; pid <= 4; ++pid) table.Upsert(Key(pid));
  table.Exit(Key(3), 10);
  table.Exit(Key(2), 11);
  table.Upsert(Key(5));  // in place of 3
  EXPECT_EQ(table.Find(Key(3)), nullptr);
  EXPECT_NE(table.Find(Key(2)), nullptr);
  table.Upsert(Key(6));  // in place of 2
  EXPECT_EQ(table.Find(Key(2)), nullptr);
  EXPECT_NE(table.Find(Key(1)), nullptr);
  EXPECT_EQ(table.evicted(), 2u);
}

TEST(ProcessTableTest, OfTheLivingTheLongestUnheardOfGoesFirst) {
  ProcessTable table(3, kGrace);
  for (std::uint32_t pid = 1; pid <= 3; ++pid) table.Upsert(Key(pid));
  table.Upsert(Key(1));  // heard of again
  table.Upsert(Key(4));
  EXPECT_EQ(table.Find(Key(2)), nullptr);
  EXPECT_NE(table.Find(Key(1)), nullptr);
}

TEST(ProcessTableTest, LookingIsNotHearing) {
  ProcessTable table(2, kGrace);
  table.Upsert(Key(1));
  table.Upsert(Key(2));
  EXPECT_NE(table.Find(Key(1)), nullptr);
  table.Upsert(Key(3));
  EXPECT_EQ(table.Find(Key(1)), nullptr);
}

TEST(ProcessTableTest, HearingOfAnEndedProcessDoesNotReviveIt) {
  ProcessTable table(2, kGrace);
  table.Exit(Key(1), 5);
  table.Exit(Key(2), 6);
  EXPECT_TRUE(table.Upsert(Key(1)).exited);
  table.Upsert(Key(3));
  EXPECT_EQ(table.Find(Key(1)), nullptr);
}

TEST(ProcessTableTest, ExitIsTrueOnce) {
  ProcessTable table(4, kGrace);
  table.Upsert(Key(1));
  EXPECT_TRUE(table.Exit(Key(1), 10));
  EXPECT_FALSE(table.Exit(Key(1), 11));
  EXPECT_EQ(table.Find(Key(1))->exit_ns, 10u);
  EXPECT_EQ(table.size(), 1u);
}

TEST(ProcessTableTest, ExitOfAnUnknownProcessIsRemembered) {
  ProcessTable table(4, kGrace);
  EXPECT_TRUE(table.Exit(Key(1), 10));
  EXPECT_FALSE(table.Exit(Key(1), 10));
}

TEST(ProcessTableTest, GraceEndsAfterItsTime) {
  ProcessTable table(4, kGrace);
  table.Exit(Key(1), 10);
  table.Exit(Key(2), 20);
  table.Upsert(Key(3));
  table.Expire(10 + kGrace);
  EXPECT_EQ(table.size(), 3u);
  table.Expire(10 + kGrace + 1);
  EXPECT_EQ(table.Find(Key(1)), nullptr);
  EXPECT_NE(table.Find(Key(2)), nullptr);
  table.Expire(UINT64_MAX);
  EXPECT_EQ(table.size(), 1u);
  EXPECT_NE(table.Find(Key(3)), nullptr);
  EXPECT_EQ(table.evicted(), 0u);
}

TEST(ProcessTableTest, EndOthersEndsWhatTheGenerationDidNotConfirm) {
  ProcessTable table(8, kGrace);
  for (std::uint32_t pid = 1; pid <= 6; ++pid) table.Upsert(Key(pid)).generation = pid % 2;
  table.Exit(Key(2), 5);
  EXPECT_EQ(table.EndOthers(1, 50), 2u);
  for (std::uint32_t pid = 1; pid <= 6; ++pid) {
    EXPECT_EQ(table.Find(Key(pid))->exited, pid % 2 == 0) << pid;
  }
  EXPECT_EQ(table.Find(Key(2))->exit_ns, 5u);
  EXPECT_EQ(table.Find(Key(4))->exit_ns, 50u);
  EXPECT_EQ(table.EndOthers(1, 60), 0u);
}

// The process was about to exec while the snapshot was taken, and was not in the snapshot.
TEST(ProcessTableTest, HearingOfWhatEndOthersEndedRevivesIt) {
  ProcessTable table(2, kGrace);
  table.Upsert(Key(1));
  EXPECT_EQ(table.EndOthers(1, 50), 1u);
  EXPECT_FALSE(table.Upsert(Key(1)).exited);
  table.Expire(UINT64_MAX);
  EXPECT_NE(table.Find(Key(1)), nullptr);
  EXPECT_TRUE(table.Exit(Key(1), 60));
  table.Expire(UINT64_MAX);
  EXPECT_EQ(table.Find(Key(1)), nullptr);
}

// The snapshot came before the record of the exit.
TEST(ProcessTableTest, ExitRecordedAfterEndOthersIsTrueOnce) {
  ProcessTable table(8, kGrace);
  table.Upsert(Key(1));
  EXPECT_EQ(table.EndOthers(1, 50), 1u);
  EXPECT_TRUE(table.Exit(Key(1), 40));
  EXPECT_FALSE(table.Exit(Key(1), 40));
}

TEST(ProcessTableTest, ClearForgetsAll) {
  ProcessTable table(2, kGrace);
  table.Upsert(Key(1));
  table.Exit(Key(2), 5);
  table.Clear();
  EXPECT_EQ(table.size(), 0u);
  EXPECT_EQ(table.Find(Key(1)), nullptr);
  for (std::uint32_t pid = 1; pid <= 3; ++pid) table.Upsert(Key(pid));
  EXPECT_EQ(table.size(), 2u);
  table.Expire(UINT64_MAX);
  EXPECT_EQ(table.size(), 2u);
}

std::size_t LinksOf(const Creator* creator) {
  std::size_t links = 0;
  for (; creator != nullptr; creator = creator->creator.get()) ++links;
  return links;
}

TEST(ProcessTableTest, CreatorStaysWithWhatItCreated) {
  ProcessTable table(2, kGrace);
  table.SetImage(table.Upsert(Key(1)), table.MakeImage({"/usr/sbin/nginx"}));
  auto creator = table.MakeCreator(Key(1), Key(9), "nginx");
  table.Upsert(Key(2)).creator = creator;
  table.Exit(Key(1), 5);
  table.Expire(UINT64_MAX);
  EXPECT_EQ(table.Find(Key(1)), nullptr);
  const Creator& kept = *table.Find(Key(2))->creator;
  EXPECT_EQ(kept.key, Key(1));
  EXPECT_EQ(kept.parent, Key(9));
  EXPECT_EQ(kept.comm_text(), "nginx");
  EXPECT_EQ(kept.image->exe_path, "/usr/sbin/nginx");
  table.Exit(Key(2), 5);
  table.Expire(UINT64_MAX);
  EXPECT_EQ(creator.use_count(), 1) << "an evicted process keeps its creator";
}

TEST(ProcessTableTest, CreatorThatNobodyKnowsHasNoImage) {
  ProcessTable table(2, kGrace);
  const auto creator = table.MakeCreator(Key(1), Key(9), "0123456789abcdef-and-more");
  EXPECT_EQ(creator->image, nullptr);
  EXPECT_EQ(creator->creator, nullptr);
  EXPECT_EQ(creator->comm_text(), "0123456789abcdef");
}

// Each process ends when it has made the next one, for ever.
TEST(ProcessTableTest, ChainOfCreatorsHasAnEnd) {
  ProcessTable table(64, kGrace);
  std::size_t longest = 0;
  for (std::uint32_t pid = 1; pid < 1000; ++pid) {
    table.Upsert(Key(pid));
    auto creator = table.MakeCreator(Key(pid), Key(1), "x");
    const Creator* at = creator.get();
    for (std::uint32_t i = 0; i < std::min(pid, ProcessTable::kCreators); ++i) {
      ASSERT_NE(at, nullptr) << pid;
      ASSERT_EQ(at->key, Key(pid - i));
      at = at->creator.get();
    }
    longest = std::max(longest, LinksOf(creator.get()));
    ASSERT_EQ(creator->depth, LinksOf(creator.get()));
    table.Upsert(Key(pid + 1)).creator = std::move(creator);
    table.Exit(Key(pid), pid);
    table.Expire(pid + kGrace);
  }
  EXPECT_EQ(longest, 2 * ProcessTable::kCreators);
  EXPECT_EQ(table.creators_cut(), 0u);
}

TEST(ProcessTableTest, CreatorsBeyondTheLimitAreKeptAloneAndCounted) {
  ProcessTable table(4, kGrace);
  table.Upsert(Key(1)).creator = table.MakeCreator(Key(9), Key(1), "first");
  std::vector<std::shared_ptr<const Creator>> held;
  for (int i = 0; i < 20; ++i) held.push_back(table.MakeCreator(Key(1), Key(1), "x"));
  EXPECT_EQ(LinksOf(held.front().get()), 2u);
  EXPECT_EQ(LinksOf(held.back().get()), 1u);
  EXPECT_EQ(table.creators_cut(), 13u) << "of 20; 8 may be whole, and one was there";
  held.clear();
  EXPECT_EQ(LinksOf(table.MakeCreator(Key(1), Key(1), "x").get()), 2u);
}

// A process table that is slow and obvious: vectors in the order of eviction.
class Reference {
 public:
  struct Entry {
    std::uint32_t generation = 0;
    bool exited = false;
    bool exit_recorded = false;
    std::uint64_t exit_ns = 0;
  };
  using Id = std::pair<std::uint32_t, std::uint64_t>;

  Reference(std::size_t capacity, std::uint64_t grace) : capacity_(capacity), grace_(grace) {}

  Entry& Upsert(Id id) {
    Entry& entry = FindOrAdd(id);
    if (entry.exit_recorded) return entry;
    auto& queue = entry.exited ? exited_ : living_;
    queue.erase(std::find(queue.begin(), queue.end(), id));
    living_.push_back(id);
    entry.exited = false;
    return entry;
  }
  Entry& FindOrAdd(Id id) {
    if (entries_.contains(id)) return entries_[id];
    if (entries_.size() >= capacity_) {
      auto& queue = exited_.empty() ? living_ : exited_;
      entries_.erase(queue.front());
      queue.erase(queue.begin());
      ++evicted;
    }
    living_.push_back(id);
    return entries_[id];
  }
  bool Exit(Id id, std::uint64_t time) {
    Entry& entry = FindOrAdd(id);
    if (!entry.exited) End(id, time);
    return !std::exchange(entry.exit_recorded, true);
  }
  void Expire(std::uint64_t now) {
    while (!exited_.empty() && entries_[exited_.front()].exit_ns + grace_ < now) {
      entries_.erase(exited_.front());
      exited_.erase(exited_.begin());
    }
  }
  std::size_t EndOthers(std::uint32_t generation, std::uint64_t time) {
    std::size_t ended = 0;
    for (const Id& id : std::vector<Id>(living_)) {
      if (entries_[id].generation == generation) continue;
      End(id, time);
      ++ended;
    }
    return ended;
  }
  void Clear() {
    entries_.clear();
    living_.clear();
    exited_.clear();
  }
  std::optional<Entry> Find(Id id) const {
    const auto it = entries_.find(id);
    return it == entries_.end() ? std::nullopt : std::optional(it->second);
  }
  std::size_t size() const { return entries_.size(); }

  std::uint64_t evicted = 0;

 private:
  void End(Id id, std::uint64_t time) {
    living_.erase(std::find(living_.begin(), living_.end(), id));
    exited_.push_back(id);
    entries_[id].exited = true;
    entries_[id].exit_ns = time;
  }

  const std::size_t capacity_;
  const std::uint64_t grace_;
  std::map<Id, Entry> entries_;
  std::vector<Id> living_, exited_;  // the front goes first
};

void ExpectSame(const ProcessTable& table, const Reference& reference) {
  ASSERT_EQ(table.size(), reference.size());
  ASSERT_EQ(table.evicted(), reference.evicted);
  for (std::uint32_t pid = 1; pid <= 12; ++pid) {
    for (std::uint64_t start = 1; start <= 2; ++start) {
      const Process* process = table.Find({pid, start});
      const auto entry = reference.Find({pid, start});
      ASSERT_EQ(process != nullptr, entry.has_value()) << pid << " " << start;
      if (process == nullptr) continue;
      ASSERT_EQ(process->key, (ProcessKey{pid, start}));
      ASSERT_EQ(process->exited, entry->exited);
      ASSERT_EQ(process->exit_recorded, entry->exit_recorded);
      ASSERT_EQ(process->exit_ns, entry->exit_ns);
      ASSERT_EQ(process->generation, entry->generation);
    }
  }
}

TEST(ProcessTableTest, DoesAsTheSlowAndObviousOne) {
  std::mt19937 random(20250101);  // NOLINT: the same each time
  for (const std::size_t capacity : {1, 2, 5, 9, 24}) {
    ProcessTable table(capacity, kGrace);
    Reference reference(capacity, kGrace);
    std::uint64_t now = 0;
    for (int step = 0; step < 20'000; ++step) {
      now += random() % 10;
      const ProcessKey key{static_cast<std::uint32_t>(1 + random() % 12), 1 + random() % 2};
      const Reference::Id id{key.pid, key.start_ns};
      const std::uint32_t generation = random() % 3;
      switch (random() % 16) {
        case 0:
          ASSERT_EQ(table.EndOthers(generation, now), reference.EndOthers(generation, now));
          break;
        case 1:
        case 2:
          table.Expire(now);
          reference.Expire(now);
          break;
        case 3:
        case 4:
        case 5:
        case 6: {  // not always in order: CPUs differ, and snapshots come in between
          const std::uint64_t time = now - (random() % 30 == 0 ? now / 2 : 0);
          ASSERT_EQ(table.Exit(key, time), reference.Exit(id, time));
        } break;
        case 7:
          if (random() % 50 == 0) {
            table.Clear();
            reference.Clear();
          }
          break;
        default:
          table.Upsert(key).generation = generation;
          reference.Upsert(id).generation = generation;
      }
      ASSERT_NO_FATAL_FAILURE(ExpectSame(table, reference)) << "step " << step;
    }
    EXPECT_TRUE(capacity == 24 || reference.evicted > 100);
  }
}

// Makes room as the enricher does, with these cgroups in use.
void SetWithin(CgroupNames& names, std::uint64_t id, std::string_view path,
               const std::vector<std::uint64_t>& in_use = {}) {
  names.Set(id, path);
  if (names.HasRoom()) return;
  names.MakeRoom([&](const auto& use) {
    for (const std::uint64_t one : in_use) use(one);
  });
}

TEST(CgroupNamesTest, LastNameCountsAndTheLongestUnusedGoesFirst) {
  CgroupNames names(2);
  EXPECT_EQ(names.Find(1), nullptr);
  SetWithin(names, 1, "/a");
  SetWithin(names, 2, "/b");
  SetWithin(names, 1, "/c");
  ASSERT_NE(names.Find(1), nullptr);
  EXPECT_EQ(names.Find(1)->path, "/c");
  SetWithin(names, 3, "/d");
  EXPECT_EQ(names.Find(2), nullptr) << "1 was used after it";
  EXPECT_EQ(names.Find(1)->path, "/c");
  EXPECT_EQ(names.size(), 2u);
  EXPECT_EQ(names.evicted(), 0u) << "nobody was in it";
  names.Clear();
  EXPECT_EQ(names.size(), 0u);
  EXPECT_EQ(names.bytes(), 0u);
}

TEST(CgroupNamesTest, ShortLivedOnesDoNotReplaceThoseInUse) {
  CgroupNames names(1000);
  std::vector<std::uint64_t> in_use;
  for (std::uint64_t id = 1; id <= 100; ++id) {
    SetWithin(names, id, "/docker/" + std::string(64, 'a'));
    in_use.push_back(id);
  }
  for (std::uint64_t id = 1000; id < 1000 + 16'400; ++id) {
    SetWithin(names, id, "/system.slice/run-" + std::to_string(id) + ".service", in_use);
  }
  for (const std::uint64_t id : in_use) EXPECT_NE(names.Find(id), nullptr) << id;
  EXPECT_EQ(names.evicted(), 0u);
  EXPECT_LE(names.size(), 1000u);
}

TEST(CgroupNamesTest, OneInUseThatHasToGoIsCounted) {
  CgroupNames names(8);
  std::vector<std::uint64_t> in_use;
  for (std::uint64_t id = 1; id <= 9; ++id) {
    in_use.push_back(id);
    SetWithin(names, id, "/a", in_use);
  }
  EXPECT_EQ(names.Find(1), nullptr);
  EXPECT_EQ(names.Find(2), nullptr);
  EXPECT_NE(names.Find(9), nullptr);
  EXPECT_EQ(names.evicted(), 2u);
}

// Somebody who may make cgroups gives them names of two thousand bytes, and a process to each.
TEST(CgroupNamesTest, LongNamesGoBeforeThoseOfContainers) {
  CgroupNames names(1000);
  std::vector<std::uint64_t> in_use;
  for (std::uint64_t id = 1; id <= 100; ++id) {
    in_use.push_back(id);
    SetWithin(names, id, "/docker/" + std::string(64, 'a'), in_use);
  }
  for (std::uint64_t id = 1000; id < 1800; ++id) {
    in_use.push_back(id);
    SetWithin(names, id, "/" + std::string(2000, 'x'), in_use);
    EXPECT_LE(names.bytes(), 1000u * 256);
  }
  for (std::uint64_t id = 1; id <= 100; ++id) EXPECT_NE(names.Find(id), nullptr) << id;
  EXPECT_GT(names.evicted(), 0u);
}

}  // namespace
}  // namespace randguard
