// SPDX-License-Identifier: Apache-2.0
#include "tests/live/agent.h"

#include <dirent.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <simdjson.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>
#include <utility>

namespace randguard::live {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr char kQuietConfig[] = "[events]\nfile = false\n[file]\nenabled = false\n";

std::string FromEnvironment(const char* name) {
  const char* value = std::getenv(name);
  if (value == nullptr) {
    std::fprintf(stderr, "%s is not set; run these tests with `meson test`\n", name);
    std::abort();
  }
  return value;
}

Line Parse(const std::string& text) {
  static simdjson::dom::parser parser;
  Line line;
  line.text = text;
  simdjson::dom::object object;
  if (parser.parse(text).get(object) != simdjson::SUCCESS) {
    ADD_FAILURE() << "not a JSON object: " << text;
    return line;
  }
  for (const auto [key, value] : object) {
    std::string_view string;
    line.fields[std::string(key)] = value.get(string) == simdjson::SUCCESS
                                        ? std::string(string)
                                        : std::string(simdjson::minify(value));
  }
  return line;
}

// First process whose parent is `parent` and whose command line contains `part`.
pid_t FindChild(pid_t parent, const std::string& part) {
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    const std::string name = entry.path().filename();
    if (name.find_first_not_of("0123456789") != name.npos) continue;
    const std::string stat = ReadFile(entry.path() / "stat");
    const std::size_t end = stat.rfind(") ");
    if (end == stat.npos) continue;
    if (std::strtol(stat.c_str() + end + 4, nullptr, 10) != parent) continue;
    const std::string comm = ReadFile(entry.path() / "comm");
    if (comm.find(part) == 0) return static_cast<pid_t>(std::stol(name));
  }
  return -1;
}

}  // namespace

std::string Line::operator[](const std::string& name) const {
  const auto it = fields.find(name);
  return it == fields.end() ? "(absent)" : it->second;
}

std::uint64_t Line::Number(const std::string& name) const {
  return std::strtoull((*this)[name].c_str(), nullptr, 10);
}

TempFolder::TempFolder() {
  std::string path = "/tmp/rand-guard-test-XXXXXX";
  if (mkdtemp(path.data()) == nullptr) std::abort();
  if (chmod(path.c_str(), 0755) != 0) std::abort();
  path_ = path;
}

TempFolder::~TempFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

void WriteFile(const std::string& path, const std::string& text, mode_t mode) {
  std::ofstream(path) << text;
  ASSERT_EQ(chmod(path.c_str(), mode), 0) << path;
}

std::string ReadFile(const std::string& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

void Output::Read() {
  std::ifstream file(path_, std::ios::binary);
  if (!file) return;
  file.seekg(static_cast<std::streamoff>(offset_));
  std::stringstream text;
  text << file.rdbuf();
  const std::string fresh = text.str();
  offset_ += fresh.size();
  rest_ += fresh;
  std::size_t begin = 0;
  for (std::size_t end; (end = rest_.find('\n', begin)) != rest_.npos; begin = end + 1) {
    Line line = Parse(rest_.substr(begin, end - begin));
    (line.Is("alert") ? alerts_ : lines_).push_back(std::move(line));
  }
  rest_.erase(0, begin);
}

bool Output::WaitFor(const Predicate& fits, milliseconds patience) {
  return WaitFor(lines_, fits, patience);
}

bool Output::WaitForAlert(const Predicate& fits, milliseconds patience) {
  return WaitFor(alerts_, fits, patience);
}

bool Output::WaitFor(const std::vector<Line>& lines, const Predicate& fits, milliseconds patience) {
  const auto deadline = steady_clock::now() + patience;
  std::size_t seen = 0;
  for (;;) {
    Read();
    for (; seen < lines.size(); ++seen) {
      if (fits(lines[seen])) return true;
    }
    if (steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(milliseconds(5));
  }
}

std::vector<Line> Output::All(const Predicate& fits) const {
  std::vector<Line> found;
  for (const Line& line : lines_) {
    if (fits(line)) found.push_back(line);
  }
  return found;
}

const Line* Output::First(const Predicate& fits) const {
  for (const Line& line : lines_) {
    if (fits(line)) return &line;
  }
  return nullptr;
}

Child::Child(const std::vector<std::string>& command, const std::string& stderr_path) {
  pid_ = fork();
  if (pid_ != 0) return;
  if (!stderr_path.empty()) {
    const int fd = open(stderr_path.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
    dup2(fd, STDERR_FILENO);
  }
  std::vector<char*> argv;
  for (const std::string& word : command) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  execv(argv[0], argv.data());
  _exit(127);
}

Child::Child(Child&& other) noexcept : pid_(std::exchange(other.pid_, -1)) {}

Child& Child::operator=(Child&& other) noexcept {
  if (pid_ > 0) End(SIGTERM);
  pid_ = std::exchange(other.pid_, -1);
  return *this;
}

Child::~Child() {
  if (pid_ > 0) End(SIGTERM);
}

int Child::End(int signal) {
  kill(pid_, signal);
  int status = 0;
  while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
  return status;
}

bool Child::Running() const {
  siginfo_t info{};
  return waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
         info.si_pid == 0;
}

std::string RandGuard() { return FromEnvironment("RG_ANALYZER"); }
std::string Collector() { return FromEnvironment("RG_COLLECTOR"); }
std::string Object() { return FromEnvironment("RG_OBJECT"); }

Agent::Agent(const AgentOptions& options) : out_(folder_ / "out.ndjson") {
  WriteFile(folder_ / "config.toml", (options.quiet ? kQuietConfig : "") + options.config);
  std::vector<std::string> command = {RandGuard(), "run"};
  if (!options.capture.empty()) command = {RandGuard(), "record", options.capture};
  for (const std::string& word :
       {std::string("--config"), folder_ / "config.toml", std::string("--output"),
        folder_ / "out.ndjson", std::string("--collector"), Collector(), std::string("--object"),
        Object()}) {
    command.push_back(word);
  }
  child_ = Child(command, folder_ / "stderr");
  Catch();
  analyzer_ = FindChild(child_.pid(), "rand-guard\n");
  collector_ = FindChild(child_.pid(), "rand-guard-coll");
  if (testing::Test::HasFailure()) ADD_FAILURE() << Errors();
}

void Agent::Catch() {
  static int count = 0;
  const std::string name = "catch-" + std::to_string(getpid()) + "-" + std::to_string(++count);
  // Repeated, as the agent may be about to start.
  for (int i = 0; i < 100 && child_.Running(); ++i) {
    RunProgram({"/bin/true", name});
    if (out_.WaitFor(
            [&](const Line& l) {
              return l.Is("process_start") && l["command_line"] == "/bin/true " + name;
            },
            milliseconds(300))) {
      return;
    }
  }
  FAIL() << "the agent sees nothing: " << Errors();
}

Line Agent::Health() {
  Catch();
  const auto health = [](const Line& l) { return l.Is("health"); };
  const std::size_t before = out_.All(health).size();
  kill(child_.pid(), SIGUSR1);
  for (int i = 0; i < 1000; ++i) {
    out_.Read();
    const auto all = out_.All(health);
    if (all.size() > before) return all.back();
    std::this_thread::sleep_for(milliseconds(10));
  }
  ADD_FAILURE() << "no health record after SIGUSR1";
  return {};
}

int Agent::Stop(int signal) {
  const int status = child_.End(signal);
  out_.Read();
  return status;
}

pid_t RunProgram(const std::vector<std::string>& command, int* status) {
  std::vector<char*> argv;
  for (const std::string& word : command) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  const pid_t pid = vfork();
  if (pid == 0) {
    execv(argv[0], argv.data());
    _exit(127);
  }
  int ignored = 0;
  while (waitpid(pid, status == nullptr ? &ignored : status, 0) < 0 && errno == EINTR) {
  }
  return pid;
}

pid_t RunInChild(const std::function<int()>& body, int* status) {
  const pid_t pid = fork();
  if (pid == 0) _exit(body());
  int ignored = 0;
  while (waitpid(pid, status == nullptr ? &ignored : status, 0) < 0 && errno == EINTR) {
  }
  return pid;
}

Life LifeOf(Agent& agent, pid_t pid) {
  agent.out().WaitFor([&](const Line& l) {
    return TypeAndPid("process_exit", pid)(l) && l["group_dead"] == "true";
  });
  const auto starts = agent.out().All(TypeAndPid("process_start", pid));
  const auto exits = agent.out().All([&](const Line& l) {
    return TypeAndPid("process_exit", pid)(l) && l["group_dead"] == "true";
  });
  EXPECT_EQ(starts.size(), 1U) << "pid " << pid;
  EXPECT_EQ(exits.size(), 1U) << "pid " << pid;
  if (starts.size() != 1 || exits.size() != 1) return {};
  EXPECT_EQ(starts[0]["process_id"], exits[0]["process_id"]);
  EXPECT_LT(starts[0].Number("timestamp_ns"), exits[0].Number("timestamp_ns"));
  return {starts[0], exits[0]};
}

Predicate Both(Predicate a, Predicate b) {
  return [a = std::move(a), b = std::move(b)](const Line& l) { return a(l) && b(l); };
}

Predicate TypeAndPid(const std::string& type, pid_t pid) {
  return
      [type, text = std::to_string(pid)](const Line& l) { return l.Is(type) && l["pid"] == text; };
}

}  // namespace randguard::live
