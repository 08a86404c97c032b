// SPDX-License-Identifier: Apache-2.0
//
// What hosts differ in, and a test may need. Each is asked of the host once, in a child, because
// some hosts answer by a signal that ends who asked.
#ifndef TESTS_LIVE_HOST_H_
#define TESTS_LIVE_HOST_H_

#include <string>

namespace randguard::live {

// A system call by the 32-bit table, `int $0x80`. What pointers point to must lie low.
long Call32(long number, long a = 0, long b = 0, long c = 0, long d = 0, long e = 0);

// Why there are no 32-bit system calls on this host; empty where there are.
const std::string& No32BitCalls();

}  // namespace randguard::live

#endif  // TESTS_LIVE_HOST_H_
