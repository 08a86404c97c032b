// SPDX-License-Identifier: Apache-2.0
#include "analyzer/process/fair_share.h"

#include <algorithm>
#include <bit>

#include "absl/hash/hash.h"

namespace randguard {
namespace {

// Ids below belong to single users. Above are directories, and what /etc/subuid and service
// managers hand out in pieces of this size.
constexpr std::uint32_t kIdsOfOne = 65536;
constexpr std::uint64_t kRange = std::uint64_t{1} << 32;
constexpr std::uint64_t kSubordinate = std::uint64_t{1} << 33;
constexpr std::uint64_t kContainer = std::uint64_t{1} << 63;

}  // namespace

Owner OwnerOf(std::uint32_t uid, std::string_view container) {
  if (!container.empty()) return {kContainer | absl::HashOf(container), uid};
  return {GroupOfUser(uid), uid};
}

std::uint64_t GroupOfUser(std::uint32_t uid) {
  // useradd(8) hands out ranges from here to where systemd's begin, which lie at multiples.
  constexpr std::uint32_t kFirstSubordinate = 100'000, kFirstOfSystemd = 524'288;
  if (uid < kIdsOfOne) return uid;
  const bool subordinate = uid >= kFirstSubordinate && uid < kFirstOfSystemd;
  return subordinate ? kSubordinate | ((uid - kFirstSubordinate) / kIdsOfOne)
                     : kRange | (uid / kIdsOfOne);
}

void Ranking::Move(std::vector<Item>& items, Id id, std::uint64_t before) {
  Item& item = items[id];
  const auto power = [](std::uint64_t amount) {
    return std::min<std::size_t>(std::bit_width(amount), kPowers) - 1;
  };
  const std::uint64_t after = item.amount;
  if (before != 0 && after != 0 && power(before) == power(after)) return;
  if (before != 0) {
    Id& head = heads_[power(before)];
    (item.previous == kNone ? head : items[item.previous].next) = item.next;
    if (item.next != kNone) items[item.next].previous = item.previous;
    if (head == kNone) filled_ &= ~(std::uint64_t{1} << power(before));
  }
  if (after != 0) {
    Id& head = heads_[power(after)];
    item.previous = kNone;
    item.next = head;
    if (head != kNone) items[head].previous = id;
    head = id;
    filled_ |= std::uint64_t{1} << power(after);
  }
}

Ranking::Id Ranking::Top() const {
  return filled_ == 0 ? kNone : heads_[static_cast<std::size_t>(std::bit_width(filled_)) - 1];
}

FairShare::Account FairShare::Open(const Owner& owner) {
  if (const auto it = account_of_.find(owner); it != account_of_.end()) {
    ++accounts_[it->second].holds;
    return it->second;
  }
  auto [it, is_new] = group_of_.try_emplace(owner.group, kNone);
  if (is_new) {
    if (free_groups_.empty()) {
      it->second = static_cast<Group>(groups_.size());
      groups_.emplace_back();
      for (auto& items : group_items_) items.emplace_back();
    } else {
      it->second = free_groups_.back();
      free_groups_.pop_back();
    }
    groups_[it->second].key = owner.group;
  }
  Account account = 0;
  if (free_accounts_.empty()) {
    account = static_cast<Account>(accounts_.size());
    accounts_.emplace_back();
    for (auto& items : account_items_) items.emplace_back();
  } else {
    account = free_accounts_.back();
    free_accounts_.pop_back();
  }
  accounts_[account] = {owner, it->second, 1};
  AddAccount(groups_[it->second], account);
  account_of_.emplace(owner, account);
  return account;
}

void FairShare::AddAccount(GroupData& group, Account account) {
  if (++group.accounts == 1) {
    group.only = account;
    return;
  }
  if (group.inner != nullptr) return;
  group.inner = std::make_unique<Rankings>();
  ++inner_;
  for (std::size_t measure = 0; measure < kMeasures; ++measure) {
    auto& items = account_items_[measure];
    const std::uint64_t amount = std::exchange(items[group.only].amount, 0);
    (*group.inner)[measure].Change(items, group.only, static_cast<std::int64_t>(amount));
  }
}

// Whoever holds nothing has no amounts, and is in no ranking.
void FairShare::Close(Account account) {
  AccountData& data = accounts_[account];
  if (--data.holds > 0) return;
  account_of_.erase(data.owner);
  free_accounts_.push_back(account);
  GroupData& group = groups_[data.group];
  if (--group.accounts > 0) return;
  if (group.inner != nullptr) {
    group.inner.reset();
    --inner_;
  }
  group_of_.erase(group.key);
  free_groups_.push_back(data.group);
}

FairShare::Account FairShare::Largest(Measure measure) const {
  const Group group = ranking_[measure].Top();
  if (group == kNone) return kNone;
  const GroupData& data = groups_[group];
  return data.inner == nullptr ? data.only : (*data.inner)[measure].Top();
}

std::size_t FairShare::bytes() const {
  // Not by the tables' capacity, which depends on the process's own seed of hashes: a replay has to
  // evict what was evicted on the host.
  constexpr std::size_t kSlotsPerEntry = 2;
  constexpr std::size_t kItems = kMeasures * sizeof(Ranking::Item);
  return accounts_.capacity() * (sizeof(AccountData) + kItems) +
         groups_.capacity() * (sizeof(GroupData) + kItems) + inner_ * sizeof(Rankings) +
         (account_of_.size() * (sizeof(std::pair<Owner, Account>) + 1) +
          group_of_.size() * (sizeof(std::pair<std::uint64_t, Group>) + 1)) *
             kSlotsPerEntry;
}

}  // namespace randguard
