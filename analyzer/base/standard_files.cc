// SPDX-License-Identifier: Apache-2.0
#include "analyzer/base/standard_files.h"

#include <fcntl.h>
#include <unistd.h>

#include <initializer_list>

namespace randguard {

bool OpenStandardFiles() {
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (fcntl(fd, F_GETFD) >= 0) continue;
    // The lowest number that is free, which is this one.
    if (open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd) return false;
  }
  return true;
}

}  // namespace randguard
