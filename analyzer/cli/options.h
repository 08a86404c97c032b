// SPDX-License-Identifier: Apache-2.0
//
// Every option of rand-guard, declared once: parser, help, manual page and completion go by these.
#ifndef ANALYZER_CLI_OPTIONS_H_
#define ANALYZER_CLI_OPTIONS_H_

#include <string_view>

#include "analyzer/cli/arguments.h"

namespace randguard::cli::option {

inline constexpr Option kConfig{
    "--config", "FILE",
    "the configuration (default: $EDR_CONFIG, else the installed one, else what is built in)",
    Completes::kFile};

// One name for the file that a command writes, and a short one.
inline constexpr std::string_view kOutputShort = "-o";
inline constexpr Option kOutput{
    "--output", "FILE",
    "file for the lines, - for standard output (default: as the configuration says)",
    Completes::kFile};
inline constexpr Option kReplayOutput{
    "--output", "FILE", "file for the lines of a capture (default: -, which is standard output)",
    Completes::kFile};
inline constexpr Option kWhere{"--where", "CONDITION",
                               "only events for which this holds, written as in rules, and the "
                               "alerts about them"};
inline constexpr Option kAlerts{"--alerts", "", "only alerts"};
inline constexpr Option kTree{"--tree", "", "indents processes by their parents"};
inline constexpr Option kFollow{
    "--follow", "", "goes on with what is added to the file, and with the next segment"};
inline constexpr Option kFrom{
    "--from", "TIME",
    "the beginning of the period: 2026-01-31, \"2026-01-31 14:00\" in the "
    "time zone of this host, or 2026-01-31T14:00:00Z (default: the first "
    "line)"};
inline constexpr Option kUntil{
    "--to", "TIME",
    "its end, likewise; the day, minute or second is a part of it (default: the last line)"};
inline constexpr Option kReportOutput{"--output", "FILE",
                                      "file for the page, also as -o FILE; - for standard output",
                                      Completes::kFile};
inline constexpr Option kLines{"--json", "", "prints the lines themselves, also on a terminal"};
inline constexpr Option kTo{"--to", "FORMAT", "the schema of the lines: ecs or ocsf"};
inline constexpr Option kPlanOutput{"--output", "FILE", "file for the plan, - for standard output",
                                    Completes::kFile};

inline constexpr Option kRecord{"--record", "CAPTURE",
                                "capture to keep besides; compressed, where the name ends in .zst",
                                Completes::kFile};
inline constexpr Option kListen{
    "--listen", "PATH",
    "path of the socket to make for the collector (default: the service manager passes one)",
    Completes::kFile};
inline constexpr Option kState{
    "--state", "FOLDER",
    "folder that keeps how far the analyzer has got (default: $STATE_DIRECTORY, else none)",
    Completes::kFolder};
inline constexpr Option kAllowRoot{
    "--allow-root", "", "lets the analyzer run as root or with capabilities, for development"};
inline constexpr Option kStats{"--stats", "",
                               "prints counts and times on standard error at the end"};
inline constexpr Option kJson{"--json", "", "prints the findings as JSON"};
inline constexpr Option kReportJson{"--json", "", "prints the documents as JSON"};
inline constexpr Option kJsonSchema{"--json-schema", "", "as a JSON Schema, for editors of TOML"};
inline constexpr Option kStatsJson{
    "--json", "", "prints the counts as JSON, with the ten most frequent values of each field"};
inline constexpr Option kCases{"--cases", "FILE",
                               "a file of cases, one JSON object a line, in the place of the tests "
                               "that rules carry",
                               Completes::kFile};
inline constexpr Option kEvent{"--event", "JSON", "the event, as a line of output has it"};
inline constexpr Option kCapture{"--capture", "CAPTURE", "a capture with the events",
                                 Completes::kFile};
inline constexpr Option kTest{"--test", "NAME", "a test of the rule, if it is a correlation"};

inline constexpr Option kObject{
    "--object", "FILE",
    "the eBPF object (default: $EDR_EBPF_OBJECT, else the one built with this program, else the "
    "installed one)",
    Completes::kFile};
inline constexpr Option kCollector{"--collector", "FILE",
                                   "the collector's program (default: the one built with this "
                                   "program, else the installed one)",
                                   Completes::kFile};
inline constexpr Option kCollectorUser{
    "--collector-user", "USER",
    "the user that the collector becomes, by name or number (default: rand-guard-collector)",
    Completes::kUser};
inline constexpr Option kAnalyzerUser{
    "--analyzer-user", "USER",
    "the user that the analyzer runs as, by name or number (default: rand-guard)",
    Completes::kUser};

// Every command takes these two, and rand-guard by itself all three.
inline constexpr Option kHelp{"--help", "", "says what a command takes"};
inline constexpr std::string_view kHelpShort = "-h";
inline constexpr Option kVersion{"--version", "", "prints the version of rand-guard"};

}  // namespace randguard::cli::option

#endif  // ANALYZER_CLI_OPTIONS_H_
