// SPDX-License-Identifier: Apache-2.0
//
// Whether lines of output are missing, there twice or damaged, by their numbers, and by the
// manifests at the ends of segments. Lines may be of any output.format. Memory is bounded by the
// number of gaps, not of lines.
#ifndef ANALYZER_OUTPUT_VERIFY_LINE_CHECK_H_
#define ANALYZER_OUTPUT_VERIFY_LINE_CHECK_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "analyzer/output/sinks/file_digest.h"
#include "analyzer/output/sinks/segments.h"
#include "analyzer/output/verify/seq_set.h"

namespace randguard {

class LineCheck {
 public:
  LineCheck();
  LineCheck(LineCheck&&) noexcept;
  ~LineCheck();

  // The most that is counted of hostile files: ranges of numbers of all boots, and boots.
  static constexpr std::size_t kSpansMax = 1'000'000, kBootsMax = 4096;

  enum class Files {
    kOne,
    kSeveral,  // segments, one behind the other
  };
  // The lines of a file, from its first one on. `name` is shown.
  void BeginFile(const std::string& name, Files files = Files::kOne);
  // A line without its newline.
  void Add(std::string_view line);
  // `whole`: the file's last line has its newline.
  void EndFile(bool whole);
  // Something that is wrong with the file as a whole.
  void AddProblem(std::string_view what);

  struct Boot {
    std::string host;  // as the last of its lines says
    SeqSet seen, named;
    std::uint64_t lines = 0;
    std::uint64_t twice = 0;
    std::uint64_t alerts = 0;
    // Then it cannot be said whether one is missing.
    bool alerts_only() const { return alerts == lines; }
  };
  const std::map<std::string, Boot, std::less<>>& boots() const { return boots_; }
  // Each with file and line, "FILE:LINE: what is wrong".
  const std::vector<std::string>& problems() const { return problems_; }
  std::uint64_t segments() const { return segments_; }          // whose manifests are right
  std::uint64_t without_boot() const { return without_boot_; }  // lines of no boot

  // To be called when all files were added: what only all of them together show.
  void Finish();
  // Nothing is missing but what loss records name, and nothing is damaged.
  bool ok() const;
  // As text for a terminal, one fact a line.
  std::string Report() const;

 private:
  static std::optional<SegmentName> ParseName(std::string_view path);
  void Problem(std::string_view what);
  struct Parsed;
  void CheckLine(const Parsed& line);
  void CheckManifest(const Parsed& line);
  // The next line is the first of a file.
  void BeginLines();

  // Its size depends on how a file is compiled.
  struct Parser;
  std::unique_ptr<Parser> parser_;
  std::map<std::string, Boot, std::less<>> boots_;
  std::vector<std::string> problems_;
  std::uint64_t more_problems_ = 0;
  std::uint64_t segments_ = 0, lines_ = 0;
  std::uint64_t without_boot_ = 0;
  std::uint64_t without_manifest_ = 0;  // that are the last ones
  std::size_t spans_ = 0;               // of all boots
  bool too_much_ = false;               // for the bounds
  // The first numbers of segments, by what they belong to and boot, with their manifest or without.
  std::map<std::pair<std::string, std::string>, std::map<std::uint64_t, bool>> named_segments_;
  // The file.
  std::string name_;
  Files files_ = Files::kOne;
  std::uint64_t line_ = 0;
  FileDigest digest_;
  bool ended_ = false;
  std::optional<SegmentName> segment_;
  std::map<std::string, SeqSet, std::less<>> in_file_;  // by boot
};

}  // namespace randguard

#endif  // ANALYZER_OUTPUT_VERIFY_LINE_CHECK_H_
