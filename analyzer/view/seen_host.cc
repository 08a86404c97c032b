// SPDX-License-Identifier: Apache-2.0
#include "analyzer/view/seen_host.h"

#include <type_traits>
#include <variant>

#include "analyzer/process/lineage.h"

namespace randguard {
namespace {

constexpr std::size_t kProcessesMax = 65536;
constexpr std::size_t kUsersMax = 65536;
constexpr std::size_t kUserNameMax = 64;  // bytes of a user's name; accounts have 32
constexpr std::size_t kHostMax = 253;     // and of a host's
constexpr std::uint64_t kGraceNs = 60'000'000'000;

}  // namespace

SeenHost::SeenHost() : processes_(kProcessesMax, kGraceNs) {
  context_.processes = &processes_;
  context_.users = &users_;
}

bool SeenHost::Enter(const LineContent& line) {
  if (line.agent_id != agent_id_) context_.agent_id = agent_id_ = line.agent_id;
  // Lines that say neither are from before the analyzer knew them.
  const std::string_view host = line.host.substr(0, kHostMax);
  const bool same_host = !line.has_host || host == host_;
  if (same_host && (line.boot_id.empty() || line.boot_id == boot_id_)) return false;
  // Users of another boot are likely to be the same, those of another host are not.
  if (!same_host) users_.clear();
  processes_.Clear();
  if (line.has_host) context_.host = host_ = host;
  boot_id_ = line.boot_id;
  return true;
}

void SeenHost::LearnUser(std::uint32_t uid, const OptionalText& name) {
  if (!name.has_value() || name->empty()) return;
  if (users_.size() >= kUsersMax && !users_.contains(uid)) return;
  users_[uid] = name->substr(0, kUserNameMax);
}

std::string_view SeenHost::UserName(std::uint32_t uid) const {
  const auto found = users_.find(uid);
  return found == users_.end() ? std::string_view() : std::string_view(found->second);
}

void SeenHost::LearnRelative(const ProcessKey& key, const OptionalText& comm,
                             const OptionalText& exe_path) {
  if (key.pid == 0 || processes_.Find(key) != nullptr) return;
  Process& process = processes_.Upsert(key);
  process.set_comm(comm.value_or(""));
  if (!exe_path.has_value()) return;
  ProgramImage image;
  image.exe_path = *exe_path;
  processes_.SetImage(process, processes_.MakeImage(image));
}

void SeenHost::LearnStart(const ProcessStart& event) {
  const Actor& actor = event.actor;
  const ProcessKey parent = actor.parent_process_id.value_or(ProcessKey{});
  LearnRelative(parent, event.parent_comm, event.parent_exe_path);
  std::shared_ptr<const Creator> creator;
  if (event.creator_process_id.has_value()) {
    const ProcessKey& key = *event.creator_process_id;
    LearnRelative(key, event.creator_comm, event.creator_exe_path);
    const Process* const known = processes_.Find(key);
    creator = processes_.MakeCreator(key, known == nullptr ? ProcessKey{} : known->parent,
                                     event.creator_comm.value_or(""));
  }
  const Owner owner = OwnerOf(actor.uid, actor.container_id.value_or(""));
  Process& process = processes_.Upsert(actor.process_id, owner);
  process.parent = parent;
  process.set_comm(actor.comm);
  process.cgroup_id = actor.cgroup_id;
  if (creator != nullptr) process.creator = std::move(creator);
  processes_.SetImage(process, processes_.MakeImage(ImageOf(event), owner));
}

void SeenHost::Learn(const LineContent& line) {
  std::visit(
      [&]<typename E>(const E& event) {
        if constexpr (std::is_same_v<E, ProcessStart>) {
          LearnStart(event);
          LearnUser(event.actor.uid, event.user);
        } else if constexpr (std::is_same_v<E, ProcessRelationship>) {
          NoteFork(event, /*generation=*/0, processes_);
        } else if constexpr (std::is_same_v<E, ProcessExit>) {
          if (event.group_dead) {
            processes_.Exit(event.actor.process_id, event.actor.timestamp_ns,
                            processes_.OwnerOf(event.actor.process_id));
            processes_.Expire(event.actor.timestamp_ns);
          }
        } else if constexpr (std::is_same_v<E, Alert>) {
          LearnUser(event.uid, event.user);
        }
      },
      line.event);
}

std::size_t SeenHost::Depth(const ProcessKey& process, std::size_t max) const {
  const Process* at = processes_.Find(process);
  std::size_t depth = 0;
  for (; at != nullptr && depth < max; ++depth) at = processes_.Find(at->parent);
  return depth == 0 ? 0 : at == nullptr ? depth - 1 : depth;
}

}  // namespace randguard
