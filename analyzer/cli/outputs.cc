// SPDX-License-Identifier: Apache-2.0
#include "analyzer/cli/outputs.h"

#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>

#include "absl/strings/str_format.h"
#include "analyzer/base/status.h"
#include "analyzer/base/terminal_text.h"
#include "analyzer/cli/options.h"
#include "analyzer/output/sinks/datagram_queue.h"
#include "analyzer/output/sinks/further_output.h"
#include "analyzer/output/sinks/journal.h"
#include "analyzer/output/sinks/segment_sink.h"
#include "analyzer/output/sinks/syslog.h"
#include "analyzer/plan/configured_paths.h"

namespace randguard::cli {
namespace {

// The file for all lines; nullopt: stdout.
std::optional<std::string> LinesPath(const Arguments& arguments, const Config& config) {
  auto path = arguments.Value(option::kOutput);
  if (path == "-") return std::nullopt;
  if (path.has_value()) return path;
  if (config.output.type == OutputType::kStdout || config.output.path.empty()) return std::nullopt;
  return config.output.path;
}

// The file for alerts alone.
std::optional<std::string> AlertsPath(const Arguments& arguments, const Config& config) {
  const std::string& path = config.output.alerts.path;
  if (arguments.Value(option::kOutput).has_value() || path.empty()) return std::nullopt;
  return path;
}

std::span<const FurtherOutputConfig> FurtherOutputs(const Arguments& arguments,
                                                    const Config& config) {
  if (arguments.Value(option::kOutput).has_value()) return {};
  return config.outputs;
}

// Root writes to no file that somebody else has chosen. A path that root names on the command line
// is root's choice.
absl::Status CheckOutput(const Arguments& arguments, std::string_view key,
                         const std::string& path) {
  if (geteuid() != 0 || arguments.Value(option::kOutput).has_value()) return absl::OkStatus();
  const ResolvedPath resolved = FollowLinks(path);
  if (resolved.refused.empty()) return absl::OkStatus();
  return HostError("%s: the symlink in %s is not followed: %s; write the path it leads to", key,
                   path, resolved.refused);
}

// Whether a file is another one; without a path, stdout. (Segments see to it themselves.)
bool IsFileOfLines(const std::string& file, const std::optional<std::string>& lines) {
  struct stat a {
  }, b{};
  const int found = lines.has_value() ? stat(lines->c_str(), &b) : fstat(STDOUT_FILENO, &b);
  return found == 0 && stat(file.c_str(), &a) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

// The file of --output is that very file.
OutputRotation RotationOf(const Arguments& arguments, const Config& config) {
  return arguments.Value(option::kOutput).has_value() ? OutputRotation::kRename
                                                      : config.output.rotation;
}

enum class Taken : std::uint8_t { kAll, kAlerts, kFurther };

struct FileOfLines {
  std::string path;
  OutputRotation rotation;
  std::uint32_t rotate_mib, rotate_hours, rotate_keep, keep_mib, keep_hours, compress_hours;
  Taken taken;
  bool sync;  // alerts
};

FileOfLines FileOf(const OutputConfig& output, const std::string& path, OutputRotation rotation) {
  return {path,
          rotation,
          output.rotate_size,
          output.rotate_age,
          output.rotate_keep,
          output.keep_size,
          output.keep_age,
          output.compress_age,
          Taken::kAll,
          output.sync_alerts && output.alerts.path.empty()};
}

FileOfLines FileOfAlerts(const OutputConfig& output, OutputRotation rotation) {
  const AlertOutputConfig& alerts = output.alerts;
  return {alerts.path,        rotation,          alerts.rotate_size, alerts.rotate_age,
          alerts.rotate_keep, alerts.keep_size,  alerts.keep_age,    output.compress_age,
          Taken::kAlerts,     output.sync_alerts};
}

FileOfLines FileOf(const FurtherOutputConfig& further) {
  return {further.path,       further.rotation,     further.rotate_size,
          further.rotate_age, further.rotate_keep,  further.keep_size,
          further.keep_age,   further.compress_age, Taken::kFurther,
          /*sync=*/false};
}

absl::StatusOr<std::unique_ptr<Sink>> OpenSegments(const FileOfLines& file,
                                                   std::optional<FileOwner> owner) {
  using std::chrono::hours;
  const SegmentSink::Limits limits{
      .bytes = std::uint64_t{file.rotate_mib} << 20,
      .age = hours(file.rotate_hours),
      .keep = {std::uint64_t{file.keep_mib} << 20, hours(file.keep_hours)},
      .compress = hours(file.compress_hours)};
  RG_ASSIGN_OR_RETURN(SegmentSink segments, SegmentSink::Open(file.path, limits, owner));
  if (file.taken == Taken::kAlerts) segments.TakeAlertsOnly();
  if (file.taken == Taken::kFurther) segments.ExpectGaps();
  if (file.sync) segments.SyncAlerts();
  return std::make_unique<SegmentSink>(std::move(segments));
}

absl::StatusOr<std::unique_ptr<Sink>> OpenFile(const FileOfLines& file,
                                               std::optional<FileOwner> owner) {
  if (file.rotation == OutputRotation::kSegments) return OpenSegments(file, owner);
  const Rotation rotation{std::uint64_t{file.rotate_mib} << 20,
                          std::chrono::hours(file.rotate_hours), file.rotate_keep};
  RG_ASSIGN_OR_RETURN(LineSink lines, LineSink::File(file.path, rotation, owner));
  lines.FollowPath();
  if (file.taken == Taken::kAlerts) lines.TakeAlertsOnly();
  if (file.taken == Taken::kFurther) lines.KeepUpTo(DatagramQueue::kBytesMax);
  if (file.sync) lines.SyncAlerts();
  return std::make_unique<LineSink>(std::move(lines));
}

absl::StatusOr<std::unique_ptr<Sink>> OpenPlace(const FurtherOutputConfig& further,
                                                std::optional<FileOwner> owner) {
  switch (further.type) {
    case FurtherOutputType::kFile:
      return OpenFile(FileOf(further), owner);
    case FurtherOutputType::kJournald: {
      Journal journal = Journal::ConnectOrFail();
      journal.DoNotWait();
      return std::make_unique<Journal>(std::move(journal));
    }
    case FurtherOutputType::kSyslog:
      return std::make_unique<Syslog>(Syslog::ConnectOrFail(further.path));
  }
  return HostError("output \"%s\" is of no type", further.name);
}

// `files` are those of other outputs; its own is added. A file that must not be written is an
// error; one that cannot be opened keeps nothing else from starting.
absl::StatusOr<FurtherOutput> OpenFurther(const Arguments& arguments,
                                          const FurtherOutputConfig& further,
                                          std::string_view agent_id,
                                          std::vector<std::optional<std::string>>& files,
                                          std::optional<FileOwner> owner) {
  const bool is_file = further.type == FurtherOutputType::kFile;
  if (is_file) {
    const std::string key = absl::StrFormat("output \"%s\"", further.name);
    RG_RETURN_IF_ERROR(CheckOutput(arguments, key, further.path));
  }
  auto place = OpenPlace(further, owner);
  if (is_file) {
    // Links may have led two paths to one file.
    for (const auto& other : files) {
      if (!IsFileOfLines(further.path, other)) continue;
      return HostError("output \"%s\": %s is a file that another output writes", further.name,
                       further.path);
    }
    files.emplace_back(further.path);
  }
  if (!place.ok()) return FurtherOutput::Unopened(further, agent_id, place.status());
  return FurtherOutput(further, agent_id, *std::move(place));
}

}  // namespace

absl::StatusOr<std::unique_ptr<Sink>> OpenOutput(
    const Arguments& arguments, const Config& config, std::optional<FileOwner> owner,
    const std::function<std::unique_ptr<Sink>()>& for_stdout) {
  const OutputConfig& output = config.output;
  auto all = std::make_unique<SinkList>();
  const OutputRotation rotation = RotationOf(arguments, config);
  const auto lines_path = LinesPath(arguments, config);
  std::vector<std::optional<std::string>> files = {lines_path};
  std::unique_ptr<Sink> lines;
  if (!lines_path.has_value() && for_stdout) lines = for_stdout();
  if (lines == nullptr) lines = std::make_unique<LineSink>(LineSink::Stdout());
  if (lines_path.has_value()) {
    RG_RETURN_IF_ERROR(CheckOutput(arguments, "output.path", *lines_path));
    RG_ASSIGN_OR_RETURN(lines, OpenFile(FileOf(output, *lines_path, rotation), owner));
  }
  if (const auto path = AlertsPath(arguments, config)) {
    RG_RETURN_IF_ERROR(CheckOutput(arguments, "output.alerts.path", *path));
    RG_ASSIGN_OR_RETURN(auto alerts, OpenFile(FileOfAlerts(output, rotation), owner));
    if (IsFileOfLines(*path, lines_path)) {
      return HostError("output.alerts.path %s is the file that all lines go to", *path);
    }
    files.emplace_back(*path);
    // First, because the other one may be a pipe that has to be waited for.
    all->Add(std::move(alerts));
  }
  if (output.type == OutputType::kJournald) {
    RG_ASSIGN_OR_RETURN(Journal journal, Journal::Connect());
    all->Add(std::make_unique<Journal>(std::move(journal)));
  } else if (output.alerts.journal) {
    all->Add(std::make_unique<Journal>(Journal::ConnectOrFail()));
  }
  all->Add(std::move(lines));
  for (const FurtherOutputConfig& further : FurtherOutputs(arguments, config)) {
    RG_ASSIGN_OR_RETURN(FurtherOutput opened,
                        OpenFurther(arguments, further, config.agent.id, files, owner));
    all->Add(std::make_unique<FurtherOutput>(std::move(opened)));
  }
  return all;
}

std::vector<WrittenFile> WrittenFiles(const Arguments& arguments, const Config& config) {
  std::vector<WrittenFile> files;
  const auto add = [&](const std::string& path, OutputRotation rotation, std::uint32_t compress) {
    const bool segments = rotation == OutputRotation::kSegments;
    files.push_back({path, segments, /*read=*/segments && compress != 0});
  };
  for (auto& path : {LinesPath(arguments, config), AlertsPath(arguments, config)}) {
    if (path.has_value()) add(*path, RotationOf(arguments, config), config.output.compress_age);
  }
  for (const FurtherOutputConfig& further : FurtherOutputs(arguments, config)) {
    if (further.type != FurtherOutputType::kFile) continue;
    add(further.path, further.rotation, further.compress_age);
  }
  return files;
}

std::string OutputsText(const Arguments& arguments, const Config& config) {
  std::string text = LinesPath(arguments, config).value_or("stdout");
  if (const auto path = AlertsPath(arguments, config)) text += ", alerts also to " + *path;
  if (config.output.type == OutputType::kJournald || config.output.alerts.journal) {
    text += ", alerts also to the journal";
  }
  for (const FurtherOutputConfig& further : FurtherOutputs(arguments, config)) {
    text += absl::StrFormat(", also to \"%s\"", further.name);
  }
  return text;
}

absl::Status CheckIsNotOutput(const std::string& input, const std::optional<std::string>& output) {
  struct stat in {
  }, out{};
  if (!output.has_value() || *output == "-" || stat(output->c_str(), &out) != 0 ||
      stat(input == "-" ? "/dev/stdin" : input.c_str(), &in) != 0 || in.st_dev != out.st_dev ||
      in.st_ino != out.st_ino || !S_ISREG(in.st_mode)) {
    return absl::OkStatus();
  }
  return InvalidInput("--output %s is %s, which is read; name another file",
                      EscapedForTerminal(*output), EscapedForTerminal(input));
}

absl::StatusOr<LineSink> OpenReplayOutput(const Arguments& arguments) {
  // Not where the configuration says: that is where the live agent writes.
  const std::string path = arguments.Value(option::kReplayOutput).value_or("-");
  if (path == "-") return LineSink::Stdout();
  return LineSink::File(path);
}

}  // namespace randguard::cli
