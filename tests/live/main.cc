// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  if (geteuid() != 0) {
    std::puts("live tests load eBPF programs: run them as root");
    return 77;  // meson: skipped
  }
  return RUN_ALL_TESTS();
}
