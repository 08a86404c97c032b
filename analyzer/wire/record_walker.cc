// SPDX-License-Identifier: Apache-2.0
#include "analyzer/wire/record_walker.h"

#include <cstdint>
#include <cstring>

#include "analyzer/base/status.h"
#include "schema/abi/event.h"

namespace randguard {

absl::StatusOr<std::optional<std::span<const std::byte>>> RecordWalker::Next() {
  const std::span<const std::byte> rest = blob_.subspan(offset_);
  if (rest.empty()) return std::nullopt;
  if (rest.size() < sizeof(rg_header)) {
    return InvalidInput("%d bytes are left, a record has at least %d", rest.size(),
                        sizeof(rg_header));
  }
  std::uint32_t size;
  std::memcpy(&size, rest.data() + offsetof(rg_header, size), sizeof(size));
  if (size < sizeof(rg_header) || size > RG_RECORD_MAX || size % 8 != 0) {
    return InvalidInput("a record of %d bytes: must be a multiple of 8 from %d to %d", size,
                        sizeof(rg_header), RG_RECORD_MAX);
  }
  if (size > rest.size()) {
    return InvalidInput("a record of %d bytes, but only %d are left", size, rest.size());
  }
  offset_ += size;
  return rest.first(size);
}

}  // namespace randguard
