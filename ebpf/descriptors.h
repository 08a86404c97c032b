/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
 *
 * The files and sockets behind descriptors.
 */
#ifndef RG_EBPF_DESCRIPTORS_H
#define RG_EBPF_DESCRIPTORS_H

#include "ebpf/sockets.h"

#define S_IFSOCK 0140000

/* The file behind a descriptor now, or NULL. Since the call looked, another thread may have closed
 * the descriptor and opened something else in its place. */
static __always_inline struct file *rg_file_of(struct task_struct *task, __s32 fd)
{
	struct fdtable *fdt;
	struct file **table;

	if (fd < 0)
		return NULL;
	fdt = RG_READ(task, files, fdt);
	table = RG_READ(fdt, fd);
	return fd < RG_READ(fdt, max_fds) ? rg_read_pointer(table + fd) : NULL;
}

/* The socket behind a file, or NULL. */
static __always_inline struct sock *rg_sock_of(struct file *file)
{
	struct inode *inode = RG_READ(file, f_inode);
	struct socket *socket;

	if (RG_READ(inode, i_sb, s_magic) != SOCKFS_MAGIC)
		return NULL;
	socket = RG_READ(file, private_data); /* NULL: opened with O_PATH */
	return RG_READ(socket, sk);
}

/* Describes descriptors 0, 1 and 2. The task has just called exec, so it shares its table of
 * descriptors with nobody. */
static __always_inline void rg_fill_stdio(struct rg_process *p, struct task_struct *task)
{
	struct file **table = RG_READ(task, files, fdt, fd), *files[3] = {};

	bpf_probe_read_kernel(files, sizeof(files), table); /* the smallest table has 64 */
	for (int i = 0; i < 3; i++) {
		struct inode *inode = RG_READ(files[i], f_inode);
		struct rg_stream *stream = &p->stdio[i];
		struct rg_endpoint peer = {};
		struct sock *sk;
		__u16 family;

		if (!files[i])
			continue;
		stream->inode = RG_READ(inode, i_ino);
		stream->mode = RG_READ(inode, i_mode);
		stream->rdev = RG_READ(inode, i_rdev);
		if ((stream->mode & S_IFMT) != S_IFSOCK || p->stdio_peer_family)
			continue;
		sk = rg_sock_of(files[i]);
		family = RG_READ(sk, __sk_common.skc_family);
		if (!sk || !rg_is_inet(family))
			continue;
		rg_socket_remote(&peer, sk, family);
		if (!peer.known)
			continue;
		p->stdio_peer_family = family;
		p->stdio_peer_port = peer.port;
		__builtin_memcpy(p->stdio_peer_addr, peer.addr, 16);
	}
}

#endif /* RG_EBPF_DESCRIPTORS_H */
