/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
 *
 * Reading memory: the kernel's, and our own by words.
 */
#ifndef RG_EBPF_READ_H
#define RG_EBPF_READ_H

#include "ebpf/types.h"
#include "schema/abi/event.h"

/* Hides a value from the optimiser, so that the mask applied to it stays where
 * it is written. */
#define rg_opaque(x) asm volatile("" : "+r"(x))

/* The pointer comes as an argument, because the compiler believes that no word begins within an
 * array of bytes, and reads the bytes one by one. */
static __always_inline __u64 *rg_word(void *p)
{
	return p;
}
#define RG_WORD(p) (*rg_word(p))
#define RG_ONES	   0x0101010101010101ULL

/* Reads src->a->b->..., or 0 where a pointer leads nowhere.
 *
 * Since 6.2 a kernel may let a program say what an address points to (bpf_rdonly_cast). There these
 * are plain loads, which the verifier makes fault-proof. Elsewhere each one is a call of a helper,
 * which takes several times as long. The numbers iterator came with 6.4 and stands for kernels that
 * have both the function and programs that may call that. The branch that does not apply is removed
 * before the program runs. */
extern void *bpf_rdonly_cast(const void *object, __u32 type) __ksym __weak;
#define RG_TYPED bpf_core_type_exists(struct bpf_iter_num)

#define rg_as(type, pointer) ((type *)bpf_rdonly_cast(pointer, bpf_core_type_id_kernel(type)))

#define RG_READ(src, a, ...)                                                                       \
	({                                                                                         \
		___type((src), a, ##__VA_ARGS__) _value;                                           \
		if (RG_TYPED) {                                                                    \
			_value = ___arrow(rg_as(typeof(*(src)), src), a, ##__VA_ARGS__);           \
			/* Else both branches' last load becomes one, of an address. */            \
			rg_opaque(_value);                                                         \
		} else {                                                                           \
			BPF_CORE_READ_INTO(&_value, (src), a, ##__VA_ARGS__);                      \
		}                                                                                  \
		_value;                                                                            \
	})

/* Like RG_READ, for a field of several words, such as an array or a network address. The words go
 * to out[0], out[1], ... */
#define RG_READ_WORDS(out, src, field)                                                             \
	({                                                                                         \
		if (RG_TYPED) {                                                                    \
			void *_at = &rg_as(typeof(*(src)), src)->field;                            \
			/* Else the load itself is relocated, and gets the field's size. */        \
			rg_opaque(_at);                                                            \
			for (int _i = 0; _i < sizeof(out) / 8; _i++)                               \
				(out)[_i] = RG_WORD(_at + 8 * _i);                                 \
		} else {                                                                           \
			bpf_core_read(out, sizeof(out), &(src)->field);                            \
		}                                                                                  \
	})

/* Like RG_READ, for a field that the kernel has as another type of eight bytes. */
#define RG_READ_WORD(src, field)                                                                   \
	({                                                                                         \
		__u64 _word[1];                                                                    \
		RG_READ_WORDS(_word, src, field);                                                  \
		_word[0];                                                                          \
	})

/* The pointer at an address. For the verifier, the address is that of a structure whose first
 * member is a pointer. */
#define rg_read_pointer(address) ((void *)RG_READ((struct hlist_node *)(address), next))

/* The kernel has an error in the place of a pointer so. */
static __always_inline bool rg_is_error(const void *pointer)
{
	return (__u64)pointer >= (__u64)-4095;
}

/* --- text in words: SWAR, eight bytes in one register -------------------------- */

/* The lowest bit that is set marks the first byte that is zero. Higher bits may be wrong. */
static __always_inline __u64 rg_zero_bytes(__u64 word)
{
	return (word - RG_ONES) & ~word & (RG_ONES << 7);
}

/* Ones in all bytes before the one that the lowest bit marks. Without a mark, all bytes are
 * ones. */
static __always_inline __u64 rg_bytes_before(__u64 marks)
{
	return ((marks & -marks) >> 7) - 1;
}

static __always_inline __u32 rg_count_bytes(__u64 mask)
{
	return (mask & RG_ONES) * RG_ONES >> 56;
}

/* The following functions have no branches, because the verifier would follow each branch in every
 * step. */

/* x ? ~0 : 0 */
static __always_inline __u64 rg_if(__u64 x)
{
	return -((x | -x) >> 63);
}

/* A word of zeroes has no bytes of a text, and leaves the hash as it is. */
static __always_inline __u64 rg_hash_some(__u64 hash, __u64 word)
{
	return hash ^ ((hash ^ rg_hash_word(hash, word)) & rg_if(word));
}

#endif /* RG_EBPF_READ_H */
