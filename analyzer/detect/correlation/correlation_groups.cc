// SPDX-License-Identifier: Apache-2.0
#include "analyzer/detect/correlation/correlation_groups.h"

#include <algorithm>
#include <iterator>

namespace randguard {
namespace {

// Abseil has a type of its own.
absl::string_view AsKey(std::string_view key) { return {key.data(), key.size()}; }

}  // namespace

// Where a chain has to begin with the first stage, anything else is nothing to remember.
bool CorrelationGroups::Begins(std::uint32_t stages) const {
  const bool in_order = correlation_.type == CorrelationType::kTemporalOrdered ||
                        correlation_.type == CorrelationType::kAbsence;
  return !in_order || (stages & 1) != 0;
}

CorrelationGroups::Groups::iterator CorrelationGroups::Make(std::string_view key) {
  if (groups_.size() >= correlation_.max_groups) {
    ++counts_.groups_evicted;
    Forget(groups_.begin());
  }
  Group& group = groups_.emplace_back();
  group.key = key;
  group.state = MakeGroupState(correlation_.type);
  const auto at = std::prev(groups_.end());
  by_key_.emplace(group.key, at);
  return at;
}

void CorrelationGroups::Forget(Groups::iterator group) {
  bytes_ -= group->bytes;
  by_key_.erase(group->key);
  groups_.erase(group);
}

// With its place in the list and in the table.
void CorrelationGroups::Account(Group& group) {
  constexpr std::size_t kPlaces = 8 * sizeof(void*);
  bytes_ -= group.bytes;
  group.bytes = sizeof(Group) + kPlaces + group.key.capacity() + group.alert.bytes() +
                std::visit([](const auto& state) { return state.bytes(); }, group.state);
  bytes_ += group.bytes;
}

void CorrelationGroups::MakeRoom(Groups::iterator kept) {
  while (bytes_ > max_bytes_) {
    const auto oldest = groups_.begin();
    if (oldest != kept) {
      ++counts_.groups_evicted;
      Forget(oldest);
      continue;
    }
    const bool dropped = std::visit([](auto& state) { return state.DropOldest(); }, kept->state);
    if (!dropped) return;
    ++counts_.values_forgotten;
    Account(*kept);
  }
}

CorrelationGroups::Effect CorrelationGroups::Add(std::string_view key, const Arrival& arrival,
                                                 absl::FunctionRef<const Alert&()> alert,
                                                 Findings& found) {
  const auto known = by_key_.find(AsKey(key));
  if (known == by_key_.end() && !Begins(arrival.stages)) return Effect::kNone;
  const auto at = known != by_key_.end() ? known->second : Make(key);
  Group& group = *at;
  if (group.folded) {
    ++counts_.folded;
    return Effect::kFolded;
  }
  auto* absence = std::get_if<AbsenceState>(&group.state);
  const bool awaited = absence != nullptr && absence->awaiting();
  const bool came = awaited && (arrival.stages & 2) != 0;
  const AddResult result =
      std::visit([&](auto& state) { return state.Add(correlation_, arrival, found); }, group.state);
  counts_.values_forgotten += result.forgotten;
  if (absence != nullptr) {
    if (!absence->awaiting()) {
      Forget(at);
      return Effect::kCame;
    }
    if (awaited && !came) return Effect::kCounted;  // it waits since the first one
    group.alert.Store(alert());
  }
  if (result.fires) {
    std::visit([](auto& state) { state.Clear(); }, group.state);
    group.folded = true;
  }
  group.last_ns = arrival.seen.time_ns;
  groups_.splice(groups_.end(), groups_, at);
  Account(group);
  MakeRoom(at);
  if (absence != nullptr) return Effect::kAwaits;
  return result.fires ? Effect::kFired : Effect::kCounted;
}

std::uint64_t CorrelationGroups::next_end_ns() const {
  if (groups_.empty()) return UINT64_MAX;
  const std::uint64_t last = groups_.front().last_ns;
  return last > UINT64_MAX - 1 - correlation_.timespan_ns ? UINT64_MAX - 1
                                                          : last + correlation_.timespan_ns;
}

const CorrelationGroups::Group* CorrelationGroups::EndOldest() {
  const auto oldest = groups_.begin();
  auto* absence = std::get_if<AbsenceState>(&oldest->state);
  if (absence == nullptr || !absence->awaiting() || oldest->folded) {
    Forget(oldest);
    return nullptr;
  }
  absence->Clear();
  oldest->folded = true;
  // Time has got further than any match: the list stays sorted.
  oldest->last_ns = next_end_ns();
  groups_.splice(groups_.end(), groups_, oldest);
  return &*oldest;
}

void CorrelationGroups::Clear() {
  by_key_.clear();
  groups_.clear();
  bytes_ = 0;
}

std::uint64_t CorrelationGroups::awaiting() const {
  return static_cast<std::uint64_t>(
      std::count_if(groups_.begin(), groups_.end(), [](const Group& group) {
        const auto* absence = std::get_if<AbsenceState>(&group.state);
        return absence != nullptr && absence->awaiting();
      }));
}

const CorrelationGroups::Group* CorrelationGroups::Find(std::string_view key) const {
  const auto found = by_key_.find(AsKey(key));
  return found == by_key_.end() ? nullptr : &*found->second;
}

}  // namespace randguard
