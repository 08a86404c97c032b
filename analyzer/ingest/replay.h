// SPDX-License-Identifier: Apache-2.0
//
// A capture through the pipeline.
#ifndef ANALYZER_INGEST_REPLAY_H_
#define ANALYZER_INGEST_REPLAY_H_

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "analyzer/capture/capture_reader.h"
#include "analyzer/output/sinks/sink.h"
#include "analyzer/pipeline/pipeline.h"

namespace randguard {

// Handles every whole message of the capture as a live analyzer would have. What is wrong on the
// way (a bad message ends its session, the next hello begins another) goes to `complain` as it
// comes; the last of it is returned, as is what ended the reading early.
absl::Status ReplayCapture(CaptureReader& reader, Pipeline& pipeline, Sink& out,
                           absl::FunctionRef<void(const absl::Status&)> complain);

}  // namespace randguard

#endif  // ANALYZER_INGEST_REPLAY_H_
