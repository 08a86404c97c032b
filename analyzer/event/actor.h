// SPDX-License-Identifier: Apache-2.0
#ifndef ANALYZER_EVENT_ACTOR_H_
#define ANALYZER_EVENT_ACTOR_H_

#include <cstdint>
#include <optional>

#include "analyzer/event/field.h"
#include "analyzer/event/value_sets.h"
#include "analyzer/event/values.h"

namespace randguard {

inline constexpr const char* kSeccompDoc =
    "a seccomp filter was in force, which can make up the result of a call that was never made";

inline constexpr const char* kTracedDoc =
    "the thread was under ptrace(2), whose user can make up the result of a call that was never "
    "made; false where a function of the kernel is the witness";

inline constexpr const char* kDoubtfulDoc =
    "result cannot be right: the thread may not do such a thing, or what the call is said to have "
    "made is not there";

// The process and thread that did what an event reports. All events have these fields.
struct Actor {
  std::uint64_t timestamp_ns = 0;
  WallTime time;
  EventId event_id;
  Host host;
  AgentId agent_id;
  std::uint32_t pid = 0;
  std::uint32_t tid = 0;
  std::uint32_t ppid = 0;
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  Text comm;
  OptionalText exe_path;
  ProcessKey process_id;
  std::optional<ProcessKey> parent_process_id;
  OptionalText cgroup;
  std::uint64_t cgroup_id = 0;
  OptionalText container_id;
  std::optional<ContainerRuntime> container_runtime;
  bool container_inherited = false;
  OrLeftOut<bool> container_rootless;
  OrLeftOut<TextList> nested_containers;
};

constexpr auto FieldsOf(const Actor*) {
  return FieldList{
      Field<"timestamp_ns">(&Actor::timestamp_ns, "when, nanoseconds since boot (CLOCK_BOOTTIME)"),
      Field<"time">(&Actor::time, "when, RFC 3339 in UTC, by the clock of the recorded host"),
      Field<"event_id">(&Actor::event_id,
                        "the event for ever, live and in every replay: boot, start of the "
                        "collector, number of the record"),
      Field<"host">(&Actor::host, "name of the host"),
      Field<"agent_id">(&Actor::agent_id, kAgentIdDoc),
      Field<"pid">(&Actor::pid, "process"),
      Field<"tid">(&Actor::tid, "thread"),
      Field<"ppid">(&Actor::ppid, "parent process"),
      Field<"uid">(&Actor::uid, "real user id"),
      Field<"gid">(&Actor::gid, "real group id"),
      Field<"comm">(&Actor::comm, "name of the thread, at most 15 bytes"),
      Field<"exe_path">(&Actor::exe_path,
                        "executable: absolute, without symlinks, as its mount namespace names it"),
      Field<"process_id">(&Actor::process_id, "the process for ever: boot, pid, start time"),
      Field<"parent_process_id">(&Actor::parent_process_id, "the same of the parent"),
      Field<"cgroup">(&Actor::cgroup, "path in the cgroup v2 hierarchy; null: unknown"),
      Field<"cgroup_id">(&Actor::cgroup_id, "id of that cgroup"),
      Field<"container_id">(&Actor::container_id,
                            "outermost container that the cgroup's path names; of systemd-nspawn, "
                            "machined, lxc and garden the name that its maker chose; null: none "
                            "that is recognised"),
      Field<"container_runtime">(&Actor::container_runtime,
                                 "what runs that container; null: none that is recognised"),
      Field<"container_inherited">(&Actor::container_inherited,
                                   "the cgroup's path is not known yet: this is the parent's "
                                   "container"),
      Field<"container_rootless">(
          &Actor::container_rootless,
          "true: a user's own container, below that user's slice, where the "
          "user can choose every name; left out for all others"),
      Field<"nested_containers">(&Actor::nested_containers,
                                 "containers within that container, the outermost first, each as "
                                 "RUNTIME:ID, a user's own as rootless-RUNTIME:ID; left out: none"),
  };
}

}  // namespace randguard

#endif  // ANALYZER_EVENT_ACTOR_H_
