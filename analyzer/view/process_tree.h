// SPDX-License-Identifier: Apache-2.0
//
// The processes that are in lines, who made whom, and what each did. Bounded: what is beyond a
// bound is counted, and the count is shown.
#ifndef ANALYZER_VIEW_PROCESS_TREE_H_
#define ANALYZER_VIEW_PROCESS_TREE_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "analyzer/event/value_sets.h"
#include "analyzer/event/values.h"
#include "analyzer/output/convert/line_reader.h"
#include "analyzer/view/compact_lines.h"
#include "analyzer/view/screen_text.h"

namespace randguard {

class ProcessTree {
 public:
  static constexpr std::size_t kProcessesMax = 1 << 18;
  static constexpr std::size_t kActsMax = 1 << 20;    // of all processes
  static constexpr std::size_t kAlertsMax = 1 << 16;  // likewise
  static constexpr std::size_t kActsOfOneMax = 64;
  static constexpr std::size_t kAlertsOfOneMax = 64;  // the worst
  static constexpr std::size_t kNameMax = 64;         // bytes of names and results that are kept
  static constexpr std::size_t kTextMax = 512;  // bytes of a command line or a path that are kept

  using Index = std::uint32_t;
  static constexpr Index kNone = UINT32_MAX;

  // Something that a process did, and how often.
  struct Act {
    std::int64_t time_ns = 0;  // since 1970, of the first time
    std::string what, object, result;
    Mark mark;
    std::uint64_t count = 1;
    std::uint64_t whole = 0;  // hash of all of it, for texts that were cut
    std::optional<Severity> alert;
  };
  struct Process {
    std::uint32_t boot = 0;  // in boots()
    ProcessKey key;
    Index parent = kNone;  // who made it; where that is not known, its parent
    std::vector<Index> children;
    std::string comm, command_line, user;
    std::optional<std::uint32_t> uid;
    std::int64_t start_ns = 0, end_ns = 0;  // since 1970; end 0: it has not ended
    std::string exit;
    bool started = false;  // the start of its program is among the lines
    std::vector<Act> acts, alerts;
    std::uint64_t more_acts = 0, more_alerts = 0;  // beyond the bounds
  };

  void Add(const LineContent& line);

  // The process that `what` names: a pid, a process_id, the event_id of an alert or of an event,
  // the id of a rule (its latest alert), or a line of output. Several may have had a pid: then it
  // is the latest, and `others` has the process_ids of the rest.
  absl::StatusOr<Index> Find(std::string_view what, std::vector<std::string>& others) const;

  // A process of the boot of the latest line; kNone: it is in no line.
  Index Of(const ProcessKey& key) const;

  const Process& process(Index index) const { return processes_[index]; }
  std::size_t size() const { return processes_.size(); }
  std::string ProcessId(Index index) const;
  // Processes that were not taken in for want of room.
  std::uint64_t left_out() const { return left_out_; }

  // Draws the ancestors of a process, the process, and its descendants with what they did, until
  // print(line) is false.
  void Draw(Index of, const Screen& screen,
            const std::function<bool(std::string_view)>& print) const;

 private:
  struct Id {
    std::uint32_t boot = 0;
    ProcessKey key;
    friend bool operator==(const Id&, const Id&) = default;
    template <typename H>
    friend H AbslHashValue(H h, const Id& id) {
      return H::combine(std::move(h), id.boot, id.key);
    }
  };
  // An alert, for those who name it.
  struct Raised {
    std::string rule_id;
    std::uint32_t boot = 0;
    EventId event_id;
    Index process = kNone;
  };

  Index FindOrAdd(const ProcessKey& key);  // of the boot of the line
  void SetParent(Index child, const ProcessKey& parent);
  Index Note(const Actor& actor);
  void NoteAct(Index of, const LineContent& line);
  void NoteStart(const ProcessStart& event, const LineContent& line);
  void NoteChild(const ProcessRelationship& event, const LineContent& line);
  void NoteEvent(Index of, const EventId& id);
  void NoteAlert(const Alert& alert, const LineContent& line);
  absl::StatusOr<Index> FindPid(std::uint32_t pid, std::vector<std::string>& others) const;
  absl::StatusOr<Index> FindId(std::string_view text) const;

  class Drawing;

  std::vector<std::string> boots_;  // 16 digits each, as in a process_id
  std::uint32_t boot_ = 0;          // of the line
  std::vector<Process> processes_;
  absl::flat_hash_map<Id, Index> by_id_;
  std::deque<Raised> raised_;
  absl::flat_hash_map<std::uint64_t, Index> by_event_;  // hash of an event's id and boot
  std::size_t acts_ = 0, alerts_ = 0;
  std::uint64_t left_out_ = 0;
};

}  // namespace randguard

#endif  // ANALYZER_VIEW_PROCESS_TREE_H_
