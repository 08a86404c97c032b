// SPDX-License-Identifier: Apache-2.0
//
// Accounts of everybody's part of a bounded store, so that the largest part makes room first.
//
// Holders are users. Users that one of them can make at will are one group: ids handed out for user
// namespaces, and all users of a container. Groups are compared first, then the users of one group.
// So nobody gets a larger share by acting under many ids.
//
// All operations take constant time. They compare amounts by their power of two: the holder found
// has at least half as much as the one that has the most.
#ifndef ANALYZER_PROCESS_FAIR_SHARE_H_
#define ANALYZER_PROCESS_FAIR_SHARE_H_

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"

namespace randguard {

struct Owner {
  std::uint64_t group = 0;
  std::uint32_t uid = 0;

  friend bool operator==(const Owner&, const Owner&) = default;
  template <typename H>
  friend H AbslHashValue(H h, const Owner& owner) {
    return H::combine(std::move(h), owner.group, owner.uid);
  }
};

// The group of a user on the host: the user, or the range of ids that somebody was given for user
// namespaces.
std::uint64_t GroupOfUser(std::uint32_t uid);

// `container` is empty for a process of the host, and for one that a user has put into a container
// of his own.
Owner OwnerOf(std::uint32_t uid, std::string_view container);

// Things with amounts, of which the largest is to be found. Things of the amount 0 are not in it.
class Ranking {
 public:
  using Id = std::uint32_t;
  static constexpr Id kNone = UINT32_MAX;
  struct Item {
    std::uint64_t amount = 0;
    Id previous = kNone, next = kNone;
  };

  Ranking() { heads_.fill(kNone); }
  // `items` has all of this ranking, by their ids.
  void Change(std::vector<Item>& items, Id id, std::int64_t by) {
    Item& item = items[id];
    const std::uint64_t before = item.amount;
    item.amount += static_cast<std::uint64_t>(by);
    if (std::bit_width(before) != std::bit_width(item.amount)) Move(items, id, before);
  }
  // kNone: there is nothing.
  Id Top() const;

 private:
  void Move(std::vector<Item>& items, Id id, std::uint64_t before);

  static constexpr std::size_t kPowers = 40;  // amounts beyond 2^39 are alike

  std::uint64_t filled_ = 0;  // bit n: heads_[n] is not empty
  std::array<Id, kPowers> heads_;
};

class FairShare {
 public:
  using Account = Ranking::Id;
  static constexpr Account kNone = Ranking::kNone;
  enum Measure : std::uint8_t { kEntries, kEndedEntries, kText, kEndedText, kMeasures };

  // The account stays until Close() was called as often as Open() and Hold().
  Account Open(const Owner& owner);
  void Hold(Account account) { ++accounts_[account].holds; }
  void Close(Account account);

  void Change(Account account, Measure measure, std::int64_t by) {
    const Group group = accounts_[account].group;
    ranking_[measure].Change(group_items_[measure], group, by);
    auto& items = account_items_[measure];
    if (Rankings* inner = groups_[group].inner.get(); inner != nullptr) {
      (*inner)[measure].Change(items, account, by);
    } else {
      items[account].amount += static_cast<std::uint64_t>(by);
    }
  }
  void ChangeCreators(Account account, std::int64_t by) {
    groups_[accounts_[account].group].creators += static_cast<std::uint64_t>(by);
  }

  // The largest of the largest group; kNone: nobody has anything.
  Account Largest(Measure measure) const;
  // The sum of the account's group.
  std::uint64_t GroupAmount(Account account, Measure measure) const {
    return group_items_[measure][accounts_[account].group].amount;
  }
  std::uint64_t GroupCreators(Account account) const {
    return groups_[accounts_[account].group].creators;
  }
  const Owner& OwnerOf(Account account) const { return accounts_[account].owner; }
  // Ids of accounts are below this.
  std::size_t ids() const { return accounts_.size(); }
  std::size_t groups() const { return group_of_.size(); }
  // Memory that all of it takes.
  std::size_t bytes() const;

 private:
  using Group = Ranking::Id;
  struct AccountData {
    Owner owner;
    Group group = kNone;
    std::uint32_t holds = 0;
  };
  using Rankings = std::array<Ranking, kMeasures>;
  struct GroupData {
    std::uint64_t key = 0;
    std::uint64_t creators = 0;
    std::uint32_t accounts = 0;
    Account only = kNone;             // while there was no other
    std::unique_ptr<Rankings> inner;  // of several
  };

  void AddAccount(GroupData& group, Account account);

  absl::flat_hash_map<Owner, Account> account_of_;
  absl::flat_hash_map<std::uint64_t, Group> group_of_;
  std::vector<AccountData> accounts_;
  std::vector<GroupData> groups_;
  std::vector<Account> free_accounts_;
  std::vector<Group> free_groups_;
  std::array<std::vector<Ranking::Item>, kMeasures> account_items_, group_items_;
  Rankings ranking_;
  std::size_t inner_ = 0;  // groups that have rankings
};

}  // namespace randguard

#endif  // ANALYZER_PROCESS_FAIR_SHARE_H_
