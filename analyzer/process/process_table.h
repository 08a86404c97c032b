// SPDX-License-Identifier: Apache-2.0
//
// The processes of the observed host, as far as records have told. Bounded: at most `capacity`
// entries; ended processes stay for a grace time, for what they did may still be on its way, and
// are evicted first, the longest-ended before others, then living ones, the longest-unheard-of
// first. Every operation takes constant time (Expire: per process that goes).
#ifndef ANALYZER_PROCESS_PROCESS_TABLE_H_
#define ANALYZER_PROCESS_PROCESS_TABLE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "analyzer/event/credentials.h"
#include "analyzer/event/values.h"
#include "schema/abi/event.h"

namespace randguard {

// A program as it was started. Shared, because a fork goes on with its parent's: copying a path for
// each of a build's thousand forks is what a table like this would spend its time on.
struct ProgramImage {
  std::string exe_path;  // empty: unknown
  // As it was started; arguments end with NUL each, absent when they are not collected.
  std::optional<std::string> args;
  std::string cwd, tty;  // empty: unknown, none
  std::optional<std::uint32_t> loginuid;
};

// Credentials as last told by a record: of the whole process, though its threads may differ.
struct KnownCredentials {
  Credentials credentials;
  std::string_view source;  // a literal: which record
};

struct Process {
  ProcessKey key;
  ProcessKey parent;                                    // pid 0: none or unknown
  std::shared_ptr<const ProgramImage> image;            // null: unknown
  std::shared_ptr<const KnownCredentials> credentials;  // null: unknown
  bool credentials_inherited = false;                   // told of the process that forked this one
  std::uint64_t cgroup_id = 0;
  std::array<char, RG_COMM_LEN> comm{};
  std::uint32_t generation = 0;  // of the snapshot that last confirmed it
  bool exited = false;
  bool exit_told = false;  // by a record of its own; else a snapshot did not find it any more
  std::uint64_t exit_ns = 0;

  std::string_view comm_text() const { return {comm.data(), strnlen(comm.data(), comm.size())}; }
  void set_comm(std::string_view text);
};

class ProcessTable {
 public:
  // Bytes of arguments that are kept of all processes together; beyond it, of each new program only
  // the first kArgsWhenFull, which is counted.
  static constexpr std::size_t kArgsTotal = std::size_t{32} << 20;
  static constexpr std::size_t kArgsWhenFull = 128;

  ProcessTable(std::size_t capacity, std::uint64_t grace_ns);

  // Null if unknown. Pointers stay valid until the next Upsert() or Expire().
  const Process* Find(const ProcessKey& key) const;
  // The entry, made if it was not there (then evicting another if the table is full). One that
  // EndOthers() ended lives again: it was not in the snapshot, and here it is.
  Process& Upsert(const ProcessKey& key);
  // Marks the process as ended. False: this was told before.
  bool Exit(const ProcessKey& key, std::uint64_t time_ns);
  // Forgets what has ended longer than the grace time before `now_ns`.
  void Expire(std::uint64_t now_ns);
  // Ends every living process whose generation is another: they are gone, though no record has
  // said when; one may still come. Returns how many.
  std::size_t EndOthers(std::uint32_t generation, std::uint64_t time_ns);
  void Clear();

  // The image, to be shared by the processes that run it.
  std::shared_ptr<const ProgramImage> MakeImage(ProgramImage image);
  std::uint64_t images_cut() const { return images_cut_; }

  std::size_t size() const { return index_.size(); }
  std::uint64_t evicted() const { return evicted_; }

 private:
  using Slot = std::uint32_t;
  static constexpr Slot kNone = UINT32_MAX;

  struct Node {
    Process process;
    Slot previous = kNone;
    Slot next = kNone;
  };
  // Doubly linked through the nodes; the front goes first.
  struct Queue {
    Slot front = kNone;
    Slot back = kNone;
  };

  Queue& QueueOf(const Process& process) { return process.exited ? exited_ : living_; }
  void Unlink(Queue& queue, Slot slot);
  void PushBack(Queue& queue, Slot slot);
  void Remove(Queue& queue, Slot slot);
  // The entry of a key that must not be revived, made if it was not there.
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
  // Shared with the images, which take off what they have added.
  std::shared_ptr<std::size_t> args_bytes_ = std::make_shared<std::size_t>(0);
};

}  // namespace randguard

#endif  // ANALYZER_PROCESS_PROCESS_TABLE_H_
