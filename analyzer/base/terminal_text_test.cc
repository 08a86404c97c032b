// SPDX-License-Identifier: Apache-2.0
#include "analyzer/base/terminal_text.h"

#include <gtest/gtest.h>

#include <string_view>

namespace randguard {
namespace {

using namespace std::string_view_literals;

TEST(TerminalTextTest, NothingThatControlsATerminalIsLeft) {
  EXPECT_EQ(EscapedForTerminal("a\x1b[2Jb\n\t\x7f"sv), "a\\x1b[2Jb\\x0a\\x09\\x7f");
  EXPECT_EQ(EscapedForTerminal("\xc2\x9b"
                               "2J"sv),
            "\\xc2\\x9b2J")
      << "C1: CSI in one character";
  EXPECT_EQ(EscapedForTerminal("exe.\xe2\x80\xaetxt"sv), "exe.\\xe2\\x80\\xaetxt");
  EXPECT_EQ(EscapedForTerminal("\xe2\x80\x8b\xe2\x80\xa8\xef\xbb\xbf"sv),
            "\\xe2\\x80\\x8b\\xe2\\x80\\xa8\\xef\\xbb\\xbf");
  EXPECT_EQ(EscapedForTerminal("\xf3\xa0\x80\x81"sv), "\\xf3\\xa0\\x80\\x81");
}

TEST(TerminalTextTest, BytesThatAreNoCharacterAreShown) {
  EXPECT_EQ(EscapedForTerminal("a\x9b\xff"sv), "a\\x9b\\xff")
      << "8-bit terminals take these for control characters";
  EXPECT_EQ(EscapedForTerminal("\xe2\x80"sv), "\\xe2\\x80");
}

TEST(TerminalTextTest, OtherTextStays) {
  for (const std::string_view text :
       {"plain ~", "\\x1b", "caf\xc3\xa9 \xe4\xb8\xad \xf0\x9f\x98\x80"}) {
    EXPECT_EQ(EscapedForTerminal(text), text);
    EXPECT_EQ(EscapedLinesForTerminal(text), text);
  }
}

TEST(TerminalTextTest, LinesKeepNewlinesAndTabs) {
  EXPECT_EQ(EscapedLinesForTerminal("a\tb\n\x1b[0m\r\n"), "a\tb\n\\x1b[0m\\x0d\n");
}

}  // namespace
}  // namespace randguard
