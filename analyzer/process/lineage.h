// SPDX-License-Identifier: Apache-2.0
//
// Between the start of a program and the process table: the table keeps the program's image, and
// the event gets its parents from the table.
#ifndef ANALYZER_PROCESS_LINEAGE_H_
#define ANALYZER_PROCESS_LINEAGE_H_

#include "analyzer/event/events.h"
#include "analyzer/process/process_table.h"

namespace randguard {

// The data of a start that the process table keeps.
ProgramImage ImageOf(const ProcessStart& event);

// Fills in parent and ancestors. Their text borrows from the table.
void FillLineage(const ProcessTable& processes, ProcessStart& event);

}  // namespace randguard

#endif  // ANALYZER_PROCESS_LINEAGE_H_
