/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
 *
 * Arguments and environment, from user memory. Bytes that are not resident cannot be read here.
 * That is flagged, never waited for.
 */
#ifndef RG_EBPF_USER_MEMORY_H
#define RG_EBPF_USER_MEMORY_H

#include "ebpf/strings.h"

/* Copies [start, end), at most RG_ARGS_MAX bytes, page by page: a page that is missing costs the
 * rest, not everything. `READ(dst, size, src)` reads. */
#define rg_put_range(s, out, start, end, READ)                                                     \
	({                                                                                         \
		__u64 _start = (start), _want = (end)-_start;                                      \
		__u32 _off = rg_offset(s), _done = 0;                                              \
                                                                                                   \
		(out)->offset = _off;                                                              \
		if (_want > RG_ARGS_MAX) {                                                         \
			_want = RG_ARGS_MAX;                                                       \
			(out)->flags |= RG_STR_TRUNCATED;                                          \
		}                                                                                  \
		for (int _i = 0; _i < 1 + RG_ARGS_MAX / 4096 && _done < _want; _i++) {             \
			__u64 _from = _start + _done;                                              \
			__u32 _at = _off + _done, _size = 4096 - (_from & 4095);                   \
                                                                                                   \
			if (_size > _want - _done)                                                 \
				_size = _want - _done;                                             \
			rg_opaque(_size);                                                          \
			rg_opaque(_at);                                                            \
			_at &= RG_RECORD_MASK;                                                     \
			if (_size > 4096 || READ(&(s)->record[_at], _size, (const void *)_from)) { \
				(out)->flags |= RG_STR_UNREADABLE;                                 \
				break;                                                             \
			}                                                                          \
			_done += _size;                                                            \
		}                                                                                  \
		(out)->length = _done;                                                             \
		(s)->used = _off + _done;                                                          \
	})

/* --- environment ------------------------------------------------------------ */

struct rg_env_map {
	int (*type)[BPF_MAP_TYPE_HASH];
	int (*max_entries)[64];
	char (*key)[RG_ENV_NAME_MAX];
	__u8 *value;
};
extern struct rg_env_map rg_env_names SEC(".maps");

struct rg_env_walk {
	struct rg_scratch *s;
	__u64 at;
	__u64 end;
	__u32 kept; /* bytes */
	__u32 flags;
	bool within; /* in the middle of a variable longer than s->name */
};

static long rg_env_step(__u32 i, struct rg_env_walk *w)
{
	struct rg_scratch *s = w->s;
	char key[RG_ENV_NAME_MAX] = {};
	bool within = w->within, named = false;
	__u32 off, room;
	long n;

	if (w->at >= w->end)
		return 1;
	n = bpf_probe_read_user_str(s->name, sizeof(s->name), (const void *)w->at);
	if (n <= 0) {
		w->flags |= RG_STR_UNREADABLE;
		return 1;
	}
	w->within = n == sizeof(s->name);
	w->at += w->within ? n - 1 : n;
	if (within)
		return 0;
	for (int j = 0; j < RG_ENV_NAME_MAX - 1; j++) {
		char c = s->name[j];

		if (c == '=')
			named = true;
		if (c == '=' || !c)
			break;
		key[j] = c;
	}
	if (!named || !bpf_map_lookup_elem(&rg_env_names, key))
		return 0;
	if (w->within)
		w->flags |= RG_STR_TRUNCATED;
	room = RG_ENV_MAX - w->kept;
	if (n > room) {
		w->flags |= RG_STR_TRUNCATED;
		return 1;
	}
	off = rg_offset(s);
	rg_opaque(n);
	if (n < 0 || n > RG_ENV_MAX)
		return 1;
	bpf_probe_read_kernel(&s->record[off], n, s->name);
	s->used = off + n;
	w->kept += n;
	return 0;
}

/* Appends the variables whose names the plan lists. Nothing else of the environment gets further
 * than this CPU's scratch memory. */
static __always_inline void rg_put_env(struct rg_scratch *s, struct rg_str *out,
				       struct mm_struct *mm)
{
	struct rg_env_walk w = {.s = s};

	w.at = RG_READ(mm, env_start);
	w.end = RG_READ(mm, env_end);
	out->offset = rg_offset(s);
	if (bpf_loop(8192, rg_env_step, &w, 0) == 8192)
		w.flags |= RG_STR_TRUNCATED;
	out->flags = w.flags;
	out->length = w.kept;
}

#endif /* RG_EBPF_USER_MEMORY_H */
