// SPDX-License-Identifier: Apache-2.0
//
// Everything that was recorded: files of lines, segments and captures, that a command is given or
// that the configuration's output has made.
#ifndef ANALYZER_CLI_RECORDED_FILES_H_
#define ANALYZER_CLI_RECORDED_FILES_H_

#include <kj/io.h>

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "analyzer/capture/capture_reader.h"
#include "analyzer/cli/setup.h"
#include "analyzer/output/sinks/sink.h"

namespace randguard::cli {

struct RecordedFile {
  std::string path;
  std::variant<kj::AutoCloseFd, CaptureReader> from;  // lines, or a capture

  bool is_capture() const { return std::holds_alternative<CaptureReader>(from); }
};

// Opens all of them. False: one cannot be opened, which is said; the others are open.
bool OpenRecorded(const std::vector<std::string>& paths, std::vector<RecordedFile>& files);

// The files that the configuration's output has made, from the oldest on. An error: there are none,
// or they are of another format than json.
absl::StatusOr<std::vector<std::string>> FilesOfOutput(const Config& config);
// The paths that a command was given; none: the files of the output.
absl::StatusOr<std::vector<std::string>> PathsOrOutput(std::vector<std::string> given,
                                                       const Config& config);

// Calls visit(line) for each line, without its end. The first lines that are wrong are
// reported. True: all of the file was read, and all its lines are understood.
bool VisitLines(const std::string& path, kj::AutoCloseFd fd,
                absl::FunctionRef<absl::Status(std::string_view)> visit);

// Writes the lines that the capture gives. True: it was whole, and all of it was understood.
bool ReplayInto(const std::string& path, CaptureReader& reader, const Loaded& loaded, Sink& out);

// Both, for lines of output.format "json": `loaded` is for captures. True: all is well.
bool VisitRecorded(std::vector<RecordedFile>& files, const Loaded& loaded,
                   absl::FunctionRef<absl::Status(std::string_view)> visit);

}  // namespace randguard::cli

#endif  // ANALYZER_CLI_RECORDED_FILES_H_
