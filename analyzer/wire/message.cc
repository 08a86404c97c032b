// SPDX-License-Identifier: Apache-2.0
#include "analyzer/wire/message.h"

#include <capnp/any.h>
#include <capnp/serialize.h>
#include <kj/exception.h>

#include <exception>
#include <optional>
#include <string>

#include "analyzer/base/status.h"

namespace randguard {
namespace {

// Input can make Cap'n Proto throw as often as it likes. By default, Cap'n Proto then walks the
// stack and may log to standard error. A debug build also starts addr2line from what()
// to name the addresses. The analyzer starts no other process, and input must not make
// it start one.
class QuietExceptions final : public kj::ExceptionCallback {
 public:
  StackTraceMode stackTraceMode() override { return StackTraceMode::NONE; }
  void logMessage(kj::LogSeverity, const char*, int, int, kj::String&&) override {}
};

std::string OneLine(std::string_view text) {
  std::string line(text);
  for (char& c : line) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  }
  return line;
}

absl::Status CheckFrame(Frame frame) {
  if (reinterpret_cast<std::uintptr_t>(frame.data()) % sizeof(capnp::word) != 0) {
    return InvalidInput("a message that does not begin at a multiple of 8");
  }
  RG_ASSIGN_OR_RETURN(const std::optional<std::size_t> size, FrameSize(frame));
  if (size != frame.size()) return InvalidInput("%d bytes that are not one message", frame.size());
  return absl::OkStatus();
}

absl::Status Visit(Frame frame, MessageVisitor visitor) {
  const capnp::ReaderOptions options{.traversalLimitInWords = kTraversalLimitWords,
                                     .nestingLimit = kNestingLimit};
  capnp::FlatArrayMessageReader reader(
      kj::arrayPtr(reinterpret_cast<const capnp::word*>(frame.data()),
                   frame.size() / sizeof(capnp::word)),
      options);
  // A null root would read as an empty hello.
  if (reader.getRoot<capnp::AnyPointer>().isNull())
    return InvalidInput("a message without content");
  return visitor(reader.getRoot<wire::Message>());
}

}  // namespace

// Not instrumented: KJ refuses a callback that is not on the stack. The address sanitizer moves
// locals of the functions it instruments off the stack, to find uses after a function has returned.
__attribute__((no_sanitize("address"))) absl::Status ReadMessage(Frame frame,
                                                                 MessageVisitor visitor) {
  RG_RETURN_IF_ERROR(CheckFrame(frame));
  try {
    QuietExceptions quiet;
    return Visit(frame, visitor);
  } catch (const kj::Exception& e) {
    // getDescription(), not what(): QuietExceptions, which keeps what() harmless, is gone by now.
    return InvalidInput("malformed message: %s", OneLine(e.getDescription().cStr()));
  } catch (const std::exception& e) {
    return InvalidInput("message cannot be read: %s", OneLine(e.what()));
  }
}

absl::StatusOr<wire::Message::Which> MessageType(Frame frame) {
  wire::Message::Which which{};
  RG_RETURN_IF_ERROR(ReadMessage(frame, [&which](wire::Message::Reader message) {
    which = message.which();
    return absl::OkStatus();
  }));
  return which;
}

}  // namespace randguard
