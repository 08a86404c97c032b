// SPDX-License-Identifier: Apache-2.0
//
// Facts of this host that a replay on another host could not look up, as a message of the stream.
// The pipeline gets them in no other way, so a capture holds all that its lines were made of.
#ifndef ANALYZER_INGEST_HOST_CONTEXT_H_
#define ANALYZER_INGEST_HOST_CONTEXT_H_

#include <capnp/common.h>
#include <kj/array.h>

#include <cstdint>
#include <optional>
#include <span>

#include "analyzer/ingest/user_names.h"
#include "analyzer/pipeline/cursor.h"

namespace randguard {

// One framed `numbers` message: the next line's number, and whether the connection is over.
kj::Array<capnp::word> BuildNumbers(std::uint64_t next_seq, bool session_ended);

// One framed `context` message: the names of users, which reading of them this is, and how far the
// analyzer before had got (with the first reading only).
kj::Array<capnp::word> BuildHostContext(std::span<const UserName> users, std::uint32_t reading,
                                        const std::optional<Cursor>& printed);

}  // namespace randguard

#endif  // ANALYZER_INGEST_HOST_CONTEXT_H_
