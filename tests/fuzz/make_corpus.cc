// SPDX-License-Identifier: Apache-2.0
//
//   make_corpus capture FILE     a small capture; compressed when FILE ends in .zst
//   make_corpus example FILE     the capture that docs/formats/telemetry.md takes apart
//   make_corpus corpora FOLDER   what is committed as tests/fuzz/corpus: FOLDER/messages/*,
//                                FOLDER/capture/*
#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

#include "analyzer/base/status.h"
#include "analyzer/capture/capture_writer.h"
#include "tests/support/message_builder.h"

namespace randguard {
namespace {

using testing::Bytes;

std::vector<Bytes> OneOfEach() {
  return {testing::MakeHello(),
          testing::MakeContext(),
          testing::MakeSnapshot(),
          testing::MakeBatch(0, 0, {testing::MakeExitRecord(), testing::MakeExitRecord()}, 3),
          testing::MakeHeartbeat(),
          testing::MakeNumbers()};
}

Bytes Cursor() {
  return testing::MakeMessage([](wire::Message::Builder message) {
    wire::Context::Cursor::Builder printed = message.initContext().initPrinted();
    printed.setBootId(testing::kBootId.data());
    printed.setCollectorStartNs(testing::kStartNs);
    printed.setRecords(5);
  });
}

// A message in many segments.
Bytes Segmented() {
  capnp::MallocMessageBuilder builder(8, capnp::AllocationStrategy::FIXED_SIZE);
  wire::Batch::Builder batch = builder.initRoot<wire::Message>().initBatch();
  batch.setRecords(testing::AsData(testing::MakeExitRecord()));
  batch.setRecordCount(1);
  batch.initLost(4);
  return testing::FrameOf(builder);
}

absl::Status WriteCapture(const std::string& path, const std::vector<Bytes>& messages) {
  (void)std::remove(path.c_str());
  RG_ASSIGN_OR_RETURN(CaptureWriter writer, CaptureWriter::Open(path));
  for (const Bytes& message : messages) RG_RETURN_IF_ERROR(writer.Append(message));
  return writer.Close();
}

absl::Status WriteFile(const std::string& path, const Bytes& bytes) {
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out.write(reinterpret_cast<const char*>(bytes.data()),
            static_cast<std::streamsize>(bytes.size()));
  out.close();
  return out ? absl::OkStatus() : HostError("%s: cannot be written", path);
}

absl::Status WriteCorpora(const std::string& folder) {
  const std::vector<Bytes> all = OneOfEach();
  const char* const names[] = {"hello", "context", "snapshot", "batch", "heartbeat", "numbers"};
  for (std::size_t i = 0; i < all.size(); ++i) {
    RG_RETURN_IF_ERROR(WriteFile(folder + "/messages/" + names[i], all[i]));
  }
  RG_RETURN_IF_ERROR(WriteFile(folder + "/messages/segmented", Segmented()));
  RG_RETURN_IF_ERROR(WriteFile(folder + "/messages/cursor", Cursor()));
  RG_RETURN_IF_ERROR(WriteFile(folder + "/messages/session", testing::Concat(all)));

  RG_RETURN_IF_ERROR(WriteCapture(folder + "/capture/session", all));
  RG_RETURN_IF_ERROR(WriteCapture(folder + "/capture/session.zst", all));
  RG_RETURN_IF_ERROR(WriteCapture(folder + "/capture/empty", {}));
  RG_RETURN_IF_ERROR(WriteFile(folder + "/capture/messages", testing::Concat(all)));
  return WriteCapture(folder + "/capture/two-sessions",
                      {testing::MakeHello(), testing::MakeSnapshot(), testing::MakeBatch(0, 0),
                       testing::MakeHello(1, 2, 5), testing::MakeSnapshot({}, false)});
}

}  // namespace
}  // namespace randguard

int main(int argc, char** argv) {
  const std::string what = argc == 3 ? argv[1] : "";
  absl::Status status;
  if (what == "capture") {
    status = randguard::WriteCapture(argv[2], randguard::OneOfEach());
  } else if (what == "example") {
    status = randguard::WriteCapture(argv[2], {randguard::testing::MakeContext()});
  } else if (what == "corpora") {
    status = randguard::WriteCorpora(argv[2]);
  } else {
    std::fprintf(stderr, "usage: %s capture FILE | example FILE | corpora FOLDER\n", argv[0]);
    return 2;
  }
  if (!status.ok()) std::fprintf(stderr, "%s\n", randguard::Message(status).c_str());
  return status.ok() ? 0 : 1;
}
