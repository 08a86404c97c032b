// SPDX-License-Identifier: Apache-2.0
#include "analyzer/process/enricher.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "analyzer/process/lineage.h"

namespace randguard {
namespace {

// How long an ended process is kept at least, if there is room: what it did may come by the other
// lane, and its children ask for their parent.
constexpr std::uint64_t kGraceNs = 60'000'000'000;
// Names of cgroups, which take 256 bytes on average.
constexpr std::size_t kLeastCgroups = 1024;
constexpr std::size_t kMostCgroups = 65536;
constexpr std::size_t kMaxUsers = 65536;

Credentials CredentialsOf(const ProcessStart& e) {
  Credentials c;
  c.uid = e.actor.uid, c.gid = e.actor.gid;
  c.euid = e.euid, c.egid = e.egid;
  c.suid = e.suid, c.sgid = e.sgid;
  c.fsuid = e.fsuid, c.fsgid = e.fsgid;
  c.user_namespace = e.namespaces.user;
  c.capabilities = e.capabilities;
  return c;
}

}  // namespace

Enricher::Enricher(std::size_t max_processes)
    : processes_(max_processes, kGraceNs),
      cgroups_(std::clamp(max_processes, kLeastCgroups, kMostCgroups)) {}

void Enricher::BeginSession(bool other_boot) {
  BeginSnapshot();
  if (!other_boot) return;
  trust_.Clear();
  processes_.Clear();
  cgroups_.Clear();
}

void Enricher::BeginSnapshot() {
  ++generation_;
  findings_ = {};
}

Enricher::Findings Enricher::EndSnapshot(std::uint64_t now_ns) {
  findings_.ended = processes_.EndOthers(generation_, now_ns);
  return findings_;
}

void Enricher::AddUser(std::uint32_t uid, std::string_view name) {
  if (users_.size() < kMaxUsers) users_.try_emplace(uid, name);
}

void Enricher::FindExePath(const ProcessKey& key, OptionalText& path) const {
  const Process* process = processes_.Find(key);
  if (process != nullptr && process->image != nullptr && !process->image->exe_path.empty()) {
    path = process->image->exe_path;
  }
}

void Enricher::NameCgroup(std::uint64_t id, std::string_view path) {
  cgroups_.Set(id, path);
  if (cgroups_.HasRoom()) return;
  cgroups_.MakeRoom([this](const auto& use) {
    processes_.ForEachLiving([&](const Process& process) { use(process.cgroup_id); });
  });
}

Owner Enricher::OwnerFor(std::uint32_t uid, std::uint64_t cgroup_id) {
  const Cgroup* cgroup = cgroups_.Find(cgroup_id);
  // Users make as many containers of their own as they like.
  if (cgroup == nullptr || cgroup->containers.empty() || cgroup->containers.front().rootless) {
    return OwnerOf(uid, /*container=*/"");
  }
  return OwnerOf(uid, cgroup->containers.front().id);
}

void Enricher::FillContainers(const Cgroup& cgroup, Actor& actor) {
  if (cgroup.containers.empty()) return;
  const Container& outermost = cgroup.containers.front();
  actor.container_id = outermost.id;
  actor.container_runtime = outermost.runtime;
  if (outermost.rootless) actor.container_rootless = true;
  if (!cgroup.nested.empty()) actor.nested_containers = TextList{cgroup.nested};
}

void Enricher::Enrich(Actor& actor) {
  if (!actor.exe_path.has_value()) FindExePath(actor.process_id, actor.exe_path);
  processes_.NoteCgroup(actor.process_id, actor.cgroup_id);
  const Cgroup* cgroup = cgroups_.Find(actor.cgroup_id);
  if (cgroup != nullptr && !actor.cgroup.has_value()) actor.cgroup = cgroup->path;
  if (cgroup == nullptr && actor.parent_process_id.has_value()) {
    const Process* parent = processes_.Find(*actor.parent_process_id);
    if (parent != nullptr) cgroup = cgroups_.Find(parent->cgroup_id);
    actor.container_inherited = cgroup != nullptr && !cgroup->containers.empty();
  }
  if (cgroup != nullptr) FillContainers(*cgroup, actor);
}

Enricher::Outcome Enricher::Apply(ProcessStart& event, bool snapshot) {
  Actor& actor = event.actor;
  trust_.NoteHost(event);
  event.mount_namespace_foreign = event.foreign_exe ? true : trust_.IsForeign(event.namespaces.mnt);
  if (actor.cgroup.has_value()) NameCgroup(actor.cgroup_id, *actor.cgroup);
  const Cgroup* cgroup = cgroups_.Find(actor.cgroup_id);
  event.trusted_exe =
      trust_.IsTrusted(event, snapshot, cgroup != nullptr && !cgroup->containers.empty());
  {
    const Process* before = processes_.Find(actor.process_id);
    if (snapshot && (before == nullptr || (before->exited && !before->exit_recorded))) {
      ++findings_.born;
    }
    const Owner owner = OwnerFor(actor.uid, actor.cgroup_id);
    Process& process = processes_.Upsert(actor.process_id, owner);
    process.generation = generation_;
    process.parent = actor.parent_process_id.value_or(ProcessKey{});
    process.set_comm(actor.comm);
    process.cgroup_id = actor.cgroup_id;
    const ProgramImage image = ImageOf(event);
    const bool had_image = process.image != nullptr && !process.image->forgotten;
    // A snapshot has no arguments, and a process whose memory is gone has no executable. While the
    // program is the same, an earlier record knows more.
    const bool is_known =
        snapshot && had_image && (image.exe_path.empty() || process.image->IsSameProgram(image));
    if (snapshot && !is_known && had_image) ++findings_.changed;
    if (!is_known) processes_.SetImage(process, processes_.MakeImage(image, owner));
    process.credentials = std::make_shared<const KnownCredentials>(KnownCredentials{
        CredentialsOf(event), snapshot ? CredentialsSource::kSnapshot : CredentialsSource::kExec});
    process.credentials_inherited = false;
  }
  if (snapshot) return Outcome::kNoted;
  Enrich(actor);
  FillLineage(processes_, event);
  if (const auto user = users_.find(actor.uid); user != users_.end()) event.user = user->second;
  return Outcome::kHappened;
}

Enricher::Outcome Enricher::Apply(ProcessRelationship& event, bool snapshot) {
  if (snapshot) return Outcome::kNoted;
  if (event.child_cgroup.has_value()) NameCgroup(event.child_cgroup_id, *event.child_cgroup);
  NoteFork(event, generation_, processes_);
  Enrich(event.actor);
  return Outcome::kHappened;
}

Enricher::Outcome Enricher::Apply(ProcessExit& event, bool snapshot) {
  if (snapshot) return Outcome::kNoted;
  Enrich(event.actor);
  // Two last threads that end at the same instant may both call themselves the last one.
  if (event.group_dead) {
    exit_path_ = event.actor.exe_path.value_or("");  // Exit() may make room in the table
    if (event.actor.exe_path.has_value()) event.actor.exe_path = exit_path_;
    event.group_dead = processes_.Exit(event.actor.process_id, event.actor.timestamp_ns,
                                       OwnerFor(event.actor.uid, event.actor.cgroup_id));
  }
  return Outcome::kHappened;
}

Enricher::Outcome Enricher::Apply(CgroupName& event, bool snapshot) {
  if (!snapshot && event.path.has_value()) NameCgroup(event.id, *event.path);
  return Outcome::kNoted;
}

Enricher::Outcome Enricher::Apply(CredentialsChange& event, bool snapshot) {
  if (snapshot) return Outcome::kNoted;
  Enrich(event.actor);
  if (event.call.error.has_value()) {  // nothing has changed
    event.before = std::nullopt;
    event.before_source = std::nullopt;
    return Outcome::kHappened;
  }
  std::shared_ptr<const KnownCredentials> known;
  if (const Process* process = processes_.Find(event.actor.process_id)) {
    known = process->credentials;
    if (!event.before.has_value() && known != nullptr) {
      event.before = known->credentials;
      event.before_source =
          process->credentials_inherited ? CredentialsSource::kFork : known->source;
    }
  }
  if (event.before == event.after && !event.groups.has_value()) return Outcome::kNoChange;
  Process& process =
      processes_.Upsert(event.actor.process_id, OwnerFor(event.after.uid, event.actor.cgroup_id));
  process.credentials = std::make_shared<const KnownCredentials>(
      KnownCredentials{event.after, CredentialsSource::kCredentialsChange});
  process.credentials_inherited = false;
  return Outcome::kHappened;
}

}  // namespace randguard
