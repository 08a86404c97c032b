// SPDX-License-Identifier: Apache-2.0
#include "analyzer/output/metrics/metrics_file.h"

#include <utility>

#include "absl/strings/str_format.h"
#include "analyzer/base/log.h"
#include "analyzer/base/replaced_file.h"

namespace randguard {
MetricsFile::MetricsFile(std::string path) : path_(std::move(path)) {}

void MetricsFile::Write(std::string_view text) {
  // For others to read. node-exporter reads nothing that ends in ".new". Not synced: a host that
  // comes up again has other metrics.
  const absl::Status status = ReplaceFile(path_, path_ + ".new", text, 0644);
  const bool failed_before = !error_.empty();
  error_ = status.ok()
               ? ""
               : absl::StrFormat("metrics file %s cannot be written: %s", path_, status.message());
  if (status.ok()) {
    if (failed_before) {
      Log(LogLevel::kWarn, "metrics file %s is written again; it was not, %d times so far", path_,
          failures_);
    }
    return;
  }
  ++failures_;
  if (!failed_before) Log(LogLevel::kError, "%s; it is tried again and again", error_);
}

void MetricsFile::AddTo(Health& health) const {
  health.metrics_failures = failures_;
  if (!error_.empty()) health.metrics_error = error_;
}

}  // namespace randguard
