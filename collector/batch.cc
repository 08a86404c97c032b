// SPDX-License-Identifier: Apache-2.0
#include "collector/batch.h"

#include <algorithm>
#include <cstring>

#include "collector/startup.h"

namespace randguard::collector {

bool Batch::Add(const void* record, std::size_t size) {
  rg_header header;
  // Our own programs wrote it; if this does not hold, nothing else does.
  if (size < sizeof(header) || size > RG_RECORD_MAX || size % 8 != 0) {
    Fail("a ring holds a record of %zu bytes", size);
  }
  std::memcpy(&header, record, sizeof(header));
  std::memcpy(words_.asBytes().begin() + bytes_, record, size);
  bytes_ += size;
  ++count_;
  last_ns_ = header.time_ns;
  newest_ns_ = std::max(newest_ns_, last_ns_);
  return lane_bytes() < kLaneBytes;
}

}  // namespace randguard::collector
