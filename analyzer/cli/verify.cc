// SPDX-License-Identifier: Apache-2.0
//
// `rand-guard verify`: whether lines of output are missing.
#include <kj/io.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "analyzer/base/status.h"
#include "analyzer/cli/arguments.h"
#include "analyzer/cli/commands.h"
#include "analyzer/cli/line_files.h"
#include "analyzer/cli/setup.h"
#include "analyzer/confine/confine.h"
#include "analyzer/output/verify/line_check.h"

namespace randguard::cli {
namespace {

void CheckFile(const std::string& path, kj::AutoCloseFd fd, LineCheck& check) {
  check.BeginFile(path, path == "-" ? LineCheck::Files::kSeveral : LineCheck::Files::kOne);
  const auto whole =
      ForEachLine(std::move(fd), path, [&](std::string_view line) { check.Add(line); });
  if (!whole.ok()) return check.AddProblem(Message(whole.status()));
  check.EndFile(*whole);
}

}  // namespace

int Verify(const Arguments& arguments) {
  AllowManyFiles();
  const std::vector<std::string>& paths = arguments.operands();
  LineCheck check;
  std::vector<std::pair<std::string, kj::AutoCloseFd>> files;
  for (const std::string& path : paths) {
    auto file = OpenInput(path);
    if (file.ok()) {
      files.emplace_back(path, *std::move(file));
    } else {
      check.AddProblem(Message(file.status()));
    }
  }
  if (const absl::Status status = ConfineReader(); !status.ok()) return Fail(status);
  for (auto& [path, file] : files) CheckFile(path, std::move(file), check);
  check.Finish();
  Print(check.Report());
  return check.ok() ? 0 : 1;
}

}  // namespace randguard::cli
