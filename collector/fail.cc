// SPDX-License-Identifier: Apache-2.0
#include "collector/fail.h"

#include <unistd.h>

#include <algorithm>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>

namespace randguard::collector {
namespace {

// One write(2): the line stays whole beside the analyzer's, and stdio, which would ask the kernel
// about the descriptor first, stays out of the steady state.
void SayList(const char* format, va_list args) {
  char line[1024];
  int used = std::snprintf(line, sizeof(line), "rand-guard-collector: ");
  used += std::vsnprintf(line + used, sizeof(line) - used - 1, format, args);
  used = std::min<int>(used, sizeof(line) - 2);
  line[used++] = '\n';
  if (write(STDERR_FILENO, line, used) < 0) return;  // nobody left to tell
}

}  // namespace

void Say(const char* format, ...) {
  va_list args;
  va_start(args, format);
  SayList(format, args);
  va_end(args);
}

void Fail(const char* format, ...) {
  va_list args;
  va_start(args, format);
  SayList(format, args);
  va_end(args);
  _exit(EXIT_FAILURE);
}

}  // namespace randguard::collector
