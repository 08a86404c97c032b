// SPDX-License-Identifier: Apache-2.0
//
// `rand-guard convert`: lines and captures as lines of another schema.
#include <fcntl.h>
#include <kj/io.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/str_format.h"
#include "analyzer/base/packed_file.h"
#include "analyzer/base/status.h"
#include "analyzer/base/terminal_text.h"
#include "analyzer/capture/capture_reader.h"
#include "analyzer/cli/arguments.h"
#include "analyzer/cli/commands.h"
#include "analyzer/cli/line_files.h"
#include "analyzer/cli/options.h"
#include "analyzer/cli/outputs.h"
#include "analyzer/cli/setup.h"
#include "analyzer/config/names.h"
#include "analyzer/confine/confine.h"
#include "analyzer/ingest/replay.h"
#include "analyzer/output/convert/line_converter.h"
#include "analyzer/output/sinks/line_sink.h"
#include "analyzer/pipeline/pipeline.h"

namespace randguard::cli {
namespace {

struct Input {
  std::string path;
  std::variant<kj::AutoCloseFd, CaptureReader> from;  // lines, or a capture
};

// By its first byte, of how many segments the first message has. No line begins so. A pipe is taken
// for lines.
absl::StatusOr<bool> IsCapture(int fd) {
  const off_t here = lseek(fd, 0, SEEK_CUR);
  if (here < 0) return false;
  RG_ASSIGN_OR_RETURN(PackedFile file,
                      PackedFile::FromFd(kj::AutoCloseFd(fcntl(fd, F_DUPFD_CLOEXEC, 0))));
  std::byte first{1};
  const auto n = file.Read(std::span(&first, 1));
  if (lseek(fd, here, SEEK_SET) < 0) return ErrnoError(errno, "cannot be read twice");
  return n.ok() && *n == 1 && first == std::byte{0};
}

absl::StatusOr<Input> Open(const std::string& path) {
  RG_ASSIGN_OR_RETURN(kj::AutoCloseFd fd, OpenInput(path));
  const auto is_capture = IsCapture(fd);
  if (!is_capture.ok()) {
    return HostError("%s %s", EscapedForTerminal(path), Message(is_capture.status()));
  }
  if (!*is_capture) return Input{path, std::move(fd)};
  RG_ASSIGN_OR_RETURN(CaptureReader reader, CaptureReader::FromFd(std::move(fd), path));
  return Input{path, std::move(reader)};
}

// False: one of them cannot be opened, which is said.
bool OpenInputs(const Arguments& arguments, std::vector<Input>& inputs) {
  AllowManyFiles();
  bool all = true;
  for (const std::string& path : arguments.operands()) {
    auto input = Open(path);
    if (input.ok()) {
      inputs.push_back(*std::move(input));
    } else {
      Say(Message(input.status()));
      all = false;
    }
  }
  return all;
}

// True: all lines of the file are converted.
bool ConvertLines(const std::string& path, kj::AutoCloseFd fd, LineConverter& converter,
                  LineSink& out) {
  constexpr std::uint64_t kProblemsMax = 20;
  std::uint64_t line_number = 0, problems = 0;
  const auto problem = [&](std::string_view what) {
    if (++problems > kProblemsMax) return;
    Say(absl::StrFormat("%s:%d: %s", EscapedForTerminal(path), line_number, what));
  };
  const auto whole = ForEachLine(std::move(fd), path, [&](std::string_view line) {
    ++line_number;
    const auto converted = converter.Convert(line);
    if (!converted.ok()) {
      problem(Message(converted.status()));
    } else if (converted->has_value()) {
      out.Write(**converted);
    }
  });
  if (!whole.ok()) {
    Say(Message(whole.status()));
  } else if (!*whole) {
    ++line_number;
    problem("the line has no end, and is left out");
  }
  if (problems > kProblemsMax) {
    Say(absl::StrFormat("%s: %d more lines are no lines of this version", EscapedForTerminal(path),
                        problems - kProblemsMax));
  }
  return whole.ok() && problems == 0;
}

// True: it was whole, and all of it was understood.
bool ConvertCapture(const std::string& path, CaptureReader& reader, const Loaded& loaded,
                    LineSink& out) {
  Pipeline pipeline(loaded.config, out, loaded.rules);
  const absl::Status status =
      ReplayCapture(reader, pipeline, [](const absl::Status& error) { Say(Message(error)); });
  if (pipeline.invalid_records() > 0) {
    Say(absl::StrFormat("%s: %d records were not understood", EscapedForTerminal(path),
                        pipeline.invalid_records()));
  }
  return status.ok() && pipeline.invalid_records() == 0;
}

absl::StatusOr<bool> ConvertAll(std::vector<Input>& inputs, OutputFormat to,
                                const std::optional<Loaded>& loaded, const Arguments& arguments) {
  RG_ASSIGN_OR_RETURN(LineSink out, OpenReplayOutput(arguments));
  RG_RETURN_IF_ERROR(ConfineReader());
  bool whole = true;
  LineConverter converter(to);
  for (Input& input : inputs) {
    auto* const capture = std::get_if<CaptureReader>(&input.from);
    const bool ok = capture != nullptr
                        ? ConvertCapture(input.path, *capture, *loaded, out)
                        : ConvertLines(input.path, std::move(std::get<kj::AutoCloseFd>(input.from)),
                                       converter, out);
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
  std::vector<Input> inputs;
  const bool all = OpenInputs(arguments, inputs);
  // Captures have to be decoded and looked at; lines are what came of that.
  std::optional<Loaded> loaded;
  for (const Input& input : inputs) {
    if (std::holds_alternative<kj::AutoCloseFd>(input.from) || loaded.has_value()) continue;
    loaded = ReadConfig(arguments, Report::kErrors, RuleTests::kPassOver);
    if (!loaded.has_value()) return 1;
    loaded->config.output.format = *format;
  }
  const auto whole = ConvertAll(inputs, *format, loaded, arguments);
  if (!whole.ok()) return Fail(whole.status());
  return all && *whole ? 0 : 1;
}

}  // namespace randguard::cli
