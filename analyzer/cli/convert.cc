// SPDX-License-Identifier: Apache-2.0
//
// `rand-guard convert`: lines and captures as lines of another schema.
#include <kj/io.h>

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/str_format.h"
#include "analyzer/base/status.h"
#include "analyzer/base/terminal_text.h"
#include "analyzer/capture/capture_reader.h"
#include "analyzer/cli/arguments.h"
#include "analyzer/cli/commands.h"
#include "analyzer/cli/options.h"
#include "analyzer/cli/outputs.h"
#include "analyzer/cli/recorded_files.h"
#include "analyzer/cli/setup.h"
#include "analyzer/config/names.h"
#include "analyzer/confine/confine.h"
#include "analyzer/output/convert/line_converter.h"
#include "analyzer/output/sinks/line_sink.h"

namespace randguard::cli {
namespace {

absl::StatusOr<bool> ConvertAll(std::vector<RecordedFile>& files, OutputFormat to,
                                const std::optional<Loaded>& loaded, const Arguments& arguments) {
  RG_ASSIGN_OR_RETURN(LineSink out, OpenReplayOutput(arguments));
  RG_RETURN_IF_ERROR(ConfineReader());
  bool whole = true;
  LineConverter converter(to);
  const auto convert = [&](std::string_view line) -> absl::Status {
    RG_ASSIGN_OR_RETURN(const auto converted, converter.Convert(line));
    if (converted.has_value()) out.Write(*converted);
    return absl::OkStatus();
  };
  for (RecordedFile& file : files) {
    const bool ok =
        file.is_capture()
            ? ReplayInto(file.path, std::get<CaptureReader>(file.from), *loaded, out)
            : VisitLines(file.path, std::move(std::get<kj::AutoCloseFd>(file.from)), convert);
    whole = whole && ok;
  }
  out.Flush();
  if (out.failures() > 0) {
    Say(absl::StrFormat("%d lines could not be written", out.failures()));
    whole = false;
  }
  return whole;
}

}  // namespace

int Convert(const Arguments& arguments) {
  const std::string to = *arguments.Value(option::kTo);
  const auto format = FindNamed<OutputFormat>(to);
  if (!format.has_value() || *format == OutputFormat::kJson) {
    Say(absl::StrFormat("option --to takes ecs or ocsf, not %s", EscapedForTerminal(to)));
    return 2;
  }
  for (const std::string& path : arguments.operands()) {
    const absl::Status status = CheckIsNotOutput(path, arguments.Value(option::kReplayOutput));
    if (!status.ok()) return Fail(status);
  }
  std::vector<RecordedFile> files;
  const bool all = OpenRecorded(arguments.operands(), files);
  // Captures have to be decoded and looked at; lines are what came of that.
  std::optional<Loaded> loaded;
  for (const RecordedFile& file : files) {
    if (!file.is_capture() || loaded.has_value()) continue;
    loaded = ReadConfig(arguments, Report::kErrors, RuleTests::kPassOver);
    if (!loaded.has_value()) return 1;
    loaded->config.output.format = *format;
  }
  const auto whole = ConvertAll(files, *format, loaded, arguments);
  if (!whole.ok()) return Fail(whole.status());
  return all && *whole ? 0 : 1;
}

}  // namespace randguard::cli
