// SPDX-License-Identifier: Apache-2.0
//
// The one place where a message nobody vouches for is opened, and where Cap'n Proto's exceptions
// end.
#ifndef ANALYZER_WIRE_MESSAGE_H_
#define ANALYZER_WIRE_MESSAGE_H_

#include <capnp/blob.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "analyzer/wire/frame_reader.h"
#include "schema/telemetry.capnp.h"

namespace randguard {

// How much of a message may be read, counted by Cap'n Proto each time a pointer is followed: twice
// the largest message. A message can name the same bytes many times over, or a list of a billion
// elements of no size; this is what stops a small message from being read for ever. Room for two:
// a visitor may look at everything once and at the records twice.
inline constexpr std::uint64_t kTraversalLimitWords = 2 * kMaxMessageBytes / 8;

// How deep pointers may lead. The schema needs 5 (message, heartbeat, counters, list, element);
// the rest is for fields to come. Stops recursion from being driven by the input.
inline constexpr int kNestingLimit = 16;

using MessageVisitor = absl::FunctionRef<absl::Status(wire::Message::Reader)>;

// Opens `frame` (as FrameReader hands it out) in place and calls `visitor` with its content.
//
// Cap'n Proto checks a pointer when it is followed, and throws. So everything the visitor wants it
// must read within the call, there is no keeping a Reader for later; an exception on the way, from
// Cap'n Proto or any other std::exception, becomes InvalidArgument with one line of text. The bytes
// of Text and Data stay valid as long as the frame.
//
// A message of a kind this schema does not know reaches the visitor; its which() is none of the
// enumerators.
absl::Status ReadMessage(Frame frame, MessageVisitor visitor);

// The message's kind alone.
absl::StatusOr<wire::Message::Which> MessageType(Frame frame);

// To be called within a visitor, as they take what following the pointer has returned.
inline std::string_view AsView(capnp::Text::Reader text) { return {text.cStr(), text.size()}; }
// Begins at a multiple of 8 when the message does.
inline std::span<const std::byte> AsBytes(capnp::Data::Reader data) {
  return {reinterpret_cast<const std::byte*>(data.begin()), data.size()};
}

}  // namespace randguard

#endif  // ANALYZER_WIRE_MESSAGE_H_
