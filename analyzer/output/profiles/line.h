// SPDX-License-Identifier: Apache-2.0
//
// Writes a line by its layout.
//
// A field is left out of the line where it is null, and where it is false or empty and cannot be
// null. So is an object without members.
#ifndef ANALYZER_OUTPUT_PROFILES_LINE_H_
#define ANALYZER_OUTPUT_PROFILES_LINE_H_

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "absl/functional/function_ref.h"
#include "analyzer/event/actor.h"
#include "analyzer/event/alert.h"
#include "analyzer/event/value_sets.h"
#include "analyzer/event/values.h"
#include "analyzer/output/json/empty.h"
#include "analyzer/output/json/event_writer.h"
#include "analyzer/output/profiles/layout.h"
#include "analyzer/output/profiles/profile.h"
#include "analyzer/output/profiles/values.h"

namespace randguard::profiles {

// A line is about this.
struct LineInput {
  std::string_view event_type;
  Parts parts;
  const Actor* actor = nullptr;  // null: nobody acts
  const void* blocks[kBlocks] = {};
};

class ProfileLine {
 public:
  ProfileLine(EventWriter& writer, const Profile& profile, const LineInput& input)
      : w_(writer), json_(writer.json_), profile_(profile), in_(input) {}

  void Lay(const Layout& layout);

  // FieldEntry::write
  template <typename T>
  static bool Write(ProfileLine& line, const Leaf& leaf, const void* value);
  // FieldTable::write_rest
  template <typename Struct>
  static void WriteRest(ProfileLine& line, const void* object, const std::uint8_t* wanted);

 private:
  void Members(std::span<const Leaf> leaves, std::size_t depth);
  void Enter(const Leaf& leaf);
  void Close(std::size_t depth);
  void Keep(const Layout& layout);
  void LayKept(const Layout& layout);

  bool Computed(const Leaf& leaf);
  bool Absent(const Leaf& leaf);
  const void* Beside(const Leaf& leaf) const {
    return leaf.other == nullptr
               ? nullptr
               : leaf.other->find(in_.blocks[static_cast<std::size_t>(leaf.other_block)]);
  }
  std::string_view TextBeside(const Leaf& leaf) const;

  template <typename Field, typename T>
  void RestMember(const Field& field, const T& value);
  // A value that says something, as the native line has it.
  template <typename T>
  bool Same(const T& value, bool optional);
  // Write a value in another way, by its kind. One that the row's way does not fit is left out.
  bool Text(const Leaf& leaf, std::string_view value);
  bool Number(const Leaf& leaf, std::uint64_t value);
  bool SignedNumber(const Leaf& leaf, std::int64_t value);
  bool Other(const Leaf& leaf, bool value);
  bool Other(const Leaf& leaf, const ProcessKey& value);
  bool Other(const Leaf& leaf, const WallTime& value);
  bool Other(const Leaf& leaf, const Mode& value);
  bool Other(const Leaf& leaf, const CapabilitySet& value);
  bool Other(const Leaf& leaf, const TextList& value);
  bool Other(const Leaf& leaf, const std::vector<std::string_view>& value);
  bool Other(const Leaf& leaf, const std::vector<CorrelatedMatch>& value);
  bool Other(const Leaf& leaf, AddressFamily value);
  bool Other(const Leaf& leaf, ContainerRuntime value);
  bool Other(const Leaf& leaf, Direction value);
  bool Other(const Leaf& leaf, Severity value);
  bool Other(const Leaf& leaf, StreamType value);
  template <typename T>
  bool Other(const Leaf&, const T&) {
    return Unfit();
  }
  static bool Unfit() { return false; }

  bool Unempty(std::string_view text);
  bool EpochMilliseconds(std::uint64_t boot_ns, std::int64_t offset_ns);
  void Technique(std::string_view technique);

  // A list, without those that are empty.
  class Items;

  EventWriter& w_;
  JsonWriter& json_;
  const Profile& profile_;
  const LineInput& in_;
  const Leaf* last_ = nullptr;  // the member that was written last
  bool first_ = true;           // none was, in the object that was begun last
  std::size_t depth_ = 0;       // of the objects that are open
  std::size_t common_ = 0;      // of these, those that the next member is in
};

template <typename T>
bool ProfileLine::Write(ProfileLine& line, const Leaf& leaf, const void* at) {
  const T& value = *static_cast<const T*>(at);
  if (leaf.as == As::kSame) {
    return (leaf.field->optional || !IsEmpty(value)) && line.Same(value, leaf.field->optional);
  }
  if constexpr (std::unsigned_integral<T> && !std::same_as<T, bool>) {
    return line.Number(leaf, value);
  } else if constexpr (std::signed_integral<T>) {
    return line.SignedNumber(leaf, value);
  } else if constexpr (std::convertible_to<T, std::string_view> || requires { value.view(); }) {
    return line.Text(leaf, ViewOf(value));
  } else {
    return line.Other(leaf, value);
  }
}

template <typename Struct>
void ProfileLine::WriteRest(ProfileLine& line, const void* object, const std::uint8_t* wanted) {
  VisitFields(*static_cast<const Struct*>(object), [&](const auto& field, const auto& value) {
    if (*wanted++ != 0) line.RestMember(field, value);
  });
}

template <typename Field, typename T>
void ProfileLine::RestMember(const Field& field, const T& value) {
  constexpr bool kOptional = !std::same_as<T, typename Within<T>::Type>;
  if (SaysNothing(value)) return;
  const std::size_t begin = json_.size();
  if (first_) [[unlikely]] {
    json_.Raw(field.json_key().substr(1));
  } else {
    json_.Raw(field.json_key());
  }
  w_.key_ = field.name();
  bool written;
  if constexpr (kOptional) {
    written = Same(*value, true);
  } else {
    written = Same(value, false);
  }
  if (written) {
    first_ = false;
  } else {
    json_.Rewind(begin);
  }
}

template <typename T>
bool ProfileLine::Same(const T& value, bool optional) {
  w_.nullable_ = optional;
  w_.Value(value);
  w_.nullable_ = false;
  if constexpr (std::same_as<T, Host>) return w_.host_json_ != "null";
  // A time that has no such form.
  return !std::same_as<T, WallTime> || json_.last() == '"';
}

}  // namespace randguard::profiles

#endif  // ANALYZER_OUTPUT_PROFILES_LINE_H_
