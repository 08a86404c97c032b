// SPDX-License-Identifier: Apache-2.0
//
// Remembers how far the analyzer has got, so that the next one can report what was lost when this
// one is killed. One page, mapped: keeping it current costs a few stores per batch, and what was
// stored survives the process (not the host: after a boot it means nothing).
#ifndef ANALYZER_INGEST_CURSOR_FILE_H_
#define ANALYZER_INGEST_CURSOR_FILE_H_

#include <kj/io.h>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "analyzer/pipeline/cursor.h"

namespace randguard {

class CursorFile {
 public:
  // Opens or makes `directory`/cursor. One that another analyzer has open is an error: two would
  // use the same numbers.
  static absl::StatusOr<CursorFile> Open(const std::string& directory);
  CursorFile(CursorFile&& other) noexcept;
  CursorFile& operator=(CursorFile&&) = delete;
  ~CursorFile();

  // The cursor that the analyzer before this one left; nullopt if there is none, or none that makes
  // sense.
  std::optional<Cursor> Read() const;
  void Store(const Cursor& cursor);

  // How far the numbers of lines have got in this boot; from 1 on, if nothing is known of it.
  LineNumbers ReadNumbers(const std::string& boot_id) const;
  // They are handed out from now on.
  void BeginNumbers(const LineNumbers& numbers);
  void StoreNumbers(std::uint64_t next, std::uint64_t sure);
  // No more are handed out.
  void EndNumbers();

 private:
  struct Numbers;
  struct Page;
  CursorFile(kj::AutoCloseFd fd, Page* page) : fd_(std::move(fd)), page_(page) {}

  kj::AutoCloseFd fd_;  // locked
  Page* page_;
};

}  // namespace randguard

#endif  // ANALYZER_INGEST_CURSOR_FILE_H_
