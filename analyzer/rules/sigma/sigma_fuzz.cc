// SPDX-License-Identifier: Apache-2.0
//
// Any text as a file of Sigma rules: each document has an outcome with its reason, and what is
// loaded can be evaluated.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "analyzer/rules/match/matcher.h"
#include "analyzer/rules/tools/event_fixture.h"
#include "analyzer/rules/tools/lint.h"
#include "analyzer/rules/tools/sigma_text.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace randguard;
  Config config;
  config.alerts.built_in_rules = false;
  config.placeholders = {{"p", {"a", "b"}}};
  config.sigma_sources.files = {
      {"rules.yml", std::string(reinterpret_cast<const char*>(data), size)}};
  std::vector<Diagnostic> diagnostics;
  const auto rules = CompileAndLintRules(config, diagnostics);
  if (rules == nullptr) std::abort();  // a document costs no other one, nor the configuration
  for (const Diagnostic& d : diagnostics) {
    if (FormatDiagnostic(d).find('\n') != std::string::npos) std::abort();
  }
  for (const SigmaOutcome& outcome : rules->sigma().documents()) {
    if ((outcome.state == SigmaOutcome::State::kLoaded) != outcome.reason.empty()) std::abort();
  }
  if (SigmaLines(rules->sigma()).empty() != rules->sigma().documents().empty()) std::abort();
  SigmaJson(rules->sigma());
  static const char* const events[] = {
      R"({"event_type":"process_start","exe_path":"/usr/bin/dash","filename":"/bin/sh","pid":2})",
      R"({"event_type":"file_open","resolved_path":"/etc/a","created":true,"flags":577})",
      R"({"event_type":"network_connect","remote_addr":"10.0.0.1","remote_port":4444})"};
  Matcher matcher(rules);
  for (const char* json : events) {
    TestEvent event;
    event.json.text = json;
    EventFixture fixture;
    const auto view = fixture.View(event);
    if (!view.ok()) std::abort();
    matcher.Match(*view);
  }
  return 0;
}
