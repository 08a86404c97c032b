// SPDX-License-Identifier: Apache-2.0
#include "analyzer/ingest/listener.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>

namespace randguard {
namespace {

class ListenerTest : public ::testing::Test {
 protected:
  ListenerTest() {
    if (mkdtemp(folder_.data()) == nullptr) std::abort();
  }
  ~ListenerTest() override {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  std::string Path() const { return folder_ + "/socket"; }

 private:
  std::string folder_ = "/tmp/rand-guard-XXXXXX";  // short: a socket's path has 108 bytes
};

// A connection to `path`; -1 with errno set if there is none.
kj::AutoCloseFd Connect(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());
  kj::AutoCloseFd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    return kj::AutoCloseFd();
  }
  return fd;
}

std::string MessageOf(const absl::Status& status) { return std::string(status.message()); }

TEST_F(ListenerTest, PeersConnectAndAreKnownByTheirUid) {
  const auto listener = ListenAt(Path());
  ASSERT_TRUE(listener.ok()) << listener.status();
  const kj::AutoCloseFd peer = Connect(Path());
  ASSERT_GE(peer.get(), 0);
  uid_t uid = 12345;
  const auto accepted = AcceptPeer(listener->get(), uid);
  ASSERT_TRUE(accepted.ok()) << accepted.status();
  EXPECT_EQ(uid, getuid());
  EXPECT_NE(fcntl(accepted->get(), F_GETFL) & O_NONBLOCK, 0);
  EXPECT_NE(fcntl(accepted->get(), F_GETFD) & FD_CLOEXEC, 0);
}

TEST_F(ListenerTest, AcceptingNobodyIsAnErrorAndDoesNotWait) {
  const auto listener = ListenAt(Path());
  ASSERT_TRUE(listener.ok()) << listener.status();
  uid_t uid = 0;
  EXPECT_EQ(AcceptPeer(listener->get(), uid).status().code(),
            absl::StatusCode::kFailedPrecondition);
}

TEST_F(ListenerTest, EveryUserMayConnect) {
  const mode_t mask = umask(0077);
  const auto listener = ListenAt(Path());
  umask(mask);
  ASSERT_TRUE(listener.ok()) << listener.status();
  struct stat st {};
  ASSERT_EQ(stat(Path().c_str(), &st), 0);
  EXPECT_EQ(st.st_mode & 0777, 0666u);
}

TEST_F(ListenerTest, FileInThePlaceIsRefusedAndStays) {
  std::ofstream(Path()) << "precious";
  const auto listener = ListenAt(Path());
  EXPECT_EQ(listener.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_NE(MessageOf(listener.status()).find(Path()), std::string::npos) << listener.status();
  EXPECT_EQ(std::filesystem::file_size(Path()), 8u);
}

TEST_F(ListenerTest, SymlinkToADeadSocketIsRefusedAndStays) {
  ASSERT_TRUE(ListenAt(Path() + "2").ok());
  ASSERT_EQ(symlink((Path() + "2").c_str(), Path().c_str()), 0);
  EXPECT_FALSE(ListenAt(Path()).ok());
  EXPECT_TRUE(std::filesystem::exists(Path() + "2"));
}

TEST_F(ListenerTest, SocketSomebodyListensToIsRefusedAndStays) {
  const auto first = ListenAt(Path());
  ASSERT_TRUE(first.ok()) << first.status();
  const auto second = ListenAt(Path());
  EXPECT_EQ(second.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_NE(MessageOf(second.status()).find("another process listens"), std::string::npos)
      << second.status();
  EXPECT_GE(Connect(Path()).get(), 0) << "the first one still has it";
}

TEST_F(ListenerTest, SocketThatWasLeftBehindIsReplaced) {
  {
    const auto first = ListenAt(Path());
    ASSERT_TRUE(first.ok()) << first.status();
  }
  EXPECT_TRUE(std::filesystem::exists(Path()));
  EXPECT_LT(Connect(Path()).get(), 0);
  const auto second = ListenAt(Path());
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_GE(Connect(Path()).get(), 0);
}

TEST_F(ListenerTest, PathsThatNoSocketCanHaveAreRefused) {
  EXPECT_FALSE(ListenAt("").ok());
  const std::string longest = Path() + std::string(107 - Path().size(), 'x');
  EXPECT_TRUE(ListenAt(longest).ok());
  const auto longer = ListenAt(longest + "x");
  EXPECT_NE(MessageOf(longer.status()).find("107"), std::string::npos) << longer.status();
  EXPECT_FALSE(ListenAt(Path() + "/no/such/folder").ok());
}

// Runs `body` in a process of its own, where descriptor 3 is free to be what it must be.
template <typename Body>
int InChild(Body&& body) {
  const pid_t child = fork();
  if (child == 0) _exit(body());
  int status = -1;
  waitpid(child, &status, 0);
  return status;
}

void PretendActivation(int count) {
  setenv("LISTEN_PID", std::to_string(getpid()).c_str(), 1);
  setenv("LISTEN_FDS", std::to_string(count).c_str(), 1);
}

TEST_F(ListenerTest, SocketOfTheServiceManagerIsTaken) {
  EXPECT_EQ(InChild([&] {
              auto made = ListenAt(Path());
              // Maybe it is 3 already: it is the taker's to close, whichever it is.
              if (!made.ok() || dup2(made->release(), 3) != 3) return 1;
              PretendActivation(1);
              auto taken = ActivatedListener();
              if (!taken.ok() || taken->get() != 3) return 2;
              return Connect(Path()).get() >= 0 && std::getenv("LISTEN_FDS") == nullptr ? 0 : 3;
            }),
            0);
}

TEST_F(ListenerTest, WhatIsNoListeningUnixStreamIsRefused) {
  EXPECT_EQ(InChild([&] {
              const int pair = socket(AF_UNIX, SOCK_DGRAM, 0);
              if (pair < 0 || dup2(pair, 3) != 3) return 1;
              PretendActivation(1);
              return ActivatedListener().ok() ? 2 : 0;
            }),
            0);
}

TEST_F(ListenerTest, NotExactlyOneSocketIsRefused) {
  EXPECT_EQ(InChild([] {
              unsetenv("LISTEN_PID");
              unsetenv("LISTEN_FDS");
              const auto none = ActivatedListener();
              return MessageOf(none.status()).find("--listen PATH") != std::string::npos ? 0 : 1;
            }),
            0);
  EXPECT_EQ(InChild([] {
              for (const int fd : {3, 4}) {
                if (dup2(STDERR_FILENO, fd) != fd) return 1;
              }
              PretendActivation(2);
              return ActivatedListener().ok() ? 2 : 0;
            }),
            0);
}

}  // namespace
}  // namespace randguard
