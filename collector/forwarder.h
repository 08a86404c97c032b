// SPDX-License-Identifier: Apache-2.0
//
// The steady state: rings -> messages -> socket, for as long as the process lives. No privilege is
// needed: everything that is touched was opened before, or is the analyzer's socket.
#ifndef COLLECTOR_FORWARDER_H_
#define COLLECTOR_FORWARDER_H_

#include <array>
#include <cstdint>
#include <string>

#include "collector/batch.h"
#include "collector/connection.h"
#include "collector/notify.h"
#include "collector/plan.h"
#include "collector/sensor.h"
#include "schema/telemetry.capnp.h"

namespace randguard::collector {

// Facts about the host for Hello, read while the file system can still be read.
struct HostFacts {
  std::string boot_id;
  std::string host_name;
  std::string kernel_release;
  std::string machine;
};
HostFacts ReadHostFacts();

class Forwarder {
 public:
  // References are kept. `signal_fd` becomes readable when the collector is to end.
  Forwarder(const Plan& plan, Sensor& sensor, const HostFacts& host, Notifier& notifier,
            std::string socket_path, int signal_fd);

  // Returns after the request to end and one last batch.
  void Run();

 private:
  using LostCounters = std::array<std::uint64_t, RG_KIND_END>;
  using SkippedCounters = std::array<std::uint64_t, RG_PROGRAM_END>;

  // Tries until somebody takes Hello and the snapshot. False: there was a request to end.
  bool Establish();
  bool SendHello();
  bool SendSnapshot();
  bool SendSnapshotPart(bool last);
  // Sends a snapshot within the session, if the kernel has skipped programs that report the lives
  // of processes since the last one.
  bool Repair();
  // Sends one batch of the waiting records. False: the connection is gone, and `batch_` may hold
  // records that were not sent.
  bool Flush();
  void Drain();
  bool SendBatch();
  bool SendHeartbeat();
  void Disconnect();
  // Begins the end: from now on there are a few seconds for waiting records.
  void End();
  // Waits; true after a request to end.
  bool WaitForEnd(int ms);
  // Remembers the processes of the agent as the snapshot shows them.
  void NoteAgent(const rg_header& header);
  // Asks the kernel how often it has skipped each program. Returns the sum of those that report the
  // lives of processes.
  std::uint64_t ReadSkipped();
  LostCounters SumLost() const;
  void WriteCounters(const LostCounters& lost, wire::Counters::Builder out) const;

  const Plan& plan_;
  Sensor& sensor_;
  const HostFacts& host_;
  Notifier& notifier_;
  Connection connection_;
  Batch batch_;
  Batch snapshot_;
  Lane bulk_;
  Lane critical_;
  const int signal_fd_;
  const pid_t own_pid_;
  const std::uint64_t start_ns_;

  bool behind_ = false;   // the last batch was full before the lanes were empty
  bool awaited_ = false;  // another batch must follow: behind, or one lane ahead of the other
  bool more_ = false;     // look at the lanes again without waiting to be woken
  bool pending_ = false;  // batch_ was drained and not sent
  bool ending_ = false;
  std::uint64_t deadline_ns_ = 0;  // once ending_
  std::uint64_t drained_ns_ = 0;
  std::uint32_t sessions_ = 0;
  std::uint64_t records_read_ = 0;
  std::uint64_t batches_ = 0;
  LostCounters reported_lost_{};
  SkippedCounters skipped_{}, reported_skipped_{};
  std::uint64_t lives_skipped_ = 0;   // as last read
  std::uint64_t lives_repaired_ = 0;  // as read before the last snapshot
  std::uint64_t next_repair_ns_ = 0;
  bool in_session_ = false;  // a snapshot is whole: batches may be sent
};

}  // namespace randguard::collector

#endif  // COLLECTOR_FORWARDER_H_
