// SPDX-License-Identifier: Apache-2.0
#include "analyzer/event/behaviour_events.h"
#include "analyzer/output/profiles/foreign_line.h"

namespace randguard {

template void EventWriter::LayForeign(const CredentialsChange&);
template void EventWriter::LayForeign(const ProcessAccess&);
template void EventWriter::LayForeign(const AgentSignal&);
template void EventWriter::LayForeign(const ModuleLoad&);
template void EventWriter::LayForeign(const ModuleUnload&);
template void EventWriter::LayForeign(const BpfOperation&);
template void EventWriter::LayForeign(const NamespaceChange&);
template void EventWriter::LayForeign(const Mount&);
template void EventWriter::LayForeign(const Unmount&);
template void EventWriter::LayForeign(const RootChange&);
template void EventWriter::LayForeign(const MemfdCreate&);
template void EventWriter::LayForeign(const IoUringOperation&);

}  // namespace randguard
