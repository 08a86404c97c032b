// SPDX-License-Identifier: Apache-2.0
#ifndef ANALYZER_BASE_STANDARD_FILES_H_
#define ANALYZER_BASE_STANDARD_FILES_H_

namespace randguard {

// For the beginning of a program. Opens descriptors 0 to 2 where whoever started the program had
// closed them. Otherwise the next files that are opened would get these numbers, and messages would
// be written into them. Reading from the new ones and writing to them fails, so that lost output is
// counted. False: /dev/null cannot be opened.
bool OpenStandardFiles();

}  // namespace randguard

#endif  // ANALYZER_BASE_STANDARD_FILES_H_
