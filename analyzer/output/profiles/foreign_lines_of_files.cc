// SPDX-License-Identifier: Apache-2.0
#include "analyzer/event/file_events.h"
#include "analyzer/output/profiles/foreign_line.h"

namespace randguard {

template void EventWriter::LayForeign(const FileOpen&);
template void EventWriter::LayForeign(const FileWrite&);
template void EventWriter::LayForeign(const FileRename&);
template void EventWriter::LayForeign(const FileUnlink&);
template void EventWriter::LayForeign(const FileChange&);
template void EventWriter::LayForeign(const FileTimes&);
template void EventWriter::LayForeign(const FileFlags&);

}  // namespace randguard
