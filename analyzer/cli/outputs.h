// SPDX-License-Identifier: Apache-2.0
//
// Where lines go: [output], [output.alerts] and [[outputs]], or what the command line says instead.
#ifndef ANALYZER_CLI_OUTPUTS_H_
#define ANALYZER_CLI_OUTPUTS_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "analyzer/cli/arguments.h"
#include "analyzer/config/config.h"
#include "analyzer/confine/confine.h"
#include "analyzer/output/sinks/line_file.h"
#include "analyzer/output/sinks/line_sink.h"
#include "analyzer/output/sinks/sink.h"

namespace randguard::cli {

// As the configuration says, for a service. With --output ("-" for stdout) all lines go there, and
// no file of the configuration is touched. Files that have to be made are given to `owner`. One of
// [[outputs]] that cannot be opened loses its lines, and says so in health. Lines for standard
// output go to the sink that `for_stdout` makes, if it makes one; it is called for such lines
// alone.
absl::StatusOr<std::unique_ptr<Sink>> OpenOutput(
    const Arguments& arguments, const Config& config, std::optional<FileOwner> owner = std::nullopt,
    const std::function<std::unique_ptr<Sink>()>& for_stdout = nullptr);

// The files that these are.
std::vector<WrittenFile> WrittenFiles(const Arguments& arguments, const Config& config);

// For people: "FILE, alerts also to FILE, also to NAME".
std::string OutputsText(const Arguments& arguments, const Config& config);

// An error: what was recorded would be overwritten. `output` is the value of --output.
absl::Status CheckIsNotOutput(const std::string& input, const std::optional<std::string>& output);

// For lines of what was recorded: --output, else standard output.
absl::StatusOr<LineSink> OpenReplayOutput(const Arguments& arguments);

}  // namespace randguard::cli

#endif  // ANALYZER_CLI_OUTPUTS_H_
