// SPDX-License-Identifier: Apache-2.0
//
// Between the life of processes and the process table: the table keeps what a start and a fork say,
// and an event gets those who made its process from the table.
//
// A process has a creator, which called fork, and a parent, which waits for its end. They are the
// same until the creator ends before its child: then another process adopts the child. With
// CLONE_PARENT they differ from the beginning. The creator is known only if its fork was recorded.
#ifndef ANALYZER_PROCESS_LINEAGE_H_
#define ANALYZER_PROCESS_LINEAGE_H_

#include <cstdint>
#include <optional>
#include <string_view>

#include "analyzer/event/events.h"
#include "analyzer/process/process_table.h"

namespace randguard {

// One of those who made a process, on the way up from it. An ancestor's creator is the next one;
// where that is not known, its parent.
class Ancestor {
 public:
  // The nearest one of a process: its creator, else `parent`.
  Ancestor(const ProcessTable& processes, const ProcessKey& of, const ProcessKey& parent);

  bool known() const { return creator_ != nullptr || process_ != nullptr; }
  void Up();

  // Only while known(). Text borrows from the table.
  const ProgramImage* image() const;  // null: unknown
  std::string_view exe_path() const;  // empty: unknown
  std::string_view comm() const;
  // A creator that ran a trusted program as root. A mere parent may only have adopted the process.
  bool trusted() const { return creator_ != nullptr && creator_->trusted(); }
  // The executable, or the name where none is known.
  std::string_view name() const { return exe_path().empty() ? comm() : exe_path(); }

 private:
  void Take(const Creator* creator, const ProcessKey& parent);

  const ProcessTable& processes_;
  const Creator* creator_ = nullptr;  // one of the two, or none
  const Process* process_ = nullptr;
};

// The creator of a process; null: unknown.
const Creator* CreatorOf(const ProcessTable& processes, const ProcessKey& process);

// Whether another process has taken the creator's place as parent.
inline bool IsAdopted(const Creator& creator, const std::optional<ProcessKey>& parent) {
  return parent != creator.key;
}

// The data of a start that the process table keeps. Its texts are the event's.
ProgramImage ImageOf(const ProcessStart& event);

// Notes the child of a fork. Leaves what is known of the child from later records.
void NoteFork(const ProcessRelationship& event, std::uint32_t generation, ProcessTable& processes);

// Fills in parent, creator and ancestors. Their text borrows from the table.
void FillLineage(const ProcessTable& processes, ProcessStart& event);

}  // namespace randguard

#endif  // ANALYZER_PROCESS_LINEAGE_H_
