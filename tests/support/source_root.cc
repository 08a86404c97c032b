// SPDX-License-Identifier: Apache-2.0
#include "tests/support/source_root.h"

namespace randguard::testing {

std::string SourcePath(std::string_view path) {
  return std::string(RG_SOURCE_ROOT "/") + std::string(path);
}

}  // namespace randguard::testing
