// SPDX-License-Identifier: Apache-2.0
//
// The parts that records of every kind are made of. For the decoders only.
#ifndef ANALYZER_DECODE_PARTS_H_
#define ANALYZER_DECODE_PARTS_H_

#include <cstring>
#include <optional>
#include <span>
#include <string_view>

#include "analyzer/event/actor.h"
#include "analyzer/event/value_sets.h"
#include "analyzer/event/values.h"
#include "schema/abi/event.h"

namespace randguard {

using RecordBytes = std::span<const std::byte>;

inline constexpr int kAtFdCwd = -100;  // AT_FDCWD

// Arguments of calls, of which the kernel takes 32 bits.
inline std::int32_t Int(std::uint64_t arg) { return static_cast<std::int32_t>(arg); }
inline std::uint32_t Unsigned(std::uint64_t arg) { return static_cast<std::uint32_t>(arg); }
// The directory that a name starts from; absent: the working one.
inline std::optional<std::int32_t> Dirfd(std::uint64_t arg) {
  if (Int(arg) == kAtFdCwd) return std::nullopt;
  return Int(arg);
}

// The string area of one record; collects the first thing wrong with it.
class Strings {
 public:
  Strings(RecordBytes record, std::size_t body) : record_(record), body_(body) {}

  // Longer than the format allows is as wrong as out of bounds: the process table keeps paths.
  std::string_view Get(const rg_str& s, std::size_t max = RG_PATH_MAX) {
    if (s.length == 0) return {};
    if (s.length > max || s.offset < body_ ||
        static_cast<std::size_t>(s.offset) + s.length > record_.size()) {
      ok_ = false;
      return {};
    }
    return {reinterpret_cast<const char*>(record_.data()) + s.offset, s.length};
  }
  OptionalText GetOptional(const rg_str& s) {
    if (s.length == 0) return std::nullopt;
    return Get(s);
  }
  // The path within the file system that goes with a path; empty where it is not whole.
  OptionalText GetWithin(const rg_str& path) {
    if (path.fs == 0) return std::nullopt;
    if (path.fs < body_ || path.fs % alignof(rg_str) != 0 ||
        path.fs + sizeof(rg_str) > record_.size()) {
      ok_ = false;
      return std::nullopt;
    }
    rg_str within;
    std::memcpy(&within, record_.data() + path.fs, sizeof(within));
    if ((within.flags & (RG_STR_TRUNCATED | RG_STR_UNREADABLE)) != 0) return "";
    return GetOptional(within);
  }
  // Something else in the record contradicts the format.
  void Fail() { ok_ = false; }
  bool ok() const { return ok_; }

 private:
  RecordBytes record_;
  std::size_t body_;
  bool ok_ = true;
};

inline Text Comm(const char (&comm)[RG_COMM_LEN]) { return {comm, strnlen(comm, sizeof(comm))}; }

// The witness of the call, and whether its result can be made up.
template <typename Call>
void FillWitness(const rg_header& header, Call& call) {
  call.seccomp = (header.flags & RG_HEADER_SECCOMP) != 0;
  call.traced = (header.flags & RG_HEADER_TRACED) != 0;
  call.doubtful = (header.flags & RG_HEADER_DOUBTFUL) != 0;
  if ((header.flags & RG_HEADER_FUNCTION) != 0) call.witness = Witness::kFunction;
}

// Into an actor that is all absent yet. `raw` is the record itself, for `comm` is borrowed.
inline void FillActor(const rg_header& raw, Actor& a) {
  a.timestamp_ns = raw.time_ns;
  a.time = {raw.time_ns};
  a.pid = raw.pid;
  a.tid = raw.tid;
  a.ppid = raw.ppid;
  a.uid = raw.uid;
  a.gid = raw.gid;
  a.comm = Comm(raw.comm);
  a.process_id = {raw.pid, raw.start_ns};
  a.cgroup_id = raw.cgroup_id;
  if (raw.ppid != 0) a.parent_process_id.emplace(ProcessKey{raw.ppid, raw.parent_start_ns});
}

inline std::optional<PathStatus> StatusOf(const rg_str& path) {
  if ((path.flags & RG_STR_UNREADABLE) != 0) return PathStatus::kUnreadable;
  if ((path.flags & RG_STR_TRUNCATED) != 0) return PathStatus::kTruncated;
  if ((path.flags & RG_STR_DETACHED) != 0) return PathStatus::kDetached;
  if ((path.flags & RG_STR_DELETED) != 0) return PathStatus::kDeleted;
  return std::nullopt;
}

inline bool Cut(const rg_str& s) { return (s.flags & (RG_STR_TRUNCATED | RG_STR_UNREADABLE)) != 0; }

// Absent also if it was cut: a part of a name is another name.
inline OptionalText Whole(const rg_str& s, Strings& strings) {
  const OptionalText text = strings.GetOptional(s);
  return Cut(s) ? std::nullopt : text;
}

inline OptionalText ErrorName(std::int64_t result) {
  if (result >= 0 || result < -4095) return std::nullopt;
  const char* name = strerrorname_np(static_cast<int>(-result));
  if (name == nullptr) return std::nullopt;
  return name;
}

}  // namespace randguard

#endif  // ANALYZER_DECODE_PARTS_H_
