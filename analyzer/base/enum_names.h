// SPDX-License-Identifier: Apache-2.0
//
// Names of the enumerators of a closed set, for people to read and write.
#ifndef ANALYZER_BASE_ENUM_NAMES_H_
#define ANALYZER_BASE_ENUM_NAMES_H_

#include <cstddef>
#include <iterator>
#include <optional>
#include <string_view>

namespace randguard {

// kNames: one for each enumerator, in order. Enumerators are numbered from 0, without gaps.
template <typename E>
struct EnumTraits;

template <typename E>
constexpr std::string_view Name(E value) {
  return EnumTraits<E>::kNames[static_cast<std::size_t>(value)];
}

// Absent: none is called so.
template <typename E>
constexpr std::optional<E> FindNamed(std::string_view name) {
  for (std::size_t i = 0; i < std::size(EnumTraits<E>::kNames); ++i) {
    if (EnumTraits<E>::kNames[i] == name) return static_cast<E>(i);
  }
  return std::nullopt;
}

}  // namespace randguard

#endif  // ANALYZER_BASE_ENUM_NAMES_H_
