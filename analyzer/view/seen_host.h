// SPDX-License-Identifier: Apache-2.0
//
// A host as far as its lines have shown it: which processes there are, and who the users are. Lines
// of several hosts and boots may follow each other; only the last one is known.
#ifndef ANALYZER_VIEW_SEEN_HOST_H_
#define ANALYZER_VIEW_SEEN_HOST_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "analyzer/output/convert/line_reader.h"
#include "analyzer/process/process_table.h"
#include "analyzer/rules/fields/event_view.h"

namespace randguard {

class SeenHost {
 public:
  SeenHost();
  SeenHost(const SeenHost&) = delete;
  SeenHost& operator=(const SeenHost&) = delete;

  // True: the line is of another host or boot than the one before, and all else is forgotten.
  bool Enter(const LineContent& line);
  // The line has happened: its process is known from then on. To be called before it is looked at.
  void Learn(const LineContent& line);

  // For conditions about this host; borrowed.
  const EvaluationContext& context() const { return context_; }
  // The user's name; empty: none is known.
  std::string_view UserName(std::uint32_t uid) const;
  const std::string& host() const { return host_; }
  // How many known processes are above this one, up to `max`.
  std::size_t Depth(const ProcessKey& process, std::size_t max) const;

 private:
  void LearnUser(std::uint32_t uid, const OptionalText& name);
  // A process that is known by the start of another one alone.
  void LearnRelative(const ProcessKey& key, const OptionalText& comm, const OptionalText& exe_path);
  void LearnStart(const ProcessStart& event);

  std::string host_, boot_id_, agent_id_;
  ProcessTable processes_;
  absl::flat_hash_map<std::uint32_t, std::string> users_;
  EvaluationContext context_;
};

}  // namespace randguard

#endif  // ANALYZER_VIEW_SEEN_HOST_H_
