// SPDX-License-Identifier: Apache-2.0
//
// The configuration as plain data, and how it is read.
//
// Default values are the member initialisers here. keys.h names, describes and bounds every key;
// docs/configuration.md is written from it. A Config that LoadConfig returned keeps every promise
// made there: lists are within their bounds, paths are absolute, rules can match, ids are unique.
#ifndef ANALYZER_CONFIG_CONFIG_H_
#define ANALYZER_CONFIG_CONFIG_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "analyzer/base/log.h"
#include "analyzer/event/value_sets.h"
#include "analyzer/source/diagnostic.h"
#include "analyzer/source/source_text.h"

namespace randguard {

// Names of the enumerators, as they are written in the file: names.h; of AgentMode, Severity,
// RuleType, RuleAction and Direction, which lines have, too: value_sets.h.
enum class ProcessHook { kExecve, kExecveat, kFork, kExit };
enum class Behaviour {
#define BEHAVIOUR(name, enumerator) enumerator,
#include "schema/abi/behaviours.def"
#undef BEHAVIOUR
};
enum class FileHook {
  kOpen,
  kCreat,
  kOpenat,
  kOpenat2,
  kWrite,
  kWritev,
  kPwrite64,
  kPwritev,
  kPwritev2,
  kSendfile,
  kSplice,
  kCopyFileRange,
  kMmap,
  kFtruncate,
  kFallocate,
  kTruncate,
  kRename,
  kRenameat,
  kRenameat2,
  kLink,
  kLinkat,
  kSymlink,
  kSymlinkat,
  kUnlink,
  kUnlinkat,
  kRmdir,
  kMkdir,
  kMkdirat,
  kMknod,
  kMknodat,
  kChmod,
  kFchmod,
  kFchmodat,
  kFchmodat2,
  kChown,
  kFchown,
  kLchown,
  kFchownat,
  kSetxattr,
  kLsetxattr,
  kFsetxattr,
  kRemovexattr,
  kLremovexattr,
  kFremovexattr,
  kUtimensat,
  kFileSetattr
};
enum class NetworkHook {
  kConnect,
  kBind,
  kListen,
  kAccept,
  kAccept4,
  kSendto,
  kSendmsg,
  kSendmmsg,
  kRecvfrom,
  kRecvmsg,
  kRecvmmsg,
  kClose,  // no system call: the end of TCP connections
  kSocket
};
enum class OutputType { kStdout, kFile, kJournald };
enum class OutputFormat { kJson, kEcs, kOcsf };
// Whether old files get other names, or each file is written once.
enum class OutputRotation { kRename, kSegments };
enum class FileOperation { kOpen, kWrite, kRename, kUnlink };
// How mature a Sigma rule is, as its author sees it.
enum class SigmaStatus { kStable, kTest, kExperimental, kDeprecated, kUnsupported };
// Whether Sigma files that cannot be loaded whole are errors.
enum class OnUnsupported { kSkip, kRefuse };

struct AgentConfig {
  std::string id = "rand-guard";
  AgentMode mode = AgentMode::kDetect;
  LogLevel log_level = LogLevel::kInfo;
  std::uint32_t canary_secs = 60;  // 0: none
  bool operator==(const AgentConfig&) const = default;
};

// Where the kernel programs see files: in the functions that act on them, at the exit of system
// calls, or (kAuto) in functions as far as the host lets programs be attached to them.
enum class HookLayer { kAuto, kFunctions, kCalls };

struct EbpfConfig {
  bool enabled = true;
  HookLayer hooks = HookLayer::kAuto;
  std::uint32_t buffer_size = 8192;           // KiB, bulk ring; rounded up by the plan compiler
  std::uint32_t critical_buffer_size = 4096;  // KiB, critical ring; the same
  bool operator==(const EbpfConfig&) const = default;
};

struct EventsConfig {
  bool process = true;
  bool file = true;
  bool network = false;
  bool operator==(const EventsConfig&) const = default;
};

// In the order of the enumerators.
std::vector<Behaviour> AllBehaviour();

struct ProcessConfig {
  bool enabled = true;
  // The events that are printed. The kernel side always reports all four: the process table needs
  // them.
  std::vector<ProcessHook> hooks = {ProcessHook::kExecve, ProcessHook::kExecveat,
                                    ProcessHook::kFork, ProcessHook::kExit};
  bool collect_args = true;
  bool collect_env = false;
  bool collect_cwd = true;
  std::vector<std::string> env_names;
  bool threads = true;
  bool failed_exec = true;
  std::vector<Behaviour> behaviour = AllBehaviour();
  bool operator==(const ProcessConfig&) const = default;
};

// In the order of the enumerators.
std::vector<FileHook> AllFileHooks();

// Paths that the built-in rules ask for, and paths that were always watched.
std::vector<std::string> DefaultWatchPaths();
std::vector<std::string> DefaultWatchPatterns();

// Where the items of a list are written; none where the list is not. Equal lists may stand
// anywhere.
struct ItemPlaces {
  std::vector<SourceText> items;
  bool operator==(const ItemPlaces&) const { return true; }
};

struct FileConfig {
  bool enabled = true;
  std::vector<FileHook> hooks = AllFileHooks();
  std::vector<std::string> watch_paths = DefaultWatchPaths();
  // None when watch_paths is written and this is not.
  std::vector<std::string> watch_patterns = DefaultWatchPatterns();
  std::vector<std::string> exclude_paths = {"/var/log", "/tmp", "/proc", "/sys"};
  ItemPlaces exclude_places;
  bool operator==(const FileConfig&) const = default;
};

std::vector<NetworkHook> AllNetworkHooks();

struct NetworkConfig {
  bool enabled = false;
  std::vector<NetworkHook> hooks = AllNetworkHooks();
  bool unix_sockets = false;
  bool collect_dns = false;      // true is refused
  bool collect_payload = false;  // true is refused
  bool operator==(const NetworkConfig&) const = default;
};

// Lines by what they are: an event, or what the agent itself has to say.
enum class LineKind : std::uint8_t { kEvent, kAlert, kLoss, kHealth, kCanary };
enum class FurtherOutputType { kFile, kJournald, kSyslog };

// One of [[outputs]]: lines go here besides, with the numbers that they have in [output].
struct FurtherOutputConfig {
  std::string name;
  FurtherOutputType type = FurtherOutputType::kFile;
  std::string path;  // of the file, or of syslog's socket
  OutputFormat format = OutputFormat::kJson;
  std::vector<LineKind> kinds;  // empty: all
  bool omit_empty = false;      // as in OutputConfig
  OutputRotation rotation = OutputRotation::kRename;
  std::uint32_t rotate_size = 256;
  std::uint32_t rotate_age = 0;
  std::uint32_t rotate_keep = 4;
  std::uint32_t keep_size = 1280;
  std::uint32_t keep_age = 0;
  std::uint32_t compress_age = 0;
  bool operator==(const FurtherOutputConfig&) const = default;
};
inline constexpr std::size_t kFurtherOutputsMax = 8;
inline constexpr std::string_view kSyslogSocket = "/dev/log";

// Alerts go here besides, so that nothing but alerts can rotate them away.
struct AlertOutputConfig {
  std::string path;                // empty: no file of their own
  std::uint32_t rotate_size = 64;  // as in OutputConfig
  std::uint32_t rotate_age = 0;
  std::uint32_t rotate_keep = 8;
  std::uint32_t keep_size = 512;
  std::uint32_t keep_age = 0;
  bool journal = false;
  bool operator==(const AlertOutputConfig&) const = default;
};

struct OutputConfig {
  OutputType type = OutputType::kStdout;
  OutputFormat format = OutputFormat::kJson;
  std::string path;  // not empty when type is kFile; of kJournald: all lines, stdout if empty
  std::uint32_t rotate_size = 256;  // MiB; 0: never for its size
  std::uint32_t rotate_age = 0;     // hours; 0: never for its age
  std::uint32_t rotate_keep = 4;
  OutputRotation rotation = OutputRotation::kRename;  // of alerts, too
  std::uint32_t keep_size = 1280;                     // MiB, of all segments; 0: any
  std::uint32_t keep_age = 0;                         // hours; 0: for ever
  std::uint32_t compress_age = 0;                     // hours; 0: never; of alerts, too
  bool sync_alerts = true;
  bool telemetry = true;
  bool omit_empty = false;  // where the file does not say: true of segments
  AlertOutputConfig alerts;
  bool operator==(const OutputConfig&) const = default;
};

// A file of metrics for others to collect.
struct MetricsConfig {
  std::string path;  // empty: none
  std::uint32_t interval_secs = 15;
  bool operator==(const MetricsConfig&) const = default;
};

struct PerformanceConfig {
  std::uint32_t max_events_per_second = 5000;  // 0: no limit
  bool drop_when_full = false;
  std::uint32_t max_process_cache_entries = 65536;
  std::uint32_t max_pending_exec_sources = 500;
  bool operator==(const PerformanceConfig&) const = default;
};

// A condition under which a rule does not fire after all.
struct RuleException {
  std::string name;  // may be empty
  SourceText condition;
  bool operator==(const RuleException&) const = default;
};

// One field of an event in a rule's test.
struct TestField {
  std::string name;  // dotted, as in conditions
  std::variant<bool, std::int64_t, std::string, std::vector<std::string>, std::vector<std::int64_t>>
      value;
  bool operator==(const TestField&) const = default;
};

// An event in a rule's test: fields, or the line of output in `json`.
struct TestEvent {
  std::vector<TestField> fields;
  SourceText json;
  SourcePosition position;
  bool operator==(const TestEvent& other) const {
    return fields == other.fields && json == other.json;
  }
};

struct RuleTest {
  SourceText name;
  std::vector<TestEvent> before;  // earlier events, that say who the processes are
  TestEvent event;
  bool fires = true;
  // A correlation has these instead of `event`, in the order in which they are handled.
  struct Timed {
    TestEvent event;
    std::uint32_t at = 0;  // seconds
    std::uint32_t repeat = 1;
    bool operator==(const Timed&) const = default;
  };
  std::vector<Timed> events;
  std::uint32_t until = 0;  // seconds: how far time gets after the last event
  bool operator==(const RuleTest&) const = default;
};

enum class CorrelationType {
  kEventCount,
  kValueCount,
  kValueSum,
  kValueAvg,
  kValuePercentile,
  kTemporal,
  kTemporalOrdered,
  kAbsence
};

// A field to group by that has another name for each base rule.
struct CorrelationAlias {
  SourceText name;
  struct Of {
    SourceText rule, field;
    bool operator==(const Of&) const = default;
  };
  std::vector<Of> fields;
  bool operator==(const CorrelationAlias&) const = default;
};

// The things that a correlation looks for in matches of other rules (docs/correlations.md).
// Whatever fills it in need not check it: that is done when rules are compiled.
struct CorrelationRule {
  CorrelationType type = CorrelationType::kEventCount;
  std::vector<SourceText> rules;  // ids; for temporal_ordered and absence in that order
  std::vector<SourceText> group_by;
  std::vector<CorrelationAlias> aliases;
  SourceText timespan;                                    // as ParseTimespan() takes it
  SourceText field;                                       // value_*
  std::optional<std::int64_t> gt, gte, lt, lte, eq, neq;  // event_count, value_*: of what is found
  std::uint32_t percentile = 50;                          // value_percentile
  std::uint32_t max_groups = 4096;
  bool generate = false;  // the rules raise alerts of their own, too
  bool operator==(const CorrelationRule&) const = default;
};

// Each type of rule has its own lists; the others stay empty.
struct Rule {
  std::string id;
  std::string name;
  bool enabled = true;
  bool alert = true;  // false: only correlations see its matches
  RuleType type = RuleType::kProcess;
  Severity severity = Severity::kMedium;
  RuleAction action = RuleAction::kAlert;
  std::vector<std::string> process_names;  // process, network
  std::vector<std::string> parent_names;   // process
  std::vector<std::string> paths;          // file
  std::vector<std::string> patterns;       // file
  std::vector<FileOperation> operations;   // file
  // Those that are written with "file_" before their names, or as "*"; so alerts name them.
  std::vector<FileOperation> prefixed_operations;
  std::optional<Direction> direction;  // network, then set
  std::vector<std::uint16_t> ports;    // network
  CorrelationRule correlation;

  SourceText source;     // the id, as it is written
  SourceText condition;  // may be empty; must hold besides the above
  std::vector<SourceText> events;
  std::vector<RuleException> unless;
  std::string description;
  std::string author;
  std::vector<std::string> tags, references, false_positives;
  std::optional<RuleSource> origin;  // of rand-guard's own rules: none
  std::optional<SigmaStatus> status;
  std::vector<RuleTest> tests;
  bool faulty = false;  // it is off, and what is wrong with it was a warning
  bool operator==(const Rule&) const = default;
};

// A list that conditions can name.
struct RuleList {
  SourceText name;
  struct Item {
    std::variant<std::int64_t, std::string> value;
    SourceText source;
    bool operator==(const Item& other) const { return value == other.value; }
  };
  std::vector<Item> items;
  bool operator==(const RuleList&) const = default;
};

// A condition that conditions can name.
struct RuleMacro {
  SourceText name;
  SourceText condition;
  bool operator==(const RuleMacro&) const = default;
};

struct AlertsConfig {
  std::uint32_t window_secs = 60;  // 0: nothing is folded
  std::uint32_t max_folded = 4096;
  bool built_in_rules = true;
  Severity min_severity = Severity::kLow;  // rules below it raise no alert
  bool operator==(const AlertsConfig&) const = default;
};

struct PersistenceDetection {
  std::string name;
  std::vector<std::string> paths;     // empty: every folder
  std::vector<std::string> patterns;  // empty: every file under the paths
  std::vector<FileOperation> operations;
  bool operator==(const PersistenceDetection&) const = default;
};

struct NetworkDetection {
  std::string name;
  std::vector<Direction> directions;
  std::vector<std::uint16_t> ports;
  std::vector<std::string> process_names;  // empty: every process
  bool operator==(const NetworkDetection&) const = default;
};

struct DetectionsConfig {
  std::vector<PersistenceDetection> persistence;
  std::vector<NetworkDetection> network;
  bool operator==(const DetectionsConfig&) const = default;
};

// Values that %name% stands for in Sigma rules.
struct SigmaPlaceholder {
  std::string name;
  std::vector<std::string> values;
  bool operator==(const SigmaPlaceholder&) const = default;
};

struct SigmaConfig {
  std::vector<std::string> paths;  // files and folders; relative ones start from the configuration
  std::string mapping;             // a file; empty: only the built-in mapping
  Severity min_level = Severity::kInformational;
  std::vector<SigmaStatus> status = {SigmaStatus::kStable, SigmaStatus::kTest,
                                     SigmaStatus::kExperimental};
  std::vector<std::string> disable;  // ids
  OnUnsupported on_unsupported = OnUnsupported::kSkip;
  bool operator==(const SigmaConfig&) const = default;
};

// A file as it was read.
struct ConfigSource {
  std::string name;
  std::string text;
  bool operator==(const ConfigSource&) const = default;
};

// All that is read for [sigma] beside the configuration.
struct SigmaSources {
  std::vector<ConfigSource> files;      // in the order of their names, each folder by itself
  std::optional<ConfigSource> mapping;  // of sigma.mapping
  std::vector<Diagnostic> unreadable;   // files that are missing in `files`
  bool operator==(const SigmaSources&) const = default;
};

struct Config {
  AgentConfig agent;
  EbpfConfig ebpf;
  EventsConfig events;
  ProcessConfig process;
  FileConfig file;
  NetworkConfig network;
  OutputConfig output;
  std::vector<FurtherOutputConfig> outputs;
  MetricsConfig metrics;
  PerformanceConfig performance;
  AlertsConfig alerts;
  // These three: of the config file, then of rules.d by file name.
  std::vector<Rule> rules;
  std::vector<RuleList> lists;
  std::vector<RuleMacro> macros;
  DetectionsConfig detections;
  SigmaConfig sigma;
  std::vector<SigmaPlaceholder> placeholders;
  SigmaSources sigma_sources;  // kept by rules compiled of it no longer than it takes to compile

  // One sentence for each thing that this configuration asks for and this version does not do yet.
  // The command line prints them as warnings.
  std::vector<std::string> Unsupported() const;

  bool operator==(const Config&) const = default;
};

struct ConfigResult {
  std::optional<Config> config;         // absent when any diagnostic is an error
  std::vector<Diagnostic> diagnostics;  // by file as read, then by position
};

// Further limits; those of a file: toml_limits.h.
inline constexpr std::size_t kConditionMax = 16384;  // bytes of one condition
inline constexpr std::size_t kRulesMax = 20000;      // of all files

// Reads `path` and, sorted by name, the files *.toml in the folder rules.d beside it (names that
// begin with a dot are passed over; the folder may be absent). Sigma files are read, too: *.yml and
// *.yaml anywhere below rules.d, and what sigma.paths names.
//
// Most of a file of rules are their tests. kPassOver: tables [[rules.tests]] are passed over,
// without a look at what is in them, for a service has no use for them.
enum class RuleTests { kRead, kPassOver };
ConfigResult LoadConfig(const std::string& path, RuleTests tests = RuleTests::kRead);

// The same without the file system.
ConfigResult ParseConfig(std::string_view text, std::string_view file_name,
                         std::span<const ConfigSource> rule_files = {});

// Rules that come with the program: a file of rules in which ids may begin with "BUILTIN-".
ConfigResult ParseBuiltInRules(const ConfigSource& source);

}  // namespace randguard

#endif  // ANALYZER_CONFIG_CONFIG_H_
