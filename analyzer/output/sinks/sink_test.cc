// SPDX-License-Identifier: Apache-2.0
#include "analyzer/output/sinks/sink.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <string>

namespace randguard::sink_test {
namespace {

struct Seen {
  std::string written;
  unsigned flushed = 0, reopened = 0;
  absl::Status reopening;
  std::uint64_t lost = 0;
  bool failing = false, closed = false;
};

class FakeSink : public Sink {
 public:
  explicit FakeSink(Seen& seen) : seen_(seen) {}
  void Write(const OutputLine& line) override { seen_.written += line.text; }
  void Flush() override { ++seen_.flushed; }
  absl::Status Reopen() override {
    ++seen_.reopened;
    return seen_.reopening;
  }
  std::uint64_t lost_lines() const override { return seen_.lost; }
  bool failing() const override { return seen_.failing; }
  bool closed() const override { return seen_.closed; }
  void AddTo(Health& health) const override { health.userspace_output_failures += seen_.lost; }

 private:
  Seen& seen_;
};

class SinkListTest : public ::testing::Test {
 protected:
  SinkListTest() {
    list_.Add(std::make_unique<FakeSink>(first_));
    list_.Add(std::make_unique<FakeSink>(second_));
  }

  Seen first_, second_;
  SinkList list_;
};

TEST_F(SinkListTest, EachSinkGetsEveryLine) {
  list_.Write({"one\n"});
  list_.Write({"two\n"});
  list_.Flush();
  EXPECT_EQ(first_.written, "one\ntwo\n");
  EXPECT_EQ(second_.written, "one\ntwo\n");
  EXPECT_EQ(first_.flushed + second_.flushed, 2u);
}

TEST_F(SinkListTest, ReopensAllAndSaysTheFirstError) {
  first_.reopening = absl::FailedPreconditionError("first");
  second_.reopening = absl::FailedPreconditionError("second");
  EXPECT_EQ(list_.Reopen().message(), "first");
  EXPECT_EQ(second_.reopened, 1u);
}

TEST_F(SinkListTest, CountersAddUp) {
  first_.lost = 2;
  second_.lost = 3;
  EXPECT_EQ(list_.lost_lines(), 5u);
  Health health;
  list_.AddTo(health);
  EXPECT_EQ(health.userspace_output_failures, 5u);
}

TEST_F(SinkListTest, FailsAndEndsWithAnyOfThem) {
  EXPECT_FALSE(list_.failing() || list_.closed());
  second_.failing = true;
  EXPECT_TRUE(list_.failing());
  EXPECT_FALSE(list_.closed());
  first_.closed = true;
  EXPECT_TRUE(list_.closed());
}

TEST_F(SinkListTest, ErrorsOfAllAreSaid) {
  Health health;
  EXPECT_EQ(health.output_error, std::nullopt);
  AddOutputError(health, "one");
  AddOutputError(health, "another");
  EXPECT_EQ(health.output_error, "one; another");
}

}  // namespace
}  // namespace randguard::sink_test
