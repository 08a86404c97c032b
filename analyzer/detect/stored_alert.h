// SPDX-License-Identifier: Apache-2.0
//
// An alert with texts of its own: its event, the rules and the process table may be gone when it is
// written.
#ifndef ANALYZER_DETECT_STORED_ALERT_H_
#define ANALYZER_DETECT_STORED_ALERT_H_

#include <cstddef>
#include <vector>

#include "analyzer/event/alert.h"

namespace randguard {

class StoredAlert {
 public:
  StoredAlert() = default;
  explicit StoredAlert(const Alert& alert) { Store(alert); }
  StoredAlert(StoredAlert&&) = default;
  StoredAlert& operator=(StoredAlert&&) = default;
  StoredAlert(const StoredAlert&) = delete;
  StoredAlert& operator=(const StoredAlert&) = delete;

  // The alert is no correlation's.
  void Store(const Alert& alert);

  Alert& alert() { return alert_; }
  const Alert& alert() const { return alert_; }
  // Beside those of the object itself.
  std::size_t bytes() const;

 private:
  Alert alert_;
  std::vector<char> texts_;  // no string: its bytes stay where they are when it is moved
};

}  // namespace randguard

#endif  // ANALYZER_DETECT_STORED_ALERT_H_
