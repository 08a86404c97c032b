/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
 *
 * Puts strings, lists and paths behind a record's body. Every function fills the
 * rg_str it is given, also when nothing could be read: then its flags say so.
 *
 * Masks with powers of two instead of comparisons are for the verifier: it then
 * knows an upper bound without following both branches.
 */
#ifndef RG_EBPF_STRINGS_H
#define RG_EBPF_STRINGS_H

#include "ebpf/rg.h"

#define RG_RECORD_MASK (RG_RECORD_MAX - 1)
#define RG_PATH_MASK   (RG_PATH_MAX - 1)

/* Hides a value from the optimiser, so that the mask applied to it stays where
 * it is written. */
#define rg_opaque(x) asm volatile("" : "+r"(x))

static __always_inline __u32 rg_offset(struct rg_scratch *s)
{
	__u32 used = s->used;

	rg_opaque(used);
	return used & RG_RECORD_MASK;
}

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

/* Of a user string that filled RG_PATH_MAX bytes with its NUL: is there more of it? One of
 * PATH_MAX bytes just fits. */
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
	if (n == 0) /* so it says of an empty string; of a kernel's it says 1 */
		return;
	out->length = n - 1;
	if (rg_is_longer(src, n))
		out->flags = RG_STR_TRUNCATED;
	s->used = off + n - 1;
}

/* --- paths ----------------------------------------------------------------
 *
 * Up from a dentry, through the mounts, to the root of the mount namespace. The
 * answer is the kernel's own name for the object, without symlinks, whatever
 * the caller wrote, and does not stop at a chroot. Names are taken without the
 * kernel's rename lock, so up to their NUL and never by d_name.len: that may be
 * the new name's while the bytes are the old one's, and what lies behind those is
 * none of a record's business.
 */
struct rg_walk {
	struct dentry *dentry;
	struct mount *mnt;
	struct dentry *mnt_root;
	struct rg_scratch *s;
	__u32 pos; /* where the path begins in s->path */
	__u32 flags;
};

/* Prepends `len` bytes of `name`, with a slash before. False: no room. */
static __always_inline bool rg_prepend(struct rg_walk *w, const void *name, __u32 len, bool slash)
{
	__u32 pos;

	if (len > 255)
		len = 255;
	if (w->pos < len + slash) {
		w->flags |= RG_STR_TRUNCATED;
		return false;
	}
	pos = w->pos - len;
	rg_opaque(pos);
	rg_opaque(len);
	if (bpf_probe_read_kernel(&w->s->path[pos & RG_PATH_MASK], len & 255, name)) {
		w->flags |= RG_STR_UNREADABLE;
		return false;
	}
	if (slash) {
		pos -= 1;
		rg_opaque(pos);
		w->s->path[pos & RG_PATH_MASK] = '/';
	}
	w->pos = pos;
	return true;
}

#define MNT_NS_ANON_INO 0xeffffff7u

/* Of a tree's top mount. Without a namespace, or with an error value in its place: unmounted
 * lazily, or never mounted where a path leads. In one without a number (since 6.18, with this
 * one): a tree that open_tree(2) or fsmount(2) has made and nobody has attached. */
static __always_inline bool rg_is_in_namespace(struct mount *mnt)
{
	struct mnt_namespace *ns = BPF_CORE_READ(mnt, mnt_ns);
	long address = (long)ns;
	__u32 inum;

	if (address == 0 || (address < 0 && address >= -4095))
		return false;
	inum = BPF_CORE_READ(ns, ns.inum);
	return inum != 0 && inum != MNT_NS_ANON_INO;
}

static long rg_walk_step(__u32 i, struct rg_walk *w)
{
	/* Copies first: BPF_CORE_READ would relocate our own struct with the rest. */
	struct dentry *dentry = w->dentry, *parent;
	struct mount *mnt = w->mnt;
	long n;

	if (dentry == w->mnt_root) {
		struct mount *up = BPF_CORE_READ(mnt, mnt_parent);

		if (up == mnt || !up) {
			if (!rg_is_in_namespace(mnt))
				w->flags |= RG_STR_DETACHED;
			return 1;
		}
		w->dentry = BPF_CORE_READ(mnt, mnt_mountpoint);
		w->mnt = up;
		w->mnt_root = BPF_CORE_READ(up, mnt.mnt_root);
		return 0;
	}
	parent = BPF_CORE_READ(dentry, d_parent);
	n = bpf_probe_read_kernel_str(w->s->name, 256, BPF_CORE_READ(dentry, d_name.name));
	if (n <= 0) {
		w->flags |= RG_STR_UNREADABLE;
		return 1;
	}
	if (parent == dentry || !parent) {
		/* A file system's root that is no mount's root, or an object that
		 * never had a directory: "memfd:label", "anon_inode:...". */
		const __u8 *label = w->s->name;

		w->flags |= RG_STR_DETACHED;
		if (label[0] == 'm' && label[1] == 'e' && label[2] == 'm' && label[3] == 'f' &&
		    label[4] == 'd' && label[5] == ':')
			w->flags |= RG_STR_MEMFD;
		if (label[0] != '/')
			rg_prepend(w, w->s->name, n - 1, false);
		return 1;
	}
	if (!rg_prepend(w, w->s->name, n - 1, true))
		return 1;
	w->s->components += 1;
	w->dentry = parent;
	return 0;
}

/* Components a path can have: every second byte a slash. */
#define RG_PATH_STEPS (RG_PATH_MAX / 2)

static __always_inline void rg_walk(struct rg_walk *w, struct rg_scratch *s, struct path *path)
{
	struct vfsmount *vfsmnt = BPF_CORE_READ(path, mnt);
	struct dentry *dentry = BPF_CORE_READ(path, dentry);

	w->s = s;
	w->pos = RG_PATH_MAX;
	s->components = 0;
	w->flags = 0;
	w->dentry = dentry;
	w->mnt_root = BPF_CORE_READ(vfsmnt, mnt_root);
	w->mnt = (void *)vfsmnt - bpf_core_field_offset(struct mount, mnt);
	if (!vfsmnt || !dentry) {
		w->flags = RG_STR_UNREADABLE;
		return;
	}
	if (BPF_CORE_READ(dentry, d_hash.pprev) == NULL && dentry != w->mnt_root)
		w->flags |= RG_STR_DELETED;
	if (bpf_loop(RG_PATH_STEPS, rg_walk_step, w, 0) == RG_PATH_STEPS)
		w->flags |= RG_STR_TRUNCATED;
}

/* Appends what a walk left in s->path. */
static __always_inline void rg_put_walked(struct rg_scratch *s, struct rg_str *out,
					  struct rg_walk *w)
{
	__u32 off = rg_offset(s);
	__u32 pos = w->pos, len;

	out->offset = off;
	out->flags = w->flags;
	if (w->flags & RG_STR_UNREADABLE)
		return;
	if (pos >= RG_PATH_MAX) { /* no component: the root itself */
		if (w->flags & RG_STR_DETACHED)
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
	bpf_probe_read_kernel(&s->record[off], len, &s->path[pos & RG_PATH_MASK]);
	out->length = len;
	s->used = off + len;
}

static __always_inline void rg_put_path(struct rg_scratch *s, struct rg_str *out, struct path *path)
{
	struct rg_walk w;

	rg_walk(&w, s, path);
	rg_put_walked(s, out, &w);
}

/* --- cgroup paths ----------------------------------------------------------- */

static __always_inline struct kernfs_node *rg_kernfs_parent(struct kernfs_node *kn)
{
	/* 6.15 "kernfs: Use RCU to access kernfs_node::parent" renamed it. */
	if (bpf_core_field_exists(kn->__parent))
		return BPF_CORE_READ(kn, __parent);
	return BPF_CORE_READ((struct kernfs_node___old *)kn, parent);
}

struct rg_cgroup_walk {
	struct kernfs_node *kn;
	struct rg_walk w; /* only pos, flags and s */
};

static long rg_cgroup_step(__u32 i, struct rg_cgroup_walk *c)
{
	struct kernfs_node *kn = c->kn, *parent = rg_kernfs_parent(kn);
	long n;

	if (!parent)
		return 1;
	n = bpf_probe_read_kernel_str(c->w.s->name, 256, BPF_CORE_READ(kn, name));
	if (n <= 0) {
		c->w.flags |= RG_STR_UNREADABLE;
		return 1;
	}
	if (!rg_prepend(&c->w, c->w.s->name, n - 1, true))
		return 1;
	c->kn = parent;
	return 0;
}

static __always_inline void rg_put_cgroup(struct rg_scratch *s, struct rg_str *out,
					  struct cgroup *cgrp)
{
	struct rg_cgroup_walk c = {};

	c.kn = BPF_CORE_READ(cgrp, kn);
	c.w.s = s;
	c.w.pos = RG_PATH_MAX;
	if (bpf_loop(256, rg_cgroup_step, &c, 0) == 256)
		c.w.flags |= RG_STR_TRUNCATED;
	/* RG_CGROUP_MAX, not RG_PATH_MAX: part of what the longest record adds up to. */
	if (c.w.pos < RG_PATH_MAX - RG_CGROUP_MAX) {
		c.w.pos = RG_PATH_MAX - RG_CGROUP_MAX;
		c.w.flags |= RG_STR_TRUNCATED;
	}
	rg_put_walked(s, out, &c.w);
}

#endif /* RG_EBPF_STRINGS_H */
