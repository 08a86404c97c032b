/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
 *
 * A system call that has returned, through whichever table, and its row of calls.def.
 */
#ifndef RG_EBPF_CALL_H
#define RG_EBPF_CALL_H

#include "ebpf/descriptors.h"
#include "schema/abi/arch.h"

#define AT_FDCWD -100

#define EINTR		      4
#define ENOSYS		      38
#define ERESTARTSYS	      512
#define ERESTART_RESTARTBLOCK 516

/* Is this the call `name`? Each table has numbers of its own. */
#define rg_is_call(nr, compat, name) ((nr) == ((compat) ? RG_NR32_##name : RG_NR64_##name))

static __always_inline void rg_read_args(struct rg_call_args *c, struct pt_regs *regs)
{
	rg_read_registers(c->args, regs, c->compat);
}

/* The kernel's own errors say that a signal came. The caller never sees them. */
static __always_inline long rg_result_seen(long result)
{
	return result <= -ERESTARTSYS && result >= -ERESTART_RESTARTBLOCK ? -EINTR : result;
}

/* --- who has seen the call ------------------------------------------------------- */

/* The program that looks at calls when they return. A host has one of the two. */
static __always_inline __u32 rg_call_program(void)
{
	return rg_settings.calls_by_function ? RG_PROGRAM_call : RG_PROGRAM_sys_exit;
}

/* A function of the kernel has acted, and its result is its own. So nobody has made it up, whether
 * or not there is a tracer or a seccomp filter. */
static __always_inline void rg_mark_witness(struct rg_header *hdr)
{
	if (rg_settings.calls_by_function)
		hdr->flags = RG_HEADER_FUNCTION;
}

static __always_inline bool rg_may_be_made_up(long result)
{
	return !rg_settings.calls_by_function && result >= 0;
}

/* --- rows of calls.def ---------------------------------------------------------- */

/* The function that looks at a call is the one that fills the body of its records. */
enum rg_handler {
	RG_HANDLER_exec_failed,
	RG_HANDLER_file,
	RG_HANDLER_credentials,
	RG_HANDLER_behaviour,
	RG_HANDLER_network,
};
/* A call whose records have a body that is not here does not compile. */
#define RG_HANDLER_OF(body)                                                                        \
	_Generic((body *)NULL, struct rg_exec_failed *                                             \
		 : RG_HANDLER_exec_failed, struct rg_file *                                        \
		 : RG_HANDLER_file, struct rg_credentials *                                        \
		 : RG_HANDLER_credentials, struct rg_behaviour *                                   \
		 : RG_HANDLER_behaviour, struct rg_network *                                       \
		 : RG_HANDLER_network)

#define EVENT_KIND(number, name, body, domain, behaviour, lane)                                    \
	typedef struct rg_##body rg_body_of_##name;
#include "schema/abi/event_kinds.def"
#undef EVENT_KIND

struct rg_call_layout {
	__s8 fd, dirfd, name, dirfd2, name2;
	__u8 keep;
	__u8 kind;	/* enum rg_kind */
	__u8 handler;	/* enum rg_handler */
	__u8 operation; /* enum rg_operation */
	bool null_name; /* RG_NULL_NAME */
};

#define RG_CALLS_MAX 256 /* power of two */
_Static_assert(RG_CALL_END <= RG_CALLS_MAX, "room in rg_layouts");

/* The table has a section of its own, because .rodata holds the settings and nothing else. */
const struct rg_call_layout rg_layouts[RG_CALLS_MAX] SEC(".rodata.calls") = {
#define CALL(number, call, shown, kind_, event_type, operation_, like, traits, fd_, dirfd_, name1, \
	     dirfd2_, name2_, keep_)                                                               \
	[number] = {.fd = fd_,                                                                     \
		    .dirfd = dirfd_,                                                               \
		    .name = name1,                                                                 \
		    .dirfd2 = dirfd2_,                                                             \
		    .name2 = name2_,                                                               \
		    .keep = keep_,                                                                 \
		    .kind = RG_KIND_##kind_,                                                       \
		    .handler = RG_HANDLER_OF(rg_body_of_##kind_),                                  \
		    .operation = RG_OPERATION_##operation_,                                        \
		    .null_name = ((traits)&RG_NULL_NAME) != 0},
#include "schema/abi/calls.def"
#undef CALL
};

/* The call behind each number: enum rg_call, 0 for one that is not in calls.def. */
#define RG_NUMBER_ROW                                                                              \
	(2 * RG_CALL_NUMBERS) /* power of two; calls without a number share a place                \
			       */
#define RG_PLACE_OF(number) ((number) < 0 ? RG_CALL_NUMBERS : (number))

#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Winitializer-overrides"
const __u8 rg_calls_by_number[2][RG_NUMBER_ROW] SEC(".rodata.numbers") = {
	{
#define SYSTEM_CALL(name, nr64, nr32) [RG_PLACE_OF(nr64)] = RG_CALL_##name,
#include RG_SYSTEM_CALLS
#undef SYSTEM_CALL
	},
	{
#define SYSTEM_CALL(name, nr64, nr32) [RG_PLACE_OF(nr32)] = RG_CALL_##name,
#include RG_SYSTEM_CALLS
#undef SYSTEM_CALL
	},
};
#pragma clang diagnostic pop
_Static_assert(RG_CALL_END <= 256, "a call's number fits into a byte");

/* Every look into the table comes through here: the mask stays where the verifier sees it. */
static __always_inline const struct rg_call_layout *rg_layout_of(__u32 call)
{
	rg_opaque(call);
	return &rg_layouts[call & (RG_CALLS_MAX - 1)];
}

/* Is the call's bit set in rg_settings.wanted or .exit_wanted? */
static __always_inline bool rg_is_wanted(const volatile __u64 *bits, __u32 call)
{
	rg_opaque(call);
	return bits[call >> 6 & (RG_CALL_WORDS - 1)] >> (call & 63) & 1;
}

/* The kind of a call's records, bounded so that the verifier accepts it as an index. */
static __always_inline __u32 rg_kind_of(__u32 call)
{
	__u32 kind = rg_layout_of(call)->kind;

	rg_opaque(kind);
	return kind & (RG_KINDS_MAX - 1);
}

static __always_inline __u64 rg_arg(struct rg_call_args *c, __s8 index)
{
	return c->args[(index & 7) < 6 ? index & 7 : 0];
}

/* The directory that relative names start from, or NULL. */
static __always_inline struct path *rg_directory(struct task_struct *task, __s32 dirfd)
{
	struct file *file;

	if (dirfd == AT_FDCWD)
		return (void *)RG_READ(task, fs) + bpf_core_field_offset(struct fs_struct, pwd);
	file = rg_file_of(task, dirfd);
	return file ? (void *)file + bpf_core_field_offset(struct file, f_path) : NULL;
}

#endif /* RG_EBPF_CALL_H */
