// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as /etc/passwd. The names are within their bounds, and fit into a message.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <set>
#include <span>
#include <string_view>

#include "analyzer/ingest/host_context.h"
#include "analyzer/ingest/user_names.h"
#include "analyzer/wire/message.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace randguard;  // NOLINT: a function outside of all namespaces
  const UserNames names =
      ParseUserNames(std::string_view(reinterpret_cast<const char*>(data), size));
  std::set<std::uint32_t> ids;
  std::size_t bytes = 0;
  for (const UserName& user : names.users) {
    if (user.name.empty() || user.name.size() > kMaxUserNameBytes) std::abort();
    if (!ids.insert(user.uid).second) std::abort();
    bytes += user.name.size();
  }
  if (names.users.size() > kMaxUserNames || bytes > kMaxUserNamesBytes) std::abort();
  if (names.problem.size() > 200) std::abort();
  const auto words = BuildHostContext(names.users, 1, std::nullopt);
  const absl::Status status = ReadMessage(
      std::as_bytes(std::span(words.begin(), words.size())), [&](wire::Message::Reader message) {
        if (message.getContext().getUsers().size() != names.users.size()) std::abort();
        return absl::OkStatus();
      });
  if (!status.ok()) std::abort();
  return 0;
}
