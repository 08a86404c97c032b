// SPDX-License-Identifier: Apache-2.0
//
// The layout of a line in another schema: what stands where in which objects, each object once. Put
// in order when the first line of its kind is written.
#ifndef ANALYZER_OUTPUT_PROFILES_LAYOUT_H_
#define ANALYZER_OUTPUT_PROFILES_LAYOUT_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/output/profiles/fields.h"
#include "analyzer/output/profiles/row.h"

namespace randguard::profiles {

// Events whose layout depends on what they say have several; a profile says which. Each is a
// variant, by number.
template <typename Event>
inline constexpr int kVariants = 1;

// A member of the line, with where its value comes from.
struct Leaf {
  static constexpr std::size_t kDepthMax = 8;
  static constexpr std::size_t kReadable = 32;

  // --- what is looked at for each line ---

  const FieldEntry* field = nullptr;  // null: the value is computed
  // `,"outer":{"inner":{"key":`, and then what is missing if the member before has left some of
  // these objects open: `,"inner":{"key":`, `,"key":`. Each can be read for kReadable bytes.
  const char* text = nullptr;
  std::array<std::uint8_t, kDepthMax + 1> text_at{}, text_size{};
  std::uint8_t depth = 0;   // how many objects it lies in
  std::uint8_t common = 0;  // how many of these the leaf before lies in, too
  Block block = Block::kLine;
  As as = As::kSame;
  // JSON Pointer, without the first slash: EventWriter's key, in an empty path.
  std::string_view path;

  // --- the rest ---

  // `}]}`, and how much of it ends all but so many objects.
  std::string end;
  std::array<std::uint8_t, kDepthMax + 1> end_size{};
  // Another field that the value depends on.
  Block other_block = Block::kLine;
  const FieldEntry* other = nullptr;
  Row row;
  std::string_view folder, key;  // `row.to` without its last part, and that

  std::string_view top() const { return Part(0); }
  // The name of an object it lies in; of the last level, the member's own.
  std::string_view Part(std::size_t level) const;
  bool is_moment() const;
  // Is it the same for all events of an actor?
  bool is_kept() const;
  // Has the field no home?
  bool is_rest() const { return row.to.ends_with(".*"); }
};

// The parts of a profile that the order of a line depends on.
struct Schema {
  std::string_view own;  // the object for what has no home
  // The rows by which the actor's text is kept.
  std::span<const Row> actor_rows, line_rows;
};

// A layout is made of the fields of these.
struct Structs {
  FieldTable actor, call, own, object;
};

class Layout {
 public:
  Layout(const Schema& schema, Rows rows, const Structs& structs);
  // Leaves point to its texts.
  Layout(const Layout&) = delete;
  Layout(Layout&&) = default;

  // Members in order: others, those that are the same for all events of an actor, and in the object
  // for what has no home, again those, then others. Behind them comes the rest.
  std::span<const Leaf> begin() const { return Part(0, kept_begin_); }
  std::span<const Leaf> kept() const { return Part(kept_begin_, own_kept_begin_); }
  std::span<const Leaf> own_kept() const { return Part(own_kept_begin_, own_begin_); }
  std::span<const Leaf> own() const { return Part(own_begin_, leaves_.size()); }
  // Fields of a struct that have no home, and are not kept.
  struct Rest {
    Block block;
    decltype(FieldTable::write_rest) write;
    std::vector<std::uint8_t> wanted;
  };
  std::span<const Rest> rest() const { return rest_; }
  // "/own"
  const std::string& own_path() const { return own_path_; }
  // Is all that is said of the actor in the kept parts, as in other events?
  bool keeps() const { return keeps_; }
  // `,"own":{`
  std::string_view own_text() const { return own_text_; }

  // Says what is wrong with the rows; empty: nothing. For tests: it takes its time.
  std::string Fault(const Schema& schema) const;

 private:
  std::span<const Leaf> Part(std::size_t begin, std::size_t end) const {
    return std::span(leaves_).subspan(begin, end - begin);
  }
  void Add(std::span<const Row> rows, std::span<const FieldEntry> fields, Block block);
  void Order(const Schema& schema);
  void FindOther(Leaf& leaf, const Structs& structs);
  void Write(std::span<Leaf> part, std::size_t common);

  void TakeRest(const Structs& structs);

  std::vector<Leaf> leaves_;
  std::vector<Leaf> rest_leaves_;
  std::vector<Rest> rest_;
  std::size_t kept_begin_ = 0, own_kept_begin_ = 0, own_begin_ = 0;
  bool keeps_ = false;
  std::string own_text_, own_path_;
  std::deque<std::string> texts_;  // of leaves
  std::string fault_;              // of a row alone
};

}  // namespace randguard::profiles

#endif  // ANALYZER_OUTPUT_PROFILES_LAYOUT_H_
