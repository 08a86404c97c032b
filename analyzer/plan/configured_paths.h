// SPDX-License-Identifier: Apache-2.0
//
// Where configured paths lead on this host. The kernel reports resolved names, so a path with a
// symlink in it also stands for what the symlink leads to. A symlink that somebody other than root
// could have made would let that person choose what is excluded, so only root's are followed.
#ifndef ANALYZER_PLAN_CONFIGURED_PATHS_H_
#define ANALYZER_PLAN_CONFIGURED_PATHS_H_

#include <map>
#include <string>
#include <vector>

#include "analyzer/config/config.h"
#include "analyzer/event/reports.h"
#include "analyzer/source/diagnostic.h"

namespace randguard {

struct ResolvedPath {
  bool has_link = false;
  bool hidden = false;  // there may be a link where this user may not look
  // Absolute, without symlinks. Empty: it leads nowhere, or a symlink in it is not followed.
  std::string leads_to;
  std::string refused;  // why no link is followed there; empty: none was refused
};

// Follows symlinks that belong to root and stand in a folder that only root can change, which holds
// for all folders above, too. A folder with the sticky bit can be changed by anybody. Each
// component is held open on the way, so nobody can change it between the look and the step.
//
// The last component may be anybody's: whoever owns a folder cannot move it.
ResolvedPath FollowLinks(const std::string& path);

// All paths of the configuration that name files, each looked at once: what was checked is what is
// compiled.
class ConfiguredPaths {
 public:
  explicit ConfiguredPaths(const FileConfig& config);

  // For CompilePlan().
  std::string operator()(const std::string& path) const;

  // Those with a symlink, and those that may have one where this user may not look.
  const std::vector<PathHealth>& links() const { return links_; }

  // An exclusion that leads to everything, or to something watched or above it, is an error;
  // `config_name` is the file's. True: there is none.
  bool Check(const FileConfig& config, const std::string& config_name,
             std::vector<Diagnostic>& diagnostics) const;

 private:
  void Add(const char* key, const std::string& path);

  std::map<std::string, ResolvedPath> paths_;
  std::vector<PathHealth> links_;
};

// "file.exclude_paths: "/a" leads to "/b"", or why it is taken as it is written.
std::string Description(const PathHealth& path);

}  // namespace randguard

#endif  // ANALYZER_PLAN_CONFIGURED_PATHS_H_
