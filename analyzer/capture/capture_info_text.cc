// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <ctime>
#include <numeric>
#include <string_view>

#include "absl/strings/str_format.h"
#include "analyzer/capture/capture_info.h"

namespace randguard {
namespace {

constexpr std::int64_t kSecondNs = 1'000'000'000;

std::string HookName(std::uint16_t number) {
  if (number == 0 || number >= RG_HOOK_END) return absl::StrFormat("hook %d", number);
  return std::string(Name(Hook(number)));
}

std::string Printable(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c >= 0x20 && c < 0x7f) {
      out += c;
    } else {
      absl::StrAppendFormat(&out, "\\x%02x", static_cast<unsigned char>(c));
    }
  }
  return out;
}

std::string Or(std::string_view text, std::string_view otherwise) {
  return text.empty() ? std::string(otherwise) : Printable(text);
}

std::string Number(std::uint64_t value) {
  std::string digits = absl::StrFormat("%d", value);
  for (std::size_t i = digits.size(); i > 3; i -= 3) digits.insert(i - 3, 1, ',');
  return digits;
}

std::string Count(std::uint64_t count, std::string_view one, std::string_view many) {
  return absl::StrFormat("%s %s", Number(count), count == 1 ? one : many);
}

std::string Utc(std::int64_t time_ns) {
  std::time_t seconds = time_ns / kSecondNs;
  std::int64_t ns = time_ns % kSecondNs;
  if (ns < 0) {
    ns += kSecondNs;
    --seconds;
  }
  std::tm tm{};
  gmtime_r(&seconds, &tm);  // 64 bits of ns reach from 1677 to 2262
  return absl::StrFormat("%04d-%02d-%02dT%02d:%02d:%02d.%09dZ", tm.tm_year + 1900, tm.tm_mon + 1,
                         tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, ns);
}

class Report {
 public:
  template <typename... Args>
  void Line(std::string_view label, const absl::FormatSpec<Args...>& format, const Args&... args) {
    absl::StrAppendFormat(&text_, "%-10s", label);
    absl::StrAppendFormat(&text_, format, args...);
    text_ += '\n';
  }
  std::string Release() { return std::move(text_); }

 private:
  std::string text_;
};

void AddMessages(const CaptureInfo& info, Report& report) {
  report.Line("messages", "%s, %s, %s, %s, %s, %s", Count(info.hellos, "hello", "hellos"),
              Count(info.snapshots, "snapshot", "snapshots"),
              Count(info.batches, "batch", "batches"),
              Count(info.heartbeats, "heartbeat", "heartbeats"),
              Count(info.contexts, "context", "contexts"),
              Count(info.numbers, "numbering of lines", "numberings of lines"));
  if (info.unknown_messages > 0) {
    report.Line("", "%s of a kind this program does not know",
                Count(info.unknown_messages, "message", "messages"));
  }
}

void AddKinds(const CountsByKind& counts, std::uint64_t unknown, Report& report) {
  for (std::size_t kind = 1; kind < counts.size(); ++kind) {
    if (counts[kind] > 0) report.Line("", "  %-18s %14s", Name(Kind(kind)), Number(counts[kind]));
  }
  if (unknown > 0) report.Line("", "  %-18s %14s", "unknown kinds", Number(unknown));
}

void AddHooks(const SessionInfo& session, Report& report) {
  for (const HookState state : {HookState::kAttached, HookState::kFallback, HookState::kMissing,
                                HookState::kOff, HookState::kUnknown}) {
    std::string names;
    for (const HookFact& hook : session.hooks) {
      if (hook.state != state) continue;
      if (!names.empty()) names += ", ";
      names += HookName(hook.number);
      if (!hook.why.empty()) absl::StrAppendFormat(&names, " (%s)", Printable(hook.why));
    }
    if (!names.empty()) report.Line("", "hooks %s: %s", Name(state), names);
  }
}

void AddSession(const SessionInfo& session, Report& report) {
  report.Line("session", "%d of the collector on %s, boot %s", session.number,
              Or(session.host_name, "(no host name)"), Or(session.boot_id, "(no id)"));
  report.Line("", "kernel %s on %s, collector %s, record format %d%s",
              Or(session.kernel_release, "?"), Or(session.machine, "?"),
              Or(session.collector_version, "?"), session.abi_version,
              session.abi_version == RG_ABI_VERSION
                  ? ""
                  : absl::StrFormat(" (this program reads %d)", RG_ABI_VERSION));
  AddHooks(session, report);
  report.Line("", "snapshot of %s, %s", Count(session.snapshot_records, "process", "processes"),
              session.snapshot_complete ? "complete" : "NOT complete");
  report.Line("", "%s in %s", Count(session.batch_records, "record", "records"),
              Count(session.batches, "batch", "batches"));
  if (session.unseen_batches > 0 || session.unseen_records > 0) {
    report.Line("", "before it, %s in %s of this collector went somewhere else",
                Count(session.unseen_records, "record", "records"),
                Count(session.unseen_batches, "batch", "batches"));
  }
}

void AddVerdict(const CaptureInfo& info, Report& report) {
  for (const std::string& problem : info.problems) report.Line("problem", "%s", Printable(problem));
  if (info.problem_count > info.problems.size()) {
    report.Line("", "and %s more", Number(info.problem_count - info.problems.size()));
  }
  if (!info.damage.ok()) {
    report.Line("damage", "%s", Printable(std::string(info.damage.message())));
  }
  if (info.Sound()) {
    report.Line("verdict", "sound: every message and record verified, ended in order");
  } else if (info.damage.ok()) {
    report.Line("verdict",
                "DAMAGED: whole and ended in order, but its content is not as it must be");
  } else {
    report.Line("verdict", "DAMAGED: what is listed here stands before the damage");
  }
}

}  // namespace

std::string FormatCaptureInfo(const CaptureInfo& info) {
  Report report;
  report.Line("capture", "%s", Printable(info.name));
  if (info.compressed) {
    report.Line("size", "%s in the file (zstd), %s uncompressed",
                Count(info.file_bytes, "byte", "bytes"), Number(info.stream_bytes));
  } else {
    report.Line("size", "%s", Count(info.stream_bytes, "byte", "bytes"));
  }
  if (info.time) {
    // Unsigned: a forged capture may span more than 63 bits.
    const std::uint64_t length = static_cast<std::uint64_t>(info.time->last_ns) -
                                 static_cast<std::uint64_t>(info.time->first_ns);
    report.Line("time", "%s to %s, %s.%03d seconds", Utc(info.time->first_ns),
                Utc(info.time->last_ns), Number(length / kSecondNs),
                length % kSecondNs / 1'000'000);
  }
  AddMessages(info, report);
  const std::uint64_t records =
      std::accumulate(info.records.begin(), info.records.end(), info.unknown_records);
  report.Line("records", "%s", Number(records));
  AddKinds(info.records, info.unknown_records, report);
  const std::uint64_t lost = std::accumulate(info.lost.begin(), info.lost.end(), info.unknown_lost);
  report.Line("lost", "%s",
              lost == 0 ? "none" : Number(lost) + " (the kernel side could not store them)");
  AddKinds(info.lost, info.unknown_lost, report);
  for (const SessionInfo& session : info.sessions) AddSession(session, report);
  if (info.hellos > info.sessions.size()) {
    report.Line("", "and %s more",
                Count(info.hellos - info.sessions.size(), "session", "sessions"));
  }
  AddVerdict(info, report);
  return report.Release();
}

}  // namespace randguard
