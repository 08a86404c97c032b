// SPDX-License-Identifier: Apache-2.0
#include "analyzer/ingest/replay.h"

#include "analyzer/base/status.h"
#include "analyzer/wire/message.h"

namespace randguard {

absl::Status ReplayCapture(CaptureReader& reader, Pipeline& pipeline,
                           absl::FunctionRef<void(const absl::Status&)> complain) {
  absl::Status result;
  for (;;) {
    auto frame = reader.Next();
    if (!frame.ok()) {
      result = frame.status();
      complain(result);
      break;
    }
    if (!frame->has_value()) break;
    const absl::Status status = ReadMessage(
        **frame, [&](wire::Message::Reader message) { return pipeline.OnMessage(message); });
    if (!status.ok()) {
      pipeline.EndSession();
      result =
          InvalidInput("%s: byte %d: %s", reader.Name(), reader.MessageOffset(), Message(status));
      complain(result);
    }
  }
  pipeline.EndSession();
  pipeline.Flush();
  return result;
}

}  // namespace randguard
