// SPDX-License-Identifier: Apache-2.0
//
// Any text as the configuration and as a file of rules. The loader never crashes, and reports
// something whenever it gives no configuration. A configuration that it gives compiles into a plan.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "analyzer/config/config.h"
#include "analyzer/plan/plan_compiler.h"

namespace {

void Check(const randguard::ConfigResult& result) {
  for (const randguard::Diagnostic& diagnostic : result.diagnostics) {
    if (randguard::FormatDiagnostic(diagnostic).find('\n') != std::string::npos) std::abort();
    if (diagnostic.line == 0 || diagnostic.column == 0) std::abort();
  }
  if (!result.config.has_value()) {
    if (result.diagnostics.empty()) std::abort();
    return;
  }
  result.config->Unsupported();
  if (randguard::CompilePlan(*result.config, {}).empty()) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  Check(randguard::ParseConfig(text, "config.toml"));
  const randguard::ConfigSource rules[] = {{"rules.toml", std::string(text)}};
  Check(randguard::ParseConfig("", "config.toml", rules));
  return 0;
}
