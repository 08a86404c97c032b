// SPDX-License-Identifier: Apache-2.0
//
// Commands on captures: `rand-guard replay` and `rand-guard capture info`. Neither needs root.
#include <chrono>
#include <cstdio>

#include "analyzer/base/status.h"
#include "analyzer/capture/capture_info.h"
#include "analyzer/capture/capture_reader.h"
#include "analyzer/cli/commands.h"
#include "analyzer/cli/setup.h"
#include "analyzer/decode/record.h"
#include "analyzer/pipeline/pipeline.h"
#include "analyzer/wire/message.h"

namespace randguard::cli {
namespace {

void PrintStats(const CaptureReader& reader, const Pipeline& pipeline, const LineSink& out,
                std::chrono::duration<double> took) {
  const double seconds = took.count();
  std::fprintf(stderr,
               "messages %llu, records %llu (%llu not understood), events written %llu, "
               "losses reported %llu\n"
               "%.3f s, %.0f records/s, %.1f MB read, %.1f MB written\n",
               static_cast<unsigned long long>(reader.Messages()),
               static_cast<unsigned long long>(pipeline.records_read()),
               static_cast<unsigned long long>(pipeline.invalid_records()),
               static_cast<unsigned long long>(pipeline.events_written()),
               static_cast<unsigned long long>(pipeline.losses()), seconds,
               seconds > 0 ? static_cast<double>(pipeline.records_read()) / seconds : 0.0,
               static_cast<double>(reader.Bytes()) / 1e6, static_cast<double>(out.bytes()) / 1e6);
}

absl::Status ReplayWith(const Arguments& arguments, const Config& config) {
  RG_ASSIGN_OR_RETURN(CaptureReader reader, CaptureReader::Open(arguments.operands()[0]));
  // Not where the configuration says: that is where the live agent writes.
  RG_ASSIGN_OR_RETURN(LineSink out, arguments.Value("--output").value_or("-") == "-"
                                        ? absl::StatusOr<LineSink>(LineSink::Stdout())
                                        : LineSink::File(*arguments.Value("--output")));
  Pipeline pipeline(config, out);
  const auto start = std::chrono::steady_clock::now();
  absl::Status result;
  for (;;) {
    auto frame = reader.Next();
    if (!frame.ok()) {
      result = frame.status();
      break;
    }
    if (!frame->has_value()) break;
    const absl::Status status = ReadMessage(
        **frame, [&](wire::Message::Reader message) { return pipeline.OnMessage(message); });
    if (!status.ok()) {
      // As live: the session is over, the next hello begins another.
      pipeline.EndSession();
      result =
          InvalidInput("%s: byte %d: %s", reader.Name(), reader.MessageOffset(), Message(status));
      Say(Message(result));
    }
  }
  pipeline.EndSession();
  out.Flush();
  if (arguments.Has("--stats")) {
    PrintStats(reader, pipeline, out, std::chrono::steady_clock::now() - start);
  }
  RG_RETURN_IF_ERROR(result);
  if (out.failures() > 0) return HostError("%d lines could not be written", out.failures());
  if (pipeline.invalid_records() > 0) {
    return InvalidInput("%d records were not understood", pipeline.invalid_records());
  }
  return absl::OkStatus();
}

}  // namespace

int Replay(Arguments& arguments) {
  const auto config = ReadConfig(arguments, /*quiet=*/true);
  if (!config.has_value()) return 1;
  const absl::Status status = ReplayWith(arguments, *config);
  return status.ok() ? 0 : Fail(status);
}

int CaptureInfo(Arguments& arguments) {
  auto reader = CaptureReader::Open(arguments.operands()[0]);
  if (!reader.ok()) return Fail(reader.status());
  const auto info =
      InspectCapture(*reader, [](RecordBytes record) { return DecodeRecord(record).status(); });
  std::fputs(FormatCaptureInfo(info).c_str(), stdout);
  return info.Sound() ? 0 : 1;
}

}  // namespace randguard::cli
