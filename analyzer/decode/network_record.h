// SPDX-License-Identifier: Apache-2.0
#ifndef ANALYZER_DECODE_NETWORK_RECORD_H_
#define ANALYZER_DECODE_NETWORK_RECORD_H_

#include "analyzer/decode/parts.h"
#include "analyzer/event/events.h"

namespace randguard {

// `r` lies in the record that `strings` was made of. strings.Fail(): the record is of a family that
// is not looked at, or names no system call that makes records of its kind.
void DecodeNetwork(const rg_network& r, Strings& strings, Event& event);

}  // namespace randguard

#endif  // ANALYZER_DECODE_NETWORK_RECORD_H_
