/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
 *
 * Which files are reported. The analyzer holds the same rule in C++
 * (analyzer/config/path_filter.h), and a test lets both judge the same paths.
 */
#ifndef RG_EBPF_FILTER_H
#define RG_EBPF_FILTER_H

#include "ebpf/strings.h"

struct rg_filter_map {
	int (*type)[BPF_MAP_TYPE_HASH];
	int (*max_entries)[1]; /* the collector sets it */
	__u64 *key;
	struct rg_filter_entry *value;
};
struct rg_filter_map rg_filter SEC(".maps");

/* --- one path, cleaned and hashed ------------------------------------------- */

struct rg_clean {
	struct rg_scratch *s;
	__u32 at;     /* next byte of s->path */
	__u32 length; /* of s->clean; behind a component there is a slash */
	__u32 start;  /* where the component begins */
	__u32 depth;  /* components before it */
	__u64 hash;   /* of s->clean[0, length) */
	bool endless; /* does not fit */
};

#define RG_CLEAN_MASK (RG_PATH_MAX - 1)

static __always_inline __u64 rg_hash_byte(__u64 hash, __u8 byte)
{
	return (hash ^ byte) * RG_HASH_PRIME;
}

/* Takes one byte of s->path; a NUL ends it. */
static long rg_clean_step(__u32 i, struct rg_clean *c)
{
	struct rg_scratch *s = c->s;
	__u32 at = c->at, length = c->length, start = c->start, depth = c->depth;
	__u8 byte;

	rg_opaque(at);
	byte = s->path[at & (2 * RG_PATH_MAX - 1)];
	c->at = at + 1;
	if (byte && byte != '/') {
		if (length >= RG_PATH_MAX - 1)
			goto endless;
		rg_opaque(length);
		s->clean[length & RG_CLEAN_MASK] = byte;
		c->length = length + 1;
		c->hash = rg_hash_byte(c->hash, byte);
		return 0;
	}
	/* The component that ends here is s->clean[start, length). */
	if (length != start) {
		__u8 first = s->clean[start & RG_CLEAN_MASK];
		__u8 second = s->clean[(start + 1) & RG_CLEAN_MASK];

		if (length == start + 1 && first == '.') {
			length = start;
		} else if (length == start + 2 && first == '.' && second == '.') {
			if (depth > s->floor) {
				depth -= 1;
				start = s->starts[depth & (RG_COMPONENTS_MAX - 1)];
			}
			length = start;
		} else {
			if (depth >= RG_COMPONENTS_MAX - 1 || length >= RG_PATH_MAX - 1)
				goto endless;
			s->starts[depth & (RG_COMPONENTS_MAX - 1)] = start;
			depth += 1;
			s->hashes[depth & (RG_COMPONENTS_MAX - 1)] = c->hash;
			rg_opaque(length);
			s->clean[length & RG_CLEAN_MASK] = '/';
			length += 1;
			start = length;
		}
		c->length = length;
		c->start = start;
		c->depth = depth;
		c->hash = rg_hash_byte(s->hashes[depth & (RG_COMPONENTS_MAX - 1)], '/');
	}
	return byte == 0;
endless:
	c->endless = true;
	return 1;
}

/* Cleans the absolute path that begins at s->path[at] and ends with a NUL; ".." leaves
 * its first `floor` components alone. A function of its own for the verifier, which so goes
 * through it once. */
__noinline int rg_clean(struct rg_scratch *s, __u32 at, __u32 floor)
{
	struct rg_clean c = {.s = s, .at = at, .length = 1, .start = 1};

	if (!s)
		return 0;
	s->floor = floor; /* not on the stack: the verifier would follow each of its values */
	s->clean[0] = '/';
	s->hashes[0] = RG_HASH_BASIS;
	c.hash = rg_hash_byte(RG_HASH_BASIS, '/');
	if (bpf_loop(2 * RG_PATH_MAX, rg_clean_step, &c, 0) == 2 * RG_PATH_MAX)
		c.endless = true;
	/* Without the slash behind the last component. */
	s->clean_length = c.length > 1 ? c.length - 1 : 1;
	s->clean_depth = c.depth;
	s->clean_endless = c.endless;
	return 0;
}

/* --- what the filter says ----------------------------------------------------- */

struct rg_judge {
	struct rg_scratch *s;
	__u32 length; /* of the path */
	__u32 depth;
	__u64 hash; /* of the ending so far */
	__u16 flags;
};

/* Is the entry the first bytes of s->clean? */
static __always_inline bool rg_is_prefix(struct rg_filter_entry *e, struct rg_scratch *s)
{
	__u32 length = e->length;

	for (__u32 i = 0; i < RG_FILTER_TEXT_MAX; i += 8) {
		__u64 a, b, rest = ~0ULL;

		if (i >= length)
			break;
		if (length - i < 8)
			rest >>= (8 - (length - i)) * 8;
		a = *(__u64 *)&e->text[i];
		b = *(__u64 *)&s->clean[i];
		if ((a ^ b) & rest)
			return false;
	}
	return true;
}

static long rg_prefix_step(__u32 i, struct rg_judge *j)
{
	struct rg_filter_entry *e;
	__u32 depth = i; /* 0: "/" */
	__u64 key;

	if (depth > j->depth)
		return 1;
	if (!(rg_settings.filter_depths >> (depth & 63) & 1))
		return 0;
	key = j->s->hashes[depth & (RG_COMPONENTS_MAX - 1)];
	e = bpf_map_lookup_elem(&rg_filter, &key);
	if (!e || !rg_is_prefix(e, j->s))
		return 0;
	j->flags |= e->flags & (RG_FILTER_WATCH | RG_FILTER_EXCLUDE);
	if ((e->flags & RG_FILTER_WATCH_WHOLE) && depth == j->depth)
		j->flags |= RG_FILTER_WATCH;
	return 0;
}

static long rg_ending_step(__u32 i, struct rg_judge *j)
{
	struct rg_filter_entry *e;
	__u32 at = j->length - 1 - i;
	__u64 hash;

	if (i >= j->length)
		return 1;
	rg_opaque(at);
	hash = rg_hash_byte(j->hash, j->s->clean[at & RG_CLEAN_MASK]);
	j->hash = hash;
	if (!(rg_settings.filter_endings >> ((i + 1) & 63) & 1))
		return 0;
	e = bpf_map_lookup_elem(&rg_filter, &hash);
	if (!e || e->length != i + 1)
		return 0;
	for (__u32 k = 0; k < RG_FILTER_ENDING_MAX; k++) {
		__u32 from = j->length - 1 - k;

		if (k > i)
			break;
		rg_opaque(from);
		if (e->text[k] != j->s->clean[from & RG_CLEAN_MASK])
			return 0;
	}
	j->flags |= e->flags;
	return 0;
}

enum rg_verdict {
	RG_REPORT,
	RG_UNWATCHED,
	RG_EXCLUDED,
};

/* Of the path that rg_clean() left: an enum rg_verdict. Once for the verifier, too. */
__noinline int rg_judge(struct rg_scratch *s)
{
	struct rg_judge j = {.s = s};

	if (!s || s->clean_endless) /* cannot be told, so it is reported */
		return RG_REPORT;
	j.length = s->clean_length;
	j.depth = s->clean_depth;
	if (rg_settings.filter_depths)
		bpf_loop(RG_FILTER_DEPTH_MAX + 1, rg_prefix_step, &j, 0);
	if (rg_settings.filter_endings && !(j.flags & RG_FILTER_WATCH)) {
		j.hash = RG_HASH_ENDING;
		bpf_loop(RG_FILTER_ENDING_MAX, rg_ending_step, &j, 0);
	}
	if (rg_settings.watching && !(j.flags & RG_FILTER_WATCH))
		return RG_UNWATCHED;
	return j.flags & RG_FILTER_EXCLUDE ? RG_EXCLUDED : RG_REPORT;
}

#endif /* RG_EBPF_FILTER_H */
