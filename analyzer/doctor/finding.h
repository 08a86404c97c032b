// SPDX-License-Identifier: Apache-2.0
#ifndef ANALYZER_DOCTOR_FINDING_H_
#define ANALYZER_DOCTOR_FINDING_H_

#include <cstdint>
#include <string>
#include <vector>

namespace randguard::doctor {

// The sensor has all that it wants, less than it could have, or not what it needs.
enum class Mark : std::uint8_t { kGood, kNote, kBad };

struct Finding {
  std::string name;
  Mark mark = Mark::kGood;
  std::string text;    // may quote what others wrote
  std::string remedy;  // empty: there is none, or none is needed
};
using Findings = std::vector<Finding>;

}  // namespace randguard::doctor

#endif  // ANALYZER_DOCTOR_FINDING_H_
