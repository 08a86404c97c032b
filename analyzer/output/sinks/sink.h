// SPDX-License-Identifier: Apache-2.0
//
// Where lines of output go.
#ifndef ANALYZER_OUTPUT_SINKS_SINK_H_
#define ANALYZER_OUTPUT_SINKS_SINK_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "analyzer/event/alert.h"
#include "analyzer/event/reports.h"

namespace randguard {

class EventWriter;
enum class LineKind : std::uint8_t;
struct SessionContext;

// Borrowed for the call.
struct OutputLine {
  std::string_view text;          // with its newline
  const Alert* alert = nullptr;   // what the line says, if it is an alert
  std::string_view process_id;    // text form of the alert's
  std::string_view agent_id;      // of the sensor that raised the alert
  std::string_view boot_id = {};  // of the line's number; empty: not known
  std::uint64_t seq = 0;
  LineKind kind = {};
  // Writes the same event in another format: write(writer, event). Null: `text` is all there is.
  std::string_view (*write)(EventWriter& writer, const void* event) = nullptr;
  const void* event = nullptr;
};

// A regular file, and how far it was written.
struct FilePosition {
  std::uint64_t device = 0, inode = 0;
  std::uint64_t bytes = 0;

  friend bool operator==(const FilePosition&, const FilePosition&) = default;
};

// Whole lines of a file.
struct LineCount {
  std::uint64_t lines = 0;
  std::uint64_t events = 0;  // among them
};

// A sink counts what it could not pass on, and complains about it on stderr once until it works
// again: it never holds the pipeline up.
class Sink {
 public:
  virtual ~Sink() = default;

  virtual void Write(const OutputLine& line) = 0;
  // As of EventWriter, for sinks that write lines of another format.
  virtual void SetSession(const SessionContext& session) { static_cast<void>(session); }
  virtual void SetClockOffset(std::int64_t ns) { static_cast<void>(ns); }
  virtual void ContinueNumbers(std::string_view boot_id, std::uint64_t next) {
    static_cast<void>(boot_id), static_cast<void>(next);
  }
  // Passes on what is buffered.
  virtual void Flush() {}
  // How far the file that all lines go into is written; nullopt where they go elsewhere.
  virtual std::optional<FilePosition> position() const { return std::nullopt; }
  // The whole lines of that file which stand behind a position in it; none if it is of another
  // file. To be called before anything is written.
  virtual LineCount Behind(const FilePosition& position) const {
    static_cast<void>(position);
    return {};
  }
  // The number of the last whole line of that file, if it is of this boot; 0: it is not, or there
  // is none.
  virtual std::uint64_t LastSeq(std::string_view boot_id) const {
    static_cast<void>(boot_id);
    return 0;
  }
  // Likewise, but 0 for a sink to which not all lines go.
  virtual std::uint64_t LastSeqOfAll(std::string_view boot_id) const {
    static_cast<void>(boot_id);
    return 0;
  }
  // No line comes behind those that were written.
  virtual void End() {}
  // Opens files anew, for log rotation by others. On an error the old one stays in use.
  virtual absl::Status Reopen() { return absl::OkStatus(); }
  // Rotates a file that is too old, and tries again what has failed. To be called now and then.
  virtual void RotateIfOld() {}
  // Whether something waits in the sink that should not wait for long.
  virtual bool HasWork() const { return false; }
  // Does some of what can wait, for a few milliseconds. True: there is more of it.
  virtual bool Work() {
    if (HasWork()) Flush();
    return HasWork();
  }
  // Asked again and again while nobody takes what is written; false: the lines are to be given up.
  // Without it, a sink waits for ever; with it, not for long.
  using Waiter = std::function<bool()>;
  virtual void SetWaiter(const Waiter& waiter) { static_cast<void>(waiter); }

  // Lines lost that a loss record is to say, once the sink is not failing any more.
  virtual std::uint64_t lost_lines() const { return 0; }
  virtual bool failing() const { return false; }
  // Likewise, but for those to which only alerts go.
  virtual bool failing_for_all() const { return failing(); }
  // Nobody reads any more: there is no point in going on.
  virtual bool closed() const { return false; }
  // Adds the sink's counters to those of others, and says what is wrong with it now.
  virtual void AddTo(Health& health) const = 0;
};

// Adds an error to those in `health.output_error`.
void AddOutputError(Health& health, std::string_view error);

// Several sinks: each gets every line.
class SinkList final : public Sink {
 public:
  void Add(std::unique_ptr<Sink> sink) { sinks_.push_back(std::move(sink)); }

  void Write(const OutputLine& line) override;
  void SetSession(const SessionContext& session) override;
  void SetClockOffset(std::int64_t ns) override;
  void ContinueNumbers(std::string_view boot_id, std::uint64_t next) override;
  void Flush() override;
  void End() override;
  std::optional<FilePosition> position() const override;  // the first that has one
  LineCount Behind(const FilePosition& position) const override;
  std::uint64_t LastSeq(std::string_view boot_id) const override;       // the largest
  std::uint64_t LastSeqOfAll(std::string_view boot_id) const override;  // the largest
  absl::Status Reopen() override;  // all of them; the first error
  void RotateIfOld() override;
  bool Work() override;  // of one of them
  bool HasWork() const override;
  void SetWaiter(const Waiter& waiter) override;
  std::uint64_t lost_lines() const override;
  bool failing() const override;
  bool failing_for_all() const override;
  bool closed() const override;
  void AddTo(Health& health) const override;

 private:
  std::vector<std::unique_ptr<Sink>> sinks_;
  std::size_t next_ = 0;  // whose turn it is to work
};

}  // namespace randguard

#endif  // ANALYZER_OUTPUT_SINKS_SINK_H_
