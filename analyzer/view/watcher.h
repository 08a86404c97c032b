// SPDX-License-Identifier: Apache-2.0
//
// Lines of output.format "json" in, compact lines out: those that somebody wants to see.
#ifndef ANALYZER_VIEW_WATCHER_H_
#define ANALYZER_VIEW_WATCHER_H_

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "analyzer/event/reports.h"
#include "analyzer/output/convert/line_reader.h"
#include "analyzer/rules/tools/where.h"
#include "analyzer/view/compact_lines.h"
#include "analyzer/view/seen_host.h"

namespace randguard {

class Watcher {
 public:
  struct Options {
    Screen screen;
    bool alerts = false;         // no events
    bool tree = false;           // processes are indented by their parents
    bool follows = false;        // lines come in the order of their numbers
    std::optional<Where> where;  // events that fit, and alerts about these
  };
  // `print` gets each compact line, without a newline.
  using Print = std::function<void(std::string_view)>;
  Watcher(Options options, Print print);

  // A line without its end. An error: it is none of this version, and is not shown.
  absl::Status See(std::string_view line);

  // The next line is of another file than the one before.
  void BeginFile() { new_file_ = true; }
  // Something that is to be seen among the lines.
  void Note(std::string_view text);

  void Resize(std::size_t columns) { lines_.Resize(columns); }

  std::uint64_t events() const { return events_; }
  std::uint64_t alerts() const { return alerts_; }
  std::uint64_t lost() const { return lost_; }
  // As the last line about health says; absent: there was none.
  const std::optional<HealthStatus>& status() const { return status_; }

 private:
  // Whether it is to be shown.
  bool Wants(const LineContent& line);
  bool Fits(const LineContent& line);
  bool FitsAlert(const Alert& alert);
  // Losses are always shown, health when it changes.
  bool WantsReport(const AnyEvent& event);
  void Count(const AnyEvent& event);
  void CheckNumber(const LineContent& line);
  void Show(const LineContent& line);

  Options options_;
  CompactLines lines_;
  Print print_;
  LineReader reader_;
  SeenHost host_;
  std::string date_;
  bool new_host_ = false;
  bool new_file_ = false, sparse_ = false;  // not all lines are in these files
  std::string boot_id_;                     // of the line before
  std::uint64_t seq_ = 0;
  // The latest events that fitted, for the alerts about them, and those that were seen.
  static constexpr std::size_t kRemembered = 8192;
  struct Remembered {
    absl::flat_hash_set<std::uint64_t> now, before;

    void Add(const EventId& id);
    bool Has(const EventId& id) const;
  };
  Remembered fitted_, seen_;
  std::uint64_t events_ = 0, alerts_ = 0, lost_ = 0;
  std::optional<HealthStatus> status_;
  static constexpr std::size_t kHostsMax = 4096;
  std::map<std::string, std::string, std::less<>> health_;  // how each host is
};

}  // namespace randguard

#endif  // ANALYZER_VIEW_WATCHER_H_
