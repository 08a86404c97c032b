// SPDX-License-Identifier: Apache-2.0
//
// Takes the blob of a Batch or Snapshot apart into records. Looks at nothing but the size in each
// record's header; the decoder reads the rest.
#ifndef ANALYZER_WIRE_RECORD_WALKER_H_
#define ANALYZER_WIRE_RECORD_WALKER_H_

#include <cstddef>
#include <optional>
#include <span>

#include "absl/status/statusor.h"

namespace randguard {

class RecordWalker {
 public:
  // `blob` is borrowed for as long as the walker is used.
  explicit RecordWalker(std::span<const std::byte> blob) : blob_(blob) {}

  // The next record, by the size in its header: at least a whole rg_header, at most RG_RECORD_MAX,
  // a multiple of 8. nullopt at the end. InvalidArgument where there can be no record. After that
  // every call fails, because nobody knows where the next record begins.
  absl::StatusOr<std::optional<std::span<const std::byte>>> Next();

  // Where in the blob the next record or the damage begins.
  std::size_t Offset() const { return offset_; }

 private:
  std::span<const std::byte> blob_;
  std::size_t offset_ = 0;
};

}  // namespace randguard

#endif  // ANALYZER_WIRE_RECORD_WALKER_H_
