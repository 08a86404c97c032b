// SPDX-License-Identifier: Apache-2.0
#include "analyzer/cli/collector_process.h"

#include <fcntl.h>
#include <kj/io.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "analyzer/base/status.h"
#include "analyzer/cli/options.h"

namespace randguard::cli {
namespace {

// Folder of this program's own folder's parent, "" if unknown: /build of
// /build/analyzer/rand-guard.
std::string BuildFolder() {
  char path[PATH_MAX];
  const ssize_t n = readlink("/proc/self/exe", path, sizeof(path));
  if (n <= 0) return "";
  std::string folder(path, static_cast<std::size_t>(n));
  for (int i = 0; i < 2; ++i) folder.resize(std::min(folder.size(), folder.rfind('/')));
  return folder;
}

std::string FirstThatIsThere(const std::string& first, const std::string& otherwise) {
  return access(first.c_str(), F_OK) == 0 ? first : otherwise;
}

}  // namespace

absl::StatusOr<RuntimeFolder> RuntimeFolder::Make() {
  for (const char* base : {"/run", "/tmp"}) {
    std::string path = std::string(base) + "/rand-guard-XXXXXX";
    if (mkdtemp(path.data()) == nullptr) continue;
    // Others may go through to the socket, not look around.
    if (chmod(path.c_str(), 0711) != 0) return ErrnoError(errno, path);
    return RuntimeFolder(path);
  }
  return ErrnoError(errno, "a folder for plan and socket cannot be made in /run or /tmp");
}

RuntimeFolder::RuntimeFolder(RuntimeFolder&& other) noexcept
    : path_(std::exchange(other.path_, "")) {}

RuntimeFolder::~RuntimeFolder() {
  if (path_.empty()) return;
  unlink(plan().c_str());
  unlink(socket().c_str());
  rmdir(path_.c_str());
}

CollectorFiles FindCollector(const Arguments& arguments) {
  const std::string build = BuildFolder();
  CollectorFiles files;
  files.program =
      arguments.Value(option::kCollector)
          .value_or(FirstThatIsThere(build + "/collector/rand-guard-collector", RG_COLLECTOR_PATH));
  const char* object = std::getenv("EDR_EBPF_OBJECT");
  files.object =
      arguments.Value(option::kObject)
          .value_or(object != nullptr ? std::string(object)
                                      : FirstThatIsThere(build + "/ebpf/edr-ebpf", RG_OBJECT_PATH));
  return files;
}

absl::StatusOr<pid_t> StartCollector(const CollectorFiles& files, const RuntimeFolder& folder,
                                     const std::vector<std::byte>& plan, int stderr_fd) {
  kj::AutoCloseFd fd(
      open(folder.plan().c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (fd.get() < 0 || write(fd, plan.data(), plan.size()) != static_cast<ssize_t>(plan.size())) {
    return ErrnoError(errno, "plan " + folder.plan());
  }
  fd = nullptr;
  // It is about to be run as root.
  struct stat st {};
  if (stat(files.program.c_str(), &st) != 0 || access(files.program.c_str(), X_OK) != 0) {
    return ErrnoError(errno, "collector " + files.program);
  }
  if (geteuid() == 0 && (st.st_uid != 0 || (st.st_mode & (S_IWGRP | S_IWOTH)) != 0)) {
    return HostError("collector %s must belong to root and be writable by root only",
                     files.program);
  }
  const std::string plan_path = folder.plan();
  const std::string socket_path = folder.socket();
  const std::string own_pid = std::to_string(getpid());
  const pid_t pid = fork();
  if (pid < 0) return ErrnoError(errno, "fork");
  if (pid == 0) {
    setpgid(0, 0);  // Ctrl-C is for the parent, which ends its children in order
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    if (stderr_fd >= 0) dup2(stderr_fd, STDERR_FILENO);
    const int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    dup2(null, STDIN_FILENO);
    dup2(null, STDOUT_FILENO);
    execl(files.program.c_str(), files.program.c_str(), "--plan", plan_path.c_str(), "--object",
          files.object.c_str(), "--socket", socket_path.c_str(), "--parent", own_pid.c_str(),
          static_cast<char*>(nullptr));
    _exit(127);
  }
  return pid;
}

}  // namespace randguard::cli
