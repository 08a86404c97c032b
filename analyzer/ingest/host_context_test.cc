// SPDX-License-Identifier: Apache-2.0
#include "analyzer/ingest/host_context.h"

#include <gtest/gtest.h>

#include <map>
#include <span>
#include <string>

#include "analyzer/wire/message.h"

namespace randguard {
namespace {

TEST(HostContextTest, HoldsTheLocalUsersAndNoCursor) {
  const auto words = BuildHostContext(std::nullopt);
  std::map<std::uint32_t, std::string> users;
  const absl::Status status = ReadMessage(
      std::as_bytes(std::span(words.begin(), words.size())), [&](wire::Message::Reader message) {
        EXPECT_TRUE(message.isContext());
        EXPECT_FALSE(message.getContext().hasPrinted());
        for (const auto user : message.getContext().getUsers()) {
          users.try_emplace(user.getUid(), AsView(user.getName()));
        }
        return absl::OkStatus();
      });
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_EQ(users[0], "root");
}

TEST(HostContextTest, HoldsHowFarTheOneBeforeHadGot) {
  Cursor cursor{"boot", 7, 8};
  cursor.lost.emplace()[RG_KIND_file_open] = 9;
  cursor.skipped.emplace()[RG_HOOK_process_fork] = 10;
  const auto words = BuildHostContext(cursor);
  const absl::Status status = ReadMessage(
      std::as_bytes(std::span(words.begin(), words.size())), [](wire::Message::Reader message) {
        const auto printed = message.getContext().getPrinted();
        EXPECT_EQ(AsView(printed.getBootId()), "boot");
        EXPECT_EQ(printed.getCollectorStartNs(), 7u);
        EXPECT_EQ(printed.getRecords(), 8u);
        EXPECT_EQ(printed.getLost()[RG_KIND_file_open], 9u);
        EXPECT_EQ(printed.getSkipped()[RG_HOOK_process_fork], 10u);
        return absl::OkStatus();
      });
  EXPECT_TRUE(status.ok()) << status;
}

}  // namespace
}  // namespace randguard
