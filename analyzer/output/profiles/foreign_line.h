// SPDX-License-Identifier: Apache-2.0
//
// The body of EventWriter::LayForeign(). To be included where the template is instantiated and
// nowhere else.
#ifndef ANALYZER_OUTPUT_PROFILES_FOREIGN_LINE_H_
#define ANALYZER_OUTPUT_PROFILES_FOREIGN_LINE_H_

#include "analyzer/output/json/event_writer.h"
#include "analyzer/output/profiles/ecs.h"
#include "analyzer/output/profiles/entries.h"
#include "analyzer/output/profiles/line.h"
#include "analyzer/output/profiles/ocsf.h"
#include "analyzer/output/profiles/variants.h"

namespace randguard {

template <typename Profile, typename Event>
void EventWriter::LayAs(const Event& event) {
  const profiles::LineInput input = profiles::InputOf(event, Profile::Classify(event));
  profiles::ProfileLine(*this, Profile::Writing(), input)
      .Lay(profiles::LayoutOf<Profile, Event>(profiles::VariantOf(event)));
}

template <Described Event>
void EventWriter::LayForeign(const Event& event) {
  if (fields_ == Fields::kEcs) {
    LayAs<profiles::Ecs>(event);
  } else {
    LayAs<profiles::Ocsf>(event);
  }
}

}  // namespace randguard

#endif  // ANALYZER_OUTPUT_PROFILES_FOREIGN_LINE_H_
