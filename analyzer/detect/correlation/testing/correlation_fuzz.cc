// SPDX-License-Identifier: Apache-2.0
//
// Correlations and matches that the bytes choose, against the reference.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "analyzer/detect/correlation/testing/correlation_check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // Zeros when the bytes are used up.
  const auto next = [&](std::uint64_t below) {
    std::uint64_t value = 0;
    for (std::uint64_t bound = below; bound > 1 && size > 0; bound >>= 8) {
      value = value << 8 | *data++;
      --size;
    }
    return value % below;
  };
  const auto result = randguard::testing::CorrelationCheck(next).Round();
  if (result.disagreement.empty()) return 0;
  std::fprintf(stderr, "%s\n", result.disagreement.c_str());
  std::abort();
}
