// SPDX-License-Identifier: Apache-2.0
#include <string_view>

#include "analyzer/event/alert.h"
#include "analyzer/event/reports.h"
#include "analyzer/output/json/event_line.h"

namespace randguard {

template std::string_view EventWriter::Write(const Alert&);
template std::string_view EventWriter::Write(const Loss&);
template std::string_view EventWriter::Write(const Health&);
template std::string_view EventWriter::Write(const Canary&);

}  // namespace randguard
