/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
 *
 * Opens that are access to another process: its files in /proc (process_files.def). They are
 * recognised by the file system, by the file's name there, and by the process that the inode
 * belongs to. So it makes no difference by which name, directory or mount they were opened, and no
 * watched or excluded path decides.
 *
 * An open that was refused has only a name. The name counts if it is that of a process's file in
 * /proc, and the process is the one that the caller's pid namespace has by that number.
 */
#ifndef RG_EBPF_PROCESS_FILES_H
#define RG_EBPF_PROCESS_FILES_H

#include "ebpf/prefilter.h"
#include "ebpf/target.h"
#include "ebpf/task.h"

#define EPERM  1
#define EACCES 13

#define FMODE_READ  0x1
#define FMODE_WRITE 0x2

#define O_WRONLY  1ULL
#define O_ACCMODE 3ULL
#define O_PATH	  010000000ULL

/* Bit 1 << number: the file is reported for processes of other users only. */
#define RG_WHOSE_others	 0u
#define RG_WHOSE_foreign 1u
static const __u32 rg_only_foreign = 0
#define PROCESS_FILE(number, name, whose) | RG_WHOSE_##whose << number
#include "schema/abi/process_files.def"
#undef PROCESS_FILE
	;

/* The first and the last eight bytes of a text that is known to the compiler, as words. */
#define RG_HEAD(text)                                                                              \
	({                                                                                         \
		__u64 _word = 0;                                                                   \
		__builtin_memcpy(&_word, text, sizeof(text) < 8 ? sizeof(text) : 8);               \
		_word;                                                                             \
	})
#define RG_TAIL(text)                                                                              \
	({                                                                                         \
		__u64 _word = 0;                                                                   \
		__builtin_memcpy(&_word, &(text)[sizeof(text) > 8 ? sizeof(text) - 9 : 0],         \
				 sizeof(text) > 8 ? 8 : sizeof(text) - 1);                         \
		_word << (sizeof(text) > 8 ? 0 : 8 * (9 - sizeof(text)));                          \
	})
#define RG_TAIL_MASK(text) (sizeof(text) > 8 ? ~0ULL : ~0ULL << 8 * (9 - sizeof(text)))

/* False: the open file surely is none of them. By helpers, any file of procfs may be one. `known`:
 * as in rg_may_be_watched(). */
static __always_inline bool rg_may_be_process_file(struct file *file, const bool known)
{
	struct dentry *dentry;
	void *name;
	__u64 word;

	if (!rg_settings.process_files)
		return false;
	if (!(RG_TYPED || known))
		return RG_READ(file, f_inode, i_sb, s_magic) == PROC_SUPER_MAGIC;
	if (!known)
		file = rg_as(struct file, file);
	if (file->f_inode->i_sb->s_magic != PROC_SUPER_MAGIC)
		return false;
	dentry = file->f_path.dentry;
	name = rg_name_words(dentry);
	if (!name)
		return false;
	word = RG_WORD(name);
	word &= rg_bytes_before(rg_zero_bytes(word));
#define PROCESS_FILE(number, name, whose)                                                          \
	if (word == RG_HEAD(#name))                                                                \
		return true;
#include "schema/abi/process_files.def"
#undef PROCESS_FILE
	return false;
}

/* The enum rg_process_file whose name is the end of the path that the filter has judged; 0: none.
 */
static __always_inline __u32 rg_process_file_of_path(struct rg_scratch *s)
{
	__u32 at = s->text + s->text_length - 8;
	__u64 word;

	if (s->text_length < 8)
		return 0;
	rg_opaque(at);
	word = RG_WORD(&s->path[at & RG_TEXT_MASK]);
#define PROCESS_FILE(number, name, whose)                                                          \
	if ((word & RG_TAIL_MASK("/" #name)) == RG_TAIL("/" #name))                                \
		return number;
#include "schema/abi/process_files.def"
#undef PROCESS_FILE
	return 0;
}

#define RG_PID_DIGITS 7 /* of a pid, which has 22 bits */

/* N of a path /proc/N/..., or 0. */
static __always_inline __u32 rg_pid_of_path(struct rg_scratch *s)
{
	__u32 at = s->text, number = 0;

	rg_opaque(at);
	at &= RG_TEXT_MASK;
	if ((RG_WORD(&s->path[at]) & ~0ULL >> 16) != RG_HEAD("/proc/"))
		return 0;
#pragma unroll
	for (int i = 0; i < RG_PID_DIGITS; i++) {
		__u8 digit = s->path[(at + 6 + i) & RG_TEXT_MASK] - '0';

		if (digit > 9)
			break;
		number = 10 * number + digit;
	}
	return number;
}

/* The purpose of an open: 1 reading, 2 writing, 3 both, 0 neither. The arguments of openat2 hold
 * what the caller's memory did. */
static __always_inline __u32 rg_mode_asked(const struct rg_call_args *c)
{
	__u64 flags = c->args[2];

	if (c->call == RG_CALL_creat)
		flags = O_WRONLY;
	else if (c->call == RG_CALL_open)
		flags = c->args[1];
	return flags & O_PATH ? 0 : ((flags & O_ACCMODE) + 1) & (FMODE_READ | FMODE_WRITE);
}

/* Reports the open in s->act, if it is access to another process. The function is global, so that
 * the verifier goes through it once. */
__noinline int rg_process_file_record(struct rg_scratch *s)
{
	struct task_struct *task = bpf_get_current_task_btf(), *target;
	enum rg_kind kind = RG_KIND_memory_access;
	struct proc_inode *proc;
	struct rg_file_act *a;
	struct rg_behaviour *r;
	struct inode *inode;
	struct file *file;
	__u32 which, mode, flags = 0, counted;
	bool gone = false;

	if (!s)
		return 0;
	a = &s->act;
	which = rg_process_file_of_path(s);
	if (!which)
		return 0;
	file = a->file;
	if (file) {
		inode = RG_READ(file, f_inode);
		if (RG_READ(inode, i_sb, s_magic) != PROC_SUPER_MAGIC)
			return 0;
		proc = (void *)inode - bpf_core_field_offset(struct proc_inode, vfs_inode);
		target = rg_task_of_pid(RG_READ(proc, pid));
		mode = RG_READ(file, f_mode) & (FMODE_READ | FMODE_WRITE);
		flags = s->walk.flags;
	} else {
		__u32 number = rg_pid_of_path(s);

		/* A success whose descriptor is gone: another thread has closed it, or it is made
		 * up. */
		gone = a->c.result >= 0;
		if (!number || (!gone && a->c.result != -EACCES && a->c.result != -EPERM))
			return 0;
		target = rg_task_by_number(task, number);
		mode = rg_mode_asked(&a->c);
		flags = RG_STR_LEXICAL;
		if (!gone)
			kind = RG_KIND_conduct_common;
	}
	if (!mode) /* O_PATH */
		return 0;
	if (target && (RG_READ(target, tgid) == task->tgid ||
		       ((rg_only_foreign >> which & 1) &&
			RG_READ(target, real_cred, uid.val) == task->cred->uid.val)))
		return 0;
	counted = kind;
	rg_opaque(counted);
	r = rg_begin_behaviour(s, kind, task);
	if (a->function)
		r->hdr.flags = RG_HEADER_FUNCTION;
	else if (!(a->flags & RG_FILE_REQUESTED))
		rg_mark_witness(&r->hdr);
	if (gone)
		r->hdr.flags |= RG_HEADER_DOUBTFUL;
	r->result = a->c.result;
	r->call = a->c.call;
	if (a->c.compat)
		r->flags |= RG_BEHAVIOUR_COMPAT;
	r->args[0] = which;
	r->args[1] = mode;
	rg_fill_target(r, target);
	if (file)
		rg_put_walked(s, &r->path, flags);
	else
		rg_put_clean(s, &r->path);
	r->path.flags |= flags;
	rg_put_name(s, &r->name, a->name, a->user, a->cut);
	rg_submit_kind(s, counted);
	return 0;
}

#endif /* RG_EBPF_PROCESS_FILES_H */
