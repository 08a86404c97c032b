// SPDX-License-Identifier: Apache-2.0
//
// The agent as its users run it, and its output. Live tests see every process of the machine. They
// look for their own doings, by pid or by a name nobody else has.
#ifndef TESTS_LIVE_AGENT_H_
#define TESTS_LIVE_AGENT_H_

#include <signal.h>
#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace randguard::live {

// A line of output. Strings are unescaped, everything else is its JSON text.
struct Line {
  std::map<std::string, std::string> fields;
  std::string text;

  std::string operator[](const std::string& name) const;
  bool Is(const std::string& type) const { return (*this)["event_type"] == type; }
  std::uint64_t Number(const std::string& name) const;
};

// A folder that is removed with its content.
class TempFolder {
 public:
  TempFolder();
  ~TempFolder();
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

void WriteFile(const std::string& path, const std::string& text, mode_t mode = 0644);
std::string ReadFile(const std::string& path);

using Predicate = std::function<bool(const Line&)>;

// Lines of a file that is being written.
class Output {
 public:
  explicit Output(std::string path) : path_(std::move(path)) {}

  // Reads the bytes that were written since.
  void Read();
  // Reads until a line fits; false after `patience`.
  bool WaitFor(const Predicate& fits,
               std::chrono::milliseconds patience = std::chrono::seconds(20));
  // Alerts are not among them: any activity of a test may raise one, by some built-in rule.
  const std::vector<Line>& lines() const { return lines_; }
  // Reads until an alert fits; false after `patience`.
  bool WaitForAlert(const Predicate& fits,
                    std::chrono::milliseconds patience = std::chrono::seconds(20));
  const std::vector<Line>& alerts() const { return alerts_; }
  std::vector<Line> All(const Predicate& fits) const;
  const Line* First(const Predicate& fits) const;

 private:
  bool WaitFor(const std::vector<Line>& lines, const Predicate& fits,
               std::chrono::milliseconds patience);

  std::string path_;
  std::size_t offset_ = 0;
  std::string rest_;
  std::vector<Line> lines_;
  std::vector<Line> alerts_;
};

// A child process that is ended, with SIGTERM, when it goes out of scope.
class Child {
 public:
  Child() = default;
  explicit Child(const std::vector<std::string>& command, const std::string& stderr_path = "");
  Child(Child&& other) noexcept;
  Child& operator=(Child&& other) noexcept;
  ~Child();

  pid_t pid() const { return pid_; }
  // Sends the signal and waits; returns the wait status.
  int End(int signal);
  bool Running() const;

 private:
  pid_t pid_ = -1;
};

// Programs under test, as meson says in the environment.
std::string RandGuard();
std::string Collector();
std::string Object();

struct AgentOptions {
  std::string config;   // TOML; parts that it does not name are off, except process events
  bool quiet = true;    // false: config says which parts are off
  std::string capture;  // records to this file
};

// `rand-guard run` (or `record`), once it is ready: it has seen a process of ours.
class Agent {
 public:
  explicit Agent(const AgentOptions& options = {});

  Output& out() { return out_; }
  pid_t supervisor() const { return child_.pid(); }
  // Found by their parent and name.
  pid_t collector() const { return collector_; }
  pid_t analyzer() const { return analyzer_; }
  std::string Errors() const { return ReadFile(folder_ / "stderr"); }
  const TempFolder& folder() const { return folder_; }

  // Afterwards out() holds everything that has happened until now: it waits for a process of ours
  // that starts now.
  void Catch();
  // A health record that is written now.
  Line Health();
  int Stop(int signal = SIGTERM);

 private:
  TempFolder folder_;
  Output out_;
  Child child_;
  pid_t collector_ = -1;
  pid_t analyzer_ = -1;
};

// Runs a program to its end; returns its pid. Does not go through a shell.
pid_t RunProgram(const std::vector<std::string>& command, int* status = nullptr);
// Calls `body` in a forked child, which then exits with the result.
pid_t RunInChild(const std::function<int()>& body, int* status = nullptr);

// Both the start and the end of a process, by pid. Asserts that there is exactly one of each and
// that they agree on the process. Empty lines if not.
struct Life {
  Line start;
  Line exit;
};
Life LifeOf(Agent& agent, pid_t pid);

Predicate Both(Predicate a, Predicate b);
Predicate TypeAndPid(const std::string& type, pid_t pid);

}  // namespace randguard::live

#endif  // TESTS_LIVE_AGENT_H_
