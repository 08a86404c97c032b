// SPDX-License-Identifier: Apache-2.0
#ifndef ANALYZER_DECODE_BEHAVIOUR_RECORD_H_
#define ANALYZER_DECODE_BEHAVIOUR_RECORD_H_

#include "analyzer/decode/parts.h"
#include "analyzer/event/events.h"

namespace randguard {

// `r` lies in the record that `strings` was made of. strings.Fail(): the record names no system
// call, or one whose records are of another kind.
void DecodeCredentials(const rg_credentials& r, Strings& strings, Event& event);
void DecodeBehaviour(const rg_behaviour& r, Strings& strings, Event& event);

}  // namespace randguard

#endif  // ANALYZER_DECODE_BEHAVIOUR_RECORD_H_
