// SPDX-License-Identifier: Apache-2.0
//
// Records on their way from the rings to one message.
#ifndef COLLECTOR_BATCH_H_
#define COLLECTOR_BATCH_H_

#include <capnp/common.h>
#include <kj/array.h>

#include <cstddef>
#include <cstdint>

#include "schema/abi/event.h"

namespace randguard::collector {

// Memory for one batch, allocated once.
class Batch {
 public:
  // Each lane may fill one half of this memory in one go, so that a flood in one lane cannot keep
  // the other out.
  static constexpr std::size_t kLaneBytes = std::size_t{112} * 1024;

  Batch()
      : words_(
            kj::heapArray<capnp::word>((2 * (kLaneBytes + RG_RECORD_MAX)) / sizeof(capnp::word))) {}

  void Clear() { bytes_ = lane_begin_ = 0, count_ = 0, newest_ns_ = last_ns_ = 0; }
  // From here on, records are of another lane.
  void BeginLane() { lane_begin_ = bytes_, last_ns_ = 0; }
  // Appends a record, which may come in two parts. False: this lane's half is full now.
  bool Add(kj::ArrayPtr<const char> record, kj::ArrayPtr<const char> rest = nullptr);

  bool empty() const { return count_ == 0; }
  std::uint32_t count() const { return count_; }
  std::size_t lane_bytes() const { return bytes_ - lane_begin_; }
  std::uint64_t newest_ns() const { return newest_ns_; }  // of all records
  std::uint64_t last_ns() const { return last_ns_; }      // of the last record added in this lane
  kj::ArrayPtr<const kj::byte> bytes() const { return words_.asBytes().slice(0, bytes_); }

 private:
  kj::Array<capnp::word> words_;  // words, because messages refer to this memory
  std::size_t bytes_ = 0;
  std::size_t lane_begin_ = 0;
  std::uint32_t count_ = 0;
  std::uint64_t newest_ns_ = 0;
  std::uint64_t last_ns_ = 0;
};

// One ring buffer of the kernel (linux/bpf.h, BPF_MAP_TYPE_RINGBUF), emptied into batches. libbpf
// is not used for that: it maps a ring's data twice in a row so that no record wraps, and memory
// that is mapped twice counts twice.
class Lane {
 public:
  // The map's descriptor, which is readable while the ring holds a record, and its size. Mapped for
  // the life of the process.
  Lane(int map_fd, std::size_t bytes);
  // Moves records to `batch`, in order. True: the lane is empty; false: the batch's half is full.
  bool Drain(Batch& batch);

 private:
  const std::size_t bytes_;
  unsigned long* consumed_;        // by us; both count bytes and only ever grow
  const unsigned long* produced_;  // by the kernel
  const char* data_;
};

}  // namespace randguard::collector

#endif  // COLLECTOR_BATCH_H_
