// SPDX-License-Identifier: Apache-2.0
#include "analyzer/output/verify/line_check.h"

#include <simdjson.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/strings/str_format.h"
#include "analyzer/base/terminal_text.h"
#include "analyzer/event/alert.h"
#include "analyzer/event/reports.h"
#include "analyzer/output/profiles/line_places.h"
#include "analyzer/output/sinks/segments.h"

namespace randguard {
namespace {

constexpr std::size_t kProblemsMax = 100;
constexpr std::size_t kSpansShown = 10;
constexpr std::size_t kHostMax = 255;  // bytes

std::string SpanText(const SeqSpan& span) {
  return span.first == span.last ? absl::StrFormat("%d", span.first)
                                 : absl::StrFormat("%d to %d", span.first, span.last);
}

std::string_view TextOf(simdjson::dom::element line, std::string_view pointer) {
  std::string_view text;
  return line.at_pointer(pointer).get(text) == simdjson::SUCCESS ? text : std::string_view();
}

bool HasNumber(simdjson::dom::element line, std::string_view pointer, std::uint64_t& number) {
  return line.at_pointer(pointer).get(number) == simdjson::SUCCESS;
}

}  // namespace

struct LineCheck::Parser {
  simdjson::dom::parser json;
};
struct LineCheck::Parsed {
  simdjson::dom::element json;
};

LineCheck::LineCheck() : parser_(std::make_unique<Parser>()) {}
LineCheck::LineCheck(LineCheck&&) noexcept = default;
LineCheck::~LineCheck() = default;

void LineCheck::Problem(std::string_view what) {
  if (problems_.size() < kProblemsMax) {
    problems_.push_back(absl::StrFormat("%s:%d: %s", name_, line_, what));
  } else {
    ++more_problems_;
  }
}

void LineCheck::AddProblem(std::string_view what) {
  if (problems_.size() < kProblemsMax) {
    problems_.emplace_back(what);
  } else {
    ++more_problems_;
  }
}

// Whatever the extension is: it begins with the first dot behind the last dash.
std::optional<SegmentName> LineCheck::ParseName(std::string_view path) {
  const std::size_t dash = path.rfind('-');
  return dash == std::string_view::npos ? std::nullopt
                                        : ParseSegmentStem(path.substr(0, path.find('.', dash)));
}

void LineCheck::BeginFile(const std::string& name, Files files) {
  name_ = EscapedForTerminal(name);
  files_ = files;
  line_ = 0;
  BeginLines();
  const auto segment = files == Files::kOne ? ParseName(name) : std::nullopt;
  if (segment.has_value()) {
    named_segments_[{segment->of, segment->boot_id}].emplace(segment->first_seq, false);
  }
  segment_ = segment;
}

void LineCheck::BeginLines() {
  digest_.Reset();
  ended_ = false;
  in_file_.clear();
}

void LineCheck::Add(std::string_view line) {
  ++line_;
  ++lines_;
  if (ended_) {
    if (files_ == Files::kOne) Problem("a line behind the manifest");
    BeginLines();
  }
  simdjson::dom::element json;
  if (parser_->json.parse(line.data(), line.size()).get(json) != simdjson::SUCCESS ||
      !json.is_object()) {
    Problem("no JSON object");
  } else if (TextOf(json, "/event_type") == "segment_end") {
    CheckManifest({json});
  } else {
    CheckLine({json});
  }
  digest_.Add(line);
  digest_.Add("\n");
}

void LineCheck::CheckLine(const Parsed& parsed) {
  const simdjson::dom::element line = parsed.json;
  std::uint64_t seq = 0;
  const auto* const names =
      std::find_if(std::begin(profiles::kLinePlaces), std::end(profiles::kLinePlaces),
                   [&](const auto& format) { return HasNumber(line, format.seq, seq); });
  if (names == std::end(profiles::kLinePlaces)) return Problem("a line without a number");
  const std::string_view boot_id = TextOf(line, names->boot);
  if (boot_id.empty()) {
    ++without_boot_;
    return;
  }
  if (!IsBootId(boot_id)) return Problem("boot_id is none");
  auto found = boots_.find(boot_id);
  if (spans_ >= kSpansMax) {
    too_much_ = true;
    return;
  }
  if (found == boots_.end()) {
    if (boots_.size() == kBootsMax) {
      too_much_ = true;
      return;
    }
    found = boots_.emplace(boot_id, Boot()).first;
  }
  Boot& boot = found->second;
  const std::size_t before = boot.seen.spans() + boot.named.spans();
  if (const std::string_view host = TextOf(line, names->host); !host.empty()) {
    boot.host = host.substr(0, kHostMax);
  }
  ++boot.lines;
  if (!boot.seen.Add(seq)) ++boot.twice;
  if (!in_file_[found->first].Add(seq)) {
    Problem(absl::StrFormat("number %d is in the file already", seq));
  }
  const std::string_view type = TextOf(line, names->type);
  if (type == Alert::kEventType) ++boot.alerts;
  SeqSpan span;
  if (type == Loss::kEventType && HasNumber(line, names->first_seq, span.first) &&
      HasNumber(line, names->last_seq, span.last) && span.first <= span.last) {
    boot.named.Add(span);
  }
  spans_ += boot.seen.spans() + boot.named.spans() - before;  // modulo 2^64
}

void LineCheck::CheckManifest(const Parsed& parsed) {
  const simdjson::dom::element line = parsed.json;
  ended_ = true;
  std::uint64_t lines = 0, bytes = 0, first = 0, last = 0;
  if (line["lines"].get(lines) != simdjson::SUCCESS ||
      line["bytes"].get(bytes) != simdjson::SUCCESS ||
      line["first_seq"].get(first) != simdjson::SUCCESS ||
      line["last_seq"].get(last) != simdjson::SUCCESS) {
    return Problem("a manifest without lines, bytes and numbers");
  }
  if (lines != digest_.lines() || bytes != digest_.bytes()) {
    return Problem(absl::StrFormat("the manifest is about %d lines of %d bytes, there are %d of %d",
                                   lines, bytes, digest_.lines(), digest_.bytes()));
  }
  if (TextOf(line, "/xxh128") != digest_.Checksum()) {
    return Problem("the checksum in the manifest is not that of the lines: some were changed");
  }
  const std::string_view boot_id = TextOf(line, "/boot_id");
  const auto numbers = in_file_.find(boot_id);
  if (in_file_.size() > 1 || (in_file_.size() == 1 && numbers == in_file_.end())) {
    return Problem("the manifest is of another boot than the lines");
  }
  if (numbers != in_file_.end() &&
      (numbers->second.bounds().first < first || numbers->second.bounds().last > last)) {
    return Problem(absl::StrFormat("the manifest is about numbers %d to %d, there are %s", first,
                                   last, SpanText(numbers->second.bounds())));
  }
  if (segment_.has_value()) {
    if (segment_->boot_id != boot_id || segment_->first_seq != first) {
      return Problem(
          absl::StrFormat("the manifest is that of another segment, of boot %s from number %d on",
                          IsBootId(boot_id) ? boot_id : "?", first));
    }
    named_segments_[{segment_->of, segment_->boot_id}][first] = true;
  }
  ++segments_;
}

void LineCheck::EndFile(bool whole) {
  if (whole) return;
  ++line_;
  Problem("the last line is cut");
}

void LineCheck::Finish() {
  for (const auto& [name, segments] : named_segments_) {
    for (const auto& [first, ended] : segments) {
      if (ended) continue;
      // The last one may be that which is being written.
      if (first == segments.rbegin()->first) {
        ++without_manifest_;
      } else {
        AddProblem(
            absl::StrFormat("%s%s-%012d: the manifest is missing, so lines at its end may be",
                            EscapedForTerminal(name.first), name.second, first));
      }
    }
  }
  named_segments_.clear();
  if (lines_ == 0) AddProblem("there is no line at all");
  if (too_much_) {
    AddProblem(
        absl::StrFormat("more than %d boots or %d ranges of numbers: not all of it was looked at",
                        kBootsMax, kSpansMax));
  }
}

bool LineCheck::ok() const {
  if (!problems_.empty()) return false;
  return std::all_of(boots_.begin(), boots_.end(), [](const auto& one) {
    const Boot& boot = one.second;
    return boot.alerts_only() || boot.seen.Missing(boot.named).empty();
  });
}

std::string LineCheck::Report() const {
  std::string out;
  for (const auto& [id, boot] : boots_) {
    const SeqSpan bounds = boot.seen.bounds();
    absl::StrAppendFormat(&out, "boot %s of %s: %d lines, numbers %s", id,
                          boot.host.empty() ? "an unknown host" : EscapedForTerminal(boot.host),
                          boot.lines, SpanText(bounds));
    if (boot.twice != 0) absl::StrAppendFormat(&out, "; %d came more than once", boot.twice);
    if (boot.alerts_only()) {
      out += "; only alerts, so whether one is missing cannot be said\n";
      continue;
    }
    const std::uint64_t missing = bounds.size() - boot.seen.size();
    const std::vector<SeqSpan> unnamed = boot.seen.Missing(boot.named);
    std::uint64_t count = 0;
    for (const SeqSpan& span : unnamed) count += span.size();
    if (missing == 0) {
      out += "; none is missing\n";
    } else if (count == 0) {
      absl::StrAppendFormat(&out, "; %d are missing, as loss records say\n", missing);
    } else {
      absl::StrAppendFormat(&out, "; %d are missing, and no loss record names %d of them:", missing,
                            count);
      for (std::size_t i = 0; i < unnamed.size() && i < kSpansShown; ++i) {
        absl::StrAppendFormat(&out, "%s %s", i == 0 ? "" : ",", SpanText(unnamed[i]));
      }
      if (unnamed.size() > kSpansShown) {
        absl::StrAppendFormat(&out, " and %d more ranges", unnamed.size() - kSpansShown);
      }
      out += '\n';
    }
  }
  if (without_boot_ != 0) {
    absl::StrAppendFormat(&out, "%d lines of no boot, which cannot be counted\n", without_boot_);
  }
  if (segments_ != 0) {
    absl::StrAppendFormat(&out, "%d segments are as they were when they were ended\n", segments_);
  }
  if (without_manifest_ != 0) {
    absl::StrAppendFormat(&out,
                          "%d segments have no manifest yet: they are being written, or "
                          "the end of them is missing\n",
                          without_manifest_);
  }
  for (const std::string& problem : problems_) absl::StrAppendFormat(&out, "%s\n", problem);
  if (more_problems_ != 0) absl::StrAppendFormat(&out, "and %d more\n", more_problems_);
  return out;
}

}  // namespace randguard
