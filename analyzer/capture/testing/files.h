// SPDX-License-Identifier: Apache-2.0
//
// Captures in memory and in a temporary folder, for this folder's tests.
#ifndef ANALYZER_CAPTURE_TESTING_FILES_H_
#define ANALYZER_CAPTURE_TESTING_FILES_H_

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "analyzer/capture/capture_reader.h"
#include "analyzer/capture/capture_writer.h"
#include "tests/support/message_builder.h"

namespace randguard::testing {

class TempFolder {
 public:
  TempFolder() {
    if (mkdtemp(path_.data()) == nullptr) std::abort();
  }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  ~TempFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  std::string File(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_ = ::testing::TempDir() + "rand-guard-XXXXXX";
};

inline Bytes ReadFile(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  const std::vector<char> chars{std::istreambuf_iterator<char>(in), {}};
  const auto bytes = std::as_bytes(std::span(chars));
  return Bytes(bytes.begin(), bytes.end());
}

inline kj::AutoCloseFd MemoryFile(std::span<const std::byte> content = {}) {
  kj::AutoCloseFd fd(memfd_create("capture", MFD_CLOEXEC));
  if (fd.get() < 0 || pwrite(fd.get(), content.data(), content.size(), 0) != std::ssize(content)) {
    std::abort();
  }
  return fd;
}

// The file that results from writing `messages`.
inline Bytes MakeCapture(const std::vector<Bytes>& messages,
                         CaptureFormat format = CaptureFormat::kPlain, bool close = true) {
  kj::AutoCloseFd fd = MemoryFile();
  const std::string path = "/proc/self/fd/" + std::to_string(fd.get());
  {
    auto writer = CaptureWriter::FromFd(kj::AutoCloseFd(dup(fd.get())), format, "test");
    EXPECT_TRUE(writer.ok()) << writer.status();
    for (const Bytes& message : messages) EXPECT_TRUE(writer->Append(message).ok());
    EXPECT_TRUE(!close || writer->Close().ok());
  }
  return ReadFile(path);
}

struct ReadBack {
  std::vector<Bytes> messages;
  absl::Status status;
  bool ended_in_order = false;
};

inline ReadBack ReadCapture(std::span<const std::byte> file) {
  ReadBack result;
  auto reader = CaptureReader::FromFd(MemoryFile(file), "test");
  result.status = reader.status();
  while (result.status.ok()) {
    const auto message = reader->Next();
    result.status = message.status();
    if (!message.ok() || !*message) break;
    result.messages.emplace_back((*message)->begin(), (*message)->end());
  }
  if (reader.ok()) {
    result.ended_in_order = reader->EndedInOrder();
    EXPECT_EQ(reader->Next().status(), result.status);  // the end and errors stay
  }
  EXPECT_EQ(result.status.ok(), result.ended_in_order);
  return result;
}

// Whether `messages` are the first of `original`.
inline bool IsPrefix(const std::vector<Bytes>& messages, const std::vector<Bytes>& original) {
  return messages.size() <= original.size() &&
         std::equal(messages.begin(), messages.end(), original.begin());
}

}  // namespace randguard::testing

#endif  // ANALYZER_CAPTURE_TESTING_FILES_H_
