// SPDX-License-Identifier: Apache-2.0
//
// The one place where a message that nobody vouches for is opened, and where Cap'n Proto's
// exceptions end.
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

// How much of a message may be read: twice the largest message. Cap'n Proto counts each time it
// follows a pointer. A message can name the same bytes many times over, or a list of a billion
// elements without size. This limit stops such a small message from being read for ever. There is
// room for two because a visitor may look at everything once and at the records twice.
inline constexpr std::uint64_t kTraversalLimitWords = 2 * kMaxMessageBytes / 8;

// How deep pointers may lead. The schema needs 5 (message, heartbeat, counters, list, element); the
// rest is for fields to come. The limit keeps input from driving the recursion.
inline constexpr int kNestingLimit = 16;

using MessageVisitor = absl::FunctionRef<absl::Status(wire::Message::Reader)>;

// Opens `frame` (as FrameReader hands it out) in place and calls `visitor` with its content.
//
// Cap'n Proto checks a pointer when the pointer is followed, and throws. So a visitor must read
// everything it wants within the call, and must not keep a Reader for later. An exception on the
// way, from Cap'n Proto or any other std::exception, becomes InvalidArgument with one line of text.
// The bytes of Text and Data stay valid as long as the frame.
//
// A message of a type that this schema does not know reaches the visitor; its which() is none of
// the enumerators.
absl::Status ReadMessage(Frame frame, MessageVisitor visitor);

// The message's type alone.
absl::StatusOr<wire::Message::Which> MessageType(Frame frame);

// To be called within a visitor. The argument comes from following a pointer, which may throw.
inline std::string_view AsView(capnp::Text::Reader text) { return {text.cStr(), text.size()}; }
// Begins at a multiple of 8 when the message does.
inline std::span<const std::byte> AsBytes(capnp::Data::Reader data) {
  return {reinterpret_cast<const std::byte*>(data.begin()), data.size()};
}

}  // namespace randguard

#endif  // ANALYZER_WIRE_MESSAGE_H_
