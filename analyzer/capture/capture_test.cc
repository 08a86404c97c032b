// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <string>
#include <thread>

#include "absl/strings/str_format.h"
#include "analyzer/capture/capture_reader.h"
#include "analyzer/capture/capture_writer.h"
#include "analyzer/capture/testing/files.h"

namespace randguard {
namespace {

using testing::Bytes;

std::vector<Bytes> TwoSessions() {
  return {testing::MakeHello(),     testing::MakeContext(),   testing::MakeSnapshot(),
          testing::MakeBatch(0, 0), testing::MakeHeartbeat(), testing::MakeHello(1, 1, 1),
          testing::MakeSnapshot(),  testing::MakeBatch(1, 1)};
}

TEST(CaptureTest, ReadsBackWhatWasWrittenPlainAndCompressed) {
  for (const auto format : {CaptureFormat::kPlain, CaptureFormat::kZstd}) {
    const testing::ReadBack back =
        testing::ReadCapture(testing::MakeCapture(TwoSessions(), format));
    EXPECT_TRUE(back.status.ok()) << back.status;
    EXPECT_EQ(back.messages, TwoSessions());
  }
}

TEST(CaptureTest, LargeCaptureInBoundedBuffers) {
  std::vector<Bytes> messages = {testing::MakeHello()};
  for (std::uint64_t i = 0; i < 40; ++i) {
    messages.push_back(testing::MakeBatch(
        i, 1800 * i, std::vector<Bytes>(1800, testing::MakeExitRecord(testing::kStartNs + i))));
    messages.push_back(testing::MakeHeartbeat());
  }
  for (const auto format : {CaptureFormat::kPlain, CaptureFormat::kZstd}) {
    const testing::ReadBack back = testing::ReadCapture(testing::MakeCapture(messages, format));
    EXPECT_TRUE(back.status.ok()) << back.status;
    EXPECT_TRUE(back.messages == messages);
  }
}

TEST(CaptureTest, CaptureWithoutMessagesIsJustItsEndSeal) {
  const Bytes file = testing::MakeCapture({});
  EXPECT_EQ(file.size(), kSealBytes);
  const testing::ReadBack back = testing::ReadCapture(file);
  EXPECT_TRUE(back.status.ok()) << back.status;
  EXPECT_TRUE(back.messages.empty());
}

TEST(CaptureTest, PlainCaptureIsMessagesEachFollowedByASeal) {
  const Bytes hello = testing::MakeHello();
  const SealState state = Extend(SealState{}, hello);
  const SealBytes seal = BuildSeal(state, false);
  const SealBytes end = BuildSeal(AfterSeal(state), true);
  EXPECT_EQ(testing::MakeCapture({hello}), testing::Concat({hello, Bytes(seal.begin(), seal.end()),
                                                            Bytes(end.begin(), end.end())}));
}

TEST(CaptureTest, ReaderSaysWhereMessagesBegin) {
  const Bytes file = testing::MakeCapture(TwoSessions());
  auto reader = CaptureReader::FromFd(testing::MemoryFile(file), "test");
  ASSERT_TRUE(reader.ok());
  std::uint64_t offset = 0;
  for (const Bytes& message : TwoSessions()) {
    ASSERT_TRUE(reader->Next().ok());
    EXPECT_EQ(reader->MessageOffset(), offset);
    offset += message.size() + kSealBytes;
  }
  EXPECT_TRUE(reader->Next().ok());
  EXPECT_EQ(reader->Bytes(), file.size());
  EXPECT_EQ(reader->Messages(), TwoSessions().size());
}

TEST(CaptureTest, NameDecidesWhetherAFileIsCompressedAndContentHowItIsRead) {
  testing::TempFolder folder;
  for (const std::string name : {"a.capture", "a.capture.zst"}) {
    auto writer = CaptureWriter::Open(folder.File(name));
    ASSERT_TRUE(writer.ok()) << writer.status();
    ASSERT_TRUE(writer->Append(testing::MakeHello()).ok());
    ASSERT_TRUE(writer->Close().ok());
    struct stat st;
    ASSERT_EQ(stat(folder.File(name).c_str(), &st), 0);
    EXPECT_EQ(st.st_mode & 0777, 0600u);

    const std::string other = folder.File(name + ".renamed");
    std::filesystem::rename(folder.File(name), other);
    auto reader = CaptureReader::Open(other);
    ASSERT_TRUE(reader.ok()) << reader.status();
    EXPECT_EQ(reader->Compressed(), name.ends_with(".zst"));
    const auto message = reader->Next();
    ASSERT_TRUE(message.ok() && *message) << message.status();
  }
}

TEST(CaptureWriterTest, ExistingFileIsNotOverwritten) {
  testing::TempFolder folder;
  const std::string path = folder.File("a");
  std::ofstream(path) << "kept";
  const auto writer = CaptureWriter::Open(path);
  EXPECT_EQ(writer.status(),
            absl::FailedPreconditionError("capture " + path +
                                          ": exists already; name a new file or remove it first"));
  EXPECT_EQ(testing::ReadFile(path).size(), 4u);
}

TEST(CaptureWriterTest, MissingFolderIsNamed) {
  const auto writer = CaptureWriter::Open("/nonexistent/a");
  EXPECT_EQ(writer.status().message(),
            "capture /nonexistent/a: cannot be created: No such file or directory");
}

TEST(CaptureWriterTest, SealsAndBytesThatAreNoMessageAreRefusedAndTheCaptureGoesOn) {
  kj::AutoCloseFd fd = testing::MemoryFile();
  const std::string path = "/proc/self/fd/" + std::to_string(fd.get());
  auto writer = CaptureWriter::FromFd(kj::AutoCloseFd(dup(fd.get())), CaptureFormat::kPlain, "x");
  ASSERT_TRUE(writer.ok());
  const Bytes hello = testing::MakeHello();
  const SealBytes end = BuildSeal(SealState{}, true);
  alignas(8) SealBytes seal = end;
  EXPECT_EQ(writer->Append(seal).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(writer->Append(std::span(hello).first(hello.size() - 8)).code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(writer->Append({}).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_FALSE(writer->Failed());
  EXPECT_TRUE(writer->Append(hello).ok());
  EXPECT_TRUE(writer->Close().ok());
  EXPECT_EQ(testing::ReadCapture(testing::ReadFile(path)).messages, std::vector<Bytes>{hello});
}

TEST(CaptureWriterTest, FlushedMessagesCanBeReadWhileTheRecordingGoesOn) {
  for (const auto format : {CaptureFormat::kPlain, CaptureFormat::kZstd}) {
    kj::AutoCloseFd fd = testing::MemoryFile();
    const std::string path = "/proc/self/fd/" + std::to_string(fd.get());
    auto writer = CaptureWriter::FromFd(kj::AutoCloseFd(dup(fd.get())), format, "x");
    ASSERT_TRUE(writer.ok());
    ASSERT_TRUE(writer->Append(testing::MakeHello()).ok());
    ASSERT_TRUE(writer->Flush().ok());
    const testing::ReadBack back = testing::ReadCapture(testing::ReadFile(path));
    EXPECT_EQ(back.messages, std::vector<Bytes>{testing::MakeHello()});
    EXPECT_EQ(back.status.code(), absl::StatusCode::kDataLoss);
  }
}

TEST(CaptureWriterTest, WithoutCloseWhatWasAppendedIsThereAndTheEndSealIsNot) {
  const Bytes file = testing::MakeCapture(TwoSessions(), CaptureFormat::kPlain, /*close=*/false);
  const testing::ReadBack back = testing::ReadCapture(file);
  EXPECT_EQ(back.messages, TwoSessions());
  EXPECT_EQ(back.status,
            absl::DataLossError(absl::StrFormat(
                "capture test: damaged at byte %d: no end seal: the recording was interrupted or "
                "the file was cut",
                file.size())));
}

TEST(CaptureWriterTest, FullDiskIsReportedOnceAndThenEveryCallFailsAtOnce) {
  for (const auto format : {CaptureFormat::kPlain, CaptureFormat::kZstd}) {
    kj::AutoCloseFd fd(open("/dev/full", O_WRONLY | O_CLOEXEC));
    ASSERT_GE(fd.get(), 0);
    auto writer = CaptureWriter::FromFd(std::move(fd), format, "/dev/full");
    ASSERT_TRUE(writer.ok());
    ASSERT_TRUE(writer->Append(testing::MakeHello()).ok());  // buffered
    EXPECT_EQ(writer->Flush().message(),
              "capture /dev/full: cannot be written after 1 messages: No space left on device");
    EXPECT_TRUE(writer->Failed());
    for (const absl::Status& status :
         {writer->Append(testing::MakeHello()), writer->Flush(), writer->Close()}) {
      EXPECT_EQ(status.message(), "capture /dev/full: recording has ended after an error");
    }
  }
}

TEST(CaptureWriterTest, FullDiskIsFoundBySomeAppendWithoutFlush) {
  kj::AutoCloseFd fd(open("/dev/full", O_WRONLY | O_CLOEXEC));
  auto writer = CaptureWriter::FromFd(std::move(fd), CaptureFormat::kPlain, "/dev/full");
  ASSERT_TRUE(writer.ok());
  const Bytes hello = testing::MakeHello();
  int appended = 0;
  while (appended < 10'000 && writer->Append(hello).ok()) ++appended;
  EXPECT_LT(appended, 1000);
  EXPECT_TRUE(writer->Failed());
}

TEST(CaptureReaderTest, ReadsFromAPipeThatTrickles) {
  const Bytes file = testing::MakeCapture(TwoSessions(), CaptureFormat::kZstd);
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  kj::AutoCloseFd in(ends[0]);
  std::thread feeder([&file, out = ends[1]] {
    for (const std::byte byte : file) {
      if (write(out, &byte, 1) != 1) break;
    }
    close(out);
  });
  auto reader = CaptureReader::FromFd(std::move(in), "-");
  std::vector<Bytes> messages;
  while (reader.ok()) {
    const auto message = reader->Next();
    EXPECT_TRUE(message.ok()) << message.status();
    if (!message.ok() || !*message) break;
    messages.emplace_back((*message)->begin(), (*message)->end());
  }
  feeder.join();
  EXPECT_EQ(messages, TwoSessions());
}

TEST(CaptureReaderTest, FileThatCannotBeOpenedOrReadIsTheHostsFault) {
  EXPECT_EQ(CaptureReader::Open("/nonexistent").status().message(),
            "capture /nonexistent: cannot be opened: No such file or directory");
  EXPECT_EQ(CaptureReader::Open("/").status().message(),
            "capture /: cannot be read: Is a directory");
}

}  // namespace
}  // namespace randguard
