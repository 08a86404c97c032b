// SPDX-License-Identifier: Apache-2.0
#include "analyzer/output/convert/line_converter.h"

#include <string>
#include <type_traits>
#include <utility>
#include <variant>

#include "analyzer/base/status.h"
#include "analyzer/output/sinks/segments.h"

namespace randguard {

EventWriter& LineConverter::WriterFor(const LineContent& content) {
  key_.assign(content.has_host ? "h" : "-");
  for (const std::string_view part : {content.boot_id, content.host, content.agent_id}) {
    key_ += std::to_string(part.size());
    key_ += ' ';
    key_ += part;
  }
  auto found = writers_.find(key_);
  if (found == writers_.end()) {
    if (writers_.size() == kWritersMax) writers_.clear();
    found = writers_.emplace(key_, std::make_unique<EventWriter>(content.agent_id, to_)).first;
    EventWriter& writer = *found->second;
    writer.ContinueNumbers(content.boot_id, content.seq);
    writer.SetClockOffset(content.clock_offset_ns);
    if (content.has_host) {
      writer.SetSession({.host_name = std::string(content.host),
                         .boot_id = std::string(content.boot_id),
                         .clock_offset_ns = content.clock_offset_ns});
    }
  }
  agent_id_ = content.agent_id;
  return *found->second;
}

absl::StatusOr<std::optional<OutputLine>> LineConverter::Convert(std::string_view line) {
  if (IsManifest(line)) return std::nullopt;
  RG_ASSIGN_OR_RETURN(const LineContent* const content, reader_.Read(line));
  EventWriter& writer = WriterFor(*content);
  writer.SetClockOffset(content->clock_offset_ns);
  writer.Renumber(content->seq);
  writer.SetCutBefore(&content->cut);
  OutputLine out;
  out.boot_id = writer.boot_id();
  out.seq = content->seq;
  std::visit(
      [&]<typename E>(const E& event) {
        if constexpr (Described<E>) out.text = writer.Write(event);
        if constexpr (std::is_same_v<E, Alert>) {
          out.alert = &event;
          out.agent_id = agent_id_;
        }
      },
      content->event);
  return out;
}

}  // namespace randguard
