// SPDX-License-Identifier: Apache-2.0
//
// The way out of privilege. Both end the program if anything does not come out as said here.
#ifndef COLLECTOR_PRIVILEGES_H_
#define COLLECTOR_PRIVILEGES_H_

#include <sys/types.h>

namespace randguard::collector {

// Afterwards: uid and gid in all their forms, no supplementary group, every capability set empty
// (the bounding set too), no_new_privs, not dumpable, no new processes, "/" as working
// directory. Read back and checked, not assumed.
void DropEverything(uid_t uid, gid_t gid);

}  // namespace randguard::collector

#endif  // COLLECTOR_PRIVILEGES_H_
