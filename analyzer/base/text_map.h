// SPDX-License-Identifier: Apache-2.0
//
// Hash tables of texts that are looked up by std::string_view. Debian's Abseil has its own
// string_view type, so Abseil's transparent hash does not accept the standard one.
#ifndef ANALYZER_BASE_TEXT_MAP_H_
#define ANALYZER_BASE_TEXT_MAP_H_

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/string_view.h"

namespace randguard {

struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const {
    return absl::Hash<absl::string_view>{}(absl::string_view(text.data(), text.size()));
  }
};

template <typename T>
using TextMap = absl::flat_hash_map<std::string, T, TextHash, std::equal_to<>>;
using TextSet = absl::flat_hash_set<std::string, TextHash, std::equal_to<>>;

}  // namespace randguard

#endif  // ANALYZER_BASE_TEXT_MAP_H_
