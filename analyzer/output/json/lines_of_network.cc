// SPDX-License-Identifier: Apache-2.0
#include <string_view>

#include "analyzer/event/network_events.h"
#include "analyzer/output/json/event_line.h"

namespace randguard {

template std::string_view EventWriter::Write(const NetworkConnect&);
template std::string_view EventWriter::Write(const NetworkBind&);
template std::string_view EventWriter::Write(const NetworkListen&);
template std::string_view EventWriter::Write(const NetworkAccept&);
template std::string_view EventWriter::Write(const NetworkDatagram&);
template std::string_view EventWriter::Write(const NetworkSocket&);
template std::string_view EventWriter::Write(const NetworkClose&);

}  // namespace randguard
