// SPDX-License-Identifier: Apache-2.0
//
// One raw record, as hostile as can be. The bytes are taken as they are, and once more with a
// header whose size and version are right, so that what lies behind these checks is reached.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <optional>
#include <string_view>
#include <type_traits>
#include <variant>

#include "analyzer/decode/record.h"

namespace randguard::records_fuzz {
namespace {

// Reads all text: a sanitizer sees every byte that is not the record's.
std::uint64_t sum = 0;

void Touch(std::string_view text) {
  for (const char c : text) sum += static_cast<unsigned char>(c);
}
template <typename T>
void Touch(const T& value) {
  if constexpr (std::is_same_v<T, TextList> || std::is_same_v<T, JoinedText>) {
    ForEachItem(value.bytes, [](std::string_view item) { Touch(item); });
  } else if constexpr (requires { value.has_value(); }) {
    if (value.has_value()) Touch(*value);
  } else if constexpr (std::is_same_v<T, bool>) {
    // As a number: a bool that is neither would be a sanitizer's finding.
    sum += value ? 1 : 0;
  } else if constexpr (Described<T>) {
    VisitFields(value, [](const auto&, const auto& member) { Touch(member); });
  }
}

void TouchEvent(const CgroupName& e) { Touch(e.path); }
template <typename E>
void TouchEvent(const E& e) {
  Touch(e.actor);
  Touch(e);
}

void DecodeAndTouch(const std::uint8_t* data, std::size_t size, bool repair) {
  // Exactly as large as the record, and aligned.
  std::unique_ptr<std::byte, decltype(&std::free)> memory(
      static_cast<std::byte*>(std::malloc(std::max<std::size_t>(size, 1))), &std::free);
  if (size > 0) std::memcpy(memory.get(), data, size);
  if (repair && size >= sizeof(rg_header)) {
    auto* header = reinterpret_cast<rg_header*>(memory.get());
    header->size = static_cast<__u32>(size);
    header->abi_version = RG_ABI_VERSION;
    header->kind = static_cast<__u16>(1 + header->kind % (RG_KIND_END - 1));
  }
  const auto event = DecodeRecord({memory.get(), size});
  if (!event.ok()) {
    if (absl::IsInvalidArgument(event.status()) || absl::IsUnimplemented(event.status())) return;
    std::abort();
  }
  std::visit([](const auto& e) { TouchEvent(e); }, *event);
}

}  // namespace
}  // namespace randguard::records_fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  randguard::records_fuzz::DecodeAndTouch(data, size, /*repair=*/false);
  randguard::records_fuzz::DecodeAndTouch(data, size & ~std::size_t{7}, /*repair=*/true);
  return 0;
}
