// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/*
 * Files that are written, where the kernel writes them. Each function has the open file as an
 * argument, and returns the result.
 */
#include "ebpf/function.h"

#define EIOCBQUEUED 529

#define ATTR_OPEN (1 << 15)

/* The file that another one is kept in, as on overlayfs: the write to that one is seen. */
#define FMODE_NOACCOUNT 0x20000000

/* Does the write concern a file that may be watched? Most do not. */
static __always_inline bool is_of_interest(struct file *file)
{
	if (file->f_mode & FMODE_NOACCOUNT)
		return false;
	if (!rg_settings.watching)
		return true;
	/* Pipes, sockets and the like (rg_is_nameless) are most of what is written. */
	if (!(file->f_inode->i_sb->s_flags & SB_NOUSER) && rg_may_be_watched(file, true))
		return true;
	rg_count(&rg_counters()->kinds[RG_KIND_file_write].unwatched);
	return false;
}

/* Takes scratch memory for the act of a call like `name` on the file. NULL: there is nothing to
 * report. */
#define begin_write(file_, result_, name, program)                                                 \
	({                                                                                         \
		struct rg_scratch *_s = NULL;                                                      \
                                                                                                   \
		if (is_of_interest(file_) && !rg_skip(bpf_get_current_task_btf(), program))        \
			_s = rg_function_act(program, RG_CALL_##name, RG_NR64_##name, result_);    \
		if (_s)                                                                            \
			_s->act.file = file_;                                                      \
		_s;                                                                                \
	})

/* The arguments of write(2) and its like, where nobody made such a call. */
static __always_inline void put_count(struct rg_file_act *a, __u64 count)
{
	if (rg_is_own_call(a))
		return;
	a->c.args[0] = RG_NO_DESCRIPTOR;
	a->c.args[2] = count;
}

SEC("fexit/vfs_write")
int BPF_PROG(rg_write, struct file *file, const char *data, __u64 count, void *pos, long result)
{
	struct rg_scratch *s;

	s = begin_write(file, result, write, RG_PROGRAM_write);
	if (!s)
		return 0;
	put_count(&s->act, count);
	return rg_act_end(s);
}

SEC("fexit/vfs_writev")
int BPF_PROG(rg_writev, struct file *file, const void *vec, unsigned long count, void *pos,
	     __u32 flags, long result)
{
	struct rg_scratch *s;

	s = begin_write(file, result, writev, RG_PROGRAM_writev);
	if (!s)
		return 0;
	put_count(&s->act, count);
	return rg_act_end(s);
}

/* A request to io_uring. One that has to wait is tried again, and the last try counts. */
SEC("fexit/io_write")
int BPF_PROG(rg_io_write, struct io_kiocb *request, __u32 issue_flags, int result)
{
	struct file *file = request->file;
	struct rg_scratch *s;

	if (!file || result == -EAGAIN)
		return 0;
	s = begin_write(file, result, write, RG_PROGRAM_io_write);
	if (!s)
		return 0;
	/* The thread may be on its way out of any call. */
	__builtin_memset(s->act.c.args, 0, sizeof(s->act.c.args));
	s->act.c.compat = false;
	s->act.c.call = RG_CALL_write;
	s->act.flags = RG_FILE_IO_URING;
	s->act.c.args[0] = RG_NO_DESCRIPTOR;
	/* A request that goes on has its length here, and one that has ended its result. */
	if (result >= 0 || (result == -EIOCBQUEUED && request->cqe.res < 0))
		s->act.c.result = request->cqe.res;
	else if (result == -EIOCBQUEUED)
		s->act.c.result = 0;
	return rg_act_end(s);
}

/* io_submit(2). */
SEC("fexit/aio_write")
int BPF_PROG(rg_aio_write, struct kiocb *request, const void *iocb, bool vectored, bool compat,
	     int result)
{
	struct file *file = request->ki_filp;
	struct rg_scratch *s;

	if (!file)
		return 0;
	s = begin_write(file, result, write, RG_PROGRAM_aio_write);
	if (!s)
		return 0;
	s->act.c.args[0] = RG_NO_DESCRIPTOR;
	return rg_act_end(s);
}

/* sendfile(2). copy_file_range(2) comes through here, too, and is seen as such. */
SEC("fexit/do_splice_direct")
int BPF_PROG(rg_sendfile, struct file *in, void *ppos, struct file *file, void *opos, __u64 count,
	     __u32 flags, long result)
{
	struct rg_scratch *s;

	s = begin_write(file, result, sendfile, RG_PROGRAM_sendfile);
	if (!s)
		return 0;
	if (s->act.c.call == RG_CALL_copy_file_range || s->act.c.call == RG_CALL_ioctl) {
		rg_scratch_put(s);
		return 0;
	}
	if (!rg_is_own_call(&s->act)) {
		s->act.c.args[0] = RG_NO_DESCRIPTOR;
		s->act.c.args[3] = count;
	}
	return rg_act_end(s);
}

/* The arguments of splice(2) and copy_file_range(2), where nobody made such a call. */
static __always_inline void put_copy(struct rg_file_act *a, __u64 count, __u32 flags)
{
	if (rg_is_own_call(a))
		return;
	a->c.args[2] = RG_NO_DESCRIPTOR;
	a->c.args[4] = count;
	a->c.args[5] = flags;
}

SEC("fexit/do_splice")
int BPF_PROG(rg_splice, struct file *in, void *off_in, struct file *file, void *off_out,
	     __u64 count, __u32 flags, long result)
{
	struct rg_scratch *s;

	s = begin_write(file, result, splice, RG_PROGRAM_splice);
	if (!s)
		return 0;
	put_copy(&s->act, count, flags);
	return rg_act_end(s);
}

SEC("fexit/vfs_copy_file_range")
int BPF_PROG(rg_copy_file_range, struct file *in, __s64 pos_in, struct file *file, __s64 pos_out,
	     __u64 count, __u32 flags, long result)
{
	struct rg_scratch *s;

	s = begin_write(file, result, copy_file_range, RG_PROGRAM_copy_file_range);
	if (!s)
		return 0;
	put_copy(&s->act, count, flags);
	return rg_act_end(s);
}

/* FICLONE and FICLONERANGE. copy_file_range(2) may come through here, too, and is seen as such. */
SEC("fexit/vfs_clone_file_range")
int BPF_PROG(rg_clone_range, struct file *in, __s64 pos_in, struct file *file, __s64 pos_out,
	     __s64 count, __u32 flags, long result)
{
	struct rg_scratch *s;

	s = begin_write(file, result, ioctl, RG_PROGRAM_clone_range);
	if (!s)
		return 0;
	if (s->act.c.call != RG_CALL_ioctl) {
		rg_scratch_put(s);
		return 0;
	}
	if (!rg_is_own_call(&s->act))
		s->act.c.args[0] = RG_NO_DESCRIPTOR;
	else if (result > 0) /* the length; the call returns 0 */
		s->act.c.result = 0;
	return rg_act_end(s);
}

SEC("fexit/vfs_fallocate")
int BPF_PROG(rg_fallocate, struct file *file, int mode, __s64 offset, __s64 length, int result)
{
	struct rg_scratch *s;

	s = begin_write(file, result, fallocate, RG_PROGRAM_fallocate);
	if (!s)
		return 0;
	if (!rg_is_own_call(&s->act)) {
		s->act.c.args[0] = RG_NO_DESCRIPTOR;
		s->act.c.args[1] = mode;
		s->act.c.args[2] = offset;
		s->act.c.args[3] = length;
	}
	return rg_act_end(s);
}

/* A shared mapping that is written, or can be made so by mprotect(2). */
SEC("fexit/vm_mmap_pgoff")
int BPF_PROG(rg_mmap, struct file *file, __u64 address, __u64 length, __u64 prot, __u64 flags,
	     __u64 pages, long result)
{
	struct rg_scratch *s;

	if (!file || (flags & (MAP_SHARED | MAP_ANONYMOUS)) != MAP_SHARED)
		return 0;
	if (!(prot & PROT_WRITE) && !(file->f_mode & FMODE_WRITE))
		return 0;
	s = begin_write(file, result, mmap, RG_PROGRAM_mmap);
	if (!s)
		return 0;
	/* The arguments of old_mmap are in the caller's memory. */
	if (!rg_is_own_call(&s->act) || s->act.c.call == RG_CALL_old_mmap) {
		s->act.c.call = RG_CALL_mmap;
		s->act.c.args[4] = RG_NO_DESCRIPTOR;
		s->act.c.args[5] = s->act.c.compat ? pages : pages << 12;
	}
	s->act.c.args[1] = length;
	s->act.c.args[2] = prot;
	s->act.c.args[3] = flags;
	return rg_act_end(s);
}

/* 6.9 "io_uring: add support for ftruncate" made this a function of its own. */
SEC("fexit/do_ftruncate")
int BPF_PROG(rg_ftruncate, struct file *file, __s64 length, int small, long result)
{
	struct rg_scratch *s;

	s = begin_write(file, (int)result, ftruncate, RG_PROGRAM_ftruncate);
	if (!s)
		return 0;
	if (!rg_is_own_call(&s->act)) {
		s->act.c.args[0] = RG_NO_DESCRIPTOR;
		s->act.c.args[1] = length;
	}
	return rg_act_end(s);
}

/* Before that, only this function has the file: of ftruncate(2), and of an open that truncates. */
SEC("fexit/do_truncate")
int BPF_PROG(rg_ftruncate___dentry, void *idmap, struct dentry *dentry, __s64 length,
	     __u32 time_attrs, struct file *file, int result)
{
	struct rg_scratch *s;

	if (!file || (time_attrs & ATTR_OPEN))
		return 0;
	s = begin_write(file, result, ftruncate, RG_PROGRAM_ftruncate___dentry);
	if (!s)
		return 0;
	if (!rg_is_own_call(&s->act)) {
		s->act.c.args[0] = RG_NO_DESCRIPTOR;
		s->act.c.args[1] = length;
	}
	return rg_act_end(s);
}
