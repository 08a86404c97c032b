// SPDX-License-Identifier: Apache-2.0
//
// At most so many events in each second of the stream's own time: a capture is limited as its host
// was. The limit is shared, so that nobody's flood hides what others do:
//
//   3/4  open to all, who comes first; what an account may take of it is cut to equal shares when
//        a second had more events than the limit has room for, and for ten seconds from then on
//   1/8  kept for root on the host
//   1/8  divided among the accounts of all others
//
// An account is a user on the host, or a user within one container. So many are known and no more,
// and one user or container cannot be all of them. Those beyond share one account.
#ifndef ANALYZER_PIPELINE_RATE_LIMIT_H_
#define ANALYZER_PIPELINE_RATE_LIMIT_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/functional/function_ref.h"
#include "absl/strings/string_view.h"
#include "schema/abi/event.h"

namespace randguard {

class RateLimit {
 public:
  static constexpr std::size_t kAccounts = 256;
  // Accounts that one user, one range of 65,536 user ids above all ordinary ones (such as those of
  // a user's containers), or one container can have at a time.
  static constexpr std::size_t kAccountsOfOne = 8;
  // Accounts are given up when nothing has come for so long.
  static constexpr std::uint64_t kIdleSeconds = 60;
  static constexpr std::size_t kCauses = 5;  // in a report

  // 0: no limit.
  explicit RateLimit(std::uint32_t per_second);

  // `container` is "" on the host. False: one too many, which is counted.
  bool Consume(std::uint64_t time_ns, std::uint32_t uid, std::string_view container, unsigned kind);

  // An account that was limited.
  struct Cause {
    std::optional<std::uint32_t> uid;  // none: those who share one account
    std::string_view container;        // valid until the next call of Consume()
    std::uint64_t count = 0;
  };
  // Events of one kind, since the last report.
  struct Limited {
    unsigned kind = 0;
    std::uint64_t count = 0;
    std::uint64_t total = 0;  // since the beginning
    std::uint64_t from_ns = 0, to_ns = 0;
    std::vector<Cause> causes;  // the largest ones, at most kCauses
  };
  using Report = absl::FunctionRef<void(const Limited&)>;
  // Reports what is not reported yet, kind by kind, once a second: when the first of it is that
  // old, or `now_ns` is absent.
  void ReportLimited(std::optional<std::uint64_t> now_ns, Report report);

  std::size_t accounts() const { return names_.size(); }

 private:
  struct Account {
    std::uint32_t uid = 0;
    std::string container;
    bool named = false;             // is one of kAccounts, and in use
    bool fresh = false;             // was not there when this second began
    std::uint64_t last_second = 0;  // in which something came
    std::uint32_t demand = 0;       // this second's events
    std::uint32_t used = 0;         // of which were let through
    std::uint32_t kept = 0;         // of which at least so many are let through
    std::uint64_t limited = 0;      // all kinds, not reported yet
    std::array<std::uint32_t, RG_KIND_END> limited_by_kind{};
  };
  struct Name {
    std::uint32_t uid;
    std::string_view container;
    bool operator==(const Name&) const = default;
    template <typename H>
    friend H AbslHashValue(H h, const Name& name) {
      return H::combine(std::move(h), name.uid,
                        absl::string_view(name.container.data(), name.container.size()));
    }
  };

  void BeginSecond(std::uint64_t second);
  bool Pay(Account& account);
  // The account of all who have none of their own, if there is no room.
  Account& AccountOf(std::uint32_t uid, std::string_view container);
  Account* Open(const Name& name);
  void Close(Account& account);
  // How much an account may have at most, so that the open part suffices for what came in the
  // second before.
  std::uint32_t FairCap() const;

  const std::uint32_t per_second_, for_root_, divided_, open_;
  std::uint64_t second_ = 0;
  std::uint64_t cut_until_ = 0;  // second to which cap_ holds at least
  std::uint32_t open_left_, for_others_left_ = 0, cap_ = UINT32_MAX;
  std::vector<Account> accounts_;  // root's, that of the others, then the named ones
  Account* last_;
  std::vector<Account*> unused_;
  // Texts of names are those of the accounts, which stay where they are.
  absl::flat_hash_map<Name, Account*> names_;
  absl::flat_hash_map<std::uint64_t, std::size_t> held_by_users_;  // by group
  absl::flat_hash_map<std::string, std::size_t> held_by_containers_;
  std::uint64_t limited_ = 0;  // not reported yet
  std::uint64_t first_ns_ = 0, last_ns_ = 0;
  std::array<std::uint64_t, RG_KIND_END> totals_{};
};

}  // namespace randguard

#endif  // ANALYZER_PIPELINE_RATE_LIMIT_H_
