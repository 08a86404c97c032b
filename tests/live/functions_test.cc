// SPDX-License-Identifier: Apache-2.0
//
// Files as the kernel's own functions show them: to somebody who forges calls, hides behind
// symlinks, swaps descriptors, or makes no system call at all. Hosts that let no program be
// attached to functions skip these tests, but for the one that asks what they say about it.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <functional>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "tests/live/agent.h"
#include "tests/live/forge.h"
#include "tests/live/watched_folder.h"

namespace randguard::live {
namespace {

// One agent for all tests, which watches one folder and is to pass over another.
class FunctionsTest : public WatchedFolderTest {
 protected:
  static void SetUpTestSuite() {
    elsewhere_ = new TempFolder;
    Start(
        [] { return "[ebpf]\nhooks = \"auto\"\n" + Watching("[\"" + elsewhere_->path() + "\"]"); });
  }
  static void TearDownTestSuite() {
    WatchedFolderTest::TearDownTestSuite();
    delete elsewhere_;
  }
  void SetUp() override {
    for (const char* hook : {"file_open", "file_write", "file_names"}) {
      if (agent().StateOf(hook) != "attached") {
        GTEST_SKIP() << "no program can be attached to functions here: "
                     << agent().Health()["hooks"];
      }
    }
  }
  static const std::string& elsewhere() { return elsewhere_->path(); }

 private:
  static inline TempFolder* elsewhere_ = nullptr;
};

TEST_F(FunctionsTest, TheFunctionIsTheWitness) {
  const auto events = EventsOf([] {
    const int fd = open("plain", O_CREAT | O_WRONLY, 0640);
    if (fd < 0 || write(fd, "abc", 3) != 3) return 1;
    if (rename("plain", "moved") != 0 || unlink("moved") != 0) return 2;
    return unlink("moved") == -1 && errno == ENOENT ? 0 : 3;
  });
  ASSERT_EQ(events.size(), 5U);
  for (const Line& e : events) {
    EXPECT_EQ(e["witness"], "function") << e.text;
    EXPECT_EQ(e["origin"], "null") << e.text;
    EXPECT_EQ(e["seccomp"], "false") << e.text;
  }
  EXPECT_EQ(events[0]["resolved_path"], root() + "/plain");
  EXPECT_EQ(events[0]["created"], "true");
  EXPECT_EQ(events[0]["result"], "0");
  EXPECT_EQ(events[0]["fd"], "null");
  EXPECT_EQ(events[0]["create_mode"], "640");
  EXPECT_EQ(events[1]["result"], "3");
  EXPECT_EQ(events[1]["count"], "3");
  EXPECT_EQ(events[2]["old_resolved_path"], root() + "/plain");
  EXPECT_EQ(events[2]["new_resolved_path"], root() + "/moved");
  EXPECT_EQ(events[2]["new_path_source"], "kernel");
  EXPECT_EQ(events[3]["resolved_path"], root() + "/moved");
  EXPECT_EQ(events[3]["path_source"], "kernel");
  EXPECT_EQ(events[4]["result"], std::to_string(-ENOENT));
  EXPECT_EQ(events[4]["filename"], "moved");
  EXPECT_EQ(events[4]["resolved_path"], root() + "/moved");
}

// Each way to change a name, through a symlink that lies where nobody watches.
TEST_F(FunctionsTest, NamesAreFollowedWhereSymlinksLead) {
  for (const char* name : {"one", "two", "three"}) Make(name);
  const std::string link = elsewhere() + "/link";
  ASSERT_EQ(symlink(root().c_str(), link.c_str()), 0);
  const auto events = EventsOf([&] {
    const auto in = [&](const char* name) { return link + "/" + name; };
    if (unlink(in("one").c_str()) != 0) return 1;
    if (rename(in("two").c_str(), in("2").c_str()) != 0) return 2;
    if (::link(in("three").c_str(), in("3").c_str()) != 0) return 3;
    if (symlink("text", in("sym").c_str()) != 0) return 4;
    if (mkdir(in("dir").c_str(), 0700) != 0 || rmdir(in("dir").c_str()) != 0) return 5;
    if (mknod(in("fifo").c_str(), S_IFIFO | 0600, 0) != 0) return 6;
    return mknod(in("file").c_str(), S_IFREG | 0600, 0) == 0 ? 0 : 7;
  });
  ASSERT_EQ(events.size(), 8U);
  EXPECT_EQ(events[0]["resolved_path"], root() + "/one");
  EXPECT_EQ(events[0]["filename"], link + "/one");
  EXPECT_EQ(events[1]["old_resolved_path"], root() + "/two");
  EXPECT_EQ(events[1]["new_resolved_path"], root() + "/2");
  EXPECT_EQ(events[2]["old_resolved_path"], root() + "/three");
  EXPECT_EQ(events[2]["new_resolved_path"], root() + "/3");
  EXPECT_EQ(events[3]["new_resolved_path"], root() + "/sym");
  EXPECT_EQ(events[3]["old_filename"], "text");
  EXPECT_EQ(events[4]["resolved_path"], root() + "/dir");
  EXPECT_EQ(events[5]["resolved_path"], root() + "/dir");
  EXPECT_EQ(events[6]["resolved_path"], root() + "/fifo");
  EXPECT_EQ(events[7]["resolved_path"], root() + "/file");
  for (const Line& e : events) {
    EXPECT_EQ(e["result"], "0") << e.text;
    EXPECT_TRUE(e["path_source"] == "kernel" || e["new_path_source"] == "kernel") << e.text;
  }
}

TEST_F(FunctionsTest, CallsThatWereNeverMadeAreNoEvents) {
  Make("forged");
  const Shared<pid_t> forger;
  EventsOf([&] { return ForgeCalls("forged", &*forger); });
  const auto events = agent().out().All(
      [&](const Line& l) { return l.IsOfAFile() && l["pid"] == std::to_string(*forger); });
  for (const Line& e : events) ADD_FAILURE() << e.text;
}

// A second thread puts another file over the descriptor that open is about to return.
TEST_F(FunctionsTest, EachOpenNamesItsFileWhateverBecomesOfTheDescriptor) {
  constexpr int kFiles = 200;
  for (int i = 0; i < kFiles; ++i) Make("race" + std::to_string(i));
  Make("other");
  const auto events = EventsOf([] {
    const int other = open("other", O_RDONLY);
    const int next = other + 1;
    std::atomic<bool> stop = false;
    std::thread swapper([&] {
      while (!stop) dup2(other, next);
    });
    for (int i = 0; i < kFiles; ++i) {
      close(open(("race" + std::to_string(i)).c_str(), O_RDWR | O_TRUNC));
    }
    stop = true;
    swapper.join();
    return 0;
  });
  std::map<std::string, int> named;
  for (const Line& e : events) {
    if (e.Is("file_open")) ++named[e["resolved_path"]];
  }
  for (int i = 0; i < kFiles; ++i) {
    EXPECT_EQ(named[root() + "/race" + std::to_string(i)], 1) << i;
  }
}

// The name that was looked for in vain is kept as the kernel had copied it, up to a limit.
TEST_F(FunctionsTest, LongNamesThatLeadNowhereAreSaidToBeCut) {
  const std::string name = "none/" + std::string(200, 'a') + "/" + std::string(200, 'b');
  const auto events = EventsOf([&] {
    if (unlink("none/short") == 0) return 1;
    return unlink(name.c_str()) == -1 ? 0 : 2;
  });
  ASSERT_EQ(events.size(), 2U);
  EXPECT_EQ(events[0]["filename"], "none/short");
  EXPECT_EQ(events[0]["filename_truncated"], "false");
  EXPECT_EQ(events[0]["path_source"], "lexical");
  EXPECT_EQ(events[1]["filename"], name.substr(0, 255));
  EXPECT_EQ(events[1]["filename_truncated"], "true");
  EXPECT_EQ(events[1]["path_status"], "truncated");
}

// There are three ways to ask, and each host says what became of it.
TEST(HooksTest, HealthSaysWhichLayerEachHookHas) {
  const std::string file =
      "[events]\nfile = true\n[file]\nenabled = true\nwatch_paths = [\"/etc\"]\n";
  const auto state = [&](const std::string& layer) {
    Agent agent({.config = "[ebpf]\nhooks = \"" + layer + "\"\n" + file, .quiet = false});
    EXPECT_EQ(agent.LayerOf("process_exec"), "");
    return agent.StateOf("file_names") + " " + agent.LayerOf("file_names");
  };
  EXPECT_EQ(state("calls"), "attached call");
  const std::string by_itself = state("auto");
  const bool has_functions = by_itself == "attached function";
  EXPECT_TRUE(has_functions || by_itself == "fallback call") << by_itself;
  EXPECT_EQ(state("functions"), has_functions ? "attached function" : "missing ");
}

}  // namespace
}  // namespace randguard::live
