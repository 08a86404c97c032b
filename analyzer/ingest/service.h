// SPDX-License-Identifier: Apache-2.0
//
// The analyzer as a service: one collector at a time, signals, health. One thread.
#ifndef ANALYZER_INGEST_SERVICE_H_
#define ANALYZER_INGEST_SERVICE_H_

#include <kj/io.h>
#include <sys/types.h>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "analyzer/capture/capture_writer.h"
#include "analyzer/config/config.h"
#include "analyzer/ingest/canary_duty.h"
#include "analyzer/ingest/cursor_file.h"
#include "analyzer/ingest/user_names.h"
#include "analyzer/output/metrics/metrics_file.h"
#include "analyzer/output/sinks/datagram.h"
#include "analyzer/output/sinks/sink.h"
#include "analyzer/pipeline/pipeline.h"
#include "analyzer/wire/frame_reader.h"

namespace randguard {

// Where the host's users have their names.
inline constexpr const char* kUserNamesPath = "/etc/passwd";

struct ServiceOptions {
  std::vector<uid_t> peers;              // who may connect; root always may
  std::uint64_t plan_digest = 0;         // of the plan the configuration compiles to; 0: unknown
  std::vector<std::string> limitations;  // what is configured and not observed: status reasons
  std::vector<PathHealth> links;         // configured paths with symlinks
  std::chrono::seconds health_interval{10};
  std::optional<MetricsOptions> metrics;
  std::chrono::seconds canary_interval{0};  // 0: none
  std::shared_ptr<const RuleSet> rules;     // null: nothing is detected
  // Reads the rules again, on SIGHUP; an error leaves those in force that are.
  std::function<absl::StatusOr<std::shared_ptr<const RuleSet>>()> reload_rules;
};

// Called when everything is open and nothing has been received yet; what it returns goes into
// health.
using Confine = std::function<absl::StatusOr<ConfinementHealth>()>;

class Service {
 public:
  // References are kept. The recorder and the cursor file may be absent; so may the process of the
  // canary, which is then made if there is to be one.
  Service(const Config& config, Sink& out, kj::AutoCloseFd listener, ServiceOptions options,
          std::optional<CaptureWriter> recorder, std::optional<CursorFile> cursor,
          std::optional<CanaryProcess> canary = std::nullopt);

  // Blocks SIGTERM, SIGINT, SIGHUP and SIGUSR1 for the process; to be called before anything could
  // send them, so that none is missed.
  static absl::StatusOr<kj::AutoCloseFd> CatchSignals();

  // Runs until SIGTERM or SIGINT, or until nobody reads the output. Messages that the
  // collector has sent by then are still taken.
  absl::Status Run(kj::AutoCloseFd signals, const Confine& confine);

 private:
  void Notify(std::string_view state) const;
  // Reports to the service manager now and then that the process lives.
  void NotifyAlive(std::chrono::steady_clock::time_point now);
  // Notes which signals have come.
  void TakeSignals();
  // Does what they ask for.
  void OnSignals();
  // While the output takes nothing: false: it has to be given up.
  bool GoesOnWaiting();
  void ReloadRules();
  // How far the analyzer before this one has got in the boot; `lines_behind` are in the output
  // beyond what it noted.
  LineNumbers NumbersBefore(const std::string& boot_id, std::uint64_t lines_behind) const;
  void AddWritten(LineNumbers& numbers, const std::string& boot_id,
                  std::uint64_t lines_behind) const;
  void ContinueNumbers(const LineNumbers& numbers, const SessionContext& host);
  // Takes the names of users over, where they have changed.
  void ReadUserNames();
  void OnConnect();
  void Refuse(const std::string& why);
  // False: the connection is over.
  bool OnData();
  // Connections made to the analyzer before this one: the socket still called itself that one's.
  void TakeBacklog();
  enum class Origin { kCollector, kAnalyzer };
  bool OnFrame(Frame frame, Origin origin);
  bool OnMessageFrame(Frame frame, Origin origin);
  // To be called before lines are made that a replay makes, too.
  void CatchUpNumbers();
  // Says in the capture what the next line's number is.
  void RecordNumbers(bool session_ended);
  void FlushOutput();
  void HangUp();
  // Takes the messages that are in the socket already; the collector keeps the rest.
  void Drain();
  // Counters of which only the growth counts, as somebody who looks at health has last seen them.
  struct Seen {
    std::uint64_t troubles = 0, skipped = 0, correlation_groups_evicted = 0,
                  correlation_values_forgotten = 0, living_evicted = 0, cgroup_names_evicted = 0,
                  rate_limited = 0;
  };
  // Health now, "degraded" also by what has grown since `seen`, which is brought up to date.
  Health MakeHealth(Seen& seen) const;
  void WriteHealth();
  // A file that is written at each start, at each end, and now and then in between.
  void WriteMetrics(bool running);
  // To stderr, once: what the first collector observes.
  void SayWhatIsObserved();
  void WatchRecorder(const absl::Status& status);

  Sink& out_;
  Pipeline pipeline_;
  kj::AutoCloseFd listener_;
  kj::AutoCloseFd signals_;
  kj::AutoCloseFd connection_;
  FrameReader frames_;
  const ServiceOptions options_;
  std::optional<CaptureWriter> recorder_;
  std::optional<CursorFile> cursor_;
  UserNamesFile user_names_{kUserNamesPath};
  Datagram manager_;            // the service manager's notification socket
  kj::AutoCloseFd memory_use_;  // /proc/self/statm
  ConfinementHealth confinement_;
  const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  bool ending_ = false, reload_due_ = false, health_due_ = false;
  std::chrono::steady_clock::time_point end_of_waiting_{};  // when ending_
  std::chrono::microseconds notice_interval_{0};            // 0: nobody watches
  std::chrono::steady_clock::time_point next_notice_{};
  bool draining_ = false;
  std::uint64_t recorded_seq_ = 1;  // that a replay of the capture has got to
  bool said_ = false;               // what is observed
  std::uint64_t session_errors_ = 0;
  std::uint64_t refused_ = 0;
  std::chrono::steady_clock::time_point next_refusal_said_{};
  std::uint64_t recording_failures_ = 0;
  std::uint64_t rule_reloads_ = 0, rule_reload_failures_ = 0;
  std::optional<std::string> rule_reload_error_;
  Seen in_lines_, in_metrics_;  // as of the last health record, and of the last metrics
  std::optional<MetricsFile> metrics_;
  CanaryDuty canary_;
};

}  // namespace randguard

#endif  // ANALYZER_INGEST_SERVICE_H_
