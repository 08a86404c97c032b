// SPDX-License-Identifier: Apache-2.0
//
// The values that the matches of a group have in common, as bytes: for each its form, its length,
// and itself. So two lists of values have one key only if they are equal.
#ifndef ANALYZER_DETECT_CORRELATION_GROUP_KEY_H_
#define ANALYZER_DETECT_CORRELATION_GROUP_KEY_H_

#include <cstddef>
#include <string>
#include <string_view>

#include "analyzer/rules/fields/value.h"

namespace randguard {

// Only so many bytes of a text are compared.
inline constexpr std::size_t kKeyTextMax = 4096;

// False: the value is absent, or has no one form.
bool AppendToKey(const Value& value, std::string& key);

// The bytes of the value at a place of the key, with its form and length; empty: there is none.
std::string_view KeyPart(std::string_view key, std::size_t place);

// Such bytes, for people. A process is named as in the output, without its boot.
std::string ShowKeyPart(std::string_view part);

}  // namespace randguard

#endif  // ANALYZER_DETECT_CORRELATION_GROUP_KEY_H_
