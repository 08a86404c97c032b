// SPDX-License-Identifier: Apache-2.0
//
// `rand-guard report`: a page of what happened.
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <clocale>
#include <cstdint>
#include <cstdio>
#include <ctime>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "analyzer/base/replaced_file.h"
#include "analyzer/base/status.h"
#include "analyzer/base/terminal_text.h"
#include "analyzer/cli/arguments.h"
#include "analyzer/cli/commands.h"
#include "analyzer/cli/options.h"
#include "analyzer/cli/outputs.h"
#include "analyzer/cli/recorded_files.h"
#include "analyzer/cli/setup.h"
#include "analyzer/confine/confine.h"
#include "analyzer/view/report/report_data.h"
#include "analyzer/view/report/report_page.h"

namespace randguard::cli {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

enum class Edge : std::uint8_t { kBegin, kEnd };

// The begin or end of the day, minute or second that the text names, in nanoseconds since 1970.
absl::StatusOr<std::int64_t> ParseTime(const Option& option, const std::string& text, Edge edge) {
  struct Form {
    const char* format;
    bool utc;
    std::int64_t seconds;
  };
  constexpr Form kForms[] = {
      {"%Y-%m-%dT%H:%M:%SZ", true, 1}, {"%Y-%m-%dT%H:%MZ", true, 60},
      {"%Y-%m-%d %H:%M:%S", false, 1}, {"%Y-%m-%dT%H:%M:%S", false, 1},
      {"%Y-%m-%d %H:%M", false, 60},   {"%Y-%m-%dT%H:%M", false, 60},
      {"%Y-%m-%d", false, 86400},
  };
  constexpr std::int64_t kLast = 4'102'444'800;  // the year 2100
  for (const Form& form : kForms) {
    std::tm time{};
    const char* const end = strptime(text.c_str(), form.format, &time);
    if (end == nullptr || *end != '\0') continue;
    const std::tm named = time;
    time.tm_isdst = -1;
    const std::int64_t begin = form.utc ? timegm(&time) : mktime(&time);
    // No day such as the 31st of February.
    if (time.tm_mday != named.tm_mday || time.tm_mon != named.tm_mon) break;
    if (begin < 0 || begin > kLast) break;
    return edge == Edge::kBegin ? begin * kSecond : (begin + form.seconds) * kSecond - 1;
  }
  return InvalidInput(
      "option %s takes a time between 1970 and 2100 such as 2026-01-31, \"2026-01-31 14:00\" or "
      "2026-01-31T14:00:00Z, "
      "not "
      "%s",
      option.name, EscapedForTerminal(text));
}

absl::StatusOr<ReportPeriod> PeriodOf(const Arguments& arguments) {
  ReportPeriod period;
  if (const auto from = arguments.Value(option::kFrom)) {
    RG_ASSIGN_OR_RETURN(period.from, ParseTime(option::kFrom, *from, Edge::kBegin));
  }
  if (const auto to = arguments.Value(option::kUntil)) {
    RG_ASSIGN_OR_RETURN(period.to, ParseTime(option::kUntil, *to, Edge::kEnd));
  }
  if (period.from > period.to) return InvalidInput("the period ends before it begins");
  return period;
}

absl::Status WritePage(const std::string& path, const std::string& made, const std::string& page) {
  if (path == "-") {
    const bool written = std::fwrite(page.data(), 1, page.size(), stdout) == page.size();
    if (written && std::fflush(stdout) == 0) return absl::OkStatus();
    return ErrnoError(errno, "standard output");
  }
  // It has what hosts have recorded.
  constexpr mode_t kForItsMakerAlone = 0600;
  absl::Status status = ReplaceFile(path, made, page, kForItsMakerAlone);
  if (status.ok()) return status;
  return HostError("%s cannot be written: %s", EscapedForTerminal(path), status.message());
}

absl::Status CheckOutputFile(const std::string& path) {
  struct stat st {};
  if (path != "-" && stat(path.c_str(), &st) == 0 && !S_ISREG(st.st_mode)) {
    return InvalidInput("%s is no file; name one for the page", EscapedForTerminal(path));
  }
  return absl::OkStatus();
}

absl::StatusOr<bool> MakeReport(const Arguments& arguments, const Loaded& loaded,
                                const std::vector<std::string>& paths, const ReportPeriod& period) {
  const std::string output = *arguments.Value(option::kReportOutput);
  RG_RETURN_IF_ERROR(CheckOutputFile(output));
  for (const std::string& path : paths) RG_RETURN_IF_ERROR(CheckIsNotOutput(path, output));
  std::vector<RecordedFile> files;
  const bool all = OpenRecorded(paths, files);
  // The page is UTF-8, whatever the caller's locale is.
  std::setlocale(LC_CTYPE, "C.UTF-8");
  const std::string made = absl::StrFormat("%s.%d.new", output, getpid());
  OpenLater later;
  if (output != "-") later.metrics = output;
  RG_RETURN_IF_ERROR(ConfineService(later).status());
  ReportData data(period, loaded.rules);
  const bool whole =
      VisitRecorded(files, loaded, [&](std::string_view line) { return data.Add(line); });
  data.Finish();
  ReportOrigin origin{.version = RG_VERSION, .files = paths, .problems = {}};
  if (!all) origin.problems.emplace_back("Some of the files could not be opened.");
  if (!whole) {
    origin.problems.emplace_back(
        "Some of what was read was damaged or not understood, and is left out.");
  }
  RG_RETURN_IF_ERROR(WritePage(output, made, ReportPage(data, origin)));
  return all && whole;
}

}  // namespace

int ReportCommand(const Arguments& arguments) {
  const auto period = PeriodOf(arguments);
  if (!period.ok()) {
    Say(Message(period.status()));
    return 2;
  }
  const auto loaded = ReadConfig(arguments, Report::kErrors, RuleTests::kPassOver);
  if (!loaded.has_value()) return 1;
  std::vector<std::string> paths = arguments.operands();
  if (paths.empty()) {
    auto of_output = FilesOfOutput(loaded->config);
    if (!of_output.ok()) return Fail(of_output.status());
    paths = *std::move(of_output);
  }
  const auto whole = MakeReport(arguments, *loaded, paths, *period);
  if (!whole.ok()) return Fail(whole.status());
  return *whole ? 0 : 1;
}

}  // namespace randguard::cli
