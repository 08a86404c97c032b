// SPDX-License-Identifier: Apache-2.0
//
// Commands on the configuration: `rand-guard check` and `rand-guard plan`.
#include <fcntl.h>
#include <kj/io.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "analyzer/base/status.h"
#include "analyzer/base/terminal_text.h"
#include "analyzer/cli/commands.h"
#include "analyzer/cli/options.h"
#include "analyzer/cli/setup.h"

namespace randguard::cli {
namespace {

// Beside the file and then in its place: nobody ever sees half a plan.
absl::Status WriteFile(const std::string& path, const std::vector<std::byte>& bytes) {
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

}  // namespace

int Check(const Arguments& arguments) {
  const auto loaded = ReadConfig(arguments);
  if (!loaded.has_value()) return 1;
  Print(absl::StrFormat("%s: ok, %d rules\n",
                        EscapedForTerminal(ConfigPath(arguments).value_or("defaults")),
                        loaded->config.rules.size()));
  return 0;
}

int CompilePlanCommand(const Arguments& arguments) {
  const auto loaded = ReadConfig(arguments);
  if (!loaded.has_value()) return 1;
  const Config& config = loaded->config;
  if (!config.ebpf.enabled) return Fail(HostError("ebpf.enabled is false: nothing to observe"));
  const auto identities = FindIdentities(arguments);
  if (!identities.ok()) return Fail(identities.status());
  const absl::Status status = WriteFile(*arguments.Value(option::kPlanOutput),
                                        CompilePlan(config, ForPlan(*identities), RealPath));
  return status.ok() ? 0 : Fail(status);
}

}  // namespace randguard::cli
