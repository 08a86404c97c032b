// SPDX-License-Identifier: Apache-2.0
//
// Checks of where lines go that need more than one key.
#ifndef ANALYZER_CONFIG_OUTPUT_CHECKS_H_
#define ANALYZER_CONFIG_OUTPUT_CHECKS_H_

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "analyzer/config/config.h"
#include "analyzer/config/table_reader.h"

namespace randguard {

// Whether fields that say nothing are left out where the file does not say it.
template <typename Output>
bool OmitsEmpty(const Output& output) {
  return output.rotation == OutputRotation::kSegments && output.format == OutputFormat::kJson;
}

// The files of lines that were read so far.
class OutputFiles {
 public:
  void Add(const OutputConfig& output) {
    rotation_ = output.rotation;
    Add(output.path, output.rotate_keep, output.rotation);
  }
  void Add(const AlertOutputConfig& alerts) { Add(alerts.path, alerts.rotate_keep, rotation_); }
  void Add(const FurtherOutputConfig& output) {
    Add(output.path, output.rotate_keep, output.rotation);
  }
  // Whether one of them, or of those that rotation makes of it, has the name of another one.
  bool Has(const std::string& path, std::uint32_t rotate_keep, OutputRotation rotation) const;
  // False: it is there.
  bool AddName(const std::string& name) { return names_.insert(name).second; }
  std::size_t names() const { return names_.size(); }

 private:
  struct File {
    std::string path;
    std::uint32_t keep;  // old ones
    OutputRotation rotation;
  };
  void Add(const std::string& path, std::uint32_t keep, OutputRotation rotation) {
    if (!path.empty()) files_.push_back({path, keep, rotation});
  }

  OutputRotation rotation_ = OutputRotation::kRename;  // of [output]
  std::vector<File> files_;
  std::set<std::string> names_;  // of [[outputs]]
};

// Adds its file to the others.
void CheckFurtherOutput(FurtherOutputConfig& output, const TableReader& table, OutputFiles& files);

struct OutputTables {
  const TableReader &output, &alerts, &metrics;
};
// [output], [output.alerts], [metrics].
void CheckOutputs(const Config& config, const OutputTables& tables);

}  // namespace randguard

#endif  // ANALYZER_CONFIG_OUTPUT_CHECKS_H_
