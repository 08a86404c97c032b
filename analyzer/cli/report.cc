// SPDX-License-Identifier: Apache-2.0
//
// `rand-guard report`: a page of what happened.
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <clocale>
#include <cstdio>
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
#include "analyzer/cli/period.h"
#include "analyzer/cli/recorded_files.h"
#include "analyzer/cli/setup.h"
#include "analyzer/confine/confine.h"
#include "analyzer/view/report/report_data.h"
#include "analyzer/view/report/report_page.h"

namespace randguard::cli {
namespace {

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
                                const std::vector<std::string>& paths, const Period& period) {
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
  const auto paths = PathsOrOutput(arguments.operands(), loaded->config);
  if (!paths.ok()) return Fail(paths.status());
  const auto whole = MakeReport(arguments, *loaded, *paths, *period);
  if (!whole.ok()) return Fail(whole.status());
  return *whole ? 0 : 1;
}

}  // namespace randguard::cli
