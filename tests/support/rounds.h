// SPDX-License-Identifier: Apache-2.0
//
// How many rounds a test makes that goes through very many alike. The plain build makes all of
// them, and compares what comes out. With the sanitizers, a round takes ten times as long; there
// it is about the code that is run, which a tenth of the rounds runs as well.
#ifndef TESTS_SUPPORT_ROUNDS_H_
#define TESTS_SUPPORT_ROUNDS_H_

#include <cstddef>

#include "analyzer/confine/sanitized.h"

namespace randguard::testing {

// The step from one round to the next.
inline constexpr std::size_t kStep = kSanitized ? 10 : 1;
// As many as there are to be made of so many.
constexpr std::size_t Rounds(std::size_t all) { return (all + kStep - 1) / kStep; }

}  // namespace randguard::testing

#endif  // TESTS_SUPPORT_ROUNDS_H_
