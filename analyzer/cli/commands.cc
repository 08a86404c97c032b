// SPDX-License-Identifier: Apache-2.0
#include "analyzer/cli/commands.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "analyzer/base/status.h"
#include "analyzer/cli/help.h"
#include "analyzer/cli/options.h"
#include "analyzer/cli/setup.h"
#include "analyzer/source/reporter.h"

namespace randguard::cli {
namespace {

constexpr Operand kCaptureFile{"CAPTURE", "the capture", Completes::kFile};
constexpr Operand kLineFiles{
    .name = "FILE",
    .meaning = "files of lines, or segments, in any order; - for standard input",
    .completes = Completes::kFile,
    .repeated = true};
constexpr Operand kRecordedFiles{
    .name = "FILE",
    .meaning = "files of lines, segments or captures; - for lines on standard input",
    .completes = Completes::kFile,
    .repeated = true};

constexpr Operand kWatchedFiles{
    .name = "FILE",
    .meaning =
        "files of lines, segments or captures; - for lines on standard input; none: what the "
        "configuration's output is being written to",
    .completes = Completes::kFile,
    .optional = true,
    .repeated = true};
constexpr Operand kAllFiles{
    .name = "FILE",
    .meaning =
        "files of lines, segments or captures; - for lines on standard input; none: all that "
        "the configuration's output has written",
    .completes = Completes::kFile,
    .optional = true,
    .repeated = true};

std::vector<Command> MakeCommands() {
  using namespace option;  // NOLINT(google-build-using-namespace): the table is all about them
  return {
      {"run",
       {{},
        {kConfig, kOutput, kLines, kRecord, kObject, kCollector, kCollectorUser, kAnalyzerUser}},
       Run,
       "runs collector and analyzer together, in the foreground (needs root; Ctrl-C ends both)",
       "This is for a first look. The part that parses anything gives root up. On a terminal, "
       "events are shown as watch shows them, and what is lost stands below; elsewhere, and with "
       "--json, each is a line of JSON."},
      {"record",
       {{kCaptureFile},
        {kConfig, kOutput, kLines, kObject, kCollector, kCollectorUser, kAnalyzerUser}},
       Record,
       "does what run does, and keeps a capture",
       "A name that ends in .zst makes the capture compressed."},
      {"analyze",
       {{},
        {kConfig, kOutput, kListen, kRecord, kState, kAllowRoot, kCollectorUser, kAnalyzerUser}},
       Analyze,
       "runs the analyzer alone, as a service",
       "The socket is passed by the service manager, or made at --listen. The analyzer refuses to "
       "run as root or with a capability, unless --allow-root is given. It confines itself before "
       "it takes a connection."},
      {"replay",
       {{kCaptureFile}, {kConfig, kReplayOutput, kStats}},
       Replay,
       "prints the lines that a capture gives, without root",
       "The lines are the same each time and on any machine."},
      {"watch",
       {{kWatchedFiles}, {kWhere, kAlerts, kTree, kFollow, kConfig}},
       Watch,
       "shows events and alerts for people to read, one line each",
       "A line says when, which process of which user, what it did, to what, and what came of it. "
       "Before an alert stands how bad it is: i (informational), . (low), * (medium), ! (high), !! "
       "(critical); before losses and trouble stands ??. Times are those of this host's time zone. "
       "Losses are shown whatever is chosen."},
      {"tree",
       {{{"WHAT",
          "a pid, a process_id, the event_id of an alert or an event, the id of a rule (its latest "
          "alert), or a line of output"},
         kAllFiles},
        {kConfig}},
       Tree,
       "draws a process, its ancestors and descendants, and what each did",
       "Equal acts of a process are shown once, with how often they were."},
      {"report",
       {{kAllFiles}, {{kReportOutput, Need::kRequired}, kFrom, kUntil, kConfig}},
       ReportCommand,
       "makes a page of what happened, to be read in a browser and handed on",
       "The page is one file, and loads nothing. It begins with what is missing: losses, times in "
       "which the sensor was not well, lines that are not there. Behind these are alerts, each "
       "with "
       "the tree of its process, what it rests on, and why its rule fired. Rules are those of the "
       "configuration."},
      {"convert",
       {{kRecordedFiles}, {{kTo, Need::kRequired}, kConfig, kReplayOutput}},
       Convert,
       "prints lines, or those that a capture gives, in another schema",
       "It is ecs, the Elastic Common Schema 9, or ocsf, the Open Cybersecurity Schema Framework "
       "1.8. Lines are those of output.format \"json\"; they keep their numbers. Manifests of "
       "segments are left out. A line that is not understood is named, and then the exit status is "
       "1. Captures are replayed, each by itself."},
      {"capture info",
       {{kCaptureFile}, {}},
       CaptureInfo,
       "says what is in a capture, and verifies all of it",
       "A damaged capture is reported with the place of the damage."},
      {"verify",
       {{kLineFiles}, {}},
       Verify,
       "says whether lines are missing from files of output",
       "All lines of a boot are numbered without a gap. The files together are to have every line "
       "from the first one on, apart from those that loss records name. Segments that were ended "
       "are compared with their manifests."},
      {"check",
       {{}, {kConfig}},
       Check,
       "validates configuration and rules",
       "Every mistake is reported, with line and column."},
      {"plan",
       {{}, {kConfig, {kPlanOutput, Need::kRequired}, kCollectorUser, kAnalyzerUser}},
       CompilePlanCommand,
       "compiles the collector's plan",
       "The plan is the part of the configuration that the collector goes by."},
      {"doctor",
       {{}, {kConfig, kObject, kCollector, kJson}},
       Doctor,
       "says what this host offers, and what of it will not be seen or kept",
       "With root, it tries: a collector loads and attaches its programs, and ends. Where "
       "something "
       "is missing, the remedy stands below."},
      {"config",
       {{}, {{kJsonSchema, Need::kRequired}}},
       ConfigCommand,
       "prints what a configuration can have",
       "An editor that reads it completes names of keys and shows what they mean: a first line "
       "#:schema FILE in the configuration is how taplo, Even Better TOML and others find it."},
      {"rules test",
       {{}, {kConfig, kCases}},
       RulesTest,
       "runs the tests that rules carry, or the cases of a file",
       "Rules without tests are named. A line of a file of cases holds rule (an id), event, fires "
       "and, if need be, before; wrong ones are listed by line."},
      {"rules report",
       {{}, {kConfig, kReportJson}},
       RulesReport,
       "says what became of each document of the Sigma files",
       "Each is loaded, filtered, unsupported or broken, with the reason and its line."},
      {"rules lint",
       {{}, {kConfig}},
       RulesLint,
       "says what in the rules is likely to be a mistake",
       ""},
      {"rules list", {{}, {kConfig}}, RulesList, "lists the rules, with tags", ""},
      {"rules fields", {}, RulesFields, "lists the fields that conditions can ask for", ""},
      {"rules explain",
       {{{"ID", "the rule's id, as rules list prints it"}},
        {{kEvent, Need::kOneOf}, {kCapture, Need::kOneOf}, {kTest, Need::kOneOf}, kConfig}},
       RulesExplain,
       "says why a rule fires, or does not",
       "The answer is which part of the rule's condition holds for an event, or for the events of "
       "a capture. For a correlation, it is what each match does, in a capture or in one of its "
       "tests."},
      {"rules stats",
       {{kAllFiles}, {kFrom, kUntil, kStatsJson, kConfig}},
       RulesStats,
       "counts alerts by rule, with what those of a rule have in common",
       "The rule with the most alerts comes first: it is the one to look at. Values are named "
       "that a fifth of the rule's alerts or more have."},
      {"schema", {}, Schema, "prints the JSON Schema of the lines that are written", ""},
      {"completion bash",
       {},
       CompletionBash,
       "prints the completion of rand-guard's command line for bash",
       "The packages install it. Where they are not installed, source <(rand-guard completion "
       "bash) gives it to a running shell."},
      {"completion fish",
       {},
       CompletionFish,
       "the same for fish",
       "rand-guard completion fish | source gives it to a running shell."},
      {"completion zsh",
       {},
       CompletionZsh,
       "the same for zsh",
       "source <(rand-guard completion zsh) gives it to a running shell, after compinit."},
      {"help",
       {{{"COMMAND", "the command, or the group of commands", Completes::kCommand, true},
         {"SUBCOMMAND", "one command of the group", Completes::kNothing, true}},
        {}},
       Help,
       "says what a command takes",
       ""},
  };
}

std::string UnknownCommand(std::string_view name, const std::vector<std::string_view>& known,
                           std::string_view help) {
  return absl::StrFormat("unknown command %s%s `%s` lists them", EscapedForTerminal(name),
                         WithSeparator(DidYouMean(name, known)), help);
}

// The command at the beginning of `words`, and takes its name away; nullptr after reporting that
// there is none.
const Command* TakeCommand(std::vector<std::string>& words) {
  const std::string first = words[0];
  words.erase(words.begin());
  const auto known = SubCommands(first);
  if (known.empty()) {
    const Command* command = FindCommand(first);
    if (command == nullptr) Say(UnknownCommand(first, FirstWords(), "rand-guard --help"));
    return command;
  }
  const std::string help = absl::StrFormat("rand-guard %s --help", first);
  if (words.empty()) {
    Say(absl::StrFormat("%s: a command is missing; `%s` lists them", first, help));
    return nullptr;
  }
  const std::string name = absl::StrFormat("%s %s", first, words[0]);
  const Command* command = FindCommand(name);
  if (command == nullptr) {
    Say(absl::StrFormat("%s: %s", first, UnknownCommand(words[0], known, help)));
  }
  words.erase(words.begin());
  return command;
}

bool AsksForHelp(std::string_view word) {
  return word == option::kHelp.name || word == option::kHelpShort;
}

}  // namespace

std::string_view Command::group() const {
  const std::size_t blank = name.find(' ');
  return blank == name.npos ? std::string_view() : name.substr(0, blank);
}

std::string_view Command::own_name() const { return name.substr(name.find(' ') + 1); }

const std::vector<Command>& Commands() {
  static const std::vector<Command> commands = MakeCommands();
  return commands;
}

const Command* FindCommand(std::string_view name) {
  const auto it = std::find_if(Commands().begin(), Commands().end(),
                               [&](const Command& c) { return c.name == name; });
  return it == Commands().end() ? nullptr : &*it;
}

std::vector<std::string_view> FirstWords() {
  std::vector<std::string_view> out;
  for (const Command& command : Commands()) {
    const std::string_view word = command.group().empty() ? command.name : command.group();
    if (std::find(out.begin(), out.end(), word) == out.end()) out.push_back(word);
  }
  return out;
}

std::vector<std::string_view> SubCommands(std::string_view group) {
  std::vector<std::string_view> out;
  for (const Command& command : Commands()) {
    if (!command.group().empty() && command.group() == group) out.push_back(command.own_name());
  }
  return out;
}

int Help(const Arguments& arguments) {
  std::vector<std::string> words = arguments.operands();
  if (words.empty()) {
    Print(FormatHelp());
    return 0;
  }
  if (words.size() == 1 && !SubCommands(words[0]).empty()) {
    Print(FormatGroupHelp(words[0]));
    return 0;
  }
  const Command* command = TakeCommand(words);
  if (command == nullptr) return 2;
  if (!words.empty()) {
    Say(absl::StrFormat("unexpected argument %s; `rand-guard help %s` is what there is",
                        EscapedForTerminal(words[0]), command->name));
    return 2;
  }
  Print(FormatCommandHelp(*command));
  return 0;
}

int Dispatch(std::vector<std::string> words) {
  // So units and scripts that name the configuration and nothing else start the agent.
  if (const char* config = std::getenv("EDR_CONFIG");
      words.empty() && config != nullptr && *config != '\0') {
    words.emplace_back("run");
  }
  if (words.empty()) {
    std::fputs(FormatHelp().c_str(), stderr);
    return 2;
  }
  if (AsksForHelp(words[0])) {
    Print(FormatHelp());
    return 0;
  }
  if (words[0] == option::kVersion.name) {
    std::puts("rand-guard " RG_VERSION);
    return 0;
  }
  if (words.size() > 1 && AsksForHelp(words[1]) && !SubCommands(words[0]).empty()) {
    Print(FormatGroupHelp(words[0]));
    return 0;
  }
  const Command* command = TakeCommand(words);
  if (command == nullptr) return 2;
  const auto arguments = Arguments::Parse(words, command->syntax);
  if (!arguments.ok()) {
    Say(absl::StrFormat("%s usage: %s", WithSeparator(Message(arguments.status())),
                        FormatUsage(*command)));
    return 2;
  }
  if (arguments->help()) {
    Print(FormatCommandHelp(*command));
    return 0;
  }
  return command->run(*arguments);
}

}  // namespace randguard::cli
