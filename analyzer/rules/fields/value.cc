// SPDX-License-Identifier: Apache-2.0
#include "analyzer/rules/fields/value.h"

#include <algorithm>

namespace randguard {

void JoinItems(std::string_view items, std::string& out) {
  // The last item may have been cut and then lacks its NUL.
  if (items.ends_with('\0')) items.remove_suffix(1);
  out.assign(items);
  std::replace(out.begin(), out.end(), '\0', ' ');
}

Value ElementOf(const Value& list, std::size_t index) {
  Value element;
  const auto take_text = [&](std::string_view text) {
    if (index-- != 0) return false;
    element.form = Value::Form::kText;
    element.text = text;
    return true;
  };
  const auto take_number = [&](Number number) {
    if (index-- != 0) return false;
    element.form = Value::Form::kNumber;
    element.number = number;
    return true;
  };
  AnyText(list, take_text);
  AnyNumber(list, take_number);
  return element;
}

}  // namespace randguard
