// SPDX-License-Identifier: Apache-2.0
#include "collector/forwarder.h"

#include <bpf/bpf.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <iterator>
#include <utility>

#include "collector/startup.h"

namespace randguard::collector {
namespace {

constexpr int kRetryMs = 200;
constexpr std::uint64_t kEndNs = 3'000'000'000;     // for waiting records, after the request to end
constexpr std::uint64_t kRepairNs = 5'000'000'000;  // between two snapshots of one session

std::uint64_t ClockNs(clockid_t clock) {
  timespec t{};
  clock_gettime(clock, &t);
  return static_cast<std::uint64_t>(t.tv_sec) * 1'000'000'000 + t.tv_nsec;
}

std::uint64_t BootNs() { return ClockNs(CLOCK_BOOTTIME); }

std::int64_t ClockOffsetNs() {
  return static_cast<std::int64_t>(ClockNs(CLOCK_REALTIME)) - static_cast<std::int64_t>(BootNs());
}

// Counters grow while they are read; each one alone is exact.
std::uint64_t Read(const __u64& counter) { return __atomic_load_n(&counter, __ATOMIC_RELAXED); }

template <std::size_t kSize>
void Write(capnp::List<std::uint64_t>::Builder out, const std::array<std::uint64_t, kSize>& in) {
  for (unsigned i = 0; i < kSize; ++i) out.set(i, in[i]);
}

}  // namespace

HostFacts ReadHostFacts() {
  utsname uts{};
  if (uname(&uts) != 0) Fail("uname: %s", std::strerror(errno));
  char id[37] = {};
  kj::AutoCloseFd fd(open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC));
  if (fd.get() < 0 || read(fd, id, 36) != 36) Fail("boot id: %s", std::strerror(errno));
  return {id, uts.nodename, uts.release, uts.machine};
}

Forwarder::Forwarder(const Plan& plan, Sensor& sensor, const HostFacts& host, Notifier& notifier,
                     std::string socket_path, int signal_fd)
    : plan_(plan),
      sensor_(sensor),
      host_(host),
      notifier_(notifier),
      connection_(std::move(socket_path), plan.analyzer_uid,
                  [this] {
                    notifier_.Alive();
                    if (WaitForEnd(0)) End();
                    return !ending_ || BootNs() < deadline_ns_;
                  }),
      bulk_(sensor.bulk_map, plan.bulk_ring_bytes),
      critical_(sensor.critical_map, plan.critical_ring_bytes),
      signal_fd_(signal_fd),
      own_pid_(getpid()),
      start_ns_(BootNs()) {}

void Forwarder::Run() {
  std::uint64_t next_heartbeat = 0;
  const std::uint64_t heartbeat_ns = static_cast<std::uint64_t>(plan_.heartbeat_ms) * 1'000'000;
  while (!ending_) {
    if (!connection_.open()) {
      if (!Establish()) return;
      next_heartbeat = 0;
      more_ = true;  // records that waited meanwhile
    }
    const std::uint64_t now = BootNs();
    const int timeout = more_ || now >= next_heartbeat
                            ? 0
                            : static_cast<int>((next_heartbeat - now) / 1'000'000 + 1);
    // For the peer, only the end of the connection is polled. Bytes that it might send are never
    // looked at.
    pollfd fds[] = {{sensor_.bulk_map, POLLIN, 0},
                    {sensor_.critical_map, POLLIN, 0},
                    {signal_fd_, POLLIN, 0},
                    {connection_.fd(), 0, 0}};
    poll(fds, std::size(fds), timeout);
    if (fds[2].revents != 0) End();
    if (fds[3].revents != 0) {
      Disconnect();
      continue;
    }
    if (more_ || fds[0].revents != 0 || fds[1].revents != 0) {
      // Wait for some more records: one wake-up, one message, one system call for all of them.
      if (!ending_ && !behind_) {
        const timespec gather{0, plan_.flush_ms * 1'000'000L};
        clock_nanosleep(CLOCK_MONOTONIC, 0, &gather, nullptr);
      }
      if (!Flush()) {
        Disconnect();
        continue;
      }
    }
    if (BootNs() >= next_heartbeat) {
      next_heartbeat = BootNs() + heartbeat_ns;
      if (!SendHeartbeat() || !Repair()) Disconnect();
    }
  }
  // Waiting records are still handed over, as far as that takes no more than a few seconds.
  while (connection_.open() && Flush() && awaited_ && BootNs() < deadline_ns_) {
  }
  if (connection_.open()) SendHeartbeat();
  std::uint64_t left = pending_ ? batch_.count() : 0;
  for (const rg_counters& block : sensor_.counters) {
    for (const rg_kind_counters& kind : block.kinds) left += Read(kind.stored);
  }
  if (left > records_read_) {
    Say("%llu records were left behind", static_cast<unsigned long long>(left - records_read_));
  }
}

void Forwarder::End() {
  if (!ending_) deadline_ns_ = BootNs() + kEndNs;
  ending_ = true;
}

bool Forwarder::WaitForEnd(int ms) {
  pollfd end{signal_fd_, POLLIN, 0};
  return poll(&end, 1, ms) > 0;
}

bool Forwarder::Establish() {
  notifier_.Send("STATUS=Waiting for the analyzer; records wait in the rings");
  in_session_ = false;
  while (!connection_.Connect() || !SendHello() || !SendSnapshot()) {
    connection_.Close();
    notifier_.Alive();
    if (ending_ || WaitForEnd(kRetryMs)) return false;
  }
  in_session_ = true;
  ++sessions_;
  notifier_.Send("STATUS=Forwarding");
  return true;
}

void Forwarder::Disconnect() {
  connection_.Close();
  sensor_.shared->agent[1] = {};
  Say("the analyzer is gone; records wait in the rings until it is back");
  if (WaitForEnd(kRetryMs)) End();  // waits, because the peer may hang up again and again
}

bool Forwarder::SendHello() {
  capnp::MallocMessageBuilder message;
  auto hello = message.initRoot<wire::Message>().initHello();
  hello.setAbiVersion(RG_ABI_VERSION);
  hello.setCollectorVersion(RG_VERSION);
  hello.setBootId(host_.boot_id);
  hello.setHostName(host_.host_name);
  hello.setKernelRelease(host_.kernel_release);
  hello.setMachine(host_.machine);
  hello.setClockOffsetNs(ClockOffsetNs());
  hello.setCollectorStartNs(start_ns_);
  hello.setPlanDigest(plan_.digest);
  hello.setSession(sessions_);
  hello.setNextBatch(batches_);
  hello.setNextRecord(records_read_ - (pending_ ? batch_.count() : 0));
  Write(hello.initLostBefore(RG_KIND_END), reported_lost_);
  Write(hello.initSkippedBefore(RG_PROGRAM_END), reported_skipped_);
  hello.setCriticalRingBytes(plan_.critical_ring_bytes);
  hello.setBulkRingBytes(plan_.bulk_ring_bytes);
  auto hooks = hello.initHooks(RG_HOOK_END - 1);
  for (unsigned number = 1; number < RG_HOOK_END; ++number) {
    const HookReport& report = sensor_.hooks[number];
    auto hook = hooks[number - 1];
    hook.setNumber(static_cast<std::uint16_t>(number));
    hook.setState(static_cast<wire::Hook::State>(report.state));
    hook.setLayer(static_cast<wire::Hook::Layer>(report.layer));
    hook.setWhy(report.why);
  }
  return connection_.Send(message);
}

bool Forwarder::SendSnapshot() {
  lives_repaired_ = lives_skipped_ = ReadSkipped();
  // The iterator hands out at most its own buffer, 32 KiB, and only whole records.
  alignas(8) char buffer[RG_RECORD_MAX];
  kj::AutoCloseFd iterator(bpf_iter_create(sensor_.snapshot_link));
  if (iterator.get() < 0) Fail("snapshot: %s", std::strerror(errno));
  snapshot_.Clear();
  for (;;) {
    const ssize_t n = read(iterator, buffer, sizeof(buffer));
    if (n < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (n < 0) Fail("snapshot: %s", std::strerror(errno));
    if (n == 0) return SendSnapshotPart(true);
    for (ssize_t at = 0; at < n;) {
      rg_header header;
      std::memcpy(&header, buffer + at, sizeof(header));
      NoteAgent(header);
      if (!snapshot_.Add({buffer + at, header.size}) && !SendSnapshotPart(false)) return false;
      at += header.size;
    }
  }
}

bool Forwarder::SendSnapshotPart(bool last) {
  capnp::MallocMessageBuilder message;
  auto snapshot = message.initRoot<wire::Message>().initSnapshot();
  if (!snapshot_.empty()) {
    snapshot.adoptRecords(message.getOrphanage().referenceExternalData(snapshot_.bytes()));
  }
  snapshot.setLast(last);
  const bool sent = connection_.Send(message);
  snapshot_.Clear();
  if (!sent || !in_session_) return sent;
  // The analyzer holds these records back until a batch says that it has all that was before them.
  awaited_ = more_ = true;
  return Flush();
}

bool Forwarder::Repair() {
  if (lives_skipped_ == lives_repaired_ || BootNs() < next_repair_ns_) return true;
  next_repair_ns_ = BootNs() + kRepairNs;
  return SendSnapshot();
}

void Forwarder::NoteAgent(const rg_header& header) {
  if (header.pid == static_cast<std::uint32_t>(own_pid_)) {
    sensor_.shared->agent[0] = {header.start_ns, header.pid, 0};
  } else if (header.pid == static_cast<std::uint32_t>(connection_.peer_pid()) &&
             header.uid == plan_.analyzer_uid) {  // the peer may have died, its pid be reused
    sensor_.shared->agent[1] = {header.start_ns, header.pid, 0};
  }
}

bool Forwarder::Flush() {
  if (!pending_) Drain();
  return !pending_ || SendBatch();
}

void Forwarder::Drain() {
  const std::uint64_t start = BootNs();
  batch_.Clear();
  const bool bulk_empty = bulk_.Drain(batch_);
  // Records that a lane still holds are younger than its last record here.
  drained_ns_ = bulk_empty ? start : std::min(start, batch_.last_ns());
  batch_.BeginLane();
  const bool critical_empty = critical_.Drain(batch_);
  if (!critical_empty) drained_ns_ = std::min(drained_ns_, batch_.last_ns());
  behind_ = !bulk_empty || !critical_empty;
  // Where records come, more will come: looking again costs less than being woken.
  more_ = !batch_.empty();
  pending_ = more_ || awaited_;
  // The analyzer holds back records younger than drained_ns_: another batch must follow.
  awaited_ = behind_ || batch_.newest_ns() > drained_ns_;
  records_read_ += batch_.count();
}

bool Forwarder::SendBatch() {
  const LostCounters lost = SumLost();
  capnp::MallocMessageBuilder message;
  auto batch = message.initRoot<wire::Message>().initBatch();
  batch.setSequence(batches_);
  batch.setFirstRecord(records_read_ - batch_.count());
  batch.setRecordCount(batch_.count());
  batch.setDrainedNs(drained_ns_);
  batch.setClockOffsetNs(ClockOffsetNs());
  if (!batch_.empty()) {  // nothing could point to an empty segment
    batch.adoptRecords(message.getOrphanage().referenceExternalData(batch_.bytes()));
  }
  Write(batch.initLost(RG_KIND_END), lost);
  if (!connection_.Send(message)) return false;
  reported_lost_ = lost;
  pending_ = false;
  ++batches_;
  return true;
}

bool Forwarder::SendHeartbeat() {
  capnp::MallocMessageBuilder message;
  auto heartbeat = message.initRoot<wire::Message>().initHeartbeat();
  heartbeat.setTimeNs(BootNs());
  heartbeat.setClockOffsetNs(ClockOffsetNs());
  const LostCounters lost = SumLost();
  lives_skipped_ = ReadSkipped();
  WriteCounters(lost, heartbeat.initCounters());
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  auto stats = heartbeat.initCollector();
  stats.setConnects(connection_.connects());
  stats.setRefusedPeers(connection_.refused_peers());
  stats.setCpuUserUs(usage.ru_utime.tv_sec * 1'000'000ULL + usage.ru_utime.tv_usec);
  stats.setCpuSystemUs(usage.ru_stime.tv_sec * 1'000'000ULL + usage.ru_stime.tv_usec);
  stats.setMaxRssKb(static_cast<std::uint64_t>(usage.ru_maxrss));
  notifier_.Alive();
  if (!connection_.Send(message)) return false;
  reported_lost_ = lost;
  reported_skipped_ = skipped_;
  return true;
}

std::uint64_t Forwarder::ReadSkipped() {
  std::uint64_t lives = 0;
  skipped_.fill(0);
  for (const Program& program : sensor_.programs) {
    bpf_prog_info info{};
    __u32 size = sizeof(info);
    if (bpf_obj_get_info_by_fd(program.fd, &info, &size) != 0) {
      Fail("counters of program %u: %s", program.number, std::strerror(errno));
    }
    skipped_[program.number] += info.recursion_misses;
    if (program.lives) lives += info.recursion_misses;
  }
  return lives;
}

Forwarder::LostCounters Forwarder::SumLost() const {
  LostCounters lost{};
  for (const rg_counters& block : sensor_.counters) {
    for (unsigned kind = 0; kind < RG_KIND_END; ++kind) lost[kind] += Read(block.kinds[kind].lost);
  }
  return lost;
}

void Forwarder::WriteCounters(const LostCounters& lost, wire::Counters::Builder out) const {
  Write(out.initLost(RG_KIND_END), lost);
  auto stored = out.initStored(RG_KIND_END);
  auto unwatched = out.initUnwatched(RG_KIND_END);
  auto excluded = out.initExcluded(RG_KIND_END);
  auto programs = out.initPrograms(RG_PROGRAM_END);
  for (unsigned number = 0; number < RG_PROGRAM_END; ++number) {
    programs[number].setSkipped(skipped_[number]);
  }
  for (const rg_counters& block : sensor_.counters) {
    for (unsigned kind = 0; kind < RG_KIND_END; ++kind) {
      const rg_kind_counters& in = block.kinds[kind];
      stored.set(kind, stored[kind] + Read(in.stored));
      unwatched.set(kind, unwatched[kind] + Read(in.unwatched));
      excluded.set(kind, excluded[kind] + Read(in.excluded));
    }
    for (unsigned number = 0; number < RG_PROGRAM_END; ++number) {
      const rg_program_counters& in = block.programs[number];
      auto program = programs[number];
      program.setRuns(program.getRuns() + Read(in.runs));
      program.setSelf(program.getSelf() + Read(in.self));
      program.setScratchBusy(program.getScratchBusy() + Read(in.scratch_busy));
      program.setErrors(program.getErrors() + Read(in.errors));
    }
  }
}

}  // namespace randguard::collector
