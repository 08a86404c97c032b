// SPDX-License-Identifier: Apache-2.0
//
// `rand-guard tree`: a process with its ancestors and descendants, and what each did.
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_format.h"
#include "analyzer/base/status.h"
#include "analyzer/cli/arguments.h"
#include "analyzer/cli/commands.h"
#include "analyzer/cli/options.h"
#include "analyzer/cli/recorded_files.h"
#include "analyzer/cli/setup.h"
#include "analyzer/confine/confine.h"
#include "analyzer/output/convert/line_reader.h"
#include "analyzer/output/sinks/segments.h"
#include "analyzer/view/process_tree.h"

namespace randguard::cli {
namespace {

void SayOthers(const std::vector<std::string>& others) {
  if (others.empty()) return;
  constexpr std::size_t kNamedMax = 8;
  std::string text = absl::StrFormat("%d earlier processes had this pid", others.size());
  for (std::size_t i = 0; i < others.size() && i < kNamedMax; ++i) {
    text += (i == 0 ? ": " : ", ") + others[others.size() - 1 - i];
  }
  if (others.size() > kNamedMax) text += ", ...";
  Say(text);
}

absl::StatusOr<bool> DrawTree(const std::string& what, std::vector<RecordedFile>& files,
                              const Loaded& loaded) {
  const Screen screen = Screen::Of(STDOUT_FILENO);
  RG_RETURN_IF_ERROR(ConfineReader());
  ProcessTree tree;
  LineReader reader;
  const bool whole = VisitRecorded(files, loaded, [&](std::string_view line) -> absl::Status {
    if (IsManifest(line)) return absl::OkStatus();
    RG_ASSIGN_OR_RETURN(const LineContent* const content, reader.Read(line));
    tree.Add(*content);
    return absl::OkStatus();
  });
  std::vector<std::string> others;
  RG_ASSIGN_OR_RETURN(const ProcessTree::Index of, tree.Find(what, others));
  SayOthers(others);
  tree.Draw(of, screen, [](std::string_view line) {
    return std::printf("%.*s\n", static_cast<int>(line.size()), line.data()) >= 0;
  });
  if (std::fflush(stdout) != 0) return ErrnoError(errno, "standard output");
  if (tree.left_out() != 0) {
    Say(absl::StrFormat("%d mentions of further processes were left out: there is room for %d",
                        tree.left_out(), ProcessTree::kProcessesMax));
  }
  return whole;
}

}  // namespace

int Tree(const Arguments& arguments) {
  const auto loaded = ReadConfig(arguments, Report::kErrors, RuleTests::kPassOver);
  if (!loaded.has_value()) return 1;
  const auto paths = PathsOrOutput(
      std::vector(arguments.operands().begin() + 1, arguments.operands().end()), loaded->config);
  if (!paths.ok()) return Fail(paths.status());
  std::vector<RecordedFile> files;
  const bool all = OpenRecorded(*paths, files);
  const auto whole = DrawTree(arguments.operands().front(), files, *loaded);
  if (!whole.ok()) return Fail(whole.status());
  return all && *whole ? 0 : 1;
}

}  // namespace randguard::cli
