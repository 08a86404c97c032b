// SPDX-License-Identifier: Apache-2.0
#include "analyzer/output/profiles/line.h"

#include <sys/stat.h>

#include <algorithm>
#include <climits>

#include "analyzer/output/profiles/attack_tags.h"

namespace randguard::profiles {

class ProfileLine::Items {
 public:
  explicit Items(JsonWriter& json) : json_(json) {}
  void Next() { json_.Raw(count_++ == 0 ? '[' : ','); }
  // False: there were none.
  bool End() {
    if (count_ == 0) return false;
    json_.Raw(']');
    return true;
  }

 private:
  JsonWriter& json_;
  std::size_t count_ = 0;
};

void ProfileLine::Lay(const Layout& layout) {
  w_.Begin();
  json_.Raw('{');
  Members(layout.begin(), 0);
  Close(0);
  if (layout.keeps()) {
    Keep(layout);
  } else {
    LayKept(layout);
  }
  Members(layout.own(), 1);
  Close(1);
  w_.path_ = layout.own_path();
  for (const Layout::Rest& rest : layout.rest()) {
    rest.write(*this, in_.blocks[static_cast<std::size_t>(rest.block)], rest.wanted.data());
  }
  w_.path_.clear();
  w_.End();
  json_.last() = '}';
  json_.Raw('\n');
}

// The part that is the same for all events of the actor. It leaves the object open that has no
// other home.
void ProfileLine::Keep(const Layout& layout) {
  const bool keeps = w_.long_ == EventWriter::kLong;
  const std::string_view kept = keeps ? w_.actors_.Find(*in_.actor) : std::string_view();
  if (!kept.empty()) {
    json_.Raw(kept);
    depth_ = 1;
    first_ = json_.last() == '{';
    return;
  }
  const std::size_t raw = w_.raw_bytes_.size(), sizes = w_.sizes_.size();
  const std::size_t begin = json_.size();
  LayKept(layout);
  if (keeps && raw == w_.raw_bytes_.size() && sizes == w_.sizes_.size()) {
    w_.actors_.Keep(*in_.actor, json_.text().substr(begin));
  }
}

void ProfileLine::LayKept(const Layout& layout) {
  Members(layout.kept(), 0);
  Close(0);
  json_.Raw(layout.own_text());
  depth_ = 1;
  first_ = true;
  Members(layout.own_kept(), 1);
  Close(1);
}

// Members of `depth` objects that are open, and of others.
// Members of `depth` objects that are open, and of others.
void ProfileLine::Members(std::span<const Leaf> leaves, std::size_t depth) {
  common_ = depth;
  for (const Leaf& leaf : leaves) {
    if (leaf.common < common_) common_ = leaf.common;
    const void* value = nullptr;
    if (leaf.field != nullptr) {
      value = leaf.field->find(in_.blocks[static_cast<std::size_t>(leaf.block)]);
      if (value == nullptr && leaf.as != As::kFileName && leaf.as != As::kFileTypeId) continue;
    }
    const std::size_t begin = json_.size();
    Enter(leaf);
    const bool written = leaf.field == nullptr ? Computed(leaf)
                         : value == nullptr    ? Absent(leaf)
                                               : leaf.field->write(*this, leaf, value);
    if (!written) {
      json_.Rewind(begin);
      continue;
    }
    first_ = false;
    last_ = &leaf;
    depth_ = common_ = leaf.depth;
  }
}

// Ends the objects that the member is not in, begins those that it is in, and says its name.
inline void ProfileLine::Enter(const Leaf& leaf) {
  if (depth_ > common_) json_.Raw({last_->end.data(), last_->end_size[common_]});
  // Each begins with a comma.
  const char* const text = leaf.text + leaf.text_at[common_] + (first_ ? 1 : 0);
  const std::size_t size = leaf.text_size[common_] - (first_ ? 1U : 0U);
  if (size <= Leaf::kReadable) {
    json_.RawShort<Leaf::kReadable>(text, size);
  } else {
    json_.Raw({text, size});
  }
  w_.key_ = leaf.path;
}

void ProfileLine::Close(std::size_t depth) {
  if (depth_ > depth) json_.Raw({last_->end.data(), last_->end_size[depth]});
  depth_ = depth;
}

// --- values
// ----------------------------------------------------------------------------------------

bool ProfileLine::Computed(const Leaf& leaf) {
  switch (leaf.as) {
    case As::kConstant:
      json_.Raw(leaf.row.note);
      return true;
    case As::kSeq:
      w_.Count(w_.seq_);
      return true;
    case As::kBoot:
      if (w_.boot_valid_) json_.String(w_.boot_id_);
      return w_.boot_valid_;
    case As::kEventType:
      json_.String(in_.event_type);
      return true;
    case As::kLineId:
      w_.Short(w_.line_id_);
      w_.Count(w_.seq_);
      json_.Raw('"');
      return true;
    default:
      break;
  }
  if (leaf.as < As::kPart0 || leaf.as > As::kPart7) return Unfit();
  const std::string_view part =
      in_.parts.json[static_cast<std::size_t>(leaf.as) - static_cast<std::size_t>(As::kPart0)];
  json_.Raw(part);
  return !part.empty();
}

bool ProfileLine::Absent(const Leaf& leaf) {
  if (leaf.as == As::kFileTypeId) {
    json_.Raw('0');
  } else {
    w_.String(Base(TextBeside(leaf)));
  }
  return true;
}

std::string_view ProfileLine::TextBeside(const Leaf& leaf) const {
  const void* const value = Beside(leaf);
  return value == nullptr || leaf.other->text == nullptr ? std::string_view()
                                                         : leaf.other->text(value);
}

bool ProfileLine::Unempty(std::string_view text) {
  if (text.empty()) return false;
  w_.String(text);
  return true;
}

bool ProfileLine::Text(const Leaf& leaf, std::string_view value) {
  switch (leaf.as) {
    case As::kBase:
      return Unempty(Base(value));
    case As::kFolder:
      return Unempty(Folder(value));
    case As::kExtension:
      return Unempty(Extension(value));
    case As::kNameWithoutPath:
      return Beside(leaf) == nullptr && Unempty(value);
    case As::kFileName:
      // A file has to have a name: that in the path, else that in what the caller wrote.
      w_.String(Base(value.empty() ? TextBeside(leaf) : value));
      return true;
    case As::kSymlinkTarget:
      return TextBeside(leaf).starts_with("symlink") && Unempty(value);
    case As::kIp:
      if (!IsIp(value)) return false;
      json_.String(value);
      return true;
    case As::kNotIp:
      return !IsIp(value) && Unempty(value);
    case As::kTransport:
      if (ProtocolNumber(value) == 0) return false;
      json_.String(value);
      return true;
    case As::kProtocolNumber:
      if (ProtocolNumber(value) == 0) return false;
      profiles::Number(json_, ProtocolNumber(value), profile_.numbers_are_texts);
      return true;
    case As::kZero:
      json_.Raw('0');
      return true;
    case As::kOne:
      json_.Raw('1');
      return true;
    case As::kList:
      if (value.empty()) return false;
      json_.Raw('[');
      w_.String(value);
      json_.Raw(']');
      return true;
    default:
      return Unfit();
  }
}

bool ProfileLine::Number(const Leaf& leaf, std::uint64_t value) {
  switch (leaf.as) {
    case As::kText:
      json_.QuotedNumber(value);
      return true;
    case As::kLong:
      json_.Number(std::min<std::uint64_t>(value, INT64_MAX));
      return true;
    case As::kSeconds:
      json_.Number(value / 1'000'000'000);
      return true;
    case As::kMilliseconds:
      json_.Number(value / 1'000'000);
      return true;
    case As::kEpochMilliseconds:
      return EpochMilliseconds(value, w_.clock_offset_ns_);
    case As::kPort:
    case As::kNotPort:
      // May it stand in an endpoint? Those of some address families are longer than ports of IP.
      if ((leaf.as == As::kPort) != (value <= UINT16_MAX && !TextBeside(leaf).empty())) {
        return false;
      }
      json_.Number(value);
      return true;
    case As::kIsOwnPid:
      json_.Bool(value == in_.actor->pid);
      return true;
    case As::kOwnEntity:
      if (value != in_.actor->pid) return false;
      w_.Special(in_.actor->process_id);
      return true;
    default:
      return Unfit();
  }
}

bool ProfileLine::SignedNumber(const Leaf& leaf, std::int64_t /*value*/) {
  // Nothing is made of the argument: it may be a number of another namespace, or a descriptor.
  if (leaf.as != As::kUnknownTarget) return Unfit();
  if (Beside(leaf) != nullptr) return false;
  json_.Raw("\"Unknown\"");
  return true;
}

bool ProfileLine::EpochMilliseconds(std::uint64_t boot_ns, std::int64_t offset_ns) {
  // Unsigned: hostile clocks wrap, they do not overflow.
  json_.Number(static_cast<std::int64_t>(boot_ns + static_cast<std::uint64_t>(offset_ns)) /
               1'000'000);
  return true;
}

bool ProfileLine::Other(const Leaf& leaf, bool value) {
  if (leaf.as != As::kEnd || !value) return false;
  w_.Special(in_.actor->time);
  return json_.last() == '"';
}

bool ProfileLine::Other(const Leaf& leaf, const ProcessKey& value) {
  if (value.start_ns == 0) return false;
  if (leaf.as == As::kEpochMilliseconds) {
    return EpochMilliseconds(value.start_ns, w_.start_offset_ns_);
  }
  if (leaf.as != As::kStart) return Unfit();
  w_.Time(WallTime{value.start_ns}, w_.start_offset_ns_, w_.seconds_[1]);
  return json_.last() == '"';
}

bool ProfileLine::Other(const Leaf& leaf, const WallTime& value) {
  if (leaf.as != As::kEpochMilliseconds) return Unfit();
  return EpochMilliseconds(value.boot_ns, w_.clock_offset_ns_);
}

bool ProfileLine::Other(const Leaf& leaf, const Mode& value) {
  if (leaf.as == As::kPermissions) {
    Permissions(json_, value);
    return true;
  }
  if (leaf.as == As::kFileTypeId) {
    profiles::Number(json_, FileTypeId(value), false);
    return true;
  }
  if (leaf.as != As::kFileType) return Unfit();
  const std::string_view json = profile_.file_type_json(value);
  json_.Raw(json);
  return !json.empty();
}

bool ProfileLine::Other(const Leaf& leaf, const CapabilitySet& value) {
  if (leaf.as != As::kCapabilities) return Unfit();
  CapabilityNames(json_, value);
  return true;
}

bool ProfileLine::Other(const Leaf& leaf, const TextList& value) {
  if (leaf.as != As::kVariables) return Unfit();
  // In a line that is too long, there is only the list.
  if (w_.too_long_) return false;
  Items items(json_);
  ForEachItem(value.bytes, [&](std::string_view item) {
    items.Next();
    const std::size_t equals = item.find('=');
    json_.Raw("{\"name\":");
    json_.String(item.substr(0, equals));
    json_.Raw(",\"value\":");
    json_.String(equals == item.npos ? std::string_view() : item.substr(equals + 1));
    json_.Raw('}');
  });
  return items.End();
}

void ProfileLine::Technique(std::string_view technique) {
  json_.Raw("\"T");
  json_.StringPart(technique.substr(1));
  json_.Raw('"');
}

bool ProfileLine::Other(const Leaf& leaf, const std::vector<std::string_view>& value) {
  Items items(json_);
  switch (leaf.as) {
    case As::kFirst:
      return !value.empty() && Unempty(value.front());
    case As::kIfTechnique: {
      const auto is_known = [](std::string_view tag) {
        const AttackTag read = ReadAttackTag(tag);
        return read.tactic != nullptr || !read.technique.empty();
      };
      if (std::none_of(value.begin(), value.end(), is_known)) return false;
      json_.Raw("\"MITRE ATT&CK\"");
      return true;
    }
    case As::kTechniques:
    case As::kSubtechniques:
      ForEachTechnique(value, leaf.as == As::kSubtechniques, [&](std::string_view technique) {
        items.Next();
        Technique(technique);
      });
      return items.End();
    case As::kTacticNames:
    case As::kTacticIds:
      ForEachTactic(value, [&](const Tactic& tactic) {
        items.Next();
        json_.String(leaf.as == As::kTacticNames ? tactic.name : tactic.id);
      });
      return items.End();
    case As::kAttacks:
      ForEachTactic(value, [&](const Tactic& tactic) {
        items.Next();
        json_.Raw("{\"tactic\":{\"name\":");
        json_.String(tactic.name);
        json_.Raw(",\"uid\":");
        json_.String(tactic.id);
        json_.Raw("}}");
      });
      for (const bool sub : {false, true}) {
        ForEachTechnique(value, sub, [&](std::string_view technique) {
          items.Next();
          json_.Raw(sub ? "{\"sub_technique\":{\"uid\":" : "{\"technique\":{\"uid\":");
          Technique(technique);
          json_.Raw("}}");
        });
      }
      return items.End();
    default:
      return Unfit();
  }
}

bool ProfileLine::Other(const Leaf& leaf, const std::vector<CorrelatedMatch>& value) {
  if (leaf.as != As::kUids) return Unfit();
  Items items(json_);
  for (const CorrelatedMatch& match : value) {
    items.Next();
    json_.Raw("{\"uid\":");
    w_.Special(match.event_id);
    json_.Raw('}');
  }
  return items.End();
}

bool ProfileLine::Other(const Leaf& leaf, AddressFamily value) {
  if (value != AddressFamily::kIpv4 && value != AddressFamily::kIpv6) return false;
  if (leaf.as == As::kIpFamily) {
    json_.Raw(JsonOf(value));
    return true;
  }
  if (leaf.as != As::kIpVersion) return Unfit();
  json_.Raw(value == AddressFamily::kIpv4 ? '4' : '6');
  return true;
}

bool ProfileLine::Other(const Leaf& leaf, ContainerRuntime value) {
  if (leaf.as != As::kRuntime || Beside(leaf) == nullptr) return false;
  json_.Raw(JsonOf(value));
  return true;
}

bool ProfileLine::Other(const Leaf& leaf, Direction value) {
  if (leaf.as != As::kDirection) return Unfit();
  json_.Raw(profile_.direction_json(value));
  return true;
}

bool ProfileLine::Other(const Leaf& leaf, Severity value) {
  if (leaf.as == As::kSeverityName) {
    json_.Raw(profile_.severity_json(value));
    return true;
  }
  if (leaf.as != As::kSeverity) return Unfit();
  json_.Number(profile_.severity_number(value));
  return true;
}

bool ProfileLine::Other(const Leaf& leaf, StreamType value) {
  if (leaf.as != As::kIsTerminal) return Unfit();
  json_.Bool(value == StreamType::kTerminal && Beside(leaf) != nullptr);
  return true;
}

}  // namespace randguard::profiles
