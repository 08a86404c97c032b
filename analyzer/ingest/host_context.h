// SPDX-License-Identifier: Apache-2.0
//
// Facts of this host that a replay on another host could not look up, as a message of the stream.
// The pipeline gets them in no other way, so a capture holds all that its lines were made of.
#ifndef ANALYZER_INGEST_HOST_CONTEXT_H_
#define ANALYZER_INGEST_HOST_CONTEXT_H_

#include <capnp/common.h>
#include <kj/array.h>

#include <optional>

#include "analyzer/pipeline/cursor.h"

namespace randguard {

// One framed `context` message: the names in /etc/passwd (not of network directories: those would
// be asked over the network) and how far the analyzer before had got.
kj::Array<capnp::word> BuildHostContext(const std::optional<Cursor>& printed);

}  // namespace randguard

#endif  // ANALYZER_INGEST_HOST_CONTEXT_H_
