// SPDX-License-Identifier: Apache-2.0
//
// Reads lines of output.format "json" back: into the events that they were written of.
#ifndef ANALYZER_OUTPUT_CONVERT_LINE_READER_H_
#define ANALYZER_OUTPUT_CONVERT_LINE_READER_H_

#include <cstdint>
#include <memory>
#include <string_view>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "analyzer/event/alert.h"
#include "analyzer/event/events.h"
#include "analyzer/event/reports.h"

namespace randguard {

template <typename Events, typename... Reports>
struct WithReports;
template <typename... E, typename... Reports>
struct WithReports<std::variant<E...>, Reports...> {
  using Type = std::variant<E..., Reports...>;
};
using AnyEvent = WithReports<Event, Alert, Loss, Health, Canary>::Type;

// All that a line says. Its texts are valid until the next line is read.
struct LineContent {
  AnyEvent event;
  std::string_view boot_id;  // empty: not known when the line was written
  std::uint64_t seq = 0;
  std::string_view host, agent_id;
  bool has_host = false;             // it was known
  std::int64_t clock_offset_ns = 0;  // CLOCK_REALTIME - CLOCK_BOOTTIME
  // Texts that were cut because the line would have been too long: the first byte of each.
  std::vector<const char*> cut;
};

// Not reentrant: one line at a time.
class LineReader {
 public:
  // An output has no line of more bytes.
  static constexpr std::size_t kLineMax = std::size_t{1} << 20;

  LineReader();
  ~LineReader();
  LineReader(const LineReader&) = delete;
  LineReader& operator=(const LineReader&) = delete;

  // The line, without its end. If it is none of this version, the error says which member is at
  // fault, and nothing of the line is known.
  absl::StatusOr<const LineContent*> Read(std::string_view line);

 private:
  class Parser;
  std::unique_ptr<Parser> parser_;
};

}  // namespace randguard

#endif  // ANALYZER_OUTPUT_CONVERT_LINE_READER_H_
