// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/allocations.h"

#include <cstddef>
#include <cstdlib>
#include <new>

namespace {

// One thread: benchmarks have no other.
randguard::bench::Allocations so_far;

void* Allocate(std::size_t size, std::size_t alignment) {
  ++so_far.calls;
  so_far.bytes += size;
  void* memory =
      alignment <= alignof(std::max_align_t)
          ? std::malloc(size)
          : std::aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
  if (memory == nullptr && size != 0) std::abort();
  return memory;
}

}  // namespace

namespace randguard::bench {

Allocations AllocationsSoFar() { return so_far; }

}  // namespace randguard::bench

// The array forms and those that do not throw call these.
void* operator new(std::size_t size) { return Allocate(size, 1); }
void* operator new(std::size_t size, std::align_val_t alignment) {
  return Allocate(size, static_cast<std::size_t>(alignment));
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }
