// SPDX-License-Identifier: Apache-2.0
//
// Where the sources are that a test was built from. Only source_root.cc is compiled with that path,
// so that what a compiler cache knows of one clone is of use to another.
#ifndef TESTS_SUPPORT_SOURCE_ROOT_H_
#define TESTS_SUPPORT_SOURCE_ROOT_H_

#include <string>
#include <string_view>

namespace randguard::testing {

// `path` is from the root.
std::string SourcePath(std::string_view path);

}  // namespace randguard::testing

#endif  // TESTS_SUPPORT_SOURCE_ROOT_H_
