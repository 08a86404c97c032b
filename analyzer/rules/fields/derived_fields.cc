// SPDX-License-Identifier: Apache-2.0
#include "analyzer/rules/fields/derived_fields.h"

#include <algorithm>
#include <array>

namespace randguard {
namespace {

void SetText(std::string_view text, Value& out) {
  out.form = Value::Form::kText;
  out.text = text;
}

void SetOptional(const OptionalText& text, Value& out) {
  if (text.has_value()) SetText(*text, out);
}

// True, if a test has said what the field is to be.
bool Overridden(const EventView& event, std::string_view name, Value& out) {
  const FieldOverrides* overrides = event.context->overrides;
  if (overrides == nullptr) return false;
  const auto found = overrides->find(*FieldCatalogue::Get().Find(name));
  if (found == overrides->end()) return false;
  out = found->second;
  return true;
}

const Process* FindProcess(const EventView& event, const ProcessKey& key) {
  return event.context->processes == nullptr ? nullptr : event.context->processes->Find(key);
}

const Process* FindParent(const EventView& event) {
  if (!event.actor->parent_process_id.has_value()) return nullptr;
  return FindProcess(event, *event.actor->parent_process_id);
}

const ProgramImage* ImageOf(const Process* process) {
  return process == nullptr ? nullptr : process->image.get();
}

const ProgramImage* ActorImage(const EventView& event) {
  return ImageOf(FindProcess(event, event.actor->process_id));
}

// Name of a program: without its folders; of a process without a known program, its own.
void SetName(std::string_view exe_path, std::string_view comm, Value& out) {
  const std::string_view name = BaseName(exe_path);
  if (!name.empty()) {
    SetText(name, out);
  } else if (!comm.empty()) {
    SetText(comm, out);
  }
}

void ReadEventType(const EventView& event, FieldScratch&, Value& out) {
  SetText(event.event_type, out);
}

void ReadHost(const EventView& event, FieldScratch&, Value& out) {
  if (!event.context->host.empty()) SetText(event.context->host, out);
}

void ReadAgentId(const EventView& event, FieldScratch&, Value& out) {
  if (!event.context->agent_id.empty()) SetText(event.context->agent_id, out);
}

void ReadProcessName(const EventView& event, FieldScratch&, Value& out) {
  if (Overridden(event, "process_name", out)) return;
  SetName(event.actor->exe_path.value_or(""), event.actor->comm, out);
}

// A conditional of "" and a std::string would be a std::string of its own, gone by then.
std::string_view ExePathOf(const Process& process) {
  if (process.image == nullptr) return {};
  return process.image->exe_path;
}

// The parent as the event tells it (process_start only).
template <typename Get>
OptionalText OwnParent(const EventView& event, Get&& get) {
  if (event.event_class != ClassOf<ProcessStart>()) return std::nullopt;
  return get(*static_cast<const ProcessStart*>(event.own));
}

void ReadParentName(const EventView& event, FieldScratch&, Value& out) {
  if (Overridden(event, "parent_name", out)) return;
  const auto path = OwnParent(event, [](const ProcessStart& e) { return e.parent_exe_path; });
  const auto comm = OwnParent(event, [](const ProcessStart& e) { return e.parent_comm; });
  if (path.has_value() || comm.has_value()) {
    SetName(path.value_or(""), comm.value_or(""), out);
    return;
  }
  const Process* parent = FindParent(event);
  if (parent == nullptr) return;
  SetName(ExePathOf(*parent), parent->comm_text(), out);
}

void ReadParentComm(const EventView& event, FieldScratch&, Value& out) {
  if (Overridden(event, "parent_comm", out)) return;
  if (const Process* parent = FindParent(event)) SetText(parent->comm_text(), out);
}

void ReadParentExePath(const EventView& event, FieldScratch&, Value& out) {
  if (Overridden(event, "parent_exe_path", out)) return;
  const ProgramImage* image = ImageOf(FindParent(event));
  if (image != nullptr && !image->exe_path.empty()) SetText(image->exe_path, out);
}

void ReadImageArgs(const ProgramImage* image, Value& out) {
  if (image == nullptr || !image->args.has_value()) return;
  out.form = Value::Form::kItems;
  out.text = *image->args;
}

void ReadImageCommandLine(const ProgramImage* image, FieldScratch& scratch, Value& out) {
  if (image == nullptr || !image->args.has_value()) return;
  JoinItems(*image->args, scratch.text);
  SetText(scratch.text, out);
}

void ReadParentCommandLine(const EventView& event, FieldScratch& scratch, Value& out) {
  if (Overridden(event, "parent_command_line", out)) return;
  ReadImageCommandLine(ImageOf(FindParent(event)), scratch, out);
}

void ReadCommandLine(const EventView& event, FieldScratch& scratch, Value& out) {
  if (Overridden(event, "command_line", out)) return;
  ReadImageCommandLine(ActorImage(event), scratch, out);
}

void ReadArgs(const EventView& event, FieldScratch&, Value& out) {
  if (Overridden(event, "args", out)) return;
  ReadImageArgs(ActorImage(event), out);
}

void ReadCwd(const EventView& event, FieldScratch&, Value& out) {
  if (Overridden(event, "cwd", out)) return;
  const ProgramImage* image = ActorImage(event);
  if (image != nullptr && !image->cwd.empty()) SetText(image->cwd, out);
}

void ReadTty(const EventView& event, FieldScratch&, Value& out) {
  if (Overridden(event, "tty", out)) return;
  const ProgramImage* image = ActorImage(event);
  if (image != nullptr && !image->tty.empty()) SetText(image->tty, out);
}

void ReadLoginuid(const EventView& event, FieldScratch&, Value& out) {
  if (Overridden(event, "loginuid", out)) return;
  const ProgramImage* image = ActorImage(event);
  if (image == nullptr || !image->loginuid.has_value()) return;
  out.form = Value::Form::kNumber;
  out.number = *image->loginuid;
}

void ReadUser(const EventView& event, FieldScratch&, Value& out) {
  if (Overridden(event, "user", out)) return;
  if (event.context->users == nullptr) return;
  const auto user = event.context->users->find(event.actor->uid);
  if (user != event.context->users->end()) SetText(user->second, out);
}

// From the parent upwards.
template <typename Add>
void ForEachAncestor(const EventView& event, Add&& add) {
  std::size_t left = TextArray::kMax;
  for (const Process* p = FindParent(event); p != nullptr && left > 0; --left) {
    add(*p);
    p = FindProcess(event, p->parent);
  }
}

void ReadAncestors(const EventView& event, FieldScratch& scratch, Value& out) {
  if (Overridden(event, "ancestors", out)) return;
  scratch.array = {};
  ForEachAncestor(event, [&](const Process& p) {
    scratch.array.Add(ExePathOf(p).empty() ? p.comm_text() : ExePathOf(p));
  });
  out.form = Value::Form::kTextArray;
  out.list = &scratch.array;
}

void ReadAncestorNames(const EventView& event, FieldScratch& scratch, Value& out) {
  if (Overridden(event, "ancestor_names", out)) return;
  scratch.array = {};
  if (event.event_class == ClassOf<ProcessStart>()) {
    const TextArray& ancestors = static_cast<const ProcessStart*>(event.own)->ancestors;
    for (std::size_t i = 0; i < ancestors.size; ++i) {
      scratch.array.Add(BaseName(ancestors.items[i]));
    }
  } else {
    ForEachAncestor(event, [&](const Process& p) {
      Value name;
      SetName(ExePathOf(p), p.comm_text(), name);
      scratch.array.Add(name.text);
    });
  }
  out.form = Value::Form::kTextArray;
  out.list = &scratch.array;
}

template <typename E>
const E& Own(const EventView& event) {
  return *static_cast<const E*>(event.own);
}

// Absolute, or nothing: a relative name is no path.
OptionalText Resolved(const OptionalText& resolved, const OptionalText& name) {
  if (resolved.has_value()) return resolved;
  if (name.has_value() && name->starts_with('/')) return name;
  return std::nullopt;
}

// The name that the operation is about, and, of a rename, link or move, the earlier one.
struct PathPair {
  OptionalText path, other;
};

PathPair PathsOf(const EventView& event) {
  switch (event.event_class) {
    case ClassOf<FileOpen>(): {
      const auto& e = Own<FileOpen>(event);
      return {Resolved(e.resolved_path, e.filename), {}};
    }
    case ClassOf<FileWrite>():
      return {Own<FileWrite>(event).resolved_path, {}};
    case ClassOf<FileRename>(): {
      const auto& e = Own<FileRename>(event);
      return {Resolved(e.new_resolved_path, e.new_filename),
              Resolved(e.old_resolved_path, e.old_filename)};
    }
    case ClassOf<FileUnlink>(): {
      const auto& e = Own<FileUnlink>(event);
      return {Resolved(e.resolved_path, e.filename), {}};
    }
    case ClassOf<FileChange>(): {
      const auto& e = Own<FileChange>(event);
      return {Resolved(e.resolved_path, e.filename), {}};
    }
    case ClassOf<Mount>(): {
      const auto& e = Own<Mount>(event);
      return {Resolved(e.target_path, e.target), e.source_path};
    }
    case ClassOf<Unmount>(): {
      const auto& e = Own<Unmount>(event);
      return {Resolved(e.target_path, e.target), {}};
    }
    case ClassOf<RootChange>(): {
      const auto& e = Own<RootChange>(event);
      return {Resolved(e.new_root_path, e.new_root), {}};
    }
    case ClassOf<IoUringOperation>(): {
      const auto& e = Own<IoUringOperation>(event);
      if (!e.new_filename.has_value()) return {Resolved({}, e.filename), {}};
      return {Resolved({}, e.new_filename), Resolved({}, e.filename)};
    }
    default:
      return {};
  }
}

void ReadPath(const EventView& event, FieldScratch&, Value& out) {
  if (Overridden(event, "path", out)) return;
  SetOptional(PathsOf(event).path, out);
}

void ReadPaths(const EventView& event, FieldScratch& scratch, Value& out) {
  if (Overridden(event, "paths", out)) return;
  const PathPair paths = PathsOf(event);
  scratch.array = {};
  if (paths.path.has_value()) scratch.array.Add(*paths.path);
  if (paths.other.has_value()) scratch.array.Add(*paths.other);
  if (scratch.array.size == 0) return;
  out.form = Value::Form::kTextArray;
  out.list = &scratch.array;
}

void ReadOldPath(const EventView& event, FieldScratch&, Value& out) {
  if (Overridden(event, "old_path", out)) return;
  SetOptional(PathsOf(event).other, out);
}

void ReadOperation(const EventView& event, FieldScratch&, Value& out) {
  SetText(FileOperationOf(event.event_type), out);
}

const Socket& SocketOf(const EventView& event) { return *static_cast<const Socket*>(event.object); }

bool IsOutbound(const EventView& event) {
  if (event.event_class == ClassOf<NetworkClose>()) {
    return Own<NetworkClose>(event).direction != "inbound";
  }
  return event.event_class == ClassOf<NetworkConnect>() || event.event_type == "network_send";
}

// Of these, the peer is not what the event is about, or there is none.
bool IsLocal(const EventView& event) {
  return event.event_class == ClassOf<NetworkBind>() ||
         event.event_class == ClassOf<NetworkListen>();
}

void ReadDirection(const EventView& event, FieldScratch&, Value& out) {
  SetText(IsOutbound(event) ? "outbound" : "inbound", out);
}

void ReadPort(const EventView& event, FieldScratch&, Value& out) {
  if (Overridden(event, "port", out)) return;
  const Socket& socket = SocketOf(event);
  const auto& port = IsOutbound(event) ? socket.remote_port : socket.local_port;
  if (!port.has_value()) return;
  out.form = Value::Form::kNumber;
  out.number = *port;
}

void ReadAddr(const EventView& event, FieldScratch&, Value& out) {
  if (Overridden(event, "addr", out)) return;
  const Socket& socket = SocketOf(event);
  const auto& addr = IsLocal(event) ? socket.local_addr : socket.remote_addr;
  if (addr.has_value()) SetText(addr->view(), out);
}

bool All(const EventClassInfo&) { return true; }
bool IsFile(const EventClassInfo& info) { return info.rule_type == RuleType::kFile; }
bool IsNetwork(const EventClassInfo& info) { return info.rule_type == RuleType::kNetwork; }

bool HasPath(const EventClassInfo& info) {
  return IsFile(info) || IsMadeOf<Mount>(info.record) || IsMadeOf<Unmount>(info.record) ||
         IsMadeOf<RootChange>(info.record) || IsMadeOf<IoUringOperation>(info.record);
}

bool HasOldPath(const EventClassInfo& info) {
  return IsMadeOf<FileRename>(info.record) || IsMadeOf<Mount>(info.record) ||
         IsMadeOf<IoUringOperation>(info.record);
}

constexpr std::array kDerived = {
    DerivedField{"event_type", ValueType::kText, "what the event is called", All, ReadEventType},
    DerivedField{"host", ValueType::kText, "name of the host", All, ReadHost},
    DerivedField{"agent_id", ValueType::kText, kAgentIdDoc, All, ReadAgentId},
    DerivedField{"process_name", ValueType::kText, "file name of exe_path; without one, comm", All,
                 ReadProcessName},
    DerivedField{"parent_name", ValueType::kText,
                 "the same of the parent; absent: the parent is not known", All, ReadParentName},
    DerivedField{"parent_comm", ValueType::kText, "name of the parent", All, ReadParentComm},
    DerivedField{"parent_exe_path", ValueType::kText, "executable of the parent", All,
                 ReadParentExePath},
    DerivedField{"parent_command_line", ValueType::kText,
                 "command line that the parent's program was started with", All,
                 ReadParentCommandLine},
    DerivedField{"command_line", ValueType::kText,
                 "command line that the process's program was started with", All, ReadCommandLine},
    DerivedField{"args", ValueType::kTexts, "the same as a list", All, ReadArgs},
    DerivedField{"cwd", ValueType::kText,
                 "working directory in which the process's program was started", All, ReadCwd},
    DerivedField{"tty", ValueType::kText, "controlling terminal then", All, ReadTty},
    DerivedField{"loginuid", ValueType::kNumber, "user id at login", All, ReadLoginuid},
    DerivedField{"user", ValueType::kText, "name of uid in the host's /etc/passwd", All, ReadUser},
    DerivedField{"ancestors", ValueType::kTexts,
                 "executables (or names, of kernel threads) from the parent upwards, at most 16",
                 All, ReadAncestors},
    DerivedField{"ancestor_names", ValueType::kTexts, "their file names", All, ReadAncestorNames},
    DerivedField{"path", ValueType::kText,
                 "the file: the kernel's path where it is known, else the directory and the name "
                 "joined; of a rename or link, the new name",
                 HasPath, ReadPath},
    DerivedField{"old_path", ValueType::kText,
                 "of a rename or link the old name, of a bind mount the source", HasOldPath,
                 ReadOldPath},
    DerivedField{"paths", ValueType::kTexts, "path and old_path", HasPath, ReadPaths},
    DerivedField{"operation", ValueType::kText,
                 "open, write, rename, link, unlink, create, chmod, chown or attribute", IsFile,
                 ReadOperation},
    DerivedField{"direction", ValueType::kText,
                 "outbound: connect, send; inbound: bind, listen, accept, receive", IsNetwork,
                 ReadDirection},
    DerivedField{"port", ValueType::kNumber,
                 "of what is outbound the remote port, otherwise the local one", IsNetwork,
                 ReadPort},
    DerivedField{"addr", ValueType::kText, "the remote address; of bind and listen the local one",
                 IsNetwork, ReadAddr, true},
};

}  // namespace

std::span<const DerivedField> DerivedFields() { return kDerived; }

void JoinItems(std::string_view items, std::string& out) {
  // The last item may have been cut and then lacks its NUL.
  if (items.ends_with('\0')) items.remove_suffix(1);
  out.assign(items);
  std::replace(out.begin(), out.end(), '\0', ' ');
}

std::string_view BaseName(std::string_view path) {
  return path.substr(path.rfind('/') + 1);  // npos + 1 is 0
}

std::string_view FileOperationOf(std::string_view event_type) {
  struct Word {
    std::string_view part, operation;
  };
  // In this order: "unlink" before "link".
  static constexpr Word kWords[] = {
      {"open", "open"},     {"unlink", "unlink"},   {"rmdir", "unlink"}, {"link", "link"},
      {"rename", "rename"}, {"mkdir", "create"},    {"mknod", "create"}, {"chmod", "chmod"},
      {"chown", "chown"},   {"xattr", "attribute"},
  };
  for (const Word& word : kWords) {
    if (event_type.find(word.part) != event_type.npos) return word.operation;
  }
  return "write";
}

}  // namespace randguard
