// SPDX-License-Identifier: Apache-2.0
//
// The knowledge about the observed host: its processes, cgroups and users. Events change this
// knowledge, and get from it what their records could not hold.
#ifndef ANALYZER_PROCESS_ENRICHER_H_
#define ANALYZER_PROCESS_ENRICHER_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "analyzer/event/events.h"
#include "analyzer/process/cgroup_names.h"
#include "analyzer/process/process_table.h"
#include "analyzer/process/trust.h"

namespace randguard {

class Enricher {
 public:
  using Users = absl::flat_hash_map<std::uint32_t, std::string>;  // names by uid

  explicit Enricher(std::size_t max_processes);
  Enricher(const Enricher&) = delete;  // others point to the table and the users
  Enricher& operator=(const Enricher&) = delete;

  // A session begins, with a snapshot. Nothing of another boot means anything in this one.
  void BeginSession(bool other_boot);
  // The next record is the first one of a snapshot.
  void BeginSnapshot();
  // Processes of which the table knew less than a snapshot.
  struct Findings {
    std::size_t born = 0;     // were not in the table
    std::size_t changed = 0;  // run another program than in the table
    std::size_t ended = 0;    // are not in the snapshot
  };
  // The snapshot is whole: ends the processes that it did not have.
  Findings EndSnapshot(std::uint64_t now_ns);
  void Expire(std::uint64_t now_ns) { processes_.Expire(now_ns); }
  // Names of another reading follow, by AddUser().
  void ClearUsers(std::uint32_t reading) {
    users_.clear();
    users_reading_ = reading;
  }
  void AddUser(std::uint32_t uid, std::string_view name);

  enum class Outcome : std::uint8_t {
    kHappened,  // enriched: goes on to rules and output
    kNoted,     // only remembered: of a snapshot, or the name of a cgroup
    kNoChange,  // of a call that changed nothing
  };
  // Text in the event borrows from here afterwards, until the next call.
  Outcome Apply(ProcessStart& event, bool snapshot);
  Outcome Apply(ProcessRelationship& event, bool snapshot);
  Outcome Apply(ProcessExit& event, bool snapshot);
  Outcome Apply(CgroupName& event, bool snapshot);
  Outcome Apply(CredentialsChange& event, bool snapshot);
  template <typename E>
  Outcome Apply(E& event, bool snapshot) {  // changes nothing that is kept
    if (snapshot) return Outcome::kNoted;
    Enrich(event.actor);
    if constexpr (requires { event.call.mount_namespace_foreign; }) {
      event.call.mount_namespace_foreign = trust_.IsForeign(event.call.mount_namespace);
    }
    if constexpr (requires { event.target.process_id; }) {
      FindExePath(event.target.process_id.value_or(ProcessKey{}), event.target.exe_path);
    }
    return Outcome::kHappened;
  }

  const ProcessTable& processes() const { return processes_; }
  const CgroupNames& cgroups() const { return cgroups_; }
  const Users& users() const { return users_; }
  std::uint32_t users_reading() const { return users_reading_; }

 private:
  // Whose share of the process table a process takes.
  Owner OwnerFor(std::uint32_t uid, std::uint64_t cgroup_id);
  void Enrich(Actor& actor);
  // The text of the actor borrows from the cgroup's name.
  static void FillContainers(const Cgroup& cgroup, Actor& actor);
  void NameCgroup(std::uint64_t id, std::string_view path);
  // Leaves the path as it is, where none is known.
  void FindExePath(const ProcessKey& process, OptionalText& path) const;

  ProcessTable processes_;
  CgroupNames cgroups_;
  Users users_;
  std::uint32_t users_reading_ = 0;
  Trust trust_;
  std::uint32_t generation_ = 0;  // of the latest snapshot
  Findings findings_;             // of that one, so far
  std::string exit_path_;         // executable of the process whose end was last applied
};

}  // namespace randguard

#endif  // ANALYZER_PROCESS_ENRICHER_H_
