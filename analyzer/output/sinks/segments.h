// SPDX-License-Identifier: Apache-2.0
//
// Segments: files of lines that are written once. `events-BOOT-FIRST.ndjson` has lines of a boot
// from the number FIRST on. Its last line is a manifest, from which on it never changes:
//
//   {"event_type":"segment_end","boot_id":...,"first_seq":...,"last_seq":...,"lines":...,
//    "bytes":...,"xxh128":...}
//
// Lines, bytes and checksum are those before the manifest.
#ifndef ANALYZER_OUTPUT_SINKS_SEGMENTS_H_
#define ANALYZER_OUTPUT_SINKS_SEGMENTS_H_

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "analyzer/output/sinks/file_digest.h"
#include "analyzer/output/sinks/line_file.h"
#include "analyzer/output/sinks/sink.h"

namespace randguard {

struct Segment {
  std::string path;
  std::string boot_id;
  std::uint64_t first_seq = 0;
  std::uint64_t last_seq = 0;  // 0: not known
  std::uint64_t lines = 0;
  std::uint64_t bytes = 0;         // of the file
  std::uint64_t bytes_before = 0;  // the manifest
  std::uint64_t device = 0, inode = 0;
  std::int64_t changed_s = 0;  // CLOCK_REALTIME, when it was last written
  // When this process ended it; absent: another one did. The host's clock may be set at any time.
  std::optional<std::chrono::steady_clock::time_point> ended = {};
  bool compressed = false;  // then its path ends so
  // Why it could not be compressed, and when that is tried again; empty: it was not tried.
  std::string compress_error = {};
  std::chrono::steady_clock::time_point compress_again = {};
};

// Most of the segments together. 0: no limit.
struct Retention {
  std::uint64_t bytes = 0;
  std::chrono::hours age{0};
};

// Whether a text can be the boot's in a name.
bool IsBootId(std::string_view text);

// A segment's name, "NAME-BOOT-FIRST.EXTENSION".
struct SegmentName {
  std::string of;  // "NAME-", with whatever stood before it
  std::string boot_id;
  std::uint64_t first_seq = 0;
};
// Takes a name without its extension; absent: it is no segment's.
std::optional<SegmentName> ParseSegmentStem(std::string_view stem);

// The line that ends a segment, with its newline.
std::string ManifestOf(std::string_view boot_id, std::uint64_t first_seq, std::uint64_t last_seq,
                       const FileDigest& digest);

// The last line of a file of this size, if it is one; else empty.
std::string LastManifestOf(int fd, std::uint64_t bytes);

// Whether a line is one.
bool IsManifest(std::string_view line);

// All segments that belong to `path` (as of Segments), from the oldest on, compressed
// or not: names and times. For whoever only reads them; an error says that the folder cannot be.
absl::StatusOr<std::vector<Segment>> ListSegments(const std::string& path);

// The segments of one folder and name, from the oldest on.
class Segments {
 public:
  // Finds the segments that belong to `path`, "FOLDER/NAME.EXTENSION": "FOLDER/NAME-BOOT-FIRST.
  // EXTENSION". Removes what is not to be kept. Those that a killed process left without an end get
  // one; one that cannot be mended stays as it is, and is said in error(). The folder must be
  // readable; from then on it need not.
  //
  // Nobody else may write segments of the name meanwhile: that is an error. The file that sees to
  // it, "FOLDER/.NAME.lock", is given to `owner`.
  static absl::StatusOr<Segments> Open(const std::string& path, const Retention& keep,
                                       std::optional<FileOwner> owner);

  const std::string& folder() const { return folder_; }
  std::string PathOf(std::string_view boot_id, std::uint64_t first_seq) const;

  // Another one was ended: it is never written again, and newer than all others.
  void Add(Segment segment);
  // Removes the oldest ones beyond what is to be kept, beside `written` bytes of one that is being
  // written. Those that are too old go one at a time: a clock that was set wrong is soon noticed.
  void Evict(const Retention& keep, std::uint64_t written = 0);

  // The oldest one that is not compressed and was ended so long ago; null: there is none.
  const Segment* ToCompress(std::chrono::hours age) const;
  // A compressed file of this size stands beside the segment, and is from now on the segment. If
  // the segment was removed meanwhile, the file is, too.
  absl::Status TakeCompressed(const std::string& path, std::uint64_t bytes);
  // It could not be: it is tried again in an hour.
  void LeaveAsItIs(const std::string& path, std::string why);
  // Somebody has removed it.
  void Forget(const std::string& path);

  // Whole lines behind a position in one of the segments, in that one and in those behind it. No
  // one that is compressed counts: it was long ended.
  LineCount Behind(const FilePosition& position) const;
  // The largest number of a line of this boot, also of segments that were removed for their age;
  // 0: there was none.
  std::uint64_t LastSeq(std::string_view boot_id) const;

  std::size_t size() const { return closed_.size(); }
  std::uint64_t evicted() const { return evicted_; }
  std::uint64_t evicted_lines() const { return evicted_lines_; }
  // The last one; absent: none was.
  const std::optional<Segment>& last_evicted() const { return last_evicted_; }
  // Trouble with a segment that is there; empty: none.
  const std::string& error() const;

 private:
  absl::Status Lock(std::string_view name, std::optional<FileOwner> owner);
  // Takes in a file of this name, if it is a segment. True: it has no end.
  bool Find(const std::string& name);
  // Absent: it is no name of one of these segments.
  std::optional<SegmentName> Parse(std::string_view name) const;
  // The compressed file has what the other one has.
  bool IsCompressedFrom(const std::string& plain, const std::string& compressed) const;
  // A process that was killed may have left files beside the segments that it was compressing.
  // Removes them from the folder and from its names.
  void RemoveHalfCompressed(std::vector<std::string>& names);
  void RemoveSuperfluous(const std::string& name);
  absl::Status End(Segment& segment) const;
  static bool IsOlder(const Segment& segment, std::chrono::hours age);

  std::string folder_;
  std::string name_;    // "NAME-"
  std::string behind_;  // ".EXTENSION"
  kj::AutoCloseFd lock_;
  std::vector<Segment> closed_;
  std::map<std::string, std::uint64_t, std::less<>> last_seqs_;  // by boot
  std::uint64_t evicted_ = 0, evicted_lines_ = 0;
  std::optional<Segment> last_evicted_;
  std::string error_, evict_error_;
};

}  // namespace randguard

#endif  // ANALYZER_OUTPUT_SINKS_SEGMENTS_H_
