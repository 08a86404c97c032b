// SPDX-License-Identifier: Apache-2.0
#include "analyzer/process/process_table.h"

#include <algorithm>
#include <utility>

namespace randguard {

namespace {

CommBytes CommOf(std::string_view text) {
  CommBytes comm{};
  std::copy_n(text.begin(), std::min(text.size(), comm.size()), comm.begin());
  return comm;
}

}  // namespace

void Process::set_comm(std::string_view text) { comm = CommOf(text); }

ProcessTable::ProcessTable(std::size_t capacity, std::uint64_t grace_ns)
    : capacity_(std::max<std::size_t>(capacity, 1)), grace_ns_(grace_ns) {}

std::shared_ptr<const ProgramImage> ProcessTable::MakeImage(ProgramImage image) {
  if (!image.args.has_value() || image.args->empty()) {
    return std::make_shared<const ProgramImage>(std::move(image));
  }
  if (*args_bytes_ + image.args->size() > kArgsTotal && image.args->size() > kArgsWhenFull) {
    image.args->resize(kArgsWhenFull);
    image.args->shrink_to_fit();
    ++images_cut_;
  }
  const std::size_t size = image.args->size();
  *args_bytes_ += size;
  return {new ProgramImage(std::move(image)),
          [bytes = args_bytes_, size](const ProgramImage* done) {
            *bytes -= size;
            delete done;
          }};
}

std::shared_ptr<const Creator> ProcessTable::Keep(Creator creator) {
  if (*creators_ >= capacity_ * kCreatorsPerProcess && creator.creator != nullptr) {
    creator.creator = nullptr;
    ++creators_cut_;
  }
  creator.depth = creator.creator == nullptr ? 1 : creator.creator->depth + 1;
  ++*creators_;
  return {new Creator(std::move(creator)), [count = creators_](const Creator* done) {
            --*count;
            delete done;
          }};
}

std::shared_ptr<const Creator> ProcessTable::MakeCreator(const ProcessKey& key,
                                                         const ProcessKey& parent,
                                                         std::string_view comm, bool root) {
  const Process* known = Find(key);
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
      copied = Keep(std::move(copy));
    }
    above = std::move(copied);
  }
  return Keep({.key = key,
               .parent = parent,
               .image = known == nullptr ? nullptr : known->image,
               .creator = std::move(above),
               .comm = CommOf(comm),
               .root = root});
}

const Process* ProcessTable::Find(const ProcessKey& key) const {
  const auto it = index_.find(key);
  return it == index_.end() ? nullptr : &nodes_[it->second].process;
}

void ProcessTable::NoteCgroup(const ProcessKey& key, std::uint64_t cgroup_id) {
  const auto it = index_.find(key);
  if (it != index_.end()) nodes_[it->second].process.cgroup_id = cgroup_id;
}

Process& ProcessTable::Upsert(const ProcessKey& key) {
  const Slot slot = FindOrAdd(key);
  Process& process = nodes_[slot].process;
  if (!process.exit_recorded) {  // LRU: it was heard of just now
    Unlink(QueueOf(process), slot);
    process.exited = false;
    PushBack(living_, slot);
  }
  return process;
}

ProcessTable::Slot ProcessTable::FindOrAdd(const ProcessKey& key) {
  if (const auto it = index_.find(key); it != index_.end()) return it->second;
  if (index_.size() >= capacity_) {
    Queue& queue = exited_.front != kNone ? exited_ : living_;
    Remove(queue, queue.front);
    ++evicted_;
  }
  Slot slot = 0;
  if (free_.empty()) {
    slot = static_cast<Slot>(nodes_.size());
    nodes_.emplace_back();
  } else {
    slot = free_.back();
    free_.pop_back();
  }
  nodes_[slot].process = Process{.key = key};
  index_.emplace(key, slot);
  PushBack(living_, slot);
  return slot;
}

bool ProcessTable::Exit(const ProcessKey& key, std::uint64_t time_ns) {
  const Slot slot = FindOrAdd(key);
  Process& process = nodes_[slot].process;
  if (!process.exited) End(slot, time_ns);
  return !std::exchange(process.exit_recorded, true);
}

void ProcessTable::End(Slot slot, std::uint64_t time_ns) {
  Process& process = nodes_[slot].process;
  Unlink(living_, slot);
  process.exited = true;
  process.exit_ns = time_ns;
  PushBack(exited_, slot);
}

void ProcessTable::Expire(std::uint64_t now_ns) {
  while (exited_.front != kNone && nodes_[exited_.front].process.exit_ns + grace_ns_ < now_ns) {
    Remove(exited_, exited_.front);
  }
}

std::size_t ProcessTable::EndOthers(std::uint32_t generation, std::uint64_t time_ns) {
  std::size_t ended = 0;
  for (Slot slot = living_.front; slot != kNone;) {
    const Slot next = nodes_[slot].next;
    if (nodes_[slot].process.generation != generation) {
      End(slot, time_ns);
      ++ended;
    }
    slot = next;
  }
  return ended;
}

void ProcessTable::Clear() {
  nodes_.clear();
  free_.clear();
  index_.clear();
  living_ = exited_ = {};
}

void ProcessTable::Unlink(Queue& queue, Slot slot) {
  const Node& node = nodes_[slot];
  (node.previous == kNone ? queue.front : nodes_[node.previous].next) = node.next;
  (node.next == kNone ? queue.back : nodes_[node.next].previous) = node.previous;
}

void ProcessTable::PushBack(Queue& queue, Slot slot) {
  Node& node = nodes_[slot];
  node.previous = queue.back;
  node.next = kNone;
  (queue.back == kNone ? queue.front : nodes_[queue.back].next) = slot;
  queue.back = slot;
}

void ProcessTable::Remove(Queue& queue, Slot slot) {
  Unlink(queue, slot);
  index_.erase(nodes_[slot].process.key);
  nodes_[slot].process.image.reset();
  nodes_[slot].process.creator.reset();
  free_.push_back(slot);
}

}  // namespace randguard
