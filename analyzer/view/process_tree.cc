// SPDX-License-Identifier: Apache-2.0
#include "analyzer/view/process_tree.h"

#include <algorithm>
#include <charconv>
#include <utility>
#include <variant>

#include "absl/hash/hash.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"
#include "analyzer/base/status.h"
#include "analyzer/base/terminal_text.h"
#include "analyzer/view/event_hash.h"
#include "analyzer/view/glance.h"

namespace randguard {
namespace {

constexpr std::size_t kBootsMax = 4096;
constexpr std::size_t kBootDigits = 16;

// As in process_id and event_id.
std::string BootDigits(std::string_view boot_id) {
  std::string digits;
  for (const char c : boot_id) {
    if (c != '-' && digits.size() < kBootDigits) digits += c;
  }
  return digits;
}

std::string Kept(std::string_view text) { return ShortText(text, ProcessTree::kTextMax); }
std::string KeptName(std::string_view text) { return ShortText(text, ProcessTree::kNameMax); }

template <typename T>
std::optional<T> ParseNumber(std::string_view text, int base) {
  T value{};
  const char* const end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, value, base);
  if (error != std::errc() || at != end || text.empty()) return std::nullopt;
  return value;
}

// "BOOT-FIRST-SECOND", as processes and events are called.
struct IdParts {
  std::string_view boot, first, second;
};
std::optional<IdParts> SplitId(std::string_view text) {
  const std::size_t one = text.find('-');
  const std::size_t two = one == text.npos ? text.npos : text.find('-', one + 1);
  if (two == text.npos) return std::nullopt;
  return IdParts{text.substr(0, one), text.substr(one + 1, two - one - 1), text.substr(two + 1)};
}

}  // namespace

ProcessTree::Index ProcessTree::FindOrAdd(const ProcessKey& key) {
  const Id id{boot_, key};
  if (const auto found = by_id_.find(id); found != by_id_.end()) return found->second;
  if (processes_.size() >= kProcessesMax) {
    ++left_out_;
    return kNone;
  }
  const auto index = static_cast<Index>(processes_.size());
  Process& process = processes_.emplace_back();
  process.boot = boot_;
  process.key = key;
  by_id_.emplace(id, index);
  return index;
}

ProcessTree::Index ProcessTree::Of(const ProcessKey& key) const {
  const auto found = by_id_.find(Id{boot_, key});
  return found == by_id_.end() ? kNone : found->second;
}

void ProcessTree::SetParent(Index child, const ProcessKey& parent) {
  if (child == kNone || parent.pid == 0 || processes_[child].parent != kNone) return;
  const Index index = FindOrAdd(parent);
  if (index == kNone || index == child) return;
  processes_[child].parent = index;
  processes_[index].children.push_back(child);
}

ProcessTree::Index ProcessTree::Note(const Actor& actor) {
  const Index index = FindOrAdd(actor.process_id);
  if (index == kNone) return index;
  Process& process = processes_[index];
  process.uid = actor.uid;
  if (process.comm.empty()) process.comm = KeptName(actor.comm);
  if (process.command_line.empty()) process.command_line = Kept(actor.exe_path.value_or(""));
  SetParent(index, actor.parent_process_id.value_or(ProcessKey{}));
  return index;
}

void ProcessTree::NoteAct(Index of, const LineContent& line) {
  if (of == kNone) return;
  const Glance glance = GlanceAt(line.event);
  Process& process = processes_[of];
  const auto* const alert = std::get_if<Alert>(&line.event);
  std::vector<Act>& acts = alert != nullptr ? process.alerts : process.acts;
  const std::uint64_t whole =
      absl::HashOf(absl::string_view(glance.what), absl::string_view(glance.object),
                   absl::string_view(glance.result));
  for (Act& act : acts) {
    if (act.whole != whole) continue;
    ++act.count;
    return;
  }
  Act act{.time_ns = RealTimeOf(line),
          .what = KeptName(glance.what),
          .object = Kept(glance.object),
          .result = KeptName(glance.result),
          .mark = MarkOf(line.event, glance.failed),
          .count = 1,
          .whole = whole,
          .alert = {}};
  if (alert != nullptr) {
    act.alert = alert->severity;
    if (acts.size() >= kAlertsOfOneMax || alerts_ >= kAlertsMax) {
      ++process.more_alerts;
      // The worst ones stay.
      const auto least = std::min_element(
          acts.begin(), acts.end(), [](const Act& a, const Act& b) { return *a.alert < *b.alert; });
      if (least == acts.end() || *least->alert >= alert->severity) return;
      *least = std::move(act);
      return;
    }
    ++alerts_;
  } else {
    if (acts.size() >= kActsOfOneMax || acts_ >= kActsMax) {
      ++process.more_acts;
      return;
    }
    ++acts_;
  }
  acts.push_back(std::move(act));
}

void ProcessTree::NoteStart(const ProcessStart& event, const LineContent& line) {
  const Actor& actor = event.actor;
  const Index index = FindOrAdd(actor.process_id);
  if (index == kNone) return;
  if (event.creator_process_id.has_value()) {
    const Index creator = FindOrAdd(*event.creator_process_id);
    if (creator != kNone && processes_[creator].comm.empty()) {
      processes_[creator].comm = KeptName(event.creator_comm.value_or(""));
      processes_[creator].command_line = Kept(event.creator_exe_path.value_or(""));
    }
    SetParent(index, *event.creator_process_id);
  } else if (actor.parent_process_id.has_value()) {
    const Index parent = FindOrAdd(*actor.parent_process_id);
    if (parent != kNone && processes_[parent].comm.empty()) {
      processes_[parent].comm = KeptName(event.parent_comm.value_or(""));
      processes_[parent].command_line = Kept(event.parent_exe_path.value_or(""));
    }
  }
  // Whatever it ran before is something that it did.
  if (processes_[index].started) NoteAct(index, line);
  Note(actor);
  Process& process = processes_[index];
  process.started = true;
  process.comm = KeptName(actor.comm);
  process.user = KeptName(event.user.value_or(""));
  process.command_line = Kept(GlanceAt(line.event).object);
  if (process.start_ns == 0) process.start_ns = RealTimeOf(line);
}

void ProcessTree::NoteAlert(const Alert& alert, const LineContent& line) {
  const Index index = FindOrAdd(alert.process_id);
  if (index == kNone) return;
  {
    Process& process = processes_[index];
    if (process.comm.empty()) process.comm = KeptName(alert.comm);
    if (process.command_line.empty()) {
      process.command_line = Kept(alert.command_line.value_or(alert.exe_path.value_or("")));
    }
    process.uid = alert.uid;
    if (process.user.empty()) process.user = KeptName(alert.user.value_or(""));
  }
  SetParent(index, alert.parent_process_id.value_or(ProcessKey{}));
  NoteAct(index, line);
  if (raised_.size() >= kAlertsMax) raised_.pop_front();
  raised_.push_back({Kept(alert.rule_id), boot_, alert.event_id, index});
}

void ProcessTree::Add(const LineContent& line) {
  const std::string boot = BootDigits(line.boot_id);
  if (boots_.empty() || boots_[boot_] != boot) {
    const auto found = std::find(boots_.begin(), boots_.end(), boot);
    boot_ = static_cast<std::uint32_t>(found - boots_.begin());
    if (found == boots_.end()) {
      if (boots_.size() >= kBootsMax) {
        boot_ = 0;
        ++left_out_;
        return;
      }
      boots_.push_back(boot);
    }
  }
  if (const auto* const start = std::get_if<ProcessStart>(&line.event)) {
    NoteStart(*start, line);
    NoteEvent(FindOrAdd(start->actor.process_id), start->actor.event_id);
  } else if (const auto* const fork = std::get_if<ProcessRelationship>(&line.event)) {
    NoteChild(*fork, line);
  } else if (const auto* const exit = std::get_if<ProcessExit>(&line.event)) {
    const Index index = Note(exit->actor);
    if (index == kNone || !exit->group_dead) return;
    processes_[index].end_ns = RealTimeOf(line);
    processes_[index].exit = KeptName(GlanceAt(line.event).result);
  } else if (const auto* const alert = std::get_if<Alert>(&line.event)) {
    NoteAlert(*alert, line);
  } else if (const Actor* const actor = ActorOf(line.event)) {
    const Index index = Note(*actor);
    NoteAct(index, line);
    NoteEvent(index, actor->event_id);
  }
}

void ProcessTree::NoteEvent(Index of, const EventId& id) {
  if (of != kNone && by_event_.size() < kActsMax) by_event_.emplace(HashOf(boot_, id), of);
}

void ProcessTree::NoteChild(const ProcessRelationship& event, const LineContent& line) {
  Note(event.actor);
  if (event.thread) return;
  const Index child = FindOrAdd(event.child_process_id);
  SetParent(child, event.actor.process_id);
  if (child == kNone) return;
  Process& made = processes_[child];
  if (made.comm.empty()) made.comm = KeptName(event.child_comm);
  if (made.start_ns == 0) made.start_ns = RealTimeOf(line);
  if (made.command_line.empty() && made.parent != kNone) {
    made.command_line = processes_[made.parent].command_line;
  }
  if (!made.uid.has_value()) made.uid = event.actor.uid;
}

std::string ProcessTree::ProcessId(Index index) const {
  const Process& process = processes_[index];
  return absl::StrFormat("%s-%d-%x", boots_[process.boot], process.key.pid, process.key.start_ns);
}

absl::StatusOr<ProcessTree::Index> ProcessTree::FindPid(std::uint32_t pid,
                                                        std::vector<std::string>& others) const {
  std::vector<Index> found;
  for (Index i = 0; i < processes_.size(); ++i) {
    if (processes_[i].key.pid == pid) found.push_back(i);
  }
  if (found.empty()) return InvalidInput("no line tells of a process with the pid %d", pid);
  // Boots come in the order of their lines.
  std::sort(found.begin(), found.end(), [&](Index a, Index b) {
    const Process &one = processes_[a], &other = processes_[b];
    return std::pair(one.boot, one.key.start_ns) < std::pair(other.boot, other.key.start_ns);
  });
  const Index last = found.back();
  found.pop_back();
  for (const Index index : found) others.push_back(ProcessId(index));
  return last;
}

absl::StatusOr<ProcessTree::Index> ProcessTree::FindId(std::string_view text) const {
  const auto parts = SplitId(text);
  if (!parts.has_value()) return InvalidInput("nothing is called so");
  for (std::uint32_t boot = 0; boot < boots_.size(); ++boot) {
    if (boots_[boot] != parts->boot) continue;
    const auto pid = ParseNumber<std::uint32_t>(parts->first, 10);
    const auto start = ParseNumber<std::uint64_t>(parts->second, 16);
    if (pid.has_value() && start.has_value()) {
      const auto found = by_id_.find(Id{boot, {*pid, *start}});
      if (found != by_id_.end()) return found->second;
    }
    const auto life = ParseNumber<std::uint64_t>(parts->first, 16);
    const auto record = ParseNumber<std::uint64_t>(parts->second, 10);
    if (!life.has_value() || !record.has_value()) continue;
    const EventId event{*life, *record};
    for (const Raised& raised : raised_) {
      if (raised.boot == boot && raised.event_id == event) return raised.process;
    }
    const auto found = by_event_.find(HashOf(boot, event));
    if (found != by_event_.end()) return found->second;
  }
  return InvalidInput("no line tells of a process, an alert or an event that is called %s",
                      EscapedForTerminal(text));
}

absl::StatusOr<ProcessTree::Index> ProcessTree::Find(std::string_view what,
                                                     std::vector<std::string>& others) const {
  if (const auto pid = ParseNumber<std::uint32_t>(what, 10)) return FindPid(*pid, others);
  if (what.starts_with('{')) {
    LineReader reader;
    RG_ASSIGN_OR_RETURN(const LineContent* const line, reader.Read(what));
    const auto who = WhoOf(line->event);
    if (!who.has_value()) return InvalidInput("the line is of no process");
    const ProcessKey key = who->process_id;
    const std::string boot = BootDigits(line->boot_id);
    return FindId(absl::StrFormat("%s-%d-%x", boot, key.pid, key.start_ns));
  }
  for (auto raised = raised_.rbegin(); raised != raised_.rend(); ++raised) {
    if (raised->rule_id == what) return raised->process;
  }
  if (SplitId(what).has_value()) return FindId(what);
  return InvalidInput(
      "%s is no pid, no process_id, no event_id, and no rule that has raised an alert in these "
      "lines",
      EscapedForTerminal(what));
}

// One picture.
class ProcessTree::Drawing {
 public:
  Drawing(const ProcessTree& tree, const Screen& screen,
          const std::function<bool(std::string_view)>& print)
      : tree_(tree),
        screen_(screen),
        print_(print),
        levels_(screen.columns == 0 ? kLevels
                                    : std::min(kLevels, screen.columns / kColumnsPerLevel)),
        drawn_(tree.size(), false) {}

  void Draw(Index of) {
    drawn_[of] = true;
    std::vector<Index> above;
    for (Index at = tree_.processes_[of].parent; at != kNone && !drawn_[at];
         at = tree_.processes_[at].parent) {
      drawn_[at] = true;
      above.push_back(at);
    }
    // The nearest ones say most.
    const std::size_t shown = std::min(above.size(), levels_ / 2);
    if (shown < above.size()) {
      Line("", absl::StrFormat("%d further ancestors", above.size() - shown), Colour::kDim);
    }
    std::string indent;
    for (std::size_t i = shown; i-- > 0;) {
      Title(tree_.processes_[above[i]], indent.empty() ? indent : indent + Corner(), false);
      indent += indent.empty() ? " " : "   ";
    }
    const std::string first = indent.empty() ? "" : indent + Corner();
    if (!indent.empty()) indent += "   ";
    Subtree(of, first, indent, /*level=*/shown, /*depth=*/0);
  }

 private:
  static constexpr std::size_t kLevels = 24;          // further ones are drawn below each other
  static constexpr std::size_t kColumnsPerLevel = 8;  // of which three indent
  static constexpr std::size_t kDepthMax = 256;
  static constexpr std::size_t kChildrenMax = 100;
  static constexpr std::size_t kWhat = 9;

  const char* Corner() const { return screen_.unicode ? "└─ " : "`- "; }
  const char* Branch() const { return screen_.unicode ? "├─ " : "|- "; }
  const char* Beam() const { return screen_.unicode ? "│  " : "|  "; }
  // In front of a process whose parent stands right above, for want of room to indent it.
  static constexpr const char* kBelow = "=> ";

  void Line(std::string_view indent, std::string_view text, Colour colour) {
    if (!goes_on_) return;
    std::string whole(indent);
    const std::size_t room = screen_.columns == 0
                                 ? SIZE_MAX
                                 : screen_.columns - std::min(screen_.columns, ColumnsOf(indent));
    goes_on_ = print_(whole + Coloured(colour, CutEnd(text, room, screen_), screen_));
  }

  void Title(const Process& process, const std::string& indent, bool chosen) {
    const std::string_view name = process.comm.empty() ? std::string_view("?") : process.comm;
    std::string text = absl::StrFormat("%s[%d]", Harmless(name, screen_), process.key.pid);
    if (!process.user.empty()) {
      text += " " + Harmless(process.user, screen_);
    } else if (process.uid.has_value()) {
      absl::StrAppendFormat(&text, " uid %d", *process.uid);
    }
    std::string times;
    if (process.start_ns != 0) times = "  " + ClockText(process.start_ns, false);
    if (process.end_ns != 0) {
      absl::StrAppendFormat(&times, "%s..%s, %s", process.start_ns == 0 ? "  " : "",
                            ClockText(process.end_ns, false), Harmless(process.exit, screen_));
    }
    std::string command = Harmless(process.command_line, screen_);
    if (!command.empty()) command = "  " + command;
    if (screen_.columns != 0) {
      const std::size_t used = ColumnsOf(indent) + ColumnsOf(text) + ColumnsOf(times);
      command = CutEnd(command, screen_.columns - std::min(screen_.columns, used), screen_);
    }
    Line(indent, text + command + times, chosen ? Colour::kBold : Colour::kNone);
  }

  void DrawAct(const Act& act, const std::string& indent) {
    std::string text =
        absl::StrFormat("%s %s  ", act.mark.text, ClockText(act.time_ns, /*milliseconds=*/false));
    const std::string what = Harmless(act.what, screen_);
    text += what;
    if (what.size() < kWhat) text.append(kWhat - what.size(), ' ');
    std::string tail;
    if (!act.result.empty()) tail += "  " + Harmless(act.result, screen_);
    if (act.count > 1) absl::StrAppendFormat(&tail, "  (%d times)", act.count);
    std::string object = " " + Harmless(act.object, screen_);
    if (screen_.columns != 0) {
      const std::size_t used = ColumnsOf(indent) + ColumnsOf(text) + ColumnsOf(tail);
      object = CutMiddle(object, screen_.columns - std::min(screen_.columns, used), screen_);
    }
    Line(indent, text + object + tail, act.mark.colour);
  }

  // Alerts stand behind what they are about.
  void Acts(const Process& process, const std::string& indent) {
    std::vector<const Act*> acts;
    for (const Act& act : process.acts) acts.push_back(&act);
    for (const Act& alert : process.alerts) acts.push_back(&alert);
    std::stable_sort(acts.begin(), acts.end(),
                     [](const Act* a, const Act* b) { return a->time_ns < b->time_ns; });
    for (const Act* act : acts) DrawAct(*act, indent);
    if (process.more_acts + process.more_alerts == 0) return;
    std::string more = absl::StrFormat("   and %d more, for which there is no room",
                                       process.more_acts + process.more_alerts);
    if (process.more_alerts != 0) {
      absl::StrAppendFormat(&more, "; %d of these are alerts", process.more_alerts);
    }
    Line(indent, more, Colour::kDim);
  }

  void Subtree(Index of, const std::string& first, const std::string& rest, std::size_t level,
               std::size_t depth) {
    if (!goes_on_) return;
    const Process& process = tree_.processes_[of];
    Title(process, first, depth == 0);
    if (depth != 0 && drawn_[of]) return;
    drawn_[of] = true;
    std::vector<Index> children = process.children;
    std::sort(children.begin(), children.end(), [&](Index a, Index b) {
      return tree_.processes_[a].key.start_ns < tree_.processes_[b].key.start_ns;
    });
    const bool indents = level < levels_;
    Acts(process, rest + (children.empty() || !indents ? "   " : Beam()));
    if (children.empty()) return;
    if (depth == kDepthMax) return Line(rest, "and deeper", Colour::kDim);
    const std::size_t shown = std::min(children.size(), kChildrenMax);
    for (std::size_t i = 0; i < shown; ++i) {
      const bool last = i + 1 == children.size();
      if (indents) {
        Subtree(children[i], rest + (last ? Corner() : Branch()), rest + (last ? "   " : Beam()),
                level + 1, depth + 1);
      } else {
        Subtree(children[i], rest + kBelow, rest, level, depth + 1);
      }
    }
    if (shown < children.size()) {
      Line(rest, absl::StrFormat("%sand %d more processes", Corner(), children.size() - shown),
           Colour::kDim);
    }
  }

  const ProcessTree& tree_;
  const Screen& screen_;
  const std::function<bool(std::string_view)>& print_;
  const std::size_t levels_;
  std::vector<bool> drawn_;
  bool goes_on_ = true;
};

void ProcessTree::Draw(Index of, const Screen& screen,
                       const std::function<bool(std::string_view)>& print) const {
  Drawing(*this, screen, print).Draw(of);
}

}  // namespace randguard
