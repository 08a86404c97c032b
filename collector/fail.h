// SPDX-License-Identifier: Apache-2.0
//
// What the collector says: one line on stderr each. Before the steady state every error is final.
#ifndef COLLECTOR_FAIL_H_
#define COLLECTOR_FAIL_H_

namespace randguard::collector {

[[gnu::format(printf, 1, 2)]] void Say(const char* format, ...);

// Says it and exits with status 1.
[[noreturn, gnu::format(printf, 1, 2)]] void Fail(const char* format, ...);

}  // namespace randguard::collector

#endif  // COLLECTOR_FAIL_H_
