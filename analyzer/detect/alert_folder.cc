// SPDX-License-Identifier: Apache-2.0
#include "analyzer/detect/alert_folder.h"

#include <concepts>
#include <iterator>
#include <optional>
#include <string_view>
#include <type_traits>
#include <vector>

namespace randguard {
namespace {

// Calls visit(text) for each text of the alert, as a reference.
template <typename Visit>
void VisitTexts(Alert& alert, Visit&& visit) {
  const auto one = [&](auto& value) {
    using T = std::remove_reference_t<decltype(value)>;
    if constexpr (std::is_same_v<T, Text>) {
      visit(value);
    } else if constexpr (std::is_same_v<T, OptionalText> || std::is_same_v<T, OrLeftOut<Text>>) {
      if (value.has_value()) visit(*value);
    } else if constexpr (std::is_same_v<T, std::vector<std::string_view>>) {
      for (std::string_view& text : value) visit(text);
    } else if constexpr (std::is_same_v<T, OrLeftOut<std::vector<std::string_view>>>) {
      if (!value.has_value()) return;
      for (std::string_view& text : *value) visit(text);
    }
  };
  kFields<Alert>.Apply([&](const auto&... field) { (one(alert.*field.member), ...); });
}

}  // namespace

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
    Store(alert, window);
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
  return sizeof(Window) + kPlaces + window.key.capacity() + window.text.capacity();
}

// The alert of the summary is the last one, with texts of its own: the rules may be reloaded and
// the process forgotten before the window ends.
void AlertFolder::Store(const Alert& alert, Window& window) {
  window.alert = alert;
  std::size_t size = 0;
  VisitTexts(window.alert, [&](std::string_view& text) { size += text.size(); });
  window.text.clear();
  window.text.reserve(size);  // so that nothing moves
  VisitTexts(window.alert, [&](std::string_view& text) {
    const std::size_t at = window.text.size();
    window.text += text;
    text = std::string_view(window.text).substr(at, text.size());
  });
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
    Alert& alert = window.alert;
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
