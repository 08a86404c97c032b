// SPDX-License-Identifier: Apache-2.0
//
// The processes of the observed host, as far as records have reported them. Bounded in entries and
// in bytes. Ended processes stay for a grace time, because records of their actions may still be on
// the way.
//
// Whoever has the most processes makes room for others (fair_share.h). Eviction is LRU in two
// queues of each user: first ended processes, the longest-ended before others, then living ones,
// the longest-unheard-of before others. Ended processes of one user go before living ones of
// another, unless the first has less than his share. Every operation takes constant time, except
// Expire() (constant for each process that goes) and EndOthers() (constant for each living one).
#ifndef ANALYZER_PROCESS_PROCESS_TABLE_H_
#define ANALYZER_PROCESS_PROCESS_TABLE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "analyzer/event/credentials.h"
#include "analyzer/event/value_sets.h"
#include "analyzer/event/values.h"
#include "analyzer/process/fair_share.h"
#include "analyzer/process/image_store.h"
#include "schema/abi/event.h"

namespace randguard {

// Credentials of the whole process in the latest record that has them. Its threads may differ.
struct KnownCredentials {
  Credentials credentials;
  CredentialsSource source = CredentialsSource::kExec;  // which record
};

using CommBytes = std::array<char, RG_COMM_LEN>;  // NUL padded
inline std::string_view TextOf(const CommBytes& comm) {
  return {comm.data(), strnlen(comm.data(), comm.size())};
}

// A process as it was when it created another one. It stays as long as processes that descend from
// it do: it may end, or start another program, long before they act.
struct Creator {
  ProcessKey key;
  ProcessKey parent;                       // pid 0: none or unknown
  HeldImage image;                         // null: unknown
  std::shared_ptr<const Creator> creator;  // of this one; null: unknown, or too far away
  CommBytes comm{};
  bool root = false;        // by its real user id
  std::uint32_t depth = 1;  // links of the chain that begins here

  // The host's own program, and nobody but root has said what it is to do.
  bool trusted() const { return root && image != nullptr && image->trusted; }
  std::string_view comm_text() const { return TextOf(comm); }
};

// The image of a process. The table sets it, because it has to know which images are in use.
class RunningImage : public HeldImage {
 public:
  RunningImage() = default;
  RunningImage(const RunningImage&) = default;

 private:
  friend class ProcessTable;
  friend struct Process;
  RunningImage& operator=(const RunningImage&) = default;
  RunningImage& operator=(HeldImage image) {
    HeldImage::operator=(std::move(image));
    return *this;
  }
};

struct Process {
  ProcessKey key;
  ProcessKey parent;                                    // pid 0: none or unknown
  std::shared_ptr<const Creator> creator;               // null: unknown
  RunningImage image;                                   // null: unknown
  std::shared_ptr<const KnownCredentials> credentials;  // null: unknown
  bool credentials_inherited = false;                   // of the process that forked this one
  std::uint64_t cgroup_id = 0;
  CommBytes comm{};
  std::uint32_t generation = 0;  // of the snapshot that last confirmed it
  bool exited = false;
  bool exit_recorded = false;  // by a record; else a snapshot did not have it any more
  std::uint64_t exit_ns = 0;

  std::string_view comm_text() const { return TextOf(comm); }
  void set_comm(std::string_view text);
};

class ProcessTable {
 public:
  // Texts of all programs together, and all the rest of the table. The table's own account of what
  // it takes; the allocator adds a little.
  static constexpr std::size_t kTextBytes = std::size_t{48} << 20;
  static constexpr std::size_t kOtherBytes = std::size_t{64} << 20;

  // Creators above a process that are kept at least. The chain is cut when it is twice as long.
  static constexpr std::uint32_t kCreators = 16;

  ProcessTable(std::size_t capacity, std::uint64_t grace_ns);
  ~ProcessTable() { Clear(); }
  ProcessTable(const ProcessTable&) = delete;
  ProcessTable& operator=(const ProcessTable&) = delete;

  // Null if unknown. Pointers stay valid until Upsert(), Exit(), Expire() or Clear().
  const Process* Find(const ProcessKey& key) const;
  // The entry, made if it was not there (then another one is evicted if the table is full). A
  // process that EndOthers() ended lives again: the snapshot had missed it. Without an owner, a new
  // entry is root's, and an old one keeps its owner.
  Process& Upsert(const ProcessKey& key, const std::optional<Owner>& owner = std::nullopt);
  // Marks the process as ended. Returns false if an earlier record has done so.
  bool Exit(const ProcessKey& key, std::uint64_t time_ns,
            const std::optional<Owner>& owner = std::nullopt);
  // Calls visit(process) for each that has not ended.
  template <typename Visit>
  void ForEachLiving(Visit&& visit) const {
    for (const Queues& queues : queues_) {
      for (Slot slot = queues.living.front; slot != kNone; slot = NodeAt(slot).own.next) {
        visit(NodeAt(slot).process);
      }
    }
  }
  // The process acted in that cgroup.
  void NoteCgroup(const ProcessKey& key, std::uint64_t cgroup_id);
  // Forgets what has ended longer than the grace time before `now_ns`.
  void Expire(std::uint64_t now_ns);
  // Ends every living process of another generation. Those are gone, though no record has reported
  // their end; such a record may still come. Returns how many processes were ended.
  std::size_t EndOthers(std::uint32_t generation, std::uint64_t time_ns);
  void Clear();

  // The owner of a process that is there; nothing if it is not.
  std::optional<Owner> OwnerOf(const ProcessKey& key) const;

  // A process as creator of another one. Its image and its own creator are those in the table. The
  // creator must not outlive the table.
  std::shared_ptr<const Creator> MakeCreator(const ProcessKey& key, const ProcessKey& parent,
                                             std::string_view comm, bool root = false);
  // How often a creator was kept without its own, because there were too many of them.
  std::uint64_t creators_cut() const { return creators_cut_; }

  // Makes an image that the processes of one program share, and that must not outlive the table.
  HeldImage MakeImage(const ProgramImage& image, const Owner& owner = {});
  // The process is one that Upsert() returned last.
  void SetImage(Process& process, const HeldImage& image);
  const ImageStore& images() const { return images_; }

  std::size_t size() const { return index_.size(); }
  std::uint64_t evicted() const { return evicted_; }
  // Living processes whose entry, or whose program's texts, were forgotten for want of room.
  std::uint64_t living_forgotten() const { return living_evicted_ + images_.living_forgotten(); }
  // Memory of all of it, as the table accounts for it.
  std::size_t bytes() const { return images_.text_bytes() + OtherBytes(); }

 private:
  using Slot = std::uint32_t;
  using Account = FairShare::Account;
  static constexpr Slot kNone = UINT32_MAX;
  // Creators, for each process that the table can hold, and in all. Beyond that, whoever has more
  // than a share loses the links between them.
  static constexpr std::size_t kCreatorsPerProcess = 2;
  static constexpr std::size_t kMaxCreators = 131072;
  static constexpr std::size_t kNodesPerBlock = 256;

  struct Links {
    Slot previous = kNone;
    Slot next = kNone;
  };
  struct Node {
    Process process;
    Account account = FairShare::kNone;
    Links own;    // among its owner's living or ended processes
    Links ended;  // among all that ended
  };
  // Doubly linked through the nodes; the front is evicted first.
  struct Queue {
    Slot front = kNone;
    Slot back = kNone;
  };
  struct Queues {
    Queue living, ended;
  };

  Node& NodeAt(Slot slot) { return blocks_[slot / kNodesPerBlock][slot % kNodesPerBlock]; }
  const Node& NodeAt(Slot slot) const {
    return blocks_[slot / kNodesPerBlock][slot % kNodesPerBlock];
  }
  std::size_t OtherBytes() const;
  std::shared_ptr<const Creator> Keep(Creator creator, Account account);
  template <Links Node::*kLinks>
  void Unlink(Queue& queue, Slot slot);
  template <Links Node::*kLinks>
  void PushBack(Queue& queue, Slot slot);
  // Into and out of the queues of its owner.
  void Link(Slot slot);
  void Unlink(Slot slot);
  // The same with his amounts.
  void Enter(Slot slot);
  void Leave(Slot slot);
  void SetOwner(Slot slot, const Owner& owner);
  Slot NewSlot();
  void Remove(Slot slot);
  void EvictOne();
  // The entry of a key, made if it was not there. An ended process stays ended.
  Slot FindOrAdd(const ProcessKey& key, const std::optional<Owner>& owner);
  void End(Slot slot, std::uint64_t time_ns);

  const std::size_t capacity_;
  const std::uint64_t grace_ns_;
  FairShare shares_;
  ImageStore images_{kTextBytes, shares_};
  std::vector<std::unique_ptr<Node[]>> blocks_;
  Slot used_ = 0;  // nodes that were ever used
  std::vector<Slot> free_;
  absl::flat_hash_map<ProcessKey, Slot> index_;
  std::vector<Queues> queues_;  // by account
  Queue ended_;                 // of all
  std::size_t creators_ = 0;
  std::uint64_t evicted_ = 0, living_evicted_ = 0;
  std::uint64_t creators_cut_ = 0;
};

}  // namespace randguard

#endif  // ANALYZER_PROCESS_PROCESS_TABLE_H_
