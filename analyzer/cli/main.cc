// SPDX-License-Identifier: Apache-2.0
//
// rand-guard: the analyzer and everything a person does with it.
#include <string>
#include <vector>

#include "analyzer/cli/commands.h"

int main(int argc, char** argv) {
  return randguard::cli::Dispatch(std::vector<std::string>(argv + 1, argv + argc));
}
