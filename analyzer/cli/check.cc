// SPDX-License-Identifier: Apache-2.0
//
// Commands on the configuration: `rand-guard check` and `rand-guard plan`.
#include <fcntl.h>
#include <kj/io.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>

#include "analyzer/base/status.h"
#include "analyzer/base/terminal_text.h"
#include "analyzer/cli/commands.h"
#include "analyzer/cli/options.h"
#include "analyzer/cli/setup.h"
#include "analyzer/rules/tools/sigma_text.h"

namespace randguard::cli {
namespace {

// Beside the file and then in its place: nobody ever sees half a plan.
absl::Status WritePlanFile(const std::string& path, const std::vector<std::byte>& bytes) {
  std::string temporary = path + ".XXXXXX";
  kj::AutoCloseFd fd(mkostemp(temporary.data(), O_CLOEXEC));
  if (fd.get() < 0) return ErrnoError(errno, "--output " + path);
  absl::Status status;
  if (write(fd, bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size()) ||
      fchmod(fd, 0644) != 0 || fsync(fd) != 0 || rename(temporary.c_str(), path.c_str()) != 0) {
    status = ErrnoError(errno, "--output " + path);
    unlink(temporary.c_str());
  }
  return status;
}

// To a file that somebody else has opened, as the service manager does: no privilege is needed. A
// file that did not take all is left empty, which the collector knows for a failure.
absl::Status WritePlanToStdout(const std::vector<std::byte>& bytes) {
  if (isatty(STDOUT_FILENO) != 0) {
    return InvalidInput("--output -: a plan is binary, and standard output is a terminal");
  }
  for (std::size_t done = 0; done < bytes.size();) {
    const ssize_t n = write(STDOUT_FILENO, bytes.data() + done, bytes.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) {
      absl::Status status = ErrnoError(n < 0 ? errno : EIO, "--output -");
      [[maybe_unused]] const int emptied = ftruncate(STDOUT_FILENO, 0);  // not if it is a pipe
      return status;
    }
    done += static_cast<std::size_t>(n);
  }
  return absl::OkStatus();
}

absl::Status WritePlan(const std::string& path, const std::vector<std::byte>& bytes) {
  return path == "-" ? WritePlanToStdout(bytes) : WritePlanFile(path, bytes);
}

}  // namespace

int Check(const Arguments& arguments) {
  const auto loaded = ReadConfig(arguments);
  if (!loaded.has_value()) return 1;
  const auto paths = ResolvePaths(arguments, loaded->config);
  if (!paths.has_value()) return 1;
  const auto& all = loaded->rules->rules();
  const auto sigma = std::count_if(all.begin(), all.end(), [](const CompiledRule& compiled) {
    return compiled.rule.origin == RuleSource::kSigma;
  });
  Print(absl::StrFormat("%s: ok, %d rules\n", ConfigPath(arguments).value_or("defaults"),
                        loaded->config.rules.size() + static_cast<std::size_t>(sigma)));
  Print(Summary(arguments, *loaded) + "\n");
  Print(SigmaSummary(loaded->rules->sigma()));
  for (const PathHealth& link : paths->links()) {
    if (link.leads_to.has_value()) Print(Description(link) + "\n");
  }
  return 0;
}

int CompilePlanCommand(const Arguments& arguments) {
  const auto loaded = ReadConfig(arguments, Report::kWarnings, RuleTests::kPassOver);
  if (!loaded.has_value()) return 1;
  const Config& config = loaded->config;
  if (!config.ebpf.enabled) return Fail(HostError("ebpf.enabled is false: nothing to observe"));
  const auto identities = FindIdentities(arguments);
  if (!identities.ok()) return Fail(identities.status());
  const auto paths = ResolvePaths(arguments, config);
  if (!paths.has_value()) return 1;
  const absl::Status status = WritePlan(*arguments.Value(option::kPlanOutput),
                                        CompilePlan(config, ForPlan(*identities), *paths));
  return status.ok() ? 0 : Fail(status);
}

}  // namespace randguard::cli
