// SPDX-License-Identifier: Apache-2.0
//
// A folder of segments, for tests.
#ifndef ANALYZER_OUTPUT_SINKS_TESTING_SEGMENT_FOLDER_H_
#define ANALYZER_OUTPUT_SINKS_TESTING_SEGMENT_FOLDER_H_

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "analyzer/output/sinks/segment_sink.h"

namespace randguard {

using Lines = std::vector<std::string>;

inline constexpr char kBoot[] = "0e6c9a1c-7b1c-4a39-9e53-2f1b7c1d5a10";
inline constexpr char kOtherBoot[] = "ffffffff-7b1c-4a39-9e53-2f1b7c1d5a10";

inline std::string LineOf(std::uint64_t seq, std::string_view type = "process_exit") {
  return "{\"event_type\":\"" + std::string(type) + "\",\"boot_id\":\"" + kBoot +
         "\",\"seq\":" + std::to_string(seq) + ",\"pid\":1}\n";
}

inline std::string NameOf(std::uint64_t first, std::string_view boot = kBoot) {
  std::string digits = std::to_string(first);
  return "events-" + std::string(boot) + "-" + std::string(12 - digits.size(), '0') + digits +
         ".ndjson";
}

class SegmentFolderTest : public ::testing::Test {
 protected:
  SegmentFolderTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "rand-guard-XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
  }
  ~SegmentFolderTest() noexcept override { std::filesystem::remove_all(folder_); }

  SegmentSink Open(SegmentSink::Limits limits = {}) {
    auto sink = SegmentSink::Open((folder_ / "events.ndjson").string(), limits);
    EXPECT_TRUE(sink.ok()) << sink.status();
    return *std::move(sink);
  }
  static void Write(Sink& sink, std::uint64_t first, std::uint64_t last,
                    std::string_view boot = kBoot) {
    for (std::uint64_t seq = first; seq <= last; ++seq) {
      const std::string line = LineOf(seq);
      sink.Write({.text = line, .boot_id = boot, .seq = seq});
    }
    sink.Flush();
  }
  Lines Names() const {
    Lines names;
    for (const auto& entry : std::filesystem::directory_iterator(folder_)) {
      const std::string name = entry.path().filename().string();
      if (!name.starts_with('.')) names.push_back(name);
    }
    std::sort(names.begin(), names.end());
    return names;
  }
  std::string Text(const std::string& name) const {
    std::ostringstream text;
    text << std::ifstream(folder_ / name, std::ios::binary).rdbuf();
    return text.str();
  }
  mode_t ModeOf(const std::string& name) const {
    struct stat st {};
    EXPECT_EQ(stat((folder_ / name).c_str(), &st), 0);
    return st.st_mode & 07777;
  }
  void Append(const std::string& name, std::string_view text) {
    std::ofstream(folder_ / name, std::ios::binary | std::ios::app) << text;
  }

  std::filesystem::path folder_;
};

// Lines and their manifest.
inline std::string Ended(std::uint64_t first, std::uint64_t last) {
  std::string text;
  for (std::uint64_t seq = first; seq <= last; ++seq) text += LineOf(seq);
  FileDigest digest;
  digest.Add(text);
  return text + ManifestOf(kBoot, first, last, digest);
}

}  // namespace randguard

#endif  // ANALYZER_OUTPUT_SINKS_TESTING_SEGMENT_FOLDER_H_
