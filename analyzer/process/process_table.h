// SPDX-License-Identifier: Apache-2.0
//
// The processes of the observed host, as far as records have reported them. Bounded: at most
// `capacity` entries. Ended processes stay for a grace time, because records of their actions may
// still be on the way.
//
// Eviction is LRU in two queues: first ended processes, the longest-ended before others, then
// living ones, the longest-unheard-of before others. Every operation takes constant time, except
// Expire() (constant for each process that goes) and EndOthers() (constant for each living one).
#ifndef ANALYZER_PROCESS_PROCESS_TABLE_H_
#define ANALYZER_PROCESS_PROCESS_TABLE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "analyzer/event/credentials.h"
#include "analyzer/event/value_sets.h"
#include "analyzer/event/values.h"
#include "schema/abi/event.h"

namespace randguard {

// A program as it was started. Processes share images, because a forked process goes on with its
// parent's program. Copying a path for each of a build's thousand forks would take most of the
// table's time.
struct ProgramImage {
  std::string exe_path;  // empty: unknown
  // At the start; each argument ends with NUL. Absent when arguments are not collected.
  std::optional<std::string> args;
  std::string cwd, tty;  // empty: unknown, none
  std::optional<std::uint32_t> loginuid;
  std::string script_path;  // empty: none, or unknown
  std::uint64_t exe_inode = 0;
  std::uint32_t exe_dev = 0;  // the kernel's dev_t
  bool trusted = false;       // the host's own program (trust.h)
  // Its set-user-id or set-group-id bit gave it rights that its caller lacks. So the caller's
  // environment and debugger have no say in what it does.
  bool set_id = false;

  bool IsSameProgram(const ProgramImage& other) const {
    return exe_path == other.exe_path && exe_inode == other.exe_inode && exe_dev == other.exe_dev;
  }
};

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
  ProcessKey parent;                          // pid 0: none or unknown
  std::shared_ptr<const ProgramImage> image;  // null: unknown
  std::shared_ptr<const Creator> creator;     // of this one; null: unknown, or too far away
  CommBytes comm{};
  bool root = false;        // by its real user id
  std::uint32_t depth = 1;  // links of the chain that begins here

  // The host's own program, and nobody but root has said what it is to do.
  bool trusted() const { return root && image != nullptr && image->trusted; }
  std::string_view comm_text() const { return TextOf(comm); }
};

struct Process {
  ProcessKey key;
  ProcessKey parent;                                    // pid 0: none or unknown
  std::shared_ptr<const Creator> creator;               // null: unknown
  std::shared_ptr<const ProgramImage> image;            // null: unknown
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
  // Bytes of arguments that are kept of all processes together. Beyond that, only the first
  // kArgsWhenFull bytes of each new program are kept, and the cut is counted.
  static constexpr std::size_t kArgsTotal = std::size_t{32} << 20;
  static constexpr std::size_t kArgsWhenFull = 128;

  // Creators above a process that are kept at least. The chain is cut when it is twice as long.
  static constexpr std::uint32_t kCreators = 16;

  ProcessTable(std::size_t capacity, std::uint64_t grace_ns);

  // Null if unknown. Pointers stay valid until Upsert(), Exit(), Expire() or Clear().
  const Process* Find(const ProcessKey& key) const;
  // The entry, made if it was not there (then another one is evicted if the table is full). A
  // process that EndOthers() ended lives again: the snapshot had missed it.
  Process& Upsert(const ProcessKey& key);
  // Marks the process as ended. Returns false if an earlier record has done so.
  bool Exit(const ProcessKey& key, std::uint64_t time_ns);
  // Calls visit(process) for each that has not ended.
  template <typename Visit>
  void ForEachLiving(Visit&& visit) const {
    for (Slot slot = living_.front; slot != kNone; slot = nodes_[slot].next) {
      visit(nodes_[slot].process);
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

  // A process as creator of another one. Its image and its own creator are those in the table.
  std::shared_ptr<const Creator> MakeCreator(const ProcessKey& key, const ProcessKey& parent,
                                             std::string_view comm, bool root = false);
  // How often a creator was kept without its own, because there were too many of them.
  std::uint64_t creators_cut() const { return creators_cut_; }

  // Makes an image that the processes of one program share.
  std::shared_ptr<const ProgramImage> MakeImage(ProgramImage image);
  std::uint64_t images_cut() const { return images_cut_; }

  std::size_t size() const { return index_.size(); }
  std::uint64_t evicted() const { return evicted_; }

 private:
  using Slot = std::uint32_t;
  static constexpr Slot kNone = UINT32_MAX;
  // Creators that are kept at most, for each process that the table can hold.
  static constexpr std::size_t kCreatorsPerProcess = 2;

  struct Node {
    Process process;
    Slot previous = kNone;
    Slot next = kNone;
  };
  // Doubly linked through the nodes; the front is evicted first.
  struct Queue {
    Slot front = kNone;
    Slot back = kNone;
  };

  std::shared_ptr<const Creator> Keep(Creator creator);
  Queue& QueueOf(const Process& process) { return process.exited ? exited_ : living_; }
  void Unlink(Queue& queue, Slot slot);
  void PushBack(Queue& queue, Slot slot);
  void Remove(Queue& queue, Slot slot);
  // The entry of a key, made if it was not there. An ended process stays ended.
  Slot FindOrAdd(const ProcessKey& key);
  void End(Slot slot, std::uint64_t time_ns);

  const std::size_t capacity_;
  const std::uint64_t grace_ns_;
  std::vector<Node> nodes_;
  std::vector<Slot> free_;
  absl::flat_hash_map<ProcessKey, Slot> index_;
  Queue living_;
  Queue exited_;
  std::uint64_t evicted_ = 0;
  std::uint64_t images_cut_ = 0;
  std::uint64_t creators_cut_ = 0;
  // Shared with the images: each image subtracts its bytes when it goes.
  std::shared_ptr<std::size_t> args_bytes_ = std::make_shared<std::size_t>(0);
  // Shared with the creators, likewise: how many there are.
  std::shared_ptr<std::size_t> creators_ = std::make_shared<std::size_t>(0);
};

}  // namespace randguard

#endif  // ANALYZER_PROCESS_PROCESS_TABLE_H_
