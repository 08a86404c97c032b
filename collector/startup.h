// SPDX-License-Identifier: Apache-2.0
//
// First needs of the privileged phase: a way to report errors, and files it can trust.
#ifndef COLLECTOR_STARTUP_H_
#define COLLECTOR_STARTUP_H_

#include <capnp/common.h>
#include <kj/array.h>

#include <cstddef>

namespace randguard::collector {

// One line on stderr.
[[gnu::format(printf, 1, 2)]] void Say(const char* format, ...);
// Writes one line, then exits with status 1. Before the steady state every error is final.
[[noreturn, gnu::format(printf, 1, 2)]] void Fail(const char* format, ...);

// The whole of a file that steers the privileged phase, word-aligned, padded with zeros to a whole
// word. Ends the program unless the file is regular, has 1 to `max_bytes` bytes, belongs to root
// and only root can write it. `what` names the file in the message. `size` is its size in bytes.
kj::Array<capnp::word> ReadTrustedFile(const char* path, const char* what, std::size_t max_bytes,
                                       std::size_t& size);

}  // namespace randguard::collector

#endif  // COLLECTOR_STARTUP_H_
