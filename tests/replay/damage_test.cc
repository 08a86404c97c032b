// SPDX-License-Identifier: Apache-2.0
//
// A capture that was cut or changed: what is whole is printed, what is not is said, nothing crashes
// or hangs. Also run under sanitizers.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <random>
#include <sstream>
#include <string>

#include "analyzer/base/status.h"
#include "analyzer/capture/capture_info.h"
#include "analyzer/capture/capture_reader.h"
#include "analyzer/capture/capture_writer.h"
#include "analyzer/config/config.h"
#include "analyzer/decode/record.h"
#include "analyzer/ingest/replay.h"
#include "analyzer/output/sinks/line_sink.h"
#include "analyzer/pipeline/pipeline.h"
#include "tests/support/rounds.h"
#include "tests/support/source_root.h"

namespace randguard {
namespace {

std::string Case(const std::string& name) {
  std::ifstream file(testing::SourcePath("tests/replay/" + name), std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  EXPECT_FALSE(text.str().empty()) << name;
  return text.str();
}

kj::AutoCloseFd MemoryFile(const std::string& bytes) {
  kj::AutoCloseFd fd(memfd_create("capture", MFD_CLOEXEC));
  EXPECT_EQ(write(fd, bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
  EXPECT_EQ(lseek(fd, 0, SEEK_SET), 0);
  return fd;
}

// The capture without its compression; at most `messages` of it, properly ended.
std::string Plain(const std::string& bytes, std::size_t messages) {
  auto reader = CaptureReader::FromFd(MemoryFile(bytes), "original");
  EXPECT_TRUE(reader.ok());
  kj::AutoCloseFd file(memfd_create("plain", MFD_CLOEXEC));
  auto writer = CaptureWriter::FromFd(kj::AutoCloseFd(dup(file)), CaptureFormat::kPlain, "plain");
  EXPECT_TRUE(writer.ok());
  for (std::size_t i = 0; i < messages; ++i) {
    auto frame = reader->Next();
    EXPECT_TRUE(frame.ok());
    if (!frame.ok() || !frame->has_value()) break;
    EXPECT_TRUE(writer->Append(**frame).ok());
  }
  EXPECT_TRUE(writer->Close().ok());
  std::string out(static_cast<std::size_t>(lseek(file, 0, SEEK_END)), '\0');
  EXPECT_EQ(pread(file, out.data(), out.size(), 0), static_cast<ssize_t>(out.size()));
  return out;
}

struct Replayed {
  absl::Status status;
  std::string lines;
};

Replayed Replay(const std::string& bytes) {
  // Over and over: one file for all the lines of this test.
  static const std::string path = [] {
    std::string name = "/dev/shm/rand-guard-damage-XXXXXX";
    close(mkstemp(name.data()));
    std::atexit([] { unlink(path.c_str()); });
    return name;
  }();
  static const Config config;
  Replayed replayed;
  auto reader = CaptureReader::FromFd(MemoryFile(bytes), "damaged");
  if (!reader.ok()) return {reader.status(), ""};
  EXPECT_EQ(truncate(path.c_str(), 0), 0);
  auto out = LineSink::File(path);
  EXPECT_TRUE(out.ok());
  Pipeline pipeline(config, *out);
  replayed.status = ReplayCapture(*reader, pipeline, [](const absl::Status&) {});
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  replayed.lines = text.str();
  return replayed;
}

bool SoundByInfo(const std::string& bytes) {
  auto reader = CaptureReader::FromFd(MemoryFile(bytes), "damaged");
  if (!reader.ok()) return false;
  return InspectCapture(*reader, [](RecordBytes r) { return DecodeRecord(r).status(); }).Sound();
}

// Messages up to here: hello, snapshot, some batches.
constexpr std::size_t kSmall = 8;

TEST(DamageTest, TheWholeCaptureIsSound) {
  const std::string plain = Plain(Case("sample/capture.rgcap.zst"), SIZE_MAX);
  EXPECT_TRUE(SoundByInfo(plain));
  const Replayed replayed = Replay(plain);
  EXPECT_TRUE(replayed.status.ok()) << replayed.status.message();
  EXPECT_EQ(replayed.lines, Case("sample/expected.ndjson"));
}

TEST(DamageTest, EveryCutIsSaidAndWhatIsWholeIsPrinted) {
  const std::string plain = Plain(Case("sample/capture.rgcap.zst"), kSmall);
  const std::string lines = Replay(plain).lines;
  std::size_t longest = 0;
  for (std::size_t cut = 0; cut < plain.size(); cut += testing::kStep) {
    const Replayed replayed = Replay(plain.substr(0, cut));
    ASSERT_FALSE(replayed.status.ok()) << "cut at " << cut;
    ASSERT_TRUE(lines.starts_with(replayed.lines)) << "cut at " << cut;
    ASSERT_GE(replayed.lines.size(), longest) << "cut at " << cut;
    longest = replayed.lines.size();
    ASSERT_FALSE(SoundByInfo(plain.substr(0, cut))) << "cut at " << cut;
  }
  // Only the end mark is missing then.
  EXPECT_EQ(Replay(plain.substr(0, plain.size() - 1)).lines, lines);
}

TEST(DamageTest, TenThousandFlippedBytesAreSaid) {
  const std::string plain = Plain(Case("sample/capture.rgcap.zst"), SIZE_MAX);
  const std::string lines = Case("sample/expected.ndjson");
  std::mt19937 random(20240229);  // NOLINT: the same flips every time
  for (std::size_t i = 0; i < testing::Rounds(10000); ++i) {
    std::string flipped = plain;
    const std::size_t at = random() % flipped.size();
    flipped[at] = static_cast<char>(flipped[at] ^ (1 + random() % 255));
    const Replayed replayed = Replay(flipped);
    ASSERT_FALSE(replayed.status.ok()) << "byte " << at;
    ASSERT_TRUE(lines.starts_with(replayed.lines)) << "byte " << at;
    if (i % 10 == 0) {
      ASSERT_FALSE(SoundByInfo(flipped)) << "byte " << at;
    }
  }
}

TEST(DamageTest, FlippedBytesOfACompressedCaptureAreSaidOrChangeNothing) {
  const std::string whole = Case("sample/capture.rgcap.zst");
  const std::string lines = Case("sample/expected.ndjson");
  std::mt19937 random(19700101);  // NOLINT: the same flips every time
  for (std::size_t i = 0; i < testing::Rounds(2000); ++i) {
    std::string flipped = whole;
    const std::size_t at = random() % flipped.size();
    flipped[at] = static_cast<char>(flipped[at] ^ (1 + random() % 255));
    const Replayed replayed = Replay(flipped);
    if (replayed.status.ok()) {
      ASSERT_EQ(replayed.lines, lines) << "byte " << at;
    } else {
      ASSERT_TRUE(lines.starts_with(replayed.lines)) << "byte " << at;
    }
  }
}

}  // namespace
}  // namespace randguard
