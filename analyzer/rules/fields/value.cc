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

}  // namespace randguard
