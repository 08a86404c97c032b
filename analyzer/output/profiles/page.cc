// SPDX-License-Identifier: Apache-2.0
#include "analyzer/output/profiles/page.h"

#include <algorithm>
#include <type_traits>
#include <utility>
#include <variant>

#include "analyzer/event/alert.h"
#include "analyzer/event/events.h"
#include "analyzer/event/reports.h"
#include "analyzer/output/profiles/ecs.h"
#include "analyzer/output/profiles/layout.h"
#include "analyzer/output/profiles/ocsf.h"

namespace randguard::profiles {
namespace {

template <typename Struct>
std::vector<FieldNames> NamesOf() {
  std::vector<FieldNames> names;
  const auto add = [&](const auto& field) {
    using Value = std::remove_cvref_t<decltype(field.Get(std::declval<const Struct&>()))>;
    using Inner = typename Within<Value>::Type;
    FieldNames& one = names.emplace_back(FieldNames{field.name(), {}});
    if constexpr (Described<Inner>) {
      kFields<Inner>.Apply(
          [&](const auto&... member) { (one.members.push_back(member.name()), ...); });
    }
  };
  kFields<Struct>.Apply([&](const auto&... field) { (add(field), ...); });
  return names;
}

class Collector {
 public:
  template <typename E>
  void Add() {
    for (int variant = 0; variant < kVariants<E>; ++variant) {
      const std::string event = EventOf<E>(variant);
      const Rows ecs = Ecs::RowsOf(static_cast<const E*>(nullptr), variant);
      const Rows ocsf = Ocsf::RowsOf(static_cast<const E*>(nullptr), variant);
      Add("line", event, {}, ecs.line, ocsf.line);
      if constexpr (requires(E e) { e.actor; }) {
        AddStruct<decltype(E::actor)>("actor", event, ecs.actor, ocsf.actor);
      }
      if constexpr (requires(E e) { e.call; }) {
        AddStruct<decltype(E::call)>("call", event, ecs.call, ocsf.call);
      }
      AddStruct<E>(ClassName<E>(), event, ecs.own, ocsf.own);
      if constexpr (requires(E e) { e.object; }) {
        AddStruct<decltype(E::object)>("object", event, ecs.object, ocsf.object);
      }
    }
  }

  std::vector<Section> Take() { return std::move(sections_); }

 private:
  // "network_close", of one that has variants with the number of it that variants.h names.
  template <typename E>
  static std::string EventOf(int variant) {
    std::string name(ClassName<E>());
    if (kVariants<E> == 1) return name;
    if constexpr (std::is_same_v<E, ProcessRelationship>) {
      return name + (variant == kThread ? " (thread)" : " (process)");
    } else if constexpr (std::is_same_v<E, FileRename>) {
      return name + (variant == kLink ? " (link)" : " (rename)");
    } else if constexpr (std::is_same_v<E, Alert>) {
      return name + (variant == kNoDirection    ? ""
                     : variant == kAlertInbound ? " (inbound)"
                     : variant == kAlertLocal   ? " (no peer)"
                                                : " (outbound)");
    } else {
      return name + (variant == kInbound ? " (inbound)" : " (outbound)");
    }
  }

  template <typename Struct>
  void AddStruct(std::string_view title, const std::string& event, std::span<const Row> ecs,
                 std::span<const Row> ocsf) {
    if (kFields<Struct>.size() != 0) Add(title, event, NamesOf<Struct>(), ecs, ocsf);
  }

  void Add(std::string_view title, const std::string& event, std::vector<FieldNames> fields,
           std::span<const Row> ecs, std::span<const Row> ocsf) {
    const auto same = [&](const Section& other) {
      return other.title == title && other.ecs.data() == ecs.data() &&
             other.ocsf.data() == ocsf.data() &&
             std::equal(fields.begin(), fields.end(), other.fields.begin(), other.fields.end(),
                        [](const auto& a, const auto& b) { return a.name == b.name; });
    };
    auto found = std::find_if(sections_.begin(), sections_.end(), same);
    if (found == sections_.end()) {
      sections_.push_back({std::string(title), {}, std::move(fields), ecs, ocsf});
      found = sections_.end() - 1;
    }
    found->events.push_back(event);
  }

  std::vector<Section> sections_;
};

template <typename... E>
void AddEvents(Collector& collector, const std::variant<E...>*) {
  const auto add = [&]<typename One>(const One*) {
    if constexpr (requires { One::kDoc; }) collector.Add<One>();
  };
  (add(static_cast<const E*>(nullptr)), ...);
}

// The text of a place, of member `of` if the row is about that.
std::string PlaceText(const Row& row, std::string_view field) {
  std::string text;
  if (row.field.size() > field.size() && row.field != "*") {
    text += '`' + std::string(row.field) + "`: ";
  }
  if (row.to.empty()) return text + "gap: " + std::string(row.note);
  std::string to(row.to);
  if (row.field == "*") to.replace(to.size() - 1, 1, field);
  text += '`' + to + '`';
  const std::string_view doc = kAsDoc[static_cast<std::size_t>(row.as)];
  if (!doc.empty()) text += " (" + std::string(doc) + ")";
  return text;
}

std::string PlacesText(std::string_view field, std::span<const Row> rows) {
  const Places places = PlacesOf(field, rows);
  std::string text;
  for (const Row* row : places.rows) {
    if (!text.empty()) text += ", ";
    text += PlaceText(*row, field);
  }
  if (places.rest != nullptr) text += PlaceText(*places.rest, field);
  return text;
}

// One place each for what no field says.
std::string LineRows(std::span<const Row> rows) {
  std::string text;
  for (const Row& row : rows) {
    if (!row.field.empty()) continue;
    text += "| `" + std::string(row.to) + "` | ";
    if (row.as == As::kConstant) {
      text += '`' + std::string(row.note) + '`';
    } else {
      text += kAsDoc[static_cast<std::size_t>(row.as)];
    }
    text += " |\n";
  }
  return text;
}

constexpr std::string_view kHead =
    R"(# Lines in other schemas

With `output.format`, or by `rand-guard convert`, lines are those of the Elastic Common Schema 9 (`ecs`) or of the Open
Cybersecurity Schema Framework 1.8 (`ocsf`). This page is generated from the tables in `analyzer/output/profiles`, by
which these lines are written.

- A field that the other schema has no place for is under `rand_guard` (ECS) or in `unmapped` (OCSF), under its own
  name. So no field is lost. Some fields stand in two places.
- A field is left out where it is null, and where it is false or empty and could not be null.
- `raw_bytes` and `texts_cut` are in `rand_guard` and `unmapped`, with JSON Pointers into the line. Lines have the same
  limits and numbers as native ones. A text that stands in a line twice does so whole: there is no `same_as`. Fields
  that say whether a text is whole, such as `args_truncated`, are about what the kernel has recorded. In a line that was converted they may be about its native line.
- ECS: `event.action` has the words by which public rules for Linux ask. A failure has `event.type` `info` and
  `event.outcome` `failure`; an attempt at a connection is one either way. In a fork, `process` is the child and
  `process.parent` the caller. The first datagram to or from a peer is taken for a connection.
- OCSF: exec and fork are activity Launch of class 1007, and `launch_type_id` tells them apart. Losses and health are
  class 1008, activity Other. Plain calls to the kernel are class 1003.
- `host.id` is the host's name, so that rules that follow a sequence of events on one host can go by it.
- When a process started is the same in all of its lines: that time follows the clock only where that is set. In lines
  that were converted by `rand-guard convert` it may differ from that, by at most a second.
- A link, also a symbolic one, is a file that was made: its new name.
- `event.id` and `metadata.uid` are the event's `event_id`. Alerts, losses and health have none of their own: theirs is
  made of boot and `seq`.
)";

}  // namespace

std::vector<Section> Sections() {
  Collector collector;
  AddEvents(collector, static_cast<const Event*>(nullptr));
  collector.Add<Alert>();
  collector.Add<Loss>();
  collector.Add<Health>();
  collector.Add<Canary>();
  return collector.Take();
}

Places PlacesOf(std::string_view field, std::span<const Row> rows) {
  Places places;
  for (const Row& row : rows) {
    if (row.field == field ||
        (row.field.starts_with(field) && row.field.substr(field.size()).starts_with('.'))) {
      places.rows.push_back(&row);
    }
  }
  if (!places.rows.empty()) return places;
  const auto rest =
      std::find_if(rows.begin(), rows.end(), [](const Row& row) { return row.field == "*"; });
  if (rest != rows.end()) places.rest = &*rest;
  return places;
}

std::string Page() {
  std::string page(kHead);
  for (const Section& section : Sections()) {
    page += "\n## `" + section.title + "`\n\nEvents: ";
    for (std::size_t i = 0; i < section.events.size(); ++i) {
      if (i != 0) page += ", ";
      page += section.events[i];
    }
    page += ".\n\n";
    if (section.fields.empty()) {
      page += "| ECS | |\n| --- | --- |\n" + LineRows(section.ecs);
      page += "\n| OCSF | |\n| --- | --- |\n" + LineRows(section.ocsf);
      continue;
    }
    page += "| field | ECS | OCSF |\n| --- | --- | --- |\n";
    for (const FieldNames& field : section.fields) {
      page += "| `" + std::string(field.name) + "` | " + PlacesText(field.name, section.ecs) +
              " | " + PlacesText(field.name, section.ocsf) + " |\n";
    }
    const std::string ecs = LineRows(section.ecs);
    const std::string ocsf = LineRows(section.ocsf);
    if (!ecs.empty()) page += "\n| ECS, besides | |\n| --- | --- |\n" + ecs;
    if (!ocsf.empty()) page += "\n| OCSF, besides | |\n| --- | --- |\n" + ocsf;
  }
  return page;
}

}  // namespace randguard::profiles
