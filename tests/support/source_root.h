// SPDX-License-Identifier: Apache-2.0
//
// The folder of the sources that a test was built from. Only source_root.cc is compiled with that
// path, so that a compiler cache can use the results of one clone for another.
#ifndef TESTS_SUPPORT_SOURCE_ROOT_H_
#define TESTS_SUPPORT_SOURCE_ROOT_H_

#include <string>
#include <string_view>

namespace randguard::testing {

// `path` starts from the root.
std::string SourcePath(std::string_view path);

}  // namespace randguard::testing

#endif  // TESTS_SUPPORT_SOURCE_ROOT_H_
