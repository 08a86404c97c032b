// SPDX-License-Identifier: Apache-2.0
//
// Fields of events as data: rows name them, lines ask them for their values.
#ifndef ANALYZER_OUTPUT_PROFILES_FIELDS_H_
#define ANALYZER_OUTPUT_PROFILES_FIELDS_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "analyzer/event/field.h"
#include "analyzer/event/values.h"

namespace randguard::profiles {

class ProfileLine;
struct Leaf;

// A field of a struct, or a member of a field that is an object: "target.pid".
struct FieldEntry {
  std::string_view name;
  // The value in such a struct; null: it is absent.
  const void* (*find)(const void* object);
  // Writes a value as the row asks for. False: nothing was to be written.
  bool (*write)(ProfileLine& line, const Leaf& leaf, const void* value);
  // The value's bytes; null: it is no text.
  std::string_view (*text)(const void* value);
  bool optional;  // is it null where it is absent?
};

struct FieldTable {
  // In order, those that are objects followed by their members.
  std::span<const FieldEntry> entries;
  // Writes those fields of such a struct that are wanted, under their own names: a byte for each.
  void (*write_rest)(ProfileLine& line, const void* object, const std::uint8_t* wanted) = nullptr;
};

const FieldEntry* FindEntry(std::span<const FieldEntry> entries, std::string_view name);

// The parts that an event consists of (analyzer/output/json/event_writer.h). The first one has no
// fields: others know what stands there.
enum class Block : std::uint8_t { kLine, kActor, kCall, kOwn, kObject };
inline constexpr std::size_t kBlocks = 5;

// The type within a std::optional or what is like it.
template <typename T>
struct Within {
  using Type = T;
};
template <typename T>
struct Within<std::optional<T>> {
  using Type = T;
};
template <typename T>
struct Within<OrLeftOut<T>> {
  using Type = T;
};

}  // namespace randguard::profiles

#endif  // ANALYZER_OUTPUT_PROFILES_FIELDS_H_
