// SPDX-License-Identifier: Apache-2.0
#include "analyzer/doctor/storage.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace randguard::doctor {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMiB = std::uint64_t{1} << 20;

Config Segments() {
  Config config;
  config.output.type = OutputType::kFile;
  config.output.rotation = OutputRotation::kSegments;
  config.output.path = "/var/log/a/events.ndjson";
  config.output.keep_size = 1000;
  config.output.alerts.path = "/var/log/a/alerts.ndjson";
  config.output.alerts.keep_size = 500;
  return config;
}

Findings Look(const Config& config, const Space& space) {
  return StorageFindings(config, [&](const std::string&) { return std::optional(space); });
}

TEST(StorageTest, WhatIsKeptAlreadyHasItsRoom) {
  EXPECT_EQ(Look(Segments(), {.free = 1500 * kMiB, .used = 0}).at(0).mark, Mark::kGood);
  EXPECT_EQ(Look(Segments(), {.free = 1499 * kMiB, .used = 0}).at(0).mark, Mark::kBad);
  // Both are in one folder, which counts once.
  EXPECT_EQ(Look(Segments(), {.free = 500 * kMiB, .used = 1000 * kMiB}).at(0).mark, Mark::kGood);
  EXPECT_EQ(Look(Segments(), {.free = 500 * kMiB, .used = 999 * kMiB}).at(0).mark, Mark::kBad);
  EXPECT_EQ(Look(Segments(), {.free = 500 * kMiB, .used = {}}).at(0).mark, Mark::kNote);
}

TEST(StorageTest, FilesThatAreRenamedCountWithTheOneThatIsWritten) {
  Config config = Segments();
  config.output.rotation = OutputRotation::kRename;
  config.output.rotate_size = 100;
  config.output.rotate_keep = 3;
  config.output.alerts = {.path = "/var/log/a/alerts.ndjson", .rotate_size = 10, .rotate_keep = 9};
  EXPECT_EQ(Look(config, {.free = 500 * kMiB, .used = 0}).at(0).mark, Mark::kGood);
  EXPECT_EQ(Look(config, {.free = 499 * kMiB, .used = 0}).at(0).mark, Mark::kBad);
}

TEST(StorageTest, WhatHasNoBoundIsNamed) {
  Config config = Segments();
  config.output.alerts.keep_size = 0;
  const Findings findings = Look(config, {.free = 1 << 30, .used = 0});
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings[0].mark, Mark::kNote);
  EXPECT_NE(findings[0].text.find("by output.alerts"), std::string::npos) << findings[0].text;
}

TEST(StorageTest, EachDiskIsLookedAtWithAllThatIsOnIt) {
  Config config = Segments();
  config.outputs.push_back({.name = "far",
                            .path = "/mnt/far/x.ndjson",
                            .rotation = OutputRotation::kSegments,
                            .keep_size = 700});
  config.outputs.push_back({.name = "log", .type = FurtherOutputType::kSyslog, .path = "/dev/log"});
  const auto space = [](const std::string& folder) {
    return std::optional(
        Space{.device = folder == "/mnt/far" ? 2u : 1u, .free = 1600 * kMiB, .used = 0});
  };
  const Findings apart = StorageFindings(config, space);
  ASSERT_EQ(apart.size(), 2u);
  EXPECT_EQ(apart[0].mark, Mark::kGood);
  EXPECT_EQ(apart[1].mark, Mark::kGood);
  EXPECT_EQ(Look(config, {.free = 1600 * kMiB, .used = 0}).at(0).mark, Mark::kBad);
}

TEST(StorageTest, NothingIsKeptOfLinesThatGoToStdout) {
  EXPECT_TRUE(StorageFindings(Config()).empty());
}

TEST(StorageTest, AFolderIsMeasured) {
  char path[] = "/tmp/rand-guard-storage-XXXXXX";
  ASSERT_NE(mkdtemp(path), nullptr);
  std::ofstream(std::string(path) + "/a") << std::string(1000, 'x');
  std::ofstream(std::string(path) + "/b") << std::string(500, 'x');
  const auto there = SpaceOf(path);
  // Where there is none yet, the disk is that of the folder above.
  const auto below = SpaceOf(std::string(path) + "/not/yet");
  ASSERT_TRUE(there.has_value() && below.has_value());
  EXPECT_EQ(there->used, 1500u);
  EXPECT_EQ(below->used, 0u);
  EXPECT_EQ(below->device, there->device);
  EXPECT_GT(below->free, 0u);
  fs::remove_all(path);
}

}  // namespace
}  // namespace randguard::doctor
