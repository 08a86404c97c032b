// SPDX-License-Identifier: Apache-2.0
#include "analyzer/pipeline/loss_accounting.h"

#include <algorithm>

#include "analyzer/decode/record.h"

namespace randguard {

Cursor LossAccounting::cursor(std::uint64_t held) const {
  if (cursor_.boot_id.empty()) return before_.value_or(Cursor{});
  Cursor cursor = cursor_;
  cursor.records -= std::min(cursor.records, held);
  cursor.lost = kernel_.lost();
  cursor.skipped = skipped_.lost();
  return cursor;
}

void LossAccounting::Begin(const Beginning& beginning, std::uint64_t now_ns, Report report) {
  const Cursor& collector = beginning.collector;
  // For a collector that was connected before, it is known better here than there what was
  // reported: what was sent may not have been read.
  std::optional<Cursor> before = cursor(/*held=*/0);
  before_ = std::nullopt;
  cursor_ = {collector.boot_id, collector.collector_start_ns, collector.records};
  next_batch_ = beginning.next_batch;
  if (!before->SameLife(cursor_)) {
    if (before->boot_id == cursor_.boot_id) {
      Loss loss;
      loss.reason = LossReason::kCollectorRestart;
      // The records in the rings of the one before at its end are unknown, too: from its last
      // message on. An analyzer that has not seen that one itself knows when it began.
      loss.from_ns = beginning.last_ns != 0 ? beginning.last_ns : before->collector_start_ns;
      loss.to_ns = cursor_.collector_start_ns;
      Write(loss, now_ns, report);
    }
    before = std::nullopt;
  }
  kernel_.Begin(before.has_value() && before->lost.has_value()
                    ? *before->lost
                    : collector.lost.value_or(KindCounters{}),
                now_ns);
  skipped_.Begin(before.has_value() && before->skipped.has_value()
                     ? *before->skipped
                     : collector.skipped.value_or(HookCounters{}),
                 now_ns);
  if (before.has_value() && before->records < cursor_.records) {
    // Handed to an analyzer that did not live to print them.
    Loss loss;
    loss.reason = LossReason::kAnalyzerRestart;
    loss.count = cursor_.records - before->records;
    loss.from_ns = cursor_.collector_start_ns;
    loss.to_ns = now_ns;
    restart_lost_ += *loss.count;
    Write(loss, now_ns, report);
  }
}

void LossAccounting::BeginBatch(std::uint64_t sequence, std::uint64_t first_record,
                                std::uint64_t now_ns, Report report) {
  if (sequence != next_batch_) {
    Loss loss;
    loss.reason = LossReason::kStreamGap;
    loss.count = first_record - std::min(first_record, cursor_.records);
    loss.to_ns = now_ns;
    Write(loss, now_ns, report);
  }
  next_batch_ = sequence + 1;
  cursor_.records = first_record;
}

template <typename Counters, typename Describe>
void LossAccounting::Update(LossTracker<Counters>& tracker, const Counters& counters,
                            std::uint64_t time_ns, std::uint64_t now_ns, Report report,
                            Describe&& describe) {
  tracker.Update(counters, time_ns,
                 [&](unsigned index, std::uint64_t count, std::uint64_t total,
                     std::uint64_t from_ns, std::uint64_t to_ns) {
                   Loss loss;
                   describe(index, loss);
                   loss.count = count;
                   loss.total = total;
                   loss.from_ns = from_ns;
                   loss.to_ns = to_ns;
                   Write(loss, now_ns, report);
                 });
}

void LossAccounting::UpdateKernel(const KindCounters& lost, std::uint64_t time_ns,
                                  std::uint64_t now_ns, Report report) {
  Update(kernel_, lost, time_ns, now_ns, report, [](unsigned kind, Loss& loss) {
    loss.reason = LossReason::kKernel;
    loss.kind = KindOf(kind);
    loss.lane = LaneOf(kind);
  });
}

void LossAccounting::UpdateSkipped(const HookCounters& skipped, std::uint64_t time_ns,
                                   std::uint64_t now_ns, Report report) {
  Update(skipped_, skipped, time_ns, now_ns, report, [](unsigned hook, Loss& loss) {
    loss.reason = LossReason::kSkipped;
    loss.hook = HookOf(hook);
  });
}

bool LossAccounting::UpdateOutput(std::uint64_t lines, bool failing, std::uint64_t first_seq,
                                  std::uint64_t next_seq, std::uint64_t now_ns, Report report) {
  if (failing) return false;
  const std::uint64_t since = std::exchange(output_ok_ns_, now_ns);
  if (lines == output_lost_) return false;
  Loss loss;
  loss.reason = LossReason::kOutput;
  loss.count = lines - output_lost_;
  loss.total = lines;
  loss.first_seq = first_seq;
  loss.last_seq = next_seq - 1;
  loss.from_ns = since;
  loss.to_ns = now_ns;
  output_lost_ = lines;
  Write(loss, now_ns, report);
  return true;
}

void LossAccounting::Write(Loss& loss, std::uint64_t now_ns, Report report) {
  loss.timestamp_ns = now_ns;
  loss.time = {now_ns};
  ++reported_;
  reported_by_reason_.Add(loss.reason);
  report(loss);
}

void LossAccounting::FillHealth(Health& health) const {
  health.kernel_lost = kernel_.total();
  health.kernel_lost_by_kind = ByKind(kernel_.lost());
  health.kernel_skipped = skipped_.total();
  health.kernel_skipped_by_hook = ByHook(skipped_.lost());
  health.collector.records_sent = cursor_.records;
  health.collector.batches_sent = next_batch_;
  health.losses_reported = reported_;
  health.losses_by_reason = reported_by_reason_.ByName();
  health.restart_lost = restart_lost_;
}

}  // namespace randguard
