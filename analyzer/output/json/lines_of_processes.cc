// SPDX-License-Identifier: Apache-2.0
#include <string_view>

#include "analyzer/event/events.h"
#include "analyzer/output/json/event_line.h"

namespace randguard {

template std::string_view EventWriter::Write(const ProcessStart&);
template std::string_view EventWriter::Write(const ProcessExecFailed&);
template std::string_view EventWriter::Write(const ProcessRelationship&);
template std::string_view EventWriter::Write(const ProcessExit&);

}  // namespace randguard
