// SPDX-License-Identifier: Apache-2.0
//
// `rand-guard schema`.
#include <cstdio>

#include "analyzer/cli/commands.h"
#include "analyzer/config/config_schema.h"
#include "analyzer/output/json/json_schema.h"

namespace randguard::cli {

int ConfigCommand(const Arguments& /*arguments*/) {
  std::fputs(ConfigSchema().c_str(), stdout);
  return 0;
}

int Schema(const Arguments&) {
  std::fputs(JsonSchema().c_str(), stdout);
  return 0;
}

}  // namespace randguard::cli
