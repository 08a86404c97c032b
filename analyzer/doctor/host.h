// SPDX-License-Identifier: Apache-2.0
//
// The host as the sensor finds it, by what files of the system say.
#ifndef ANALYZER_DOCTOR_HOST_H_
#define ANALYZER_DOCTOR_HOST_H_

#include <string>

#include "analyzer/config/config.h"
#include "analyzer/doctor/finding.h"

namespace randguard::doctor {

struct Host {
  std::string root;     // before every path that is read; empty: this host
  std::string machine;  // as uname(2) says
  std::string release;  // likewise
  bool privileged = false;
};
Host ThisHost();

// The processor, the kernel, what it was built with and what was switched off in it. Whether the
// programs load is not guessed here: a collector that tries knows it.
Findings KernelFindings(const Host& host);

// How processes are assigned to containers.
Findings ContainerFindings(const Host& host);

// File systems of which the kernel does not see all that happens, where the configuration watches.
Findings FileSystemFindings(const Host& host, const FileConfig& config);

// The fate of lines and alerts in the journal; none: the configuration sends it nothing.
Findings JournalFindings(const Host& host, const Config& config);

}  // namespace randguard::doctor

#endif  // ANALYZER_DOCTOR_HOST_H_
