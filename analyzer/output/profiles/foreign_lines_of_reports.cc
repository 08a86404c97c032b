// SPDX-License-Identifier: Apache-2.0
#include "analyzer/event/alert.h"
#include "analyzer/event/reports.h"
#include "analyzer/output/profiles/foreign_line.h"

namespace randguard {

template void EventWriter::LayForeign(const Alert&);
template void EventWriter::LayForeign(const Loss&);
template void EventWriter::LayForeign(const Health&);
template void EventWriter::LayForeign(const Canary&);

}  // namespace randguard
