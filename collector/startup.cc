// SPDX-License-Identifier: Apache-2.0
#include "collector/startup.h"

#include <fcntl.h>
#include <kj/io.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace randguard::collector {
namespace {

// One write(2), so that the line stays whole beside the analyzer's. stdio would first ask the
// kernel about the descriptor; so it stays out of the steady state.
void SayList(const char* format, va_list args) {
  char line[1024];
  int used = std::snprintf(line, sizeof(line), "rand-guard-collector: ");
  used += std::vsnprintf(line + used, sizeof(line) - used - 1, format, args);
  used = std::min<int>(used, sizeof(line) - 2);
  line[used++] = '\n';
  if (write(STDERR_FILENO, line, used) < 0) return;  // nobody is left who could read it
}

}  // namespace

void Say(const char* format, ...) {
  va_list args;
  va_start(args, format);
  SayList(format, args);
  va_end(args);
}

void Fail(const char* format, ...) {
  va_list args;
  va_start(args, format);
  SayList(format, args);
  va_end(args);
  _exit(EXIT_FAILURE);
}

kj::Array<capnp::word> ReadTrustedFile(const char* path, const char* what, std::size_t max_bytes,
                                       std::size_t& size) {
  // Checked on the open descriptor: the file that is read is the file that was checked. Not
  // blocking, should the path name a FIFO.
  kj::AutoCloseFd fd(open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (fd.get() < 0) Fail("%s %s: %s", what, path, std::strerror(errno));
  struct stat st {};
  if (fstat(fd, &st) != 0) Fail("%s %s: %s", what, path, std::strerror(errno));
  if (!S_ISREG(st.st_mode)) Fail("%s %s is not a regular file", what, path);
  if (st.st_uid != 0 || (st.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    Fail(
        "%s %s must belong to root and be writable by root only (chown root, chmod go-w); it is "
        "owned by uid %u with mode %04o",
        what, path, st.st_uid, st.st_mode & 07777);
  }
  if (st.st_size < 1 || static_cast<std::size_t>(st.st_size) > max_bytes) {
    Fail("%s %s has %lld bytes; 1 to %zu are allowed", what, path,
         static_cast<long long>(st.st_size), max_bytes);
  }
  size = static_cast<std::size_t>(st.st_size);
  auto words = kj::heapArray<capnp::word>((size + sizeof(capnp::word) - 1) / sizeof(capnp::word));
  auto bytes = words.asBytes();
  std::memset(bytes.begin(), 0, bytes.size());
  for (std::size_t have = 0; have < size;) {
    const ssize_t n = read(fd, bytes.begin() + have, size - have);
    if (n <= 0) Fail("%s %s: %s", what, path, n < 0 ? std::strerror(errno) : "ends too early");
    have += static_cast<std::size_t>(n);
  }
  return words;
}

}  // namespace randguard::collector
