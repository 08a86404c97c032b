// SPDX-License-Identifier: Apache-2.0
//
// Input that somebody could hand to `rand-guard capture info` and `rand-guard replay`. First the
// bytes are read as a file. Few inputs get past the seals that way. So the bytes are also recorded
// as messages, and that capture is read.
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "analyzer/capture/capture_info.h"
#include "analyzer/capture/capture_reader.h"
#include "analyzer/capture/capture_writer.h"
#include "analyzer/wire/frame_reader.h"

namespace randguard::capture_fuzz {
namespace {

void Require(bool condition) {
  if (!condition) std::abort();
}

kj::AutoCloseFd MemoryFile() {
  kj::AutoCloseFd fd(memfd_create("capture", MFD_CLOEXEC));
  Require(fd.get() >= 0);
  return fd;
}

CaptureInfo Inspect(kj::AutoCloseFd fd) {
  auto reader = CaptureReader::FromFd(std::move(fd), "fuzz");
  if (!reader.ok()) return {.damage = reader.status()};
  CaptureInfo info = InspectCapture(*reader, {});
  const std::string text = FormatCaptureInfo(info);
  Require(!text.empty() && text.back() == '\n');
  Require(info.damage.ok() == info.ended_in_order);
  return info;
}

void AsFile(std::span<const std::uint8_t> bytes) {
  kj::AutoCloseFd fd = MemoryFile();
  Require(pwrite(fd.get(), bytes.data(), bytes.size(), 0) == std::ssize(bytes));
  Inspect(std::move(fd));
}

void AsMessages(std::span<const std::uint8_t> bytes) {
  FrameReader frames;
  const std::span<std::byte> tail = frames.WritableTail();
  const std::size_t size = std::min(tail.size(), bytes.size());
  std::memcpy(tail.data(), bytes.data(), size);
  frames.Commit(size);

  kj::AutoCloseFd fd = MemoryFile();
  const auto format = size % 2 == 0 ? CaptureFormat::kPlain : CaptureFormat::kZstd;
  auto writer = CaptureWriter::FromFd(kj::AutoCloseFd(dup(fd.get())), format, "fuzz");
  Require(writer.ok());
  for (;;) {
    const auto frame = frames.Next();
    if (!frame.ok() || !*frame) break;
    (void)writer->Append(**frame);  // refuses seals and what cannot be read
    Require(!writer->Failed());
  }
  const std::uint64_t messages = writer->Messages();
  Require(writer->Close().ok());

  Require(lseek(fd.get(), 0, SEEK_SET) == 0);
  const CaptureInfo info = Inspect(std::move(fd));
  Require(info.ended_in_order);
  Require(info.stream_bytes == writer->Bytes());
  // A message that is damaged deeper inside counts by its type, or as a problem.
  Require(info.hellos + info.snapshots + info.batches + info.heartbeats + info.contexts +
              info.numbers + info.unknown_messages + info.problem_count >=
          messages);
}

}  // namespace
}  // namespace randguard::capture_fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 0) randguard::capture_fuzz::AsFile({data, size});
  if (size > 0) randguard::capture_fuzz::AsMessages({data, size});
  return 0;
}
