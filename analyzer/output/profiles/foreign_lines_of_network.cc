// SPDX-License-Identifier: Apache-2.0
#include "analyzer/event/network_events.h"
#include "analyzer/output/profiles/foreign_line.h"

namespace randguard {

template void EventWriter::LayForeign(const NetworkConnect&);
template void EventWriter::LayForeign(const NetworkBind&);
template void EventWriter::LayForeign(const NetworkListen&);
template void EventWriter::LayForeign(const NetworkAccept&);
template void EventWriter::LayForeign(const NetworkDatagram&);
template void EventWriter::LayForeign(const NetworkSocket&);
template void EventWriter::LayForeign(const NetworkClose&);

}  // namespace randguard
