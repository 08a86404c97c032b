// SPDX-License-Identifier: Apache-2.0
//
// A set of numbers of which most follow each other.
#ifndef ANALYZER_OUTPUT_VERIFY_SEQ_SET_H_
#define ANALYZER_OUTPUT_VERIFY_SEQ_SET_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

namespace randguard {

struct SeqSpan {
  std::uint64_t first = 0, last = 0;  // both are in it

  std::uint64_t size() const { return last - first + 1; }
  friend bool operator==(const SeqSpan&, const SeqSpan&) = default;
};

class SeqSet {
 public:
  // False: it is there already.
  bool Add(std::uint64_t number);
  // All of them, some of which may be there already.
  void Add(SeqSpan span);

  bool empty() const { return spans_.empty(); }
  SeqSpan bounds() const;      // of a set that is not empty
  std::uint64_t size() const;  // numbers; modulo 2^64
  std::size_t spans() const { return spans_.size(); }
  // Those between the bounds that are in neither set, in their order.
  std::vector<SeqSpan> Missing(const SeqSet& but_for = {}) const;

 private:
  std::map<std::uint64_t, std::uint64_t> spans_;  // last numbers by first ones; none touch
};

}  // namespace randguard

#endif  // ANALYZER_OUTPUT_VERIFY_SEQ_SET_H_
