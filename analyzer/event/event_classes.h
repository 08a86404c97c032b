// SPDX-License-Identifier: Apache-2.0
//
// The classes of events: a struct each, and an alternative of Event. Who only names or counts them
// needs no more than this; events.h describes them.
#ifndef ANALYZER_EVENT_EVENT_CLASSES_H_
#define ANALYZER_EVENT_EVENT_CLASSES_H_

#include <cstddef>
#include <string_view>
#include <type_traits>
#include <variant>

namespace randguard {

struct ProcessStart;
struct ProcessExecFailed;
struct ProcessRelationship;
struct ProcessExit;
struct CgroupName;
struct FileOpen;
struct FileWrite;
struct FileRename;
struct FileUnlink;
struct FileChange;
struct CredentialsChange;
struct ProcessAccess;
struct AgentSignal;
struct ModuleLoad;
struct ModuleUnload;
struct BpfOperation;
struct NamespaceChange;
struct Mount;
struct Unmount;
struct RootChange;
struct MemfdCreate;
struct IoUringOperation;
struct NetworkConnect;
struct NetworkBind;
struct NetworkListen;
struct NetworkAccept;
struct NetworkDatagram;
struct NetworkClose;

using Event = std::variant<ProcessStart, ProcessExecFailed, ProcessRelationship, ProcessExit,
                           CgroupName, FileOpen, FileWrite, FileRename, FileUnlink, FileChange,
                           CredentialsChange, ProcessAccess, AgentSignal, ModuleLoad, ModuleUnload,
                           BpfOperation, NamespaceChange, Mount, Unmount, RootChange, MemfdCreate,
                           IoUringOperation, NetworkConnect, NetworkBind, NetworkListen,
                           NetworkAccept, NetworkDatagram, NetworkClose>;

// Position of an event's struct in Event.
using EventClass = std::size_t;
inline constexpr EventClass kEventClasses = std::variant_size_v<Event>;

template <typename E, EventClass kAt = 0>
constexpr EventClass ClassOf() {
  if constexpr (std::is_same_v<E, std::variant_alternative_t<kAt, Event>>) {
    return kAt;
  } else {
    return ClassOf<E, kAt + 1>();
  }
}

// What a class is called: by its own name, where its events are of several types, else by theirs.
template <typename E>
constexpr std::string_view ClassName() {
  if constexpr (requires { E::kClassName; }) {
    return E::kClassName;
  } else {
    return E::kEventType;
  }
}

}  // namespace randguard

#endif  // ANALYZER_EVENT_EVENT_CLASSES_H_
