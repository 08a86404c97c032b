// SPDX-License-Identifier: Apache-2.0
#include <string_view>

#include "analyzer/event/file_events.h"
#include "analyzer/output/json/event_line.h"

namespace randguard {

template std::string_view EventWriter::Write(const FileOpen&);
template std::string_view EventWriter::Write(const FileWrite&);
template std::string_view EventWriter::Write(const FileRename&);
template std::string_view EventWriter::Write(const FileUnlink&);
template std::string_view EventWriter::Write(const FileChange&);
template std::string_view EventWriter::Write(const FileTimes&);
template std::string_view EventWriter::Write(const FileFlags&);

}  // namespace randguard
