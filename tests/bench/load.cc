// SPDX-License-Identifier: Apache-2.0
//
// Load for scripts/throughput and scripts/overhead: makes one kind of system call, over and over,
// and prints how many there were, which records they are worth, and how long one took.
//
// An operation is timed in groups of about a millisecond; the median and the least of the groups
// are reported. Reading the clock is a small part of such a group, whatever the operation is.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace randguard::bench {
namespace {

constexpr char kUsage[] =
    "usage: load WORKLOAD --folder DIR [--seconds S] [--rate N] [--wait]\n"
    "\n"
    "  WORKLOAD     getppid, open, write, process, connect, refused or mixed\n"
    "  --folder     where files are opened and written\n"
    "  --seconds    how long (default 1)\n"
    "  --rate       operations in a second (default: as many as there is time for)\n"
    "  --wait       begins when a line comes on stdin\n";

constexpr std::uint64_t kSecond = 1'000'000'000;
constexpr std::uint64_t kGroupNs = 1'000'000;
constexpr std::size_t kMaxGroups = std::size_t{1} << 20;

[[noreturn]] void Fail(const std::string& what) {
  std::fprintf(stderr, "load: %s: %s\n", what.c_str(), std::strerror(errno));
  std::exit(1);
}

std::uint64_t NowNs() {
  timespec t{};
  clock_gettime(CLOCK_MONOTONIC, &t);
  return static_cast<std::uint64_t>(t.tv_sec) * kSecond + static_cast<std::uint64_t>(t.tv_nsec);
}

void SleepUntil(std::uint64_t ns) {
  const timespec t{static_cast<time_t>(ns / kSecond), static_cast<long>(ns % kSecond)};
  while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, nullptr) == EINTR) {
  }
}

// Records by kind, as schema/abi/event_kinds.def names them.
using Records = std::map<std::string_view, std::uint64_t>;

class Workload {
 public:
  Workload() = default;
  virtual ~Workload() = default;
  Workload(const Workload&) = delete;
  Workload& operator=(const Workload&) = delete;

  virtual void Operation() = 0;
  // Runs once for each group.
  virtual void BetweenGroups() {}
  // The records that `operations` of it are worth, where everything is watched.
  virtual void Count(std::uint64_t operations, Records& records) const = 0;
};

class GetPpid final : public Workload {
 public:
  void Operation() override { syscall(SYS_getppid); }  // libc might know it without a call
  void Count(std::uint64_t, Records&) const override {}
};

class Open final : public Workload {
 public:
  explicit Open(const std::string& folder) : path_(folder + "/opened-" + std::to_string(getpid())) {
    const int fd = open(path_.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600);
    if (fd < 0) Fail(path_);
    close(fd);
  }
  void Operation() override {
    const int fd = open(path_.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) Fail(path_);
    close(fd);
  }
  void Count(std::uint64_t operations, Records& records) const override {
    records["file_open"] += operations + 1;
  }

 private:
  const std::string path_;
};

class Write final : public Workload {
 public:
  explicit Write(const std::string& folder) {
    const std::string path = folder + "/written-" + std::to_string(getpid());
    fd_ = open(path.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    if (fd_ < 0) Fail(path);
  }
  void Operation() override {
    if (write(fd_, "x", 1) != 1) Fail("write");
  }
  void BetweenGroups() override { lseek(fd_, 0, SEEK_SET); }  // the file stays small
  void Count(std::uint64_t operations, Records& records) const override {
    records["file_open"] += 1;
    records["file_write"] += operations;
  }

 private:
  int fd_ = -1;
};

class Process final : public Workload {
 public:
  void Operation() override {
    const pid_t pid = fork();
    if (pid < 0) Fail("fork");
    if (pid == 0) {
      execl("/bin/true", "true", static_cast<char*>(nullptr));
      _exit(127);
    }
    int status = 0;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    if (status != 0) Fail("/bin/true");
  }
  void Count(std::uint64_t operations, Records& records) const override {
    for (const std::string_view kind : {"process_fork", "process_exec", "process_exit"}) {
      records[kind] += operations;
    }
  }
};

// A connection to a listening socket of our own. Both ends are then closed by reset, because ports
// that wait for two minutes would soon be used up.
class Connect final : public Workload {
 public:
  Connect() : listener_(Socket()) {
    address_.sin_family = AF_INET;
    address_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address_);
    if (bind(listener_, Address(), size) != 0 || listen(listener_, 16) != 0 ||
        getsockname(listener_, Address(), &size) != 0) {
      Fail("listen");
    }
  }
  void Operation() override {
    const int fd = Socket();
    if (connect(fd, Address(), sizeof(address_)) != 0) Fail("connect");
    const int peer = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (peer < 0) Fail("accept");
    const linger reset{1, 0};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
    close(fd);
    close(peer);
  }
  void Count(std::uint64_t operations, Records& records) const override {
    records["network_bind"] += 1;
    records["network_listen"] += 1;
    records["network_connect"] += operations;
    records["network_accept"] += operations;
    records["network_close"] += 2 * operations;
  }

 private:
  static int Socket() {
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) Fail("socket");
    return fd;
  }
  sockaddr* Address() { return reinterpret_cast<sockaddr*>(&address_); }

  sockaddr_in address_{};
  int listener_;
};

// A connection to a port on which nobody listens.
class Refused final : public Workload {
 public:
  Refused() {
    address_.sin_family = AF_INET;
    address_.sin_port = htons(9);
    address_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  }
  void Operation() override {
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) Fail("socket");
    if (connect(fd, reinterpret_cast<sockaddr*>(&address_), sizeof(address_)) == 0) {
      std::fputs("load: somebody listens on port 9: connections are not refused here\n", stderr);
      std::exit(1);
    }
    close(fd);
  }
  void Count(std::uint64_t operations, Records& records) const override {
    records["network_connect"] += operations;
  }

 private:
  sockaddr_in address_{};
};

// A hundred operations are 60 opens, 36 writes, three connections and one process.
class Mixed final : public Workload {
 public:
  explicit Mixed(const std::string& folder) : open_(folder), write_(folder) {}
  void Operation() override {
    const std::uint64_t place = done_++ % kRound;
    Workload& workload = Of(place);
    workload.Operation();
    ++counts_[&workload];
  }
  void BetweenGroups() override { write_.BetweenGroups(); }
  void Count(std::uint64_t, Records& records) const override {
    for (const Workload* workload :
         std::initializer_list<const Workload*>{&open_, &write_, &connect_, &process_}) {
      const auto found = counts_.find(workload);
      workload->Count(found == counts_.end() ? 0 : found->second, records);
    }
  }

 private:
  static constexpr std::uint64_t kRound = 100;
  Workload& Of(std::uint64_t place) {
    if (place == kRound - 1) return process_;
    if (place % 33 == 32) return connect_;
    if (place % 8 == 1 || place % 8 == 4 || place % 8 == 6) return write_;
    return open_;
  }

  Open open_;
  Write write_;
  Connect connect_;
  Process process_;
  std::uint64_t done_ = 0;
  std::map<const Workload*, std::uint64_t> counts_;
};

std::unique_ptr<Workload> Make(std::string_view name, const std::string& folder) {
  if (name == "getppid") return std::make_unique<GetPpid>();
  if (name == "open") return std::make_unique<Open>(folder);
  if (name == "write") return std::make_unique<Write>(folder);
  if (name == "process") return std::make_unique<Process>();
  if (name == "connect") return std::make_unique<Connect>();
  if (name == "refused") return std::make_unique<Refused>();
  if (name == "mixed") return std::make_unique<Mixed>(folder);
  return nullptr;
}

struct Arguments {
  std::string workload;
  std::string folder;
  double seconds = 1;
  std::uint64_t rate = 0;
  bool wait = false;
};

template <typename T>
bool ParseNumber(std::string_view text, T& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc() && end == text.data() + text.size();
}

std::optional<Arguments> Parse(std::span<char*> words) {
  Arguments out;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string_view word = words[i];
    if (word == "--wait") {
      out.wait = true;
      continue;
    }
    if (word.substr(0, 2) != "--") {
      if (!out.workload.empty()) return std::nullopt;
      out.workload = word;
      continue;
    }
    if (++i == words.size()) return std::nullopt;
    const std::string_view value = words[i];
    if (word == "--folder") {
      out.folder = value;
    } else if (word == "--seconds") {
      if (!ParseNumber(value, out.seconds) || !(out.seconds > 0)) return std::nullopt;
    } else if (word == "--rate") {
      if (!ParseNumber(value, out.rate)) return std::nullopt;
    } else {
      return std::nullopt;
    }
  }
  if (out.workload.empty() || out.folder.empty()) return std::nullopt;
  return out;
}

struct Result {
  std::uint64_t operations = 0;
  std::uint64_t took_ns = 0;
  std::vector<double> groups;  // nanoseconds of one operation, from each group
};

// As many operations as fill a group, found by doubling. These count, too.
std::uint64_t GroupSize(Workload& workload, Result& result) {
  for (std::uint64_t size = 1;; size *= 2) {
    const std::uint64_t start = NowNs();
    for (std::uint64_t i = 0; i < size; ++i) workload.Operation();
    workload.BetweenGroups();
    result.operations += size;
    const std::uint64_t took = NowNs() - start;
    if (took >= kGroupNs / 2) return std::max<std::uint64_t>(1, size * kGroupNs / took);
  }
}

void Unlimited(Workload& workload, std::uint64_t end, Result& result) {
  const std::uint64_t size = GroupSize(workload, result);
  for (std::uint64_t now = NowNs(); now < end;) {
    for (std::uint64_t i = 0; i < size; ++i) workload.Operation();
    const std::uint64_t after = NowNs();
    result.operations += size;
    if (result.groups.size() < kMaxGroups) {
      result.groups.push_back(static_cast<double>(after - now) / static_cast<double>(size));
    }
    workload.BetweenGroups();
    now = NowNs();
  }
}

// Every millisecond, makes the operations that are due by then. Late ones are made up for, so that
// the rate holds.
void Limited(Workload& workload, std::uint64_t rate, std::uint64_t end, Result& result) {
  const std::uint64_t start = NowNs();
  for (std::uint64_t next = start; next < end; next += kGroupNs) {
    SleepUntil(next);
    const std::uint64_t before = NowNs();
    const auto due = static_cast<std::uint64_t>(static_cast<double>(before - start) *
                                                static_cast<double>(rate) / kSecond);
    const std::uint64_t size = due > result.operations ? due - result.operations : 0;
    for (std::uint64_t i = 0; i < size; ++i) workload.Operation();
    result.operations += size;
    if (size > 0 && result.groups.size() < kMaxGroups) {
      result.groups.push_back(static_cast<double>(NowNs() - before) / static_cast<double>(size));
    }
    workload.BetweenGroups();
    if (NowNs() >= end) break;
  }
}

void Print(const Arguments& arguments, const Workload& workload, Result& result) {
  Records records;
  workload.Count(result.operations, records);
  std::sort(result.groups.begin(), result.groups.end());
  const double median = result.groups.empty() ? 0 : result.groups[result.groups.size() / 2];
  const double least = result.groups.empty() ? 0 : result.groups.front();
  std::printf("{\"workload\":\"%s\",\"pid\":%d,\"operations\":%llu,\"seconds\":%.6f,",
              arguments.workload.c_str(), getpid(),
              static_cast<unsigned long long>(result.operations),
              static_cast<double>(result.took_ns) / kSecond);
  std::printf("\"groups\":%zu,\"ns_median\":%.2f,\"ns_least\":%.2f,\"records\":{",
              result.groups.size(), median, least);
  const char* comma = "";
  for (const auto& [kind, count] : records) {
    std::printf("%s\"%.*s\":%llu", comma, static_cast<int>(kind.size()), kind.data(),
                static_cast<unsigned long long>(count));
    comma = ",";
  }
  std::puts("}}");
}

int Main(std::span<char*> words) {
  const auto arguments = Parse(words);
  if (!arguments.has_value()) {
    std::fputs(kUsage, stderr);
    return 2;
  }
  if (arguments->wait && std::getchar() == EOF) return 1;
  const auto workload = Make(arguments->workload, arguments->folder);
  if (workload == nullptr) {
    std::fputs(kUsage, stderr);
    return 2;
  }
  Result result;
  const std::uint64_t start = NowNs();
  const std::uint64_t end = start + static_cast<std::uint64_t>(arguments->seconds * kSecond);
  if (arguments->rate == 0) {
    Unlimited(*workload, end, result);
  } else {
    Limited(*workload, arguments->rate, end, result);
  }
  result.took_ns = NowNs() - start;
  Print(*arguments, *workload, result);
  return 0;
}

}  // namespace
}  // namespace randguard::bench

int main(int argc, char** argv) {
  return randguard::bench::Main({argv + 1, static_cast<std::size_t>(argc - 1)});
}
