// SPDX-License-Identifier: Apache-2.0
#include "analyzer/base/standard_files.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <functional>

namespace randguard {
namespace {

// Its result in a child, whose descriptors are its own.
int InChild(const std::function<int()>& run) {
  const pid_t child = fork();
  if (child == 0) _exit(run());
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(StandardFilesTest, ClosedOnesAreOpenedAndFail) {
  for (unsigned closed = 0; closed < 8; ++closed) {
    EXPECT_EQ(InChild([&] {
                for (int fd = 0; fd < 3; ++fd) {
                  if ((closed >> fd & 1) != 0) close(fd);
                }
                if (!OpenStandardFiles()) return 1;
                const int next = open("/dev/null", O_RDONLY | O_CLOEXEC);
                if (next < 3) return 2;
                char byte = 0;
                if ((closed & 1) != 0 && (read(0, &byte, 1) != -1 || errno != EBADF)) return 3;
                for (int fd = 1; fd < 3; ++fd) {
                  if ((closed >> fd & 1) == 0) continue;
                  if (write(fd, &byte, 1) != -1 || errno != EBADF) return 4;
                }
                return 0;
              }),
              0)
        << closed;
  }
}

TEST(StandardFilesTest, OpenOnesStay) {
  EXPECT_EQ(InChild([] {
              const int null = open("/dev/null", O_RDWR | O_CLOEXEC);
              dup2(null, 1);
              return OpenStandardFiles() && write(1, "x", 1) == 1 ? 0 : 1;
            }),
            0);
}

}  // namespace
}  // namespace randguard
