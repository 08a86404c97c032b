// SPDX-License-Identifier: Apache-2.0
//
// The file of metrics. Whoever reads it finds a whole one: it is made under another name in the
// same folder, and then takes the place of the old one.
#ifndef ANALYZER_OUTPUT_METRICS_METRICS_FILE_H_
#define ANALYZER_OUTPUT_METRICS_METRICS_FILE_H_

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "analyzer/event/reports.h"

namespace randguard {

struct MetricsOptions {
  std::string path;
  std::chrono::seconds interval{15};
  std::string version;  // of the analyzer
};

class MetricsFile {
 public:
  explicit MetricsFile(std::string path);

  // Puts this text in the place of what has the path, a symlink included, with mode 0644. A failure
  // leaves the old file; it is counted, and said on stderr once until it works again.
  void Write(std::string_view text);
  void AddTo(Health& health) const;

  std::uint64_t failures() const { return failures_; }
  const std::string& error() const { return error_; }  // of the last time; empty: it worked

 private:
  const std::string path_;
  std::uint64_t failures_ = 0;
  std::string error_;
};

}  // namespace randguard

#endif  // ANALYZER_OUTPUT_METRICS_METRICS_FILE_H_
