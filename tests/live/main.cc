// SPDX-License-Identifier: Apache-2.0
//
// The tests run in a child of this program, which sees to it that they end: in time, and with all
// that they started. A process that is left would keep meson waiting for the end of its output.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <string>

#include "tests/live/agent.h"

namespace randguard::live {
namespace {

constexpr int kSkipped = 77;  // to meson

struct Place {
  char text[256];
};

// Notes where the tests are, for the case that they cannot say so themselves any more.
class PlaceKeeper : public testing::EmptyTestEventListener {
 public:
  explicit PlaceKeeper(Place& place) : place_(place) {}

 private:
  void OnTestSuiteStart(const testing::TestSuite& suite) override {
    Note("before the first test of ", suite.name());
  }
  void OnTestStart(const testing::TestInfo& test) override {
    Note("in ", std::string(test.test_suite_name()) + "." + test.name());
  }
  void OnTestEnd(const testing::TestInfo& test) override {
    Note("after ", std::string(test.test_suite_name()) + "." + test.name());
  }
  void Note(const char* where, const std::string& name) {
    std::snprintf(place_.text, sizeof(place_.text), "%s%s", where, name.c_str());
  }

  Place& place_;
};

// The processes whose parent died came to this one. Each that is ended may leave some more.
void EndWhatIsLeft() {
  for (int round = 0; round < 500; ++round) {
    for (const pid_t child : ChildrenOf(getpid())) kill(child, SIGKILL);
    pid_t ended = 0;
    while ((ended = waitpid(-1, nullptr, WNOHANG)) > 0) {
    }
    if (ended < 0 && errno == ECHILD) return;
    usleep(10'000);
  }
  std::puts("FAILED: processes that the tests started do not end when they are killed");
}

int Watch(pid_t tests, const Place& place) {
  const std::chrono::seconds patience = Patience() * std::chrono::seconds(480);  // meson's is 600 s
  const bool in_time = EndsWithin(tests, patience);
  if (!in_time) {
    std::printf("FAILED: the tests did not end within %lld s; they were %s and are killed\n",
                static_cast<long long>(patience.count()), place.text);
    kill(tests, SIGKILL);
  }
  int status = 0;
  while (waitpid(tests, &status, 0) < 0 && errno == EINTR) {
  }
  EndWhatIsLeft();
  if (WIFEXITED(status)) return WEXITSTATUS(status);
  if (in_time) {
    std::printf("FAILED: signal %d (%s) killed the tests %s\n", WTERMSIG(status),
                strsignal(WTERMSIG(status)), place.text);
  }
  return 1;
}

}  // namespace
}  // namespace randguard::live

int main(int argc, char** argv) {
  using randguard::live::Place;
  testing::InitGoogleTest(&argc, argv);
  if (geteuid() != 0) {
    std::puts("live tests load eBPF programs: run them as root");
    return randguard::live::kSkipped;
  }
  const randguard::live::Shared<Place> place;
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  const pid_t watcher = getpid();
  const pid_t tests = fork();
  if (tests < 0) {
    std::perror("cannot fork for the tests");
    return 1;
  }
  if (tests > 0) return randguard::live::Watch(tests, *place);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != watcher) return 1;
  testing::UnitTest::GetInstance()->listeners().Append(  // which owns it
      new randguard::live::PlaceKeeper(*place));
  return RUN_ALL_TESTS();
}
