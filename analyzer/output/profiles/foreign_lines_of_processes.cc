// SPDX-License-Identifier: Apache-2.0
#include "analyzer/event/events.h"
#include "analyzer/output/profiles/foreign_line.h"

namespace randguard {

template void EventWriter::LayForeign(const ProcessStart&);
template void EventWriter::LayForeign(const ProcessExecFailed&);
template void EventWriter::LayForeign(const ProcessRelationship&);
template void EventWriter::LayForeign(const ProcessExit&);

}  // namespace randguard
