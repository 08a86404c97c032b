// SPDX-License-Identifier: Apache-2.0
//
// The steady state: only the system calls listed in steady_state.cc, each with the reason it is
// there. Any other kills the process.
#ifndef COLLECTOR_STEADY_STATE_H_
#define COLLECTOR_STEADY_STATE_H_

namespace randguard::collector {

void EnterSteadyState();

}  // namespace randguard::collector

#endif  // COLLECTOR_STEADY_STATE_H_
