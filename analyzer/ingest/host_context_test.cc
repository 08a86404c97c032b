// SPDX-License-Identifier: Apache-2.0
#include "analyzer/ingest/host_context.h"

#include <gtest/gtest.h>

#include <map>
#include <span>
#include <string>
#include <vector>

#include "analyzer/wire/message.h"

namespace randguard {
namespace {

TEST(HostContextTest, HoldsTheUsersAndNoCursor) {
  const auto words =
      BuildHostContext(std::vector<UserName>{{0, "root"}, {7, "x"}}, 3, std::nullopt);
  std::map<std::uint32_t, std::string> users;
  const absl::Status status = ReadMessage(
      std::as_bytes(std::span(words.begin(), words.size())), [&](wire::Message::Reader message) {
        EXPECT_TRUE(message.isContext());
        EXPECT_FALSE(message.getContext().hasPrinted());
        EXPECT_EQ(message.getContext().getReading(), 3u);
        for (const auto user : message.getContext().getUsers()) {
          users.try_emplace(user.getUid(), AsView(user.getName()));
        }
        return absl::OkStatus();
      });
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_EQ(users, (std::map<std::uint32_t, std::string>{{0, "root"}, {7, "x"}}));
}

TEST(HostContextTest, HoldsHowFarTheOneBeforeHadGot) {
  Cursor cursor{"boot", 7, 8};
  cursor.lost.emplace()[RG_KIND_file_open] = 9;
  cursor.skipped.emplace()[RG_HOOK_process_fork] = 10;
  const auto words = BuildHostContext({}, 1, cursor);
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

// The most that a reading may have is no message that the pipeline refuses.
TEST(HostContextTest, MostUsersFitIntoAMessage) {
  std::vector<UserName> many, long_ones;
  for (std::uint32_t n = 0; n < kMaxUserNames; ++n) {
    many.push_back({n, std::string(kMaxUserNamesBytes / kMaxUserNames, 'a')});
  }
  for (std::uint32_t n = 0; n < kMaxUserNamesBytes / kMaxUserNameBytes; ++n) {
    long_ones.push_back({n, std::string(kMaxUserNameBytes, 'a')});
  }
  for (const auto& users : {many, long_ones}) {
    const auto words = BuildHostContext(users, 1, std::nullopt);
    std::size_t bytes = 0;
    const absl::Status status = ReadMessage(
        std::as_bytes(std::span(words.begin(), words.size())), [&](wire::Message::Reader message) {
          for (const auto user : message.getContext().getUsers()) bytes += user.getName().size();
          return absl::OkStatus();
        });
    EXPECT_TRUE(status.ok()) << status;
    EXPECT_EQ(bytes, kMaxUserNamesBytes);
  }
}

}  // namespace
}  // namespace randguard
