// SPDX-License-Identifier: Apache-2.0
//
// The agent's events about processes, on the kernel the tests run on.
#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/sched.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "tests/live/agent.h"

namespace randguard::live {
namespace {

constexpr char kConfig[] =
    "[process]\ncollect_env = true\nenv_names = [\"RG_TEST_KEPT\", \"LD_PRELOAD\"]\n"
    "[[rules]]\nid = \"SHELL\"\nname = \"shell of a web server\"\ntype = \"process\"\n"
    "severity = \"high\"\nprocess_names = [\"dash\"]\nparent_names = [\"rg-nginx\"]\n";

// One agent for all tests of this file: loading takes longer than any of them.
class ProcessTest : public testing::Test {
 protected:
  static void SetUpTestSuite() { agent_ = new Agent({.config = kConfig}); }
  static void TearDownTestSuite() {
    EXPECT_EQ(agent_->Stop(), 0) << agent_->Errors();
    delete agent_;
  }
  static Agent& agent() { return *agent_; }

 private:
  static inline Agent* agent_ = nullptr;
};

std::string ProcStartTicks(pid_t pid) {
  const std::string stat = ReadFile("/proc/" + std::to_string(pid) + "/stat");
  std::size_t at = stat.rfind(") ") + 2;
  for (int field = 3; field < 22; ++field) at = stat.find(' ', at) + 1;
  return stat.substr(at, stat.find(' ', at) - at);
}

TEST_F(ProcessTest, TrueStartsAndExits) {
  int status = 0;
  const pid_t pid = RunProgram({"/bin/true", "one", "two words", ""}, &status);
  const Life life = LifeOf(agent(), pid);
  EXPECT_EQ(life.start["exe_path"], "/usr/bin/true");
  EXPECT_EQ(life.start["filename"], "/bin/true");
  EXPECT_EQ(life.start["args"], R"(["/bin/true","one","two words",""])");
  EXPECT_EQ(life.start["argc"], "4");
  EXPECT_EQ(life.start["args_truncated"], "false");
  EXPECT_EQ(life.start["command_line"], "/bin/true one two words ");
  EXPECT_EQ(life.start["cwd"], std::filesystem::current_path());
  EXPECT_EQ(life.start["comm"], "true");
  EXPECT_EQ(life.start["ppid"], std::to_string(getpid()));
  EXPECT_EQ(life.start["parent_exe_path"], std::filesystem::read_symlink("/proc/self/exe"));
  EXPECT_EQ(life.start["user"], "root");
  EXPECT_EQ(life.start["uid"], "0");
  EXPECT_EQ(life.start["session_id"], std::to_string(getsid(0)));
  EXPECT_EQ(life.start["pgid"], std::to_string(getpgrp()));
  EXPECT_EQ(life.start["source"], "execve");
  EXPECT_EQ(life.start["fileless"], "false");
  EXPECT_EQ(life.start["chroot"], "false");
  EXPECT_EQ(life.start["interpreter"], "null");
  struct stat st {};
  ASSERT_EQ(stat("/usr/bin/true", &st), 0);
  EXPECT_EQ(life.start["exe_inode"], std::to_string(st.st_ino));
  EXPECT_EQ(life.start["exe_dev"],
            std::to_string(major(st.st_dev)) + ":" + std::to_string(minor(st.st_dev)));
  EXPECT_EQ(life.start["exe_mode"], "100755");
  struct stat ns {};
  ASSERT_EQ(stat("/proc/self/ns/mnt", &ns), 0);
  EXPECT_NE(life.start["namespaces"].find("\"mnt\":" + std::to_string(ns.st_ino)),
            std::string::npos);
  EXPECT_EQ(life.exit["exit_code"], "0");
  EXPECT_EQ(life.exit["signal"], "null");
  EXPECT_EQ(life.exit["exe_path"], "/usr/bin/true");
  EXPECT_GT(life.exit.Number("duration_ns"), 0U);
  // The parent's identity is the one that its own children carry; its start time is the kernel's.
  const std::string parent = life.start["parent_process_id"];
  EXPECT_NE(parent.find("-" + std::to_string(getpid()) + "-"), std::string::npos);
  const std::uint64_t start_ns = std::stoull(parent.substr(parent.rfind('-') + 1), nullptr, 16);
  const std::uint64_t ticks = std::stoull(ProcStartTicks(getpid()));
  EXPECT_EQ(start_ns / (1'000'000'000 / sysconf(_SC_CLK_TCK)), ticks);
}

TEST_F(ProcessTest, ForkCarriesTheChildsIdentity) {
  const pid_t pid = RunProgram({"/bin/true"});
  const Life life = LifeOf(agent(), pid);
  const Line* fork = agent().out().First([&](const Line& l) {
    return l.Is("process_relationship") && l["child_process_id"] == life.start["process_id"];
  });
  ASSERT_NE(fork, nullptr);
  EXPECT_EQ((*fork)["parent_pid"], std::to_string(getpid()));
  EXPECT_EQ((*fork)["child_pid"], std::to_string(pid));
  EXPECT_EQ((*fork)["thread"], "false");
  EXPECT_EQ((*fork)["process_id"], life.start["parent_process_id"]);
  EXPECT_EQ(life.start["creator_process_id"], life.start["parent_process_id"]);
  EXPECT_EQ(life.start["creator_pid"], std::to_string(getpid()));
  EXPECT_EQ(life.start["creator_comm"], (*fork)["comm"]);
  EXPECT_EQ(life.start["creator_exe_path"], life.start["parent_exe_path"]);
  EXPECT_EQ(life.start["adopted"], "false");
}

// The shell is the grandchild of a server. Its parent has ended before it starts.
TEST_F(ProcessTest, ShellThatIsAdoptedStaysItsCreators) {
  TempFolder folder;
  const std::string server = folder / "rg-nginx";
  std::filesystem::copy_file("/bin/dash", server);
  const std::string pid_file = folder / "pid";
  const pid_t adopter = RunInChild([&] {
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    const pid_t pid = fork();
    if (pid == 0) {
      // In subshells, too, $$ is the first shell.
      const std::string script =
          "( ( while kill -0 $$ 2> /dev/null; do sleep 0.02; done; exec /bin/dash -c \"echo \\$\\$ "
          "> " +
          pid_file + "\" ) & ) &";
      execl(server.c_str(), "nginx: worker", "-c", script.c_str(), nullptr);
      _exit(127);
    }
    waitpid(pid, nullptr, 0);
    while (waitpid(-1, nullptr, 0) > 0) {
    }
    return 0;
  });
  const std::string text = ReadFile(pid_file);
  ASSERT_FALSE(text.empty());
  const pid_t shell = std::stoi(text);
  const Life life = LifeOf(agent(), shell);
  EXPECT_EQ(life.start["exe_path"], std::filesystem::canonical("/bin/dash"));
  EXPECT_EQ(life.start["ppid"], std::to_string(adopter));
  EXPECT_NE(life.start["parent_exe_path"], server);
  EXPECT_EQ(life.start["creator_exe_path"], server);
  EXPECT_NE(life.start["creator_pid"], std::to_string(adopter));
  EXPECT_EQ(life.start["adopted"], "true");
  EXPECT_TRUE(life.start["ancestors"].starts_with("[\"" + server + "\"")) << life.start.text;
  ASSERT_TRUE(agent().out().WaitForAlert(TypeAndPid("alert", shell)));
  const auto& alerts = agent().out().alerts();
  const auto alert = std::find_if(alerts.begin(), alerts.end(), TypeAndPid("alert", shell));
  EXPECT_EQ((*alert)["rule_id"], "SHELL");
  EXPECT_EQ((*alert)["parent_name"], "rg-nginx");
}

TEST_F(ProcessTest, CloneParentGivesTheChildAwayAndKeepsItsCreator) {
  const Shared<pid_t> child;
  const pid_t creator = RunInChild([&] {
    clone_args args{};
    args.flags = CLONE_PARENT;
    const auto pid = static_cast<pid_t>(syscall(SYS_clone3, &args, sizeof(args)));
    if (pid == 0) {
      execl("/bin/true", "given-away", nullptr);
      _exit(127);
    }
    *child = pid;
    return 0;
  });
  ASSERT_GT(*child, 0);
  WaitForEnd(*child, "the child that was given away");
  const Life life = LifeOf(agent(), *child);
  EXPECT_EQ(life.start["ppid"], std::to_string(getpid()));
  EXPECT_EQ(life.start["creator_pid"], std::to_string(creator));
  EXPECT_EQ(life.start["adopted"], "true");
}

TEST_F(ProcessTest, ExitCodeAndSignal) {
  const Life code = LifeOf(agent(), RunProgram({"/bin/sh", "-c", "exit 37"}));
  EXPECT_EQ(code.exit["exit_code"], "37");
  EXPECT_EQ(code.exit["signal"], "null");
  const Life killed = LifeOf(agent(), RunProgram({"/bin/sh", "-c", "kill -9 $$"}));
  EXPECT_EQ(killed.exit["exit_code"], "null");
  EXPECT_EQ(killed.exit["signal"], "9");
}

TEST_F(ProcessTest, SixHundredArgumentsWithBytesThatAreNotUtf8) {
  std::vector<std::string> command = {"/bin/true"};
  std::string json = "[\"/bin/true\"";
  for (int i = 0; i < 600; ++i) {
    const bool raw = i % 100 == 7;
    command.push_back("a" + std::to_string(i) + (raw ? "\xff\xc0" : ""));
    json += ",\"a" + std::to_string(i) + (raw ? "\xef\xbf\xbd\xef\xbf\xbd\"" : "\"");
  }
  const Life life = LifeOf(agent(), RunProgram(command));
  EXPECT_EQ(life.start["args"], json + "]");
  EXPECT_EQ(life.start["argc"], "601");
  EXPECT_EQ(life.start["args_truncated"], "false");
  // Text shown as U+FFFD loses nothing: a107, in hex, has its two bytes.
  EXPECT_NE(life.start["raw_bytes"].find("\"/args/108\":\"61313037ffc0\""), std::string::npos)
      << life.start["raw_bytes"];
}

TEST_F(ProcessTest, ArgumentsBeyondTheLimitAreCutAndSaidSo) {
  const std::string big(5000, 'x');
  const Life life = LifeOf(agent(), RunProgram({"/bin/true", big, big, "end"}));
  EXPECT_EQ(life.start["args_truncated"], "true");
  EXPECT_EQ(life.start["argc"], "4");
  // 8,192 bytes are kept, with the NUL after each argument.
  EXPECT_EQ(life.start["args"],
            "[\"/bin/true\",\"" + big + "\",\"" + std::string(8192 - 10 - 5001, 'x') + "\"]");
  EXPECT_EQ(life.start["command_line"], "null") << "so long a text does not stand twice";
  EXPECT_NE(life.start["same_as"].find("\"/command_line\":\"/args\""), std::string::npos)
      << life.start["same_as"];
}

TEST_F(ProcessTest, OnlyTheListedVariablesAreKept) {
  const pid_t pid = RunInChild([] {
    const std::string huge = "RG_TEST_HUGE=" + std::string(20000, 'h');
    const char* argv[] = {"/bin/true", nullptr};
    const char* envp[] = {"RG_TEST_SECRET=no", "RG_TEST_KEPT=yes", huge.c_str(),
                          "RG_TEST_KEP=no",    "LD_PRELOAD=",      nullptr};
    execve(argv[0], const_cast<char**>(argv), const_cast<char**>(envp));
    return 127;
  });
  const Life life = LifeOf(agent(), pid);
  EXPECT_EQ(life.start["env"], R"(["RG_TEST_KEPT=yes","LD_PRELOAD="])");
  EXPECT_EQ(life.start["env_truncated"], "false");
}

TEST_F(ProcessTest, DeletedBinary) {
  TempFolder folder;
  const std::string copy = folder / "gone";
  std::filesystem::copy_file("/bin/true", copy);
  const pid_t pid = RunInChild([&] {
    const int fd = open(copy.c_str(), O_RDONLY | O_CLOEXEC);
    unlink(copy.c_str());
    const char* argv[] = {"gone", nullptr};
    fexecve(fd, const_cast<char**>(argv), environ);
    return 127;
  });
  const Life life = LifeOf(agent(), pid);
  EXPECT_EQ(life.start["exe_path"], copy);
  EXPECT_EQ(life.start["exe_path_status"], "deleted");
  EXPECT_EQ(life.start["unlinked"], "true");
  EXPECT_EQ(life.start["fileless"], "true");
  EXPECT_EQ(life.start["memfd"], "false");
  EXPECT_EQ(life.start["source"], "execveat");
}

// A listener on loopback and a socket connected to it.
struct Connection {
  Connection() {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    const auto generic = reinterpret_cast<sockaddr*>(&address);
    if (bind(listener, generic, size) != 0 || listen(listener, 1) != 0 ||
        getsockname(listener, generic, &size) != 0 || connect(client, generic, size) != 0) {
      ADD_FAILURE() << std::strerror(errno);
    }
    port = ntohs(address.sin_port);
  }
  ~Connection() {
    close(client);
    close(listener);
  }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  std::uint16_t port = 0;
};

TEST_F(ProcessTest, StandardStreamsAreSockets) {
  const Connection connection;
  int pipe_ends[2];
  ASSERT_EQ(pipe2(pipe_ends, O_CLOEXEC), 0);
  const pid_t pid = RunInChild([&] {
    dup2(connection.client, 0);
    dup2(pipe_ends[1], 1);
    close(2);
    const char* argv[] = {"true", nullptr};
    execv("/bin/true", const_cast<char**>(argv));
    return 127;
  });
  struct stat socket {
  }, pipe{};
  ASSERT_EQ(fstat(connection.client, &socket), 0);
  ASSERT_EQ(fstat(pipe_ends[1], &pipe), 0);
  close(pipe_ends[0]);
  close(pipe_ends[1]);
  const Life life = LifeOf(agent(), pid);
  EXPECT_EQ(life.start["stdin_type"], "socket");
  EXPECT_EQ(life.start["stdin_inode"], std::to_string(socket.st_ino));
  EXPECT_EQ(life.start["stdout_type"], "pipe");
  EXPECT_EQ(life.start["stdout_inode"], std::to_string(pipe.st_ino));
  EXPECT_EQ(life.start["stderr_type"], "null");
  EXPECT_EQ(life.start["stderr_inode"], "null");
  EXPECT_EQ(life.start["stdio_remote_addr"], "127.0.0.1");
  EXPECT_EQ(life.start["stdio_remote_port"], std::to_string(connection.port));
}

TEST_F(ProcessTest, StandardStreamsAreDevices) {
  const pid_t pid = RunInChild([] {
    const int terminal = posix_openpt(O_RDWR | O_NOCTTY);
    dup2(terminal, 0);
    dup2(open("/dev/null", O_WRONLY), 1);
    dup2(open("/dev/zero", O_WRONLY), 2);
    const char* argv[] = {"true", nullptr};
    execv("/bin/true", const_cast<char**>(argv));
    return 127;
  });
  const Life life = LifeOf(agent(), pid);
  EXPECT_EQ(life.start["stdin_type"], "terminal");
  EXPECT_EQ(life.start["stdout_type"], "null_device");
  EXPECT_EQ(life.start["stderr_type"], "device");
  EXPECT_EQ(life.start["stdio_remote_addr"], "null");
}

TEST_F(ProcessTest, Memfd) {
  const pid_t pid = RunInChild([] {
    const int fd = memfd_create("rg-label", MFD_CLOEXEC);
    const std::string program = ReadFile("/bin/true");
    if (write(fd, program.data(), program.size()) < 0) return 126;
    const char* argv[] = {"hidden", nullptr};
    fexecve(fd, const_cast<char**>(argv), environ);
    return 127;
  });
  const Life life = LifeOf(agent(), pid);
  EXPECT_EQ(life.start["exe_path"], "memfd:rg-label");
  EXPECT_EQ(life.start["memfd"], "true");
  EXPECT_EQ(life.start["fileless"], "true");
  EXPECT_EQ(life.start["args"], R"(["hidden"])");
}

TEST_F(ProcessTest, ExecveatOfAnAbsolutePathIsToldApart) {
  const pid_t pid = RunInChild([] {
    const char* argv[] = {"/bin/true", nullptr};
    syscall(SYS_execveat, AT_FDCWD, argv[0], argv, environ, 0);
    return 127;
  });
  EXPECT_EQ(LifeOf(agent(), pid).start["source"], "execveat");
}

TEST_F(ProcessTest, ScriptWithInterpreter) {
  TempFolder folder;
  const std::string script = folder / "script";
  WriteFile(script, "#!/bin/sh -e\nexit 5\n", 0755);
  const Life life = LifeOf(agent(), RunProgram({script, "x"}));
  EXPECT_EQ(life.start["filename"], script);
  EXPECT_EQ(life.start["interpreter"], "/bin/sh");
  EXPECT_EQ(life.start["exe_path"], std::filesystem::canonical("/bin/sh"));
  EXPECT_EQ(life.start["args"], "[\"/bin/sh\",\"-e\",\"" + script + "\",\"x\"]");
  EXPECT_EQ(life.start["comm"], "script");
  EXPECT_EQ(life.exit["exit_code"], "5");
}

std::string DevOf(const struct stat& st) {
  return std::to_string(major(st.st_dev)) + ":" + std::to_string(minor(st.st_dev));
}

TEST_F(ProcessTest, ScriptItselfIsKnown) {
  TempFolder folder;
  const std::string script = folder / "script";
  WriteFile(script, "#!/bin/sh\nexit 5\n", 0754);
  std::filesystem::create_symlink("script", folder / "link");
  struct stat st {};
  ASSERT_EQ(stat(script.c_str(), &st), 0);
  const Life life = LifeOf(agent(), RunProgram({folder / "link"}));
  EXPECT_EQ(life.start["filename"], folder / "link");
  EXPECT_EQ(life.start["script_path"], script);
  EXPECT_EQ(life.start["script_path_status"], "null");
  EXPECT_EQ(life.start["script_inode"], std::to_string(st.st_ino));
  EXPECT_EQ(life.start["script_dev"], DevOf(st));
  EXPECT_EQ(life.start["script_mode"], "100754");
  EXPECT_EQ(life.start["script_memfd"], "false");
  EXPECT_EQ(life.start["script_unlinked"], "false");
  EXPECT_EQ(life.start["scripts"], "[{\"path\":\"" + script + "\",\"path_status\":null,\"inode\":" +
                                       std::to_string(st.st_ino) + ",\"dev\":\"" + DevOf(st) +
                                       "\",\"mode\":\"100754\",\"uid\":0,\"gid\":0,\"memfd\":false,"
                                       "\"unlinked\":false}]");
  const Life program = LifeOf(agent(), RunProgram({"/bin/true"}));
  EXPECT_EQ(program.start["scripts"], "[]");
  EXPECT_EQ(program.start["script_path"], "null");
}

// The kernel follows five.
TEST_F(ProcessTest, EachScriptOfAChain) {
  TempFolder folder;
  std::string interpreter = "/bin/sh";
  for (int i = 1; i <= 5; ++i) {
    const std::string script = folder / ("script" + std::to_string(i));
    WriteFile(script, "#!" + interpreter + "\n", 0755);
    interpreter = script;
  }
  const Life life = LifeOf(agent(), RunProgram({interpreter}));
  EXPECT_EQ(life.start["exe_path"], std::filesystem::canonical("/bin/sh"));
  EXPECT_EQ(life.start["script_path"], folder / "script5");
  const std::string scripts = life.start["scripts"];
  std::size_t at = 0;
  for (int i = 5; i >= 1; --i) {
    at = scripts.find("{\"path\":\"" + (folder / ("script" + std::to_string(i))) + "\"", at);
    ASSERT_NE(at, std::string::npos) << i << " in " << scripts;
  }
  EXPECT_EQ(scripts.find("{\"path\"", at + 1), std::string::npos) << scripts;
}

TEST_F(ProcessTest, PathOfAScriptDeepInFolders) {
  TempFolder folder;
  std::string deep = folder.path();
  for (int i = 0; i < 3; ++i) {
    deep += "/" + std::string(200, static_cast<char>('a' + i));
    ASSERT_EQ(mkdir(deep.c_str(), 0755), 0);
  }
  WriteFile(deep + "/inner", "#!/bin/sh\n", 0755);
  WriteFile(folder / "outer", "#!" + (folder / "in") + "\n", 0755);
  std::filesystem::create_symlink(deep + "/inner", folder / "in");
  const Life inner = LifeOf(agent(), RunProgram({deep + "/inner"}));
  EXPECT_EQ(inner.start["script_path"], deep + "/inner");
  // Those behind the first have less room, and lose the head of their path.
  const Life outer = LifeOf(agent(), RunProgram({folder / "outer"}));
  EXPECT_EQ(outer.start["script_path"], folder / "outer");
  const std::string kept = (deep + "/inner").substr(deep.size() + 6 - 256);
  EXPECT_NE(outer.start["scripts"].find("{\"path\":\"" + kept + "\",\"path_status\":\"truncated\""),
            std::string::npos)
      << outer.start["scripts"];
}

// The script has no name that leads to it: it is run by its descriptor, in each way there is.
TEST_F(ProcessTest, ScriptRunByItsDescriptor) {
  TempFolder folder;
  const auto memfd = [] { return memfd_create("rg-script", 0); };
  const auto unlinked = [&] {
    const std::string path = folder / "gone";
    const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC, 0755);
    unlink(path.c_str());
    return fd;
  };
  const auto by_descriptor = [](int fd) {
    const char* argv[] = {"x", nullptr};
    syscall(SYS_execveat, fd, "", argv, environ, AT_EMPTY_PATH);
  };
  const auto by_name = [](const std::string& folder_of_descriptors) {
    return [=](int fd) {
      const std::string path = folder_of_descriptors + std::to_string(fd);
      const char* argv[] = {"x", nullptr};
      execv(path.c_str(), const_cast<char**>(argv));
    };
  };
  const std::function<void(int)> ways[] = {by_descriptor, by_name("/dev/fd/"),
                                           by_name("/proc/self/fd/")};
  for (const auto& run : ways) {
    for (const bool in_memory : {true, false}) {
      const Shared<ino_t> inode;
      int status = 0;
      const pid_t pid = RunInChild(
          [&] {
            const int writer = in_memory ? memfd() : unlinked();
            const std::string text = "#!/bin/sh\nexit 5\n";
            struct stat st {};
            if (write(writer, text.data(), text.size()) < 0 || fstat(writer, &st) != 0) return 1;
            *inode = st.st_ino;
            // A file that is open for writing cannot be executed.
            const int fd = open(("/proc/self/fd/" + std::to_string(writer)).c_str(), O_RDONLY);
            close(writer);
            run(fd);
            return 127;
          },
          &status);
      EXPECT_EQ(WEXITSTATUS(status), 5);
      const Life life = LifeOf(agent(), pid);
      EXPECT_EQ(life.start["exe_path"], std::filesystem::canonical("/bin/sh"));
      EXPECT_EQ(life.start["fileless"], "false");
      EXPECT_EQ(life.start["script_path"], in_memory ? "memfd:rg-script" : folder / "gone");
      EXPECT_EQ(life.start["script_path_status"], in_memory ? "detached" : "deleted");
      EXPECT_EQ(life.start["script_inode"], std::to_string(*inode));
      EXPECT_EQ(life.start["script_memfd"], in_memory ? "true" : "false");
      EXPECT_EQ(life.start["script_unlinked"], "true");
    }
  }
}

// Other files are closed on the way, and the interpreter's own dynamic linker is opened.
TEST_F(ProcessTest, OnlyScriptsAreScripts) {
  TempFolder folder;
  const std::string script = folder / "script";
  WriteFile(script, "#!/bin/sh\n", 0755);
  std::filesystem::copy_file("/bin/true", folder / "program");
  const pid_t pid = RunInChild([&] {
    const char* argv[] = {"x", nullptr};
    for (int i = 0; i < 100; ++i) {
      if (open((folder / "program").c_str(), O_RDONLY | O_CLOEXEC) < 0) return 1;
    }
    execv((folder / "program/none").c_str(), const_cast<char**>(argv));  // fails
    execv(script.c_str(), const_cast<char**>(argv));
    return 127;
  });
  const Life life = LifeOf(agent(), pid);
  const std::string scripts = life.start["scripts"];
  EXPECT_EQ(life.start["script_path"], script);
  EXPECT_EQ(scripts.find("{\"path\""), scripts.rfind("{\"path\"")) << scripts;
}

TEST_F(ProcessTest, FailedExecTellsTheError) {
  TempFolder folder;
  WriteFile(folder / "plain", "text", 0644);
  const pid_t pid = RunInChild([&] {
    if (chdir(folder.path().c_str()) != 0) return 1;
    const char* argv[] = {"plain", "--flag", nullptr};
    execv("./plain", const_cast<char**>(argv));
    const int fd = open(folder.path().c_str(), O_PATH | O_DIRECTORY);
    syscall(SYS_execveat, fd, "not-there", argv, environ, 0);
    return 3;
  });
  ASSERT_TRUE(agent().out().WaitFor(TypeAndPid("process_exit", pid)));
  const auto failed = agent().out().All(TypeAndPid("process_exec_failed", pid));
  ASSERT_EQ(failed.size(), 2U);
  EXPECT_EQ(failed[0]["filename"], "./plain");
  EXPECT_EQ(failed[0]["base"], folder.path());
  EXPECT_EQ(failed[0]["result"], std::to_string(-EACCES));
  EXPECT_EQ(failed[0]["error"], "EACCES");
  EXPECT_EQ(failed[0]["source"], "execve");
  EXPECT_EQ(failed[0]["args"], R"(["plain","--flag"])");
  EXPECT_EQ(failed[0]["dirfd"], "null");
  EXPECT_EQ(failed[1]["filename"], "not-there");
  EXPECT_EQ(failed[1]["base"], folder.path());
  EXPECT_EQ(failed[1]["error"], "ENOENT");
  EXPECT_EQ(failed[1]["source"], "execveat");
}

TEST_F(ProcessTest, UserAndCapabilitiesAfterDroppingThem) {
  const pid_t pid = RunInChild([] {
    if (setgid(65534) != 0 || setuid(65534) != 0) return 1;
    execl("/bin/true", "true", nullptr);
    return 127;
  });
  const Life life = LifeOf(agent(), pid);
  EXPECT_EQ(life.start["uid"], "65534");
  EXPECT_EQ(life.start["euid"], "65534");
  EXPECT_EQ(life.start["gid"], "65534");
  EXPECT_EQ(life.start["user"], "nobody");
  EXPECT_NE(life.start["capabilities"].find("\"effective\":\"0000000000000000\""),
            std::string::npos);
}

TEST_F(ProcessTest, Chroot) {
  TempFolder folder;
  // The dynamic linker and the libraries of /bin/true, by a bind mount that only this child sees.
  const pid_t pid = RunInChild([&] {
    if (unshare(CLONE_NEWNS) != 0 || mount("", "/", "", MS_REC | MS_PRIVATE, nullptr) != 0 ||
        mount("/", folder.path().c_str(), "", MS_BIND, nullptr) != 0 ||
        chroot(folder.path().c_str()) != 0 || chdir("/usr") != 0) {
      return 1;
    }
    execl("/bin/true", "true", nullptr);
    return 127;
  });
  const Life life = LifeOf(agent(), pid);
  EXPECT_EQ(life.start["chroot"], "true");
  EXPECT_EQ(life.start["exe_path"], folder.path() + "/usr/bin/true");
  EXPECT_EQ(life.start["cwd"], folder.path() + "/usr");
  EXPECT_EQ(life.start["filename"], "/bin/true");
}

TEST_F(ProcessTest, OtherMountNamespace) {
  TempFolder folder;
  const pid_t pid = RunInChild([&] {
    if (unshare(CLONE_NEWNS) != 0 || mount("", "/", "", MS_REC | MS_PRIVATE, nullptr) != 0 ||
        mount("none", folder.path().c_str(), "tmpfs", 0, nullptr) != 0) {
      return 1;
    }
    const std::string copy = folder / "inside";
    std::filesystem::copy_file("/bin/true", copy);
    execl(copy.c_str(), "inside", nullptr);
    return 127;
  });
  const Life life = LifeOf(agent(), pid);
  EXPECT_EQ(life.start["exe_path"], folder / "inside");
  EXPECT_EQ(life.start["chroot"], "false");
  struct stat ns {};
  ASSERT_EQ(stat("/proc/self/ns/mnt", &ns), 0);
  EXPECT_EQ(life.start["namespaces"].find("\"mnt\":" + std::to_string(ns.st_ino)),
            std::string::npos);
}

TEST_F(ProcessTest, ExecFromAThreadThatIsNotTheFirst) {
  const pid_t pid = RunInChild([] {
    pthread_t thread{};
    pthread_create(
        &thread, nullptr,
        [](void*) -> void* {
          execl("/bin/true", "from-thread", nullptr);
          return nullptr;
        },
        nullptr);
    pthread_join(thread, nullptr);
    return 127;
  });
  const Life life = LifeOf(agent(), pid);
  EXPECT_EQ(life.start["args"], R"(["from-thread"])");
  EXPECT_EQ(life.start["tid"], std::to_string(pid));
  EXPECT_EQ(life.exit["exit_code"], "0");
  // The exec ended the first thread; that is no end of the process.
  const auto threads = agent().out().All([&](const Line& l) {
    return TypeAndPid("process_exit", pid)(l) && l["group_dead"] == "false";
  });
  EXPECT_EQ(threads.size(), 1U);
}

TEST_F(ProcessTest, ThreadsStartAndEnd) {
  const pid_t pid = RunInChild([] {
    for (int i = 0; i < 3; ++i) {
      pthread_t thread{};
      pthread_create(
          &thread, nullptr, [](void*) -> void* { return nullptr; }, nullptr);
      pthread_join(thread, nullptr);
    }
    // A thread that was joined may still be on its way out, and the process could overtake it.
    while (std::distance(std::filesystem::directory_iterator("/proc/self/task"), {}) > 1) {
      usleep(1000);
    }
    return 9;
  });
  ASSERT_TRUE(agent().out().WaitFor([&](const Line& l) {
    return TypeAndPid("process_exit", pid)(l) && l["group_dead"] == "true";
  }));
  const auto starts = agent().out().All([&](const Line& l) {
    return TypeAndPid("process_relationship", pid)(l) && l["thread"] == "true";
  });
  const auto ends = agent().out().All(TypeAndPid("process_exit", pid));
  EXPECT_EQ(starts.size(), 3U);
  ASSERT_EQ(ends.size(), 4U);
  // The process ends after its threads, also in the output, although threads come by another lane.
  EXPECT_EQ(ends.back()["group_dead"], "true");
  EXPECT_EQ(ends.back()["exit_code"], "9");
}

TEST_F(ProcessTest, AReusedPidIsAnotherProcess) {
  // Chooses a pid that was just free, twice: clone3's set_tid does on purpose what the kernel does
  // by chance.
  const pid_t pid = RunInChild([] { return 0; });
  std::set<std::string> ids;
  for (int i = 0; i < 3; ++i) {
    pid_t wanted = pid;
    clone_args args{};
    args.exit_signal = SIGCHLD;
    args.set_tid = reinterpret_cast<std::uint64_t>(&wanted);
    args.set_tid_size = 1;
    const long got = syscall(SYS_clone3, &args, sizeof(args));
    if (got == 0) {
      execl("/bin/true", "reused", nullptr);
      _exit(127);
    }
    ASSERT_EQ(got, pid);
    int status = 0;
    waitpid(pid, &status, 0);
  }
  agent().Catch();
  const auto starts = agent().out().All(TypeAndPid("process_start", pid));
  const auto exits = agent().out().All(TypeAndPid("process_exit", pid));
  ASSERT_EQ(starts.size(), 3U);
  ASSERT_EQ(exits.size(), 4U);  // and that of the first, which only forked
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_TRUE(ids.insert(starts[i]["process_id"]).second);
    EXPECT_EQ(exits[i + 1]["process_id"], starts[i]["process_id"]);
  }
}

TEST_F(ProcessTest, SmallPidNamespaceReusesItsPids) {
  // pid_max belongs to the pid namespace since 6.14; before, it belonged to the whole host.
  utsname uts{};
  int major_version = 0, minor_version = 0;
  ASSERT_EQ(uname(&uts), 0);
  ASSERT_EQ(std::sscanf(uts.release, "%d.%d", &major_version, &minor_version), 2);
  if (major_version < 6 || (major_version == 6 && minor_version < 14)) {
    GTEST_SKIP() << "pid_max is not of the pid namespace on " << uts.release;
  }
  static constexpr int kChildren = 400;
  static constexpr int kPidMax = 310;  // 300 are reserved, so after the first round ten are left
  const pid_t pid = RunInChild([] {
    if (unshare(CLONE_NEWPID | CLONE_NEWNS) != 0) return 1;
    const pid_t init = fork();
    if (init == 0) {
      if (mount("", "/", "", MS_REC | MS_PRIVATE, nullptr) != 0 ||
          mount("proc", "/proc", "proc", 0, nullptr) != 0 ||
          !(std::ofstream("/proc/sys/kernel/pid_max") << kPidMax << std::flush)) {
        _exit(2);
      }
      for (int i = 0; i < kChildren; ++i) {
        const pid_t child = fork();
        if (child == 0) _exit(i % 7);
        if (child < 0) _exit(3);
        waitpid(child, nullptr, 0);
      }
      _exit(0);
    }
    int status = 0;
    waitpid(init, &status, 0);
    return WEXITSTATUS(status);
  });
  agent().Catch();
  const Line* exit = agent().out().First(TypeAndPid("process_exit", pid));
  ASSERT_NE(exit, nullptr);
  ASSERT_EQ((*exit)["exit_code"], "0");
  // The first process of the namespace, then its children.
  const Line* init = agent().out().First([&](const Line& l) {
    return TypeAndPid("process_relationship", pid)(l) && l["child_ns_pid"] == "1";
  });
  ASSERT_NE(init, nullptr);
  std::set<std::string> ids;
  std::set<std::string> ns_pids;
  for (const Line& l : agent().out().lines()) {
    if (!l.Is("process_relationship") || l["process_id"] != (*init)["child_process_id"]) continue;
    EXPECT_TRUE(ids.insert(l["child_process_id"]).second);
    ns_pids.insert(l["child_ns_pid"]);
  }
  EXPECT_EQ(ids.size(), static_cast<std::size_t>(kChildren));
  EXPECT_LT(ns_pids.size(), static_cast<std::size_t>(kPidMax));
  std::size_t ends = 0;
  for (const Line& l : agent().out().lines()) {
    if (l.Is("process_exit") && ids.contains(l["process_id"])) ++ends;
  }
  EXPECT_EQ(ends, static_cast<std::size_t>(kChildren));
}

// How many records of a kind may be missing, if the hook of that name makes them: the kernel did
// not run its program, or the program had to give the record up.
std::uint64_t MayBeMissing(const Line& health, const std::string& hook) {
  return MemberOf(health["kernel_skipped_by_hook"], hook) +
         MemberOf(health["kernel_lost_by_kind"], hook);
}

// A tracepoint's programs can be preempted, and may be skipped then.
bool KernelSkipsPrograms() {
  utsname uts{};
  uname(&uts);
  return std::atoi(uts.release) >= 7;
}

constexpr int kBomb = 5000;

// A process that makes that many others and is gone with them. Never more than 64 at a time, in
// bursts, so that short lives overlap.
pid_t ForkBomb() {
  return RunInChild([] {
    for (int i = 0; i < kBomb;) {
      for (int burst = 0; burst < 64 && i < kBomb; ++burst, ++i) {
        const pid_t child = fork();
        if (child == 0) _exit(i % 251);
        if (child < 0) return 1;
      }
      while (waitpid(-1, nullptr, 0) > 0) {
      }
    }
    return 0;
  });
}

TEST_F(ProcessTest, ForkBombOfFiveThousand) {
  const Line before = agent().FreshHealth();
  const pid_t bomb = ForkBomb();
  const Line after = agent().FreshHealth();
  const auto may_be_missing = [&](const std::string& hook) {
    return MayBeMissing(after, hook) - MayBeMissing(before, hook);
  };
  std::set<std::string> born;
  std::set<std::string> dead;
  for (const Line& l : agent().out().lines()) {
    if (l.Is("process_relationship") && l["pid"] == std::to_string(bomb)) {
      EXPECT_TRUE(born.insert(l["child_process_id"]).second);
    }
    if (l.Is("process_exit") && born.contains(l["process_id"])) {
      EXPECT_TRUE(dead.insert(l["process_id"]).second) << "ended twice: " << l.text;
    }
  }
  // Each birth and each death is here or counted. Those of other processes are counted, too, so
  // there may be more in the counters than is missing here.
  EXPECT_LE(born.size(), static_cast<std::size_t>(kBomb));
  EXPECT_GE(born.size() + may_be_missing("process_fork"), static_cast<std::size_t>(kBomb));
  EXPECT_GE(dead.size() + may_be_missing("process_exit"), born.size());
  if (!KernelSkipsPrograms()) {
    EXPECT_EQ(may_be_missing("process_fork") + may_be_missing("process_exit"), 0U) << after.text;
  }
}

// A new snapshot puts right what the kernel has skipped of births and deaths.
TEST(RepairTest, SnapshotMendsTheProcessTable) {
  if (!KernelSkipsPrograms()) {
    GTEST_SKIP() << "this kernel does not preempt a tracepoint's programs, so it skips none";
  }
  Agent agent;
  Line health;
  for (int i = 0; i < 10; ++i) {
    ForkBomb();
    health = agent.FreshHealth();
    if (MemberOf(health["kernel_skipped_by_hook"], "process_exit") > 0) break;
  }
  const std::string skipped = health["kernel_skipped_by_hook"];
  if (MemberOf(skipped, "process_exit") == 0) {
    GTEST_SKIP() << "the kernel skipped nothing, although it could have: " << skipped;
  }
  EXPECT_GT(health.Number("losses_reported"), 0U);
  EXPECT_NE(agent.out().First([](const Line& l) {
    return l.Is("health") && l["status"] == "degraded" &&
           l["reasons"].find("the kernel did not run programs ") != std::string::npos;
  }),
            nullptr);
  const auto is_repaired = [&] {
    health = agent.Health();
    return health.Number("process_table_repairs") > 0;
  };
  for (int i = 0; i < Patience() * 20 && !is_repaired(); ++i) sleep(1);
  EXPECT_GT(health.Number("process_table_repairs"), 0U) << health.text;
  EXPECT_GT(health.Number("processes_reconciled"), 0U) << "whose end was skipped";
  EXPECT_NE(agent.Errors().find("the kernel skipped programs that report"), std::string::npos);
  for (const char* figure : {"kernel_skipped_by_hook", "kernel_lost", "process_table_repairs",
                             "processes_found", "programs_found", "processes_reconciled"}) {
    RecordProperty(figure, health[figure]);
  }
  // Every loss that was reported is in the counters, and the other way round.
  std::uint64_t reported = 0;
  for (const Line& l : agent.out().All([](const Line& l) { return l.Is("loss"); })) {
    if (l["reason"] == "skipped") reported += l.Number("count");
  }
  EXPECT_EQ(reported, health.Number("kernel_skipped"));
  EXPECT_EQ(agent.Stop(), 0) << agent.Errors();
}

TEST_F(ProcessTest, CgroupOfANewProcess) {
  // Beside hierarchies of version 1, version 2 may be mounted anywhere, or not at all.
  std::string root;
  std::ifstream mounts("/proc/self/mounts");
  for (std::string device, point, type, rest; mounts >> device >> point >> type;) {
    std::getline(mounts, rest);
    if (type != "cgroup2" || access((point + "/cgroup.procs").c_str(), W_OK) != 0) continue;
    root = point;
    break;
  }
  if (root.empty()) GTEST_SKIP() << "cgroup v2 is not mounted, or not to be written";
  const std::string name = "rg-test-" + std::to_string(getpid());
  const std::string path = root + "/" + name;
  ASSERT_EQ(mkdir(path.c_str(), 0755), 0);
  const pid_t pid = RunInChild([&] {
    WriteFile(path + "/cgroup.procs", "0");
    execl("/bin/true", "true", nullptr);
    return 127;
  });
  const Life life = LifeOf(agent(), pid);
  const std::string cgroup = life.start["cgroup"];
  EXPECT_TRUE(cgroup == "/" + name || cgroup.ends_with("/" + name)) << cgroup;
  EXPECT_EQ(life.exit["cgroup"], cgroup);
  rmdir(path.c_str());
}

TEST_F(ProcessTest, TheAgentIsNotInItsOwnOutput) {
  const Line health = agent().Health();
  for (const pid_t pid : {agent().collector(), agent().analyzer()}) {
    ASSERT_GT(pid, 0);
    EXPECT_TRUE(
        agent().out().All([&](const Line& l) { return l["pid"] == std::to_string(pid); }).empty());
  }
  if (!KernelSkipsPrograms()) {
    EXPECT_EQ(health["status"], "ok") << health.text;
    EXPECT_EQ(health["kernel_lost"], "0");
    EXPECT_EQ(health["kernel_skipped"], "0");
  }
  std::uint64_t lost = 0, skipped = 0;
  for (const Line& l : agent().out().All([](const Line& l) { return l.Is("loss"); })) {
    (l["reason"] == "skipped" ? skipped : lost) += l.Number("count");
  }
  EXPECT_EQ(std::to_string(lost), health["kernel_lost"]);
  EXPECT_EQ(std::to_string(skipped), health["kernel_skipped"]);
  EXPECT_EQ(health["userspace_invalid_schema"], "0");
  EXPECT_EQ(health["userspace_unsupported_kind"], "0");
}

// Its first thread has ended when the sensor starts; another one lives on.
TEST(SnapshotTest, ProcessWhoseFirstThreadHasEnded) {
  static int begin[2];  // for the other thread
  TempFolder folder;
  ASSERT_EQ(pipe(begin), 0);
  const pid_t pid = fork();
  if (pid == 0) {
    pthread_t thread{};
    close(begin[1]);
    if (chdir(folder.path().c_str()) != 0) _exit(126);
    pthread_create(
        &thread, nullptr,
        [](void*) -> void* {
          char byte = 0;
          if (read(begin[0], &byte, 1) != 1) _exit(125);
          const pid_t child = fork();
          if (child == 0) _exit(0);
          waitpid(child, nullptr, 0);
          execl("/bin/true", "true", nullptr);
          _exit(127);
        },
        nullptr);
    syscall(SYS_exit, 0);  // pthread_exit would unwind the stack, with the framework on it
  }
  while (ReadFile("/proc/" + std::to_string(pid) + "/status").find("Z (zombie)") ==
         std::string::npos) {
    usleep(1000);
  }
  Agent agent({.config = "[[rules]]\nid = \"CWD\"\nname = \"n\"\ntype = \"process\"\n"
                         "severity = \"low\"\nevents = [\"process_relationship\"]\n"
                         "condition = 'cwd == \"" +
                         folder.path() + "\"'\n"});
  ASSERT_EQ(write(begin[1], "x", 1), 1);
  close(begin[0]);
  close(begin[1]);
  WaitForEnd(pid, "the process without its first thread");
  const Life life = LifeOf(agent, pid);
  const std::string program = std::filesystem::read_symlink("/proc/self/exe");
  const Line* fork = agent.out().First(TypeAndPid("process_relationship", pid));
  ASSERT_NE(fork, nullptr);
  EXPECT_EQ((*fork)["exe_path"], program);
  EXPECT_EQ((*fork)["process_id"], life.start["process_id"]);
  EXPECT_TRUE(agent.out().WaitForAlert(TypeAndPid("alert", pid))) << "its folder is not known";
  EXPECT_EQ(life.start["exe_path"], std::filesystem::canonical("/bin/true"));
  EXPECT_EQ(life.start["ns_pid"], std::to_string(pid));
  EXPECT_EQ(life.start["parent_exe_path"], program);
  // Nobody saw the fork that made it.
  for (const char* field :
       {"creator_process_id", "creator_pid", "creator_comm", "creator_exe_path", "adopted"}) {
    EXPECT_EQ(life.start[field], "null") << field;
  }
  EXPECT_EQ(agent.Stop(), 0) << agent.Errors();
}

}  // namespace
}  // namespace randguard::live
