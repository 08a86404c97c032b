// SPDX-License-Identifier: Apache-2.0
//
// Rules that the bytes choose, compiled together, against the reference evaluator.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "analyzer/rules/testing/reference_check.h"

namespace {

const std::uint8_t* input = nullptr;
std::size_t left = 0;

// Zeros when the bytes are used up: conditions end there.
std::size_t Next(std::size_t below) {
  std::size_t value = 9;  // Make() takes it for a comparison
  if (left > 0) {
    value = *input++;
    --left;
    if (below > 256 && left > 0) {
      value = value << 8 | *input++;
      --left;
    }
  }
  return value % below;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static auto& check = *new randguard::testing::ReferenceCheck(Next);
  input = data;
  left = size;
  const auto result = check.Round(/*count=*/4);
  if (result.disagreement.empty()) return 0;
  std::fprintf(stderr, "%s\n", result.disagreement.c_str());
  std::abort();
}
