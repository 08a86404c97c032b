/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
 *
 * Puts strings, lists and paths behind a record's body. Every function fills the rg_str that it is
 * given. If nothing could be read, the flags of the rg_str say so.
 *
 * Masks with powers of two replace comparisons for the verifier, which then knows an upper bound
 * without following both branches.
 */
#ifndef RG_EBPF_STRINGS_H
#define RG_EBPF_STRINGS_H

#include "ebpf/rg.h"

#define RG_RECORD_MASK (RG_RECORD_MAX - 1)
#define RG_PATH_MASK   (RG_PATH_MAX - 1)
#define RG_TEXT_MASK   (RG_TEXT_MAX - 1)

static __always_inline __u32 rg_offset(struct rg_scratch *s)
{
	__u32 used = s->used;

	rg_opaque(used);
	return used & RG_RECORD_MASK;
}

/* A thread's name as strncpy would leave it: zeroes behind the NUL, and nothing of an older
 * name. */
static __always_inline void rg_put_comm(char *out, struct task_struct *task)
{
	__u64 words[RG_COMM_LEN / 8], zeros;

	RG_READ_WORDS(words, task, comm);
	zeros = rg_zero_bytes(words[0]);
	words[0] &= rg_bytes_before(zeros);
	words[1] = zeros ? 0 : words[1] & rg_bytes_before(rg_zero_bytes(words[1]));
	__builtin_memcpy(out, words, sizeof(words));
}

/* The hash of the last `length` bytes before text[end], RG_FILTER_ENDING_MAX at most, by words from
 * the last to the first. */
static __always_inline __u64 rg_hash_end(__u8 *text, __u32 end, __u32 length)
{
	__u64 hash = RG_HASH_ENDING;

	for (int k = 1; k <= (RG_FILTER_ENDING_MAX + 7) / 8; k++) {
		__u32 at = end - 8 * k, more = 8 * k - length; /* bytes that are too many */
		__u64 word;

		if (8 * (k - 1) >= length)
			break;
		rg_opaque(at);
		word = RG_WORD(&text[at & RG_TEXT_MASK]);
		if (8 * k > length)
			word >>= 8 * (more & 7);
		hash = rg_hash_word(hash, word);
	}
	return hash;
}

/* --- strings ------------------------------------------------------------------ */

/* Appends a kernel string of at most `max` - 1 bytes; `max` is a constant. */
static __always_inline void rg_put_string(struct rg_scratch *s, struct rg_str *out, const void *src,
					  const __u32 max)
{
	__u32 off = rg_offset(s);
	long n;

	out->offset = off;
	n = bpf_probe_read_kernel_str(&s->record[off], max, src);
	if (n <= 0) {
		out->flags = RG_STR_UNREADABLE;
		return;
	}
	n -= 1;
	if (n == max - 1) {
		char next = 0;

		bpf_probe_read_kernel(&next, 1, (const char *)src + n);
		if (next)
			out->flags = RG_STR_TRUNCATED;
	}
	out->length = n;
	s->used = off + n;
}

/* Does a user string go on behind the RG_PATH_MAX bytes that were read? One of PATH_MAX bytes just
 * fits. */
static __always_inline bool rg_is_longer(const void *src, long n)
{
	char last = 0;

	return n == RG_PATH_MAX &&
	       (bpf_probe_read_user(&last, 1, (const char *)src + RG_PATH_MAX - 1) || last);
}

/* Appends a user string of at most RG_PATH_MAX - 1 bytes. */
static __always_inline void rg_put_user_string(struct rg_scratch *s, struct rg_str *out,
					       const void *src)
{
	__u32 off = rg_offset(s);
	long n = bpf_probe_read_user_str(&s->record[off], RG_PATH_MAX, src);

	out->offset = off;
	if (n < 0) {
		out->flags = RG_STR_UNREADABLE;
		return;
	}
	if (n == 0) /* for an empty string; the helper for kernel strings returns 1 */
		return;
	out->length = n - 1;
	if (rg_is_longer(src, n))
		out->flags = RG_STR_TRUNCATED;
	s->used = off + n - 1;
}

/* Appends a name, from the caller's memory (`user`) or the kernel's copy, which may have been
 * `cut`. */
static __always_inline void rg_put_name(struct rg_scratch *s, struct rg_str *out, const void *name,
					bool user, bool cut)
{
	if (user) {
		rg_put_user_string(s, out, name);
		return;
	}
	if (!name) { /* the kernel could not copy it */
		out->flags = RG_STR_UNREADABLE;
		return;
	}
	rg_put_string(s, out, name, RG_PATH_MAX);
	if (cut)
		out->flags |= RG_STR_TRUNCATED;
}

#endif /* RG_EBPF_STRINGS_H */
