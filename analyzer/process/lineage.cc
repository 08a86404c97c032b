// SPDX-License-Identifier: Apache-2.0
#include "analyzer/process/lineage.h"

#include <sys/stat.h>

#include <string_view>
#include <utility>

namespace randguard {
namespace {

// Rules about later activity of a program and its children see this many bytes of its arguments.
constexpr std::size_t kArgsKept = 2048;

}  // namespace

ProgramImage ImageOf(const ProcessStart& event) {
  ProgramImage image;
  image.exe_path = event.actor.exe_path.value_or("");
  if (event.args.has_value()) image.args = event.args->bytes.substr(0, kArgsKept);
  image.cwd = event.cwd.value_or("");
  image.tty = event.tty.value_or("");
  image.loginuid = event.loginuid;
  image.script_path = event.script_path.value_or("");
  image.exe_inode = event.exe_inode.value_or(0);
  image.exe_dev = event.exe_dev.value_or(Device{}).dev;
  image.trusted = event.trusted_exe.value_or(false);
  const std::uint32_t mode = event.exe_mode.value_or(Mode{}).bits;
  image.set_id = ((mode & S_ISUID) != 0 && event.euid != event.actor.uid) ||
                 ((mode & S_ISGID) != 0 && event.egid != event.actor.gid);
  return image;
}

Ancestor::Ancestor(const ProcessTable& processes, const ProcessKey& of, const ProcessKey& parent)
    : processes_(processes) {
  Take(CreatorOf(processes, of), parent);
}

void Ancestor::Take(const Creator* creator, const ProcessKey& parent) {
  creator_ = creator;
  process_ = creator == nullptr ? processes_.Find(parent) : nullptr;
}

void Ancestor::Up() {
  if (creator_ != nullptr) {
    Take(creator_->creator.get(), creator_->parent);
  } else {
    Take(process_->creator.get(), process_->parent);
  }
}

const ProgramImage* Ancestor::image() const {
  return creator_ != nullptr ? creator_->image.get() : process_->image.get();
}

std::string_view Ancestor::exe_path() const {
  return image() == nullptr ? std::string_view() : image()->exe_path;
}

std::string_view Ancestor::comm() const {
  return creator_ != nullptr ? creator_->comm_text() : process_->comm_text();
}

const Creator* CreatorOf(const ProcessTable& processes, const ProcessKey& process) {
  const Process* found = processes.Find(process);
  return found == nullptr ? nullptr : found->creator.get();
}

void NoteFork(const ProcessRelationship& event, std::uint32_t generation, ProcessTable& processes) {
  if (event.thread) return;
  const Process* child = processes.Find(event.child_process_id);
  if (child != nullptr && child->creator != nullptr) return;
  const bool is_new = child == nullptr;  // else of a snapshot, which does not know the creator
  const Actor& actor = event.actor;
  auto creator = processes.MakeCreator(
      actor.process_id, actor.parent_process_id.value_or(ProcessKey{}), actor.comm, actor.uid == 0);
  const Process* known = processes.Find(actor.process_id);
  auto credentials = known == nullptr ? nullptr : known->credentials;  // the table may move
  const auto owner = processes.OwnerOf(actor.process_id);
  Process& made = processes.Upsert(event.child_process_id,
                                   owner.value_or(OwnerOf(actor.uid, /*container=*/"")));
  if (is_new) {
    made.generation = generation;
    made.parent = {event.parent_pid, event.child_parent_start_ns};
    made.set_comm(event.child_comm);
    made.cgroup_id = event.child_cgroup_id;
    processes.SetImage(made, creator->image);
    made.credentials = std::move(credentials);
    made.credentials_inherited = true;
  }
  made.creator = std::move(creator);
}

void FillLineage(const ProcessTable& processes, ProcessStart& event) {
  const ProcessKey parent_key = event.actor.parent_process_id.value_or(ProcessKey{});
  if (const Process* parent = processes.Find(parent_key)) {
    event.parent_comm = parent->comm_text();
    if (parent->image != nullptr && !parent->image->exe_path.empty()) {
      event.parent_exe_path = parent->image->exe_path;
    }
  }
  if (const Creator* creator = CreatorOf(processes, event.actor.process_id)) {
    event.creator_process_id = creator->key;
    event.creator_pid = creator->key.pid;
    event.creator_comm = creator->comm_text();
    if (creator->image != nullptr && !creator->image->exe_path.empty()) {
      event.creator_exe_path = creator->image->exe_path;
    }
    event.adopted = IsAdopted(*creator, event.actor.parent_process_id);
  }
  Ancestor ancestor(processes, event.actor.process_id, parent_key);
  for (; ancestor.known() && event.ancestors.size < TextArray::kMax; ancestor.Up()) {
    event.ancestors.Add(ancestor.name());
    if (ancestor.trusted() && event.ancestors_trusted + 1 == event.ancestors.size) {
      ++event.ancestors_trusted;
    }
  }
}

}  // namespace randguard
