// SPDX-License-Identifier: Apache-2.0
//
// Raw records, format schema/abi/event.h. The bytes are hostile until DecodeRecord() has accepted
// them: a collector is trusted no further than its uid.
#ifndef ANALYZER_DECODE_RECORD_H_
#define ANALYZER_DECODE_RECORD_H_

#include <cstddef>
#include <span>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "analyzer/decode/parts.h"
#include "analyzer/event/events.h"
#include "schema/abi/event.h"

namespace randguard {

// By number: a kind of record, the lane that it comes by, a hook; the unknown one for a number that
// this version does not know.
Kind KindOf(unsigned kind);
Lane LaneOf(unsigned kind);
Hook HookOf(unsigned hook);
// "unknown" for a number that has no name.
std::string_view ProgramName(unsigned program);

enum class RecordFault {
  kNone,
  kUnsupportedKind,  // a kind or ABI version that this version does not know
  kInvalid,          // contradicts the format
};

// The header, checked: `bytes` is one whole record, of a known kind and this ABI version, its size
// right. On a fault the result is empty and `fault` says which.
const rg_header* CheckHeader(RecordBytes bytes, RecordFault& fault);

// Decodes one record into `event`, which may hold another one; after an error it holds anything.
// Text in it borrows from `bytes`. Fields that only other records can fill (parents, names) stay
// empty. InvalidArgument: the record contradicts the format; Unimplemented: its kind or version is
// unknown.
absl::Status DecodeRecord(RecordBytes bytes, Event& event);
// Decodes into a new event, for callers to whom speed does not matter.
absl::StatusOr<Event> DecodeRecord(RecordBytes bytes);

}  // namespace randguard

#endif  // ANALYZER_DECODE_RECORD_H_
