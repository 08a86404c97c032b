// SPDX-License-Identifier: Apache-2.0
#include "tests/live/agent.h"

#include <dirent.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <simdjson.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
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

// With the layer of hooks that RG_HOOKS asks for; the layer that this host offers, otherwise.
std::string WithLayer(std::string config) {
  const char* layer = std::getenv("RG_HOOKS");
  if (layer == nullptr || config.find("[ebpf]\nhooks") != std::string::npos) return config;
  const std::string line = std::string("hooks = \"") + layer + "\"\n";
  const std::string table = "[ebpf]\n";
  const std::size_t at = config.find(table);
  if (at == std::string::npos) return table + line + config;
  return config.insert(at + table.size(), line);
}

std::string HowItEnded(bool killed, int code) {
  return killed ? std::string("was killed by signal ") + std::to_string(code) + " (" +
                      strsignal(code) + ")"
                : "ended with status " + std::to_string(code);
}

// First child of `parent` whose name begins with `part`.
pid_t FindChild(pid_t parent, const std::string& part) {
  for (const pid_t child : ChildrenOf(parent)) {
    if (ReadFile("/proc/" + std::to_string(child) + "/comm").starts_with(part)) return child;
  }
  return -1;
}

}  // namespace

int Patience() {
  static const int times = [] {
    const char* value = std::getenv("RG_PATIENCE");
    return value == nullptr ? 1 : std::clamp(std::atoi(value), 1, 100);
  }();
  return times;
}

std::string Line::operator[](const std::string& name) const {
  const auto it = fields.find(name);
  return it == fields.end() ? "(absent)" : it->second;
}

std::uint64_t Line::Number(const std::string& name) const {
  return std::strtoull((*this)[name].c_str(), nullptr, 10);
}

std::uint64_t MemberOf(const std::string& object, const std::string& name) {
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  std::uint64_t number = 0;
  if (parser.parse(object).get(root) != simdjson::SUCCESS ||
      root[name].get(number) != simdjson::SUCCESS) {
    return 0;
  }
  return number;
}

TempFolder::TempFolder(const std::string& in) {
  std::string path = in + "/rand-guard-test-XXXXXX";
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
    // Asked before the last lines are read.
    const Child* dead = nullptr;
    bool written_to = writers_.empty();
    for (const Child* writer : writers_) {
      if (writer->Died()) dead = writer;
      written_to = written_to || writer->Owned();
    }
    Read();
    for (; seen < lines.size(); ++seen) {
      if (fits(lines[seen])) return true;
    }
    if (dead != nullptr) {
      ADD_FAILURE() << "no line will come any more: " << dead->State();
      return false;
    }
    if (!written_to || steady_clock::now() > deadline) return false;
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
  for (const std::string& word : command) name_ += (name_.empty() ? "" : " ") + word;
  pid_ = fork();
  if (pid_ < 0) ADD_FAILURE() << "cannot fork for " << name_ << ": " << std::strerror(errno);
  if (pid_ != 0) return;
  prctl(PR_SET_PDEATHSIG, SIGTERM);
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

Child::Child(Child&& other) noexcept
    : name_(std::move(other.name_)), pid_(std::exchange(other.pid_, -1)) {}

Child& Child::operator=(Child&& other) noexcept {
  if (Owned()) End(SIGTERM);
  name_ = std::move(other.name_);
  pid_ = std::exchange(other.pid_, -1);
  return *this;
}

Child::~Child() {
  if (Owned()) End(SIGTERM);
}

pid_t Child::pid() const {
  if (!Owned()) throw std::runtime_error(State());
  return pid_;
}

int Child::End(int signal) {
  if (!Owned()) {
    ADD_FAILURE() << State();
    return -1;
  }
  kill(pid_, signal);
  const int status = WaitForEnd(pid_, name_);
  pid_ = -1;
  return status;
}

bool Child::Running() const {
  siginfo_t info{};
  return waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
         info.si_pid == 0;
}

std::string Child::State() const {
  if (!Owned()) return (name_.empty() ? "the child" : name_) + " does not run";
  const std::string who = name_ + " (pid " + std::to_string(pid_) + ") ";
  siginfo_t info{};
  if (waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT) != 0) {
    return who + "is no child of this test any more";
  }
  if (info.si_pid == 0) return who + "runs";
  return who + HowItEnded(info.si_code != CLD_EXITED, info.si_status);
}

std::string RandGuard() { return FromEnvironment("RG_ANALYZER"); }
std::string Collector() { return FromEnvironment("RG_COLLECTOR"); }
std::string Object() { return FromEnvironment("RG_OBJECT"); }

Agent::Agent(const AgentOptions& options) : out_(folder_ / "out.ndjson", {&child_}) {
  WriteFile(folder_ / "config.toml",
            WithLayer((options.quiet ? kQuietConfig : "") + options.config));
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
  if (child_.Running()) {
    analyzer_ = FindChild(child_.pid(), "rand-guard\n");
    collector_ = FindChild(child_.pid(), "rand-guard-coll");
  }
  if (testing::Test::HasFailure()) ADD_FAILURE() << Errors();
}

pid_t Agent::Found(pid_t pid, const char* what) const {
  if (pid <= 0) throw std::runtime_error(std::string("the agent has no ") + what + ": " + Errors());
  return pid;
}

void Agent::Catch() {
  static int count = 0;
  const std::string name = "catch-" + std::to_string(getpid()) + "-" + std::to_string(++count);
  // Repeated, as the agent may be about to start.
  for (int i = 0; i < 100 * Patience() && child_.Running(); ++i) {
    RunProgram({"/bin/true", name});
    if (out_.WaitFor(
            [&](const Line& l) {
              return l.Is("process_start") && l["command_line"] == "/bin/true " + name;
            },
            milliseconds(300))) {
      return;
    }
  }
  FAIL() << "the agent sees nothing: " << child_.State() << ": " << Errors();
}

std::string Agent::StateOf(const std::string& hook) { return HookMember(hook, "state"); }

std::string Agent::LayerOf(const std::string& hook) { return HookMember(hook, "layer"); }

std::string Agent::HookMember(const std::string& hook, std::string_view member) {
  simdjson::dom::parser parser;
  simdjson::dom::array hooks;
  std::string_view value;
  if (parser.parse(Health()["hooks"]).get(hooks) != simdjson::SUCCESS) return "(absent)";
  for (const simdjson::dom::element one : hooks) {
    if (one["name"].get(value) != simdjson::SUCCESS || value != hook) continue;
    return one[member].get(value) == simdjson::SUCCESS ? std::string(value) : "";
  }
  return "(absent)";
}

Line Agent::Health() {
  Catch();
  const auto health = [](const Line& l) { return l.Is("health"); };
  const std::size_t before = out_.All(health).size();
  kill(supervisor(), SIGUSR1);
  for (int i = 0; i < 1000 && child_.Running(); ++i) {
    out_.Read();
    const auto all = out_.All(health);
    if (all.size() > before) return all.back();
    std::this_thread::sleep_for(milliseconds(10));
  }
  ADD_FAILURE() << "no health record after SIGUSR1: " << child_.State() << ": " << Errors();
  return {};
}

Line Agent::FreshHealth() {
  // The counters come with heartbeats. Each health record asked for starts a process, which the
  // next heartbeat counts.
  const Line before = Health();
  for (int i = 0; i < Patience() * 60; ++i) {
    Line now = Health();
    if (now["programs"] != before["programs"]) return now;
    std::this_thread::sleep_for(milliseconds(200));
  }
  ADD_FAILURE() << "no heartbeat: " << before["programs"];
  return before;
}

int Agent::Stop(int signal) {
  const int status = child_.End(signal);
  out_.Read();
  return status;
}

std::vector<pid_t> ChildrenOf(pid_t parent) {
  std::vector<pid_t> children;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    const std::string name = entry.path().filename();
    if (name.find_first_not_of("0123456789") != name.npos) continue;
    const std::string stat = ReadFile(entry.path() / "stat");
    const std::size_t end = stat.rfind(") ");
    if (end == stat.npos) continue;
    if (std::strtol(stat.c_str() + end + 4, nullptr, 10) != parent) continue;
    children.push_back(static_cast<pid_t>(std::stol(name)));
  }
  return children;
}

bool EndsWithin(pid_t pid, milliseconds patience) {
  const int fd = static_cast<int>(syscall(SYS_pidfd_open, pid, 0));
  if (fd < 0) return errno == ESRCH;
  const auto deadline = steady_clock::now() + patience;
  int ready = -1;
  do {
    const auto left =
        std::chrono::duration_cast<milliseconds>(deadline - steady_clock::now()).count();
    pollfd ends{.fd = fd, .events = POLLIN, .revents = 0};
    ready = poll(&ends, 1, static_cast<int>(std::max<std::int64_t>(left, 0)));
  } while (ready < 0 && errno == EINTR);
  close(fd);
  return ready > 0;
}

int WaitForEnd(pid_t pid, const std::string& name) {
  if (!EndsWithin(pid, ChildPatience())) {
    ADD_FAILURE() << name << " (pid " << pid << ") did not end within " << ChildPatience().count()
                  << " s and is killed";
    kill(pid, SIGKILL);
  }
  int status = 0;
  while (waitpid(pid, &status, 0) < 0) {
    if (errno == EINTR) continue;
    ADD_FAILURE() << name << " (pid " << pid << "): " << std::strerror(errno);
    return -1;
  }
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
  const int ended = WaitForEnd(pid, command[0]);
  if (status != nullptr) *status = ended;
  return pid;
}

pid_t RunInChild(const std::function<int()>& body, int* status) {
  const pid_t pid = fork();
  if (pid == 0) _exit(body());
  const int ended = WaitForEnd(pid, "the test's child");
  if (status != nullptr) {
    *status = ended;
  } else if (WIFSIGNALED(ended)) {
    ADD_FAILURE() << "the test's child (pid " << pid << ") " << HowItEnded(true, WTERMSIG(ended));
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
