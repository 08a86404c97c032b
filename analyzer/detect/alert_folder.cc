// SPDX-License-Identifier: Apache-2.0
#include "analyzer/detect/alert_folder.h"

#include <iterator>
#include <string_view>

namespace randguard {
bool AlertFolder::Fold(const Alert& alert, std::string_view what, Emit emit) {
  if (window_ns_ == 0) return true;
  Expire(alert.timestamp_ns, emit);
  key_.assign(alert.rule_id).append(1, '\0').append(what);
  if (const auto found = by_key_.find(key_); found != by_key_.end()) {
    Window& window = *found->second;
    if (window.count == 0) window.first = alert.time;
    ++window.count;
    ++folded_;
    window.last = alert.time;
    bytes_ -= BytesOf(window);
    // The alert of the summary is the last one.
    window.stored.Store(alert);
    bytes_ += BytesOf(window);
    MakeRoom(0, emit);
    return false;
  }
  if (windows_.size() >= max_) {
    ++ended_early_;
    EndFirst(emit);
  }
  MakeRoom(key_.size(), emit);
  windows_.push_back({.key = key_, .start_ns = alert.timestamp_ns});
  by_key_.emplace(windows_.back().key, std::prev(windows_.end()));
  bytes_ += BytesOf(windows_.back());
  return true;
}

// With the window's place in the list and in the table.
std::size_t AlertFolder::BytesOf(const Window& window) {
  constexpr std::size_t kPlaces = 8 * sizeof(void*);
  return sizeof(Window) + kPlaces + window.key.capacity() + window.stored.bytes();
}

void AlertFolder::Expire(std::uint64_t time_ns, Emit emit) {
  while (!windows_.empty() && windows_.front().start_ns + window_ns_ <= time_ns) EndFirst(emit);
}

void AlertFolder::Flush(Emit emit) {
  while (!windows_.empty()) EndFirst(emit);
}

void AlertFolder::MakeRoom(std::size_t bytes, Emit emit) {
  while (!windows_.empty() && bytes_ + bytes > kMaxBytes) {
    ++ended_early_;
    EndFirst(emit);
  }
}

void AlertFolder::EndFirst(Emit emit) {
  Window& window = windows_.front();
  if (window.count > 0) {
    Alert& alert = window.stored.alert();
    alert.count = window.count;
    alert.folded = true;
    alert.first_time = window.first;
    alert.last_time = window.last;
    emit(alert);
  }
  bytes_ -= BytesOf(window);
  by_key_.erase(window.key);
  windows_.pop_front();
}

}  // namespace randguard
