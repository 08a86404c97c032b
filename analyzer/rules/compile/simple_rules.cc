// SPDX-License-Identifier: Apache-2.0
#include "analyzer/rules/compile/simple_rules.h"

#include <algorithm>
#include <string_view>
#include <vector>

#include "absl/strings/str_format.h"
#include "analyzer/config/names.h"
#include "analyzer/rules/language/condition_lexer.h"

namespace randguard {
namespace {

template <typename T, typename Write>
std::string List(const std::vector<T>& items, Write&& write) {
  std::string out = "(";
  for (const T& item : items) out += (out.size() > 1 ? ", " : "") + write(item);
  return out + ")";
}

std::string Texts(const std::vector<std::string>& items) {
  return List(items, [](const std::string& item) { return ConditionText(item); });
}

std::string Ports(const std::vector<std::uint16_t>& ports) {
  return "port in " + List(ports, [](std::uint16_t port) { return std::to_string(port); });
}

std::string Operations(const std::vector<FileOperation>& operations) {
  return "operation in " +
         List(operations, [](FileOperation op) { return ConditionText(Name(op)); });
}

// A name is the executable's or the process's own: a shell that is called sh is dash on Debian.
std::string Names(std::string_view prefix, const std::vector<std::string>& names) {
  const std::string_view comm = prefix == "process" ? "comm" : "parent_comm";
  return absl::StrFormat("(%s_name in %s or %s in %s)", prefix, Texts(names), comm, Texts(names));
}

void And(std::string& condition, const std::string& more) {
  condition += (condition.empty() ? "" : " and ") + more;
}

// A pattern without "*" is the whole path in a rule, and any part of the path in a detection.
enum class Patterns : bool { kOfRule, kOfDetection };

// One of `paths` and one of `patterns`, of one name: `field`.
std::string PathCondition(std::string_view field, const std::vector<std::string>& paths,
                          const std::vector<std::string>& patterns, Patterns use) {
  std::vector<std::string> whole, beginnings;
  for (const std::string& path : paths) {
    if (path.ends_with('/')) {
      beginnings.push_back(path);
    } else {
      whole.push_back(path);
      beginnings.push_back(path + "/");
    }
  }
  std::vector<std::string> texts, endings;
  for (const std::string& pattern : patterns) {
    if (pattern.starts_with('*')) {
      endings.push_back(pattern.substr(1));
    } else {
      texts.push_back(pattern);
    }
  }
  const auto either = [&](std::string_view op1, const std::vector<std::string>& items1,
                          std::string_view op2, const std::vector<std::string>& items2) {
    std::string out;
    if (!items1.empty()) out = absl::StrFormat("%s %s %s", field, op1, Texts(items1));
    if (!items2.empty()) {
      absl::StrAppendFormat(&out, "%s%s %s %s", out.empty() ? "" : " or ", field, op2,
                            Texts(items2));
    }
    return "(" + out + ")";
  };
  std::string condition;
  if (!paths.empty()) And(condition, either("in", whole, "startswith", beginnings));
  if (!patterns.empty()) {
    And(condition,
        either(use == Patterns::kOfRule ? "in" : "contains", texts, "endswith", endings));
  }
  return condition;
}

std::string FileCondition(const std::vector<std::string>& paths,
                          const std::vector<std::string>& patterns,
                          const std::vector<FileOperation>& operations, Patterns use) {
  return absl::StrFormat("%s and (%s or %s)", Operations(operations),
                         PathCondition("path", paths, patterns, use),
                         PathCondition("old_path", paths, patterns, use));
}

std::string ProcessCondition(const Rule& rule) {
  std::string condition;
  if (!rule.parent_names.empty()) And(condition, Names("parent", rule.parent_names));
  if (!rule.process_names.empty()) And(condition, Names("process", rule.process_names));
  return condition;
}

std::string NetworkCondition(const std::vector<Direction>& directions,
                             const std::vector<std::uint16_t>& ports,
                             const std::vector<std::string>& process_names) {
  std::vector<std::string> types;
  for (const Direction direction : directions) {
    if (direction == Direction::kOutbound) {
      types.emplace_back("network_connect");
    } else {
      types.insert(types.end(), {"network_bind", "network_listen"});
    }
  }
  std::string condition = "event_type in " + Texts(types);
  And(condition, Ports(ports));
  if (!process_names.empty()) And(condition, Names("process", process_names));
  return condition;
}

constexpr std::string_view kBuiltIn = R"toml(
[[rules]]
id = "BUILTIN-FILE-SYSTEMD-001"
name = "systemd unit changed"
type = "file"
severity = "high"
paths = ["/etc/systemd/system", "/usr/lib/systemd/system", "/run/systemd/system"]
patterns = ["*.service"]
operations = ["file_write", "file_rename", "file_unlink"]
description = "A service unit was written, renamed or removed: what it names starts with the host."
tags = ["attack.persistence", "attack.t1543.002"]
false_positives = ["installing, upgrading or removing a package that brings a service"]

[[rules]]
id = "BUILTIN-FILE-CRON-001"
name = "system cron table changed"
type = "file"
severity = "high"
paths = ["/etc/cron.d", "/etc/cron.daily", "/etc/crontab"]
operations = ["file_write", "file_rename", "file_unlink"]
description = "A system cron table was written, renamed or removed: what it names runs by itself."
tags = ["attack.persistence", "attack.t1053.003"]
false_positives = ["installing, upgrading or removing a package that brings a cron job"]

[[rules]]
id = "BUILTIN-NET-OUTBOUND-001"
name = "connection to a port that shells listen on"
type = "network"
severity = "medium"
direction = "outbound"
ports = [4444, 1337, 31337]
description = "A connection was opened to a port that published attack tools use by default."
tags = ["attack.command_and_control", "attack.t1571"]
false_positives = ["a service of your own on one of these ports"]
)toml";

}  // namespace

std::string SimpleCondition(const Rule& rule) {
  switch (rule.type) {
    case RuleType::kProcess:
      return ProcessCondition(rule);
    case RuleType::kFile:
      if (rule.operations.empty()) return "";
      return FileCondition(rule.paths, rule.patterns, rule.operations, Patterns::kOfRule);
    case RuleType::kNetwork:
      if (!rule.direction.has_value()) return "";
      return NetworkCondition({*rule.direction}, rule.ports, rule.process_names);
    case RuleType::kCorrelation:
      break;  // it looks at no events
  }
  return "";
}

std::string SimpleCondition(const PersistenceDetection& detection) {
  return FileCondition(detection.paths, detection.patterns, detection.operations,
                       Patterns::kOfDetection);
}

std::string SimpleCondition(const NetworkDetection& detection) {
  return NetworkCondition(detection.directions, detection.ports, detection.process_names);
}

bool FitsSimplePaths(const Rule& rule, std::string_view path) {
  const auto under = [&](const std::string& beginning) {
    if (!path.starts_with(beginning)) return false;
    return beginning.ends_with('/') || path.size() == beginning.size() ||
           path[beginning.size()] == '/';
  };
  const auto fits = [&](const std::string& pattern) {
    return pattern.starts_with('*') ? path.ends_with(std::string_view(pattern).substr(1))
                                    : path == pattern;
  };
  return (rule.paths.empty() || std::any_of(rule.paths.begin(), rule.paths.end(), under)) &&
         (rule.patterns.empty() || std::any_of(rule.patterns.begin(), rule.patterns.end(), fits));
}

std::string_view BuiltInRules() { return kBuiltIn; }

}  // namespace randguard
