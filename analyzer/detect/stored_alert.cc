// SPDX-License-Identifier: Apache-2.0
#include "analyzer/detect/stored_alert.h"

#include <string_view>
#include <type_traits>

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

void StoredAlert::Store(const Alert& alert) {
  alert_ = alert;
  std::size_t size = 0;
  VisitTexts(alert_, [&](std::string_view& text) { size += text.size(); });
  texts_.clear();
  texts_.reserve(size);  // so that nothing moves
  VisitTexts(alert_, [&](std::string_view& text) {
    const std::size_t at = texts_.size();
    texts_.insert(texts_.end(), text.begin(), text.end());
    text = {texts_.data() + at, text.size()};
  });
}

std::size_t StoredAlert::bytes() const {
  return texts_.capacity() + alert_.tags.capacity() * sizeof(std::string_view);
}

}  // namespace randguard
