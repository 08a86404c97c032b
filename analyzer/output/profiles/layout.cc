// SPDX-License-Identifier: Apache-2.0
#include "analyzer/output/profiles/layout.h"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <utility>

#include "analyzer/output/json/actor_texts.h"

namespace randguard::profiles {
namespace {

// Does a row of the table name the field, or a member of it?
bool IsNamed(std::span<const Row> rows, std::string_view field) {
  return std::any_of(rows.begin(), rows.end(), [&](const Row& row) {
    return row.field == field ||
           (row.field.starts_with(field) && row.field.substr(field.size()).starts_with('.'));
  });
}

std::size_t Common(const Leaf& a, const Leaf& b) {
  std::size_t common = 0;
  while (common < a.depth && common < b.depth && a.Part(common) == b.Part(common)) ++common;
  return common;
}

// By path, part by part: members of an object stand side by side.
bool IsBefore(const Leaf& a, const Leaf& b) {
  const std::size_t common = Common(a, b);
  return a.Part(common) < b.Part(common);
}

// Several leaves may have one place in the line if only one of them is ever there.
bool IsAlternative(As as) { return as == As::kNameWithoutPath || as == As::kUnknownTarget; }

bool AreSame(std::span<const Row> a, std::span<const Row> b) { return a.data() == b.data(); }

}  // namespace

std::string_view Leaf::Part(std::size_t level) const {
  std::string_view rest = row.to;
  if (level == depth) return key;
  for (; level > 0; --level) rest.remove_prefix(rest.find('.') + 1);
  return rest.substr(0, rest.find('.'));
}

bool Leaf::is_moment() const { return block == Block::kActor && ActorTexts::IsMoment(row.field); }

bool Leaf::is_kept() const {
  return (block == Block::kActor && !is_moment()) ||
         (block == Block::kLine && (row.as == As::kConstant || row.as == As::kBoot));
}

Layout::Layout(const Schema& schema, Rows rows, const Structs& structs) {
  own_text_ = ",\"" + std::string(schema.own) + "\":{";
  own_path_ = "/" + std::string(schema.own);
  // Rows for calls are the same for events of all kinds, also those without one.
  if (structs.call.entries.empty()) rows.call = {};
  if (structs.object.entries.empty()) rows.object = {};
  Add(rows.line, {}, Block::kLine);
  Add(rows.actor, structs.actor.entries, Block::kActor);
  Add(rows.call, structs.call.entries, Block::kCall);
  Add(rows.own, structs.own.entries, Block::kOwn);
  Add(rows.object, structs.object.entries, Block::kObject);
  for (Leaf& leaf : leaves_) FindOther(leaf, structs);
  TakeRest(structs);
  Order(schema);
  if (AreSame(rows.actor, schema.actor_rows) && AreSame(rows.line, schema.line_rows) &&
      own_kept_begin_ != own_begin_) {
    keeps_ = std::all_of(leaves_.begin(), leaves_.begin() + static_cast<long>(kept_begin_),
                         [&](const Leaf& leaf) {
                           if (!leaf.is_kept()) return true;
                           // It is beside something else in all other events, too.
                           return leaf.block != Block::kActor &&
                                  std::any_of(leaves_.begin(), leaves_.end(), [&](const Leaf& l) {
                                    return l.top() == leaf.top() && !l.is_kept() &&
                                           (l.block == Block::kActor || l.block == Block::kLine);
                                  });
                         });
  }
  const std::span<Leaf> all(leaves_);
  Write(all.subspan(0, kept_begin_), 0);
  Write(all.subspan(kept_begin_, own_kept_begin_ - kept_begin_), 0);
  Write(all.subspan(own_kept_begin_, own_begin_ - own_kept_begin_), 1);
  Write(all.subspan(own_begin_), 1);
}

void Layout::Add(std::span<const Row> rows, std::span<const FieldEntry> fields, Block block) {
  const auto add = [&](const Row& row, std::string_view key, const FieldEntry* field) {
    Leaf& leaf = leaves_.emplace_back();
    leaf.row = row;
    leaf.as = row.as;
    const std::size_t dot = row.to.rfind('.');
    leaf.folder = dot == row.to.npos ? std::string_view() : row.to.substr(0, dot);
    leaf.key = key;
    leaf.block = block;
    leaf.field = field;
    leaf.depth = static_cast<std::uint8_t>(std::count(row.to.begin(), row.to.end(), '.'));
  };
  for (const Row& row : rows) {
    if (row.field == "*") {
      for (const FieldEntry& field : fields) {
        if (field.name.find('.') != field.name.npos || IsNamed(rows, field.name)) continue;
        Row rest = row;
        rest.field = field.name;
        add(rest, field.name, &field);
      }
    } else if (!row.to.empty()) {
      const FieldEntry* const field = FindEntry(fields, row.field);
      if (field == nullptr && !row.field.empty()) {
        fault_ = "there is no field " + std::string(row.field);
        continue;
      }
      add(row, row.to.substr(row.to.rfind('.') + 1), field);
    }
  }
}

void Layout::FindOther(Leaf& leaf, const Structs& structs) {
  const std::span<const FieldEntry> of_block[kBlocks] = {
      {}, structs.actor.entries, structs.call.entries, structs.own.entries, structs.object.entries};
  bool is_needed = true;
  const auto use = [&](Block block, std::string_view name) {
    if (leaf.other != nullptr) return;
    leaf.other_block = block;
    leaf.other = FindEntry(of_block[static_cast<std::size_t>(block)], name);
  };
  const std::string_view field = leaf.row.field;
  switch (leaf.row.as) {
    case As::kNameWithoutPath:
      // By whose last part the process is named where it is known.
      if (field == "parent_comm") {
        use(leaf.block, "parent_exe_path");
      } else if (field == "target.comm") {
        use(leaf.block, "target.exe_path");
      } else {
        use(leaf.block, "exe_path");
        use(Block::kActor, "exe_path");  // a child runs its parent's program
      }
      break;
    case As::kPort:
    case As::kNotPort:
      use(leaf.block, field == "local_port"    ? "local_addr"
                      : field == "remote_port" ? "remote_addr"
                                               : "addr");
      break;
    case As::kRuntime:
      use(leaf.block, "container_id");
      break;
    case As::kUnknownTarget:
      use(leaf.block, "target.pid");
      break;
    case As::kIsTerminal:
      use(leaf.block, "tty");
      break;
    case As::kSymlinkTarget:
      use(Block::kCall, "syscall");
      break;
    case As::kFileName:
      // As the caller wrote it.
      use(Block::kOwn, field == "old_resolved_path" ? "old_filename" : "new_filename");
      use(Block::kOwn, "filename");
      use(Block::kOwn, "target");
      use(Block::kOwn, "module");
      is_needed = false;
      break;
    default:
      return;
  }
  if (is_needed && leaf.other == nullptr) {
    fault_ = std::string(field) + " needs a field that there is not";
  }
}

// These need no order, and are written as the native line has them.
void Layout::TakeRest(const Structs& structs) {
  const auto take = [&](Block block, const FieldTable& table) {
    Rest rest{block, table.write_rest, {}};
    bool any = false;
    for (const FieldEntry& entry : table.entries) {
      if (entry.name.find('.') != entry.name.npos) continue;
      const auto found = std::find_if(leaves_.begin(), leaves_.end(), [&](const Leaf& leaf) {
        return leaf.is_rest() && leaf.field == &entry && !leaf.is_kept();
      });
      rest.wanted.push_back(found == leaves_.end() ? 0 : 1);
      if (found == leaves_.end()) continue;
      any = true;
      rest_leaves_.push_back(*found);
      leaves_.erase(found);
    }
    if (any) rest_.push_back(std::move(rest));
  };
  take(Block::kActor, structs.actor);
  take(Block::kCall, structs.call);
  take(Block::kOwn, structs.own);
  take(Block::kObject, structs.object);
}

// All of a top-level member is kept, or nothing; what has no home of its own comes last, and of
// that first what is kept.
void Layout::Order(const Schema& schema) {
  std::stable_sort(leaves_.begin(), leaves_.end(), IsBefore);
  const auto rank = [&](const Leaf& leaf) {
    if (leaf.top() == schema.own && leaf.depth > 0) return leaf.is_kept() ? 2 : 3;
    const bool all_kept = std::all_of(leaves_.begin(), leaves_.end(), [&](const Leaf& other) {
      return other.top() != leaf.top() || other.is_kept();
    });
    return all_kept ? 1 : 0;
  };
  std::vector<Leaf> ranked;
  ranked.reserve(leaves_.size());
  std::size_t* const begins[] = {&kept_begin_, &own_kept_begin_, &own_begin_};
  for (int i = 0; i <= 3; ++i) {
    if (i > 0) *begins[i - 1] = ranked.size();
    std::copy_if(leaves_.begin(), leaves_.end(), std::back_inserter(ranked),
                 [&](const Leaf& leaf) { return rank(leaf) == i; });
  }
  leaves_ = std::move(ranked);
}

// The text before each member, behind one that lies in `common` of the same objects.
void Layout::Write(std::span<Leaf> part, std::size_t common) {
  const Leaf* before = nullptr;
  for (Leaf& leaf : part) {
    leaf.common = static_cast<std::uint8_t>(before == nullptr ? common : Common(*before, leaf));
    before = &leaf;
    if (leaf.depth > Leaf::kDepthMax) {
      fault_ = "too deep: " + std::string(leaf.row.to);
      continue;
    }
    // A part "name[]" is a list with one object.
    const auto is_list = [&](std::size_t level) { return leaf.Part(level).ends_with("[]"); };
    const auto name = [&](std::size_t level) {
      return leaf.Part(level).substr(0, leaf.Part(level).size() - (is_list(level) ? 2 : 0));
    };
    std::string& text = texts_.emplace_back();
    std::string& path = texts_.emplace_back();
    for (std::size_t from = 0; from <= leaf.depth; ++from) {
      const std::size_t begin = text.size();
      for (std::size_t level = from; level <= leaf.depth; ++level) {
        text += level == from ? ",\"" : "\"";
        text += level == leaf.depth ? leaf.key : name(level);
        text += level == leaf.depth ? "\":" : is_list(level) ? "\":[{" : "\":{";
      }
      leaf.text_at[from] = static_cast<std::uint8_t>(begin);
      leaf.text_size[from] = static_cast<std::uint8_t>(text.size() - begin);
    }
    if (text.size() > UINT8_MAX) fault_ = "too long: " + std::string(leaf.row.to);
    for (std::size_t level = 0; level <= leaf.depth; ++level) {
      path += level == leaf.depth ? leaf.key : name(level);
      if (level != leaf.depth) path += is_list(level) ? "/0/" : "/";
    }
    text.append(Leaf::kReadable, '\0');
    leaf.text = text.data();
    leaf.path = path;
    for (std::size_t level = leaf.depth; level > 0; --level) {
      leaf.end += is_list(level - 1) ? "}]" : "}";
      leaf.end_size[level - 1] = static_cast<std::uint8_t>(leaf.end.size());
    }
  }
}

// No member is there twice or lies in another one that is no object, and no object is opened a
// second time.
std::string Layout::Fault(const Schema& schema) const {
  std::string found = fault_;
  const auto fault = [&](const Leaf& leaf, std::string_view what) {
    found =
        std::string(leaf.row.field) + " to " + std::string(leaf.row.to) + ": " + std::string(what);
  };
  for (const Leaf& a : rest_leaves_) {
    for (const std::vector<Leaf>* others : {&leaves_, &rest_leaves_}) {
      for (const Leaf& b : *others) {
        if (&a != &b && b.depth > 0 && b.top() == schema.own && b.Part(1) == a.key) {
          fault(a, "is there twice");
        }
      }
    }
  }
  for (std::size_t i = 0; i < leaves_.size(); ++i) {
    const Leaf& a = leaves_[i];
    if (i + 1 < leaves_.size()) {
      const Leaf& b = leaves_[i + 1];
      if (a.key == b.key && a.folder == b.folder) {
        if (!IsAlternative(a.row.as) && !IsAlternative(b.row.as)) fault(b, "is there twice");
      }
    }
    for (std::size_t j = i + 1; j < leaves_.size(); ++j) {
      const Leaf& b = leaves_[j];
      const std::size_t common = Common(a, b);
      if ((common == a.depth && b.depth > a.depth && b.Part(common) == a.key) ||
          (common == b.depth && a.depth > b.depth && a.Part(common) == b.key)) {
        fault(b, "is an object and is none");
      }
      // The objects that two have in common are those of all between them.
      for (std::size_t k = i; k <= j; ++k) {
        const bool both_own = a.top() == schema.own && common > 0;
        if (Common(a, leaves_[k]) < (both_own ? std::size_t{1} : common)) {
          fault(b, "its object was ended before");
        }
      }
      if (a.top() == schema.own && common > 1 && a.is_kept() != b.is_kept()) {
        fault(b, "its object was ended before");
      }
    }
  }
  if (own_kept_begin_ == leaves_.size() && rest_.empty())
    found = "nothing is in " + std::string(schema.own);
  return found;
}

}  // namespace randguard::profiles
