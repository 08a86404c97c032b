// SPDX-License-Identifier: Apache-2.0
//
// Sums up a file while it is written: lines, bytes and a checksum.
#ifndef ANALYZER_OUTPUT_SINKS_FILE_DIGEST_H_
#define ANALYZER_OUTPUT_SINKS_FILE_DIGEST_H_

#include <xxhash.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace randguard {

class FileDigest {
 public:
  FileDigest();

  void Reset();
  void Add(std::string_view bytes);

  std::uint64_t bytes() const { return bytes_; }
  std::uint64_t lines() const { return lines_; }
  // XXH128, as xxh128sum prints it: 32 digits. It finds accidents; who can write the file can write
  // another checksum.
  std::string Checksum() const;

 private:
  struct Free {
    void operator()(XXH3_state_t* state) const { XXH3_freeState(state); }
  };
  std::unique_ptr<XXH3_state_t, Free> state_;
  std::uint64_t bytes_ = 0, lines_ = 0;
};

}  // namespace randguard

#endif  // ANALYZER_OUTPUT_SINKS_FILE_DIGEST_H_
