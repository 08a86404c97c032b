// SPDX-License-Identifier: Apache-2.0
//
// Nothing is lost without need, and losses are counted: under load, with rings that are too small,
// with an analyzer that is killed.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "tests/live/agent.h"

namespace randguard::live {
namespace {

using std::chrono::milliseconds;

pid_t StartTrue(const std::string& name) {
  const pid_t pid = vfork();
  if (pid == 0) {
    execl("/bin/true", "true", name.c_str(), nullptr);
    _exit(127);
  }
  return pid;
}

// Starts /bin/true `count` times, `side` of them at a time; returns how many were started.
int RunTrues(int count, std::size_t side, const std::string& name) {
  int started = 0;
  std::deque<pid_t> running;
  while (started < count || !running.empty()) {
    if (started < count && running.size() < side) {
      const pid_t pid = StartTrue(name);
      if (pid < 0) break;
      ++started;
      running.push_back(pid);
    } else {
      // Never any child: the agent is one, too.
      WaitForEnd(running.front(), "/bin/true");
      running.pop_front();
    }
  }
  return started;
}

struct Counts {
  std::uint64_t starts = 0;
  std::uint64_t exits = 0;
};

// Starts of programs named `name` and the ends of these processes, each once and in order.
Counts CountTrues(const Output& out, const std::string& name) {
  Counts counts;
  std::map<std::string, int> stage;
  for (const Line& l : out.lines()) {
    if (l.Is("process_start") && l["command_line"] == "true " + name) {
      ++counts.starts;
      EXPECT_EQ(stage[l["process_id"]]++, 0) << l.text;
    } else if (l.Is("process_exit") && l["group_dead"] == "true") {
      const auto it = stage.find(l["process_id"]);
      if (it == stage.end()) continue;
      ++counts.exits;
      EXPECT_EQ(it->second++, 1) << l.text;
    }
  }
  return counts;
}

// Sum over loss records.
std::uint64_t Lost(const Output& out, const std::string& reason, const std::string& kind) {
  std::uint64_t lost = 0;
  for (const Line& l : out.lines()) {
    if (l.Is("loss") && l["reason"] == reason && l["kind"] == kind) lost += l.Number("count");
  }
  return lost;
}

// How often an eBPF program ran for somebody else than the agent.
std::uint64_t ProgramRuns(const Line& health, const std::string& program) {
  const std::string programs = health["programs"];
  const auto number = [&](const std::string& key) {
    const std::size_t at = programs.find(key, programs.find("\"" + program + "\":"));
    return std::strtoull(programs.c_str() + at + key.size(), nullptr, 10);
  };
  return number("\"runs\":") - number("\"own\":");
}

bool IsHealth(const Line& l) { return l.Is("health"); }
// No message makes these lines, and no replay.
bool IsOwn(const Line& l) { return l.Is("health") || l.Is("canary"); }

TEST(StreamTest, TwentyThousandProcessesTwoAtATime) {
  constexpr int kCount = 20000;
  TempFolder folder;
  const std::string capture = folder / "trues.rgcap.zst";
  Agent agent({.capture = capture});
  const std::string name = "many-" + std::to_string(getpid());
  ASSERT_EQ(RunTrues(kCount, 2, name), kCount);
  agent.Catch();
  const Line health = agent.Health();
  EXPECT_EQ(health["kernel_lost"], "0") << health.text;
  EXPECT_EQ(agent.Stop(), 0) << agent.Errors();
  const Counts counts = CountTrues(agent.out(), name);
  EXPECT_EQ(counts.starts, static_cast<std::uint64_t>(kCount));
  EXPECT_EQ(counts.exits, static_cast<std::uint64_t>(kCount));

  // The capture gives the same lines, twice, byte by byte.
  std::string live;
  for (const Line& l : agent.out().lines()) {
    if (!IsOwn(l)) live += l.text + "\n";
  }
  for (const char* copy : {"first", "second"}) {
    const std::string path = folder / copy;
    int status = -1;
    RunProgram({RandGuard(), "replay", capture, "--config", agent.folder() / "config.toml",
                "--output", path},
               &status);
    EXPECT_EQ(status, 0);
    EXPECT_TRUE(ReadFile(path) == live) << "replay differs from what was printed live";
  }
  int status = -1;
  RunProgram(
      {"/bin/sh", "-c", RandGuard() + " capture info " + capture + " > " + (folder / "info")},
      &status);
  EXPECT_EQ(status, 0) << ReadFile(folder / "info");
}

TEST(StreamTest, ARingTooSmallLosesCountedRecords) {
  constexpr int kCount = 4000;
  Agent agent({.config = "[ebpf]\ncritical_buffer_size = 64\nbuffer_size = 64\n"
                         "[process]\nfailed_exec = false\n"});
  const std::string name = "lost-" + std::to_string(getpid());
  // The analyzer stands still: its socket fills, then the ring.
  kill(agent.analyzer(), SIGSTOP);
  ASSERT_EQ(RunTrues(kCount, 2, name), kCount);
  kill(agent.analyzer(), SIGCONT);
  agent.Catch();
  EXPECT_EQ(agent.Stop(), 0) << agent.Errors();  // ends with a heartbeat and a health record
  const std::uint64_t lost = Lost(agent.out(), "kernel", "process_exec");
  EXPECT_GT(lost, 0U) << "nothing overflowed";
  // Exactly: the runs of a hook's program, and the records of it that were printed or counted.
  const auto printed = [&](const char* type, const char* field, const char* value) {
    return agent.out().All([&](const Line& l) { return l.Is(type) && l[field] == value; }).size();
  };
  const Line last = agent.out().All(IsHealth).back();
  EXPECT_EQ(printed("process_start", "event_type", "process_start") + lost,
            ProgramRuns(last, "exec"));
  EXPECT_EQ(printed("process_relationship", "event_type", "process_relationship") +
                Lost(agent.out(), "kernel", "process_fork") +
                Lost(agent.out(), "kernel", "thread_start"),
            ProgramRuns(last, "fork"));
  EXPECT_EQ(printed("process_exit", "event_type", "process_exit") +
                Lost(agent.out(), "kernel", "process_exit") +
                Lost(agent.out(), "kernel", "thread_exit"),
            ProgramRuns(last, "exit"));
  // Our own as well: none twice, and no more missing than counted.
  const Counts ours = CountTrues(agent.out(), name);
  EXPECT_LT(ours.starts, static_cast<std::uint64_t>(kCount));
  EXPECT_GE(ours.starts + lost, static_cast<std::uint64_t>(kCount));
}

// Lines that are missing were limited or lost, and reported as such; processes have a lane of their
// own.
TEST(StreamTest, AFloodOfWritesCostsNoProcessAndIsCountedExactly) {
  constexpr int kWrites = 300'000;
  constexpr int kTrues = 300;
  TempFolder flooded;
  Agent agent({.config = "[ebpf]\nbuffer_size = 64\n"
                         "[process]\nthreads = false\nfailed_exec = false\n"
                         "[file]\nwatch_paths = [\"" +
                         flooded.path() +
                         "\"]\nexclude_paths = []\n"
                         "[performance]\nmax_events_per_second = 5000\n",
               .quiet = false});
  const std::string name = "flooded-" + std::to_string(getpid());
  std::thread processes([&] { EXPECT_EQ(RunTrues(kTrues, 2, name), kTrues); });
  int status = -1;
  RunInChild(
      [&] {
        const int fd = open((flooded / "f").c_str(), O_CREAT | O_WRONLY, 0600);
        for (int i = 0; i < kWrites; ++i) {
          if (pwrite(fd, "x", 1, 0) != 1) return 1;
        }
        return 0;
      },
      &status);
  EXPECT_EQ(status, 0);
  processes.join();
  agent.Catch();
  EXPECT_EQ(agent.Stop(), 0) << agent.Errors();

  const Line health = agent.out().All(IsHealth).back();
  const std::uint64_t lost =
      Lost(agent.out(), "kernel", "file_write") + Lost(agent.out(), "kernel", "file_open");
  const std::uint64_t printed = agent.out().All([](const Line& l) { return l.IsOfAFile(); }).size();
  EXPECT_EQ(printed + health.Number("userspace_rate_limited") + lost, kWrites + 1U) << health.text;
  EXPECT_GT(lost, 0U) << "nothing overflowed";
  EXPECT_GT(health.Number("userspace_rate_limited"), 0U);
  for (const char* kind : {"process_exec", "process_fork", "process_exit"}) {
    EXPECT_EQ(Lost(agent.out(), "kernel", kind), 0U);
  }
  const Counts counts = CountTrues(agent.out(), name);
  EXPECT_EQ(counts.starts, static_cast<std::uint64_t>(kTrues));
  EXPECT_EQ(counts.exits, static_cast<std::uint64_t>(kTrues));
}

// A user who opens his own file as often as he can does not hide what root does.
TEST(StreamTest, AUsersFloodHidesNothingOfRootsAndIsALossWithItsCause) {
  constexpr uid_t kFlooder = 65534;
  constexpr int kRoots = 60, kLimit = 800;
  TempFolder folder;
  chmod(folder.path().c_str(), 0755);
  const std::string theirs = folder / ".bashrc", ours = folder / "shadow";
  WriteFile(theirs, "", 0644);
  WriteFile(ours, "", 0600);
  Agent agent({.config = "[ebpf]\nbuffer_size = 131072\n"
                         "[process]\nthreads = false\nfailed_exec = false\n"
                         "[file]\nhooks = [\"openat\"]\nwatch_paths = [\"" +
                         folder.path() +
                         "\"]\nexclude_paths = []\n"
                         "[performance]\nmax_events_per_second = " +
                         std::to_string(kLimit) + "\n",
               .quiet = false});
  // 13,000 a second, for as long as root takes for its sixty.
  const Shared<std::atomic<std::uint64_t>> opened;
  const pid_t flood = fork();
  if (flood == 0) {
    if (setgid(kFlooder) != 0 || setuid(kFlooder) != 0) _exit(1);
    for (;;) {
      for (int i = 0; i < 130; ++i) {
        const int fd = open(theirs.c_str(), O_RDONLY);
        if (fd < 0) _exit(2);
        ++*opened;
        close(fd);
      }
      std::this_thread::sleep_for(milliseconds(10));
    }
  }
  std::this_thread::sleep_for(milliseconds(500));
  for (int i = 0; i < kRoots; ++i) {
    const int fd = open(ours.c_str(), O_RDWR);
    ASSERT_GE(fd, 0);
    close(fd);
    std::this_thread::sleep_for(milliseconds(50));
  }
  kill(flood, SIGSTOP);
  agent.Catch();
  const std::uint64_t count = *opened;
  kill(flood, SIGKILL);
  WaitForEnd(flood, "the flood");
  agent.Catch();
  EXPECT_EQ(agent.Stop(), 0) << agent.Errors();

  const auto of = [&](const std::string& path) {
    return agent.out()
        .All([&](const Line& l) { return l.Is("file_open") && l["resolved_path"] == path; })
        .size();
  };
  ASSERT_EQ(Lost(agent.out(), "kernel", "file_open"), 0U) << "the machine is too slow";
  EXPECT_EQ(of(ours), kRoots + 0U);
  const std::uint64_t limited = Lost(agent.out(), "rate_limit", "file_open");
  EXPECT_GT(limited, 0U);
  EXPECT_GE(of(theirs) + limited, count);
  EXPECT_LE(of(theirs) + limited, count + 1) << "it may have been stopped between open and count";
  const Line health = agent.out().All(IsHealth).back();
  EXPECT_EQ(health.Number("userspace_rate_limited"), limited);
  const Line* degraded = agent.out().First([](const Line& l) {
    return IsHealth(l) && l["reasons"].find("max_events_per_second") != std::string::npos;
  });
  ASSERT_NE(degraded, nullptr) << health.text;
  EXPECT_NE((*degraded)["status"], "ok");
  const Line* loss =
      agent.out().First([](const Line& l) { return l.Is("loss") && l["reason"] == "rate_limit"; });
  ASSERT_NE(loss, nullptr);
  EXPECT_TRUE((*loss)["causes"].starts_with("[{\"uid\":65534,")) << loss->text;
}

TEST(StreamTest, TwoLinesAtTheStartSayWhatIsDone) {
  Agent agent({.config = "[agent]\nid = \"web-9\"\nmode = \"telemetry\"\n"});
  const std::string said = agent.Errors();
  EXPECT_NE(said.find("rand-guard: agent web-9, mode telemetry: no rule is evaluated"),
            std::string::npos)
      << said;
  EXPECT_NE(said.find("output: " + (agent.folder() / "out.ndjson")), std::string::npos) << said;
  EXPECT_NE(said.find("rand-guard: observing kernel "), std::string::npos) << said;
  EXPECT_EQ(std::count(said.begin(), said.end(), '\n'), 2) << said;
  EXPECT_EQ(agent.Health()["mode"], "telemetry");
}

TEST(StreamTest, SigHupReopensTheOutput) {
  Agent agent;
  const std::string path = agent.folder() / "out.ndjson";
  const std::string moved = agent.folder() / "moved.ndjson";
  ASSERT_EQ(rename(path.c_str(), moved.c_str()), 0);
  // The analyzer may not make files in root's folder: it says so and keeps the old file.
  kill(agent.supervisor(), SIGHUP);
  for (int i = 0; i < 500 && agent.Errors().find("stays in use") == std::string::npos; ++i) {
    std::this_thread::sleep_for(milliseconds(10));
  }
  EXPECT_NE(agent.Errors().find("stays in use"), std::string::npos) << agent.Errors();
  WriteFile(path, "", 0666);
  kill(agent.supervisor(), SIGHUP);
  std::this_thread::sleep_for(milliseconds(100));
  RunProgram({"/bin/true", "after-hup"});
  Output fresh = agent.OutputAt(path);
  EXPECT_TRUE(
      fresh.WaitFor([](const Line& l) { return l["command_line"] == "/bin/true after-hup"; }));
}

// Collector and analyzer as two services, so that one can be killed.
class TwoServices {
 public:
  explicit TwoServices(const std::string& config = "") {
    WriteFile(folder_ / "config.toml",
              "[events]\nfile = false\n[file]\nenabled = false\n" + config);
    int status = -1;
    RunProgram({RandGuard(), "plan", "--config", folder_ / "config.toml", "--output",
                folder_ / "plan", "--collector-user", "59911", "--analyzer-user", "0"},
               &status);
    EXPECT_EQ(status, 0);
    StartAnalyzer();
    collector_ = Child({Collector(), "--plan", folder_ / "plan", "--object", Object(), "--socket",
                        folder_ / "socket"},
                       folder_ / "collector.err");
  }

  void StartAnalyzer() {
    ++generation_;
    analyzer_ = Child({RandGuard(), "analyze", "--config", folder_ / "config.toml", "--listen",
                       folder_ / "socket", "--state", folder_.path(), "--output", OutputPath(),
                       "--collector-user", "59911", "--analyzer-user", "0", "--allow-root"},
                      folder_ / "analyzer.err");
  }
  std::string OutputPath() const { return folder_ / ("out-" + std::to_string(generation_)); }
  Output CurrentOutput() const { return Output(OutputPath(), {&analyzer_, &collector_}); }
  Child& analyzer() { return analyzer_; }
  Child& collector() { return collector_; }
  std::string Errors() const {
    return ReadFile(folder_ / "analyzer.err") + ReadFile(folder_ / "collector.err");
  }

  // Waits until a process of ours is in the current output.
  void Catch() {
    Output out = CurrentOutput();
    for (int i = 0; i < 200 && !analyzer_.Died() && !collector_.Died(); ++i) {
      const std::string name =
          "services-" + std::to_string(getpid()) + "-" + std::to_string(++catches_);
      RunProgram({"/bin/true", name});
      if (out.WaitFor([&](const Line& l) { return l["command_line"] == "/bin/true " + name; },
                      milliseconds(300))) {
        return;
      }
    }
    FAIL() << "nothing is seen: " << analyzer_.State() << "; " << collector_.State() << ": "
           << Errors();
  }

 private:
  TempFolder folder_;
  Child analyzer_;
  Child collector_;
  int generation_ = 0;
  int catches_ = 0;
};

TEST(StreamTest, NothingIsLostWhileTheAnalyzerIsAwayOrRestartedInOrder) {
  TwoServices services;
  services.Catch();
  const std::string name = "away-" + std::to_string(getpid());
  Output first(services.OutputPath());
  ASSERT_EQ(RunTrues(500, 2, name), 500);
  services.analyzer().End(SIGTERM);
  ASSERT_EQ(RunTrues(500, 2, name), 500);  // these wait in the rings
  services.StartAnalyzer();
  ASSERT_EQ(RunTrues(500, 2, name), 500);
  services.Catch();
  first.Read();
  Output second(services.OutputPath());
  second.Read();
  const Counts a = CountTrues(first, name);
  const Counts b = CountTrues(second, name);
  EXPECT_EQ(a.starts + b.starts, 1500U) << services.Errors();
  EXPECT_GE(a.starts, 400U);
  // The new analyzer knows the parents of the processes in its records: a snapshot came first.
  for (const Line& l : second.lines()) {
    if (l.Is("process_start") && l["command_line"] == "true " + name) {
      EXPECT_EQ(l["parent_comm"].empty(), false);
      EXPECT_NE(l["parent_exe_path"], "null") << l.text;
    }
  }
  EXPECT_TRUE(second.All([](const Line& l) { return l.Is("loss"); }).empty()) << services.Errors();
}

TEST(StreamTest, AnalyzerKilledUnderLoadLosesOnlyWhatItHeldAndSaysSo) {
  TwoServices services;
  services.Catch();
  const std::string name = "killed-" + std::to_string(getpid());
  constexpr int kRounds = 4;
  constexpr int kPerRound = 1500;
  std::vector<std::string> outputs = {services.OutputPath()};
  std::thread load([&] { RunTrues(kRounds * kPerRound, 2, name); });
  for (int i = 0; i < kRounds; ++i) {
    std::this_thread::sleep_for(milliseconds(300));
    services.analyzer().End(SIGKILL);
    std::this_thread::sleep_for(milliseconds(50));
    services.StartAnalyzer();
    outputs.push_back(services.OutputPath());
  }
  load.join();
  services.Catch();
  std::set<std::string> starts;
  std::uint64_t lost = 0;
  int unclean_ends = 0;
  for (const std::string& path : outputs) {
    Output out(path);
    out.Read();
    for (const Line& l : out.lines()) {
      if (l.Is("process_start") && l["command_line"] == "true " + name) {
        EXPECT_TRUE(starts.insert(l["process_id"]).second) << "printed twice: " << l.text;
      }
      if (l.Is("loss") && l["reason"] == "unclean_end") {
        ++unclean_ends;
      } else if (l.Is("loss")) {
        EXPECT_EQ(l["reason"], "analyzer_restart") << l.text;
        lost += l.Number("count");
      }
    }
  }
  EXPECT_EQ(unclean_ends, kRounds);
  // Three records for each process. The number of missing ones is within the reported losses.
  const std::uint64_t missing = std::uint64_t{kRounds} * kPerRound - starts.size();
  EXPECT_LE(missing, lost) << services.Errors();
  // Not more than sockets and buffers hold: the rest waited.
  EXPECT_LT(missing, 1500U) << services.Errors();
  EXPECT_TRUE(services.collector().Running());
}

// The killed analyzer had been sent batches that it had not read. Losses counted in these are
// reported by the next analyzer.
TEST(StreamTest, KernelLossesAreToldOnceAcrossAnalyzersThatAreKilled) {
  TwoServices services("[ebpf]\ncritical_buffer_size = 64\nbuffer_size = 64\n");
  services.Catch();
  const std::string name = "unread-" + std::to_string(getpid());
  std::vector<std::string> outputs = {services.OutputPath()};
  for (int i = 0; i < 3; ++i) {
    kill(services.analyzer().pid(), SIGSTOP);
    ASSERT_EQ(RunTrues(2000, 2, name), 2000);
    services.analyzer().End(SIGKILL);
    services.StartAnalyzer();
    services.Catch();
    outputs.push_back(services.OutputPath());
  }
  std::this_thread::sleep_for(milliseconds(1200));  // a heartbeat
  Output last = services.CurrentOutput();
  kill(services.analyzer().pid(), SIGUSR1);
  ASSERT_TRUE(last.WaitFor(IsHealth));
  for (const char* kind : {"process_exec", "process_fork", "process_exit"}) {
    std::uint64_t reported = 0;
    for (const std::string& path : outputs) {
      Output out(path);
      out.Read();
      reported += Lost(out, "kernel", kind);
    }
    EXPECT_GT(reported, 0U) << kind;
    const std::string& counts = (*last.First(IsHealth))["kernel_lost_by_kind"];
    EXPECT_NE(counts.find("\"" + std::string(kind) + "\":" + std::to_string(reported)), counts.npos)
        << reported << " " << kind << " were reported, the kernel counts " << counts;
  }
}

}  // namespace
}  // namespace randguard::live
