/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
 *
 * The filter decides which files are reported. The analyzer has this rule in C++, too
 * (analyzer/plan/path_filter.h), and a test lets both judge the same paths.
 */
#ifndef RG_EBPF_FILTER_H
#define RG_EBPF_FILTER_H

#include "ebpf/prefilter.h"

/* A hash table in an array, read by linear probing. Unlike with the kernel's hash map, a lookup
 * calls nothing. */
struct rg_filter_map {
	int (*type)[BPF_MAP_TYPE_ARRAY];
	int (*max_entries)[1]; /* the collector sets it */
	__u32 *key;
	struct rg_filter_slot *value;
};
struct rg_filter_map rg_filter SEC(".maps");

static __always_inline struct rg_filter_entry *rg_find_entry(__u64 hash)
{
	__u32 first = rg_first_slot(hash);

	for (__u32 probe = 0; probe < RG_FILTER_PROBES; probe++) {
		__u32 number = (first + probe) & rg_settings.filter_slots;
		struct rg_filter_slot *slot = bpf_map_lookup_elem(&rg_filter, &number);

		if (!slot || !slot->hash)
			break;
		if (slot->hash == hash)
			return &slot->entry;
	}
	return NULL;
}

/* --- one path, cleaned and hashed ------------------------------------------- */

struct rg_clean {
	struct rg_scratch *s;
	bool endless; /* the path does not fit */
};

static __always_inline __u8 *rg_clean_at(struct rg_scratch *s, __u32 at)
{
	at += RG_CLEAN_AT;
	rg_opaque(at);
	return &s->path[at & RG_TEXT_MASK];
}

/* Takes a slash, or up to eight bytes of a component, from s->path. A NUL ends the path. */
static long rg_clean_step(__u32 i, struct rg_clean *c)
{
	struct rg_scratch *s = c->s;
	__u32 at = s->clean_next, length = s->text_length, start = s->clean_start;
	__u32 depth = s->depth, size, n;
	__u64 word, ends;

	word = RG_WORD(&s->path[at & RG_TEXT_MASK]);
	ends = rg_zero_bytes(word) | rg_zero_bytes(word ^ RG_ONES * '/');
	n = rg_count_bytes(rg_bytes_before(ends));
	if (length + n >= RG_PATH_MAX)
		goto endless;
	word &= rg_bytes_before(ends);
	RG_WORD(rg_clean_at(s, length)) = word;
	s->clean_part = rg_hash_some(s->clean_part, word);
	at += n;
	length += n;
	s->clean_next = at;
	s->text_length = length;
	if (!ends)
		return 0;
	/* The component that ends here is clean[start, length). */
	size = length - start;
	if (size == 1 && *rg_clean_at(s, start) == '.') {
		length = start;
	} else if (size == 2 && *rg_clean_at(s, start) == '.' &&
		   *rg_clean_at(s, start + 1) == '.') {
		if (depth > s->floor) {
			depth -= 1;
			start = s->starts[depth & (RG_COMPONENTS_MAX - 1)];
		}
		length = start;
	} else if (size) {
		if (depth >= RG_COMPONENTS_MAX - 1 || length >= RG_PATH_MAX - 1)
			goto endless;
		s->starts[depth & (RG_COMPONENTS_MAX - 1)] = start;
		s->parts[depth & (RG_COMPONENTS_MAX - 1)] = s->clean_part;
		depth += 1;
		*rg_clean_at(s, length) = '/';
		length += 1;
		start = length;
	}
	s->clean_next = at + 1;
	s->clean_start = start;
	s->clean_part = RG_HASH_BASIS;
	s->text_length = length;
	s->depth = depth;
	rg_opaque(at);
	return s->path[at & RG_TEXT_MASK] == 0;
endless:
	c->endless = true;
	return 1;
}

/* Cleans the absolute path that begins at s->path[at] and ends with a NUL. A ".." leaves the first
 * `floor` components alone. The function is global, so that the verifier goes through it once. */
__noinline int rg_clean(struct rg_scratch *s, __u32 at, __u32 floor)
{
	struct rg_clean c = {.s = s};

	if (!s)
		return 0;
	s->path[RG_CLEAN_AT] = '/';
	s->text = RG_CLEAN_AT;
	s->text_length = 1;
	s->depth = 0;
	s->first = 0;
	s->stride = 1;
	s->floor = floor;
	s->clean_next = at;
	s->clean_start = 1;
	s->clean_part = RG_HASH_BASIS;
	if (bpf_loop(2 * RG_PATH_MAX, rg_clean_step, &c, 0) == 2 * RG_PATH_MAX)
		c.endless = true;
	s->endless = c.endless;
	if (s->text_length > 1) /* without the slash behind the last component */
		s->text_length -= 1;
	return 0;
}

/* Appends the path that rg_clean() left. */
static __always_inline void rg_put_clean(struct rg_scratch *s, struct rg_str *out)
{
	__u32 off = rg_offset(s), length = s->text_length;

	out->offset = off;
	rg_opaque(length);
	if (length > RG_PATH_MAX)
		return;
	bpf_probe_read_kernel(&s->record[off], length, &s->path[RG_CLEAN_AT]);
	out->length = length;
	s->used = off + length;
}

/* --- the filter's verdict ------------------------------------------------------ */

struct rg_compared {
	struct rg_scratch *s;
	struct rg_filter_entry *e;
	__u32 at;
	__u32 differs;
};

static long rg_compare_step(__u32 i, struct rg_compared *c)
{
	__u32 off = i * 8, at = c->at + off, left = c->e->length - off;
	__u64 mask = ~0ULL;

	if (off >= c->e->length)
		return 1;
	if (left < 8)
		mask >>= (8 - left) * 8;
	rg_opaque(at);
	rg_opaque(off);
	c->differs = !!((RG_WORD(&c->e->text[off & (RG_FILTER_TEXT_MAX - 8)]) ^
			 RG_WORD(&c->s->path[at & RG_TEXT_MASK])) &
			mask);
	return c->differs;
}

/* Does the entry's text stand at s->path[at]? */
static __always_inline bool rg_has_text(struct rg_scratch *s, struct rg_filter_entry *e, __u32 at)
{
	struct rg_compared c = {.s = s, .e = e, .at = at};

	bpf_loop(RG_FILTER_TEXT_MAX / 8, rg_compare_step, &c, 0);
	return !c.differs;
}

/* Is the entry's text a prefix of the path, up to the end of a component? The function is global,
 * so that the verifier goes through it once. */
__noinline int rg_is_prefix(struct rg_scratch *s, struct rg_filter_entry *e)
{
	__u32 end;

	if (!s || !e || e->length > s->text_length)
		return 0;
	end = s->text + e->length;
	rg_opaque(end);
	if (e->length != s->text_length && s->path[end & RG_TEXT_MASK] != '/')
		return 0;
	return rg_has_text(s, e, s->text);
}

/* Flags of the entry for the `length` bytes before s->path[end], or 0. The path has as many. */
__noinline int rg_judge_text(struct rg_scratch *s, __u32 end, __u32 length)
{
	struct rg_filter_entry *e;

	if (!s || length > RG_FILTER_ENDING_MAX)
		return 0;
	e = rg_find_entry(rg_hash_end(s->path, end, length));
	if (!e || e->length != length)
		return 0;
	return rg_has_text(s, e, end - length) ? e->flags : 0;
}

/* The number of the only bit that is set. BPF has no instruction that counts zeroes. */
static __always_inline __u32 rg_bit_number(__u64 bit)
{
	return !!(bit & 0xaaaaaaaaaaaaaaaaULL) | !!(bit & 0xccccccccccccccccULL) << 1 |
	       !!(bit & 0xf0f0f0f0f0f0f0f0ULL) << 2 | !!(bit & 0xff00ff00ff00ff00ULL) << 3 |
	       !!(bit & 0xffff0000ffff0000ULL) << 4 | !!(bit >> 32) << 5;
}

enum rg_verdict {
	RG_REPORT,
	RG_UNWATCHED,
	RG_EXCLUDED,
};

/* State of the judging. `flags` gets RG_FILTER_WATCH where an entry fits. */
struct rg_judging {
	struct rg_scratch *s;
	__u64 depths;  /* that entries have */
	__u64 lengths; /* of endings; then of parts that may end at `end` */
	__u64 hash;
	union {
		__u32 part; /* which component is next */
		__u32 end;  /* bytes of the path before the next place where a part may end */
	};
	__u32 flags;
	__u16 all;    /* flags that count for the path and all below it */
	__u16 whole;  /* flag that fits the path itself alone, or 0 */
	__u32 ending; /* flag that fits an ending */
};

static long rg_ending_step(__u32 i, struct rg_judging *j)
{
	__u64 lengths = j->lengths, longer = lengths & (lengths - 1);
	__u32 length;

	if (!lengths || (j->flags & RG_FILTER_WATCH))
		return 1;
	/* Not lengths & -lengths: some verifiers do not know the value of that. */
	rg_opaque(longer);
	length = rg_bit_number(lengths ^ longer);
	if (length > j->s->text_length)
		return 1;
	j->lengths = longer;
	if (rg_judge_text(j->s, j->s->text + j->s->text_length, length) & j->ending)
		j->flags |= RG_FILTER_WATCH;
	return 0;
}

/* Adds the flags of the entry for the path's first `depth` components, after those for fewer. */
static long rg_judge_step(__u32 depth, struct rg_judging *j)
{
	__u64 depths = j->depths >> (depth & 63);
	struct rg_scratch *s = j->s;
	struct rg_filter_entry *e;

	if (depth > s->depth || !depths)
		return 1;
	if (depth) { /* depth 0 is "/" */
		j->hash = rg_hash_word(j->hash, s->parts[j->part & (RG_COMPONENTS_MAX - 1)]);
		j->part += s->stride;
	}
	if (!(depths & 1))
		return 0;
	e = rg_find_entry(j->hash);
	/* Anybody can make up a name with the hash of an excluded one, and that must hide no file.
	 * Watching one more file for such a reason does no harm. */
	if (!e || ((e->flags & RG_FILTER_EXCLUDE) && !rg_is_prefix(s, e)))
		return 0;
	j->flags |= e->flags & j->all;
	if ((e->flags & j->whole) && depth == s->depth)
		j->flags |= RG_FILTER_WATCH;
	return 0;
}

/* Goes on by a byte, or looks up one length of those that a mark has left to be tried. */
static long rg_part_step(__u32 i, struct rg_judging *j)
{
	__u64 lengths = j->lengths, longer = lengths & (lengths - 1), tail;
	__u32 end = j->end, bytes = rg_settings.filter_part_tail, length, at;
	struct rg_scratch *s = j->s;

	if (lengths) {
		rg_opaque(longer);
		length = rg_bit_number(lengths ^ longer);
		j->lengths = longer;
		if (length > end ||
		    !(rg_judge_text(s, s->text + end, length) & RG_FILTER_WATCH_PART))
			return 0;
		j->flags |= RG_FILTER_WATCH;
		return 1;
	}
	if (end >= s->text_length)
		return 1;
	end += 1;
	j->end = end;
	at = s->text + end - bytes;
	rg_opaque(at);
	tail = RG_WORD(&s->path[at & RG_TEXT_MASK]);
	tail <<= (64 - 8 * bytes) & 63;
	tail >>= (64 - 8 * bytes) & 63;
	if (rg_is_marked(tail, RG_HASH_PART))
		j->lengths = rg_settings.filter_parts;
	return 0;
}

/* More steps than any path takes that was not made to have marks without parts. */
#define RG_PART_STEPS (2 * RG_PATH_MAX)

/* Looks for a watched part in the path. If that takes too long, it counts as found. */
static __always_inline void rg_judge_parts(struct rg_judging *j)
{
	struct rg_scratch *s = j->s;

	j->lengths = (__u64)s->nothing << 32 | s->nothing; /* see rg_judge() */
	j->end = rg_settings.filter_part_tail - 1 + s->nothing;
	if (bpf_loop(RG_PART_STEPS, rg_part_step, j, 0) == RG_PART_STEPS)
		j->flags |= RG_FILTER_WATCH;
}

/* The verdict on the path that rg_clean() or rg_walk() left. With s->above, nothing fits but a
 * directory above something watched. The function is global, and its loops are a helper's, so that
 * the verifier goes through each once. */
__noinline int rg_judge(struct rg_scratch *s)
{
	struct rg_judging j = {.s = s, .hash = RG_HASH_BASIS};

	if (!s || s->endless) /* not all of the path is known, so it is reported */
		return RG_REPORT;
	j.part = s->first;
	j.flags = s->nothing;
	if (s->above) {
		j.depths = rg_settings.filter_depths_above;
		j.lengths = rg_settings.filter_endings_above;
		j.all = RG_FILTER_EXCLUDE;
		j.whole = j.ending = RG_FILTER_ABOVE;
	} else {
		j.depths = rg_settings.filter_depths;
		j.lengths = rg_settings.filter_endings;
		j.all = RG_FILTER_EXCLUDE | RG_FILTER_WATCH;
		j.ending = RG_FILTER_WATCH;
	}
	/* Before 6.7, verifiers go through the body of a helper's loop once, with the values that
	 * it begins with, and remove what these do not reach. So they are not to know them. */
	j.lengths |= (__u64)s->nothing << 32 | s->nothing;
	j.depths |= (__u64)s->nothing << 32 | s->nothing;
	bpf_loop(RG_FILTER_DEPTH_MAX + 1, rg_judge_step, &j, 0);
	if (j.lengths)
		bpf_loop(RG_FILTER_ENDING_MAX, rg_ending_step, &j, 0);
	if (rg_settings.filter_part_tail && !s->above && !(j.flags & RG_FILTER_WATCH))
		rg_judge_parts(&j);
	if (rg_settings.watching && !(j.flags & RG_FILTER_WATCH))
		return RG_UNWATCHED;
	return j.flags & RG_FILTER_EXCLUDE ? RG_EXCLUDED : RG_REPORT;
}

#endif /* RG_EBPF_FILTER_H */
