// SPDX-License-Identifier: Apache-2.0
#include "analyzer/rules/fields/derived_fields.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

#include "analyzer/event/calls.h"
#include "analyzer/event/events.h"
#include "analyzer/event/kinds.h"
#include "analyzer/process/lineage.h"
#include "analyzer/process/process_table.h"
#include "analyzer/rules/fields/event_view.h"
#include "analyzer/rules/fields/rule_type.h"

namespace randguard {
namespace {

void SetText(std::string_view text, Value& out) {
  out.form = Value::Form::kText;
  out.text = text;
}

void SetNumber(Number number, Value& out) {
  out.form = Value::Form::kNumber;
  out.number = number;
}

void SetOptional(const OptionalText& text, Value& out) {
  if (text.has_value()) SetText(*text, out);
}

const Process* FindProcess(const EventView& event, const ProcessKey& key) {
  return event.context->processes == nullptr ? nullptr : event.context->processes->Find(key);
}

// The process that created the event's one; where that is not known, the parent.
std::optional<Ancestor> FindMaker(const EventView& event) {
  if (event.context->processes == nullptr) return std::nullopt;
  const Ancestor maker(*event.context->processes, event.actor->process_id,
                       event.actor->parent_process_id.value_or(ProcessKey{}));
  if (!maker.known()) return std::nullopt;
  return maker;
}

const ProgramImage* MakerImage(const EventView& event) {
  const auto maker = FindMaker(event);
  return maker.has_value() ? maker->image() : nullptr;
}

const Creator* FindCreator(const EventView& event) {
  if (event.context->processes == nullptr) return nullptr;
  return CreatorOf(*event.context->processes, event.actor->process_id);
}

const ProgramImage* ImageOf(const Process* process) {
  return process == nullptr ? nullptr : process->image.get();
}

const ProgramImage* ActorImage(const EventView& event) {
  return ImageOf(FindProcess(event, event.actor->process_id));
}

// The part behind the last slash.
std::string_view BaseName(std::string_view path) {
  return path.substr(path.rfind('/') + 1);  // npos + 1 is 0
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
  SetName(event.actor->exe_path.value_or(""), event.actor->comm, out);
}

// The creator of the process, or its parent, as far as process_start itself names them.
struct Maker {
  OptionalText exe_path, comm;
  bool known() const { return exe_path.has_value() || comm.has_value(); }
};

Maker OwnCreator(const EventView& event) {
  if (event.event_class != ClassOf<ProcessStart>()) return {};
  const auto& e = *static_cast<const ProcessStart*>(event.own);
  return {e.creator_exe_path, e.creator_comm};
}

Maker OwnMaker(const EventView& event) {
  if (event.event_class != ClassOf<ProcessStart>()) return {};
  if (const Maker creator = OwnCreator(event); creator.known()) return creator;
  const auto& e = *static_cast<const ProcessStart*>(event.own);
  return {e.parent_exe_path, e.parent_comm};
}

Maker CreatorFor(const EventView& event) {
  if (const Maker own = OwnCreator(event); own.known()) return own;
  const Creator* creator = FindCreator(event);
  if (creator == nullptr) return {};
  Maker maker{std::nullopt, creator->comm_text()};
  if (creator->image != nullptr && !creator->image->exe_path.empty()) {
    maker.exe_path = creator->image->exe_path;
  }
  return maker;
}

Maker MakerFor(const EventView& event) {
  if (const Maker own = OwnMaker(event); own.known()) return own;
  const auto found = FindMaker(event);
  if (!found.has_value()) return {};
  Maker maker{std::nullopt, found->comm()};
  if (!found->exe_path().empty()) maker.exe_path = found->exe_path();
  return maker;
}

void SetNameOf(const Maker& maker, Value& out) {
  if (maker.known()) SetName(maker.exe_path.value_or(""), maker.comm.value_or(""), out);
}

void ReadParentName(const EventView& event, FieldScratch&, Value& out) {
  SetNameOf(MakerFor(event), out);
}

void ReadParentComm(const EventView& event, FieldScratch&, Value& out) {
  SetOptional(MakerFor(event).comm, out);
}

void ReadParentExePath(const EventView& event, FieldScratch&, Value& out) {
  SetOptional(MakerFor(event).exe_path, out);
}

void ReadCreatorName(const EventView& event, FieldScratch&, Value& out) {
  SetNameOf(CreatorFor(event), out);
}

void ReadCreatorComm(const EventView& event, FieldScratch&, Value& out) {
  SetOptional(CreatorFor(event).comm, out);
}

void ReadCreatorExePath(const EventView& event, FieldScratch&, Value& out) {
  SetOptional(CreatorFor(event).exe_path, out);
}

void ReadCreatorPid(const EventView& event, FieldScratch&, Value& out) {
  if (const Creator* creator = FindCreator(event)) SetNumber(creator->key.pid, out);
}

void ReadAdopted(const EventView& event, FieldScratch&, Value& out) {
  const Creator* creator = FindCreator(event);
  if (creator != nullptr) {
    SetNumber(IsAdopted(*creator, event.actor->parent_process_id) ? 1 : 0, out);
  }
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
  ReadImageCommandLine(MakerImage(event), scratch, out);
}

void ReadCreatorCommandLine(const EventView& event, FieldScratch& scratch, Value& out) {
  const Creator* creator = FindCreator(event);
  if (creator != nullptr) ReadImageCommandLine(creator->image.get(), scratch, out);
}

void ReadCommandLine(const EventView& event, FieldScratch& scratch, Value& out) {
  ReadImageCommandLine(ActorImage(event), scratch, out);
}

void ReadArgs(const EventView& event, FieldScratch&, Value& out) {
  ReadImageArgs(ActorImage(event), out);
}

// Programs such as busybox and kmod have many names, and this one says what is done.
void ReadCalledName(const EventView& event, FieldScratch&, Value& out) {
  OptionalText script, args;
  if (event.event_class == ClassOf<ProcessStart>()) {
    const auto& start = *static_cast<const ProcessStart*>(event.own);
    script = start.script_path;
    if (start.args.has_value()) args = start.args->bytes;
  } else if (const ProgramImage* image = ActorImage(event)) {
    if (!image->script_path.empty()) script = image->script_path;
    args = image->args;
  }
  std::string_view name = BaseName(script.value_or(""));
  if (name.empty()) {
    const std::string_view first = args.value_or("");
    name = BaseName(first.substr(0, first.find('\0')));
    if (name.starts_with('-')) name.remove_prefix(1);  // a shell of a login
  }
  if (!name.empty()) SetText(name, out);
}

void ReadCwd(const EventView& event, FieldScratch&, Value& out) {
  const ProgramImage* image = ActorImage(event);
  if (image != nullptr && !image->cwd.empty()) SetText(image->cwd, out);
}

void ReadTty(const EventView& event, FieldScratch&, Value& out) {
  const ProgramImage* image = ActorImage(event);
  if (image != nullptr && !image->tty.empty()) SetText(image->tty, out);
}

void ReadScriptPath(const EventView& event, FieldScratch&, Value& out) {
  const ProgramImage* image = ActorImage(event);
  if (image != nullptr && !image->script_path.empty()) SetText(image->script_path, out);
}

void ReadScriptPaths(const EventView& event, FieldScratch& scratch, Value& out) {
  const auto& start = *static_cast<const ProcessStart*>(event.own);
  if (!start.scripts.has_value()) return;
  scratch.array = {};
  for (const ScriptFile& script : *start.scripts) {
    if (script.path.has_value()) scratch.array.Add(*script.path);
  }
  out.form = Value::Form::kTextArray;
  out.list = &scratch.array;
}

void ReadLoginuid(const EventView& event, FieldScratch&, Value& out) {
  const ProgramImage* image = ActorImage(event);
  if (image == nullptr || !image->loginuid.has_value()) return;
  out.form = Value::Form::kNumber;
  out.number = *image->loginuid;
}

void ReadUser(const EventView& event, FieldScratch&, Value& out) {
  if (event.context->users == nullptr) return;
  const auto user = event.context->users->find(event.actor->uid);
  if (user != event.context->users->end()) SetText(user->second, out);
}

// From the creator upwards.
template <typename Add>
void ForEachAncestor(const EventView& event, Add&& add) {
  std::size_t left = TextArray::kMax;
  for (auto at = FindMaker(event); at.has_value() && at->known() && left > 0; --left) {
    add(*at);
    at->Up();
  }
}

void ReadAncestors(const EventView& event, FieldScratch& scratch, Value& out) {
  scratch.array = {};
  ForEachAncestor(event, [&](const Ancestor& a) { scratch.array.Add(a.name()); });
  out.form = Value::Form::kTextArray;
  out.list = &scratch.array;
}

void ReadTrustedAncestors(const EventView& event, FieldScratch& scratch, Value& out) {
  scratch.array = {};
  if (event.event_class == ClassOf<ProcessStart>()) {
    const auto& start = *static_cast<const ProcessStart*>(event.own);
    const std::size_t size = std::min<std::size_t>(start.ancestors_trusted, start.ancestors.size);
    for (std::size_t i = 0; i < size; ++i) scratch.array.Add(start.ancestors.items[i]);
  } else {
    bool trusted = true;
    ForEachAncestor(event, [&](const Ancestor& a) {
      trusted = trusted && a.trusted();
      if (trusted) scratch.array.Add(a.name());
    });
  }
  out.form = Value::Form::kTextArray;
  out.list = &scratch.array;
}

void ReadTrustedParent(const EventView& event, FieldScratch&, Value& out) {
  if (event.event_class == ClassOf<ProcessStart>()) {
    SetNumber(static_cast<const ProcessStart*>(event.own)->ancestors_trusted > 0 ? 1 : 0, out);
    return;
  }
  const auto maker = FindMaker(event);
  SetNumber(maker.has_value() && maker->trusted() ? 1 : 0, out);
}

void ReadTrustedExe(const EventView& event, FieldScratch&, Value& out) {
  if (const ProgramImage* image = ActorImage(event)) SetNumber(image->trusted ? 1 : 0, out);
}

void ReadSetId(const EventView& event, FieldScratch&, Value& out) {
  if (const ProgramImage* image = ActorImage(event)) SetNumber(image->set_id ? 1 : 0, out);
}

void ReadAncestorNames(const EventView& event, FieldScratch& scratch, Value& out) {
  scratch.array = {};
  if (event.event_class == ClassOf<ProcessStart>()) {
    const TextArray& ancestors = static_cast<const ProcessStart*>(event.own)->ancestors;
    for (std::size_t i = 0; i < ancestors.size; ++i) {
      scratch.array.Add(BaseName(ancestors.items[i]));
    }
  } else {
    ForEachAncestor(event, [&](const Ancestor& a) {
      Value name;
      SetName(a.exe_path(), a.comm(), name);
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
  // The same within their file systems, where mounts show a part of those alone.
  OptionalText fs_path = std::nullopt, other_fs_path = std::nullopt;
};

PathPair PathsOf(const EventView& event) {
  switch (event.event_class) {
    case ClassOf<FileOpen>(): {
      const auto& e = Own<FileOpen>(event);
      return {Resolved(e.resolved_path, e.filename), {}, e.fs_path};
    }
    case ClassOf<FileWrite>(): {
      const auto& e = Own<FileWrite>(event);
      return {e.resolved_path, {}, e.fs_path};
    }
    case ClassOf<FileRename>(): {
      const auto& e = Own<FileRename>(event);
      return {Resolved(e.new_resolved_path, e.new_filename),
              Resolved(e.old_resolved_path, e.old_filename), e.new_fs_path, e.old_fs_path};
    }
    case ClassOf<FileUnlink>(): {
      const auto& e = Own<FileUnlink>(event);
      return {Resolved(e.resolved_path, e.filename), {}, e.fs_path};
    }
    case ClassOf<FileChange>(): {
      const auto& e = Own<FileChange>(event);
      return {Resolved(e.resolved_path, e.filename), {}, e.fs_path};
    }
    case ClassOf<FileTimes>(): {
      const auto& e = Own<FileTimes>(event);
      return {Resolved(e.resolved_path, e.filename), {}, e.fs_path};
    }
    case ClassOf<FileFlags>(): {
      const auto& e = Own<FileFlags>(event);
      return {Resolved(e.resolved_path, e.filename), {}, e.fs_path};
    }
    case ClassOf<ProcessAccess>():
      return {Own<ProcessAccess>(event).resolved_path, {}};
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
  SetOptional(PathsOf(event).path, out);
}

void ReadPaths(const EventView& event, FieldScratch& scratch, Value& out) {
  const PathPair paths = PathsOf(event);
  scratch.array = {};
  for (const OptionalText* one :
       {&paths.path, &paths.other, &paths.fs_path, &paths.other_fs_path}) {
    if (one->has_value()) scratch.array.Add(**one);
  }
  if (scratch.array.size == 0) return;
  out.form = Value::Form::kTextArray;
  out.list = &scratch.array;
}

// A symlink's other path is only what it points to.
constexpr std::string_view kSymlinkType = "file_symlink";
static_assert(std::any_of(kCalls.begin(), kCalls.end(),
                          [](const CallInfo& call) { return call.event_type == kSymlinkType; }));

void ReadTouchedPaths(const EventView& event, FieldScratch& scratch, Value& out) {
  if (!event.event_type.starts_with(kSymlinkType)) return ReadPaths(event, scratch, out);
  const PathPair paths = PathsOf(event);
  scratch.array = {};
  if (paths.path.has_value()) scratch.array.Add(*paths.path);
  if (paths.fs_path.has_value()) scratch.array.Add(*paths.fs_path);
  if (scratch.array.size == 0) return;
  out.form = Value::Form::kTextArray;
  out.list = &scratch.array;
}

void ReadOldPath(const EventView& event, FieldScratch&, Value& out) {
  SetOptional(PathsOf(event).other, out);
}

// A name in the program's folder.
void AddCalled(std::string_view exe_path, std::string_view name, FieldScratch& scratch) {
  if (exe_path.empty() || name.empty() || BaseName(exe_path) == name) return;
  scratch.text.assign(exe_path, 0, exe_path.size() - BaseName(exe_path).size());
  scratch.text += name;
  scratch.array.Add(scratch.text);
}

void SetArray(FieldScratch& scratch, Value& out) {
  if (scratch.array.size == 0) return;
  out.form = Value::Form::kTextArray;
  out.list = &scratch.array;
}

// The name that a program of many names, or one behind a symlink, was called by: the one that exec
// was given, or the one that the kernel gave the process for it.
void ReadCalledPaths(const EventView& event, FieldScratch& scratch, Value& out) {
  scratch.array = {};
  const std::string_view exe_path = event.actor->exe_path.value_or("");
  const bool start = event.event_class == ClassOf<ProcessStart>();
  const std::string_view filename =
      start ? static_cast<const ProcessStart*>(event.own)->filename : std::string_view();
  if (filename.starts_with('/')) {
    scratch.array.Add(filename);
  } else if (!filename.empty()) {
    AddCalled(exe_path, BaseName(filename), scratch);
  } else {
    AddCalled(exe_path, event.actor->comm, scratch);
  }
  SetArray(scratch, out);
}

void ReadParentCalledPaths(const EventView& event, FieldScratch& scratch, Value& out) {
  scratch.array = {};
  const Maker maker = MakerFor(event);
  AddCalled(maker.exe_path.value_or(""), maker.comm.value_or(""), scratch);
  SetArray(scratch, out);
}

// The command line goes last, because it may take the room for a text.
void ReadAllTexts(const EventView& event, FieldScratch& scratch, Value& out) {
  Value paths, line;
  if (PathsOf(event).path.has_value()) ReadPaths(event, scratch, paths);
  if (!paths.present()) scratch.array = {};
  TextArray& all = scratch.array;
  if (event.actor->exe_path.has_value()) all.Add(*event.actor->exe_path);
  if (!event.actor->comm.empty()) all.Add(event.actor->comm);
  if (event.event_class == ClassOf<ProcessStart>()) {
    const auto& start = *static_cast<const ProcessStart*>(event.own);
    if (!start.filename.empty()) all.Add(start.filename);
    if (start.cwd.has_value()) all.Add(*start.cwd);
    if (start.script_path.has_value()) all.Add(*start.script_path);
    if (start.command_line.has_value()) {
      JoinItems(start.command_line->bytes, scratch.text);
      all.Add(scratch.text);
    }
  } else {
    ReadCommandLine(event, scratch, line);
    if (line.present()) all.Add(line.text);
  }
  SetArray(scratch, out);
}

const Socket& SocketOf(const EventView& event) { return *static_cast<const Socket*>(event.object); }

// Calls that share a class of event, and differ in direction.
constexpr std::string_view kSendType = "network_send";
static_assert(std::any_of(kCalls.begin(), kCalls.end(),
                          [](const CallInfo& call) { return call.event_type == kSendType; }));

bool IsOutbound(const EventView& event) {
  if (event.event_class == ClassOf<NetworkClose>()) {
    return Own<NetworkClose>(event).direction == Direction::kOutbound;
  }
  return event.event_class == ClassOf<NetworkConnect>() || event.event_type == kSendType;
}

// Such an event is not about a peer, or has none.
bool IsLocal(const EventView& event) {
  return event.event_class == ClassOf<NetworkBind>() ||
         event.event_class == ClassOf<NetworkListen>();
}

void ReadDirection(const EventView& event, FieldScratch&, Value& out) {
  SetText(Name(IsOutbound(event) ? Direction::kOutbound : Direction::kInbound), out);
}

void ReadPort(const EventView& event, FieldScratch&, Value& out) {
  const Socket& socket = SocketOf(event);
  const auto& port = IsOutbound(event) ? socket.remote_port : socket.local_port;
  if (!port.has_value()) return;
  out.form = Value::Form::kNumber;
  out.number = *port;
}

void ReadAddr(const EventView& event, FieldScratch&, Value& out) {
  const Socket& socket = SocketOf(event);
  const auto& addr = IsLocal(event) ? socket.local_addr : socket.remote_addr;
  if (addr.has_value()) SetText(addr->view(), out);
}

// Whoever asked for the connection, or sent the datagram, is its source.
void ReadEnd(const EventView& event, bool remote, bool port, Value& out) {
  const Socket& socket = SocketOf(event);
  if (port) {
    const auto& number = remote ? socket.remote_port : socket.local_port;
    if (number.has_value()) SetNumber(*number, out);
  } else {
    const auto& addr = remote ? socket.remote_addr : socket.local_addr;
    if (addr.has_value()) SetText(addr->view(), out);
  }
}

void ReadSourceAddr(const EventView& event, FieldScratch&, Value& out) {
  ReadEnd(event, /*remote=*/!IsOutbound(event), /*port=*/false, out);
}

void ReadSourcePort(const EventView& event, FieldScratch&, Value& out) {
  ReadEnd(event, /*remote=*/!IsOutbound(event), /*port=*/true, out);
}

void ReadDestinationAddr(const EventView& event, FieldScratch&, Value& out) {
  ReadEnd(event, /*remote=*/IsOutbound(event), /*port=*/false, out);
}

void ReadDestinationPort(const EventView& event, FieldScratch&, Value& out) {
  ReadEnd(event, /*remote=*/IsOutbound(event), /*port=*/true, out);
}

// The read functions, but for a test that says what the field is to be.
template <FixedString kName, ReadField kRead>
void ReadUnlessGiven(const EventView& event, FieldScratch& scratch, Value& out) {
  if (const FieldOverrides* given = event.context->overrides; given != nullptr) {
    const auto found = given->find(kName.view());
    if (found != given->end()) {
      out = found->second;
      return;
    }
  }
  kRead(event, scratch, out);
}

// From the process table, or made of several members: a test can give it instead.
template <FixedString kName, ReadField kRead>
constexpr DerivedField Given(ValueType type, const char* doc, EventClassSet classes) {
  return {.name = kName.view(),
          .type = type,
          .doc = doc,
          .classes = classes,
          .read = ReadUnlessGiven<kName, kRead>};
}

// The event leaves the value to the writer.
constexpr DerivedField InPlaceOfOwn(DerivedField field) {
  field.replaces_own = true;
  return field;
}

constexpr DerivedField AsAddress(DerivedField field) {
  field.address = true;
  return field;
}

// Rules see another value than the output has.
constexpr DerivedField ReplacingOwn(DerivedField field) {
  field.replaces_own = field.keeps_set = true;
  return field;
}

constexpr EventClassSet All() {
  EventClassSet set{};
  set.fill(true);
  return set;
}

constexpr EventClassSet ClassesOf(RuleType type) {
  return [&]<std::size_t... kClass>(std::index_sequence<kClass...>) {
    return EventClassSet{
        (RuleTypeOf(kDomainOf<std::variant_alternative_t<kClass, Event>>) == type)...};
  }
  (std::make_index_sequence<kEventClasses>());
}

template <typename... E>
constexpr EventClassSet And(EventClassSet set = {}) {
  ((set[ClassOf<E>()] = true), ...);
  return set;
}

constexpr EventClassSet kAll = All();
constexpr EventClassSet kFiles = ClassesOf(RuleType::kFile);
constexpr EventClassSet kSockets = ClassesOf(RuleType::kNetwork);
constexpr EventClassSet kWithPath =
    And<ProcessAccess, Mount, Unmount, RootChange, IoUringOperation>(kFiles);
constexpr EventClassSet kWithOldPath = And<FileRename, Mount, IoUringOperation>();

using Values = std::vector<std::string_view>;

Values EventTypes(EventClass, const EventClassInfo& info) { return info.event_types; }

Values Directions(EventClass event_class, const EventClassInfo&) {
  switch (event_class) {
    case ClassOf<NetworkConnect>():
      return {"outbound"};
    case ClassOf<NetworkBind>():
    case ClassOf<NetworkListen>():
    case ClassOf<NetworkAccept>():
      return {"inbound"};
    default:
      return {"outbound", "inbound"};
  }
}

constexpr std::array kDerived = {
    DerivedField{.name = "event_type",
                 .type = ValueType::kText,
                 .doc = "what the event is called",
                 .classes = kAll,
                 .read = ReadEventType,
                 .values = EventTypes},
    InPlaceOfOwn(Given<"host", ReadHost>(ValueType::kText, "name of the host", kAll)),
    InPlaceOfOwn(Given<"agent_id", ReadAgentId>(ValueType::kText, kAgentIdDoc, kAll)),
    Given<"process_name", ReadProcessName>(ValueType::kText,
                                           "file name of exe_path; without one, comm", kAll),
    Given<"parent_name", ReadParentName>(
        ValueType::kText,
        "the same of the process that created this one; where that is not known, of the parent",
        kAll),
    ReplacingOwn(Given<"parent_comm", ReadParentComm>(ValueType::kText, "name of that process",
                                                      And<ProcessStart>())),
    Given<"parent_comm", ReadParentComm>(ValueType::kText, "name of that process", kAll),
    ReplacingOwn(Given<"parent_exe_path", ReadParentExePath>(
        ValueType::kText, "executable of that process", And<ProcessStart>())),
    Given<"parent_exe_path", ReadParentExePath>(ValueType::kText, "executable of that process",
                                                kAll),
    Given<"parent_command_line", ReadParentCommandLine>(
        ValueType::kText, "command line that its program was started with", kAll),
    Given<"creator_name", ReadCreatorName>(
        ValueType::kText,
        "file name of the creator's executable; without one, its comm; absent: not known", kAll),
    Given<"creator_comm", ReadCreatorComm>(
        ValueType::kText, "name of the thread that created the process, at that moment", kAll),
    Given<"creator_exe_path", ReadCreatorExePath>(ValueType::kText,
                                                  "executable of the creator at that moment", kAll),
    Given<"creator_command_line", ReadCreatorCommandLine>(
        ValueType::kText, "command line that the creator's program was started with", kAll),
    Given<"creator_pid", ReadCreatorPid>(ValueType::kNumber, "pid of the creator", kAll),
    Given<"adopted", ReadAdopted>(ValueType::kBoolean,
                                  "the parent is not the creator; absent: that is not known", kAll),
    Given<"command_line", ReadCommandLine>(
        ValueType::kText, "command line that the process's program was started with", kAll),
    Given<"args", ReadArgs>(ValueType::kTexts, "the same as a list", kAll),
    Given<"called_name", ReadCalledName>(
        ValueType::kText,
        "file name of the script that was started, else of the name that the program was called "
        "by: its first argument",
        kAll),
    Given<"cwd", ReadCwd>(ValueType::kText,
                          "working directory in which the process's program was started", kAll),
    Given<"tty", ReadTty>(ValueType::kText, "controlling terminal then", kAll),
    Given<"script_path", ReadScriptPath>(ValueType::kText,
                                         "script that the process's program was started for", kAll),
    Given<"script_paths", ReadScriptPaths>(
        ValueType::kTexts, "paths of that script and of interpreters that are scripts",
        And<ProcessStart>()),
    Given<"loginuid", ReadLoginuid>(ValueType::kNumber, "user id at login", kAll),
    Given<"user", ReadUser>(ValueType::kText, "name of uid in the host's /etc/passwd", kAll),
    Given<"ancestors", ReadAncestors>(
        ValueType::kTexts,
        "executables (or names, of kernel threads) from the creator upwards, at most 16", kAll),
    Given<"ancestor_names", ReadAncestorNames>(ValueType::kTexts, "their file names", kAll),
    Given<"called_paths", ReadCalledPaths>(
        ValueType::kTexts,
        "names that the program was called by, where they differ from exe_path: the one that exec "
        "was given, or comm in the program's folder. The caller chooses them: no exception may "
        "rest on them",
        kAll),
    Given<"parent_called_paths", ReadParentCalledPaths>(
        ValueType::kTexts, "the same of the creator, or of the parent", kAll),
    Given<"all_texts", ReadAllTexts>(
        ValueType::kTexts,
        "command line, names and paths: all that a search for a word would look at", kAll),
    Given<"trusted_exe", ReadTrustedExe>(ValueType::kBoolean, kTrustedExeDoc, kAll),
    Given<"set_id", ReadSetId>(
        ValueType::kBoolean,
        "the program's set-user-id or set-group-id bit gave it rights that its caller lacks: the "
        "caller's environment and debugger have no say in what it does",
        kAll),
    Given<"trusted_ancestors", ReadTrustedAncestors>(
        ValueType::kTexts,
        "ancestors that ran a trusted program as root, from the creator upwards to the first that "
        "did not",
        kAll),
    Given<"trusted_parent", ReadTrustedParent>(
        ValueType::kBoolean, "the creator is known, and ran a trusted program as root", kAll),
    Given<"path", ReadPath>(
        ValueType::kText,
        "the file: the kernel's path where it is known, else the directory and the name "
        "joined; of a rename or link, the new name",
        kWithPath),
    Given<"old_path", ReadOldPath>(ValueType::kText,
                                   "of a rename or link the old name, of a bind mount the source",
                                   kWithOldPath),
    Given<"paths", ReadPaths>(ValueType::kTexts,
                              "path, old_path, and both within their file systems where a bind "
                              "mount shows a part of those",
                              kWithPath),
    Given<"touched_paths", ReadTouchedPaths>(
        ValueType::kTexts,
        "paths of the file that was acted on: the same, without what a symlink points to", kFiles),
    DerivedField{.name = "direction",
                 .type = ValueType::kText,
                 .doc = "outbound: connect, send; inbound: bind, listen, accept, receive",
                 .classes = kSockets,
                 .read = ReadDirection,
                 .values = Directions},
    Given<"port", ReadPort>(ValueType::kNumber,
                            "of what is outbound the remote port, otherwise the local one",
                            kSockets),
    AsAddress(Given<"addr", ReadAddr>(
        ValueType::kText, "the remote address; of bind and listen the local one", kSockets)),
    AsAddress(Given<"source_addr", ReadSourceAddr>(
        ValueType::kText, "address of whoever asked for the connection, or sent the datagram",
        kSockets)),
    Given<"source_port", ReadSourcePort>(ValueType::kNumber, "its port", kSockets),
    AsAddress(Given<"destination_addr", ReadDestinationAddr>(ValueType::kText,
                                                             "address of the other end", kSockets)),
    Given<"destination_port", ReadDestinationPort>(ValueType::kNumber, "its port", kSockets),
};

}  // namespace

std::span<const DerivedField> DerivedFields() { return kDerived; }

}  // namespace randguard
