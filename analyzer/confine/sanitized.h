// SPDX-License-Identifier: Apache-2.0
#ifndef ANALYZER_CONFINE_SANITIZED_H_
#define ANALYZER_CONFINE_SANITIZED_H_

namespace randguard {

// Whether AddressSanitizer is built in. The sanitizer makes system calls and reads files of its
// own. It reads files for the leak check at the end, which stops all threads of the process.
#if defined(__SANITIZE_ADDRESS__)
inline constexpr bool kSanitized = true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
inline constexpr bool kSanitized = true;
#else
inline constexpr bool kSanitized = false;
#endif
#else
inline constexpr bool kSanitized = false;
#endif

}  // namespace randguard

#endif  // ANALYZER_CONFINE_SANITIZED_H_
