// SPDX-License-Identifier: Apache-2.0
//
// The reference of all keys, written from keys.h. docs/configuration.md holds it; a test compares.
#ifndef ANALYZER_CONFIG_REFERENCE_H_
#define ANALYZER_CONFIG_REFERENCE_H_

#include <string>

namespace randguard {

// Markdown: a section and a table of keys for each table of the configuration.
std::string ConfigReference();

}  // namespace randguard

#endif  // ANALYZER_CONFIG_REFERENCE_H_
