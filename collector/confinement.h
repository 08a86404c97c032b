// SPDX-License-Identifier: Apache-2.0
//
// The way out of privilege, in two steps. Both end the program if the result is not the one
// described here.
#ifndef COLLECTOR_CONFINEMENT_H_
#define COLLECTOR_CONFINEMENT_H_

#include <sys/types.h>

#include <string>

namespace randguard::collector {

// Sets uid and gid in all their forms, no supplementary group, every capability set empty (the
// bounding set too), no_new_privs, not dumpable, no new processes, "/" as working directory. Each
// of these is read back and checked, not assumed.
void DropEverything(uid_t uid, gid_t gid);

// From then on, only the system calls of the list in confinement.cc are allowed; any other kills
// the process.
void EnterSteadyState();

// The list as rows of the table in docs/privileged-surface.md, for the test that compares them.
std::string AllowedCalls();

}  // namespace randguard::collector

#endif  // COLLECTOR_CONFINEMENT_H_
