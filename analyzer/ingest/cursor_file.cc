// SPDX-License-Identifier: Apache-2.0
#include "analyzer/ingest/cursor_file.h"

#include <fcntl.h>
#include <kj/io.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <utility>

#include "analyzer/base/status.h"

namespace randguard {
namespace {

// More hooks than there are, so that what stands behind them stays where it is.
constexpr std::size_t kHookSlots = 64;
static_assert(RG_HOOK_END <= kHookSlots);

constexpr char kNumbersMagic[8] = {'r', 'g', 'l', 'i', 'n', 'e', '1', '\0'};
constexpr char kMagic[8] = {'r', 'g', 'c', 'u', 'r', 's', '4', '\0'};

template <typename Counters>
void StoreCounters(const Counters& from, std::atomic<std::uint64_t>* to) {
  for (const std::uint64_t counter : from) (to++)->store(counter, std::memory_order_relaxed);
}

template <typename Counters>
Counters LoadCounters(const std::atomic<std::uint64_t>* from) {
  Counters counters;
  for (std::uint64_t& counter : counters) counter = (from++)->load(std::memory_order_relaxed);
  return counters;
}

}  // namespace

// Where it always was, whatever stands before it: numbers outlive an upgrade.
struct alignas(2048) CursorFile::Numbers {
  char magic[8];
  char boot_id[40];
  std::atomic<std::uint64_t> next;
  std::atomic<std::uint64_t> sure;
  static constexpr std::uint64_t kOpen = 0, kEnded = 1, kBegunWithLoss = 2;
  std::atomic<std::uint64_t> ended;
};

struct CursorFile::Page {
  char magic[8];
  char boot_id[40];
  std::uint64_t collector_start_ns;
  std::atomic<std::uint64_t> output_device, output_inode, output_bytes;  // inode 0: none
  std::atomic<std::uint64_t> records;
  std::atomic<std::uint64_t> skipped[kHookSlots];
  std::atomic<std::uint64_t> lost[RG_KIND_END];
  Numbers numbers;

  static constexpr std::size_t NumbersAt() { return offsetof(Page, numbers); }

  void StoreProgress(const Cursor& cursor) {
    // The position last but for the records: an analyzer that is killed in between says that too
    // much was lost, and never too little.
    const FilePosition position = cursor.output.value_or(FilePosition{});
    output_device.store(position.device, std::memory_order_relaxed);
    output_inode.store(position.inode, std::memory_order_relaxed);
    output_bytes.store(position.bytes, std::memory_order_relaxed);
    std::atomic_signal_fence(std::memory_order_seq_cst);
    records.store(cursor.records, std::memory_order_relaxed);
    StoreCounters(cursor.lost.value_or(KindCounters{}), lost);
    StoreCounters(cursor.skipped.value_or(HookCounters{}), skipped);
  }
};

absl::StatusOr<CursorFile> CursorFile::Open(const std::string& directory) {
  static_assert(Page::NumbersAt() == 2048);
  const std::string path = directory + "/cursor";
  kj::AutoCloseFd fd(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (fd.get() >= 0 && flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
    return HostError("state file %s is in use: another analyzer runs with this folder", path);
  }
  // Allocated now: a full disk is to be an error here, not a SIGBUS later.
  int error = fd.get() < 0 ? errno : posix_fallocate(fd, 0, sizeof(Page));
  void* page = MAP_FAILED;
  if (error == 0) {
    page = mmap(nullptr, sizeof(Page), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (page == MAP_FAILED) error = errno;
  }
  if (error != 0) return ErrnoError(error, "state file " + path);
  return CursorFile(std::move(fd), static_cast<Page*>(page));
}

CursorFile::CursorFile(CursorFile&& other) noexcept
    : fd_(std::move(other.fd_)), page_(std::exchange(other.page_, nullptr)) {}

CursorFile::~CursorFile() {
  if (page_ != nullptr) munmap(page_, sizeof(Page));
}

std::optional<Cursor> CursorFile::Read() const {
  if (std::memcmp(page_->magic, kMagic, sizeof(kMagic)) != 0) return std::nullopt;
  Cursor cursor;
  cursor.boot_id.assign(page_->boot_id, strnlen(page_->boot_id, sizeof(page_->boot_id)));
  cursor.collector_start_ns = page_->collector_start_ns;
  cursor.records = page_->records.load(std::memory_order_relaxed);
  const FilePosition position{page_->output_device.load(std::memory_order_relaxed),
                              page_->output_inode.load(std::memory_order_relaxed),
                              page_->output_bytes.load(std::memory_order_relaxed)};
  if (position.inode != 0) cursor.output = position;
  cursor.lost = LoadCounters<KindCounters>(page_->lost);
  cursor.skipped = LoadCounters<HookCounters>(page_->skipped);
  return cursor;
}

void CursorFile::Store(const Cursor& cursor) {
  // Before the first collector has said who it is, there is the output's position alone.
  if (std::memcmp(page_->magic, kMagic, sizeof(kMagic)) != 0 ||
      page_->collector_start_ns != cursor.collector_start_ns ||
      std::strncmp(page_->boot_id, cursor.boot_id.c_str(), sizeof(page_->boot_id)) != 0) {
    // Another collector: invalid while it is half written.
    std::memset(page_->magic, 0, sizeof(page_->magic));
    std::atomic_signal_fence(std::memory_order_seq_cst);
    std::memset(page_->boot_id, 0, sizeof(page_->boot_id));
    std::memcpy(page_->boot_id, cursor.boot_id.data(),
                std::min(cursor.boot_id.size(), sizeof(page_->boot_id) - 1));
    page_->collector_start_ns = cursor.collector_start_ns;
    page_->StoreProgress(cursor);
    std::atomic_signal_fence(std::memory_order_seq_cst);
    std::memcpy(page_->magic, kMagic, sizeof(kMagic));
    return;
  }
  page_->StoreProgress(cursor);
}

LineNumbers CursorFile::ReadNumbers(const std::string& boot_id) const {
  const Numbers& numbers = page_->numbers;
  LineNumbers read{.boot_id = boot_id};
  if (std::memcmp(numbers.magic, kNumbersMagic, sizeof(kNumbersMagic)) != 0 ||
      std::strncmp(numbers.boot_id, boot_id.c_str(), sizeof(numbers.boot_id)) != 0) {
    return read;
  }
  read.next = numbers.next.load(std::memory_order_relaxed);
  read.sure = std::min(numbers.sure.load(std::memory_order_relaxed), read.next);
  const std::uint64_t state = numbers.ended.load(std::memory_order_relaxed);
  read.ended = state == Numbers::kEnded;
  read.begun_with_loss = state == Numbers::kBegunWithLoss;
  return read;
}

void CursorFile::BeginNumbers(const LineNumbers& numbers) {
  Numbers& page = page_->numbers;
  const std::string& boot_id = numbers.boot_id;
  if (std::strncmp(page.boot_id, boot_id.c_str(), sizeof(page.boot_id)) != 0 ||
      std::memcmp(page.magic, kNumbersMagic, sizeof(kNumbersMagic)) != 0) {
    // Another boot: invalid while it is half written.
    std::memset(page.magic, 0, sizeof(page.magic));
    std::atomic_signal_fence(std::memory_order_seq_cst);
    std::memset(page.boot_id, 0, sizeof(page.boot_id));
    std::memcpy(page.boot_id, boot_id.data(), std::min(boot_id.size(), sizeof(page.boot_id) - 1));
  }
  StoreNumbers(numbers.next, numbers.sure);
  page.ended.store(numbers.next == numbers.sure ? Numbers::kOpen : Numbers::kBegunWithLoss,
                   std::memory_order_relaxed);
  std::atomic_signal_fence(std::memory_order_seq_cst);
  std::memcpy(page.magic, kNumbersMagic, sizeof(kNumbersMagic));
}

void CursorFile::StoreNumbers(std::uint64_t next, std::uint64_t sure) {
  // In this order: a kill in between leaves numbers of which less is sure, or as much, and never
  // names lines as missing that are there.
  Numbers& page = page_->numbers;
  page.sure.store(sure, std::memory_order_relaxed);
  std::atomic_signal_fence(std::memory_order_seq_cst);
  page.next.store(next, std::memory_order_relaxed);
  std::atomic_signal_fence(std::memory_order_seq_cst);
  page.ended.store(Numbers::kOpen, std::memory_order_relaxed);
}

void CursorFile::EndNumbers() {
  page_->numbers.ended.store(Numbers::kEnded, std::memory_order_relaxed);
}

}  // namespace randguard
