// SPDX-License-Identifier: Apache-2.0
#include <string_view>

#include "analyzer/event/behaviour_events.h"
#include "analyzer/output/json/event_line.h"

namespace randguard {

template std::string_view EventWriter::Write(const CredentialsChange&);
template std::string_view EventWriter::Write(const ProcessAccess&);
template std::string_view EventWriter::Write(const AgentSignal&);
template std::string_view EventWriter::Write(const ModuleLoad&);
template std::string_view EventWriter::Write(const ModuleUnload&);
template std::string_view EventWriter::Write(const BpfOperation&);
template std::string_view EventWriter::Write(const NamespaceChange&);
template std::string_view EventWriter::Write(const Mount&);
template std::string_view EventWriter::Write(const Unmount&);
template std::string_view EventWriter::Write(const RootChange&);
template std::string_view EventWriter::Write(const MemfdCreate&);
template std::string_view EventWriter::Write(const IoUringOperation&);

}  // namespace randguard
