// SPDX-License-Identifier: Apache-2.0
#include "analyzer/process/process_table.h"

#include <algorithm>
#include <utility>

namespace randguard {

namespace {

// Memory of a shared object, with its control block and malloc's own part.
constexpr std::size_t SharedBytes(std::size_t size) { return (size + 16 + 8 + 15) / 16 * 16; }

CommBytes CommOf(std::string_view text) {
  CommBytes comm{};
  std::copy_n(text.begin(), std::min(text.size(), comm.size()), comm.begin());
  return comm;
}

}  // namespace

void Process::set_comm(std::string_view text) { comm = CommOf(text); }

ProcessTable::ProcessTable(std::size_t capacity, std::uint64_t grace_ns)
    : capacity_(std::max<std::size_t>(capacity, 1)), grace_ns_(grace_ns) {}

std::size_t ProcessTable::OtherBytes() const {
  // The index is at least seven sixteenths full once it has grown. Credentials are shared by fewer
  // than all.
  constexpr std::size_t kEntry = sizeof(Node) + sizeof(Slot) +
                                 (sizeof(std::pair<ProcessKey, Slot>) + 1) * 16 / 7 +
                                 SharedBytes(sizeof(KnownCredentials));
  constexpr std::size_t kCreator = SharedBytes(sizeof(Creator) + 24);  // with its deleter
  return index_.size() * kEntry + creators_ * kCreator +
         images_.images() * SharedBytes(sizeof(StoredImage)) + shares_.bytes() +
         queues_.capacity() * sizeof(Queues);
}

HeldImage ProcessTable::MakeImage(const ProgramImage& image, const Owner& owner) {
  const Account account = shares_.Open(owner);
  HeldImage made = images_.Make(image, account);
  shares_.Close(account);
  return made;
}

void ProcessTable::SetImage(Process& process, const HeldImage& image) {
  if (!process.exited) {
    images_.Run(image);
    images_.Stop(process.image);
  }
  process.image = image;
}

std::shared_ptr<const Creator> ProcessTable::Keep(Creator creator, Account account) {
  // Half of all creators is for whoever comes first, and everybody has a share of the other half.
  const std::size_t max = std::min(capacity_ * kCreatorsPerProcess, kMaxCreators);
  const std::size_t share = max / 2 / std::max<std::size_t>(shares_.groups(), 1);
  const bool full = creators_ >= max / 2 + share && shares_.GroupCreators(account) >= share;
  if (full && creator.creator != nullptr) {
    creator.creator = nullptr;
    ++creators_cut_;
  }
  creator.depth = creator.creator == nullptr ? 1 : creator.creator->depth + 1;
  ++creators_;
  shares_.Hold(account);
  shares_.ChangeCreators(account, 1);
  return {new Creator(std::move(creator)), [this, account](const Creator* done) {
            --creators_;
            shares_.ChangeCreators(account, -1);
            shares_.Close(account);
            delete done;
          }};
}

std::shared_ptr<const Creator> ProcessTable::MakeCreator(const ProcessKey& key,
                                                         const ProcessKey& parent,
                                                         std::string_view comm, bool root) {
  const auto it = index_.find(key);
  const Node* node = it == index_.end() ? nullptr : &NodeAt(it->second);
  const Process* known = node == nullptr ? nullptr : &node->process;
  const Account account = node == nullptr ? shares_.Open({}) : node->account;
  std::shared_ptr<const Creator> above = known == nullptr ? nullptr : known->creator;
  if (above != nullptr && above->depth >= 2 * kCreators) {
    // Copies the nearest ones, the farthest of them first.
    std::array<const Creator*, kCreators> nearest{};
    const Creator* at = above.get();
    for (const Creator*& one : nearest) one = std::exchange(at, at->creator.get());
    std::shared_ptr<const Creator> copied;
    for (std::size_t i = kCreators; i-- > 0;) {
      Creator copy = *nearest[i];
      copy.creator = std::move(copied);
      copied = Keep(std::move(copy), account);
    }
    above = std::move(copied);
  }
  auto made = Keep({.key = key,
                    .parent = parent,
                    .image = known == nullptr ? HeldImage() : HeldImage(known->image),
                    .creator = std::move(above),
                    .comm = CommOf(comm),
                    .root = root},
                   account);
  if (node == nullptr) shares_.Close(account);
  return made;
}

const Process* ProcessTable::Find(const ProcessKey& key) const {
  const auto it = index_.find(key);
  return it == index_.end() ? nullptr : &NodeAt(it->second).process;
}

std::optional<Owner> ProcessTable::OwnerOf(const ProcessKey& key) const {
  const auto it = index_.find(key);
  if (it == index_.end()) return std::nullopt;
  return shares_.OwnerOf(NodeAt(it->second).account);
}

void ProcessTable::NoteCgroup(const ProcessKey& key, std::uint64_t cgroup_id) {
  const auto it = index_.find(key);
  if (it != index_.end()) NodeAt(it->second).process.cgroup_id = cgroup_id;
}

Process& ProcessTable::Upsert(const ProcessKey& key, const std::optional<Owner>& owner) {
  const Slot slot = FindOrAdd(key, owner);
  Process& process = NodeAt(slot).process;
  if (process.exit_recorded) return process;
  if (process.exited) {
    Unlink(slot);
    process.exited = false;
    Link(slot);
    shares_.Change(NodeAt(slot).account, FairShare::kEndedEntries, -1);
  } else {  // LRU: it was heard of just now
    Queue& queue = queues_[NodeAt(slot).account].living;
    if (queue.back != slot) {
      Unlink<&Node::own>(queue, slot);
      PushBack<&Node::own>(queue, slot);
    }
  }
  return process;
}

ProcessTable::Slot ProcessTable::NewSlot() {
  if (!free_.empty()) {
    const Slot slot = free_.back();
    free_.pop_back();
    return slot;
  }
  if (used_ / kNodesPerBlock == blocks_.size()) {
    blocks_.push_back(std::make_unique<Node[]>(kNodesPerBlock));
  }
  return used_++;
}

ProcessTable::Slot ProcessTable::FindOrAdd(const ProcessKey& key,
                                           const std::optional<Owner>& owner) {
  if (const auto it = index_.find(key); it != index_.end()) {
    if (owner.has_value()) SetOwner(it->second, *owner);
    return it->second;
  }
  // An entry that goes may leave its creators behind, which others hold.
  while (index_.size() >= capacity_ || (OtherBytes() >= kOtherBytes && !index_.empty())) EvictOne();
  const Slot slot = NewSlot();
  Node& node = NodeAt(slot);
  node.process = Process{.key = key};
  node.account = shares_.Open(owner.value_or(Owner{}));
  if (queues_.size() <= node.account) queues_.resize(shares_.ids());
  index_.emplace(key, slot);
  Enter(slot);
  return slot;
}

void ProcessTable::SetOwner(Slot slot, const Owner& owner) {
  Node& node = NodeAt(slot);
  if (shares_.OwnerOf(node.account) == owner) return;
  Leave(slot);
  const Account before = std::exchange(node.account, shares_.Open(owner));
  shares_.Close(before);
  if (queues_.size() <= node.account) queues_.resize(shares_.ids());
  Enter(slot);
}

void ProcessTable::EvictOne() {
  Account from = shares_.Largest(FairShare::kEndedEntries);
  if (from == FairShare::kNone || shares_.GroupAmount(from, FairShare::kEntries) <
                                      index_.size() / std::max<std::size_t>(shares_.groups(), 1)) {
    from = shares_.Largest(FairShare::kEntries);
  }
  const Queues& queues = queues_[from];
  const bool living = queues.ended.front == kNone;
  Remove(living ? queues.living.front : queues.ended.front);
  ++evicted_;
  if (living) ++living_evicted_;
}

bool ProcessTable::Exit(const ProcessKey& key, std::uint64_t time_ns,
                        const std::optional<Owner>& owner) {
  const Slot slot = FindOrAdd(key, owner);
  Process& process = NodeAt(slot).process;
  if (!process.exited) End(slot, time_ns);
  return !std::exchange(process.exit_recorded, true);
}

void ProcessTable::End(Slot slot, std::uint64_t time_ns) {
  Process& process = NodeAt(slot).process;
  Unlink(slot);
  process.exited = true;
  process.exit_ns = time_ns;
  Link(slot);
  shares_.Change(NodeAt(slot).account, FairShare::kEndedEntries, 1);
}

void ProcessTable::Expire(std::uint64_t now_ns) {
  while (ended_.front != kNone && NodeAt(ended_.front).process.exit_ns + grace_ns_ < now_ns) {
    Remove(ended_.front);
  }
}

std::size_t ProcessTable::EndOthers(std::uint32_t generation, std::uint64_t time_ns) {
  std::size_t ended = 0;
  for (std::size_t account = 0; account < queues_.size(); ++account) {
    for (Slot slot = queues_[account].living.front; slot != kNone;) {
      const Slot next = NodeAt(slot).own.next;
      if (NodeAt(slot).process.generation != generation) {
        End(slot, time_ns);
        ++ended;
      }
      slot = next;
    }
  }
  return ended;
}

void ProcessTable::Clear() {
  for (Queues& queues : queues_) {
    while (queues.living.front != kNone) Remove(queues.living.front);
    while (queues.ended.front != kNone) Remove(queues.ended.front);
  }
  blocks_.clear();
  used_ = 0;
  free_.clear();
  index_.clear();
}

template <ProcessTable::Links ProcessTable::Node::*kLinks>
void ProcessTable::Unlink(Queue& queue, Slot slot) {
  const Links links = NodeAt(slot).*kLinks;
  (links.previous == kNone ? queue.front : (NodeAt(links.previous).*kLinks).next) = links.next;
  (links.next == kNone ? queue.back : (NodeAt(links.next).*kLinks).previous) = links.previous;
}

template <ProcessTable::Links ProcessTable::Node::*kLinks>
void ProcessTable::PushBack(Queue& queue, Slot slot) {
  NodeAt(slot).*kLinks = {.previous = queue.back, .next = kNone};
  (queue.back == kNone ? queue.front : (NodeAt(queue.back).*kLinks).next) = slot;
  queue.back = slot;
}

void ProcessTable::Link(Slot slot) {
  Node& node = NodeAt(slot);
  Queues& queues = queues_[node.account];
  if (node.process.exited) {
    PushBack<&Node::own>(queues.ended, slot);
    PushBack<&Node::ended>(ended_, slot);
  } else {
    PushBack<&Node::own>(queues.living, slot);
    images_.Run(node.process.image);
  }
}

void ProcessTable::Unlink(Slot slot) {
  Node& node = NodeAt(slot);
  Queues& queues = queues_[node.account];
  if (node.process.exited) {
    Unlink<&Node::own>(queues.ended, slot);
    Unlink<&Node::ended>(ended_, slot);
  } else {
    Unlink<&Node::own>(queues.living, slot);
    images_.Stop(node.process.image);
  }
}

void ProcessTable::Enter(Slot slot) {
  const Node& node = NodeAt(slot);
  shares_.Change(node.account, FairShare::kEntries, 1);
  if (node.process.exited) shares_.Change(node.account, FairShare::kEndedEntries, 1);
  Link(slot);
}

void ProcessTable::Leave(Slot slot) {
  const Node& node = NodeAt(slot);
  shares_.Change(node.account, FairShare::kEntries, -1);
  if (node.process.exited) shares_.Change(node.account, FairShare::kEndedEntries, -1);
  Unlink(slot);
}

void ProcessTable::Remove(Slot slot) {
  Leave(slot);
  Node& node = NodeAt(slot);
  index_.erase(node.process.key);
  node.process = Process{};
  shares_.Close(node.account);
  free_.push_back(slot);
}

}  // namespace randguard
