// SPDX-License-Identifier: Apache-2.0
#include "analyzer/detect/correlation/group_key.h"

#include <cstdint>
#include <cstring>

#include "absl/strings/str_format.h"

namespace randguard {
namespace {

enum Form : char { kNumber = 'n', kText = 't', kProcess = 'p' };

constexpr std::size_t kHeader = 1 + sizeof(std::uint32_t);

void Append(Form form, const void* bytes, std::size_t size, std::string& key) {
  const auto length = static_cast<std::uint32_t>(size);
  key += static_cast<char>(form);
  key.append(reinterpret_cast<const char*>(&length), sizeof(length));
  key.append(static_cast<const char*>(bytes), size);
}

std::size_t LengthAt(std::string_view key) {
  std::uint32_t length = 0;
  std::memcpy(&length, key.data() + 1, sizeof(length));
  return kHeader + length;
}

template <typename T>
T ReadAt(std::string_view bytes, std::size_t at) {
  T value{};
  std::memcpy(&value, bytes.data() + at, sizeof(value));
  return value;
}

}  // namespace

bool AppendToKey(const Value& value, std::string& key) {
  switch (value.form) {
    case Value::Form::kNumber:
      Append(kNumber, &value.number, sizeof(value.number), key);
      return true;
    case Value::Form::kText: {
      const std::string_view text = value.text.substr(0, kKeyTextMax);
      Append(kText, text.data(), text.size(), key);
      return true;
    }
    case Value::Form::kPresent:
      if (value.text.empty()) return false;
      Append(kProcess, value.text.data(), value.text.size(), key);
      return true;
    default:
      return false;
  }
}

std::string_view KeyPart(std::string_view key, std::size_t place) {
  while (key.size() >= kHeader) {
    const std::size_t length = LengthAt(key);
    if (place-- == 0) return key.substr(0, length);
    key.remove_prefix(length);
  }
  return {};
}

std::string ShowKeyPart(std::string_view part) {
  if (part.size() < kHeader) return "";
  const std::string_view bytes = part.substr(kHeader);
  switch (part[0]) {
    case kNumber: {
      const auto number = ReadAt<Number>(bytes, 0);
      return number < 0 ? absl::StrFormat("%d", static_cast<std::int64_t>(number))
                        : absl::StrFormat("%d", static_cast<std::uint64_t>(number));
    }
    case kProcess:
      return absl::StrFormat("%d-%x", ReadAt<std::uint32_t>(bytes, 0),
                             ReadAt<std::uint64_t>(bytes, sizeof(std::uint32_t)));
    default:
      return std::string(bytes);
  }
}

}  // namespace randguard
