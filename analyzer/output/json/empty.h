// SPDX-License-Identifier: Apache-2.0
//
// Values that a field has when it says nothing: false, an empty text or list, null.
#ifndef ANALYZER_OUTPUT_JSON_EMPTY_H_
#define ANALYZER_OUTPUT_JSON_EMPTY_H_

#include <concepts>

#include "analyzer/event/values.h"

namespace randguard {

// For fields that cannot be null.
template <typename T>
bool IsEmpty(const T& value) {
  if constexpr (std::same_as<T, bool>) {
    return !value;
  } else if constexpr (std::same_as<T, TextArray>) {
    return value.size == 0;
  } else if constexpr (requires { value.bytes.empty(); }) {
    return value.bytes.empty();
  } else if constexpr (requires { value.view(); }) {
    return value.view().empty();
  } else if constexpr (requires { value.empty(); }) {
    return value.empty();
  } else {
    return false;
  }
}

// Is there such a value of the type?
template <typename T>
inline constexpr bool kMaySayNothing = requires(const T& value) {
  value.has_value();
}
|| requires(const T& value) { value.bytes.empty(); }
|| requires(const T& value) { value.view(); }
|| requires(const T& value) { value.empty(); }
|| std::same_as<T, bool> || std::same_as<T, TextArray>;

template <typename T>
bool SaysNothing(const T& value) {
  if constexpr (requires { value.has_value(); }) {
    return !value.has_value();
  } else {
    return IsEmpty(value);
  }
}

}  // namespace randguard

#endif  // ANALYZER_OUTPUT_JSON_EMPTY_H_
