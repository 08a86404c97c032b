// SPDX-License-Identifier: Apache-2.0
//
// rand-guard: the analyzer and everything a person does with it.
#include <signal.h>

#include <string>
#include <vector>

#include "analyzer/base/standard_files.h"
#include "analyzer/cli/commands.h"

int main(int argc, char** argv) {
  // Before anything is opened.
  if (!randguard::OpenStandardFiles()) return 1;
  // A file that has reached the limit of its size is an error of write(2), not the end.
  signal(SIGXFSZ, SIG_IGN);
  return randguard::cli::Dispatch(std::vector<std::string>(argv + 1, argv + argc));
}
