// SPDX-License-Identifier: Apache-2.0
//
// An event's field as a condition sees it.
#ifndef ANALYZER_RULES_FIELDS_VALUE_H_
#define ANALYZER_RULES_FIELDS_VALUE_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "analyzer/event/values.h"

namespace randguard {

// Holds every number an event can hold, signed and unsigned.
__extension__ using Number = __int128;

// Position of a field in the catalogue.
using FieldId = std::uint16_t;

enum class ValueType : std::uint8_t {
  kBoolean,
  kNumber,
  kText,
  kTexts,    // a list
  kNumbers,  // a list
  // A condition can only ask whether it is there:
  kProcess,  // correlations group by it
  kOpaque,
};

constexpr bool IsOpaque(ValueType type) {
  return type == ValueType::kProcess || type == ValueType::kOpaque;
}

// Borrows from the event, from the process table, or from a FieldScratch.
struct Value {
  enum class Form : std::uint8_t {
    kAbsent,
    kNumber,  // also a boolean: 0 or 1
    kText,
    kItems,      // `text`: items that end with NUL each
    kTextArray,  // `list`: a TextArray
    kUnsigned32s,
    kSigned64s,
    kPresent,  // opaque; a process has bytes in `text` that no other process has
  };
  Form form = Form::kAbsent;
  Number number = 0;
  std::string_view text;
  const void* list = nullptr;
  std::size_t size = 0;  // of kUnsigned32s, kSigned64s

  bool present() const { return form != Form::kAbsent; }
};

// Room for a field's value that the event does not hold as it is compared.
struct FieldScratch {
  std::string text;
  TextArray array;
};

// The value with the ASCII letters of its texts in lower case. Borrows from the scratch or, where
// it has no texts, from what `value` borrows from.
void Fold(const Value& value, FieldScratch& scratch, Value& out);

// The items, which end with NUL each, joined with one space.
void JoinItems(std::string_view items, std::string& out);

// Calls test(text) for the text, or for each text of the list, until one is true. Absent: false.
template <typename Test>
bool AnyText(const Value& value, Test&& test) {
  switch (value.form) {
    case Value::Form::kText:
      return test(value.text);
    case Value::Form::kItems: {
      std::string_view rest = value.text;
      while (!rest.empty()) {
        const std::size_t end = rest.find('\0');
        if (test(rest.substr(0, end))) return true;
        if (end == rest.npos) return false;
        rest.remove_prefix(end + 1);
      }
      return false;
    }
    case Value::Form::kTextArray: {
      const auto& array = *static_cast<const TextArray*>(value.list);
      for (std::size_t i = 0; i < array.size; ++i) {
        if (test(array.items[i])) return true;
      }
      return false;
    }
    default:
      return false;
  }
}

// The same for numbers.
template <typename Test>
bool AnyNumber(const Value& value, Test&& test) {
  const auto any = [&](const auto* numbers) {
    for (std::size_t i = 0; i < value.size; ++i) {
      if (test(static_cast<Number>(numbers[i]))) return true;
    }
    return false;
  };
  switch (value.form) {
    case Value::Form::kNumber:
      return test(value.number);
    case Value::Form::kUnsigned32s:
      return any(static_cast<const std::uint32_t*>(value.list));
    case Value::Form::kSigned64s:
      return any(static_cast<const std::int64_t*>(value.list));
    default:
      return false;
  }
}

// An element of a list as a value of its own; absent: there are not so many.
Value ElementOf(const Value& list, std::size_t index);

}  // namespace randguard

#endif  // ANALYZER_RULES_FIELDS_VALUE_H_
