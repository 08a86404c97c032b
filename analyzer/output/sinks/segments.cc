// SPDX-License-Identifier: Apache-2.0
#include "analyzer/output/sinks/segments.h"

#include <fcntl.h>
#include <simdjson.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <set>
#include <system_error>
#include <tuple>
#include <utility>

#include "absl/strings/str_format.h"
#include "analyzer/base/log.h"
#include "analyzer/base/status.h"
#include "analyzer/output/sinks/segment_compressor.h"

namespace randguard {
namespace {

constexpr std::string_view kManifestBegin = R"({"event_type":"segment_end",)";
constexpr std::size_t kManifestMax = 512;  // bytes
constexpr std::size_t kBootIdSize = 36;
constexpr std::string_view kBootIdUnknown = "00000000-0000-0000-0000-000000000000";
constexpr mode_t kWritten = 0640;

kj::AutoCloseFd OpenToRead(const std::string& path) {
  return kj::AutoCloseFd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
}

// Reads from there on, as much as there is.
std::string ReadAt(int fd, std::uint64_t from, std::size_t most) {
  std::string text(most, '\0');
  const ssize_t n = pread(fd, text.data(), most, static_cast<off_t>(from));
  text.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
  return text;
}

// Fills a segment in; false: this is no manifest.
bool ReadManifest(const std::string& line, Segment& segment) {
  if (!IsManifest(line)) return false;
  simdjson::dom::parser parser;
  simdjson::dom::element manifest;
  if (parser.parse(line).get(manifest) != simdjson::SUCCESS) return false;
  return manifest["last_seq"].get(segment.last_seq) == simdjson::SUCCESS &&
         manifest["lines"].get(segment.lines) == simdjson::SUCCESS;
}

// Does so from what stands at the end of the file; false: no manifest does.
bool ReadEnd(int fd, Segment& segment) {
  if (segment.compressed) {
    const auto trailer = ReadCompressedTrailer(fd, segment.bytes);
    if (!trailer.has_value()) return false;
    segment.changed_s = trailer->ended_s;
    return ReadManifest(trailer->manifest, segment);
  }
  const std::string line = LastManifestOf(fd, segment.bytes);
  segment.bytes_before = segment.bytes - line.size();
  return ReadManifest(line, segment);
}

// From the oldest boot on, and each from its first line on.
void Sort(std::vector<Segment>& segments) {
  std::map<std::string, std::int64_t> newest;
  for (const Segment& segment : segments) {
    std::int64_t& time = newest.try_emplace(segment.boot_id, segment.changed_s).first->second;
    time = std::max(time, segment.changed_s);
  }
  std::sort(segments.begin(), segments.end(), [&](const Segment& a, const Segment& b) {
    return std::tie(newest.at(a.boot_id), a.boot_id, a.first_seq, a.compressed) <
           std::tie(newest.at(b.boot_id), b.boot_id, b.first_seq, b.compressed);
  });
}

// "FOLDER/NAME.EXTENSION", taken apart.
struct SegmentPath {
  explicit SegmentPath(const std::string& path) {
    const std::filesystem::path whole(path);
    folder = whole.parent_path().empty() ? "." : whole.parent_path().string();
    stem = whole.stem().string();
    behind = whole.extension().string();
  }

  std::string folder, stem, behind;
};

// Takes a name "OF-BOOT-FIRST.EXTENSION"; absent: it is another one.
std::optional<SegmentName> ParseNamed(std::string_view name, std::string_view of,
                                      std::string_view behind) {
  if (!name.ends_with(behind)) return std::nullopt;
  auto parsed = ParseSegmentStem(name.substr(0, name.size() - behind.size()));
  if (!parsed.has_value() || parsed->of != of) return std::nullopt;
  return parsed;
}

absl::StatusOr<std::vector<std::string>> NamesIn(const std::string& folder) {
  std::error_code error;
  std::vector<std::string> names;
  for (std::filesystem::directory_iterator at(folder, error), end; !error && at != end;
       at.increment(error)) {
    names.push_back(at->path().filename().string());
  }
  if (error) {
    return ErrnoError(error.value(),
                      absl::StrFormat("folder of segments %s cannot be read", folder));
  }
  return names;
}

// Without what is behind the name of a compressed one.
std::string_view PlainName(std::string_view name, bool& compressed) {
  compressed = name.ends_with(kCompressedEnd);
  if (compressed) name.remove_suffix(kCompressedEnd.size());
  return name;
}

}  // namespace

absl::StatusOr<std::vector<Segment>> ListSegments(const std::string& path) {
  const SegmentPath where(path);
  RG_ASSIGN_OR_RETURN(const std::vector<std::string> names, NamesIn(where.folder));
  std::vector<Segment> segments;
  for (const std::string& name : names) {
    Segment segment;
    const auto parsed =
        ParseNamed(PlainName(name, segment.compressed), where.stem + "-", where.behind);
    segment.path = absl::StrFormat("%s/%s", where.folder, name);
    struct stat st {};
    if (!parsed.has_value() || lstat(segment.path.c_str(), &st) != 0 || !S_ISREG(st.st_mode)) {
      continue;
    }
    segment.boot_id = parsed->boot_id;
    segment.first_seq = parsed->first_seq;
    segment.bytes = static_cast<std::uint64_t>(st.st_size);
    segment.changed_s = st.st_mtim.tv_sec;
    segments.push_back(std::move(segment));
  }
  Sort(segments);
  // One that is being compressed is there twice, and the plain one stands first.
  const auto twice =
      std::unique(segments.begin(), segments.end(), [](const Segment& a, const Segment& b) {
        return a.boot_id == b.boot_id && a.first_seq == b.first_seq;
      });
  segments.erase(twice, segments.end());
  return segments;
}

bool IsBootId(std::string_view text) {
  return text.size() == kBootIdSize &&
         text.find_first_not_of("0123456789abcdef-") == std::string_view::npos;
}

std::optional<SegmentName> ParseSegmentStem(std::string_view stem) {
  const std::size_t dash = stem.rfind('-');
  if (dash == std::string_view::npos || dash <= kBootIdSize) return std::nullopt;
  const std::size_t boot = dash - kBootIdSize;
  const std::string_view digits = stem.substr(dash + 1);
  SegmentName name{.of = std::string(stem.substr(0, boot)),
                   .boot_id = std::string(stem.substr(boot, kBootIdSize))};
  const char* const digits_end = digits.data() + digits.size();
  const auto [end, error] = std::from_chars(digits.data(), digits_end, name.first_seq);
  if (error != std::errc() || end != digits_end || !IsBootId(name.boot_id)) return std::nullopt;
  return name;
}

std::string LastManifestOf(int fd, std::uint64_t bytes) {
  const std::string end =
      ReadAt(fd, bytes - std::min<std::uint64_t>(bytes, kManifestMax), kManifestMax);
  if (end.empty() || end.back() != '\n') return {};
  const std::size_t before = end.rfind('\n', end.size() - 2);
  std::string line = end.substr(before == std::string::npos ? 0 : before + 1);
  return IsManifest(line) ? line : std::string();
}

bool IsManifest(std::string_view line) { return line.starts_with(kManifestBegin); }

std::string ManifestOf(std::string_view boot_id, std::uint64_t first_seq, std::uint64_t last_seq,
                       const FileDigest& digest) {
  return absl::StrFormat(
      "%s\"boot_id\":\"%s\",\"first_seq\":%d,\"last_seq\":%d,\"lines\":%d,\"bytes\":%d,"
      "\"xxh128\":\"%s\"}\n",
      kManifestBegin, IsBootId(boot_id) ? boot_id : kBootIdUnknown, first_seq, last_seq,
      digest.lines(), digest.bytes(), digest.Checksum());
}

absl::StatusOr<Segments> Segments::Open(const std::string& path, const Retention& keep,
                                        std::optional<FileOwner> owner) {
  Segments segments;
  const SegmentPath where(path);
  segments.folder_ = where.folder;
  segments.name_ = where.stem + "-";
  segments.behind_ = where.behind;
  RG_ASSIGN_OR_RETURN(std::vector<std::string> names, NamesIn(segments.folder_));
  RG_RETURN_IF_ERROR(segments.Lock(where.stem, owner));
  segments.RemoveHalfCompressed(names);
  std::set<std::string> left;
  for (const std::string& name : names) {
    if (segments.Find(name)) left.insert(segments.closed_.back().path);
  }
  Sort(segments.closed_);
  // First, for whatever cannot be ended for want of room.
  segments.Evict(keep);
  for (auto segment = segments.closed_.begin(); segment != segments.closed_.end();) {
    const absl::Status status =
        left.contains(segment->path) ? segments.End(*segment) : absl::OkStatus();
    if (!status.ok()) {
      segments.error_ = Message(status);
      Log(LogLevel::kError, "%s; it stays as it is", segments.error_);
    }
    segment = segment->bytes == 0 ? segments.closed_.erase(segment) : segment + 1;
  }
  return segments;
}

absl::Status Segments::Lock(std::string_view name, std::optional<FileOwner> owner) {
  const std::string path = absl::StrFormat("%s/.%s.lock", folder_, name);
  kj::AutoCloseFd fd(open(path.c_str(), O_RDONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, kWritten));
  if (fd.get() < 0 || (owner.has_value() && fchown(fd, owner->uid, owner->gid) != 0)) {
    return ErrnoError(errno, absl::StrFormat("%s, by which segments are written by one process "
                                             "at a time, cannot be used",
                                             path));
  }
  if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
    return HostError(
        "segments %s/%s*%s are being written already, by another process or as another output; "
        "give each a name or folder of its own",
        folder_, name_, behind_);
  }
  lock_ = std::move(fd);
  return absl::OkStatus();
}

std::optional<SegmentName> Segments::Parse(std::string_view name) const {
  return ParseNamed(name, name_, behind_);
}

void Segments::RemoveSuperfluous(const std::string& name) {
  const std::string path = absl::StrFormat("%s/%s", folder_, name);
  if (unlink(path.c_str()) == 0 || errno == ENOENT) return;
  error_ =
      absl::StrFormat("%s, which a killed process left beside a segment, cannot be removed: %s",
                      path, std::strerror(errno));
  Log(LogLevel::kError, "%s", error_);
}

void Segments::RemoveHalfCompressed(std::vector<std::string>& names) {
  const std::set<std::string, std::less<>> all(names.begin(), names.end());
  std::erase_if(names, [&](const std::string& name) {
    const auto unfinished = UnfinishedSegment(name);
    // The compressed one got its name when it was whole, and only then the other one goes.
    const std::string compressed = name + std::string(kCompressedEnd);
    const bool superfluous = unfinished.has_value()
                                 ? Parse(*unfinished).has_value()
                                 : Parse(name).has_value() && all.contains(compressed) &&
                                       IsCompressedFrom(name, compressed);
    if (superfluous) RemoveSuperfluous(name);
    return superfluous;
  });
}

bool Segments::IsCompressedFrom(const std::string& plain, const std::string& compressed) const {
  const auto open_one = [&](const std::string& name, struct stat& st) {
    kj::AutoCloseFd fd = OpenToRead(folder_ + "/" + name);
    const bool is_file = fd.get() >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
    return is_file ? std::move(fd) : kj::AutoCloseFd();
  };
  struct stat of_plain {
  }, of_compressed{};
  const kj::AutoCloseFd one = open_one(plain, of_plain);
  const kj::AutoCloseFd other = open_one(compressed, of_compressed);
  if (one.get() < 0 || other.get() < 0) return false;
  const auto trailer =
      ReadCompressedTrailer(other, static_cast<std::uint64_t>(of_compressed.st_size));
  return trailer.has_value() &&
         trailer->manifest == LastManifestOf(one, static_cast<std::uint64_t>(of_plain.st_size));
}

const std::string& Segments::error() const {
  if (!evict_error_.empty()) return evict_error_;
  const auto found = std::find_if(closed_.begin(), closed_.end(), [](const Segment& segment) {
    return !segment.compress_error.empty();
  });
  return found != closed_.end() ? found->compress_error : error_;
}

bool Segments::Find(const std::string& name) {
  bool compressed = false;
  const auto parsed = Parse(PlainName(name, compressed));
  if (!parsed.has_value()) return false;
  Segment segment;
  segment.compressed = compressed;
  segment.path = folder_ + "/" + name;
  segment.boot_id = parsed->boot_id;
  segment.first_seq = parsed->first_seq;
  struct stat st {};
  if (lstat(segment.path.c_str(), &st) != 0 || !S_ISREG(st.st_mode)) return false;
  segment.bytes = segment.bytes_before = static_cast<std::uint64_t>(st.st_size);
  segment.device = st.st_dev;
  segment.inode = st.st_ino;
  segment.changed_s = st.st_mtim.tv_sec;
  const kj::AutoCloseFd fd = OpenToRead(segment.path);
  const bool ended = fd.get() >= 0 && ReadEnd(fd, segment);
  // Whoever ended it was killed before he could say that it is ended.
  if (ended && (st.st_mode & kWritten) != kEndedMode && fchmod(fd, kEndedMode) == 0) {
    Log(LogLevel::kInfo, "segment %s is ended, and is only read from now on", segment.path);
  }
  // Somebody else's, or one that cannot be read: it has no place among those that are removed.
  if (compressed && !ended) return false;
  if (!ended && fd.get() >= 0) segment.last_seq = LastSeqOf(fd, segment.boot_id);
  std::uint64_t& last = last_seqs_[segment.boot_id];
  last = std::max(last, segment.last_seq);
  closed_.push_back(std::move(segment));
  return !ended;
}

absl::Status Segments::End(Segment& segment) const {
  const kj::AutoCloseFd fd = OpenToRead(segment.path);
  if (fd.get() < 0) {
    return ErrnoError(errno,
                      absl::StrFormat("segment %s has no end and cannot be read", segment.path));
  }
  // A host that lost its power may have kept the mode of one that was ended, and not its end.
  if (fchmod(fd, kWritten) != 0) {
    return ErrnoError(errno,
                      absl::StrFormat("segment %s has no end and cannot be written", segment.path));
  }
  EndLastLine(segment.path);
  FileDigest digest;
  constexpr std::size_t kBlock = 1 << 20;
  for (;;) {
    const std::string block = ReadAt(fd, digest.bytes(), kBlock);
    if (block.empty()) break;
    digest.Add(block);
  }
  segment.bytes = segment.bytes_before = digest.bytes();
  if (segment.bytes == 0) {
    if (unlink(segment.path.c_str()) == 0) return absl::OkStatus();
    return ErrnoError(errno, absl::StrFormat("empty segment %s cannot be removed", segment.path));
  }
  segment.lines = digest.lines();
  const std::string manifest =
      ManifestOf(segment.boot_id, segment.first_seq, segment.last_seq, digest);
  const auto error = [&](int number) {
    return ErrnoError(number, absl::StrFormat("segment %s cannot be ended", segment.path));
  };
  RG_ASSIGN_OR_RETURN(const kj::AutoCloseFd out, OpenForAppending(segment.path));
  const ssize_t n = write(out, manifest.data(), manifest.size());
  if (n != static_cast<ssize_t>(manifest.size())) {
    const int number = n < 0 ? errno : ENOSPC;
    if (n > 0 && ftruncate(out, static_cast<off_t>(digest.bytes())) != 0) return error(errno);
    return error(number);
  }
  segment.bytes += manifest.size();
  if (fchmod(out, kEndedMode) != 0) return error(errno);
  Log(LogLevel::kInfo, "segment %s, which a killed process left, is ended: %d lines", segment.path,
      segment.lines);
  return absl::OkStatus();
}

std::string Segments::PathOf(std::string_view boot_id, std::uint64_t first_seq) const {
  // As many digits as let names of one boot stand in their order.
  return absl::StrFormat("%s/%s%s-%012d%s", folder_, name_,
                         IsBootId(boot_id) ? boot_id : kBootIdUnknown, first_seq, behind_);
}

void Segments::Add(Segment segment) {
  std::uint64_t& last = last_seqs_[segment.boot_id];
  last = std::max(last, segment.last_seq);
  // The host's clock may have been wrong when the others were written: this boot is the newest.
  if (!closed_.empty() && closed_.back().boot_id != segment.boot_id) {
    std::stable_partition(closed_.begin(), closed_.end(),
                          [&](const Segment& s) { return s.boot_id != segment.boot_id; });
  }
  closed_.push_back(std::move(segment));
}

// 0 hours are none that a segment could be older than.
bool Segments::IsOlder(const Segment& segment, std::chrono::hours age) {
  if (age.count() == 0) return false;
  if (segment.ended.has_value()) return std::chrono::steady_clock::now() - *segment.ended > age;
  return std::time(nullptr) - segment.changed_s > std::chrono::seconds(age).count();
}

const Segment* Segments::ToCompress(std::chrono::hours age) const {
  const auto now = std::chrono::steady_clock::now();
  const auto found = std::find_if(closed_.begin(), closed_.end(), [&](const Segment& segment) {
    return !segment.compressed && segment.compress_again <= now;
  });
  return found != closed_.end() && IsOlder(*found, age) ? &*found : nullptr;
}

void Segments::LeaveAsItIs(const std::string& path, std::string why) {
  constexpr std::chrono::hours kBetweenTries(1);
  for (Segment& segment : closed_) {
    if (segment.path != path) continue;
    segment.compress_again = std::chrono::steady_clock::now() + kBetweenTries;
    segment.compress_error = std::move(why);
    return;
  }
}

void Segments::Forget(const std::string& path) {
  std::erase_if(closed_, [&](const Segment& segment) { return segment.path == path; });
}

absl::Status Segments::TakeCompressed(const std::string& path, std::uint64_t bytes) {
  const auto segment = std::find_if(closed_.begin(), closed_.end(),
                                    [&](const Segment& one) { return one.path == path; });
  const std::string compressed = path + std::string(kCompressedEnd);
  const std::string& superfluous = segment == closed_.end() ? compressed : path;
  if (unlink(superfluous.c_str()) != 0 && errno != ENOENT) {
    const int number = errno;
    if (segment != closed_.end()) unlink(compressed.c_str());
    return ErrnoError(
        number, absl::StrFormat("segment %s is compressed and cannot be removed", superfluous));
  }
  if (segment == closed_.end()) return absl::OkStatus();
  segment->path = compressed;
  segment->bytes = bytes;
  segment->compressed = true;
  segment->compress_error.clear();
  return absl::OkStatus();
}

void Segments::Evict(const Retention& keep, std::uint64_t written) {
  evict_error_.clear();
  std::uint64_t bytes = written;
  for (const Segment& segment : closed_) bytes += segment.bytes;
  bool may_be_too_old = true;
  for (auto segment = closed_.begin(); segment != closed_.end();) {
    const bool too_many = keep.bytes != 0 && bytes > keep.bytes;
    const bool too_old = may_be_too_old && IsOlder(*segment, keep.age);
    if (!too_many && !too_old) return;
    if (unlink(segment->path.c_str()) != 0 && errno != ENOENT) {
      // Somebody may have made it one that cannot be removed. The next ones go all the same.
      evict_error_ =
          absl::StrFormat("segment %s cannot be removed: %s", segment->path, std::strerror(errno));
      ++segment;
      continue;
    }
    if (!too_many) may_be_too_old = false;
    ++evicted_;
    evicted_lines_ += segment->lines;
    Log(LogLevel::kInfo, "segment %s is removed: %d lines of boot %s, from %d to %d", segment->path,
        segment->lines, segment->boot_id, segment->first_seq, segment->last_seq);
    bytes -= std::min(bytes, segment->bytes);
    last_evicted_ = std::move(*segment);
    segment = closed_.erase(segment);
  }
}

std::uint64_t Segments::LastSeq(std::string_view boot_id) const {
  const auto found = last_seqs_.find(boot_id);
  return found != last_seqs_.end() ? found->second : 0;
}

LineCount Segments::Behind(const FilePosition& position) const {
  const auto at = std::find_if(closed_.begin(), closed_.end(), [&](const Segment& segment) {
    return segment.device == position.device && segment.inode == position.inode;
  });
  if (at == closed_.end()) return {};
  LineCount count;
  for (auto segment = at; segment != closed_.end() && segment->boot_id == at->boot_id; ++segment) {
    if (segment->compressed) continue;
    const kj::AutoCloseFd fd = OpenToRead(segment->path);
    if (fd.get() < 0) break;
    const LineCount more =
        CountLines(fd, segment == at ? position.bytes : 0, segment->bytes_before);
    count.lines += more.lines;
    count.events += more.events;
  }
  return count;
}

}  // namespace randguard
