// SPDX-License-Identifier: Apache-2.0
#include "analyzer/output/sinks/further_output.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "analyzer/output/sinks/syslog.h"
#include "analyzer/output/testing/sample_events.h"

namespace randguard::further_output_test {
namespace {

// Keeps the lines.
class Kept final : public Sink {
 public:
  explicit Kept(std::vector<std::string>& lines) : lines_(lines) {}
  ~Kept() noexcept override = default;
  void Write(const OutputLine& line) override { lines_.emplace_back(line.text); }
  void SetWaiter(const Waiter& waiter) override { waits_ = waiter(); }
  std::uint64_t lost_lines() const override { return 5; }
  bool failing() const override { return true; }
  void AddTo(Health& health) const override {
    health.userspace_output_failures += 5;
    health.output_bytes += 100;
    AddOutputError(health, waits_ ? "it is waited for" : "it fails");
  }

 private:
  std::vector<std::string>& lines_;
  bool waits_ = true;
};

class FurtherOutputTest : public ::testing::Test {
 public:
  ~FurtherOutputTest() noexcept override = default;

 protected:
  FurtherOutput Make(FurtherOutputConfig config) {
    config.name = "siem";
    FurtherOutput output(config, testing::kSampleAgentId, std::make_unique<Kept>(lines_));
    output.SetSession(testing::SampleSession());
    first_.SetSession(testing::SampleSession());
    return output;
  }

  template <typename E>
  OutputLine LineOf(LineKind kind, const E& event) {
    OutputLine line;
    line.text = first_.Write(event);
    line.seq = first_.next_seq() - 1;
    line.kind = kind;
    line.event = &event;
    line.write = [](EventWriter& writer, const void* what) {
      return writer.Write(*static_cast<const E*>(what));
    };
    return line;
  }

  std::vector<std::string> lines_;
  EventWriter first_{testing::kSampleAgentId};
};

TEST_F(FurtherOutputTest, HasTheLinesInItsFormatWithTheSameNumbers) {
  FurtherOutput output = Make({.format = OutputFormat::kEcs});
  const FileOpen open = testing::SampleOpen();
  const Loss loss = testing::SampleLoss();
  first_.SkipTo(7);
  output.Write(LineOf(LineKind::kEvent, open));
  first_.SkipTo(10);
  output.Write(LineOf(LineKind::kLoss, loss));
  EventWriter ecs(testing::kSampleAgentId, OutputFormat::kEcs);
  ecs.SetSession(testing::SampleSession());
  ecs.SkipTo(7);
  std::vector<std::string> expected(1, std::string(ecs.Write(open)));
  ecs.SkipTo(10);
  expected.emplace_back(ecs.Write(loss));
  EXPECT_EQ(lines_, expected);
}

TEST_F(FurtherOutputTest, LinesOfOtherKindsAreLeftOut) {
  FurtherOutput output = Make({.kinds = {LineKind::kAlert, LineKind::kHealth}});
  const FileOpen open = testing::SampleOpen();
  const Alert alert = testing::SampleAlert();
  const Loss loss = testing::SampleLoss();
  const Health health = testing::SampleHealth();
  const Canary canary = testing::SampleCanary();
  output.Write(LineOf(LineKind::kEvent, open));
  output.Write(LineOf(LineKind::kAlert, alert));
  output.Write(LineOf(LineKind::kLoss, loss));
  output.Write(LineOf(LineKind::kHealth, health));
  output.Write(LineOf(LineKind::kCanary, canary));
  ASSERT_EQ(lines_.size(), 2u);
  EXPECT_NE(lines_[0].find("\"event_type\":\"alert\""), std::string::npos);
  EXPECT_NE(lines_[1].find("\"event_type\":\"health\""), std::string::npos);
}

TEST_F(FurtherOutputTest, ItsLossesAreItsOwnAndSaidByName) {
  FurtherOutput output = Make({});
  const FileOpen open = testing::SampleOpen();
  output.Write(LineOf(LineKind::kEvent, open));
  EXPECT_EQ(output.lost_lines(), 0u) << "no loss line is about it";
  EXPECT_FALSE(output.failing());
  EXPECT_FALSE(output.position().has_value());
  Health health;
  output.AddTo(health);
  EXPECT_EQ(health.userspace_output_failures, 0u);
  EXPECT_EQ(health.output_bytes, 0u);
  ASSERT_TRUE(health.outputs.has_value());
  ASSERT_EQ(health.outputs->size(), 1u);
  EXPECT_EQ(health.outputs->front().name, "siem");
  EXPECT_EQ(health.outputs->front().lines, 1u);
  EXPECT_EQ(health.outputs->front().bytes, 100u);
  EXPECT_EQ(health.outputs->front().lost, 5u);
  EXPECT_EQ(health.outputs->front().error, "it fails") << "and nobody waits for it";
  EXPECT_EQ(health.output_error, "siem: it fails");
}

TEST_F(FurtherOutputTest, OneThatCannotBeOpenedSaysSo) {
  FurtherOutput output = FurtherOutput::Unopened({.name = "siem"}, testing::kSampleAgentId,
                                                 absl::FailedPreconditionError("no such folder"));
  const FileOpen open = testing::SampleOpen();
  first_.SetSession(testing::SampleSession());
  output.Write(LineOf(LineKind::kEvent, open));
  EXPECT_EQ(output.lost_lines(), 0u);
  Health health;
  output.AddTo(health);
  ASSERT_TRUE(health.outputs.has_value());
  EXPECT_EQ(health.outputs->front().lost, 1u);
  EXPECT_EQ(health.output_error, "siem: no such folder");
}

// A syslog service.
class SyslogTest : public ::testing::Test {
 public:
  ~SyslogTest() noexcept override { close(fd_); }

 protected:
  SyslogTest() {
    folder_ = std::filesystem::path(::testing::TempDir()) / ("syslog-" + std::to_string(getpid()));
    std::filesystem::create_directories(folder_);
    path_ = folder_ / "log";
    std::filesystem::remove(path_);
    fd_ = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path_.copy(address.sun_path, sizeof(address.sun_path) - 1);
    EXPECT_EQ(bind(fd_, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  }

  std::string Receive() const {
    std::string text(1 << 17, '\0');
    const ssize_t n = recv(fd_, text.data(), text.size(), 0);
    text.resize(n < 0 ? 0 : static_cast<std::size_t>(n));
    return text;
  }
  static Health HealthOf(const Syslog& syslog) {
    Health health;
    syslog.AddTo(health);
    return health;
  }

  std::filesystem::path folder_;
  std::string path_;
  int fd_ = -1;
};

TEST_F(SyslogTest, AMessageHasThePriorityOfTheAlert) {
  Syslog syslog = Syslog::ConnectOrFail(path_);
  syslog.Write({"{\"a\":1}\n"});
  EXPECT_EQ(Receive(), "<30>rand-guard: {\"a\":1}");
  Alert alert = testing::SampleAlert();
  alert.severity = Severity::kCritical;
  syslog.Write({"{}\n", &alert});
  EXPECT_EQ(Receive(), "<26>rand-guard: {}");
  alert.severity = Severity::kInformational;
  syslog.Write({"{}\n", &alert});
  EXPECT_EQ(Receive(), "<30>rand-guard: {}");
  EXPECT_EQ(HealthOf(syslog).output_error, std::nullopt);
}

TEST_F(SyslogTest, ABurstWaits) {
  Syslog syslog = Syslog::ConnectOrFail(path_);
  for (int i = 0; i < 5000; ++i) syslog.Write({std::to_string(i) + "\n"});
  EXPECT_TRUE(syslog.HasWork());
  int next = 0;
  do {
    for (std::string text; !(text = Receive()).empty(); ++next) {
      ASSERT_EQ(text, "<30>rand-guard: " + std::to_string(next));
    }
  } while (syslog.Work());
  for (; !Receive().empty(); ++next) {
  }
  EXPECT_EQ(next, 5000);
  EXPECT_EQ(HealthOf(syslog).userspace_output_failures, 0u);
  EXPECT_EQ(HealthOf(syslog).output_error, std::nullopt);
}

TEST_F(SyslogTest, AServiceThatDoesNotReadIsNotWaitedFor) {
  Syslog syslog = Syslog::ConnectOrFail(path_);
  const std::string line = std::string(1000, 'x') + "\n";
  for (int i = 0; i < 5000; ++i) syslog.Write({line});
  EXPECT_GT(HealthOf(syslog).userspace_output_failures, 0u);
  EXPECT_NE(HealthOf(syslog).output_error, std::nullopt);
  do {
    while (!Receive().empty()) {
    }
  } while (syslog.Work());
  while (!Receive().empty()) {
  }
  const std::uint64_t lost = HealthOf(syslog).userspace_output_failures;
  EXPECT_LT(lost, 5000u - DatagramQueue::kBytesMax / 1100) << "as many waited as there is room for";
  syslog.Write({"{\"a\":2}\n"});
  EXPECT_EQ(Receive(), "<30>rand-guard: {\"a\":2}");
  EXPECT_EQ(HealthOf(syslog).userspace_output_failures, lost);
  EXPECT_EQ(HealthOf(syslog).output_error, std::nullopt);
}

TEST_F(SyslogTest, WithoutAServiceLinesAreCounted) {
  Syslog syslog = Syslog::ConnectOrFail(path_ + ".none");
  syslog.Write({"{}\n"});
  EXPECT_EQ(HealthOf(syslog).userspace_output_failures, 1u);
  EXPECT_NE(HealthOf(syslog).output_error, std::nullopt);
}

}  // namespace
}  // namespace randguard::further_output_test
