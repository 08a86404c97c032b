// SPDX-License-Identifier: Apache-2.0
#ifndef ANALYZER_CONFINE_SANITIZED_H_
#define ANALYZER_CONFINE_SANITIZED_H_

namespace randguard {

// Whether AddressSanitizer is built in: it makes calls and reads files of its own, the latter for
// leak checks at the end, which stop a whole process.
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
