// SPDX-License-Identifier: Apache-2.0
//
// Files that steer the privileged phase: the plan and the eBPF object.
#ifndef COLLECTOR_TRUSTED_FILE_H_
#define COLLECTOR_TRUSTED_FILE_H_

#include <capnp/common.h>
#include <kj/array.h>

#include <cstddef>

namespace randguard::collector {

// The whole file, word-aligned, padded with zeros to a whole word. Ends the program unless it is a
// regular file of 1 to `max_bytes` bytes that belongs to root and that only root can write. `what`
// names it in the message. `size` is the file's size in bytes.
kj::Array<capnp::word> ReadTrustedFile(const char* path, const char* what, std::size_t max_bytes,
                                       std::size_t& size);

}  // namespace randguard::collector

#endif  // COLLECTOR_TRUSTED_FILE_H_
