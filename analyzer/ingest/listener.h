// SPDX-License-Identifier: Apache-2.0
//
// Where collectors connect.
#ifndef ANALYZER_INGEST_LISTENER_H_
#define ANALYZER_INGEST_LISTENER_H_

#include <kj/io.h>
#include <sys/types.h>

#include <string>

#include "absl/status/statusor.h"

namespace randguard {

// The socket the service manager has passed (sd_listen_fds(3)); it is listened to anew, so that
// peers see this process as its owner. FailedPrecondition if there is not exactly one.
absl::StatusOr<kj::AutoCloseFd> ActivatedListener();

// A socket at `path`, to which every user may connect: who is served is decided by uid. A socket
// that an earlier process left behind is replaced; anything else there is refused.
absl::StatusOr<kj::AutoCloseFd> ListenAt(const std::string& path);

// The next connection, non-blocking; its peer's uid in `uid`.
absl::StatusOr<kj::AutoCloseFd> AcceptPeer(int listener, uid_t& uid);

}  // namespace randguard

#endif  // ANALYZER_INGEST_LISTENER_H_
