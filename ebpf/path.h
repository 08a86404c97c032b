/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
 *
 * Paths are walked up from a dentry, through the mounts, to the root of the mount namespace. The
 * result is the kernel's own name for the object: without symlinks, whatever the caller wrote, and
 * beyond any chroot.
 *
 * Names are read without the kernel's rename lock, so up to their NUL and never by d_name.len.
 * During a rename that length may be the new name's while the bytes are the old one's, and no
 * record may hold the bytes behind those.
 *
 * In a mount namespace of one's own, anybody can mount a folder elsewhere, and such a path names
 * the mount. So where a mount shows a part of a file system alone, the path from the file system's
 * own root is walked besides.
 */
#ifndef RG_EBPF_PATH_H
#define RG_EBPF_PATH_H

#include "ebpf/device.h"
#include "ebpf/strings.h"

/* Prepends `len` bytes of `name`, with a slash before. False: there is no room, or the name cannot
 * be read. */
static __always_inline bool rg_prepend(struct rg_scratch *s, const void *name, __u32 len,
				       bool slash)
{
	__u32 pos;

	if (len > 255)
		len = 255;
	if (s->walk.pos < len + slash) {
		s->walk.flags |= RG_STR_TRUNCATED;
		return false;
	}
	pos = s->walk.pos - len;
	rg_opaque(pos);
	rg_opaque(len);
	if (bpf_probe_read_kernel(&s->path[pos & RG_PATH_MASK], len & 255, name)) {
		s->walk.flags |= RG_STR_UNREADABLE;
		return false;
	}
	if (slash) {
		pos -= 1;
		rg_opaque(pos);
		s->path[pos & RG_PATH_MASK] = '/';
	}
	s->walk.pos = pos;
	return true;
}

#define MNT_NS_ANON_INO 0xeffffff7u

/* The number of the namespace that the mount is in, or 0: none, or one without a number. */
static __always_inline __u32 rg_namespace_of(struct mount *mnt)
{
	struct mnt_namespace *ns = RG_READ(mnt, mnt_ns);

	return !ns || rg_is_error(ns) ? 0 : RG_READ(ns, ns.inum);
}

/* Is the mount the kernel's own? File systems that lie on others have such mounts of those. An
 * error value stands for the namespace. */
static __always_inline bool rg_is_internal(struct mount *mnt)
{
	return rg_is_error(RG_READ(mnt, mnt_ns));
}

/* Does a path lead to the tree that this mount is the top of? Not if the tree was unmounted lazily
 * or never mounted: then there is no namespace, or an error value in its place. A namespace without
 * a number (since 6.18: with MNT_NS_ANON_INO) holds a tree that open_tree(2) or fsmount(2) has made
 * and nobody has attached. */
static __always_inline bool rg_is_in_namespace(struct mount *mnt)
{
	__u32 inum = rg_namespace_of(mnt);

	return inum != 0 && inum != MNT_NS_ANON_INO;
}

/* Notes the hash of a component for the filter. */
static __always_inline void rg_add_part(struct rg_scratch *s, __u64 hash)
{
	s->parts[s->depth & (RG_COMPONENTS_MAX - 1)] = hash;
	s->depth += 1;
}

/* --- the quick way: names by words, in registers, without a helper ---------------- */

static __always_inline void rg_put_word(struct rg_scratch *s, __u32 at, __u64 word)
{
	rg_opaque(at);
	RG_WORD(&s->path[at & RG_TEXT_MASK]) = word;
}

#define RG_SHORT_WORDS 4

/* Prepends a name of eight bytes or more, which begins with `word`. `front` holds the first eight
 * bytes of the path, because words that are put before the path spoil them. False: the name has
 * more than RG_SHORT_WORDS words. */
static __always_inline bool rg_climb_long(struct rg_scratch *s, __u64 *front, void *at, __u64 word)
{
	__u64 words[RG_SHORT_WORDS] = {word}, hash = rg_hash_word(RG_HASH_BASIS, word), zeros = 0;
	__u32 length = 8, behind = s->walk.pos, pos;

#pragma unroll
	for (int i = 1; i < RG_SHORT_WORDS; i++) {
		if (zeros)
			continue;
		word = RG_WORD(at + 8 * i);
		zeros = rg_zero_bytes(word);
		words[i] = word & rg_bytes_before(zeros);
		hash = rg_hash_some(hash, words[i]);
		length += rg_count_bytes(rg_bytes_before(zeros));
	}
	if (!zeros)
		return false;
	rg_add_part(s, hash);
	pos = behind - length;
	rg_put_word(s, pos, words[0]);
#pragma unroll
	for (int i = 1; i < RG_SHORT_WORDS; i++) {
		if (length >= 8 * i)
			rg_put_word(s, pos + 8 * i, words[i]);
	}
	rg_put_word(s, behind, *front);
	*front = words[0] << 8 | '/';
	rg_put_word(s, pos - 1, *front);
	s->walk.pos = pos - 1;
	return true;
}

/* Prepends a dentry's name. False: the name is too long or cannot be read, and nothing was done. */
static __always_inline bool rg_climb(struct rg_scratch *s, __u64 *front, struct dentry *dentry)
{
	void *at = rg_words_of(dentry);
	__u64 word = RG_WORD(at), zeros = rg_zero_bytes(word), mask;
	__u32 length, pos;

	if (!zeros)
		return rg_climb_long(s, front, at, word);
	mask = rg_bytes_before(zeros);
	word &= mask;
	length = rg_count_bytes(mask);
	if (!word)
		return false;
	rg_add_part(s, rg_hash_word(RG_HASH_BASIS, word));
	*front = *front << 8 * length << 8 | word << 8 | '/';
	pos = s->walk.pos - length - 1;
	rg_put_word(s, pos, *front);
	s->walk.pos = pos;
	return true;
}

/* --- the thorough way, with helpers ------------------------------------------------ */

/* Notes the hash of the component in s->name, which a NUL ends within 256 bytes. */
static __always_inline void rg_add_name(struct rg_scratch *s)
{
	__u64 hash = RG_HASH_BASIS;

	for (int i = 0; i < 256; i += 8) {
		__u64 word = RG_WORD(&s->name[i]), zeros = rg_zero_bytes(word);

		hash = rg_hash_some(hash, word & rg_bytes_before(zeros));
		if (zeros)
			break;
	}
	rg_add_part(s, hash);
}

/* Where paths within a file system begin: at its root, or at a subvolume of btrfs, which is mounted
 * like a file system. */
static __always_inline bool rg_is_volume(struct dentry *dentry, struct super_block *sb)
{
	return RG_READ(sb, s_magic) == BTRFS_SUPER_MAGIC &&
	       RG_READ(dentry, d_inode, i_ino) == BTRFS_VOLUME_INODE;
}

/* Does a mount with that root show a part of its file system alone? */
static __always_inline bool rg_is_partial(struct dentry *root, struct dentry *top,
					  struct super_block *sb)
{
	return root != top && !rg_is_volume(root, sb);
}

static long rg_walk_step(__u32 i, struct rg_scratch **scratch)
{
	struct rg_scratch *s = *scratch;
	/* Copies come first: RG_READ would relocate our own struct with the rest. */
	struct dentry *dentry = s->walk.dentry, *parent;
	struct mount *mnt = s->walk.mnt;
	long n;

	if (s->inside && rg_is_volume(dentry, RG_READ(dentry, d_sb)))
		return 1;
	if (dentry == s->walk.mnt_root) {
		struct mount *up = RG_READ(mnt, mnt_parent);

		if (s->inside)
			return 1;
		if (up == mnt || !up) {
			if (!rg_is_in_namespace(mnt))
				s->walk.flags |= RG_STR_DETACHED;
			return 1;
		}
		s->walk.dentry = RG_READ(mnt, mnt_mountpoint);
		s->walk.mnt = up;
		s->walk.mnt_root = RG_READ(up, mnt.mnt_root);
		return 0;
	}
	parent = RG_READ(dentry, d_parent);
	n = bpf_probe_read_kernel_str(s->name, 256, RG_READ(dentry, d_name.name));
	if (n <= 0) {
		s->walk.flags |= RG_STR_UNREADABLE;
		return 1;
	}
	if (parent == dentry || !parent) {
		/* A file system's root that is no mount's root, or an object that never had a
		 * directory: "memfd:label", "anon_inode:...". */
		const __u8 *label = s->name;

		s->walk.flags |= RG_STR_DETACHED;
		if (label[0] == 'm' && label[1] == 'e' && label[2] == 'm' && label[3] == 'f' &&
		    label[4] == 'd' && label[5] == ':')
			s->walk.flags |= RG_STR_MEMFD;
		if (label[0] != '/')
			rg_prepend(s, s->name, n - 1, false);
		return 1;
	}
	if (!rg_prepend(s, s->name, n - 1, true))
		return 1;
	rg_add_name(s);
	s->walk.dentry = parent;
	return 0;
}

/* Most paths need no more steps. */
#define RG_QUICK_STEPS 12

/* Begins a walk. False: the path has no mount or no dentry. */
static __always_inline bool rg_walk_begin(struct rg_scratch *s, struct path *path)
{
	struct vfsmount *vfsmnt = RG_READ(path, mnt);
	struct dentry *dentry = RG_READ(path, dentry), *root, *top;
	struct super_block *sb;

	s->walk.pos = RG_PATH_MAX;
	s->walk.flags = 0;
	s->text = RG_PATH_MAX;
	s->depth = 0;
	s->partial = false;
	if (!vfsmnt || !dentry)
		return false;
	s->walk.dentry = dentry;
	root = RG_READ(vfsmnt, mnt_root);
	sb = RG_READ(vfsmnt, mnt_sb);
	top = RG_READ(sb, s_root);
	s->partial = rg_is_partial(root, top, sb);
	s->walk.mnt_root = s->inside ? top : root;
	s->walk.mnt = (void *)vfsmnt - bpf_core_field_offset(struct mount, mnt);
	if (RG_READ(dentry, d_hash.pprev) == NULL && dentry != root)
		s->walk.flags |= RG_STR_DELETED;
	return true;
}

/* Leaves the path in s->path, ready for the filter. Returns flags of struct rg_str. */
static __always_inline __u32 rg_walk_end(struct rg_scratch *s)
{
	s->text = s->walk.pos;
	s->text_length = RG_PATH_MAX - s->walk.pos;
	s->first = s->depth - 1;
	s->stride = -1;
	s->endless = s->depth >= RG_COMPONENTS_MAX;
	return s->walk.flags;
}

/* Walks as long as no helper is needed. True: the walk has reached its end. */
static __always_inline bool rg_walk_quickly(struct rg_scratch *s)
{
	/* A pointer that is loaded through a pointer of a known type has a known type, too. */
	struct dentry *dentry = rg_as(struct dentry, s->walk.dentry), *parent;
	__u64 front = RG_WORD(&s->path[RG_PATH_MAX]);
	struct mount *mnt, *up;
	bool end = false;

	for (int i = 0; i < RG_QUICK_STEPS; i++) {
		if (dentry == s->walk.mnt_root) {
			mnt = rg_as(struct mount, s->walk.mnt);
			up = mnt->mnt_parent;
			if (up == mnt || !up) {
				if (!rg_is_in_namespace(mnt))
					s->walk.flags |= RG_STR_DETACHED;
				end = true;
				break;
			}
			dentry = mnt->mnt_mountpoint;
			s->walk.mnt = up;
			s->walk.mnt_root = up->mnt.mnt_root;
			continue;
		}
		parent = dentry->d_parent;
		if (parent == dentry || !parent || s->walk.pos <= 8 * RG_SHORT_WORDS ||
		    !rg_climb(s, &front, dentry))
			break;
		dentry = parent;
	}
	s->walk.dentry = dentry;
	return end;
}

/* A path can have this many components if every second byte is a slash. */
#define RG_PATH_STEPS (RG_PATH_MAX / 2)

/* Walks the whole way. The function is global, so that the verifier goes through it once. A global
 * function takes no pointers of the kernel's, so the path comes in s->walk_from. */
__noinline int rg_walk_up(struct rg_scratch *s)
{
	if (!s || !rg_walk_begin(s, s->walk_from))
		return RG_STR_UNREADABLE;
	if (!(RG_TYPED && !s->inside && rg_walk_quickly(s)) &&
	    bpf_loop(RG_PATH_STEPS, rg_walk_step, &s, 0) == RG_PATH_STEPS)
		s->walk.flags |= RG_STR_TRUNCATED;
	return rg_walk_end(s);
}

static __always_inline __u32 rg_walk(struct rg_scratch *s, struct path *path)
{
	s->walk_from = path;
	return rg_walk_up(s);
}

/* Most paths are short, and copying their words here takes less time than a helper. The bytes
 * behind the last one are overwritten, or zeroed by rg_finish(). */
#define RG_COPY_WORDS 12

/* Appends the path that a walk left in s->path. */
static __always_inline void rg_put_walked(struct rg_scratch *s, struct rg_str *out, __u32 flags)
{
	__u32 off = rg_offset(s);
	__u32 pos = s->text, len;

	out->offset = off;
	out->flags = flags;
	if (flags & RG_STR_UNREADABLE)
		return;
	if (pos >= RG_PATH_MAX) { /* no component: the root itself */
		if (flags & RG_STR_DETACHED)
			return;
		s->record[off] = '/';
		out->length = 1;
		s->used = off + 1;
		return;
	}
	len = RG_PATH_MAX - pos;
	rg_opaque(len);
	if (len > RG_PATH_MAX)
		return;
	rg_opaque(pos);
	pos &= RG_PATH_MASK;
	if (len <= 8 * RG_COPY_WORDS) {
		for (int i = 0; i < RG_COPY_WORDS; i++) {
			if (8 * i >= len)
				break;
			RG_WORD(&s->record[off + 8 * i]) = RG_WORD(&s->path[pos + 8 * i]);
		}
	} else {
		bpf_probe_read_kernel(&s->record[off], len, &s->path[pos]);
	}
	out->length = len;
	s->used = off + len;
}

static __always_inline void rg_put_path(struct rg_scratch *s, struct rg_str *out, struct path *path)
{
	rg_put_walked(s, out, rg_walk(s, path));
}

/* Walks from s->walk_from to the root of its file system. False: there is no way up to it. A
 * network file system may have a root that its mounts do not lie below. */
static __always_inline bool rg_walk_inside(struct rg_scratch *s, struct rg_str *within)
{
	__u32 flags;

	s->inside = true;
	flags = rg_walk_up(s);
	s->inside = false;
	within->flags = flags & ~RG_STR_DELETED;
	return !(flags & RG_STR_DETACHED);
}

/* Appends the rg_str of a path within a file system. Returns its offset. */
static __always_inline __u32 rg_put_within(struct rg_scratch *s, struct rg_str *within)
{
	__u32 at = rg_offset(s) + 7;

	rg_opaque(at);
	at &= RG_RECORD_MASK & ~7;
	*(struct rg_str *)&s->record[at] = *within;
	s->used = at + sizeof(*within);
	return at;
}

/* Appends the path of s->walk_from within its file system, after its other path of `length` bytes.
 * The longest record has no more room than RG_PATH_MAX bytes for both; without that, the path is
 * only said to be cut. Returns the offset of the rg_str. The function is global, so that the
 * verifier goes through it once. */
__noinline int rg_put_inside(struct rg_scratch *s, __u32 length)
{
	struct rg_str within = {};

	if (!s || length > RG_PATH_MAX - sizeof(within) - 7)
		return 0;
	if (!rg_walk_inside(s, &within))
		return 0;
	if (length + (RG_PATH_MAX - s->text) + sizeof(within) + 7 > RG_PATH_MAX)
		within.flags |= RG_STR_TRUNCATED;
	else
		rg_put_walked(s, &within, within.flags);
	return rg_put_within(s, &within);
}

/* --- cgroup paths ----------------------------------------------------------- */

struct rg_cgroup_walk {
	struct kernfs_node *kn;
	struct rg_scratch *s;
};

static long rg_cgroup_step(__u32 i, struct rg_cgroup_walk *c)
{
	struct kernfs_node *kn = c->kn, *parent = rg_kernfs_parent(kn);
	struct rg_scratch *s = c->s;
	long n;

	if (!parent)
		return 1;
	n = bpf_probe_read_kernel_str(s->name, 256, RG_READ(kn, name));
	if (n <= 0) {
		s->walk.flags |= RG_STR_UNREADABLE;
		return 1;
	}
	if (!rg_prepend(s, s->name, n - 1, true))
		return 1;
	c->kn = parent;
	return 0;
}

static __always_inline void rg_put_cgroup(struct rg_scratch *s, struct rg_str *out,
					  struct cgroup *cgrp)
{
	struct rg_cgroup_walk c = {};

	c.kn = RG_READ(cgrp, kn);
	c.s = s;
	s->walk.pos = RG_PATH_MAX;
	s->walk.flags = 0;
	if (bpf_loop(256, rg_cgroup_step, &c, 0) == 256)
		s->walk.flags |= RG_STR_TRUNCATED;
	/* The bound is not RG_PATH_MAX, because the longest record has room for RG_CGROUP_MAX. */
	if (s->walk.pos < RG_PATH_MAX - RG_CGROUP_MAX) {
		s->walk.pos = RG_PATH_MAX - RG_CGROUP_MAX;
		s->walk.flags |= RG_STR_TRUNCATED;
	}
	s->text = s->walk.pos;
	rg_put_walked(s, out, s->walk.flags);
}

#endif /* RG_EBPF_PATH_H */
