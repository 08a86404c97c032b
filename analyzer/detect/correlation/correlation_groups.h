// SPDX-License-Identifier: Apache-2.0
//
// The groups of one correlation. Both their number and their memory are bounded; beyond either the
// one that has been quiet for longest is forgotten, which is counted. Correlations share nothing,
// so that a flood in one of them takes nothing from another.
#ifndef ANALYZER_DETECT_CORRELATION_CORRELATION_GROUPS_H_
#define ANALYZER_DETECT_CORRELATION_CORRELATION_GROUPS_H_

#include <cstddef>
#include <cstdint>
#include <list>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "absl/functional/function_ref.h"
#include "absl/strings/string_view.h"
#include "analyzer/detect/correlation/group_state.h"
#include "analyzer/detect/stored_alert.h"
#include "analyzer/event/reports.h"

namespace randguard {

class CorrelationGroups {
 public:
  // The effect of a match on its group.
  enum class Effect : std::uint8_t {
    kNone,  // it begins nothing
    kCounted,
    kFired,
    kFolded,  // the group has fired within the timespan
    kAwaits,  // of an absence: the second rule is awaited from now on
    kCame,    // it has come
  };
  struct Group {
    std::string key;
    std::uint64_t last_ns = 0;  // latest match; of an absence, since when it waits
    bool folded = false;        // it fired at last_ns
    std::size_t bytes = 0;
    GroupState state;
    StoredAlert alert;  // of an absence: of what waits
  };

  // Everything is borrowed. `max_bytes` holds at least one group.
  CorrelationGroups(const CompiledCorrelation& correlation, std::size_t max_bytes,
                    CorrelationHealth& counts)
      : correlation_(correlation), max_bytes_(max_bytes), counts_(counts) {}

  // Time never goes back. Calls `alert` for what an absence has to keep.
  Effect Add(std::string_view key, const Arrival& arrival, absl::FunctionRef<const Alert&()> alert,
             Findings& found);

  // When the oldest group is over: after this time. UINT64_MAX: there is none.
  std::uint64_t next_end_ns() const;
  // The oldest group is over: forgets it, or, if it has waited in vain, folds it and returns it;
  // valid until the next call.
  const Group* EndOldest();

  void Clear();
  // As many as wait in vain for what may have come.
  std::uint64_t awaiting() const;

  std::size_t size() const { return groups_.size(); }
  std::size_t bytes() const { return bytes_; }
  // For explanations; null: there is none.
  const Group* Find(std::string_view key) const;

 private:
  using Groups = std::list<Group>;

  bool Begins(std::uint32_t stages) const;
  Groups::iterator Make(std::string_view key);
  void Account(Group& group);
  // `kept` stays, but for its oldest values.
  void MakeRoom(Groups::iterator kept);
  void Forget(Groups::iterator group);

  const CompiledCorrelation& correlation_;
  const std::size_t max_bytes_;
  CorrelationHealth& counts_;
  Groups groups_;  // by last_ns
  // The keys are those of the groups.
  absl::flat_hash_map<absl::string_view, Groups::iterator> by_key_;
  std::size_t bytes_ = 0;
};

}  // namespace randguard

#endif  // ANALYZER_DETECT_CORRELATION_CORRELATION_GROUPS_H_
