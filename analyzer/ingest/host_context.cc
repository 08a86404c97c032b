// SPDX-License-Identifier: Apache-2.0
#include "analyzer/ingest/host_context.h"

#include <capnp/message.h>
#include <capnp/serialize.h>
#include <pwd.h>

#include <cstdio>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "schema/telemetry.capnp.h"

namespace randguard {
namespace {

// A host with more local users than this has them in a directory.
constexpr std::size_t kMaxUsers = 4096;
constexpr std::size_t kMaxName = 256;

std::vector<std::pair<uid_t, std::string>> LocalUsers() {
  std::vector<std::pair<uid_t, std::string>> users;
  const std::unique_ptr<FILE, int (*)(FILE*)> file(std::fopen("/etc/passwd", "re"), std::fclose);
  if (file == nullptr) return users;
  std::vector<char> buffer(65536);
  passwd entry{};
  for (passwd* found = nullptr; users.size() < kMaxUsers;) {
    if (fgetpwent_r(file.get(), &entry, buffer.data(), buffer.size(), &found) != 0) break;
    const std::string name = found->pw_name;
    if (name.size() <= kMaxName) users.emplace_back(found->pw_uid, name);
  }
  return users;
}

}  // namespace

kj::Array<capnp::word> BuildHostContext(const std::optional<Cursor>& printed) {
  capnp::MallocMessageBuilder message;
  auto context = message.initRoot<wire::Message>().initContext();
  const auto users = LocalUsers();
  auto list = context.initUsers(static_cast<unsigned>(users.size()));
  for (unsigned i = 0; i < users.size(); ++i) {
    list[i].setUid(users[i].first);
    list[i].setName(users[i].second);
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

}  // namespace randguard
