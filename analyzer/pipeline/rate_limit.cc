// SPDX-License-Identifier: Apache-2.0
#include "analyzer/pipeline/rate_limit.h"

#include <algorithm>
#include <limits>

#include "analyzer/process/fair_share.h"

namespace randguard {
namespace {

constexpr std::uint64_t kSecondNs = 1'000'000'000;
constexpr std::size_t kRoot = 0, kOthers = 1, kFirstNamed = 2;
// Records of one batch may be a little out of order. A clock that is farther back is another
// boot's.
constexpr std::uint64_t kLateSeconds = 5;
// Whoever is cut pays for so long after the last second that had too many events. Otherwise a flood
// in every other second would meet no cut.
constexpr std::uint64_t kCutSeconds = 10;

}  // namespace

RateLimit::RateLimit(std::uint32_t per_second)
    : per_second_(per_second),
      for_root_(per_second / 8),
      divided_(per_second / 8),
      open_(per_second - for_root_ - divided_),
      open_left_(open_),
      accounts_(per_second == 0 ? 0 : kFirstNamed + kAccounts),
      last_(accounts_.data()) {
  if (per_second == 0) return;
  accounts_[kRoot].kept = for_root_;
  accounts_[kOthers].fresh = true;
  for_others_left_ = divided_;
  for (std::size_t i = accounts_.size(); i > kFirstNamed; --i) {
    unused_.push_back(&accounts_[i - 1]);
  }
  names_.reserve(kAccounts);
}

bool RateLimit::Consume(std::uint64_t time_ns, std::uint32_t uid, std::string_view container,
                        unsigned kind) {
  if (per_second_ == 0) return true;
  const std::uint64_t second = time_ns / kSecondNs;
  if (second > second_ || second + kLateSeconds < second_) BeginSecond(second);
  Account& account = AccountOf(uid, container);
  account.last_second = second_;
  if (account.demand != std::numeric_limits<std::uint32_t>::max()) ++account.demand;
  if (Pay(account)) {
    ++account.used;
    return true;
  }
  if (limited_++ == 0) first_ns_ = time_ns;
  last_ns_ = time_ns;
  ++account.limited;
  ++account.limited_by_kind[kind < RG_KIND_END ? kind : 0];
  return false;
}

bool RateLimit::Pay(Account& account) {
  if (account.used < account.kept) return true;
  if (open_left_ > 0 && account.used < cap_) {
    --open_left_;
    return true;
  }
  if (account.fresh && for_others_left_ > 0) {
    --for_others_left_;
    return true;
  }
  return false;
}

RateLimit::Account& RateLimit::AccountOf(std::uint32_t uid, std::string_view container) {
  if (uid == 0 && container.empty()) return accounts_[kRoot];
  if (last_->named && last_->uid == uid && last_->container == container) return *last_;
  const auto found = names_.find(Name{uid, container});
  Account* account = found != names_.end() ? found->second : Open({uid, container});
  if (account == nullptr) return accounts_[kOthers];
  last_ = account;
  return *account;
}

RateLimit::Account* RateLimit::Open(const Name& name) {
  if (unused_.empty()) return nullptr;
  const auto has_enough = [](const auto& held, const auto& key) {
    const auto found = held.find(key);
    return found != held.end() && found->second >= kAccountsOfOne;
  };
  const bool of_user = name.uid != 0;  // in each container there is a root, no user of the host
  const bool contained = !name.container.empty();
  const absl::string_view container(name.container.data(), name.container.size());
  if (of_user && has_enough(held_by_users_, GroupOfUser(name.uid))) return nullptr;
  if (contained && has_enough(held_by_containers_, container)) return nullptr;
  if (of_user) ++held_by_users_[GroupOfUser(name.uid)];
  if (contained) ++held_by_containers_[container];
  Account& account = *unused_.back();
  unused_.pop_back();
  account.uid = name.uid;
  account.container = name.container;
  account.named = account.fresh = true;
  names_.emplace(Name{account.uid, account.container}, &account);
  return &account;
}

void RateLimit::Close(Account& account) {
  const auto release = [](auto& held, const auto& key) {
    const auto found = held.find(key);
    if (found != held.end() && --found->second == 0) held.erase(found);
  };
  names_.erase(Name{account.uid, account.container});
  if (account.uid != 0) release(held_by_users_, GroupOfUser(account.uid));
  if (!account.container.empty()) release(held_by_containers_, account.container);
  account = Account{};
  unused_.push_back(&account);
}

std::uint32_t RateLimit::FairCap() const {
  // All accounts together would take so much of the open part if none could have more than `cap`.
  const auto taken = [this](std::uint64_t cap) {
    std::uint64_t sum = 0;
    for (const Account& a : accounts_) {
      const std::uint64_t had = std::min<std::uint64_t>(a.demand, cap);
      sum += had - std::min<std::uint64_t>(had, a.kept);
    }
    return sum;
  };
  if (taken(UINT32_MAX) <= open_) return UINT32_MAX;
  std::uint64_t low = 1, high = UINT32_MAX;  // at least one: a small limit is not to be nothing
  while (low + 1 < high) {
    const std::uint64_t middle = (low + high) / 2;
    (taken(middle) <= open_ ? low : high) = middle;
  }
  return static_cast<std::uint32_t>(low);
}

void RateLimit::BeginSecond(std::uint64_t second) {
  for (std::size_t i = kFirstNamed; i < accounts_.size(); ++i) {
    Account& account = accounts_[i];
    const bool idle = account.last_second > second || account.last_second + kIdleSeconds < second;
    if (account.named && account.limited == 0 && idle) Close(account);
  }
  const auto share = static_cast<std::uint32_t>(divided_ / (names_.size() + 1));
  for (std::size_t i = kFirstNamed; i < accounts_.size(); ++i) {
    Account& account = accounts_[i];
    account.kept = account.named ? share : 0;
    account.fresh = false;
  }
  const std::uint32_t fair = FairCap();
  if (fair <= cap_ || second > cut_until_ || second < second_) cap_ = fair;
  if (fair != UINT32_MAX) cut_until_ = second + kCutSeconds;
  for (Account& account : accounts_) account.demand = account.used = 0;
  open_left_ = open_;
  for_others_left_ = share;
  second_ = second;
}

void RateLimit::ReportLimited(std::optional<std::uint64_t> now_ns, Report report) {
  if (limited_ == 0 || (now_ns.has_value() && *now_ns < first_ns_ + kSecondNs)) return;
  std::vector<const Account*> limited;
  for (const Account& account : accounts_) {
    if (account.limited != 0) limited.push_back(&account);
  }
  for (unsigned kind = 0; kind < RG_KIND_END; ++kind) {
    Limited found{.kind = kind, .from_ns = first_ns_, .to_ns = last_ns_};
    for (const Account* account : limited) {
      const std::uint64_t count = account->limited_by_kind[kind];
      if (count == 0) continue;
      found.count += count;
      found.causes.push_back({.container = account->container, .count = count});
      if (account != &accounts_[kOthers]) found.causes.back().uid = account->uid;
    }
    if (found.count == 0) continue;
    totals_[kind] += found.count;
    found.total = totals_[kind];
    std::stable_sort(found.causes.begin(), found.causes.end(),
                     [](const Cause& a, const Cause& b) { return a.count > b.count; });
    found.causes.resize(std::min(found.causes.size(), kCauses));
    report(found);
  }
  for (Account& account : accounts_) {
    account.limited = 0;
    account.limited_by_kind = {};
  }
  limited_ = 0;
}

}  // namespace randguard
