// SPDX-License-Identifier: Apache-2.0
#include "analyzer/pipeline/session.h"

#include <string>
#include <utility>

#include "analyzer/base/status.h"
#include "analyzer/wire/message.h"
#include "schema/abi/event.h"

namespace randguard {
namespace {

constexpr std::size_t kBootIdBytes = 36;
constexpr std::size_t kMaxText = 256;  // any other text of Hello

}  // namespace

absl::Status Session::Check(wire::Hello::Reader hello) {
  if (hello.getAbiVersion() != RG_ABI_VERSION) {
    return InvalidInput(
        "the collector sends records of ABI version %d, this analyzer reads version %d; install "
        "the same version of both",
        hello.getAbiVersion(), RG_ABI_VERSION);
  }
  if (hello.getBootId().size() > kBootIdBytes || hello.getHostName().size() > kMaxText ||
      hello.getCollectorVersion().size() > kMaxText || hello.getKernelRelease().size() > kMaxText) {
    return InvalidInput("a hello with texts longer than %d bytes (boot id: %d)", kMaxText,
                        kBootIdBytes);
  }
  return absl::OkStatus();
}

Session::Beginning Session::Begin(wire::Hello::Reader hello) {
  std::string boot_id(AsView(hello.getBootId()));
  Beginning beginning;
  beginning.other_boot = boot_id != context_.boot_id;
  if (beginning.other_boot) now_ns_ = 0;
  beginning.last_ns = now_ns_;
  context_ = {std::string(AsView(hello.getHostName())), std::move(boot_id),
              hello.getClockOffsetNs()};
  connected_ = true;
  ++count_;
  Advance(hello.getCollectorStartNs());
  return beginning;
}

absl::Status Session::Need() const {
  if (connected_) return absl::OkStatus();
  return InvalidInput("a message before hello");
}

}  // namespace randguard
