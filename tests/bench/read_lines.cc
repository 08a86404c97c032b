// SPDX-License-Identifier: Apache-2.0
//
// Follows the agent's output while it is being written, for scripts/throughput and
// scripts/overhead: counts lines, and measures the time from an event to its line.
//
// The agent must not notice the reader, so it never waits for it. The reader looks at the file
// every millisecond, and latencies contain that time: they are too long by a millisecond at most,
// and never too short. Bytes that were read give their disk space back.
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace randguard::bench {
namespace {

constexpr char kUsage[] =
    "usage: read_lines FILE [--pid PID]... [--reports FILE] [--follow]\n"
    "\n"
    "  --pid      whose events are counted: what PID did, and processes that it started\n"
    "  --reports  copies health, loss and alert lines there\n"
    "  --follow   until SIGTERM, then to the end; measures latency and frees what is read\n";

constexpr std::uint64_t kSecond = 1'000'000'000;
constexpr long kPollNs = 1'000'000;
constexpr std::size_t kBuffer = std::size_t{4} << 20;
constexpr off_t kFreeStep = off_t{8} << 20;  // little: the writer waits for this

std::atomic<bool> ending{false};

std::uint64_t BootNs() {
  timespec t{};
  clock_gettime(CLOCK_BOOTTIME, &t);
  return static_cast<std::uint64_t>(t.tv_sec) * kSecond + static_cast<std::uint64_t>(t.tv_nsec);
}

// Counts by size, in steps of less than one part in 32.
class Histogram {
 public:
  void Add(std::uint64_t ns) {
    ++counts_[Bucket(ns)];
    ++total_;
    max_ = std::max(max_, ns);
  }
  std::uint64_t max() const { return max_; }
  std::uint64_t total() const { return total_; }
  // An upper bound for the given part of all values.
  std::uint64_t Quantile(double part) const {
    const auto rank = static_cast<std::uint64_t>(part * static_cast<double>(total_));
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < counts_.size(); ++i) {
      seen += counts_[i];
      if (seen > rank) return std::min(Upper(i), max_);
    }
    return max_;
  }

 private:
  static constexpr unsigned kBits = 5;
  static std::size_t Bucket(std::uint64_t ns) {
    if (ns < (1U << kBits)) return ns;
    const auto shift = static_cast<unsigned>(std::bit_width(ns)) - 1 - kBits;
    return ((shift + 1) << kBits) + ((ns >> shift) & ((1U << kBits) - 1));
  }
  static std::uint64_t Upper(std::size_t bucket) {
    if (bucket < (1U << kBits)) return bucket;
    const std::size_t shift = (bucket >> kBits) - 1;
    return (((bucket & ((1U << kBits) - 1)) + (1U << kBits) + 1) << shift) - 1;
  }

  std::array<std::uint64_t, (64 - kBits + 1) << kBits> counts_{};
  std::uint64_t total_ = 0;
  std::uint64_t max_ = 0;
};

// The digits behind `key`, which stands near the beginning of every line.
std::optional<std::uint64_t> NumberAfter(std::string_view line, std::string_view key) {
  const std::size_t at = line.find(key);
  if (at == line.npos) return std::nullopt;
  std::uint64_t value = 0;
  const char* begin = line.data() + at + key.size();
  if (std::from_chars(begin, line.data() + line.size(), value).ptr == begin) return std::nullopt;
  return value;
}

class Reader {
 public:
  Reader(std::vector<std::uint64_t> pids, FILE* reports)
      : pids_(std::move(pids)), reports_(reports) {}

  // `now_ns`: the time of reading; 0: nobody asks how late the line was.
  void Line(std::string_view line, std::uint64_t now_ns) {
    constexpr std::string_view kStart = "{\"event_type\":\"";
    ++lines_;
    const std::size_t end = line.find('"', kStart.size());
    if (!line.starts_with(kStart) || end == line.npos || line.back() != '}') {
      ++malformed_;
      return;
    }
    const std::string_view type = line.substr(kStart.size(), end - kStart.size());
    if (type == "health" || type == "loss" || type == "alert" || type == "canary") {
      if (reports_ != nullptr) {
        std::fwrite(line.data(), 1, line.size(), reports_);
        std::fputc('\n', reports_);
      }
      if (type != "alert") return;
    }
    const auto time_ns = NumberAfter(line.substr(end), "\"timestamp_ns\":");
    const bool of_child = type == "process_start" || type == "process_exit";
    const auto pid = NumberAfter(line.substr(end), of_child ? "\"ppid\":" : "\"pid\":");
    if (!time_ns.has_value() || !pid.has_value()) {
      ++malformed_;
      return;
    }
    if (std::find(pids_.begin(), pids_.end(), *pid) == pids_.end()) return;
    ++Count(type);
    bytes_ += line.size() + 1;
    first_ns_ = std::min(first_ns_, *time_ns);
    last_ns_ = std::max(last_ns_, *time_ns);
    // A line cannot exist before its event: a clock that says so is broken.
    if (now_ns == 0) return;
    if (now_ns < *time_ns) {
      ++before_event_;
    } else {
      latency_.Add(now_ns - *time_ns);
    }
  }

  void Print() const {
    std::printf("{\"lines\":%llu,\"malformed\":%llu,\"before_event\":%llu,\"bytes\":%llu,",
                Plain(lines_), Plain(malformed_), Plain(before_event_), Plain(bytes_));
    std::printf("\"first_ns\":%llu,\"last_ns\":%llu,\"events\":{",
                Plain(counts_.empty() ? 0 : first_ns_), Plain(last_ns_));
    const char* comma = "";
    for (const auto& [type, count] : counts_) {
      std::printf("%s\"%s\":%llu", comma, type.c_str(), Plain(count));
      comma = ",";
    }
    std::printf("},\"latency_ns\":");
    if (latency_.total() == 0) {
      std::puts("null}");
      return;
    }
    std::printf("{\"count\":%llu,\"p50\":%llu,\"p90\":%llu,\"p99\":%llu,\"max\":%llu}}\n",
                Plain(latency_.total()), Plain(latency_.Quantile(0.5)),
                Plain(latency_.Quantile(0.9)), Plain(latency_.Quantile(0.99)),
                Plain(latency_.max()));
  }

 private:
  static unsigned long long Plain(std::uint64_t value) { return value; }
  std::uint64_t& Count(std::string_view type) {
    if (last_type_ == nullptr || last_type_->first != type) {
      last_type_ = &*counts_.try_emplace(std::string(type)).first;
    }
    return last_type_->second;
  }

  const std::vector<std::uint64_t> pids_;
  FILE* const reports_;
  std::map<std::string, std::uint64_t> counts_;
  std::pair<const std::string, std::uint64_t>* last_type_ = nullptr;
  Histogram latency_;
  std::uint64_t lines_ = 0, malformed_ = 0, before_event_ = 0, bytes_ = 0;
  std::uint64_t first_ns_ = UINT64_MAX, last_ns_ = 0;
};

struct Arguments {
  std::string file;
  std::string reports;
  std::vector<std::uint64_t> pids;
  bool follow = false;
};

std::optional<Arguments> Parse(std::span<char*> words) {
  Arguments out;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string_view word = words[i];
    if (word == "--follow") {
      out.follow = true;
      continue;
    }
    if (word.substr(0, 2) != "--") {
      if (!out.file.empty()) return std::nullopt;
      out.file = word;
      continue;
    }
    if ((word != "--pid" && word != "--reports") || ++i == words.size()) return std::nullopt;
    if (word == "--pid") {
      out.pids.push_back(std::strtoull(words[i], nullptr, 10));
    } else {
      out.reports = words[i];
    }
  }
  if (out.file.empty()) return std::nullopt;
  return out;
}

int Read(int fd, bool follow, Reader& reader) {
  std::vector<char> buffer(kBuffer);
  std::size_t used = 0;  // the beginning of a line whose end is missing yet
  off_t read_bytes = 0, freed = 0;
  for (;;) {
    const bool last = ending;  // before the read: all that is there at the request to end is read
    const ssize_t n = read(fd, buffer.data() + used, buffer.size() - used);
    const std::uint64_t now = follow ? BootNs() : 0;
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) {
      std::perror("read_lines");
      return 1;
    }
    if (n == 0) {
      if (!follow || last) break;
      const timespec wait{0, kPollNs};
      nanosleep(&wait, nullptr);
      continue;
    }
    used += static_cast<std::size_t>(n);
    read_bytes += n;
    std::string_view rest(buffer.data(), used);
    for (std::size_t end; (end = rest.find('\n')) != rest.npos; rest.remove_prefix(end + 1)) {
      reader.Line(rest.substr(0, end), now);
    }
    if (rest.size() == buffer.size()) {
      std::fputs("read_lines: a line of more than 4 MiB\n", stderr);
      return 1;
    }
    std::memmove(buffer.data(), rest.data(), rest.size());
    used = rest.size();
    if (follow && read_bytes - freed >= kFreeStep) {
      fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, freed, kFreeStep);
      freed += kFreeStep;
    }
  }
  if (used != 0) {
    std::fputs("read_lines: the last line has no end\n", stderr);
    return 1;
  }
  return 0;
}

int Main(std::span<char*> words) {
  auto arguments = Parse(words);
  if (!arguments.has_value()) {
    std::fputs(kUsage, stderr);
    return 2;
  }
  signal(SIGTERM, [](int) { ending = true; });
  const int fd = open(arguments->file.c_str(), (arguments->follow ? O_RDWR : O_RDONLY) | O_CLOEXEC);
  if (fd < 0) {
    std::perror(arguments->file.c_str());
    return 1;
  }
  FILE* reports = nullptr;
  if (!arguments->reports.empty()) {
    reports = std::fopen(arguments->reports.c_str(), "we");
    if (reports == nullptr) {
      std::perror(arguments->reports.c_str());
      return 1;
    }
  }
  Reader reader(std::move(arguments->pids), reports);
  const int status = Read(fd, arguments->follow, reader);
  close(fd);
  if (reports != nullptr && std::fclose(reports) != 0) {
    std::perror(arguments->reports.c_str());
    return 1;
  }
  reader.Print();
  return status;
}

}  // namespace
}  // namespace randguard::bench

int main(int argc, char** argv) {
  return randguard::bench::Main({argv + 1, static_cast<std::size_t>(argc - 1)});
}
