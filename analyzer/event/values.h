// SPDX-License-Identifier: Apache-2.0
//
// Types that event fields are made of. All plain data; text borrows from the record or from the
// process table and is valid while the event is being handled.
#ifndef ANALYZER_EVENT_VALUES_H_
#define ANALYZER_EVENT_VALUES_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "analyzer/event/value_set.h"

namespace randguard {

// Names a process within one boot: a reused pid is another process, for its start differs.
struct ProcessKey {
  std::uint32_t pid = 0;
  std::uint64_t start_ns = 0;  // CLOCK_BOOTTIME

  friend bool operator==(const ProcessKey&, const ProcessKey&) = default;
  template <typename H>
  friend H AbslHashValue(H h, const ProcessKey& key) {
    return H::combine(std::move(h), key.pid, key.start_ns);
  }
};

// Names the record that an event was made of: which of all records that one life of the collector
// has handed out. Live and in every replay the same. Shown with the boot: "BOOT-LIFE-RECORD".
struct EventId {
  std::uint64_t collector_start_ns = 0;  // CLOCK_BOOTTIME
  std::uint64_t record = 0;              // from 0 on

  friend bool operator==(const EventId&, const EventId&) = default;
};

// CLOCK_BOOTTIME; becomes RFC 3339 with the session's clock offset.
struct WallTime {
  std::uint64_t boot_ns = 0;
};

// The host's name; the same for a whole session, so the writer has it ready.
struct Host {};

// The sensor's name; the same for a whole run, so the writer has it ready.
struct AgentId {};
inline constexpr const char* kAgentIdDoc = "name of the sensor: the configuration's agent.id";

// Bytes as the kernel has them: usually UTF-8, never surely.
using Text = std::string_view;
using OptionalText = std::optional<std::string_view>;

// Items that end with NUL each, but for a last one that was cut.
struct TextList {
  std::string_view bytes;

  friend bool operator==(const TextList&, const TextList&) = default;
};

// The items of a TextList, joined with one space.
struct JoinedText {
  std::string_view bytes;
};

// A few texts, without allocation.
struct TextArray {
  static constexpr std::size_t kMax = 16;
  std::array<std::string_view, kMax> items;
  std::size_t size = 0;

  void Add(std::string_view item) {
    if (size < kMax) items[size++] = item;
  }
};

// st_mode, shown in octal.
struct Mode {
  std::uint32_t bits = 0;
};

// The kernel's dev_t, shown as major:minor.
struct Device {
  std::uint32_t dev = 0;
};

// A short text that lies nowhere else: made when the record is decoded. Ends with NUL.
template <std::size_t kSize>
struct FixedText {
  std::array<char, kSize> chars{};

  std::string_view view() const { return {chars.data()}; }
};
using Address = FixedText<46>;    // INET6_ADDRSTRLEN
using ShortName = FixedText<12>;  // a few letters, or a number

// A value whose field stands in a line only if there is one. Every other field is always there.
template <typename T>
struct OrLeftOut : std::optional<T> {
  using std::optional<T>::optional;
};
template <typename T>
inline constexpr bool kIsOrLeftOut = false;
template <typename T>
inline constexpr bool kIsOrLeftOut<OrLeftOut<T>> = true;
template <ValueSet E>
inline constexpr const ValueList* kValuesOf<OrLeftOut<E>> = &kValueList<E>;

// A set of capabilities, shown in hex as in /proc/PID/status.
struct CapabilitySet {
  std::uint64_t bits = 0;

  friend bool operator==(const CapabilitySet&, const CapabilitySet&) = default;
};

// Members whose names are data.
template <typename T>
using Named = std::vector<std::pair<std::string_view, T>>;

// Calls visit(item) for each item of the list.
template <typename Visit>
void ForEachItem(std::string_view bytes, Visit&& visit) {
  while (!bytes.empty()) {
    const std::size_t end = bytes.find('\0');
    visit(bytes.substr(0, end));
    if (end == bytes.npos) return;
    bytes.remove_prefix(end + 1);
  }
}

}  // namespace randguard

#endif  // ANALYZER_EVENT_VALUES_H_
