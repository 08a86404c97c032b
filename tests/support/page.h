// SPDX-License-Identifier: Apache-2.0
//
// Parts of pages in docs/ that are written from what the program knows.
#ifndef TESTS_SUPPORT_PAGE_H_
#define TESTS_SUPPORT_PAGE_H_

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

namespace randguard {

// Expects `text` in the page between the marks that name the part. With RANDGUARD_UPDATE=1 in the
// environment, puts it there.
inline void ExpectPartOfPage(const std::string& path, const std::string& part,
                             const std::string& text) {
  std::stringstream page;
  page << std::ifstream(path).rdbuf();
  const std::string old = page.str();
  const std::string begin = "<!-- " + part + ": begin -->\n";
  const std::string end = "<!-- " + part + ": end -->";
  const std::size_t from = old.find(begin);
  const std::size_t to = old.find(end);
  ASSERT_NE(from, old.npos) << path << ": no " << begin;
  ASSERT_NE(to, old.npos) << path << ": no " << end;
  if (std::getenv("RANDGUARD_UPDATE") != nullptr) {
    std::ofstream(path) << old.substr(0, from) << begin << text << old.substr(to);
    return;
  }
  EXPECT_EQ(old.substr(from + begin.size(), to - from - begin.size()), text)
      << path << ": run this test with RANDGUARD_UPDATE=1";
}

}  // namespace randguard

#endif  // TESTS_SUPPORT_PAGE_H_
