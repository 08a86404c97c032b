// SPDX-License-Identifier: Apache-2.0
//
// Where lines of each output.format have what is read of them again, as JSON Pointers.
#ifndef ANALYZER_OUTPUT_PROFILES_LINE_PLACES_H_
#define ANALYZER_OUTPUT_PROFILES_LINE_PLACES_H_

#include <string_view>

namespace randguard::profiles {

struct LinePlaces {
  std::string_view seq, boot, host, type, first_seq, last_seq;
};
inline constexpr LinePlaces kLinePlaces[] = {
    {"/seq", "/boot_id", "/host", "/event_type", "/first_seq", "/last_seq"},
    {"/event/sequence", "/host/boot/id", "/host/name", "/rand_guard/event_type",
     "/rand_guard/first_seq", "/rand_guard/last_seq"},
    {"/metadata/sequence", "/device/boot_uid", "/device/hostname", "/metadata/event_code",
     "/unmapped/first_seq", "/unmapped/last_seq"},
};

}  // namespace randguard::profiles

#endif  // ANALYZER_OUTPUT_PROFILES_LINE_PLACES_H_
