// SPDX-License-Identifier: Apache-2.0
//
// A capture through the pipeline.
#ifndef ANALYZER_INGEST_REPLAY_H_
#define ANALYZER_INGEST_REPLAY_H_

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "analyzer/capture/capture_reader.h"
#include "analyzer/pipeline/pipeline.h"

namespace randguard {

// Handles every whole message of the capture as a live analyzer would have. A bad message ends its
// session, and the next hello begins another. Each error goes to `complain` at once, also one that
// ends the reading early. The last error is returned.
absl::Status ReplayCapture(CaptureReader& reader, Pipeline& pipeline,
                           absl::FunctionRef<void(const absl::Status&)> complain);

}  // namespace randguard

#endif  // ANALYZER_INGEST_REPLAY_H_
