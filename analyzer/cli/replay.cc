// SPDX-License-Identifier: Apache-2.0
//
// Commands on captures: `rand-guard replay` and `rand-guard capture info`. Neither needs root.
#include "analyzer/ingest/replay.h"

#include <chrono>
#include <cstdio>
#include <string>

#include "analyzer/base/status.h"
#include "analyzer/capture/capture_info.h"
#include "analyzer/capture/capture_reader.h"
#include "analyzer/cli/commands.h"
#include "analyzer/cli/options.h"
#include "analyzer/cli/outputs.h"
#include "analyzer/cli/setup.h"
#include "analyzer/confine/confine.h"
#include "analyzer/decode/record.h"
#include "analyzer/output/sinks/line_sink.h"
#include "analyzer/pipeline/pipeline.h"

namespace randguard::cli {
namespace {

void PrintStats(const CaptureReader& reader, const Pipeline& pipeline, const LineSink& out,
                std::chrono::duration<double> took) {
  const double seconds = took.count();
  std::fprintf(stderr,
               "messages %llu, records %llu (%llu not understood), events written %llu, "
               "alerts %llu, losses reported %llu\n"
               "%.3f s, %.0f records/s, %.1f MB read, %.1f MB written\n",
               static_cast<unsigned long long>(reader.Messages()),
               static_cast<unsigned long long>(pipeline.records_read()),
               static_cast<unsigned long long>(pipeline.invalid_records()),
               static_cast<unsigned long long>(pipeline.events_written()),
               static_cast<unsigned long long>(pipeline.alerts_written()),
               static_cast<unsigned long long>(pipeline.losses()), seconds,
               seconds > 0 ? static_cast<double>(pipeline.records_read()) / seconds : 0.0,
               static_cast<double>(reader.Bytes()) / 1e6, static_cast<double>(out.bytes()) / 1e6);
}

// True: all of it was whole and written.
absl::StatusOr<bool> ReplayWith(const Arguments& arguments, const Loaded& loaded) {
  const std::string& path = arguments.operands()[0];
  RG_RETURN_IF_ERROR(CheckIsNotOutput(path, arguments.Value(option::kReplayOutput)));
  RG_ASSIGN_OR_RETURN(CaptureReader reader, CaptureReader::Open(path));
  RG_ASSIGN_OR_RETURN(LineSink out, OpenReplayOutput(arguments));
  Pipeline pipeline(loaded.config, out, loaded.rules);
  RG_RETURN_IF_ERROR(ConfineReader());
  const auto start = std::chrono::steady_clock::now();
  bool whole = ReplayCapture(reader, pipeline, [](const absl::Status& status) {
                 Say(Message(status));
               }).ok();
  if (arguments.Has(option::kStats)) {
    PrintStats(reader, pipeline, out, std::chrono::steady_clock::now() - start);
  }
  if (out.failures() > 0) {
    Say(absl::StrFormat("%d lines could not be written", out.failures()));
    whole = false;
  }
  if (pipeline.invalid_records() > 0) {
    Say(absl::StrFormat("%d records were not understood", pipeline.invalid_records()));
    whole = false;
  }
  return whole;
}

}  // namespace

int Replay(const Arguments& arguments) {
  const auto loaded = ReadConfig(arguments, Report::kErrors, RuleTests::kPassOver);
  if (!loaded.has_value()) return 1;
  const auto whole = ReplayWith(arguments, *loaded);
  if (!whole.ok()) return Fail(whole.status());
  return *whole ? 0 : 1;
}

int CaptureInfo(const Arguments& arguments) {
  auto reader = CaptureReader::Open(arguments.operands()[0]);
  if (!reader.ok()) return Fail(reader.status());
  if (const absl::Status status = ConfineReader(); !status.ok()) return Fail(status);
  const auto info =
      InspectCapture(*reader, [](RecordBytes record) { return DecodeRecord(record).status(); });
  std::fputs(FormatCaptureInfo(info).c_str(), stdout);
  return info.Sound() ? 0 : 1;
}

}  // namespace randguard::cli
