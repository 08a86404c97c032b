// SPDX-License-Identifier: Apache-2.0
//
// How fields become those of another schema: by tables of rows (ecs_rows.h, ocsf_rows.h), from
// which the lines, docs/formats/profiles.md and the tests are made.
#ifndef ANALYZER_OUTPUT_PROFILES_ROW_H_
#define ANALYZER_OUTPUT_PROFILES_ROW_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace randguard::profiles {

// How a value is changed on its way, and what the page says of that.
#define RG_PROFILE_AS(X)                                               \
  X(kSame, "")                                                         \
  X(kText, "as text")                                                  \
  X(kBase, "its last part")                                            \
  X(kFolder, "all but its last part")                                  \
  X(kExtension, "its extension")                                       \
  X(kNameWithoutPath, "where the executable is not known")             \
  X(kFileName, "last part of the path, else of the caller's argument") \
  X(kStart, "when it started")                                         \
  X(kEnd, "when it ended, if the process did")                         \
  X(kLong, "at most 2^63 - 1")                                         \
  X(kSeconds, "in whole seconds")                                      \
  X(kMilliseconds, "in whole milliseconds")                            \
  X(kEpochMilliseconds, "milliseconds since 1970")                     \
  X(kIp, "if it is one of ipv4 or ipv6")                               \
  X(kNotIp, "if it is of another family")                              \
  X(kUnknownTarget, "Unknown, where the process is not known")         \
  X(kZero, "0, where there is one")                                    \
  X(kOne, "1, where there is one")                                     \
  X(kIsTerminal, "whether it is a terminal, and there is a tty")       \
  X(kPort, "if it is at most 65535, and there is an address")          \
  X(kNotPort, "otherwise")                                             \
  X(kRuntime, "where there is a container_id")                         \
  X(kTransport, "if it is tcp, udp or sctp")                           \
  X(kProtocolNumber, "its number, if it is tcp, udp or sctp")          \
  X(kIpFamily, "if it is ipv4 or ipv6")                                \
  X(kIpVersion, "4 or 6")                                              \
  X(kDirection, "in the other schema's words")                         \
  X(kPermissions, "permissions, octal")                                \
  X(kFileType, "type of file")                                         \
  X(kFileTypeId, "number of the type of file, 0: not known")           \
  X(kCapabilities, "names of those in it")                             \
  X(kSymlinkTarget, "of symlink and symlinkat")                        \
  X(kIsOwnPid, "whether it is the process itself")                     \
  X(kOwnEntity, "process_id, if it is the process itself")             \
  X(kVariables, "name and value of each, unless the line is too long") \
  X(kTechniques, "techniques of MITRE ATT&CK named by tags")           \
  X(kSubtechniques, "sub-techniques of MITRE ATT&CK named by tags")    \
  X(kTacticNames, "names of tactics of MITRE ATT&CK named by tags")    \
  X(kTacticIds, "tactics of MITRE ATT&CK named by tags")               \
  X(kAttacks, "tactics and techniques of MITRE ATT&CK named by tags")  \
  X(kIfTechnique, "if tags name a technique or tactic of it")          \
  X(kSeverity, "as a number")                                          \
  X(kSeverityName, "in the other schema's words")                      \
  X(kFirst, "the first of them")                                       \
  X(kList, "as a list")                                                \
  X(kUids, "the events that it rests on")                              \
  X(kConstant, "always the same")                                      \
  X(kEventType, "event_type of the native line")                       \
  X(kSeq, "seq of the native line")                                    \
  X(kBoot, "boot_id of the native line")                               \
  X(kLineId, "boot and seq of the native line, as one id")             \
  X(kPart0, "by event type and outcome")                               \
  X(kPart1, "by event type and outcome")                               \
  X(kPart2, "by event type and outcome")                               \
  X(kPart3, "by event type and outcome")                               \
  X(kPart4, "by event type and outcome")                               \
  X(kPart5, "by event type and outcome")                               \
  X(kPart6, "by event type and outcome")                               \
  X(kPart7, "by event type and outcome")

enum class As : std::uint8_t {
#define X(name, doc) name,
  RG_PROFILE_AS(X)
#undef X
};
inline constexpr std::string_view kAsDoc[] = {
#define X(name, doc) doc,
    RG_PROFILE_AS(X)
#undef X
};

// One place that a field goes to; a field may have several rows.
struct Row {
  // As the native line names it, "target.pid" for a member of an object. "*": every field of the
  // table's struct that no other row names. Empty: no field, `as` says what it is.
  std::string_view field;
  // Path of the member, "process.parent.pid". "unmapped.*" of the row "*": under its own name
  // there. Empty: a gap, the field is in no line of the profile, and `note` says why.
  std::string_view to;
  As as = As::kSame;
  std::string_view note = {};  // kConstant: the JSON; a gap: why
};

// The rows of an event: for what its struct consists of (analyzer/output/json/event_writer.h), and
// those that every line has.
struct Rows {
  std::span<const Row> line, actor, call, own, object;
};

// Members that only the event as a whole says, as JSON; empty: left out.
inline constexpr std::size_t kParts = 8;
struct Parts {
  std::string_view json[kParts];
};

}  // namespace randguard::profiles

#endif  // ANALYZER_OUTPUT_PROFILES_ROW_H_
