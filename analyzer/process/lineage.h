// SPDX-License-Identifier: Apache-2.0
//
// What a start of a program tells the process table, and what the table tells of its parents.
#ifndef ANALYZER_PROCESS_LINEAGE_H_
#define ANALYZER_PROCESS_LINEAGE_H_

#include "analyzer/event/events.h"
#include "analyzer/process/process_table.h"

namespace randguard {

// What is remembered of the program.
ProgramImage ImageOf(const ProcessStart& event);

// Fills in parent and ancestors. Text borrows from the table.
void FillLineage(const ProcessTable& processes, ProcessStart& event);

}  // namespace randguard

#endif  // ANALYZER_PROCESS_LINEAGE_H_
