// SPDX-License-Identifier: Apache-2.0
#include "analyzer/rules/tools/sigma_text.h"

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "analyzer/base/terminal_text.h"
#include "analyzer/source/reporter.h"

namespace randguard {
namespace {

constexpr std::size_t kReasons = 20;  // of each state

using State = SigmaOutcome::State;

std::string_view KindName(SigmaOutcome::Kind kind) {
  switch (kind) {
    case SigmaOutcome::Kind::kRule:
      return "rule";
    case SigmaOutcome::Kind::kFilter:
      return "filter";
    case SigmaOutcome::Kind::kCorrelation:
      return "correlation";
  }
  return "";
}

std::string PlaceOf(const SigmaOutcome& outcome) {
  if (outcome.position.line == 0) return EscapedForTerminal(outcome.file);
  return absl::StrFormat("%s:%d", EscapedForTerminal(outcome.file), outcome.position.line);
}

std::string ReasonsOf(const SigmaReport& report, State state) {
  struct Reason {
    std::size_t count = 0;
    const SigmaOutcome* first = nullptr;
  };
  std::map<std::string_view, Reason> by_group;
  for (const SigmaOutcome& outcome : report.documents()) {
    if (outcome.state != state) continue;
    Reason& reason = by_group[outcome.group];
    if (reason.count++ == 0) reason.first = &outcome;
  }
  std::vector<std::pair<std::string_view, Reason>> sorted(by_group.begin(), by_group.end());
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const auto& a, const auto& b) { return a.second.count > b.second.count; });
  std::string out;
  for (std::size_t i = 0; i < sorted.size() && i < kReasons; ++i) {
    const auto& [group, reason] = sorted[i];
    absl::StrAppendFormat(&out, "  %5d %s: %s, %s\n", reason.count, StateName(state),
                          EscapedForTerminal(group), PlaceOf(*reason.first));
  }
  if (sorted.size() > kReasons) {
    absl::StrAppendFormat(&out, "        %s: %d more reasons\n", StateName(state),
                          sorted.size() - kReasons);
  }
  return out;
}

void AppendJson(std::string_view text, std::string& out) {
  out += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      absl::StrAppendFormat(&out, "\\u%04x", static_cast<unsigned char>(c));
    } else {
      out += c;
    }
  }
  out += '"';
}

}  // namespace

std::string_view StateName(State state) {
  switch (state) {
    case State::kLoaded:
      return "loaded";
    case State::kFiltered:
      return "filtered";
    case State::kUnsupported:
      return "unsupported";
    case State::kBroken:
      return "broken";
  }
  return "";
}

std::string SigmaSummary(const SigmaReport& report) {
  const SigmaHealth& counts = report.counts();
  if (counts.total() == 0) return "";
  std::string out = absl::StrFormat(
      "sigma: %d documents: %d loaded, %d filtered, %d unsupported, %d broken\n", counts.total(),
      counts.loaded, counts.filtered, counts.unsupported, counts.broken);
  for (const State state : {State::kBroken, State::kUnsupported, State::kFiltered}) {
    out += ReasonsOf(report, state);
  }
  return out;
}

std::string SigmaLines(const SigmaReport& report) {
  std::string out;
  for (const SigmaOutcome& outcome : report.documents()) {
    absl::StrAppendFormat(
        &out, "%-11s %-11s %s %s  %s%s%s\n", StateName(outcome.state), KindName(outcome.kind),
        outcome.id.empty() ? "-" : EscapedForTerminal(outcome.id), Quoted(outcome.title),
        PlaceOf(outcome), outcome.reason.empty() ? "" : ": ", EscapedForTerminal(outcome.reason));
    for (const auto& [position, doubt] : outcome.doubts) {
      absl::StrAppendFormat(&out, "%24s%s:%d: %s\n", "", EscapedForTerminal(outcome.file),
                            position.line, EscapedForTerminal(doubt));
    }
  }
  return out;
}

std::string SigmaJson(const SigmaReport& report) {
  const SigmaHealth& counts = report.counts();
  std::string out = absl::StrFormat(
      "{\"counts\":{\"loaded\":%d,\"filtered\":%d,\"unsupported\":%d,\"broken\":%d},\"documents\":"
      "[",
      counts.loaded, counts.filtered, counts.unsupported, counts.broken);
  for (std::size_t i = 0; i < report.documents().size(); ++i) {
    const SigmaOutcome& outcome = report.documents()[i];
    const auto member = [&](std::string_view key, std::string_view value) {
      absl::StrAppendFormat(&out, ",\"%s\":", key);
      AppendJson(value, out);
    };
    absl::StrAppendFormat(&out, "%s\n{\"outcome\":\"%s\",\"kind\":\"%s\"", i == 0 ? "" : ",",
                          StateName(outcome.state), KindName(outcome.kind));
    member("id", outcome.id);
    member("title", outcome.title);
    member("file", outcome.file);
    absl::StrAppendFormat(&out, ",\"line\":%d", outcome.position.line);
    member("group", outcome.group);
    member("reason", outcome.reason);
    out += ",\"doubts\":[";
    for (std::size_t at = 0; at < outcome.doubts.size(); ++at) {
      absl::StrAppendFormat(&out, "%s{\"line\":%d,\"doubt\":", at == 0 ? "" : ",",
                            outcome.doubts[at].first.line);
      AppendJson(outcome.doubts[at].second, out);
      out += '}';
    }
    out += "]}";
  }
  return out + "\n]}\n";
}

}  // namespace randguard
