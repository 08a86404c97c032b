// SPDX-License-Identifier: Apache-2.0
#ifndef TESTS_LIVE_RING_H_
#define TESTS_LIVE_RING_H_

#include <linux/io_uring.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>

namespace randguard::live {

// An io_uring. Submits one request after another and waits for each.
class Ring {
 public:
  Ring() {
    fd_ = static_cast<int>(syscall(SYS_io_uring_setup, 4, &parameters_));
    if (fd_ < 0) return;
    ring_ = static_cast<char*>(
        mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd_, IORING_OFF_SQ_RING));
    entries_ = static_cast<io_uring_sqe*>(
        mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd_, IORING_OFF_SQES));
  }
  bool ok() const { return fd_ >= 0 && ring_ != MAP_FAILED; }
  void Do(const io_uring_sqe& entry) {
    auto* tail = reinterpret_cast<std::uint32_t*>(ring_ + parameters_.sq_off.tail);
    auto* array = reinterpret_cast<std::uint32_t*>(ring_ + parameters_.sq_off.array);
    const std::uint32_t index = *tail & (parameters_.sq_entries - 1);
    entries_[index] = entry;
    array[index] = index;
    std::atomic_ref<std::uint32_t>(*tail).store(*tail + 1);
    syscall(SYS_io_uring_enter, fd_, 1, 1, IORING_ENTER_GETEVENTS, nullptr, 0);
    auto* head = reinterpret_cast<std::uint32_t*>(ring_ + parameters_.cq_off.head);
    std::atomic_ref<std::uint32_t>(*head).store(*head + 1);
  }
  bool Register(unsigned operation, const void* what, unsigned count) {
    return syscall(SYS_io_uring_register, fd_, operation, what, count) == 0;
  }

 private:
  io_uring_params parameters_{};
  int fd_ = -1;
  char* ring_ = nullptr;
  io_uring_sqe* entries_ = nullptr;
};

}  // namespace randguard::live

#endif  // TESTS_LIVE_RING_H_
