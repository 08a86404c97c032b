// SPDX-License-Identifier: Apache-2.0
//
// One line of text for an event: when, a mark, which process of which user, what it did, to what,
// and what came of it.
#ifndef ANALYZER_VIEW_COMPACT_LINES_H_
#define ANALYZER_VIEW_COMPACT_LINES_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "analyzer/output/convert/line_reader.h"
#include "analyzer/view/screen_text.h"

namespace randguard {

// A time of day, in the time zone of whoever looks: "14:02:11", or with its milliseconds.
std::string ClockText(std::int64_t realtime_ns, bool milliseconds);
// "2026-01-31"
std::string DateText(std::int64_t realtime_ns);
// A time since boot as one since 1970, in nanoseconds; never before that.
std::int64_t RealTime(std::uint64_t boot_ns, std::int64_t clock_offset_ns);
// The time of a line's event by its host's clock, since 1970.
std::int64_t RealTimeOf(const LineContent& line);

class CompactLines {
 public:
  explicit CompactLines(const Screen& screen);

  // Without a newline. `user`: the name, where one is known. The process is indented by `depth`.
  std::string Of(const LineContent& line, std::string_view user, std::size_t depth = 0) const;
  // Announces another day or host.
  std::string Heading(std::int64_t realtime_ns, std::string_view host) const;

  const Screen& screen() const { return screen_; }
  void Resize(std::size_t columns);

 private:
  Screen screen_;
  bool milliseconds_ = false;
  std::size_t process_ = 0, user_ = 0, what_ = 0;  // columns
};

// The mark that stands before an event that somebody should look at, and its colour.
struct Mark {
  std::string_view text = "  ";  // two columns
  Colour colour = Colour::kNone;
};
Mark MarkOf(const AnyEvent& event, bool failed);

}  // namespace randguard

#endif  // ANALYZER_VIEW_COMPACT_LINES_H_
