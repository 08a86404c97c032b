// SPDX-License-Identifier: Apache-2.0
//
// How a closed set of values is made: an enum class, from one list of its values. Each value stands
// there once, with its enumerator, its name in the output, and what it means where the name alone
// does not say so. Decoders, JSON, JSON Schema, rules and their field reference go by that list.
//
//   #define RG_COLOURS(X) X(kRed, "red", "") X(kInfrared, "infrared", "nobody sees it")
//   RG_VALUE_SET(Colour, RG_COLOURS)
#ifndef ANALYZER_EVENT_VALUE_SET_H_
#define ANALYZER_EVENT_VALUE_SET_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "analyzer/base/enum_names.h"

namespace randguard {

#define RG_VALUE_ENUMERATOR(enumerator, name, meaning) enumerator,
#define RG_VALUE_NAME(enumerator, name, meaning) name,
#define RG_VALUE_JSON(enumerator, name, meaning) std::string_view("\"" name "\""),
#define RG_VALUE_MEANING(enumerator, name, meaning) std::string_view(meaning),

#define RG_VALUE_SET(Set, LIST)                                               \
  enum class Set : std::uint8_t { LIST(RG_VALUE_ENUMERATOR) };                \
  template <>                                                                 \
  struct EnumTraits<Set> {                                                    \
    static constexpr std::string_view kNames[] = {LIST(RG_VALUE_NAME)};       \
    static constexpr std::string_view kJson[] = {LIST(RG_VALUE_JSON)};        \
    static constexpr std::string_view kMeanings[] = {LIST(RG_VALUE_MEANING)}; \
  };                                                                          \
  static_assert(IsPlain(EnumTraits<Set>::kNames), "names need no escape in JSON");

constexpr bool IsPlain(std::span<const std::string_view> names) {
  for (const std::string_view name : names) {
    for (const char c : name) {
      if (c < 0x20 || c > 0x7e || c == '"' || c == '\\') return false;
    }
  }
  return !names.empty();
}

template <typename E>
concept ValueSet = requires {
  EnumTraits<E>::kJson;
};

// The name as a JSON string, quotes included.
template <ValueSet E>
constexpr std::string_view JsonOf(E value) {
  return EnumTraits<E>::kJson[static_cast<std::size_t>(value)];
}

// A set as data.
struct ValueList {
  std::span<const std::string_view> names, meanings;
};
template <ValueSet E>
inline constexpr ValueList kValueList = {EnumTraits<E>::kNames, EnumTraits<E>::kMeanings};

// The values of a field of this type, or of a std::optional of it; null: they are no closed set.
template <typename T>
inline constexpr const ValueList* kValuesOf = nullptr;
template <ValueSet E>
inline constexpr const ValueList* kValuesOf<E> = &kValueList<E>;
template <ValueSet E>
inline constexpr const ValueList* kValuesOf<std::optional<E>> = &kValueList<E>;

// "a, b (its meaning), c"
inline std::string Listed(const ValueList& values) {
  std::string text;
  for (std::size_t i = 0; i < values.names.size(); ++i) {
    if (i != 0) text += ", ";
    text += values.names[i];
    if (!values.meanings[i].empty()) text.append(" (").append(values.meanings[i]).append(")");
  }
  return text;
}

}  // namespace randguard

#endif  // ANALYZER_EVENT_VALUE_SET_H_
