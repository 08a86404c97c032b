// SPDX-License-Identifier: Apache-2.0
#include "analyzer/pipeline/session.h"

#include <capnp/message.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "schema/abi/event.h"

namespace randguard::session_test {
namespace {

constexpr char kBoot[] = "0e6c9a1c-7b1c-4a39-9e53-2f1b7c1d5a10";

class SessionTest : public ::testing::Test {
 protected:
  SessionTest() : hello_(message_->initRoot<wire::Hello>()) {
    hello_.setAbiVersion(RG_ABI_VERSION);
    hello_.setBootId(kBoot);
    hello_.setHostName("web1");
    hello_.setClockOffsetNs(-5);
    hello_.setCollectorStartNs(1000);
  }

  // Behind a pointer, because its destructor may throw and that of a test may not.
  const std::unique_ptr<capnp::MallocMessageBuilder> message_ =
      std::make_unique<capnp::MallocMessageBuilder>();
  wire::Hello::Builder hello_;
  Session session_;
};

TEST_F(SessionTest, WithoutHelloThereIsNone) {
  EXPECT_FALSE(session_.connected());
  EXPECT_EQ(session_.Need().code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(SessionTest, HelloSaysWhichHostItIsAbout) {
  ASSERT_TRUE(Session::Check(hello_).ok());
  const Session::Beginning beginning = session_.Begin(hello_);
  EXPECT_TRUE(beginning.other_boot);
  EXPECT_EQ(beginning.last_ns, 0u);
  EXPECT_TRUE(session_.Need().ok());
  EXPECT_EQ(session_.context().host_name, "web1");
  EXPECT_EQ(session_.context().boot_id, kBoot);
  EXPECT_EQ(session_.context().clock_offset_ns, -5);
  EXPECT_EQ(session_.now_ns(), 1000u);
  session_.End();
  EXPECT_FALSE(session_.Need().ok());
}

TEST_F(SessionTest, OtherAbiVersionIsRefusedWithTheRemedy) {
  hello_.setAbiVersion(RG_ABI_VERSION + 1);
  const absl::Status status = Session::Check(hello_);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_NE(status.message().find("install the same version of both"), absl::string_view::npos);
}

TEST_F(SessionTest, TextsAreBounded) {
  hello_.setHostName(std::string(256, 'x'));
  EXPECT_TRUE(Session::Check(hello_).ok());
  hello_.setHostName(std::string(257, 'x'));
  EXPECT_FALSE(Session::Check(hello_).ok());
  hello_.setHostName("web1");
  hello_.setBootId(std::string(37, '0'));
  EXPECT_FALSE(Session::Check(hello_).ok());
}

TEST_F(SessionTest, TimeGoesOnOverSessionsOfOneBootAndNeverBack) {
  session_.Begin(hello_);
  session_.Advance(7000);
  session_.Advance(6000);
  EXPECT_EQ(session_.now_ns(), 7000u);
  hello_.setCollectorStartNs(5000);
  const Session::Beginning beginning = session_.Begin(hello_);
  EXPECT_FALSE(beginning.other_boot);
  EXPECT_EQ(beginning.last_ns, 7000u);
  EXPECT_EQ(session_.now_ns(), 7000u);
  EXPECT_EQ(session_.count(), 2u);
}

TEST_F(SessionTest, AnotherBootHasATimeOfItsOwn) {
  session_.Begin(hello_);
  session_.Advance(7000);
  hello_.setBootId("ffffffff-7b1c-4a39-9e53-2f1b7c1d5a10");
  const Session::Beginning beginning = session_.Begin(hello_);
  EXPECT_TRUE(beginning.other_boot);
  EXPECT_EQ(beginning.last_ns, 0u);
  EXPECT_EQ(session_.now_ns(), 1000u);
}

}  // namespace
}  // namespace randguard::session_test
