// SPDX-License-Identifier: Apache-2.0
//
// The closed sets of values that events and reports have.
#ifndef ANALYZER_EVENT_VALUE_SETS_H_
#define ANALYZER_EVENT_VALUE_SETS_H_

#include <cstdint>
#include <string_view>

#include "analyzer/event/value_set.h"
#include "schema/abi/event.h"

namespace randguard {

// --- processes ---------------------------------------------------------------------------------

#define RG_CONTAINER_RUNTIMES(X)                               \
  X(kDocker, "docker", "")                                     \
  X(kContainerd, "containerd", "")                             \
  X(kCriO, "cri-o", "")                                        \
  X(kPodman, "podman", "")                                     \
  X(kKubernetes, "kubernetes", "of whichever runtime")         \
  X(kSystemdNspawn, "systemd-nspawn", "")                      \
  X(kLxc, "lxc", "")                                           \
  X(kBuildkit, "buildkit", "a step of a build")                \
  X(kEcs, "ecs", "a task of Amazon ECS")                       \
  X(kMachined, "machined", "registered with systemd-machined") \
  X(kGarden, "garden", "of Cloud Foundry")                     \
  X(kOci, "oci", "of a runtime that its cgroup does not name")
RG_VALUE_SET(ContainerRuntime, RG_CONTAINER_RUNTIMES)

#define RG_EXEC_SOURCES(X)     \
  X(kExecve, "execve", "")     \
  X(kExecveat, "execveat", "") \
  X(kKernel, "kernel", "a helper the kernel started")
RG_VALUE_SET(ExecSource, RG_EXEC_SOURCES)

#define RG_STREAM_TYPES(X)                         \
  X(kFile, "file", "")                             \
  X(kDirectory, "directory", "")                   \
  X(kPipe, "pipe", "")                             \
  X(kSocket, "socket", "")                         \
  X(kTerminal, "terminal", "")                     \
  X(kNullDevice, "null_device", "/dev/null")       \
  X(kDevice, "device", "another character device") \
  X(kBlockDevice, "block_device", "")              \
  X(kAnonymous, "anonymous", "of no file system, such as an eventfd")
RG_VALUE_SET(StreamType, RG_STREAM_TYPES)

#define RG_CREDENTIALS_SOURCES(X)                                                            \
  X(kThread, "thread", "the kernel side saw this very thread change its credentials before") \
  X(kExec, "exec", "the process's last exec")                                                \
  X(kFork, "fork", "what its parent was known to be")                                        \
  X(kSnapshot, "snapshot", "the snapshot in which it was found")                             \
  X(kCredentialsChange, "credentials_change", "the event of another of its threads")
RG_VALUE_SET(CredentialsSource, RG_CREDENTIALS_SOURCES)

// --- witnesses ----------------------------------------------------------------------------------

#define RG_WITNESSES(X)                                                                         \
  X(kFunction, "function", "the kernel's code that acts: the result is what really came of it") \
  X(kCall, "call",                                                                              \
    "the exit of the system call: its number, arguments and result as they stood then")         \
  X(kRequest, "request",                                                                        \
    "the request to io_uring, before anything is done: names are the kernel's copies")
RG_VALUE_SET(Witness, RG_WITNESSES)
inline constexpr const char* kWitnessDoc = "where the sensor saw it";

#define RG_ORIGINS(X)                                                                         \
  X(kIoUring, "io_uring",                                                                     \
    "a request to io_uring asked for it; where it was seen when it was made, result is null") \
  X(kKernel, "kernel", "the kernel did it within another call, or by itself")
RG_VALUE_SET(Origin, RG_ORIGINS)
inline constexpr const char* kMountNamespaceForeignDoc =
    "the path is one of a mount namespace other than the host's, where it may name another file; "
    "null: not known";
inline constexpr const char* kOriginDoc =
    "who asked for it in the place of the system call, which is then the one that does the like; "
    "null: the call itself";

// --- paths -------------------------------------------------------------------------------------

#define RG_PATH_SOURCES(X)                                                                      \
  X(kKernel, "kernel", "the object's own path, without symlinks")                               \
  X(kDirectory, "directory",                                                                    \
    "the kernel's path of the directory, and the name in it that the caller wrote")             \
  X(kLexical, "lexical",                                                                        \
    "the kernel's path of the directory, and a name of several parts or one that is followed: " \
    "symlinks in it may lead elsewhere")
RG_VALUE_SET(PathSource, RG_PATH_SOURCES)
inline constexpr const char* kPathSourceDoc = "how the path was found; null: there is none";

#define RG_PATH_STATUSES(X)                         \
  X(kDeleted, "deleted", "")                        \
  X(kDetached, "detached", "no way to the root")    \
  X(kTruncated, "truncated", "its head is missing") \
  X(kUnreadable, "unreadable", "")
RG_VALUE_SET(PathStatus, RG_PATH_STATUSES)
inline constexpr const char* kPathStatusDoc = "why the path is not whole; null: it is";

// --- files -------------------------------------------------------------------------------------

#define RG_TIME_CHANGES(X)                      \
  X(kGiven, "given", "to the one in the event") \
  X(kNow, "now", "to that of the call")         \
  X(kKept, "kept", "not at all")
RG_VALUE_SET(TimeChange, RG_TIME_CHANGES)

// A file has these flags. chattr(1) knows more of them.
#define RG_INODE_FLAGS(X)                                    \
  X(kImmutable, "immutable", "nobody changes or removes it") \
  X(kAppend, "append", "nothing but appending to it")        \
  X(kNoDump, "no_dump", "")                                  \
  X(kNoAtime, "no_atime", "")                                \
  X(kSync, "sync", "")
RG_VALUE_SET(InodeFlag, RG_INODE_FLAGS)

// --- network -----------------------------------------------------------------------------------

#define RG_ADDRESS_FAMILIES(X)                                                               \
  X(kIpv4, "ipv4", "")                                                                       \
  X(kIpv6, "ipv6", "")                                                                       \
  X(kUnix, "unix", "")                                                                       \
  X(kVsock, "vsock", "between virtual machines and their host: addresses are numbers (cid)") \
  X(kPacket, "packet", "whole packets: the local address is the number of an interface, 0: all")
RG_VALUE_SET(AddressFamily, RG_ADDRESS_FAMILIES)

#define RG_ADDRESS_SOURCES(X)                                                                  \
  X(kSocket, "socket", "all addresses are the kernel's own")                                   \
  X(kArgument, "argument",                                                                     \
    "the remote one, of bind the local one, is as the call's argument had it, for the kernel " \
    "keeps none: a failed bind or connect, a datagram without connection")
RG_VALUE_SET(AddressSource, RG_ADDRESS_SOURCES)

#define RG_DIRECTIONS(X)     \
  X(kInbound, "inbound", "") \
  X(kOutbound, "outbound", "")
RG_VALUE_SET(Direction, RG_DIRECTIONS)

// --- behaviour ---------------------------------------------------------------------------------

#define RG_ACCESS_OPERATIONS(X)                                                                \
  X(kAttach, "attach", "")                                                                     \
  X(kSeize, "seize", "")                                                                       \
  X(kPokeText, "poke_text", "")                                                                \
  X(kPokeData, "poke_data", "")                                                                \
  X(kPokeUser, "poke_user", "")                                                                \
  X(kReadMemory, "read_memory", "")                                                            \
  X(kWriteMemory, "write_memory", "")                                                          \
  X(kTraceme, "traceme", "the caller lets its parent, the target, trace it")                   \
  X(kGetDescriptor, "get_descriptor", "pidfd_getfd: the caller got one of the target's files") \
  X(kOpenMemoryToRead, "open_memory_to_read", "/proc/PID/mem")                                 \
  X(kOpenMemoryToWrite, "open_memory_to_write", "/proc/PID/mem, for writing or for both")      \
  X(kOpenEnvironment, "open_environment", "/proc/PID/environ of another user's process")       \
  X(kOpenMappings, "open_mappings",                                                            \
    "where a process of another user has its memory: /proc/PID/maps and the like")
RG_VALUE_SET(AccessOperation, RG_ACCESS_OPERATIONS)

#define RG_MODULE_SOURCES(X)       \
  X(kFile, "file", "finit_module") \
  X(kMemory, "memory", "init_module")
RG_VALUE_SET(ModuleSource, RG_MODULE_SOURCES)

#define RG_BPF_COMMANDS(X)                   \
  X(kProgLoad, "prog_load", "")              \
  X(kProgGetFdById, "prog_get_fd_by_id", "") \
  X(kMapGetFdById, "map_get_fd_by_id", "")   \
  X(kLinkGetFdById, "link_get_fd_by_id", "") \
  X(kLinkDetach, "link_detach", "")
RG_VALUE_SET(BpfCommand, RG_BPF_COMMANDS)

#define RG_BPF_OBJECTS(X)    \
  X(kProgram, "program", "") \
  X(kMap, "map", "")         \
  X(kLink, "link", "")
RG_VALUE_SET(BpfObject, RG_BPF_OBJECTS)

// By the kernel's number, enum bpf_prog_type.
#define RG_BPF_PROGRAM_TYPES(X)                            \
  X(kUnspec, "unspec", "")                                 \
  X(kSocketFilter, "socket_filter", "")                    \
  X(kKprobe, "kprobe", "")                                 \
  X(kSchedCls, "sched_cls", "")                            \
  X(kSchedAct, "sched_act", "")                            \
  X(kTracepoint, "tracepoint", "")                         \
  X(kXdp, "xdp", "")                                       \
  X(kPerfEvent, "perf_event", "")                          \
  X(kCgroupSkb, "cgroup_skb", "")                          \
  X(kCgroupSock, "cgroup_sock", "")                        \
  X(kLwtIn, "lwt_in", "")                                  \
  X(kLwtOut, "lwt_out", "")                                \
  X(kLwtXmit, "lwt_xmit", "")                              \
  X(kSockOps, "sock_ops", "")                              \
  X(kSkSkb, "sk_skb", "")                                  \
  X(kCgroupDevice, "cgroup_device", "")                    \
  X(kSkMsg, "sk_msg", "")                                  \
  X(kRawTracepoint, "raw_tracepoint", "")                  \
  X(kCgroupSockAddr, "cgroup_sock_addr", "")               \
  X(kLwtSeg6local, "lwt_seg6local", "")                    \
  X(kLircMode2, "lirc_mode2", "")                          \
  X(kSkReuseport, "sk_reuseport", "")                      \
  X(kFlowDissector, "flow_dissector", "")                  \
  X(kCgroupSysctl, "cgroup_sysctl", "")                    \
  X(kRawTracepointWritable, "raw_tracepoint_writable", "") \
  X(kCgroupSockopt, "cgroup_sockopt", "")                  \
  X(kTracing, "tracing", "")                               \
  X(kStructOps, "struct_ops", "")                          \
  X(kExt, "ext", "")                                       \
  X(kLsm, "lsm", "")                                       \
  X(kSkLookup, "sk_lookup", "")                            \
  X(kSyscall, "syscall", "")                               \
  X(kNetfilter, "netfilter", "")
RG_VALUE_SET(BpfProgramType, RG_BPF_PROGRAM_TYPES)

#define RG_RING_OPERATIONS(X)     \
  X(kConnect, "connect", "")      \
  X(kSend, "send", "")            \
  X(kSendmsg, "sendmsg", "")      \
  X(kSendZc, "send_zc", "")       \
  X(kSendmsgZc, "sendmsg_zc", "") \
  X(kOpenat, "openat", "")        \
  X(kOpenat2, "openat2", "")      \
  X(kRenameat, "renameat", "")    \
  X(kUnlinkat, "unlinkat", "")    \
  X(kMkdirat, "mkdirat", "")      \
  X(kSymlinkat, "symlinkat", "")  \
  X(kLinkat, "linkat", "")        \
  X(kBind, "bind", "")            \
  X(kListen, "listen", "")        \
  X(kAccept, "accept", "")        \
  X(kRecv, "recv", "")            \
  X(kRecvmsg, "recvmsg", "")
RG_VALUE_SET(RingOperation, RG_RING_OPERATIONS)

// --- alerts ------------------------------------------------------------------------------------

#define RG_RULE_TYPES(X)     \
  X(kProcess, "process", "") \
  X(kFile, "file", "")       \
  X(kNetwork, "network", "") \
  X(kCorrelation, "correlation", "")
RG_VALUE_SET(RuleType, RG_RULE_TYPES)

#define RG_SEVERITIES(X)                                                              \
  X(kInformational, "informational", "a fact that others may use, no reason to look") \
  X(kLow, "low", "")                                                                  \
  X(kMedium, "medium", "")                                                            \
  X(kHigh, "high", "")                                                                \
  X(kCritical, "critical", "")
RG_VALUE_SET(Severity, RG_SEVERITIES)

#define RG_RULE_ACTIONS(X) X(kAlert, "alert", "")
RG_VALUE_SET(RuleAction, RG_RULE_ACTIONS)

#define RG_RULE_SOURCES(X) X(kSigma, "sigma", "a Sigma rule")
RG_VALUE_SET(RuleSource, RG_RULE_SOURCES)

// --- losses and health -------------------------------------------------------------------------

#define RG_LOSS_REASONS(X)                                                                       \
  X(kKernel, "kernel",                                                                           \
    "no room in the ring, or no way to read; the programs' counters in health say which")        \
  X(kAnalyzerRestart, "analyzer_restart",                                                        \
    "handed to an analyzer that ended before it had printed them")                               \
  X(kSkipped, "skipped",                                                                         \
    "the kernel did not run the hook's programs, because on that processor it was within them "  \
    "already; not every run would have made a record")                                           \
  X(kStreamGap, "stream_gap", "a batch is missing")                                              \
  X(kCollectorRestart, "collector_restart", "nobody observed in between")                        \
  X(kOutput, "output", "lines that could not be written, reported when writing works again")     \
  X(kUncleanEnd, "unclean_end",                                                                  \
    "the analyzer before this one was killed or failed: some of its last lines may be missing")  \
  X(kRateLimit, "rate_limit",                                                                    \
    "file and network events over performance.max_events_per_second; rules have seen them, and " \
    "alerts are never limited")
RG_VALUE_SET(LossReason, RG_LOSS_REASONS)

#define RG_LANES(X)                                   \
  X(kUnknown, "unknown", "of a kind that is unknown") \
  X(kCritical, "critical", "")                        \
  X(kBulk, "bulk", "")                                \
  X(kSnapshot, "snapshot", "no ring: the task iterator")
RG_VALUE_SET(Lane, RG_LANES)

#define RG_AGENT_MODES(X)                                            \
  X(kMonitor, "monitor", "rules and detections, like detect")        \
  X(kDetect, "detect", "events, and alerts of rules and detections") \
  X(kTelemetry, "telemetry", "events alone: no rule is evaluated")
RG_VALUE_SET(AgentMode, RG_AGENT_MODES)

#define RG_HEALTH_STATUSES(X)                                       \
  X(kOk, "ok", "")                                                  \
  X(kDegraded, "degraded", "something is missing, lost or failing") \
  X(kBlind, "blind", "no collector is connected, or the canary does not come back")
RG_VALUE_SET(HealthStatus, RG_HEALTH_STATUSES)

#define RG_CANARY_STAGES(X)                                                                   \
  X(kCanary, "canary", "the process that makes it happen is gone, or can start none")         \
  X(kKernel, "kernel", "the kernel's programs have stored no record of a new process")        \
  X(kCollector, "collector", "the collector is silent, or has not forwarded what was stored") \
  X(kRules, "rules", "the event came, and the rule that looks for it did not fire")           \
  X(kOutput, "output", "the rule fired, and the line could not be written")
RG_VALUE_SET(CanaryStage, RG_CANARY_STAGES)

#define RG_HOOK_STATES(X)                                                                      \
  X(kOff, "off", "")                                                                           \
  X(kAttached, "attached", "")                                                                 \
  X(kFallback, "fallback",                                                                     \
    "other programs than the first choice, or the exit of system calls for want of functions") \
  X(kMissing, "missing", "")                                                                   \
  X(kUnknown, "unknown", "a collector of another version")
RG_VALUE_SET(HookState, RG_HOOK_STATES)

#define RG_LANDLOCK_STATES(X)                                                      \
  X(kOff, "off", "this kernel has none")                                           \
  X(kPartial, "partial", "this kernel's version lacks a part, the log says which") \
  X(kEnforced, "enforced", "")
RG_VALUE_SET(LandlockState, RG_LANDLOCK_STATES)

#define RG_SECCOMP_STATES(X)                \
  X(kOff, "off", "a build with sanitizers") \
  X(kEnforced, "enforced", "")
RG_VALUE_SET(SeccompState, RG_SECCOMP_STATES)

// --- lists of the ABI --------------------------------------------------------------------------

// A kind of record, enum rg_kind.
enum class Kind : std::uint16_t {};
template <>
struct EnumTraits<Kind> {
#define EVENT_KIND(number, name, body, domain, behaviour, lane) RG_VALUE_NAME(, #name, )
  static constexpr std::string_view kNames[] = {
      "unknown",
#include "schema/abi/event_kinds.def"
  };
#undef EVENT_KIND
#define EVENT_KIND(number, name, body, domain, behaviour, lane) RG_VALUE_JSON(, #name, )
  static constexpr std::string_view kJson[] = {
      "\"unknown\"",
#include "schema/abi/event_kinds.def"
  };
#undef EVENT_KIND
  static constexpr std::string_view kMeanings[std::size(kNames)] = {};
};
static_assert(std::size(EnumTraits<Kind>::kNames) == RG_KIND_END);

// A hook, enum rg_hook.
enum class Hook : std::uint16_t {};
template <>
struct EnumTraits<Hook> {
#define HOOK(number, name, need, about) RG_VALUE_NAME(, #name, )
  static constexpr std::string_view kNames[] = {
      "unknown",
#include "schema/abi/hooks.def"
  };
#undef HOOK
#define HOOK(number, name, need, about) RG_VALUE_JSON(, #name, )
  static constexpr std::string_view kJson[] = {
      "\"unknown\"",
#include "schema/abi/hooks.def"
  };
#undef HOOK
  static constexpr std::string_view kMeanings[std::size(kNames)] = {};
};
static_assert(std::size(EnumTraits<Hook>::kNames) == RG_HOOK_END);

}  // namespace randguard

#endif  // ANALYZER_EVENT_VALUE_SETS_H_
