// SPDX-License-Identifier: Apache-2.0
//
// Puts the records of both lanes into the order in which they happened.
//
// A batch holds what waited in the bulk lane, then what waited in the critical lane a moment later.
// Records of the critical lane from within that moment may belong behind bulk records that only
// come with the next batch: the batch says up to which time it is complete, and what is younger is
// held back until the next one.
//
// The records of a snapshot that is taken within a session join that order: each says what a
// process was at its time.
#ifndef ANALYZER_PIPELINE_MERGE_H_
#define ANALYZER_PIPELINE_MERGE_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "analyzer/decode/record.h"

namespace randguard {

class Merge {
 public:
  enum class From : std::uint8_t { kLanes, kSnapshot };

  // Adds a record, and its number among those of the lanes; its bytes are borrowed until Release().
  void Add(std::uint64_t time_ns, RecordBytes bytes, From from = From::kLanes,
           std::uint64_t number = 0) {
    waiting_.push_back({time_ns, bytes, from, number});
    if (from == From::kLanes) ++held_;
  }

  // Calls consume(bytes, from, number) for each record up to `complete_ns`, by time, records of the
  // same time in the order they were added. The others are copied and held, at most kMaxHeldBytes
  // of them.
  template <typename Consume>
  void Release(std::uint64_t complete_ns, Consume&& consume) {
    Sort();
    std::size_t i = 0;
    std::size_t rest_bytes = 0;
    for (const Waiting& w : waiting_) rest_bytes += w.time_ns > complete_ns ? w.bytes.size() : 0;
    for (; i < waiting_.size(); ++i) {
      if (waiting_[i].time_ns > complete_ns) {
        if (rest_bytes <= kMaxHeldBytes) break;
        rest_bytes -= waiting_[i].bytes.size();
      }
      if (waiting_[i].from == From::kLanes) --held_;
      consume(waiting_[i].bytes, waiting_[i].from, waiting_[i].number);
    }
    Hold(i);
  }

  // Everything, at the end of a session.
  template <typename Consume>
  void ReleaseAll(Consume&& consume) {
    Release(UINT64_MAX, consume);
  }

  std::size_t held() const { return held_; }  // of the lanes

 private:
  // A batch at most; a peer that says its batches are never complete does not fill memory.
  static constexpr std::size_t kMaxHeldBytes = std::size_t{1} << 20;

  struct Waiting {
    std::uint64_t time_ns;
    RecordBytes bytes;
    From from = From::kLanes;
    std::uint64_t number = 0;
  };

  void Sort();
  // Keeps the records from `first` on, copied, and forgets the others.
  void Hold(std::size_t first);

  std::vector<Waiting> waiting_;
  std::size_t held_ = 0;
  std::vector<std::uint64_t> held_bytes_;  // words, for alignment
  std::vector<std::uint64_t> spare_;
};

}  // namespace randguard

#endif  // ANALYZER_PIPELINE_MERGE_H_
