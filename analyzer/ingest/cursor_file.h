// SPDX-License-Identifier: Apache-2.0
//
// Remembers how far the analyzer has got, so that the next one can report what was lost when this
// one is killed. One page, mapped: keeping it current costs a few stores per batch, and what was
// stored survives the process (not the host: after a boot it means nothing).
#ifndef ANALYZER_INGEST_CURSOR_FILE_H_
#define ANALYZER_INGEST_CURSOR_FILE_H_

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "analyzer/pipeline/cursor.h"

namespace randguard {

class CursorFile {
 public:
  // Opens or makes `directory`/cursor.
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
  // They are handed out from now on, `next` first.
  void BeginNumbers(const std::string& boot_id, std::uint64_t next);
  void StoreNumbers(std::uint64_t next);
  // All that were handed out are stored.
  void EndNumbers();

 private:
  struct Page;
  explicit CursorFile(Page* page) : page_(page) {}

  Page* page_;
};

}  // namespace randguard

#endif  // ANALYZER_INGEST_CURSOR_FILE_H_
