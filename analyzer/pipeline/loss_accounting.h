// SPDX-License-Identifier: Apache-2.0
//
// Accounts for every record that a collector has had: printed, or reported as lost. A loss
// becomes a loss record, whichever way it was noticed.
#ifndef ANALYZER_PIPELINE_LOSS_ACCOUNTING_H_
#define ANALYZER_PIPELINE_LOSS_ACCOUNTING_H_

#include <cstdint>
#include <optional>
#include <utility>

#include "absl/functional/function_ref.h"
#include "analyzer/event/enum_counters.h"
#include "analyzer/event/reports.h"
#include "analyzer/pipeline/cursor.h"
#include "analyzer/pipeline/kind_counters.h"
#include "analyzer/pipeline/loss_tracker.h"

namespace randguard {

// `now_ns` is the stream's time, at which a loss is noticed.
class LossAccounting {
 public:
  using Report = absl::FunctionRef<void(const Loss&)>;

  // How far the analyzer before this one had got: what was handed to it beyond that is lost, which
  // the next hello shows.
  void SetBefore(Cursor before) { before_ = std::move(before); }
  std::uint64_t kernel_total() const { return kernel_.total(); }  // records lost in the kernel
  // How far this analyzer has got when `held` records that it has read are not printed yet. Before
  // the first hello, how far the one before it had got.
  Cursor cursor(std::uint64_t held) const;

  // A session begins, and nothing is held back.
  struct Beginning {
    Cursor collector;  // whose, how much it has handed out, which losses it has reported
    std::uint64_t next_batch = 0;  // sequence number
    std::uint64_t last_ns = 0;     // time of the last message that was seen of this boot; 0: none
  };
  void Begin(const Beginning& beginning, std::uint64_t now_ns, Report report);

  // A batch begins; one before it may be missing.
  void BeginBatch(std::uint64_t sequence, std::uint64_t first_record, std::uint64_t now_ns,
                  Report report);
  // Counters of the kernel side, as of `time_ns`.
  void UpdateKernel(const KindCounters& lost, std::uint64_t time_ns, std::uint64_t now_ns,
                    Report report);
  // How often the kernel has not run the programs of each hook, likewise.
  void UpdateSkipped(const HookCounters& skipped, std::uint64_t time_ns, std::uint64_t now_ns,
                     Report report);
  // All records of the collector before this one have been read.
  void SetRead(std::uint64_t next_record) { cursor_.records = next_record; }

  // The output has lost `lines` so far; `failing`: it does not work at present. Those that are
  // missing have numbers from `first_seq` on and below `next_seq`. True: a loss was reported, now
  // that it works again.
  bool UpdateOutput(std::uint64_t lines, bool failing, std::uint64_t first_seq,
                    std::uint64_t next_seq, std::uint64_t now_ns, Report report);
  std::uint64_t output_lost() const { return output_lost_; }  // lines, reported

  // A loss that was noticed elsewhere.
  void Add(Loss loss, std::uint64_t now_ns, Report report) { Write(loss, now_ns, report); }

  std::uint64_t reported() const { return reported_; }
  std::uint64_t collector_start_ns() const { return cursor_.collector_start_ns; }
  // `health.collector` is there already.
  void FillHealth(Health& health) const;

 private:
  // Reports each counter that has grown; describe(index, loss) fills in what the counter is about.
  template <typename Counters, typename Describe>
  void Update(LossTracker<Counters>& tracker, const Counters& counters, std::uint64_t time_ns,
              std::uint64_t now_ns, Report report, Describe&& describe);
  void Write(Loss& loss, std::uint64_t now_ns, Report report);

  LossTracker<KindCounters> kernel_;
  LossTracker<HookCounters> skipped_;
  Cursor cursor_;
  std::optional<Cursor> before_;
  std::uint64_t next_batch_ = 0;
  std::uint64_t output_lost_ = 0;
  std::uint64_t output_ok_ns_ = 0;  // when the output last worked
  std::uint64_t reported_ = 0, restart_lost_ = 0;
  EnumCounters<LossReason> reported_by_reason_;
};

}  // namespace randguard

#endif  // ANALYZER_PIPELINE_LOSS_ACCOUNTING_H_
