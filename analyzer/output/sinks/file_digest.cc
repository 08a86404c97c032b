// SPDX-License-Identifier: Apache-2.0
#include "analyzer/output/sinks/file_digest.h"

#include <algorithm>
#include <new>

#include "absl/strings/str_format.h"

namespace randguard {

FileDigest::FileDigest() : state_(XXH3_createState()) {
  if (state_ == nullptr) throw std::bad_alloc();
  Reset();
}

void FileDigest::Reset() {
  XXH3_128bits_reset(state_.get());
  bytes_ = lines_ = 0;
}

void FileDigest::Add(std::string_view bytes) {
  XXH3_128bits_update(state_.get(), bytes.data(), bytes.size());
  bytes_ += bytes.size();
  lines_ += static_cast<std::uint64_t>(std::count(bytes.begin(), bytes.end(), '\n'));
}

std::string FileDigest::Checksum() const {
  const XXH128_hash_t sum = XXH3_128bits_digest(state_.get());
  return absl::StrFormat("%016x%016x", sum.high64, sum.low64);
}

}  // namespace randguard
