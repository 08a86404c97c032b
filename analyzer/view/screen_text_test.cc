// SPDX-License-Identifier: Apache-2.0
#include "analyzer/view/screen_text.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <clocale>
#include <cstdlib>
#include <string>

namespace randguard {
namespace {

class ScreenTextTest : public ::testing::Test {
 protected:
  ScreenTextTest() { std::setlocale(LC_CTYPE, "C.UTF-8"); }

  const Screen unicode_{.columns = 80, .colours = true, .unicode = true};
  const Screen ascii_{.columns = 80};
};

TEST_F(ScreenTextTest, WhatWouldActOnTheScreenIsShownByItsBytes) {
  EXPECT_EQ(Harmless("a\x1b[2Jb", unicode_), "a\\x1b[2Jb");
  EXPECT_EQ(Harmless("two\nlines\t", unicode_), "two\\x0alines\\x09");
  EXPECT_EQ(Harmless("\xe2\x80\xae"
                     "txt.exe",
                     unicode_),
            "\\xe2\\x80\\xaetxt.exe");
  EXPECT_EQ(Harmless("\xff\xfe", unicode_), "\\xff\\xfe");
  EXPECT_EQ(Harmless("\xc2\x9b"
                     "31m",
                     unicode_),
            "\\xc2\\x9b31m");
}

TEST_F(ScreenTextTest, OtherCharactersAreShownWhereThereAreSuch) {
  EXPECT_EQ(Harmless("größe", unicode_), "größe");
  EXPECT_EQ(Harmless("größe", ascii_), "gr\\xc3\\xb6\\xc3\\x9fe");
}

TEST_F(ScreenTextTest, MarksUponACharacterAreFew) {
  std::string text = "e";
  for (int i = 0; i < 100; ++i) text += "\xcc\x81";
  const std::string shown = Harmless(text, unicode_);
  EXPECT_TRUE(shown.starts_with("e\xcc\x81\xcc\x81\\xcc\\x81")) << shown;
}

TEST_F(ScreenTextTest, WideCharactersTakeTwoColumns) {
  EXPECT_EQ(ColumnsOf("größe"), 5u);
  EXPECT_EQ(ColumnsOf("日本"), 4u);
  EXPECT_EQ(ColumnsOf(""), 0u);
}

TEST_F(ScreenTextTest, ShortTextIsNotCut) {
  EXPECT_EQ(CutEnd("abc", 3, unicode_), "abc");
  EXPECT_EQ(CutMiddle("abc", 3, unicode_), "abc");
  EXPECT_EQ(Column("abc", 5, unicode_), "abc  ");
}

TEST_F(ScreenTextTest, CutTextSaysSo) {
  EXPECT_EQ(CutEnd("abcdef", 4, unicode_), "abc…");
  EXPECT_EQ(CutEnd("abcdef", 4, ascii_), "ab..");
  EXPECT_EQ(CutMiddle("/usr/lib/systemd/systemd", 12, unicode_), "/us…/systemd");
  EXPECT_EQ(CutMiddle("/usr/lib/systemd/systemd", 12, ascii_), "/us..systemd");
}

TEST_F(ScreenTextTest, NothingIsWiderThanItsColumns) {
  for (const std::string text :
       {"/usr/lib/systemd/systemd", "日本語のファイル名です", "größe/ß/日/x"}) {
    for (std::size_t columns = 0; columns < 40; ++columns) {
      for (const Screen& screen : {unicode_, ascii_}) {
        EXPECT_LE(ColumnsOf(CutEnd(text, columns, screen)), columns) << text;
        EXPECT_LE(ColumnsOf(CutMiddle(text, columns, screen)), columns) << text;
        EXPECT_EQ(ColumnsOf(Column(text, columns, screen)), columns) << text;
      }
    }
  }
}

TEST_F(ScreenTextTest, ColoursAreForScreensThatHaveThem) {
  EXPECT_EQ(Coloured(Colour::kRed, "x", unicode_), "\x1b[31mx\x1b[0m");
  EXPECT_EQ(Coloured(Colour::kRed, "x", ascii_), "x");
  EXPECT_EQ(Coloured(Colour::kNone, "x", unicode_), "x");
}

TEST_F(ScreenTextTest, WhatIsNoTerminalHasAnyWidthAndNoColours) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const Screen screen = Screen::Of(ends[1]);
  EXPECT_EQ(screen.columns, 0u);
  EXPECT_FALSE(screen.colours);
  close(ends[0]);
  close(ends[1]);
}

// A terminal of the test's own.
class TerminalTest : public ScreenTextTest {
 protected:
  void SetUp() override {
    master_ = posix_openpt(O_RDWR | O_NOCTTY);
    ASSERT_GE(master_, 0);
    ASSERT_EQ(grantpt(master_), 0);
    ASSERT_EQ(unlockpt(master_), 0);
    slave_ = open(ptsname(master_), O_RDWR | O_NOCTTY);
    ASSERT_GE(slave_, 0);
    setenv("TERM", "xterm", 1);
    unsetenv("NO_COLOR");
  }
  void TearDown() override {
    close(slave_);
    close(master_);
  }

  int master_ = -1, slave_ = -1;
};

TEST_F(TerminalTest, HasAWidthAndColours) {
  const winsize size{.ws_row = 24, .ws_col = 97, .ws_xpixel = 0, .ws_ypixel = 0};
  ASSERT_EQ(ioctl(slave_, TIOCSWINSZ, &size), 0);
  const Screen screen = Screen::Of(slave_);
  EXPECT_EQ(screen.columns, 97u);
  EXPECT_TRUE(screen.colours);
}

TEST_F(TerminalTest, NoColoursWhereSomebodyWantsNone) {
  setenv("NO_COLOR", "1", 1);
  EXPECT_FALSE(Screen::Of(slave_).colours);
  unsetenv("NO_COLOR");
  setenv("TERM", "dumb", 1);
  EXPECT_FALSE(Screen::Of(slave_).colours);
}

}  // namespace
}  // namespace randguard
