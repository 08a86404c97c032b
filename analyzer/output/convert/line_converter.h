// SPDX-License-Identifier: Apache-2.0
//
// Turns lines of output.format "json" into those of another schema: the same that would have been
// written in their place, but for what an event's text had lost already when its line was written.
#ifndef ANALYZER_OUTPUT_CONVERT_LINE_CONVERTER_H_
#define ANALYZER_OUTPUT_CONVERT_LINE_CONVERTER_H_

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "analyzer/config/config.h"
#include "analyzer/output/convert/line_reader.h"
#include "analyzer/output/json/event_writer.h"
#include "analyzer/output/sinks/sink.h"

namespace randguard {

class LineConverter {
 public:
  explicit LineConverter(OutputFormat to) : to_(to) {}

  // The line, without its end. The other one ends with a newline, and is valid until the next call.
  // Absent: it is a segment's manifest, which is about the bytes that are not here any more.
  absl::StatusOr<std::optional<OutputLine>> Convert(std::string_view line);

 private:
  // So many hosts and boots are remembered.
  static constexpr std::size_t kWritersMax = 256;
  EventWriter& WriterFor(const LineContent& content);

  OutputFormat to_;
  LineReader reader_;
  // By agent, host and boot.
  std::map<std::string, std::unique_ptr<EventWriter>, std::less<>> writers_;
  std::string key_, agent_id_;  // of the line
};

}  // namespace randguard

#endif  // ANALYZER_OUTPUT_CONVERT_LINE_CONVERTER_H_
