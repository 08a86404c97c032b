// SPDX-License-Identifier: Apache-2.0
//
// Lines that say the same may have other numbers.
#ifndef TESTS_SUPPORT_WITHOUT_NUMBER_H_
#define TESTS_SUPPORT_WITHOUT_NUMBER_H_

#include <string>
#include <string_view>

namespace randguard::testing {

// A line of output without its member "seq".
inline std::string WithoutNumber(std::string_view line) {
  const std::size_t begin = line.find("\"seq\":");
  if (begin == line.npos) return std::string(line);
  return std::string(line.substr(0, begin)).append(line.substr(line.find(',', begin) + 1));
}

}  // namespace randguard::testing

#endif  // TESTS_SUPPORT_WITHOUT_NUMBER_H_
