// SPDX-License-Identifier: Apache-2.0
//
// The harness itself: what has died is noticed at once, and named.
#include <gtest/gtest-spi.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <stdexcept>
#include <string>

#include "tests/live/agent.h"

namespace randguard::live {
namespace {

using std::chrono::seconds;
using std::chrono::steady_clock;

bool Anything(const Line&) { return true; }

TEST(HarnessTest, NoLineIsWaitedForWhoseWriterHasDied) {
  const TempFolder folder;
  const Child writer({"/bin/sh", "-c", "kill -KILL $$"});
  Output out(folder / "out", {&writer});
  const auto start = steady_clock::now();
  EXPECT_NONFATAL_FAILURE(EXPECT_FALSE(out.WaitFor(Anything, seconds(50))),
                          "was killed by signal 9");
  EXPECT_LT(steady_clock::now() - start, seconds(20));
}

TEST(HarnessTest, TheLastLinesOfADeadWriterAreRead) {
  const TempFolder folder;
  const std::string path = folder / "out";
  Child writer({"/bin/sh", "-c", "echo '{\"event_type\":\"last\"}' > " + path});
  ASSERT_TRUE(EndsWithin(writer.pid(), seconds(20)));
  Output out(path, {&writer});
  EXPECT_TRUE(out.WaitFor([](const Line& l) { return l.Is("last"); }));
  EXPECT_TRUE(writer.Died());
}

TEST(HarnessTest, ChildThatASignalEndsFailsItsTest) {
  EXPECT_NONFATAL_FAILURE(RunInChild([] { return raise(SIGKILL); }), "was killed by signal 9");
}

TEST(HarnessTest, ChildThatGoesOnIsNotWaitedForForever) {
  const pid_t pid = fork();
  if (pid == 0) {
    for (;;) pause();
  }
  EXPECT_FALSE(EndsWithin(pid, std::chrono::milliseconds(50)));
  kill(pid, SIGKILL);
  EXPECT_TRUE(EndsWithin(pid, seconds(20)));
  EXPECT_EQ(WaitForEnd(pid, "the child"), SIGKILL);
}

TEST(HarnessTest, WhatDoesNotRunHasNoPid) {
  Child child({"/bin/true"});
  child.End(SIGTERM);
  EXPECT_THROW(child.pid(), std::runtime_error);
  EXPECT_NONFATAL_FAILURE(child.End(SIGTERM), "/bin/true does not run");
}

}  // namespace
}  // namespace randguard::live
