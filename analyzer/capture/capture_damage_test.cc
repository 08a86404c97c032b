// SPDX-License-Identifier: Apache-2.0
//
// Any damage to a capture is noticed, and the messages before the damage come out unchanged.
#include <gtest/gtest.h>
#include <zstd.h>

#include <random>
#include <string>

#include "absl/strings/str_format.h"
#include "analyzer/capture/capture_reader.h"
#include "analyzer/capture/seal.h"
#include "analyzer/capture/testing/files.h"
#include "tests/support/rounds.h"

namespace randguard {
namespace {

using testing::Bytes;
using testing::IsPrefix;
using testing::MakeCapture;
using testing::ReadBack;
using testing::ReadCapture;

std::vector<Bytes> Messages() {
  return {testing::MakeHello(),     testing::MakeSnapshot(),     testing::MakeBatch(0, 0),
          testing::MakeHeartbeat(), testing::MakeHello(1, 1, 1), testing::MakeBatch(1, 1)};
}

bool Says(const absl::Status& status, const std::string& text) {
  return std::string(status.message()).find(text) != std::string::npos;
}

Bytes First(const Bytes& bytes, std::size_t size) {
  return Bytes(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
}

// `file` in pieces: each message with its seal, and the end seal.
std::vector<Bytes> Pieces(const Bytes& file) {
  std::vector<Bytes> pieces;
  auto begin = file.begin();
  for (const Bytes& message : Messages()) {
    const auto end = begin + static_cast<std::ptrdiff_t>(message.size() + kSealBytes);
    pieces.emplace_back(begin, end);
    begin = end;
  }
  pieces.emplace_back(begin, file.end());
  return pieces;
}

TEST(CaptureDamageTest, EveryCutOfAPlainCapture) {
  const Bytes file = MakeCapture(Messages());
  const std::vector<Bytes> pieces = Pieces(file);
  for (std::size_t size = 1; size < file.size(); ++size) {
    const ReadBack back = ReadCapture(First(file, size));
    // Every whole message comes out.
    std::size_t whole = 0;
    std::size_t bytes = 0;
    while (bytes + pieces[whole].size() <= size) bytes += pieces[whole++].size();
    ASSERT_EQ(back.messages.size(), whole) << size;
    ASSERT_TRUE(IsPrefix(back.messages, Messages())) << size;
    ASSERT_EQ(back.status.code(), absl::StatusCode::kDataLoss) << size << " " << back.status;
    const bool at_seal = bytes == size;
    ASSERT_EQ(Says(back.status, "no end seal"), at_seal) << size << " " << back.status;
    ASSERT_EQ(Says(back.status, ": cut"), !at_seal) << size << " " << back.status;
  }
}

TEST(CaptureDamageTest, EveryCutOfACompressedCapture) {
  const Bytes file = MakeCapture(Messages(), CaptureFormat::kZstd);
  for (std::size_t size = 1; size < file.size(); ++size) {
    const ReadBack back = ReadCapture(First(file, size));
    ASSERT_FALSE(back.status.ok()) << size;
    ASSERT_TRUE(IsPrefix(back.messages, Messages())) << size;
  }
  const ReadBack back = ReadCapture(First(file, file.size() - 1));
  EXPECT_EQ(back.messages, Messages());
  EXPECT_TRUE(Says(back.status, "zstd: the compressed stream is cut")) << back.status;
}

TEST(CaptureDamageTest, EveryByteOfAPlainCaptureFlipped) {
  const std::vector<Bytes> original = Messages();
  Bytes file = MakeCapture(original);
  for (std::size_t i = 0; i < file.size(); i += testing::kStep) {
    for (const int pattern : {0x01, 0x80, 0x10, 0xff, 0x22}) {
      file[i] ^= std::byte(pattern);
      const ReadBack back = ReadCapture(file);
      file[i] ^= std::byte(pattern);
      ASSERT_FALSE(back.status.ok()) << "byte " << i << " pattern " << pattern;
      ASSERT_LE(back.messages.size(), original.size());
      ASSERT_TRUE(IsPrefix(back.messages, original)) << "byte " << i << " pattern " << pattern;
    }
  }
}

TEST(CaptureDamageTest, FlippedByteIsNamedByItsMessage) {
  Bytes file = MakeCapture(Messages());
  const std::size_t second = Pieces(file)[0].size();
  const std::size_t end = second + Pieces(file)[1].size();
  file[second + 100] ^= std::byte{1};
  const ReadBack back = ReadCapture(file);
  EXPECT_EQ(back.messages.size(), 1u);
  EXPECT_EQ(back.status,
            absl::DataLossError(absl::StrFormat(
                "capture test: damaged at byte %d: checksum mismatch: something between here and "
                "byte %d is not as it was recorded",
                second, end)));
}

TEST(CaptureDamageTest, TenThousandFlipsOfACompressedCapture) {
  std::mt19937 random(1);  // NOLINT: the same each time
  const std::vector<Bytes> original = Messages();
  Bytes file = MakeCapture(original, CaptureFormat::kZstd);
  std::size_t unnoticed = 0;
  for (std::size_t i = 0; i < testing::Rounds(10'000); ++i) {
    const std::size_t at = random() % file.size();
    const auto pattern = std::byte(1 + random() % 255);
    file[at] ^= pattern;
    const ReadBack back = ReadCapture(file);
    file[at] ^= pattern;
    if (back.status.ok()) {
      ASSERT_EQ(back.messages, original) << "byte " << at;
      ++unnoticed;
    } else {
      ASSERT_TRUE(IsPrefix(back.messages, original)) << "byte " << at;
    }
  }
  EXPECT_LT(unnoticed, testing::Rounds(1000));  // bits that zstd has no use for
}

TEST(CaptureDamageTest, FlipLateInALargeCompressedCaptureKeepsWhatIsBefore) {
  std::mt19937 random(1);  // NOLINT: the same each time
  std::vector<Bytes> messages = {testing::MakeHello()};
  for (std::uint64_t i = 0; i < 100; ++i) {
    Bytes record = testing::MakeExitRecord();
    for (std::size_t k = sizeof(rg_header); k < record.size(); ++k) record[k] = std::byte(random());
    messages.push_back(testing::MakeBatch(i, 1000 * i, std::vector<Bytes>(100, record)));
  }
  Bytes file = MakeCapture(messages, CaptureFormat::kZstd);
  file[file.size() * 9 / 10] ^= std::byte{0xff};
  const ReadBack back = ReadCapture(file);
  EXPECT_FALSE(back.status.ok());
  EXPECT_GT(back.messages.size(), 50u);
  EXPECT_TRUE(IsPrefix(back.messages, messages));
}

TEST(CaptureDamageTest, PieceRemovedIsCaughtWhereItWas) {
  const std::vector<Bytes> pieces = Pieces(MakeCapture(Messages()));
  for (std::size_t removed = 0; removed < pieces.size(); ++removed) {
    std::vector<Bytes> rest = pieces;
    rest.erase(rest.begin() + static_cast<std::ptrdiff_t>(removed));
    const ReadBack back = ReadCapture(testing::Concat(rest));
    EXPECT_EQ(back.status.code(), absl::StatusCode::kDataLoss) << removed;
    EXPECT_EQ(back.messages.size(), std::min(removed, Messages().size()));
  }
}

TEST(CaptureDamageTest, PiecesSwappedOrRepeatedAreCaught) {
  const std::vector<Bytes> pieces = Pieces(MakeCapture(Messages()));
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    for (std::size_t k = i + 1; k < pieces.size(); ++k) {
      std::vector<Bytes> swapped = pieces;
      std::swap(swapped[i], swapped[k]);
      const ReadBack back = ReadCapture(testing::Concat(swapped));
      EXPECT_EQ(back.status.code(), absl::StatusCode::kDataLoss) << i << " " << k;
      EXPECT_EQ(back.messages.size(), i);
    }
    std::vector<Bytes> repeated = pieces;
    repeated.insert(repeated.begin() + static_cast<std::ptrdiff_t>(i), pieces[i]);
    EXPECT_FALSE(ReadCapture(testing::Concat(repeated)).status.ok()) << i;
  }
}

TEST(CaptureDamageTest, PieceOfAnotherCaptureIsCaught) {
  std::vector<Bytes> others = Messages();
  others[1] = testing::MakeSnapshot({testing::MakeSnapshotRecord(testing::kStartNs + 1)});
  std::vector<Bytes> pieces = Pieces(MakeCapture(Messages()));
  pieces[3] = Pieces(MakeCapture(others))[3];
  EXPECT_EQ(ReadCapture(testing::Concat(pieces)).messages.size(), 3u);
}

TEST(CaptureDamageTest, DataAfterTheEndIsCaught) {
  const Bytes plain = MakeCapture(Messages());
  const Bytes packed = MakeCapture(Messages(), CaptureFormat::kZstd);
  for (const Bytes& more : {Bytes(1), Bytes(8), plain, packed}) {
    const ReadBack back = ReadCapture(testing::Concat({plain, more}));
    EXPECT_EQ(back.messages, Messages());
    EXPECT_TRUE(Says(back.status,
                     absl::StrFormat("damaged at byte %d: data after the end seal", plain.size())))
        << back.status;
    const ReadBack packed_back = ReadCapture(testing::Concat({packed, more}));
    EXPECT_EQ(packed_back.messages, Messages());
    EXPECT_TRUE(Says(packed_back.status, "data after the end of the compressed stream"))
        << packed_back.status;
  }
}

TEST(CaptureDamageTest, WhatIsNoCaptureIsCalledThat) {
  EXPECT_EQ(ReadCapture({}).status,
            absl::InvalidArgumentError("capture test: not a capture: empty"));
  const std::string_view text = "{\"event_type\":\"process_start\"}\n";
  EXPECT_EQ(ReadCapture(std::as_bytes(std::span(text))).status,
            absl::InvalidArgumentError(
                "capture test: not a capture: neither Cap'n Proto messages nor zstd"));
  EXPECT_EQ(ReadCapture(Bytes(4096)).status.code(), absl::StatusCode::kInvalidArgument);
  // The stream as the collector sends it, without seals.
  const ReadBack raw = ReadCapture(testing::Concat(Messages()));
  EXPECT_EQ(raw.status.code(), absl::StatusCode::kDataLoss);
  EXPECT_TRUE(raw.messages.empty());
}

TEST(CaptureDamageTest, WindowBeyondTheLimitIsRefused) {
  const Bytes plain = MakeCapture(Messages());
  ZSTD_CCtx* context = ZSTD_createCCtx();
  ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, kMaxWindowLog + 1);
  Bytes packed(ZSTD_compressBound(plain.size()));
  ZSTD_inBuffer in{plain.data(), plain.size(), 0};
  ZSTD_outBuffer out{packed.data(), packed.size(), 0};
  // Streaming, because otherwise zstd makes the window no larger than the content.
  ZSTD_compressStream2(context, &out, &in, ZSTD_e_continue);
  ASSERT_EQ(ZSTD_compressStream2(context, &out, &in, ZSTD_e_end), 0u);
  ZSTD_freeCCtx(context);
  packed.resize(out.pos);
  const ReadBack back = ReadCapture(packed);
  EXPECT_TRUE(Says(back.status, "too much memory")) << back.status;
}

TEST(CaptureDamageTest, ForeignSealsAndUnreadableMessagesAreNotHandedOut) {
  // Sealed by somebody who knows how, but without messages.
  const SealBytes end = BuildSeal(SealState{.messages = 7}, true);
  const Bytes null_root = {std::byte{0}, std::byte{0}, std::byte{0}, std::byte{0},
                           std::byte{1}, std::byte{0}, std::byte{0}, std::byte{0},
                           std::byte{0}, std::byte{0}, std::byte{0}, std::byte{0},
                           std::byte{0}, std::byte{0}, std::byte{0}, std::byte{0}};
  for (const Bytes& message : {Bytes(end.begin(), end.end()), null_root}) {
    const SealBytes seal = BuildSeal(Extend(SealState{}, message), false);
    const ReadBack back = ReadCapture(testing::Concat({message, Bytes(seal.begin(), seal.end())}));
    EXPECT_EQ(back.status.code(), absl::StatusCode::kDataLoss) << back.status;
    EXPECT_TRUE(back.messages.empty());
  }
}

}  // namespace
}  // namespace randguard
