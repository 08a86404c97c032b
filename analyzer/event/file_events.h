// SPDX-License-Identifier: Apache-2.0
//
// Events of files. A path comes from the kernel where the kernel could report one; path_source says
// where each path comes from.
#ifndef ANALYZER_EVENT_FILE_EVENTS_H_
#define ANALYZER_EVENT_FILE_EVENTS_H_

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "analyzer/event/actor.h"
#include "analyzer/event/field.h"
#include "analyzer/event/value_sets.h"
#include "analyzer/event/values.h"
#include "schema/abi/event.h"

namespace randguard {

inline constexpr const char* kTouchesWatchDoc =
    "watched paths and patterns, as configured, that lie below this directory; null: none";

inline constexpr const char* kFsPathDoc =
    "the path within its file system, from that file system's root, where the mount shows a part "
    "of "
    "it alone (a bind mount); empty: it does, and the path is too long; null: the mount shows all "
    "of it, or that is not known";

// The system call behind an event, and what came of it.
struct FileCall {
  Text event_type;
  Text syscall;
  Text operation;
  std::optional<std::int64_t> result = 0;
  OptionalText error;
  bool compat32 = false, seccomp = false, traced = false, doubtful = false;
  Witness witness = Witness::kCall;
  std::optional<Origin> origin;
  std::uint32_t mount_namespace = 0;  // of the path: inode number; 0: not known
  std::optional<bool> mount_namespace_foreign;
  bool alert = false;
  OptionalText detection_type;
};

constexpr auto FieldsOf(const FileCall*) {
  return FieldList{
      Field<"syscall">(&FileCall::syscall, "the system call"),
      Field<"operation">(&FileCall::operation, "what the system call does to the file"),
      Field<"result">(&FileCall::result,
                      "what it returned; negative: an error, the number as in errno; null: it was "
                      "only asked for (origin io_uring), and how it ends is not known"),
      Field<"error">(&FileCall::error,
                     "the error's name; null: it worked, or how it ended is not known"),
      Field<"compat32">(&FileCall::compat32, "called through the 32-bit system call table"),
      Field<"seccomp">(&FileCall::seccomp, kSeccompDoc),
      Field<"traced">(&FileCall::traced, kTracedDoc),
      Field<"doubtful">(&FileCall::doubtful, kDoubtfulDoc),
      Field<"witness">(&FileCall::witness, kWitnessDoc),
      Field<"origin">(&FileCall::origin, kOriginDoc),
      Field<"mount_namespace_foreign">(&FileCall::mount_namespace_foreign,
                                       kMountNamespaceForeignDoc),
      Field<"alert">(&FileCall::alert, "a detection fits"),
      Field<"detection_type">(&FileCall::detection_type, "the detection's name"),
  };
}

// A path as a record holds it.
struct FilePath {
  OptionalText path;
  OptionalText fs_path;
  std::optional<PathSource> source;
  std::optional<PathStatus> status;
};

// The file that a descriptor stood for when the call returned.
struct FileObject {
  std::optional<Device> dev;
  std::optional<std::uint64_t> inode;
  std::optional<Mode> mode;
  std::optional<std::uint32_t> owner_uid, owner_gid;
};

struct FileOpen {
  static constexpr std::array kKinds = {RG_KIND_file_open};
  static constexpr std::string_view kClassName = "file_open";
  static constexpr const char* kDoc = "a file was opened, or was to be";

  Actor actor;
  FileCall call;
  Text filename;
  bool filename_truncated = false;
  OptionalText resolved_path;
  OptionalText fs_path;
  std::optional<PathSource> path_source;
  std::optional<PathStatus> path_status;
  std::uint64_t flags = 0;
  std::optional<Mode> create_mode;
  std::optional<std::uint64_t> resolve;
  std::optional<std::int32_t> dirfd;
  std::optional<std::int32_t> fd;
  bool created = false;
  FileObject object;
};

constexpr auto FieldsOf(const FileObject*) {
  return FieldList{
      Field<"dev">(&FileObject::dev, "device of its file system, major:minor"),
      Field<"inode">(&FileObject::inode, "its inode"),
      Field<"mode">(&FileObject::mode, "its st_mode, octal"),
      Field<"owner_uid">(&FileObject::owner_uid, "its owner"),
      Field<"owner_gid">(&FileObject::owner_gid, "its group"),
  };
}

constexpr auto FieldsOf(const FileOpen*) {
  using E = FileOpen;
  return FieldList{
      Field<"filename">(&E::filename, "the caller's argument"),
      Field<"filename_truncated">(&E::filename_truncated, "filename was longer, or unreadable"),
      Field<"resolved_path">(&E::resolved_path,
                             "the file: absolute; of one that was opened, as the kernel knows it"),
      Field<"fs_path">(&E::fs_path, kFsPathDoc),
      Field<"path_source">(&E::path_source, kPathSourceDoc),
      Field<"path_status">(&E::path_status, kPathStatusDoc),
      Field<"flags">(&E::flags, "the call's flags: O_RDONLY and so on, bit by bit"),
      Field<"create_mode">(&E::create_mode,
                           "mode asked for, octal; null: the call creates nothing"),
      Field<"resolve">(&E::resolve, "openat2's RESOLVE_ flags"),
      Field<"dirfd">(&E::dirfd, "directory a relative name starts from; null: the working one"),
      Field<"fd">(&E::fd, "the new descriptor; null: none"),
      Field<"created">(&E::created, "there was no such file before"),
  };
}

struct FileWrite {
  static constexpr std::array kKinds = {RG_KIND_file_write};
  static constexpr std::string_view kClassName = "file_write";
  static constexpr const char* kDoc = "the content of a file was changed, or was to be";

  Actor actor;
  FileCall call;
  std::optional<std::int32_t> fd;
  std::optional<std::uint64_t> count, iovcnt;
  std::optional<std::int64_t> pos;
  std::optional<std::uint64_t> length;
  std::optional<std::uint32_t> prot;
  std::optional<std::uint32_t> flags;
  OptionalText resolved_path;
  OptionalText fs_path;
  std::optional<PathSource> path_source;
  std::optional<PathStatus> path_status;
  FileObject object;
};

constexpr auto FieldsOf(const FileWrite*) {
  using E = FileWrite;
  return FieldList{
      Field<"fd">(&E::fd, "the descriptor; null: none was named"),
      Field<"count">(&E::count, "bytes to be written; result tells how many were"),
      Field<"iovcnt">(&E::iovcnt, "buffers to be written"),
      Field<"pos">(&E::pos, "where in the file; null: where the descriptor stands"),
      Field<"length">(&E::length, "ftruncate: the new size; fallocate, mmap: bytes"),
      Field<"prot">(&E::prot, "mmap: PROT_ flags"),
      Field<"flags">(&E::flags, "the call's flags"),
      Field<"resolved_path">(&E::resolved_path, "the file: absolute, as the kernel knows it"),
      Field<"fs_path">(&E::fs_path, kFsPathDoc),
      Field<"path_source">(&E::path_source, kPathSourceDoc),
      Field<"path_status">(&E::path_status, kPathStatusDoc),
  };
}

struct FileRename {
  static constexpr std::array kKinds = {RG_KIND_file_rename};
  static constexpr std::string_view kClassName = "file_rename";
  static constexpr const char* kDoc = "a file got another or a further name, or was to get it";

  Actor actor;
  FileCall call;
  Text old_filename, new_filename;
  bool filename_truncated = false;
  std::uint32_t flags = 0;
  OptionalText old_resolved_path;
  OptionalText old_fs_path;
  std::optional<PathSource> old_path_source;
  std::optional<PathStatus> old_path_status;
  OptionalText new_resolved_path;
  OptionalText new_fs_path;
  std::optional<PathSource> new_path_source;
  std::optional<PathStatus> new_path_status;
  std::optional<std::int32_t> old_dirfd, new_dirfd;
  std::optional<TextArray> touches_watch;
};

constexpr auto FieldsOf(const FileRename*) {
  using E = FileRename;
  return FieldList{
      Field<"old_filename">(&E::old_filename,
                            "the caller's first argument; symlink: what the link says"),
      Field<"new_filename">(&E::new_filename, "the caller's argument for the new name"),
      Field<"filename_truncated">(&E::filename_truncated, "one of the two was longer"),
      Field<"flags">(&E::flags, "the call's flags: RENAME_EXCHANGE and so on, bit by bit"),
      Field<"old_resolved_path">(&E::old_resolved_path, "the old name, absolute"),
      Field<"old_fs_path">(&E::old_fs_path, kFsPathDoc),
      Field<"old_path_source">(&E::old_path_source, kPathSourceDoc),
      Field<"old_path_status">(&E::old_path_status, kPathStatusDoc),
      Field<"new_resolved_path">(&E::new_resolved_path, "the new name, absolute"),
      Field<"new_fs_path">(&E::new_fs_path, kFsPathDoc),
      Field<"new_path_source">(&E::new_path_source, kPathSourceDoc),
      Field<"new_path_status">(&E::new_path_status, kPathStatusDoc),
      Field<"old_dirfd">(&E::old_dirfd,
                         "directory the old name starts from; null: the working one"),
      Field<"new_dirfd">(&E::new_dirfd, "the same of the new name"),
      Field<"touches_watch">(&E::touches_watch, kTouchesWatchDoc),
  };
}

struct FileUnlink {
  static constexpr std::array kKinds = {RG_KIND_file_unlink};
  static constexpr std::string_view kClassName = "file_unlink";
  static constexpr const char* kDoc = "a name of a file was removed, or was to be";

  Actor actor;
  FileCall call;
  Text filename;
  bool filename_truncated = false;
  std::uint32_t flags = 0;
  std::optional<std::int32_t> dirfd;
  OptionalText resolved_path;
  OptionalText fs_path;
  std::optional<PathSource> path_source;
  std::optional<PathStatus> path_status;
};

constexpr auto FieldsOf(const FileUnlink*) {
  using E = FileUnlink;
  return FieldList{
      Field<"filename">(&E::filename, "the caller's argument"),
      Field<"filename_truncated">(&E::filename_truncated, "filename was longer, or unreadable"),
      Field<"flags">(&E::flags, "unlinkat: AT_REMOVEDIR (512) removes a directory"),
      Field<"dirfd">(&E::dirfd, "directory a relative name starts from; null: the working one"),
      Field<"resolved_path">(&E::resolved_path, "the name, absolute"),
      Field<"fs_path">(&E::fs_path, kFsPathDoc),
      Field<"path_source">(&E::path_source, kPathSourceDoc),
      Field<"path_status">(&E::path_status, kPathStatusDoc),
  };
}

struct FileChange {
  static constexpr std::array kKinds = {RG_KIND_file_change};
  static constexpr std::string_view kClassName = "file_change";
  static constexpr const char* kDoc =
      "a file was made, truncated by name, or its mode, owner or attributes changed; or it was to "
      "be";

  Actor actor;
  FileCall call;
  OptionalText filename;
  bool filename_truncated = false;
  std::optional<std::int32_t> fd;
  std::optional<std::int32_t> dirfd;
  std::optional<std::uint32_t> flags;
  std::optional<Mode> new_mode;
  std::optional<std::uint32_t> new_uid, new_gid;
  std::optional<std::uint64_t> length;
  std::optional<std::uint64_t> device;
  OptionalText attribute;
  OptionalText resolved_path;
  OptionalText fs_path;
  std::optional<PathSource> path_source;
  std::optional<PathStatus> path_status;
  std::optional<TextArray> touches_watch;
  FileObject object;
};

constexpr auto FieldsOf(const FileChange*) {
  using E = FileChange;
  return FieldList{
      Field<"filename">(&E::filename, "the caller's argument; null: the call takes a descriptor"),
      Field<"filename_truncated">(&E::filename_truncated, "filename was longer, or unreadable"),
      Field<"fd">(&E::fd, "the descriptor; null: the call takes a name"),
      Field<"dirfd">(&E::dirfd, "directory a relative name starts from; null: the working one"),
      Field<"flags">(&E::flags, "the call's flags"),
      Field<"new_mode">(&E::new_mode, "mode asked for, octal"),
      Field<"new_uid">(&E::new_uid, "owner asked for; null: not to be changed"),
      Field<"new_gid">(&E::new_gid, "group asked for; null: not to be changed"),
      Field<"length">(&E::length, "truncate: the new size"),
      Field<"device">(&E::device, "mknod: the device, as the caller gave it"),
      Field<"attribute">(&E::attribute, "extended attribute's name"),
      Field<"resolved_path">(&E::resolved_path, "the file, absolute"),
      Field<"fs_path">(&E::fs_path, kFsPathDoc),
      Field<"path_source">(&E::path_source, kPathSourceDoc),
      Field<"path_status">(&E::path_status, kPathStatusDoc),
      Field<"touches_watch">(&E::touches_watch, kTouchesWatchDoc),
  };
}

struct FileTimes {
  static constexpr std::array kKinds = {RG_KIND_file_times};
  static constexpr std::string_view kClassName = "file_times";
  static constexpr const char* kDoc = "the times of a file were set, or were to be";

  Actor actor;
  FileCall call;
  OptionalText filename;
  bool filename_truncated = false;
  std::optional<std::int32_t> fd;
  std::optional<std::int32_t> dirfd;
  std::uint32_t flags = 0;
  std::optional<TimeChange> atime_change, mtime_change;
  std::optional<std::int64_t> new_atime_ns, new_mtime_ns;
  OptionalText resolved_path;
  OptionalText fs_path;
  std::optional<PathSource> path_source;
  std::optional<PathStatus> path_status;
  FileObject object;
};

constexpr auto FieldsOf(const FileTimes*) {
  using E = FileTimes;
  return FieldList{
      Field<"filename">(&E::filename, "the caller's argument; null: there is a descriptor instead"),
      Field<"filename_truncated">(&E::filename_truncated, "filename was longer, or unreadable"),
      Field<"fd">(&E::fd, "the descriptor; null: there is a name"),
      Field<"dirfd">(&E::dirfd, "directory a relative name starts from; null: the working one"),
      Field<"flags">(&E::flags, "the call's flags"),
      Field<"atime_change">(&E::atime_change,
                            "to what the time of access was to be set; null: it could not be read"),
      Field<"mtime_change">(&E::mtime_change, "the same of the time of modification"),
      Field<"new_atime_ns">(&E::new_atime_ns,
                            "time of access asked for, since 1970; null: none was given"),
      Field<"new_mtime_ns">(&E::new_mtime_ns, "the same of the time of modification"),
      Field<"resolved_path">(&E::resolved_path, "the file, absolute"),
      Field<"fs_path">(&E::fs_path, kFsPathDoc),
      Field<"path_source">(&E::path_source, kPathSourceDoc),
      Field<"path_status">(&E::path_status, kPathStatusDoc),
  };
}

struct FileFlags {
  static constexpr std::array kKinds = {RG_KIND_file_flags};
  static constexpr std::string_view kClassName = "file_flags";
  static constexpr const char* kDoc =
      "the flags of a file were set, such as immutable (chattr), or were to be";

  Actor actor;
  FileCall call;
  OptionalText filename;
  bool filename_truncated = false;
  std::optional<std::int32_t> fd;
  std::optional<std::int32_t> dirfd;
  std::uint32_t flags = 0;
  std::optional<TextArray> file_flags;
  std::optional<std::uint64_t> file_flag_bits;
  OptionalText resolved_path;
  OptionalText fs_path;
  std::optional<PathSource> path_source;
  std::optional<PathStatus> path_status;
  FileObject object;
};

constexpr auto FieldsOf(const FileFlags*) {
  using E = FileFlags;
  return FieldList{
      Field<"filename">(&E::filename, "the caller's argument; null: there is a descriptor instead"),
      Field<"filename_truncated">(&E::filename_truncated, "filename was longer, or unreadable"),
      Field<"fd">(&E::fd, "the descriptor; null: there is a name"),
      Field<"dirfd">(&E::dirfd, "directory a relative name starts from; null: the working one"),
      Field<"flags">(&E::flags, "file_setattr's AT_ flags"),
      Field<"file_flags">(&E::file_flags,
                          "what the file was to have: immutable, append, no_dump, no_atime, sync; "
                          "null: it could not be read"),
      Field<"file_flag_bits">(&E::file_flag_bits,
                              "the same and all others, as the call numbers them: FS_..._FL of "
                              "FS_IOC_SETFLAGS, else FS_XFLAG_..."),
      Field<"resolved_path">(&E::resolved_path, "the file, absolute"),
      Field<"fs_path">(&E::fs_path, kFsPathDoc),
      Field<"path_source">(&E::path_source, kPathSourceDoc),
      Field<"path_status">(&E::path_status, kPathStatusDoc),
  };
}

}  // namespace randguard

#endif  // ANALYZER_EVENT_FILE_EVENTS_H_
