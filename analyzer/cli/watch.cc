// SPDX-License-Identifier: Apache-2.0
//
// `rand-guard watch`: lines, and those that a capture gives, for people to read.
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "analyzer/base/status.h"
#include "analyzer/base/terminal_text.h"
#include "analyzer/cli/arguments.h"
#include "analyzer/cli/commands.h"
#include "analyzer/cli/options.h"
#include "analyzer/cli/recorded_files.h"
#include "analyzer/cli/setup.h"
#include "analyzer/confine/confine.h"
#include "analyzer/view/followed_file.h"
#include "analyzer/view/watched_lines.h"

namespace randguard::cli {
namespace {

constexpr int kLookEveryMs = 250;
constexpr std::uint64_t kComplaintsMax = 20;

absl::StatusOr<Watcher::Options> OptionsOf(const Arguments& arguments, const Config& config) {
  Watcher::Options options;
  options.screen = Screen::Of(STDOUT_FILENO);
  options.alerts = arguments.Has(option::kAlerts);
  options.tree = arguments.Has(option::kTree);
  options.follows = arguments.operands().empty() || arguments.Has(option::kFollow);
  if (const auto condition = arguments.Value(option::kWhere)) {
    RG_ASSIGN_OR_RETURN(Where where, Where::Parse(*condition, config));
    options.where.emplace(std::move(where));
  }
  return options;
}

// Goes on until there is nobody to read what is shown.
absl::Status Follow(FollowedFile file, WatchedLines& out) {
  // Files that come later are opened by name, and nothing else is.
  const std::filesystem::path folder = std::filesystem::path(file.path()).parent_path();
  OpenLater later;
  later.rules.push_back(folder.empty() ? "." : folder.string());
  RG_RETURN_IF_ERROR(ConfineService(later).status());
  std::uint64_t complaints = 0;
  for (;;) {
    RG_ASSIGN_OR_RETURN(const bool more, file.Read([&](std::string_view line) {
      const absl::Status status = out.See(line);
      if (status.ok() || ++complaints > kComplaintsMax) return;
      Say(absl::StrFormat("%s: %s%s", EscapedForTerminal(file.path()), Message(status),
                          complaints == kComplaintsMax ? "; no more of these are said" : ""));
    }));
    if (file.TakeSwitched()) out.watcher().BeginFile();
    for (const std::string& notice : file.TakeNotices()) out.watcher().Note(notice);
    out.Flush();
    if (out.closed()) return absl::OkStatus();
    if (out.failing()) return HostError("standard output cannot be written");
    if (!more && poll(nullptr, 0, kLookEveryMs) < 0 && errno != EINTR) {
      return ErrnoError(errno, "poll");
    }
  }
}

// The file that the configuration's output is being written to.
absl::StatusOr<std::string> FileOfNow(const Config& config) {
  RG_ASSIGN_OR_RETURN(const std::vector<std::string> paths, FilesOfOutput(config));
  if (!paths.back().ends_with(".zst")) return paths.back();
  return HostError(
      "nothing is being written: the last segment, %s, was ended and compressed; name it, to see "
      "what "
      "is in it",
      EscapedForTerminal(paths.back()));
}

absl::StatusOr<bool> WatchFiles(const Arguments& arguments, const Loaded& loaded,
                                Watcher::Options options) {
  std::vector<RecordedFile> files;
  bool whole = OpenRecorded(arguments.operands(), files);
  WatchedLines out(std::move(options), /*status=*/false);
  RG_RETURN_IF_ERROR(ConfineReader());
  whole =
      VisitRecorded(files, loaded, [&](std::string_view line) { return out.See(line); }) && whole;
  out.End();
  if (out.failing()) return HostError("standard output cannot be written");
  return whole;
}

}  // namespace

int Watch(const Arguments& arguments) {
  const auto loaded = ReadConfig(arguments, Report::kErrors, RuleTests::kPassOver);
  if (!loaded.has_value()) return 1;
  auto options = OptionsOf(arguments, loaded->config);
  if (!options.ok()) return Fail(options.status());
  const std::vector<std::string>& paths = arguments.operands();
  const bool now = paths.empty();
  if (!now && !arguments.Has(option::kFollow)) {
    const auto whole = WatchFiles(arguments, *loaded, *std::move(options));
    if (!whole.ok()) return Fail(whole.status());
    return *whole ? 0 : 1;
  }
  if (paths.size() > 1) {
    Say("option --follow takes one file");
    return 2;
  }
  if (!now && paths.front() == "-") {
    Say("standard input cannot be followed: `rand-guard watch -` shows what comes, as it comes");
    return 2;
  }
  const auto path = now ? FileOfNow(loaded->config) : absl::StatusOr<std::string>(paths.front());
  if (!path.ok()) return Fail(path.status());
  auto file = FollowedFile::Open(
      *path, now ? FollowedFile::From::kLastLines : FollowedFile::From::kBeginning);
  if (!file.ok()) return Fail(file.status());
  WatchedLines out(*std::move(options), /*status=*/false);
  const absl::Status status = Follow(*std::move(file), out);
  out.End();
  return status.ok() ? 0 : Fail(status);
}

}  // namespace randguard::cli
