// SPDX-License-Identifier: Apache-2.0
#include "collector/batch.h"

#include <linux/bpf.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "collector/startup.h"

namespace randguard::collector {
namespace {

// We may write page 0, but not the kernel's page and the data behind it.
void* Map(int fd, std::size_t bytes, int protection, std::size_t offset) {
  void* memory = mmap(nullptr, bytes, protection, MAP_SHARED, fd, static_cast<off_t>(offset));
  if (memory == MAP_FAILED) Fail("ring buffer: %s", std::strerror(errno));
  return memory;
}

}  // namespace

bool Batch::Add(kj::ArrayPtr<const char> record, kj::ArrayPtr<const char> rest) {
  const std::size_t size = record.size() + rest.size();
  rg_header header;
  // Our own programs wrote the record; if this does not hold, nothing else does.
  if (size < sizeof(header) || size > RG_RECORD_MAX || size % 8 != 0) {
    Fail("a ring holds a record of %zu bytes", size);
  }
  char* to = words_.asChars().begin() + bytes_;
  std::copy(rest.begin(), rest.end(), std::copy(record.begin(), record.end(), to));
  std::memcpy(&header, to, sizeof(header));
  bytes_ += size;
  ++count_;
  last_ns_ = header.time_ns;
  newest_ns_ = std::max(newest_ns_, last_ns_);
  return lane_bytes() < kLaneBytes;
}

Lane::Lane(int map_fd, std::size_t bytes) : bytes_(bytes) {
  const std::size_t page = sysconf(_SC_PAGESIZE);
  consumed_ = static_cast<unsigned long*>(Map(map_fd, page, PROT_READ | PROT_WRITE, 0));
  const auto* rest = static_cast<const char*>(Map(map_fd, page + bytes, PROT_READ, page));
  produced_ = reinterpret_cast<const unsigned long*>(rest);
  data_ = rest + page;
}

bool Lane::Drain(Batch& batch) {
  const unsigned long begin = *consumed_;
  const unsigned long end = __atomic_load_n(produced_, __ATOMIC_ACQUIRE);
  unsigned long at = begin;
  bool room = true;
  while (room && at != end) {
    const auto* header = reinterpret_cast<const std::uint32_t*>(data_ + (at & (bytes_ - 1)));
    const std::uint32_t length = __atomic_load_n(header, __ATOMIC_ACQUIRE);
    if ((length & BPF_RINGBUF_BUSY_BIT) != 0) break;  // still being written
    const std::size_t size = length & ~BPF_RINGBUF_DISCARD_BIT;
    const std::size_t place = (at + BPF_RINGBUF_HDR_SZ) & (bytes_ - 1);
    const std::size_t first = std::min(size, bytes_ - place);  // the rest wraps around the end
    at += (BPF_RINGBUF_HDR_SZ + size + 7) & ~std::size_t{7};
    if (size == length) room = batch.Add({data_ + place, first}, {data_, size - first});
  }
  // A program that has stored a record wakes us only if that record is the first one that we have
  // not consumed. So the position is published before the last look. Then either the program sees
  // the new position, or we see the record.
  __atomic_store_n(consumed_, at, __ATOMIC_SEQ_CST);
  return room && (at == begin || Drain(batch));
}

}  // namespace randguard::collector
