// SPDX-License-Identifier: Apache-2.0
#include "analyzer/cli/recorded_files.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <utility>

#include "absl/strings/str_format.h"
#include "analyzer/base/packed_file.h"
#include "analyzer/base/status.h"
#include "analyzer/base/terminal_text.h"
#include "analyzer/cli/line_files.h"
#include "analyzer/ingest/replay.h"
#include "analyzer/output/sinks/segments.h"
#include "analyzer/pipeline/pipeline.h"

namespace randguard::cli {
namespace {

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

absl::StatusOr<RecordedFile> Open(const std::string& path) {
  RG_ASSIGN_OR_RETURN(kj::AutoCloseFd fd, OpenInput(path));
  const auto is_capture = IsCapture(fd);
  if (!is_capture.ok()) {
    return HostError("%s %s", EscapedForTerminal(path), Message(is_capture.status()));
  }
  if (!*is_capture) return RecordedFile{path, std::move(fd)};
  RG_ASSIGN_OR_RETURN(CaptureReader reader, CaptureReader::FromFd(std::move(fd), path));
  return RecordedFile{path, std::move(reader)};
}

// The file and those that it became when it was rotated.
std::vector<std::string> RotatedFiles(const std::string& path, unsigned keep) {
  std::vector<std::string> paths;
  std::error_code error;
  for (unsigned i = keep; i > 0; --i) {
    std::string old = absl::StrFormat("%s.%d", path, i);
    if (std::filesystem::exists(old, error)) paths.push_back(std::move(old));
  }
  if (std::filesystem::exists(path, error)) paths.push_back(path);
  return paths;
}

// Hands each line on.
class EachLine final : public Sink {
 public:
  explicit EachLine(absl::FunctionRef<absl::Status(std::string_view)> visit) : visit_(visit) {}

  void Write(const OutputLine& line) override {
    std::string_view text = line.text;
    if (text.ends_with('\n')) text.remove_suffix(1);
    if (!visit_(text).ok()) ++not_understood_;
  }
  void AddTo(Health&) const override {}

  std::uint64_t not_understood() const { return not_understood_; }

 private:
  absl::FunctionRef<absl::Status(std::string_view)> visit_;
  std::uint64_t not_understood_ = 0;
};

}  // namespace

bool OpenRecorded(const std::vector<std::string>& paths, std::vector<RecordedFile>& files) {
  AllowManyFiles();
  bool all = true;
  for (const std::string& path : paths) {
    auto file = Open(path);
    if (file.ok()) {
      files.push_back(*std::move(file));
    } else {
      Say(Message(file.status()));
      all = false;
    }
  }
  return all;
}

absl::StatusOr<std::vector<std::string>> FilesOfOutput(const Config& config) {
  const OutputConfig& output = config.output;
  if (output.type == OutputType::kStdout || output.path.empty()) {
    return InvalidInput("the configuration's output is no file; name the files to read");
  }
  if (output.format != OutputFormat::kJson) {
    return InvalidInput(
        "the configuration's output.format is not json, and other lines cannot be "
        "read back; name files that have lines of json, or a capture");
  }
  std::vector<std::string> paths;
  if (output.rotation == OutputRotation::kSegments) {
    RG_ASSIGN_OR_RETURN(const auto segments, ListSegments(output.path));
    for (const Segment& segment : segments) paths.push_back(segment.path);
  } else {
    paths = RotatedFiles(output.path, output.rotate_keep);
  }
  if (paths.empty()) {
    return HostError("there are no lines of output.path %s yet", EscapedForTerminal(output.path));
  }
  return paths;
}

absl::StatusOr<std::vector<std::string>> PathsOrOutput(std::vector<std::string> given,
                                                       const Config& config) {
  if (!given.empty()) return given;
  return FilesOfOutput(config);
}

bool VisitLines(const std::string& path, kj::AutoCloseFd fd,
                absl::FunctionRef<absl::Status(std::string_view)> visit) {
  constexpr std::uint64_t kProblemsMax = 20;
  std::uint64_t line_number = 0, problems = 0;
  const auto problem = [&](std::string_view what) {
    if (++problems > kProblemsMax) return;
    Say(absl::StrFormat("%s:%d: %s", EscapedForTerminal(path), line_number, what));
  };
  const auto whole = ForEachLine(std::move(fd), path, [&](std::string_view line) {
    ++line_number;
    const absl::Status status = visit(line);
    if (!status.ok()) problem(Message(status));
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

bool ReplayInto(const std::string& path, CaptureReader& reader, const Loaded& loaded, Sink& out) {
  Pipeline pipeline(loaded.config, out, loaded.rules);
  const absl::Status status =
      ReplayCapture(reader, pipeline, [](const absl::Status& error) { Say(Message(error)); });
  if (pipeline.invalid_records() > 0) {
    Say(absl::StrFormat("%s: %d records were not understood", EscapedForTerminal(path),
                        pipeline.invalid_records()));
  }
  return status.ok() && pipeline.invalid_records() == 0;
}

bool VisitRecorded(std::vector<RecordedFile>& files, const Loaded& loaded,
                   absl::FunctionRef<absl::Status(std::string_view)> visit) {
  bool whole = true;
  Loaded native = loaded;
  native.config.output.format = OutputFormat::kJson;
  for (RecordedFile& file : files) {
    if (!file.is_capture()) {
      auto fd = std::move(std::get<kj::AutoCloseFd>(file.from));
      whole = VisitLines(file.path, std::move(fd), visit) && whole;
      continue;
    }
    EachLine lines(visit);
    whole = ReplayInto(file.path, std::get<CaptureReader>(file.from), native, lines) && whole;
    if (lines.not_understood() != 0) {
      Say(absl::StrFormat("%s: %d of its lines were not understood", EscapedForTerminal(file.path),
                          lines.not_understood()));
      whole = false;
    }
  }
  return whole;
}

}  // namespace randguard::cli
