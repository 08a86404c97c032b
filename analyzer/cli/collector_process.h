// SPDX-License-Identifier: Apache-2.0
//
// A collector as a child process, for commands that bring their own: run, record, doctor.
#ifndef ANALYZER_CLI_COLLECTOR_PROCESS_H_
#define ANALYZER_CLI_COLLECTOR_PROCESS_H_

#include <sys/types.h>

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "analyzer/cli/arguments.h"

namespace randguard::cli {

// A folder of root's for plan and socket; removed with all that is in it.
class RuntimeFolder {
 public:
  static absl::StatusOr<RuntimeFolder> Make();
  RuntimeFolder(RuntimeFolder&& other) noexcept;
  RuntimeFolder& operator=(RuntimeFolder&&) = delete;
  ~RuntimeFolder();

  std::string plan() const { return path_ + "/plan"; }
  std::string socket() const { return path_ + "/socket"; }
  // Only the process that made it removes it, not its children.
  void Disown() { path_.clear(); }

 private:
  explicit RuntimeFolder(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

struct CollectorFiles {
  std::string program;
  std::string object;
};
// As --collector and --object say, else $EDR_EBPF_OBJECT, else beside this program as in a build
// folder, else as installed.
CollectorFiles FindCollector(const Arguments& arguments);

// Writes the plan and starts the collector. `stderr_fd` becomes its stderr, -1: this process's.
absl::StatusOr<pid_t> StartCollector(const CollectorFiles& files, const RuntimeFolder& folder,
                                     const std::vector<std::byte>& plan, int stderr_fd);

}  // namespace randguard::cli

#endif  // ANALYZER_CLI_COLLECTOR_PROCESS_H_
