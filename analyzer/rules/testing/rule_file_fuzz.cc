// SPDX-License-Identifier: Apache-2.0
//
// Any text as a file of rules: loaded whole, or something is reported at a place in it; the tests
// in it run.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "analyzer/detect/correlation/timed_tests.h"
#include "analyzer/rules/tools/lint.h"
#include "analyzer/rules/tools/rule_tests.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace randguard;
  const ConfigSource files[] = {
      {"rules.toml", std::string(reinterpret_cast<const char*>(data), size)}};
  ConfigResult parsed = ParseConfig("", "config.toml", files);
  if (!parsed.config.has_value()) return 0;  // the fuzz target of the configuration looks at that
  for (Rule& rule : parsed.config->rules) rule.enabled = true;
  std::vector<Diagnostic> diagnostics;
  const auto rules = CompileAndLintRules(*parsed.config, diagnostics);
  for (const Diagnostic& d : diagnostics) {
    if (FormatDiagnostic(d).find('\n') != std::string::npos) std::abort();
    if (d.line == 0 || d.column == 0) std::abort();
  }
  if (rules == nullptr) {
    if (diagnostics.empty()) std::abort();
    return 0;
  }
  RunRuleTests(rules);
  RunCorrelationTests(rules);
  return 0;
}
