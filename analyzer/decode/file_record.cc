// SPDX-License-Identifier: Apache-2.0
#include "analyzer/decode/file_record.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdint>
#include <iterator>

#include "analyzer/decode/by_kind.h"
#include "analyzer/event/calls.h"

namespace randguard {
namespace {

constexpr std::uint64_t kCreate = 0100;        // O_CREAT
constexpr std::uint64_t kTmpfile = 020000000;  // __O_TMPFILE
constexpr std::uint32_t kModeBits = 07777;
constexpr std::uint64_t kTruncatingCreate = 01101;  // what creat(2) stands for

// Parts of events are filled where they lie, and were absent before.

void FillCall(const rg_file& r, FileCall& call) {
  const CallInfo& info = CallInfoOf(r.call);
  call.event_type = info.event_type;
  call.syscall = info.name;
  call.operation = info.operation;
  const bool requested = (r.flags & RG_FILE_REQUESTED) != 0;
  if (requested) {
    call.result.reset();
  } else {
    call.result = r.result;
  }
  call.error = ErrorName(r.result);
  call.compat32 = (r.flags & RG_FILE_COMPAT) != 0;
  call.mount_namespace = r.ns_mnt;
  FillWitness(r.hdr, call);
  if (requested) call.witness = Witness::kRequest;
  if ((r.flags & RG_FILE_IO_URING) != 0) call.origin = Origin::kIoUring;
  if ((r.flags & RG_FILE_KERNEL) != 0) call.origin = Origin::kKernel;
}

void FillObject(const rg_file& r, FileObject& object) {
  if ((r.flags & RG_FILE_OBJECT) == 0) return;
  object.dev = Device{r.dev};
  object.inode = r.inode;
  object.mode = Mode{r.mode};
  object.owner_uid = r.owner_uid;
  object.owner_gid = r.owner_gid;
}

// The kernel has reported the directory. If the name in it is a single component, no symlink can
// lie between. The name is read from the caller's memory when the call returns: the caller may have
// asked with another name and changed it meanwhile.
bool IsOneComponent(std::string_view name) {
  return !name.empty() && name.find('/') == name.npos && name != "." && name != "..";
}

// `name` is what the caller asked for, `exact`: the call does not follow a symlink of that name.
// Inlined, so that none is made in memory only to be copied.
[[gnu::always_inline]] inline FilePath PathOf(const rg_str& s, std::string_view name, bool exact,
                                              Strings& strings) {
  FilePath path;
  path.path = strings.GetOptional(s);
  path.fs_path = strings.GetWithin(s);
  path.status = StatusOf(s);
  if (!path.path.has_value()) return path;
  if ((s.flags & RG_STR_LEXICAL) == 0) {
    path.source = PathSource::kKernel;
  } else {
    path.source = exact && IsOneComponent(name) ? PathSource::kDirectory : PathSource::kLexical;
  }
  return path;
}

template <typename E>
void SetPath(E& event, const FilePath& path) {
  event.resolved_path = path.path;
  event.fs_path = path.fs_path;
  event.path_source = path.source;
  event.path_status = path.status;
}

// The 32-bit table has no room for 64 bits in one argument.
std::int64_t TwoHalves(std::uint64_t low, std::uint64_t high) {
  return static_cast<std::int64_t>(std::uint64_t{Unsigned(high)} << 32 | Unsigned(low));
}

// -1 where nobody named one.
std::optional<std::int32_t> Descriptor(std::uint64_t arg) {
  if (Int(arg) == -1) return std::nullopt;
  return Int(arg);
}

std::optional<std::uint32_t> UnlessMinusOne(std::uint64_t arg) {
  if (Unsigned(arg) == UINT32_MAX) return std::nullopt;
  return Unsigned(arg);
}

// One for each event. A call that its switch does not know makes the record an invalid one: a call
// that is added to the list is not to be read as another one.

void Fill(const rg_file& r, Strings& strings, FileOpen& e) {
  FillActor(r.hdr, e.actor);
  FillCall(r, e.call);
  e.filename = strings.Get(r.name);
  e.filename_truncated = Cut(r.name);
  SetPath(e, PathOf(r.path, e.filename, false, strings));
  std::uint64_t mode = 0;
  switch (r.call) {
    case RG_CALL_open:
      e.flags = Unsigned(r.args[1]);
      mode = r.args[2];
      break;
    case RG_CALL_creat:
      e.flags = kTruncatingCreate;
      mode = r.args[1];
      break;
    case RG_CALL_open_by_handle_at:
      e.flags = Unsigned(r.args[2]);
      break;
    case RG_CALL_openat:
      e.dirfd = Dirfd(r.args[0]);
      e.flags = Unsigned(r.args[2]);
      mode = r.args[3];
      break;
    case RG_CALL_openat2:
      e.dirfd = Dirfd(r.args[0]);
      e.flags = r.args[2];
      mode = r.args[3];
      e.resolve = r.args[4];
      break;
    default:
      strings.Fail();
  }
  if ((e.flags & (kCreate | kTmpfile)) != 0) e.create_mode = Mode{Unsigned(mode) & kModeBits};
  // The function that opens a file returns 0: the file gets its descriptor afterwards.
  if (r.result > 0 || (r.result == 0 && e.call.witness == Witness::kCall)) {
    e.fd = static_cast<std::int32_t>(r.result);
    // The call is said to have made a descriptor, and there is no file behind it.
    if ((r.flags & RG_FILE_OBJECT) == 0 && e.call.witness == Witness::kCall) e.call.doubtful = true;
  }
  e.created = (r.flags & RG_FILE_CREATED) != 0;
  FillObject(r, e.object);
}

void Fill(const rg_file& r, Strings& strings, FileWrite& e) {
  FillActor(r.hdr, e.actor);
  FillCall(r, e.call);
  SetPath(e, PathOf(r.path, {}, false, strings));
  FillObject(r, e.object);
  e.fd = Descriptor(r.args[0]);
  switch (r.call) {
    case RG_CALL_write:  // requests to io_uring and io_submit(2) have neither
      if (e.fd.has_value() || r.args[2] != 0) e.count = r.args[2];
      break;
    case RG_CALL_writev:
      e.iovcnt = r.args[2];
      break;
    case RG_CALL_pwrite64:
      e.count = r.args[2];
      e.pos = static_cast<std::int64_t>(r.args[3]);
      break;
    case RG_CALL_pwrite64_32:
      e.count = r.args[2];
      e.pos = TwoHalves(r.args[3], r.args[4]);
      break;
    case RG_CALL_fallocate_32:
      e.flags = Unsigned(r.args[1]);
      e.pos = TwoHalves(r.args[2], r.args[3]);
      e.length = static_cast<std::uint64_t>(TwoHalves(r.args[4], r.args[5]));
      break;
    case RG_CALL_ioctl:  // FICLONE, FICLONERANGE: all of the other file, or a part
      break;
    case RG_CALL_pwritev2:
      e.flags = Unsigned(r.args[5]);
      [[fallthrough]];
    case RG_CALL_pwritev:
      e.iovcnt = r.args[2];
      e.pos =
          e.call.compat32 ? TwoHalves(r.args[3], r.args[4]) : static_cast<std::int64_t>(r.args[3]);
      break;
    case RG_CALL_sendfile64:
    case RG_CALL_sendfile:
      e.count = r.args[3];
      break;
    case RG_CALL_splice:
    case RG_CALL_copy_file_range:
      e.fd = Descriptor(r.args[2]);
      e.count = r.args[4];
      e.flags = Unsigned(r.args[5]);
      break;
    case RG_CALL_mmap:
      e.fd = Descriptor(r.args[4]);
      e.length = r.args[1];
      e.prot = Unsigned(r.args[2]);
      e.flags = Unsigned(r.args[3]);
      // The 32-bit table counts pages.
      e.pos = static_cast<std::int64_t>(e.call.compat32 ? r.args[5] * 4096 : r.args[5]);
      // Where the memory is, is the process's affair, and would differ each time.
      e.call.result = std::min<std::int64_t>(r.result, 0);
      break;
    case RG_CALL_ftruncate:
      e.length = r.args[1];
      break;
    case RG_CALL_ftruncate64:
      e.length = static_cast<std::uint64_t>(TwoHalves(r.args[1], r.args[2]));
      break;
    case RG_CALL_fallocate:
      e.flags = Unsigned(r.args[1]);
      e.pos = static_cast<std::int64_t>(r.args[2]);
      e.length = r.args[3];
      break;
    default:
      strings.Fail();
  }
}

void Fill(const rg_file& r, Strings& strings, FileRename& e) {
  FillActor(r.hdr, e.actor);
  FillCall(r, e.call);
  e.old_filename = strings.Get(r.name);
  e.new_filename = strings.Get(r.name2);
  e.filename_truncated = Cut(r.name) || Cut(r.name2);
  const bool follows = r.call == RG_CALL_linkat && (r.args[4] & AT_SYMLINK_FOLLOW) != 0;
  const bool exact = CallInfoOf(r.call).nofollow && !follows;
  const FilePath old_path = PathOf(r.path, e.old_filename, exact, strings);
  e.old_resolved_path = old_path.path;
  e.old_fs_path = old_path.fs_path;
  e.old_path_source = old_path.source;
  e.old_path_status = old_path.status;
  const FilePath new_path = PathOf(r.path2, e.new_filename, true, strings);
  e.new_resolved_path = new_path.path;
  e.new_fs_path = new_path.fs_path;
  e.new_path_source = new_path.source;
  e.new_path_status = new_path.status;
  switch (r.call) {
    case RG_CALL_renameat2:
    case RG_CALL_linkat:
      e.flags = Unsigned(r.args[4]);
      [[fallthrough]];
    case RG_CALL_renameat:
      e.old_dirfd = Dirfd(r.args[0]);
      e.new_dirfd = Dirfd(r.args[2]);
      break;
    case RG_CALL_symlinkat:
      e.new_dirfd = Dirfd(r.args[1]);
      break;
    case RG_CALL_rename:
    case RG_CALL_link:
    case RG_CALL_symlink:
      break;
    default:
      strings.Fail();
  }
}

void Fill(const rg_file& r, Strings& strings, FileUnlink& e) {
  FillActor(r.hdr, e.actor);
  FillCall(r, e.call);
  e.filename = strings.Get(r.name);
  e.filename_truncated = Cut(r.name);
  SetPath(e, PathOf(r.path, e.filename, true, strings));
  switch (r.call) {
    case RG_CALL_unlinkat:
      e.dirfd = Dirfd(r.args[0]);
      e.flags = Unsigned(r.args[2]);
      break;
    case RG_CALL_unlink:
    case RG_CALL_rmdir:
      break;
    default:
      strings.Fail();
  }
}

void Owner(FileChange& e, std::uint64_t uid, std::uint64_t gid) {
  e.new_uid = UnlessMinusOne(uid);
  e.new_gid = UnlessMinusOne(gid);
}

// A 16-bit id, of which the highest stands for -1.
std::uint64_t From16(std::uint64_t arg) {
  const std::uint64_t id = arg & 0xffff;
  return id == 0xffff ? UINT32_MAX : id;
}

Mode Bits(std::uint64_t arg) { return Mode{Unsigned(arg) & kModeBits}; }

void ChangeArguments(FileChange& e, const rg_file& r, Strings& strings) {
  const auto& a = r.args;
  switch (r.call) {
    case RG_CALL_truncate:
      e.length = a[1];
      break;
    case RG_CALL_truncate64:
      e.length = static_cast<std::uint64_t>(TwoHalves(a[1], a[2]));
      break;
    case RG_CALL_mkdirat:
      e.dirfd = Dirfd(a[0]);
      e.new_mode = Bits(a[2]);
      break;
    case RG_CALL_mkdir:
    case RG_CALL_chmod:
      e.new_mode = Bits(a[1]);
      break;
    case RG_CALL_mknod:
      e.new_mode = Mode{Unsigned(a[1])};
      e.device = a[2];
      break;
    case RG_CALL_mknodat:
      e.dirfd = Dirfd(a[0]);
      e.new_mode = Mode{Unsigned(a[2])};
      e.device = a[3];
      break;
    case RG_CALL_fchmod:
      e.fd = Int(a[0]);
      e.new_mode = Bits(a[1]);
      break;
    case RG_CALL_fchmodat2:
      e.flags = Unsigned(a[3]);
      [[fallthrough]];
    case RG_CALL_fchmodat:
      e.dirfd = Dirfd(a[0]);
      e.new_mode = Bits(a[2]);
      break;
    case RG_CALL_chown:
    case RG_CALL_lchown:
      Owner(e, a[1], a[2]);
      break;
    case RG_CALL_fchown16:
      e.fd = Int(a[0]);
      [[fallthrough]];
    case RG_CALL_chown16:
    case RG_CALL_lchown16:
      Owner(e, From16(a[1]), From16(a[2]));
      break;
    case RG_CALL_fchown:
      e.fd = Int(a[0]);
      Owner(e, a[1], a[2]);
      break;
    case RG_CALL_fchownat:
      e.dirfd = Dirfd(a[0]);
      Owner(e, a[2], a[3]);
      e.flags = Unsigned(a[4]);
      break;
    case RG_CALL_fsetxattr:
    case RG_CALL_fremovexattr:
      e.fd = Descriptor(a[0]);
      [[fallthrough]];
    case RG_CALL_setxattr:
    case RG_CALL_lsetxattr:
    case RG_CALL_removexattr:
    case RG_CALL_lremovexattr:
      e.attribute = strings.GetOptional(r.name2);
      if (r.call != RG_CALL_removexattr && r.call != RG_CALL_lremovexattr &&
          r.call != RG_CALL_fremovexattr) {
        e.flags = Unsigned(a[4]);
      }
      break;
    case RG_CALL_setxattrat:
    case RG_CALL_removexattrat:
      e.dirfd = Dirfd(a[0]);
      e.flags = Unsigned(a[2]);
      e.attribute = strings.GetOptional(r.name2);
      break;
    default:
      strings.Fail();
  }
}

// Fills the fields that all events of a call with a name or a descriptor have. `exact`: as in
// PathOf().
template <typename E>
void FillNamed(const rg_file& r, bool exact, Strings& strings, E& e) {
  FillActor(r.hdr, e.actor);
  FillCall(r, e.call);
  if (!e.fd.has_value() && r.call != RG_CALL_fsetxattr) {
    e.filename = strings.Get(r.name);
    e.filename_truncated = Cut(r.name);
  }
  SetPath(e, PathOf(r.path, e.filename.value_or(""), exact, strings));
  FillObject(r, e.object);
}

void Fill(const rg_file& r, Strings& strings, FileChange& e) {
  ChangeArguments(e, r, strings);
  FillNamed(r, CallInfoOf(r.call).nofollow, strings, e);
}

// The directory, or the descriptor of the object itself, where the name is empty or there is none.
template <typename E>
void NullableName(const rg_file& r, E& e) {
  const bool has_name = r.name.length != 0 || r.name.flags != 0 || Int(r.args[0]) == kAtFdCwd;
  (has_name ? e.dirfd : e.fd) = has_name ? Dirfd(r.args[0]) : Int(r.args[0]);
}

// Saturates: the times of files reach farther than 64 bits of nanoseconds.
std::int64_t Nanoseconds(std::int64_t seconds, std::uint64_t nanoseconds) {
  std::int64_t ns = 0;
  if (__builtin_mul_overflow(seconds, std::int64_t{1'000'000'000}, &ns) ||
      __builtin_add_overflow(ns, nanoseconds, &ns)) {
    return seconds < 0 ? INT64_MIN : INT64_MAX;
  }
  return ns;
}

// `change` is to become what the call asked for, and `ns` the time that it gave.
void SetTime(const __u64* asked, std::optional<TimeChange>& change,
             std::optional<std::int64_t>& ns) {
  if (asked[1] == UTIME_NOW) {
    change = TimeChange::kNow;
  } else if (asked[1] == UTIME_OMIT) {
    change = TimeChange::kKept;
  } else {
    change = TimeChange::kGiven;
    ns = Nanoseconds(static_cast<std::int64_t>(asked[0]), asked[1]);
  }
}

void Fill(const rg_file& r, Strings& strings, FileTimes& e) {
  switch (r.call) {
    case RG_CALL_utimensat:
    case RG_CALL_utimensat_time64:
      e.flags = Unsigned(r.args[3]);
      [[fallthrough]];
    case RG_CALL_futimesat:
      NullableName(r, e);
      break;
    case RG_CALL_utimes:
    case RG_CALL_utime:
      break;
    default:
      strings.Fail();
  }
  if ((r.flags & RG_FILE_NOW) != 0) {
    e.atime_change = e.mtime_change = TimeChange::kNow;
  } else if ((r.flags & RG_FILE_UNREADABLE) == 0) {
    SetTime(&r.args[1], e.atime_change, e.new_atime_ns);
    SetTime(&r.args[4], e.mtime_change, e.new_mtime_ns);
  }
  FillNamed(r, (e.flags & AT_SYMLINK_NOFOLLOW) != 0, strings, e);
}

// The bits of a file's flags, in the order of InodeFlag.
constexpr std::uint64_t kFlagBits[] = {FS_IMMUTABLE_FL, FS_APPEND_FL, FS_NODUMP_FL, FS_NOATIME_FL,
                                       FS_SYNC_FL};
constexpr std::uint64_t kExtendedBits[] = {FS_XFLAG_IMMUTABLE, FS_XFLAG_APPEND, FS_XFLAG_NODUMP,
                                           FS_XFLAG_NOATIME, FS_XFLAG_SYNC};
static_assert(std::size(kFlagBits) == kValueList<InodeFlag>.names.size());
static_assert(std::size(kExtendedBits) == kValueList<InodeFlag>.names.size());

void Fill(const rg_file& r, Strings& strings, FileFlags& e) {
  bool extended = true;
  switch (r.call) {
    case RG_CALL_file_setattr:
      NullableName(r, e);
      e.flags = Unsigned(r.args[4]);
      break;
    case RG_CALL_ioctl_flags:
      e.fd = Int(r.args[0]);
      extended = Unsigned(r.args[1]) == FS_IOC_FSSETXATTR;
      break;
    default:
      strings.Fail();
  }
  if ((r.flags & RG_FILE_UNREADABLE) == 0) {
    e.file_flag_bits = r.args[2];
    e.file_flags.emplace();
    for (std::size_t i = 0; i < std::size(kFlagBits); ++i) {
      if ((r.args[2] & (extended ? kExtendedBits : kFlagBits)[i]) != 0) {
        e.file_flags->Add(kValueList<InodeFlag>.names[i]);
      }
    }
  }
  FillNamed(r, (e.flags & AT_SYMLINK_NOFOLLOW) != 0, strings, e);
}

}  // namespace

void DecodeFile(const rg_file& r, Strings& strings, Event& event) {
  if (CallInfoOf(r.call).kind != r.hdr.kind ||
      !EmplaceByKind<rg_file>(r.hdr.kind, event, [&](auto& e) { Fill(r, strings, e); })) {
    strings.Fail();
  }
}

}  // namespace randguard
