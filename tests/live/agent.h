// SPDX-License-Identifier: Apache-2.0
//
// The agent as its users run it, and its output. Live tests see every process of the machine. They
// look for their own doings, by pid or by a name nobody else has.
#ifndef TESTS_LIVE_AGENT_H_
#define TESTS_LIVE_AGENT_H_

#include <signal.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace randguard::live {

inline constexpr uid_t kNobody = 65534;  // an account without rights

// The system call itself, whatever the C library would make of its arguments.
long RawCall(long number, auto... arguments) { return syscall(number, arguments...); }

// Limits that only a hang exceeds are this many times as long: RG_PATIENCE in the environment, for
// machines that are emulated; 1 without it.
int Patience();

// How long a child may take to its end before it is killed and the test fails. A whole program of
// tests has a limit besides (main.cc), below meson's.
inline std::chrono::seconds ChildPatience() { return Patience() * std::chrono::seconds(120); }

// A line of output. Strings are unescaped, everything else is its JSON text.
struct Line {
  std::map<std::string, std::string> fields;
  std::string text;

  std::string operator[](const std::string& name) const;
  bool Is(const std::string& type) const { return (*this)["event_type"] == type; }
  // Detections mark events of files and sockets; only sockets have a family.
  bool IsOfAFile() const { return fields.contains("detection_type") && !fields.contains("family"); }
  std::uint64_t Number(const std::string& name) const;
};

// A number that is a member of an object, both as JSON text; 0 if there is none.
std::uint64_t MemberOf(const std::string& object, const std::string& name);

// A folder that is removed with its content.
class TempFolder {
 public:
  explicit TempFolder(const std::string& in = "/tmp");
  ~TempFolder();
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

void WriteFile(const std::string& path, const std::string& text, mode_t mode = 0644);
std::string ReadFile(const std::string& path);

using Predicate = std::function<bool(const Line&)>;

// A child process that is ended, with SIGTERM, when it goes out of scope or when the tests die.
class Child {
 public:
  Child() = default;
  explicit Child(const std::vector<std::string>& command, const std::string& stderr_path = "");
  Child(Child&& other) noexcept;
  Child& operator=(Child&& other) noexcept;
  ~Child();

  // A test that asks for it before the start or after End() ends: as a pid, -1 is every process.
  pid_t pid() const;
  // Sends the signal and waits; returns the wait status.
  int End(int signal);
  // Started, and not ended by End().
  bool Owned() const { return pid_ > 0; }
  bool Running() const;
  // It has ended, and not by End().
  bool Died() const { return Owned() && !Running(); }
  // "PROGRAM (pid N) was killed by signal 9" or the like.
  std::string State() const;

 private:
  std::string name_;
  pid_t pid_ = -1;
};

// Lines of a file that is being written, by these children.
class Output {
 public:
  explicit Output(std::string path, std::vector<const Child*> writers = {})
      : path_(std::move(path)), writers_(std::move(writers)) {}

  // Reads the bytes that were written since.
  void Read();
  // Reads until a line fits; false after `patience`. Where a writer has died, the test fails at
  // once.
  bool WaitFor(const Predicate& fits,
               std::chrono::milliseconds patience = Patience() * std::chrono::seconds(20));
  // Alerts are not among them: any activity of a test may raise one, by some built-in rule.
  const std::vector<Line>& lines() const { return lines_; }
  // Likewise, until an alert fits.
  bool WaitForAlert(const Predicate& fits,
                    std::chrono::milliseconds patience = Patience() * std::chrono::seconds(20));
  const std::vector<Line>& alerts() const { return alerts_; }
  std::vector<Line> All(const Predicate& fits) const;
  const Line* First(const Predicate& fits) const;

 private:
  bool WaitFor(const std::vector<Line>& lines, const Predicate& fits,
               std::chrono::milliseconds patience);

  std::string path_;
  std::vector<const Child*> writers_;
  std::size_t offset_ = 0;
  std::string rest_;
  std::vector<Line> lines_;
  std::vector<Line> alerts_;
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
  Agent(const Agent&) = delete;
  Agent& operator=(const Agent&) = delete;

  Output& out() { return out_; }
  // Another file that it writes to.
  Output OutputAt(const std::string& path) const { return Output(path, {&child_}); }
  pid_t supervisor() const { return child_.pid(); }
  // Found by their parent and name. A test that asks for one that is not there ends.
  pid_t collector() const { return Found(collector_, "collector"); }
  pid_t analyzer() const { return Found(analyzer_, "analyzer"); }
  std::string Errors() const { return ReadFile(folder_ / "stderr"); }
  const TempFolder& folder() const { return folder_; }

  // Afterwards out() holds everything that has happened until now: it waits for a process of ours
  // that starts now.
  void Catch();
  // A health record that is written now.
  Line Health();
  // Likewise, with counters of the kernel that were read after this call.
  Line FreshHealth();
  // The state of a hook in that: "attached", "fallback", ...
  std::string StateOf(const std::string& hook);
  // Where it sees files and calls: "function", "call"; empty if that says nothing.
  std::string LayerOf(const std::string& hook);
  int Stop(int signal = SIGTERM);

 private:
  pid_t Found(pid_t pid, const char* what) const;
  // A member of a hook in a health record that is written now.
  std::string HookMember(const std::string& hook, std::string_view member);

  TempFolder folder_;
  Child child_;
  Output out_;
  pid_t collector_ = -1;
  pid_t analyzer_ = -1;
};

std::vector<pid_t> ChildrenOf(pid_t parent);

// Whether a child of ours ends within that time. It remains to be waited for.
bool EndsWithin(pid_t pid, std::chrono::milliseconds patience);
// Waits for a child of ours, and returns its wait status. One that does not end is killed, and the
// test fails; `name` says in the message what it is.
int WaitForEnd(pid_t pid, const std::string& name);

// Runs a program to its end; returns its pid. Does not go through a shell.
pid_t RunProgram(const std::vector<std::string>& command, int* status = nullptr);
// Calls `body` in a forked child, which then exits with the result. A test that does not take
// the status fails when a signal ends the child.
pid_t RunInChild(const std::function<int()>& body, int* status = nullptr);

// A value that children share with the test: what they leave in it is there when they have ended,
// and no test waits for a word from one that has died.
template <typename T>
class Shared {
 public:
  Shared()
      : value_(static_cast<T*>(
            mmap(nullptr, sizeof(T), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0))) {
    if (value_ == MAP_FAILED) std::abort();
  }
  ~Shared() { munmap(value_, sizeof(T)); }
  Shared(const Shared&) = delete;
  Shared& operator=(const Shared&) = delete;

  T& operator*() const { return *value_; }
  T* operator->() const { return value_; }

 private:
  T* value_;
};

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
