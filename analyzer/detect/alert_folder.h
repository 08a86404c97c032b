// SPDX-License-Identifier: Apache-2.0
//
// Folds identical alerts: the first one goes out at once; those that follow it within the window
// are counted and reported in one alert at its end. Two alerts are identical if the rule is, and
// the detector says the same of their events. Time is the stream's.
#ifndef ANALYZER_DETECT_ALERT_FOLDER_H_
#define ANALYZER_DETECT_ALERT_FOLDER_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <list>
#include <string>
#include <string_view>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/functional/function_ref.h"
#include "absl/strings/string_view.h"
#include "analyzer/detect/stored_alert.h"
#include "analyzer/event/alert.h"

namespace randguard {

class AlertFolder {
 public:
  using Emit = absl::FunctionRef<void(const Alert&)>;

  // Bytes that open windows take together.
  static constexpr std::size_t kMaxBytes = std::size_t{16} << 20;

  // A window of 0 folds nothing. At most `max` windows are open at a time, and they take at most
  // kMaxBytes; beyond either the oldest one ends early.
  AlertFolder(std::uint64_t window_ns, std::size_t max) : window_ns_(window_ns), max_(max) {}

  // True: the alert is to be written. False: it was counted. `what` is equal for events that say
  // the same.
  bool Fold(const Alert& alert, std::string_view what, Emit emit);
  // Ends the windows that are over at that time; emit gets those that folded anything.
  void Expire(std::uint64_t time_ns, Emit emit);
  // Ends all.
  void Flush(Emit emit);

  bool folds() const { return window_ns_ != 0; }
  std::uint64_t folded() const { return folded_; }
  std::uint64_t ended_early() const { return ended_early_; }
  std::size_t bytes() const { return bytes_; }

 private:
  struct Window {
    std::string key;
    std::uint64_t start_ns = 0;
    std::uint64_t count = 0;  // folded
    StoredAlert stored;
    WallTime first, last;
  };

  static std::size_t BytesOf(const Window& window);
  // Ends the oldest windows until there is room for so many bytes more.
  void MakeRoom(std::size_t bytes, Emit emit);
  void EndFirst(Emit emit);

  const std::uint64_t window_ns_;
  const std::size_t max_;
  std::list<Window> windows_;  // by their start
  // The keys are those of the windows.
  absl::flat_hash_map<absl::string_view, std::list<Window>::iterator> by_key_;
  std::string key_;
  std::size_t bytes_ = 0;
  std::uint64_t folded_ = 0, ended_early_ = 0;
};

}  // namespace randguard

#endif  // ANALYZER_DETECT_ALERT_FOLDER_H_
