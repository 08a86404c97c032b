// SPDX-License-Identifier: Apache-2.0
//
// Abilities that some hosts have and others do not. A test asks for them first. Each is tried once,
// in a child, because some hosts answer with a signal that ends the process.
#ifndef TESTS_LIVE_HOST_H_
#define TESTS_LIVE_HOST_H_

#include <string>

namespace randguard::live {

// A system call by the 32-bit table, `int $0x80`. Pointers must lead to low addresses.
long Call32(long number, long a = 0, long b = 0, long c = 0, long d = 0, long e = 0);

// A page for what they lead to; null: there is none.
void* LowMemory();

// Why there are no 32-bit system calls on this host; empty where there are.
const std::string& No32BitCalls();

}  // namespace randguard::live

#endif  // TESTS_LIVE_HOST_H_
