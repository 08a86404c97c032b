// SPDX-License-Identifier: Apache-2.0
#include "analyzer/rules/tools/lint.h"

#include <gtest/gtest.h>

#include <string>

#include "analyzer/rules/testing/rule_test_support.h"

namespace randguard::lint_test {
namespace {

using testing::CompileText;
using testing::Lines;
using testing::RuleText;

TEST(LintTest, WhatIsNotUsedIsTold) {
  EXPECT_EQ(CompileText("[lists]\na = [1]\n[macros]\nb = 'uid == 1'\n" + RuleText("uid == 1"),
                        /*lint=*/true)
                .diagnostics,
            (Lines{"c.toml:2:1: warning: the list \"a\" is not used",
                   "c.toml:4:1: warning: the macro \"b\" is not used"}));
}

TEST(LintTest, RulesThatNothingReachesAreTold) {
  EXPECT_EQ(CompileText(RuleText("port == 1", "network"), true).diagnostics,
            Lines{"c.toml:2:7: warning: the rule \"R\" cannot fire: this configuration observes "
                  "none of its events: network.enabled is false"});
  EXPECT_EQ(CompileText(RuleText("path startswith '/srv/'", "file"), true).diagnostics, Lines{});
  const std::string watch = "[file]\nwatch_paths = ['/etc']\n";
  EXPECT_EQ(CompileText(watch + RuleText("path startswith '/srv/'", "file"), true).diagnostics,
            Lines{"c.toml:4:7: warning: the rule \"R\" cannot fire: [file] lets no file through "
                  "that it asks for; file.watch_paths would have to hold \"/srv/\""});
  EXPECT_EQ(CompileText(watch + RuleText("path istartswith '/ETC/'", "file"), true).diagnostics,
            Lines{});
  EXPECT_EQ(CompileText(RuleText("path ieq '/TMP/x'", "file"), true).diagnostics,
            Lines{"c.toml:2:7: warning: the rule \"R\" cannot fire: [file] lets no file through "
                  "that it asks for; file.watch_paths would have to hold \"/tmp/x\"; "
                  "file.exclude_paths leaves out \"/tmp/x\""});
  EXPECT_EQ(CompileText(watch + RuleText("path startswith '/e'", "file"), true).diagnostics,
            Lines{});
  EXPECT_EQ(CompileText("[process]\nbehaviour = []\n" +
                            RuleText("comm == 'x'", "process", "events = ['mount']"),
                        true)
                .diagnostics.size(),
            1u);
}

}  // namespace
}  // namespace randguard::lint_test
