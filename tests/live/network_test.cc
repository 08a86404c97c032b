// SPDX-License-Identifier: Apache-2.0
//
// The agent's events about sockets, on the kernel the tests run on. Every test acts in a child of
// its own, over the loopback device, and looks at the events of that child.
#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/net.h>
#include <linux/vm_sockets.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <functional>
#include <initializer_list>
#include <string>
#include <vector>

#include "tests/live/agent.h"
#include "tests/live/host.h"

namespace randguard::live {
namespace {

constexpr char kNetworkConfig[] =
    "[events]\nfile = false\nnetwork = true\n[file]\nenabled = false\n"
    "[network]\nenabled = true\nunix_sockets = true\n";

// The results that a child reports to its test.
struct Notes {
  int port[8];
  int fd[8];
  std::uint64_t inode[8];
  long result[8];
  int error[8];
};

class NetworkTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    // The collector knows the types of modules that are loaded when it starts.
    close(socket(AF_VSOCK, SOCK_STREAM, 0));
    agent_ = new Agent({.config = kNetworkConfig, .quiet = false});
    notes_ = new Shared<Notes>;
  }
  static void TearDownTestSuite() {
    EXPECT_EQ(agent_->Stop(), 0) << agent_->Errors();
    delete agent_;
    delete notes_;
  }

  static Notes& notes() { return **notes_; }

  // Runs it, and waits for its events.
  void Do(const std::function<void()>& body) {
    notes() = {};
    int status = 0;
    pid_ = RunInChild(
        [&] {
          body();
          return 0;
        },
        &status);
    ASSERT_EQ(status, 0);
    agent_->Catch();
  }
  pid_t pid() const { return pid_; }

  std::vector<Line> All(const std::string& type) const { return AllOf(type, pid_); }
  static std::vector<Line> AllOf(const std::string& type, pid_t pid) {
    return agent_->out().All(TypeAndPid(type, pid));
  }
  // The one event of that type; an empty line if there are none or more.
  Line One(const std::string& type) const {
    const std::vector<Line> all = All(type);
    EXPECT_EQ(all.size(), 1U) << type;
    return all.size() == 1 ? all[0] : Line{};
  }

 private:
  static inline Agent* agent_ = nullptr;
  static inline Shared<Notes>* notes_ = nullptr;
  pid_t pid_ = 0;
};

struct Addr {
  sockaddr_storage storage{};
  socklen_t length = 0;

  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
  int port() const {
    return ntohs(storage.ss_family == AF_INET
                     ? reinterpret_cast<const sockaddr_in*>(&storage)->sin_port
                     : reinterpret_cast<const sockaddr_in6*>(&storage)->sin6_port);
  }
};

Addr V4(int port, const char* text = "127.0.0.1") {
  Addr a;
  auto* in = reinterpret_cast<sockaddr_in*>(&a.storage);
  in->sin_family = AF_INET;
  in->sin_port = htons(static_cast<std::uint16_t>(port));
  inet_pton(AF_INET, text, &in->sin_addr);
  a.length = sizeof(*in);
  return a;
}

Addr V6(int port, const char* text = "::1") {
  Addr a;
  auto* in = reinterpret_cast<sockaddr_in6*>(&a.storage);
  in->sin6_family = AF_INET6;
  in->sin6_port = htons(static_cast<std::uint16_t>(port));
  inet_pton(AF_INET6, text, &in->sin6_addr);
  a.length = sizeof(*in);
  return a;
}

// A name that begins with NUL is abstract.
Addr Unix(const std::string& name) {
  Addr a;
  auto* un = reinterpret_cast<sockaddr_un*>(&a.storage);
  un->sun_family = AF_UNIX;
  std::memcpy(un->sun_path, name.data(), name.size());
  a.length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size() +
                                    (name[0] != 0 ? 1 : 0));
  return a;
}

int LocalPort(int fd) {
  Addr a;
  a.length = sizeof(a.storage);
  return getsockname(fd, a.get(), &a.length) == 0 ? a.port() : -1;
}

std::uint64_t Inode(int fd) {
  struct stat st {};
  return fstat(fd, &st) == 0 ? st.st_ino : 0;
}

std::uint64_t NetNs(const char* path = "/proc/self/ns/net") {
  struct stat st {};
  return stat(path, &st) == 0 ? st.st_ino : 0;
}

int Bound(Addr addr, int type = SOCK_STREAM) {
  const int fd = socket(addr.storage.ss_family, type, 0);
  if (bind(fd, addr.get(), addr.length) != 0) _exit(101);
  return fd;
}

int Listener(Addr addr, int backlog = 7) {
  const int fd = Bound(addr);
  if (listen(fd, backlog) != 0) _exit(102);
  return fd;
}

void SendAll(int fd, std::size_t bytes) {
  const std::vector<char> data(bytes, 'x');
  std::size_t sent = 0;
  while (sent < bytes) {
    const ssize_t n = send(fd, data.data() + sent, bytes - sent, 0);
    if (n <= 0) _exit(103);
    sent += static_cast<std::size_t>(n);
  }
}

void ReceiveAll(int fd, std::size_t bytes) {
  std::vector<char> data(bytes);
  if (bytes != 0 && recv(fd, data.data(), bytes, MSG_WAITALL) != static_cast<ssize_t>(bytes)) {
    _exit(104);
  }
}

void ExpectSocket(const Line& line, const std::string& family, const std::string& protocol,
                  const std::string& local, int local_port, const std::string& remote,
                  int remote_port) {
  EXPECT_EQ(line["family"], family) << line.text;
  EXPECT_EQ(line["protocol"], protocol) << line.text;
  EXPECT_EQ(line["local_addr"], local) << line.text;
  EXPECT_EQ(line["local_port"], local == "null" ? "null" : std::to_string(local_port)) << line.text;
  EXPECT_EQ(line["remote_addr"], remote) << line.text;
  EXPECT_EQ(line["remote_port"], remote == "null" ? "null" : std::to_string(remote_port))
      << line.text;
}

void ExpectCall(const Line& line, const std::string& syscall, const std::string& result,
                const std::string& error, int fd) {
  EXPECT_EQ("network_" + line["operation"], line["event_type"]) << line.text;
  EXPECT_EQ(line["syscall"], syscall) << line.text;
  EXPECT_EQ(line["result"], result) << line.text;
  EXPECT_EQ(line["error"], error) << line.text;
  EXPECT_EQ(line["socket_fd"], std::to_string(fd)) << line.text;
  EXPECT_EQ(line["compat32"], "false");
  EXPECT_EQ(line["alert"], "false");
  EXPECT_EQ(line["detection_type"], "null");
}

TEST_F(NetworkTest, ATcpConnectionFromBindToClose) {
  constexpr std::size_t kThere = 1'234'567;
  constexpr std::size_t kBack = 4'321;
  Do([&] {
    const int listener = Listener(V4(0));
    notes().port[0] = LocalPort(listener);
    notes().fd[0] = listener;
    notes().inode[0] = Inode(listener);
    const int client = socket(AF_INET, SOCK_STREAM, 0);
    Addr to = V4(notes().port[0]);
    if (connect(client, to.get(), to.length) != 0) _exit(1);
    notes().port[1] = LocalPort(client);
    notes().fd[1] = client;
    notes().inode[1] = Inode(client);
    const int server = accept(listener, nullptr, nullptr);
    notes().fd[2] = server;
    notes().inode[2] = Inode(server);
    // Both directions at once would need another thread, because sent data must be read.
    if (fork() == 0) {
      SendAll(client, kThere);
      _exit(0);
    }
    ReceiveAll(server, kThere);
    SendAll(server, kBack);
    ReceiveAll(client, kBack);
    wait(nullptr);
    usleep(20'000);
    close(client);
    char end = 0;
    if (recv(server, &end, 1, 0) != 0) _exit(2);
    close(server);
  });
  const std::string net_ns = std::to_string(NetNs());
  const int port = notes().port[0];
  const int from = notes().port[1];

  const Line bound = One("network_bind");
  ExpectCall(bound, "bind", "0", "null", notes().fd[0]);
  ExpectSocket(bound, "ipv4", "tcp", "127.0.0.1", port, "null", 0);
  EXPECT_EQ(bound["address_source"], "socket");
  EXPECT_EQ(bound["socket_type"], "stream");
  EXPECT_EQ(bound["v4_mapped"], "false");
  EXPECT_EQ(bound["unix_path"], "null");
  EXPECT_EQ(bound["net_ns"], net_ns);
  EXPECT_EQ(bound["socket_inode"], std::to_string(notes().inode[0]));
  EXPECT_EQ(bound["exe_path"], std::filesystem::read_symlink("/proc/self/exe"));
  EXPECT_EQ(bound["ppid"], std::to_string(getpid()));

  const Line listening = One("network_listen");
  ExpectCall(listening, "listen", "0", "null", notes().fd[0]);
  ExpectSocket(listening, "ipv4", "tcp", "127.0.0.1", port, "null", 0);
  EXPECT_EQ(listening["backlog"], "7");

  const Line connected = One("network_connect");
  ExpectCall(connected, "connect", "0", "null", notes().fd[1]);
  ExpectSocket(connected, "ipv4", "tcp", "127.0.0.1", from, "127.0.0.1", port);
  EXPECT_EQ(connected["address_source"], "socket");
  EXPECT_EQ(connected["socket_inode"], std::to_string(notes().inode[1]));

  const Line accepted = One("network_accept");
  ExpectCall(accepted, "accept", std::to_string(notes().fd[2]), "null", notes().fd[0]);
  ExpectSocket(accepted, "ipv4", "tcp", "127.0.0.1", port, "127.0.0.1", from);
  EXPECT_EQ(accepted["accepted_fd"], std::to_string(notes().fd[2]));
  EXPECT_EQ(accepted["socket_inode"], std::to_string(notes().inode[2]));

  const std::vector<Line> ends = All("network_close");
  ASSERT_EQ(ends.size(), 2U);
  for (const Line& end : ends) {
    const bool outbound = end["direction"] == "outbound";
    ExpectSocket(end, "ipv4", "tcp", "127.0.0.1", outbound ? from : port, "127.0.0.1",
                 outbound ? port : from);
    EXPECT_EQ(end["operation"], "close");
    EXPECT_EQ(end["direction"], outbound ? "outbound" : "inbound");
    EXPECT_EQ(end["bytes_sent"], std::to_string(outbound ? kThere : kBack)) << end.text;
    EXPECT_EQ(end["bytes_received"], std::to_string(outbound ? kBack : kThere)) << end.text;
    EXPECT_EQ(end["established"], "true");
    EXPECT_EQ(end["result"], "0");
    EXPECT_EQ(end["error"], "null");
    EXPECT_EQ(end["net_ns"], net_ns);
    EXPECT_EQ(end["alert"], "false");
    EXPECT_GE(end.Number("duration_ns"), 20'000'000U);
    EXPECT_LT(end.Number("duration_ns"), 20'000'000'000U);
    EXPECT_EQ(end["process_id"], connected["process_id"]);
  }
  EXPECT_NE(ends[0]["direction"], ends[1]["direction"]);
}

TEST_F(NetworkTest, Ipv6) {
  Do([&] {
    const int listener = Listener(V6(0));
    notes().port[0] = LocalPort(listener);
    notes().fd[0] = listener;
    const int client = socket(AF_INET6, SOCK_STREAM, 0);
    Addr to = V6(notes().port[0]);
    if (connect(client, to.get(), to.length) != 0) _exit(1);
    notes().port[1] = LocalPort(client);
    notes().fd[1] = client;
    notes().fd[2] = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    SendAll(client, 10);
    close(client);
  });
  ExpectSocket(One("network_bind"), "ipv6", "tcp", "::1", notes().port[0], "null", 0);
  ExpectSocket(One("network_listen"), "ipv6", "tcp", "::1", notes().port[0], "null", 0);
  const Line connected = One("network_connect");
  ExpectSocket(connected, "ipv6", "tcp", "::1", notes().port[1], "::1", notes().port[0]);
  EXPECT_EQ(connected["v4_mapped"], "false");
  const Line accepted = One("network_accept");
  ExpectCall(accepted, "accept4", std::to_string(notes().fd[2]), "null", notes().fd[0]);
  ExpectSocket(accepted, "ipv6", "tcp", "::1", notes().port[0], "::1", notes().port[1]);
  const std::vector<Line> ends = All("network_close");
  ASSERT_EQ(ends.size(), 2U);  // the server's, with its process
  for (const Line& end : ends) {
    EXPECT_EQ(end["family"], "ipv6");
    EXPECT_EQ(end[end["direction"] == "outbound" ? "bytes_sent" : "bytes_received"], "10");
  }
}

TEST_F(NetworkTest, Ipv4OverIpv6SocketsIsIpv4) {
  Do([&] {
    const int listener = Listener(V6(0, "::"));
    notes().port[0] = LocalPort(listener);
    const int client = socket(AF_INET6, SOCK_STREAM, 0);
    Addr to = V6(notes().port[0], "::ffff:127.0.0.1");
    if (connect(client, to.get(), to.length) != 0) _exit(1);
    notes().port[1] = LocalPort(client);
    close(accept(listener, nullptr, nullptr));
  });
  const Line bound = One("network_bind");
  ExpectSocket(bound, "ipv6", "tcp", "::", notes().port[0], "null", 0);
  EXPECT_EQ(bound["v4_mapped"], "false");
  const Line connected = One("network_connect");
  ExpectSocket(connected, "ipv4", "tcp", "127.0.0.1", notes().port[1], "127.0.0.1",
               notes().port[0]);
  EXPECT_EQ(connected["v4_mapped"], "true");
  const Line accepted = One("network_accept");
  ExpectSocket(accepted, "ipv4", "tcp", "127.0.0.1", notes().port[0], "127.0.0.1", notes().port[1]);
  EXPECT_EQ(accepted["v4_mapped"], "true");
  const std::vector<Line> ends = All("network_close");
  ASSERT_EQ(ends.size(), 2U);
  for (const Line& end : ends) {
    EXPECT_EQ(end["family"], "ipv4");
    EXPECT_EQ(end["v4_mapped"], "true");
  }
}

TEST_F(NetworkTest, ARefusedConnectionNamesItsTarget) {
  Do([&] {
    notes().port[0] = LocalPort(Bound(V4(0)));  // nobody else's, and nobody listens
    notes().fd[0] = socket(AF_INET, SOCK_STREAM, 0);
    Addr to = V4(notes().port[0]);
    notes().result[0] = connect(notes().fd[0], to.get(), to.length);
    notes().error[0] = errno;
  });
  ASSERT_EQ(notes().error[0], ECONNREFUSED);
  const Line refused = One("network_connect");
  ExpectCall(refused, "connect", "-111", "ECONNREFUSED", notes().fd[0]);
  EXPECT_EQ(refused["remote_addr"], "127.0.0.1");
  EXPECT_EQ(refused["remote_port"], std::to_string(notes().port[0]));
  EXPECT_EQ(refused["address_source"], "argument");
  const Line end = One("network_close");
  EXPECT_EQ(end["established"], "false");
  EXPECT_EQ(end["error"], "ECONNREFUSED");
  EXPECT_EQ(end["duration_ns"], "0");
  EXPECT_EQ(end["remote_port"], std::to_string(notes().port[0]));
}

TEST_F(NetworkTest, AConnectionInProgressHasBothEnds) {
  Do([&] {
    const int listener = Listener(V4(0));
    notes().port[0] = LocalPort(listener);
    const int client = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    notes().fd[0] = client;
    Addr to = V4(notes().port[0]);
    notes().result[0] = connect(client, to.get(), to.length);
    notes().error[0] = errno;
    pollfd ready{client, POLLOUT, 0};
    poll(&ready, 1, 5000);
    notes().port[1] = LocalPort(client);
  });
  ASSERT_EQ(notes().result[0], -1);
  ASSERT_EQ(notes().error[0], EINPROGRESS);
  const Line connected = One("network_connect");
  ExpectCall(connected, "connect", "-115", "EINPROGRESS", notes().fd[0]);
  ExpectSocket(connected, "ipv4", "tcp", "127.0.0.1", notes().port[1], "127.0.0.1",
               notes().port[0]);
  EXPECT_EQ(connected["address_source"], "socket");
  const Line end = One("network_close");  // and none for the end that nobody has accepted
  EXPECT_EQ(end["direction"], "outbound");
  EXPECT_EQ(end["established"], "true");
}

TEST_F(NetworkTest, ANonblockingConnectionThatIsRefusedIsToldByItsEnd) {
  Do([&] {
    notes().port[0] = LocalPort(Bound(V4(0)));
    const int client = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    Addr to = V4(notes().port[0]);
    notes().result[0] = connect(client, to.get(), to.length);
    notes().error[0] = errno;
  });
  ASSERT_EQ(notes().error[0], EINPROGRESS);
  EXPECT_EQ(One("network_connect")["error"], "EINPROGRESS");
  const Line end = One("network_close");
  EXPECT_EQ(end["error"], "ECONNREFUSED");
  EXPECT_EQ(end["established"], "false");
}

TEST_F(NetworkTest, AnInterruptedConnectIsGoingOn) {
  Do([&] {
    const int listener = Listener(V4(0), 0);
    notes().port[0] = LocalPort(listener);
    struct sigaction on_alarm {};
    on_alarm.sa_handler = [](int) {};
    sigaction(SIGALRM, &on_alarm, nullptr);
    Addr to = V4(notes().port[0]);
    // Nobody accepts: the queue takes connections until it is full, and then one waits.
    for (int i = 0; i < 5; ++i) {
      const int client = socket(AF_INET, SOCK_STREAM, 0);
      const itimerval soon{{}, {0, 200'000}};
      setitimer(ITIMER_REAL, &soon, nullptr);
      notes().fd[0] = client;
      notes().result[0] = connect(client, to.get(), to.length);
      notes().error[0] = errno;
      notes().port[1] = LocalPort(client);
      if (notes().result[0] != 0) break;
    }
  });
  ASSERT_EQ(notes().result[0], -1);
  ASSERT_EQ(notes().error[0], EINTR);
  const std::vector<Line> connects = All("network_connect");
  ASSERT_FALSE(connects.empty());
  const Line& interrupted = connects.back();
  ExpectCall(interrupted, "connect", "-4", "EINTR", notes().fd[0]);
  ExpectSocket(interrupted, "ipv4", "tcp", "127.0.0.1", notes().port[1], "127.0.0.1",
               notes().port[0]);
  EXPECT_EQ(interrupted["address_source"], "socket");
  const std::vector<Line> ends = All("network_close");
  ASSERT_EQ(ends.size(), connects.size());
  const std::string port = std::to_string(notes().port[1]);
  const auto end = std::find_if(ends.begin(), ends.end(),
                                [&](const Line& line) { return line["local_port"] == port; });
  ASSERT_NE(end, ends.end());
  EXPECT_EQ((*end)["established"], "false");
}

TEST_F(NetworkTest, AResetConnectionSaysSo) {
  Do([&] {
    const int listener = Listener(V4(0));
    const int client = socket(AF_INET, SOCK_STREAM, 0);
    Addr to = V4(LocalPort(listener));
    if (connect(client, to.get(), to.length) != 0) _exit(1);
    const int server = accept(listener, nullptr, nullptr);
    SendAll(server, 100);
    const linger now{1, 0};
    setsockopt(server, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
    close(server);
  });
  const std::vector<Line> ends = All("network_close");
  ASSERT_EQ(ends.size(), 2U);
  for (const Line& end : ends) {
    const bool outbound = end["direction"] == "outbound";
    EXPECT_EQ(end["error"], outbound ? "ECONNRESET" : "null") << end.text;
    EXPECT_EQ(end[outbound ? "bytes_received" : "bytes_sent"], "100") << end.text;
  }
}

TEST_F(NetworkTest, TheEndOfAConnectionNamesWhoAcceptedIt) {
  Do([&] {
    const int listener = Listener(V4(0));
    notes().port[0] = LocalPort(listener);
    const int client = socket(AF_INET, SOCK_STREAM, 0);
    Addr to = V4(notes().port[0]);
    if (connect(client, to.get(), to.length) != 0) _exit(1);
    const pid_t child = fork();
    if (child == 0) {
      const int server = accept(listener, nullptr, nullptr);
      SendAll(server, 5);
      _exit(0);
    }
    notes().result[0] = child;
    wait(nullptr);
    ReceiveAll(client, 5);
  });
  const auto acceptor = static_cast<pid_t>(notes().result[0]);
  const std::vector<Line> inbound = AllOf("network_close", acceptor);
  ASSERT_EQ(inbound.size(), 1U);
  EXPECT_EQ(inbound[0]["direction"], "inbound");
  EXPECT_EQ(inbound[0]["bytes_sent"], "5");
  EXPECT_EQ(inbound[0]["ppid"], std::to_string(pid()));
  EXPECT_EQ(One("network_close")["direction"], "outbound");
}

TEST_F(NetworkTest, SendingWithFastOpenIsConnecting) {
  Do([&] {
    const int listener = Listener(V4(0));
    notes().port[0] = LocalPort(listener);
    const int client = socket(AF_INET, SOCK_STREAM, 0);
    notes().fd[0] = client;
    Addr to = V4(notes().port[0]);
    notes().result[0] = sendto(client, "hello", 5, MSG_FASTOPEN, to.get(), to.length);
    notes().port[1] = LocalPort(client);
    if (notes().result[0] == 5) SendAll(client, 3);
  });
  if (notes().result[0] != 5) GTEST_SKIP() << "no TCP fast open here";
  const Line connected = One("network_connect");
  ExpectCall(connected, "sendto", "5", "null", notes().fd[0]);
  ExpectSocket(connected, "ipv4", "tcp", "127.0.0.1", notes().port[1], "127.0.0.1",
               notes().port[0]);
  EXPECT_TRUE(All("network_send").empty());
}

TEST_F(NetworkTest, UdpIsToldOncePerPeer) {
  Do([&] {
    const int one = Bound(V4(0), SOCK_DGRAM);
    const int two = Bound(V4(0), SOCK_DGRAM);
    const int from = Bound(V4(0), SOCK_DGRAM);
    notes().port[0] = LocalPort(one);
    notes().port[1] = LocalPort(two);
    notes().port[2] = LocalPort(from);
    notes().fd[0] = one;
    notes().fd[2] = from;
    Addr to_one = V4(notes().port[0]);
    Addr to_two = V4(notes().port[1]);
    for (int i = 0; i < 5; ++i) {
      sendto(from, "abc", 3, 0, to_one.get(), to_one.length);
      sendto(from, "ab", 2, 0, to_two.get(), to_two.length);
    }
    char buffer[16];
    for (int i = 0; i < 5; ++i) {
      Addr peer;
      peer.length = sizeof(peer.storage);
      recvfrom(one, buffer, sizeof(buffer), 0, peer.get(), &peer.length);
    }
    recv(one, buffer, sizeof(buffer), MSG_DONTWAIT);
  });
  const std::vector<Line> sent = All("network_send");
  ASSERT_EQ(sent.size(), 2U);
  ExpectCall(sent[0], "sendto", "3", "null", notes().fd[2]);
  ExpectSocket(sent[0], "ipv4", "udp", "127.0.0.1", notes().port[2], "127.0.0.1", notes().port[0]);
  EXPECT_EQ(sent[0]["address_source"], "argument");
  EXPECT_EQ(sent[0]["socket_type"], "dgram");
  ExpectCall(sent[1], "sendto", "2", "null", notes().fd[2]);
  ExpectSocket(sent[1], "ipv4", "udp", "127.0.0.1", notes().port[2], "127.0.0.1", notes().port[1]);
  const Line received = One("network_receive");
  ExpectCall(received, "recvfrom", "3", "null", notes().fd[0]);
  ExpectSocket(received, "ipv4", "udp", "127.0.0.1", notes().port[0], "127.0.0.1", notes().port[2]);
}

TEST_F(NetworkTest, ANewSocketIsANewContact) {
  Do([&] {
    const int to = Bound(V4(0), SOCK_DGRAM);
    Addr peer = V4(LocalPort(to));
    for (int i = 0; i < 10; ++i) {
      const int fd = socket(AF_INET, SOCK_DGRAM, 0);
      sendto(fd, "a", 1, 0, peer.get(), peer.length);
      sendto(fd, "a", 1, 0, peer.get(), peer.length);
      close(fd);
    }
  });
  EXPECT_EQ(All("network_send").size(), 10U);
}

TEST_F(NetworkTest, ConnectedUdp) {
  Do([&] {
    const int server = Bound(V6(0), SOCK_DGRAM);
    const int client = socket(AF_INET6, SOCK_DGRAM, 0);
    notes().port[0] = LocalPort(server);
    Addr to = V6(notes().port[0]);
    if (connect(client, to.get(), to.length) != 0) _exit(1);
    notes().port[1] = LocalPort(client);
    notes().fd[1] = client;
    for (int i = 0; i < 3; ++i) send(client, "abcd", 4, 0);
    Addr back = V6(notes().port[1]);
    sendto(server, "x", 1, 0, back.get(), back.length);
    char c = 0;
    recv(client, &c, 1, 0);
  });
  ExpectSocket(One("network_connect"), "ipv6", "udp", "::1", notes().port[1], "::1",
               notes().port[0]);
  const std::vector<Line> sent = All("network_send");
  ASSERT_EQ(sent.size(), 2U);
  ExpectCall(sent[0], "sendto", "4", "null", notes().fd[1]);
  ExpectSocket(sent[0], "ipv6", "udp", "::1", notes().port[1], "::1", notes().port[0]);
  EXPECT_EQ(sent[0]["address_source"], "socket");
  const Line received = One("network_receive");
  ExpectSocket(received, "ipv6", "udp", "::1", notes().port[1], "::1", notes().port[0]);
}

TEST_F(NetworkTest, Messages) {
  Do([&] {
    const int one = Bound(V4(0), SOCK_DGRAM);
    const int two = Bound(V4(0), SOCK_DGRAM);
    const int from = Bound(V6(0, "::"), SOCK_DGRAM);
    notes().port[0] = LocalPort(one);
    notes().port[1] = LocalPort(two);
    notes().port[2] = LocalPort(from);
    // An ipv6 socket, an ipv4 address in each form.
    Addr to[3] = {V6(notes().port[0], "::ffff:127.0.0.1"), V4(notes().port[1]),
                  V6(notes().port[0], "::ffff:127.0.0.1")};
    char byte = 'a';
    iovec data{&byte, 1};
    mmsghdr messages[3] = {};
    for (int i = 0; i < 3; ++i) {
      messages[i].msg_hdr.msg_name = to[i].get();
      messages[i].msg_hdr.msg_namelen = to[i].length;
      messages[i].msg_hdr.msg_iov = &data;
      messages[i].msg_hdr.msg_iovlen = 1;
    }
    notes().result[0] = sendmmsg(from, messages, 3, 0);
    const int other = socket(AF_INET, SOCK_DGRAM, 0);
    Addr v4 = V4(notes().port[0]);
    messages[0].msg_hdr.msg_name = v4.get();
    messages[0].msg_hdr.msg_namelen = v4.length;
    notes().result[1] = sendmsg(other, &messages[0].msg_hdr, 0);
    notes().port[3] = LocalPort(other);

    Addr peers[4];
    mmsghdr in[4] = {};
    for (int i = 0; i < 4; ++i) {
      in[i].msg_hdr.msg_name = peers[i].get();
      in[i].msg_hdr.msg_namelen = sizeof(peers[i].storage);
      in[i].msg_hdr.msg_iov = &data;
      in[i].msg_hdr.msg_iovlen = 1;
    }
    notes().result[2] = recvmmsg(one, in, 3, 0, nullptr);
    notes().result[3] = recvmsg(two, &in[3].msg_hdr, 0);
  });
  ASSERT_EQ(notes().result[0], 3);
  ASSERT_EQ(notes().result[1], 1);
  ASSERT_EQ(notes().result[2], 3);
  ASSERT_EQ(notes().result[3], 1);
  const std::vector<Line> sent = All("network_send");
  ASSERT_EQ(sent.size(), 3U);
  EXPECT_EQ(sent[0]["syscall"], "sendmmsg");
  EXPECT_EQ(sent[0]["result"], "3");
  EXPECT_EQ(sent[0]["v4_mapped"], "true");
  ExpectSocket(sent[0], "ipv4", "udp", "0.0.0.0", notes().port[2], "127.0.0.1", notes().port[0]);
  EXPECT_EQ(sent[1]["v4_mapped"], "true");
  ExpectSocket(sent[1], "ipv4", "udp", "0.0.0.0", notes().port[2], "127.0.0.1", notes().port[1]);
  EXPECT_EQ(sent[2]["syscall"], "sendmsg");
  EXPECT_EQ(sent[2]["v4_mapped"], "false");
  ExpectSocket(sent[2], "ipv4", "udp", "0.0.0.0", notes().port[3], "127.0.0.1", notes().port[0]);
  const std::vector<Line> received = All("network_receive");
  ASSERT_EQ(received.size(), 3U);
  EXPECT_EQ(received[0]["syscall"], "recvmmsg");
  ExpectSocket(received[0], "ipv4", "udp", "127.0.0.1", notes().port[0], "127.0.0.1",
               notes().port[2]);
  ExpectSocket(received[1], "ipv4", "udp", "127.0.0.1", notes().port[0], "127.0.0.1",
               notes().port[3]);
  EXPECT_EQ(received[2]["syscall"], "recvmsg");
  ExpectSocket(received[2], "ipv4", "udp", "127.0.0.1", notes().port[1], "127.0.0.1",
               notes().port[2]);
}

TEST_F(NetworkTest, OtherProtocolsByNumber) {
  Do([&] {
    const int fd = socket(AF_INET, SOCK_RAW, IPPROTO_ICMP);
    Addr to = V4(0);
    const unsigned char echo[8] = {8, 0, 0xf7, 0xff, 0, 0, 0, 0};
    notes().result[0] = sendto(fd, echo, sizeof(echo), 0, to.get(), to.length);
  });
  ASSERT_EQ(notes().result[0], 8);
  const Line sent = One("network_send");
  EXPECT_EQ(sent["protocol"], "1");
  EXPECT_EQ(sent["socket_type"], "raw");
  EXPECT_EQ(sent["remote_addr"], "127.0.0.1");
  EXPECT_EQ(sent["remote_port"], "null");
  EXPECT_EQ(sent["local_port"], "null");
}

TEST_F(NetworkTest, AFailedBindNamesWhatWasAskedFor) {
  Do([&] {
    const int holder = Listener(V4(0));
    notes().port[0] = LocalPort(holder);
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    notes().fd[0] = fd;
    Addr taken = V4(notes().port[0]);
    (void)bind(fd, taken.get(), taken.length);
    notes().error[0] = errno;
    if (setresuid(65534, 65534, 65534) != 0) _exit(1);
    Addr low = V6(1);
    const int fd6 = socket(AF_INET6, SOCK_STREAM, 0);
    notes().result[1] = bind(fd6, low.get(), low.length);
    notes().error[1] = errno;
    Addr foreign = V4(0, "203.0.113.7");
    (void)bind(fd, foreign.get(), foreign.length);
    notes().error[2] = errno;
  });
  ASSERT_EQ(notes().error[0], EADDRINUSE);
  std::vector<Line> binds = All("network_bind");
  ASSERT_EQ(binds.size(), 4U);
  ExpectCall(binds[1], "bind", "-98", "EADDRINUSE", notes().fd[0]);
  ExpectSocket(binds[1], "ipv4", "tcp", "127.0.0.1", notes().port[0], "null", 0);
  EXPECT_EQ(binds[1]["address_source"], "argument");
  if (notes().result[1] != 0) {  // net.ipv4.ip_unprivileged_port_start
    ASSERT_EQ(notes().error[1], EACCES);
    EXPECT_EQ(binds[2]["error"], "EACCES");
    EXPECT_EQ(binds[2]["uid"], "65534");
    ExpectSocket(binds[2], "ipv6", "tcp", "::1", 1, "null", 0);
  }
  ASSERT_EQ(notes().error[2], EADDRNOTAVAIL);
  EXPECT_EQ(binds[3]["error"], "EADDRNOTAVAIL");
  EXPECT_EQ(binds[3]["local_addr"], "203.0.113.7");
}

TEST_F(NetworkTest, UnixSocketsByPath) {
  const TempFolder folder;
  Do([&] {
    if (chdir(folder.path().c_str()) != 0) _exit(1);
    const int listener = Listener(Unix("sock"), 3);
    notes().fd[0] = listener;
    const int client = socket(AF_UNIX, SOCK_STREAM, 0);
    Addr to = Unix("./sock");
    if (connect(client, to.get(), to.length) != 0) _exit(2);
    notes().fd[1] = client;
    notes().fd[2] = accept4(listener, nullptr, nullptr, 0);
    const int lost = socket(AF_UNIX, SOCK_STREAM, 0);
    Addr nowhere = Unix("nowhere");
    (void)connect(lost, nowhere.get(), nowhere.length);
  });
  const std::string path = folder / "sock";
  for (const char* type : {"network_bind", "network_listen", "network_accept"}) {
    const Line line = One(type);
    ExpectSocket(line, "unix", "0", "null", 0, "null", 0);
    EXPECT_EQ(line["unix_path"], path) << type;
    EXPECT_EQ(line["unix_path_status"], "null");
    EXPECT_EQ(line["unix_abstract"], "false");
    EXPECT_EQ(line["socket_fd"], std::to_string(notes().fd[0]));
  }
  EXPECT_EQ(One("network_listen")["backlog"], "3");
  const std::vector<Line> connects = All("network_connect");
  ASSERT_EQ(connects.size(), 2U);
  EXPECT_EQ(connects[0]["unix_path"], path);
  EXPECT_EQ(connects[0]["address_source"], "socket");
  EXPECT_EQ(connects[0]["result"], "0");
  EXPECT_EQ(connects[1]["unix_path"], "nowhere");
  EXPECT_EQ(connects[1]["address_source"], "argument");
  EXPECT_EQ(connects[1]["error"], "ENOENT");
}

TEST_F(NetworkTest, UnixSocketsByAbstractName) {
  using namespace std::string_literals;
  const std::string name = "rand-guard test " + std::to_string(getpid());
  Do([&] {
    const int listener = Listener(Unix("\0"s + name));
    const int client = socket(AF_UNIX, SOCK_STREAM, 0);
    Addr to = Unix("\0"s + name);
    if (connect(client, to.get(), to.length) != 0) _exit(1);
    accept(listener, nullptr, nullptr);
    // Datagrams: two to one peer and one to another.
    const int one = Bound(Unix("\0"s + name + "1"), SOCK_DGRAM);
    const int two = Bound(Unix("\0"s + name + "2"), SOCK_DGRAM);
    const int from = socket(AF_UNIX, SOCK_DGRAM, 0);
    Addr to_one = Unix("\0"s + name + "1");
    Addr to_two = Unix("\0"s + name + "2");
    sendto(from, "a", 1, 0, to_one.get(), to_one.length);
    sendto(from, "a", 1, 0, to_one.get(), to_one.length);
    sendto(from, "a", 1, 0, to_two.get(), to_two.length);
    close(one);
    close(two);
  });
  for (const char* type : {"network_listen", "network_accept", "network_connect"}) {
    const Line line = One(type);
    EXPECT_EQ(line["unix_path"], "@" + name) << type;
    EXPECT_EQ(line["unix_abstract"], "true") << type;
    EXPECT_EQ(line["address_source"], "socket") << type;
  }
  const std::vector<Line> sent = All("network_send");
  ASSERT_EQ(sent.size(), 2U);
  EXPECT_EQ(sent[0]["unix_path"], "@" + name + "1");
  EXPECT_EQ(sent[1]["unix_path"], "@" + name + "2");
  EXPECT_EQ(sent[0]["address_source"], "argument");
}

TEST_F(NetworkTest, AnotherNetworkNamespace) {
  Do([&] {
    if (unshare(CLONE_NEWNET) != 0) _exit(1);
    notes().inode[0] = NetNs();
    ifreq request{};
    std::strcpy(request.ifr_name, "lo");
    request.ifr_flags = IFF_UP;
    const int fd = socket(AF_INET, SOCK_DGRAM, 0);
    if (ioctl(fd, SIOCSIFFLAGS, &request) != 0) _exit(2);
    const int listener = Listener(V4(4444, "127.0.0.9"));
    const int client = socket(AF_INET, SOCK_STREAM, 0);
    Addr to = V4(4444, "127.0.0.9");
    if (connect(client, to.get(), to.length) != 0) _exit(3);
    close(accept(listener, nullptr, nullptr));
  });
  const std::string net_ns = std::to_string(notes().inode[0]);
  ASSERT_NE(notes().inode[0], NetNs());
  for (const char* type : {"network_bind", "network_listen", "network_accept", "network_connect"}) {
    EXPECT_EQ(One(type)["net_ns"], net_ns) << type;
  }
  EXPECT_EQ(One("network_connect")["remote_addr"], "127.0.0.9");
  EXPECT_EQ(One("network_connect")["remote_port"], "4444");
  const std::vector<Line> ends = All("network_close");
  ASSERT_EQ(ends.size(), 2U);
  EXPECT_EQ(ends[0]["net_ns"], net_ns);
  EXPECT_EQ(ends[1]["net_ns"], net_ns);
}

TEST_F(NetworkTest, WhatIsNoSocketIsNoEvent) {
  Do([&] {
    Addr to = V4(9);
    const int null = open("/dev/null", O_RDWR);
    (void)connect(null, to.get(), to.length);
    (void)connect(-1, to.get(), to.length);
    (void)connect(100'000, to.get(), to.length);
    (void)bind(null, to.get(), to.length);
    listen(null, 1);
    accept(null, nullptr, nullptr);
    sendto(null, "a", 1, 0, to.get(), to.length);
    const int netlink = socket(AF_NETLINK, SOCK_RAW, 0);
    sockaddr_storage address{};
    address.ss_family = AF_NETLINK;
    (void)bind(netlink, reinterpret_cast<sockaddr*>(&address), 12);
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0) send(pair[0], "a", 1, 0);
  });
  for (const char* type : {"network_bind", "network_listen", "network_accept", "network_connect",
                           "network_send", "network_receive", "network_close"}) {
    EXPECT_TRUE(All(type).empty()) << type;
  }
}

// --- other families -----------------------------------------------------------------------------

Addr Vsock(std::uint32_t cid, std::uint32_t port) {
  Addr a;
  auto* vm = reinterpret_cast<sockaddr_vm*>(&a.storage);
  vm->svm_family = AF_VSOCK;
  vm->svm_cid = cid;
  vm->svm_port = port;
  a.length = sizeof(*vm);
  return a;
}

std::uint32_t VsockPort(int fd) {
  Addr a;
  a.length = sizeof(a.storage);
  if (getsockname(fd, a.get(), &a.length) != 0) return 0;
  return reinterpret_cast<sockaddr_vm*>(&a.storage)->svm_port;
}

// Whether such a socket can be made here.
bool Has(int family, int type, int protocol) {
  const int fd = socket(family, type, protocol);
  if (fd >= 0) close(fd);
  return fd >= 0;
}

TEST_F(NetworkTest, VsockHasNumbersOfMachinesAndPorts) {
  if (!Has(AF_VSOCK, SOCK_STREAM, 0)) GTEST_SKIP() << "no AF_VSOCK here";
  Do([&] {
    const int listener = socket(AF_VSOCK, SOCK_STREAM, 0);
    Addr any = Vsock(VMADDR_CID_ANY, 0x12345678);  // ports have 32 bits
    notes().result[0] = bind(listener, any.get(), any.length);
    notes().result[1] = listen(listener, 5);
    notes().port[0] = static_cast<int>(VsockPort(listener));
    const int client = socket(AF_VSOCK, SOCK_STREAM, 0);
    Addr local = Vsock(VMADDR_CID_LOCAL, 0x12345678);
    notes().result[2] = connect(client, local.get(), local.length);
    notes().error[2] = errno;
    if (notes().result[2] == 0) notes().fd[0] = accept(listener, nullptr, nullptr);
  });
  ASSERT_EQ(notes().result[0], 0);
  const Line bound = One("network_bind");
  EXPECT_EQ(bound["family"], "vsock");
  EXPECT_EQ(bound["socket_type"], "stream");
  EXPECT_EQ(bound["local_addr"], "4294967295");
  EXPECT_EQ(bound["local_port"], "305419896");
  EXPECT_EQ(bound["remote_addr"], "null");
  const Line listens = One("network_listen");
  EXPECT_EQ(listens["result"], std::to_string(notes().result[1]));
  EXPECT_EQ(listens["backlog"], "5");
  EXPECT_EQ(listens["local_port"], "305419896");
  const Line connected = One("network_connect");
  EXPECT_EQ(connected["family"], "vsock");
  EXPECT_EQ(connected["remote_addr"], "1");
  EXPECT_EQ(connected["remote_port"], "305419896");
  if (notes().result[2] == 0) {
    EXPECT_EQ(connected["address_source"], "socket");
    EXPECT_EQ(One("network_accept")["accepted_fd"], std::to_string(notes().fd[0]));
  } else {  // no machine to connect to: the address is the caller's
    EXPECT_EQ(connected["address_source"], "argument");
    EXPECT_EQ(connected["result"], std::to_string(-notes().error[2]));
  }
}

TEST_F(NetworkTest, SctpIsAProtocolLikeOthers) {
  if (!Has(AF_INET, SOCK_STREAM, IPPROTO_SCTP)) GTEST_SKIP() << "no SCTP here";
  Do([&] {
    const int listener = socket(AF_INET, SOCK_STREAM, IPPROTO_SCTP);
    Addr any = V4(0);
    if (bind(listener, any.get(), any.length) != 0 || listen(listener, 3) != 0) _exit(1);
    notes().port[0] = LocalPort(listener);
    const int client = socket(AF_INET, SOCK_STREAM, IPPROTO_SCTP);
    Addr to = V4(notes().port[0]);
    if (connect(client, to.get(), to.length) != 0) _exit(2);
    if (accept(listener, nullptr, nullptr) < 0) _exit(3);
    const int many = socket(AF_INET, SOCK_SEQPACKET, IPPROTO_SCTP);
    sendto(many, "a", 1, 0, to.get(), to.length);
  });
  for (const char* type : {"network_bind", "network_listen", "network_connect", "network_accept"}) {
    EXPECT_EQ(One(type)["protocol"], "sctp") << type;
    EXPECT_EQ(One(type)["socket_type"], "stream") << type;
  }
  EXPECT_EQ(One("network_bind")["local_port"], std::to_string(notes().port[0]));
  EXPECT_EQ(One("network_connect")["remote_port"], std::to_string(notes().port[0]));
  const Line sent = One("network_send");
  EXPECT_EQ(sent["protocol"], "sctp");
  EXPECT_EQ(sent["socket_type"], "seqpacket");
  EXPECT_EQ(sent["remote_port"], std::to_string(notes().port[0]));
}

TEST_F(NetworkTest, SocketsForPackets) {
  if (!Has(AF_PACKET, SOCK_RAW, 0)) GTEST_SKIP() << "no AF_PACKET here";
  const unsigned loopback = if_nametoindex("lo");
  Do([&] {
    notes().fd[0] = socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL));
    notes().fd[1] = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, htons(ETH_P_ARP));
    notes().fd[2] = socket(AF_INET, SOCK_RAW, IPPROTO_ICMP);
    notes().fd[3] = socket(AF_INET6, SOCK_RAW, 255);
    (void)socket(AF_INET, SOCK_STREAM, 0);
    (void)socket(AF_UNIX, SOCK_STREAM, 0);
    sockaddr_ll address{};
    address.sll_family = AF_PACKET;
    address.sll_protocol = htons(ETH_P_IP);
    address.sll_ifindex = static_cast<int>(loopback);
    if (bind(notes().fd[0], reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) _exit(1);
    address.sll_ifindex = 1'000'000;
    if (bind(notes().fd[1], reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0) _exit(2);
    notes().inode[0] = Inode(notes().fd[0]);
    if (setgid(65534) != 0 || setuid(65534) != 0) _exit(3);
    if (socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL)) >= 0) _exit(4);
    if (socket(AF_INET, SOCK_RAW, IPPROTO_TCP) >= 0) _exit(5);
  });
  const std::vector<Line> made = All("network_socket");
  ASSERT_EQ(made.size(), 6U);
  const char* const families[] = {"packet", "packet", "ipv4", "ipv6", "packet", "ipv4"};
  const char* const types[] = {"raw", "dgram", "raw", "raw", "raw", "raw"};
  const char* const protocols[] = {"3", "2054", "1", "255", "3", "tcp"};
  for (int i = 0; i < 6; ++i) {
    EXPECT_EQ(made[i]["syscall"], "socket");
    EXPECT_EQ(made[i]["operation"], "socket");
    EXPECT_EQ(made[i]["family"], families[i]) << made[i].text;
    EXPECT_EQ(made[i]["socket_type"], types[i]) << made[i].text;
    EXPECT_EQ(made[i]["protocol"], protocols[i]) << made[i].text;
    EXPECT_EQ(made[i]["error"], i < 4 ? "null" : "EPERM") << made[i].text;
    if (i < 4) {
      EXPECT_EQ(made[i]["result"], std::to_string(notes().fd[i]));
      EXPECT_EQ(made[i]["socket_fd"], std::to_string(notes().fd[i]));
    }
  }
  EXPECT_EQ(made[0]["local_addr"], "0");
  EXPECT_EQ(made[0]["socket_inode"], std::to_string(notes().inode[0]));
  EXPECT_EQ(made[4]["socket_inode"], "null");
  const std::vector<Line> bound = All("network_bind");
  ASSERT_EQ(bound.size(), 2U);
  EXPECT_EQ(bound[0]["family"], "packet");
  EXPECT_EQ(bound[0]["local_addr"], std::to_string(loopback));
  EXPECT_EQ(bound[0]["protocol"], "2048");
  EXPECT_EQ(bound[0]["address_source"], "socket");
  EXPECT_EQ(bound[1]["local_addr"], "1000000");
  EXPECT_EQ(bound[1]["address_source"], "argument");
  EXPECT_EQ(bound[1]["error"], "ENODEV");
}

// Through the 32-bit table, as 32-bit programs do.
TEST_F(NetworkTest, ThirtyTwoBitCalls) {
  if (!No32BitCalls().empty()) GTEST_SKIP() << No32BitCalls();
  Do([&] {
    constexpr int kConnect32 = 362;
    constexpr int kSocketcall = 102;
    char* low = static_cast<char*>(LowMemory());
    const auto address = [&](std::size_t at) {
      return static_cast<std::uint32_t>(reinterpret_cast<std::uintptr_t>(low + at));
    };
    auto* args = reinterpret_cast<std::uint32_t*>(low);
    const auto socketcall = [&](int call, std::initializer_list<std::uint32_t> values) {
      std::copy(values.begin(), values.end(), args);
      return Call32(kSocketcall, call, address(0));
    };
    const int listener = socket(AF_INET, SOCK_STREAM, 0);
    Addr any = V4(0);
    std::memcpy(low + 64, any.get(), any.length);
    if (socketcall(SYS_BIND, {static_cast<std::uint32_t>(listener), address(64), 16}) != 0) {
      _exit(1);
    }
    if (socketcall(SYS_LISTEN, {static_cast<std::uint32_t>(listener), 5}) != 0) _exit(2);
    notes().port[0] = LocalPort(listener);
    Addr to = V4(notes().port[0]);
    std::memcpy(low + 64, to.get(), to.length);
    const int first = socket(AF_INET, SOCK_STREAM, 0);
    if (socketcall(SYS_CONNECT, {static_cast<std::uint32_t>(first), address(64), 16}) != 0) {
      _exit(3);
    }
    const int second = socket(AF_INET, SOCK_STREAM, 0);
    if (Call32(kConnect32, second, address(64), 16) != 0) _exit(4);
    notes().fd[0] = listener;
    notes().fd[1] = first;
    notes().fd[2] = second;
    notes().port[1] = LocalPort(first);
    notes().port[2] = LocalPort(second);
    notes().fd[3] =
        static_cast<int>(socketcall(SYS_ACCEPT, {static_cast<std::uint32_t>(listener), 0, 0}));
    const int udp = socket(AF_INET, SOCK_DGRAM, 0);
    notes().fd[4] = udp;
    socketcall(SYS_SENDTO, {static_cast<std::uint32_t>(udp), address(0), 4, 0, address(64), 16});
    notes().port[3] = LocalPort(udp);
    notes().fd[5] = static_cast<int>(socketcall(SYS_SOCKET, {AF_INET, SOCK_RAW, IPPROTO_ICMP}));
  });
  const Line bound = One("network_bind");
  EXPECT_EQ(bound["compat32"], "true");
  EXPECT_EQ(bound["syscall"], "bind");
  EXPECT_EQ(bound["socket_fd"], std::to_string(notes().fd[0]));
  ExpectSocket(bound, "ipv4", "tcp", "127.0.0.1", notes().port[0], "null", 0);
  EXPECT_EQ(One("network_listen")["backlog"], "5");
  const std::vector<Line> connects = All("network_connect");
  ASSERT_EQ(connects.size(), 2U);
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(connects[i]["compat32"], "true");
    EXPECT_EQ(connects[i]["syscall"], "connect");
    EXPECT_EQ(connects[i]["socket_fd"], std::to_string(notes().fd[1 + i]));
    ExpectSocket(connects[i], "ipv4", "tcp", "127.0.0.1", notes().port[1 + i], "127.0.0.1",
                 notes().port[0]);
  }
  const Line accepted = One("network_accept");
  EXPECT_EQ(accepted["accepted_fd"], std::to_string(notes().fd[3]));
  ExpectSocket(accepted, "ipv4", "tcp", "127.0.0.1", notes().port[0], "127.0.0.1", notes().port[1]);
  const Line sent = One("network_send");
  EXPECT_EQ(sent["syscall"], "sendto");
  EXPECT_EQ(sent["socket_fd"], std::to_string(notes().fd[4]));
  ExpectSocket(sent, "ipv4", "udp", "0.0.0.0", notes().port[3], "127.0.0.1", notes().port[0]);
  const Line made = One("network_socket");
  EXPECT_EQ(made["syscall"], "socket");
  EXPECT_EQ(made["result"], std::to_string(notes().fd[5]));
}

}  // namespace
}  // namespace randguard::live
