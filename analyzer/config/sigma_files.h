// SPDX-License-Identifier: Apache-2.0
#ifndef ANALYZER_CONFIG_SIGMA_FILES_H_
#define ANALYZER_CONFIG_SIGMA_FILES_H_

#include <cstddef>
#include <string>
#include <vector>

#include "analyzer/config/config.h"
#include "analyzer/source/diagnostic.h"

namespace randguard {

inline constexpr std::size_t kSigmaFilesMax = 20000;
inline constexpr std::size_t kSigmaBytesMax = std::size_t{64} << 20;  // of all files together
inline constexpr int kSigmaDepthMax = 16;                             // folders in folders

// Reads the Sigma files below rules.d beside the configuration, and those that `config` names.
// A path of the configuration that is not there, and more than these limits, are errors; a file
// that cannot be read is noted in the result.
SigmaSources ReadSigmaSources(const std::string& config_path, const SigmaConfig& config,
                              std::vector<Diagnostic>& diagnostics);

// As it is written in the configuration at `config_path`, from the root or the working directory.
std::string FromConfig(const std::string& config_path, const std::string& path);

}  // namespace randguard

#endif  // ANALYZER_CONFIG_SIGMA_FILES_H_
