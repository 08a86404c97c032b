// SPDX-License-Identifier: Apache-2.0
//
// rand-guard: the analyzer and everything a person does with it.
#include <algorithm>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/base/status.h"
#include "analyzer/cli/arguments.h"
#include "analyzer/cli/commands.h"
#include "analyzer/cli/setup.h"

namespace randguard::cli {
namespace {

using Option = Arguments::Option;
constexpr Option kConfig{"--config", true};
constexpr Option kOutput{"--output", true};
constexpr Option kRecord{"--record", true};
constexpr Option kObject{"--object", true};
constexpr Option kCollector{"--collector", true};
constexpr Option kCollectorUser{"--collector-user", true};
constexpr Option kAnalyzerUser{"--analyzer-user", true};

struct Command {
  std::string_view name;
  std::size_t operands;
  std::vector<Option> options;
  int (*run)(Arguments&);
  const char* synopsis;
  const char* help;
};

const std::vector<Command>& Commands() {
  static const std::vector<Command> commands = {
      {"run",
       0,
       {kConfig, kOutput, kRecord, kObject, kCollector, kCollectorUser, kAnalyzerUser},
       Run,
       "run [--config F] [--output F] [--record CAPTURE]",
       "collector and analyzer together, in the foreground (needs root; Ctrl-C ends both)"},
      {"record",
       1,
       {kConfig, kOutput, kObject, kCollector, kCollectorUser, kAnalyzerUser},
       Record,
       "record CAPTURE [--config F] [--output F]",
       "the same, and keep what comes in CAPTURE"},
      {"analyze",
       0,
       {kConfig,
        kOutput,
        kRecord,
        {"--listen", true},
        {"--state", true},
        {"--allow-root", false},
        kCollectorUser,
        kAnalyzerUser},
       Analyze,
       "analyze [--config F] [--listen PATH] [--record CAPTURE] [--state DIR] [--allow-root]",
       "the analyzer alone, as a service (not as root, but for development with --allow-root)"},
      {"replay",
       1,
       {kConfig, kOutput, {"--stats", false}},
       Replay,
       "replay CAPTURE [--config F] [--output -|F] [--stats]",
       "the lines that a capture gives, without root"},
      {"capture info",
       1,
       {},
       CaptureInfo,
       "capture info CAPTURE",
       "what is in a capture; verifies all of it"},
      {"check", 0, {kConfig}, Check, "check [--config F]", "validates configuration and rules"},
      {"plan",
       0,
       {kConfig, kOutput, kCollectorUser, kAnalyzerUser},
       CompilePlanCommand,
       "plan [--config F] --output P",
       "compiles the collector's plan"},
      {"doctor",
       0,
       {kConfig, kObject, kCollector, {"--json", false}},
       Doctor,
       "doctor [--json]",
       "what this host offers, what each hook becomes"},
      {"rules test",
       0,
       {kConfig},
       RulesTest,
       "rules test [--config F]",
       "runs the tests that rules carry"},
      {"rules lint",
       0,
       {kConfig},
       RulesLint,
       "rules lint [--config F]",
       "what in the rules is likely to be a mistake"},
      {"rules list", 0, {kConfig}, RulesList, "rules list [--config F]", "the rules, with tags"},
      {"rules fields", 0, {}, RulesFields, "rules fields", "what conditions can ask for"},
      {"rules explain",
       1,
       {kConfig, {"--capture", true}, {"--event", true}},
       RulesExplain,
       "rules explain ID --event JSON|--capture FILE [--config F]",
       "why a rule fires, or does not"},
      {"schema", 0, {}, Schema, "schema", "JSON Schema of the lines that are written"},
  };
  return commands;
}

void Usage(FILE* stream) {
  std::fputs("usage: rand-guard COMMAND ...\n\n", stream);
  for (const Command& c : Commands())
    std::fprintf(stream, "  %s\n        %s\n", c.synopsis, c.help);
  std::fputs(
      "\nEDR_CONFIG and EDR_EBPF_OBJECT give the defaults for --config and --object.\n"
      "Exit status: 0 done, 1 the input or the host says no, 2 usage.\n",
      stream);
}

int Main(std::vector<std::string> words) {
  if (words.empty()) {
    Usage(stderr);
    return 2;
  }
  if (words[0] == "--help" || words[0] == "-h" || words[0] == "help") {
    Usage(stdout);
    return 0;
  }
  if (words[0] == "--version") {
    std::puts("rand-guard " RG_VERSION);
    return 0;
  }
  if ((words[0] == "capture" || words[0] == "rules") && words.size() > 1) {
    words[0] += " " + words[1];
    words.erase(words.begin() + 1);
  }
  const auto command = std::find_if(Commands().begin(), Commands().end(),
                                    [&](const Command& c) { return c.name == words[0]; });
  if (command == Commands().end()) {
    Say("unknown command " + words[0] + "; `rand-guard --help` lists them");
    return 2;
  }
  words.erase(words.begin());
  auto arguments = Arguments::Parse(words, command->options, command->operands);
  absl::Status status = arguments.status();
  if (status.ok() && arguments->operands().size() < command->operands) {
    status = InvalidInput("an argument is missing");
  }
  if (!status.ok()) {
    Say(Message(status) + "; usage: rand-guard " + command->synopsis);
    return 2;
  }
  return command->run(*arguments);
}

}  // namespace
}  // namespace randguard::cli

int main(int argc, char** argv) {
  return randguard::cli::Main(std::vector<std::string>(argv + 1, argv + argc));
}
