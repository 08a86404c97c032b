// SPDX-License-Identifier: Apache-2.0
//
// usage: count_calls UNWATCHED WATCHED
//
// Makes the calls of each row of docs/benchmarks/cost.md, over and over, and prints what one of
// them takes: "NAME TICKS" lines. The folders are made.
//
// The time stamp counter is the clock. Where QEMU counts instructions (scripts/vm-run
// --instructions), it is the number of instructions that the only processor has carried out so far.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <x86intrin.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

namespace {

void Must(bool holds, const std::string& what) {
  if (holds) return;
  std::fprintf(stderr, "count_calls: %s: %s\n", what.c_str(), std::strerror(errno));
  std::exit(1);
}

std::vector<std::uint64_t> SortedTicks(std::size_t calls, useconds_t pause, auto call) {
  std::vector<std::uint64_t> ticks(calls);
  for (int i = 0; i < 10; ++i) call();  // warms caches up
  for (std::uint64_t& one : ticks) {
    const std::uint64_t begin = __rdtsc();
    call();
    one = __rdtsc() - begin;
    usleep(pause);
  }
  std::sort(ticks.begin(), ticks.end());
  return ticks;
}

void Print(const char* name, std::uint64_t ticks) {
  std::printf("%s %llu\n", name, static_cast<unsigned long long>(ticks));
}

// Calls that the kernel makes alike each time, but for a tick of its timer or the like. The least
// of them is free of these. Whatever waits for the processor runs in the pauses.
void Count(const char* name, auto call) { Print(name, SortedTicks(400, 1'000, call).front()); }

// Calls that need other memory each time, which the kernel finds sooner or later. Ten of them
// together take their mean.
void CountByTen(const char* name, auto call) {
  const auto ten = [&] {
    for (int i = 0; i < 10; ++i) call();
  };
  Print(name, SortedTicks(200, 1'000, ten).front() / 10);
}

// A call that finds memory as others left it. The pauses are long enough for the kernel to free
// what it frees late. A tenth of the calls take less than this.
void CountWithLongPauses(const char* name, auto call) {
  constexpr std::size_t kCalls = 800;
  Print(name, SortedTicks(kCalls, 20'000, call)[kCalls / 10]);
}

std::string MakeFile(const std::string& folder) {
  std::filesystem::create_directories(folder);
  const std::string path = folder + "/measured.txt";
  const int fd = open(path.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
  Must(fd >= 0 && write(fd, "x", 1) == 1 && fsync(fd) == 0, path);
  close(fd);
  return path;
}

void OpenAndClose(const char* path) {
  const int fd = open(path, O_RDONLY | O_CLOEXEC);
  Must(fd >= 0, path);
  close(fd);
}

void CountWrites(const char* name, const std::string& path) {
  const int fd = open(path.c_str(), O_WRONLY | O_CLOEXEC);
  Must(fd >= 0, path);
  Count(name, [fd] { Must(pwrite(fd, "x", 1, 0) == 1, "pwrite"); });
  close(fd);
}

void ConnectToNobody() {
  sockaddr_in nobody{};
  nobody.sin_family = AF_INET;
  nobody.sin_port = htons(9);
  nobody.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  Must(fd >= 0, "socket");
  const int result = connect(fd, reinterpret_cast<const sockaddr*>(&nobody), sizeof(nobody));
  Must(result == -1 && errno == ECONNREFUSED, "a connection to port 9 is not refused");
  close(fd);
}

void Spawn() {
  char program[] = "/bin/true";
  char* argv[] = {program, nullptr};
  char* environment[] = {nullptr};
  pid_t pid = -1;
  errno = posix_spawn(&pid, program, nullptr, nullptr, argv, environment);
  Must(errno == 0, program);
  int status = -1;
  Must(waitpid(pid, &status, 0) == pid && status == 0, program);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fputs("usage: count_calls UNWATCHED WATCHED\n", stderr);
    return 2;
  }
  const std::string unwatched = MakeFile(argv[1]);
  const std::string deep = MakeFile(argv[1] + std::string("/one/two/three/four"));
  const std::string watched = MakeFile(argv[2]);
  Count("getppid", [] { syscall(SYS_getppid); });  // libc might know it without a call
  Count("stat", [path = unwatched.c_str()] {
    struct stat status {};
    Must(stat(path, &status) == 0, path);
  });
  Count("open", [path = unwatched.c_str()] { OpenAndClose(path); });
  Count("open-deep", [path = deep.c_str()] { OpenAndClose(path); });
  Count("open-watched", [path = watched.c_str()] { OpenAndClose(path); });
  CountWrites("pwrite", unwatched);
  CountWrites("pwrite-watched", watched);
  CountByTen("connect", ConnectToNobody);
  CountWithLongPauses("spawn", Spawn);
  return 0;
}
