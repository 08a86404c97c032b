/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
 *
 * Numbers of the system calls in calls.def: RG_NR64_<name>, RG_NR32_<name>. A call without a row in
 * the architecture's list does not compile where its number is asked for.
 */
#ifndef RG_SCHEMA_ABI_ARCH_H
#define RG_SCHEMA_ABI_ARCH_H

#if defined(__x86_64__) || defined(__TARGET_ARCH_x86)
#define RG_SYSTEM_CALLS	      "schema/abi/arch/x86_64.def"
#define RG_FUNCTIONS_OF_CALLS "schema/abi/call_functions/x86_64.def"
/* Those functions' names begin so, in each table. */
#define RG_FUNCTION_PREFIX_64 "__x64_"
#define RG_FUNCTION_PREFIX_32 "__ia32_"
#else
#error "no list of system calls for this architecture: see schema/abi/arch/x86_64.def"
#endif

/* The call is not in the table. */
#define RG_ABSENT -1

enum rg_number {
#define SYSTEM_CALL(name, nr64, nr32) RG_NR64_##name = nr64, RG_NR32_##name = nr32,
#include RG_SYSTEM_CALLS
#undef SYSTEM_CALL
};

#endif /* RG_SCHEMA_ABI_ARCH_H */
