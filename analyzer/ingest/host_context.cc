// SPDX-License-Identifier: Apache-2.0
#include "analyzer/ingest/host_context.h"

#include <capnp/message.h>
#include <capnp/serialize.h>

#include "schema/telemetry.capnp.h"

namespace randguard {

kj::Array<capnp::word> BuildHostContext(std::span<const UserName> users, std::uint32_t reading,
                                        const std::optional<Cursor>& printed) {
  capnp::MallocMessageBuilder message;
  auto context = message.initRoot<wire::Message>().initContext();
  context.setReading(reading);
  auto list = context.initUsers(static_cast<unsigned>(users.size()));
  for (unsigned i = 0; i < users.size(); ++i) {
    list[i].setUid(users[i].uid);
    list[i].setName(users[i].name);
  }
  if (printed.has_value()) {
    auto cursor = context.initPrinted();
    cursor.setBootId(printed->boot_id);
    cursor.setCollectorStartNs(printed->collector_start_ns);
    cursor.setRecords(printed->records);
    if (printed->lost.has_value()) {
      auto lost = cursor.initLost(static_cast<unsigned>(printed->lost->size()));
      for (unsigned i = 0; i < printed->lost->size(); ++i) lost.set(i, (*printed->lost)[i]);
    }
    if (printed->skipped.has_value()) {
      auto skipped = cursor.initSkipped(static_cast<unsigned>(printed->skipped->size()));
      for (unsigned i = 0; i < printed->skipped->size(); ++i) {
        skipped.set(i, (*printed->skipped)[i]);
      }
    }
  }
  return capnp::messageToFlatArray(message);
}

kj::Array<capnp::word> BuildNumbers(std::uint64_t next_seq, bool session_ended) {
  capnp::MallocMessageBuilder message;
  auto numbers = message.initRoot<wire::Message>().initNumbers();
  numbers.setNextSeq(next_seq);
  numbers.setSessionEnded(session_ended);
  return capnp::messageToFlatArray(message);
}

}  // namespace randguard
