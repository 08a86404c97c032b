// SPDX-License-Identifier: Apache-2.0
#include "analyzer/rules/fields/symbols.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <linux/openat2.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>

namespace randguard {
namespace {

#define RG_SYMBOL(name, group) \
  Symbol { #name, Symbols::group, static_cast < std::uint64_t>(name) }
#define RG_CAPABILITY(name) \
  Symbol { #name, Symbols::kCapability, std::uint64_t{1 } << (name) }

// glibc says 0 where the kernel's calls are 64-bit by nature; records have the kernel's bit.
constexpr std::uint64_t kLargeFile = 0100000;
constexpr std::uint64_t kMemfdNoExecSeal = 0x8;  // newer than Debian 12's headers
constexpr std::uint64_t kMemfdExec = 0x10;
constexpr std::uint64_t kNewTime = 0x80;

constexpr std::array kSymbols = {
    RG_SYMBOL(O_WRONLY, kOpen),
    RG_SYMBOL(O_RDWR, kOpen),
    RG_SYMBOL(O_CREAT, kOpen),
    RG_SYMBOL(O_EXCL, kOpen),
    RG_SYMBOL(O_NOCTTY, kOpen),
    RG_SYMBOL(O_TRUNC, kOpen),
    RG_SYMBOL(O_APPEND, kOpen),
    RG_SYMBOL(O_NONBLOCK, kOpen),
    RG_SYMBOL(O_DSYNC, kOpen),
    RG_SYMBOL(O_SYNC, kOpen),
    RG_SYMBOL(O_ASYNC, kOpen),
    RG_SYMBOL(O_DIRECT, kOpen),
    Symbol{"O_LARGEFILE", Symbols::kOpen, kLargeFile},
    RG_SYMBOL(O_DIRECTORY, kOpen),
    RG_SYMBOL(O_NOFOLLOW, kOpen),
    RG_SYMBOL(O_NOATIME, kOpen),
    RG_SYMBOL(O_CLOEXEC, kOpen),
    RG_SYMBOL(O_PATH, kOpen),
    RG_SYMBOL(O_TMPFILE, kOpen),
    RG_SYMBOL(S_ISUID, kMode),
    RG_SYMBOL(S_ISGID, kMode),
    RG_SYMBOL(S_ISVTX, kMode),
    RG_SYMBOL(S_IRUSR, kMode),
    RG_SYMBOL(S_IWUSR, kMode),
    RG_SYMBOL(S_IXUSR, kMode),
    RG_SYMBOL(S_IRGRP, kMode),
    RG_SYMBOL(S_IWGRP, kMode),
    RG_SYMBOL(S_IXGRP, kMode),
    RG_SYMBOL(S_IROTH, kMode),
    RG_SYMBOL(S_IWOTH, kMode),
    RG_SYMBOL(S_IXOTH, kMode),
    RG_CAPABILITY(CAP_CHOWN),
    RG_CAPABILITY(CAP_DAC_OVERRIDE),
    RG_CAPABILITY(CAP_DAC_READ_SEARCH),
    RG_CAPABILITY(CAP_FOWNER),
    RG_CAPABILITY(CAP_FSETID),
    RG_CAPABILITY(CAP_KILL),
    RG_CAPABILITY(CAP_SETGID),
    RG_CAPABILITY(CAP_SETUID),
    RG_CAPABILITY(CAP_SETPCAP),
    RG_CAPABILITY(CAP_LINUX_IMMUTABLE),
    RG_CAPABILITY(CAP_NET_BIND_SERVICE),
    RG_CAPABILITY(CAP_NET_BROADCAST),
    RG_CAPABILITY(CAP_NET_ADMIN),
    RG_CAPABILITY(CAP_NET_RAW),
    RG_CAPABILITY(CAP_IPC_LOCK),
    RG_CAPABILITY(CAP_IPC_OWNER),
    RG_CAPABILITY(CAP_SYS_MODULE),
    RG_CAPABILITY(CAP_SYS_RAWIO),
    RG_CAPABILITY(CAP_SYS_CHROOT),
    RG_CAPABILITY(CAP_SYS_PTRACE),
    RG_CAPABILITY(CAP_SYS_PACCT),
    RG_CAPABILITY(CAP_SYS_ADMIN),
    RG_CAPABILITY(CAP_SYS_BOOT),
    RG_CAPABILITY(CAP_SYS_NICE),
    RG_CAPABILITY(CAP_SYS_RESOURCE),
    RG_CAPABILITY(CAP_SYS_TIME),
    RG_CAPABILITY(CAP_SYS_TTY_CONFIG),
    RG_CAPABILITY(CAP_MKNOD),
    RG_CAPABILITY(CAP_LEASE),
    RG_CAPABILITY(CAP_AUDIT_WRITE),
    RG_CAPABILITY(CAP_AUDIT_CONTROL),
    RG_CAPABILITY(CAP_SETFCAP),
    RG_CAPABILITY(CAP_MAC_OVERRIDE),
    RG_CAPABILITY(CAP_MAC_ADMIN),
    RG_CAPABILITY(CAP_SYSLOG),
    RG_CAPABILITY(CAP_WAKE_ALARM),
    RG_CAPABILITY(CAP_BLOCK_SUSPEND),
    RG_CAPABILITY(CAP_AUDIT_READ),
    RG_CAPABILITY(CAP_PERFMON),
    RG_CAPABILITY(CAP_BPF),
    RG_CAPABILITY(CAP_CHECKPOINT_RESTORE),
    RG_SYMBOL(PROT_READ, kProtection),
    RG_SYMBOL(PROT_WRITE, kProtection),
    RG_SYMBOL(PROT_EXEC, kProtection),
    RG_SYMBOL(MAP_SHARED, kMap),
    RG_SYMBOL(MAP_PRIVATE, kMap),
    RG_SYMBOL(MAP_FIXED, kMap),
    RG_SYMBOL(MAP_ANONYMOUS, kMap),
    Symbol{"RENAME_NOREPLACE", Symbols::kRename, 1},
    Symbol{"RENAME_EXCHANGE", Symbols::kRename, 2},
    Symbol{"RENAME_WHITEOUT", Symbols::kRename, 4},
    RG_SYMBOL(AT_REMOVEDIR, kAt),
    RG_SYMBOL(AT_SYMLINK_NOFOLLOW, kAt),
    RG_SYMBOL(AT_EMPTY_PATH, kAt),
    RG_SYMBOL(MS_RDONLY, kMount),
    RG_SYMBOL(MS_NOSUID, kMount),
    RG_SYMBOL(MS_NODEV, kMount),
    RG_SYMBOL(MS_NOEXEC, kMount),
    RG_SYMBOL(MS_REMOUNT, kMount),
    RG_SYMBOL(MS_BIND, kMount),
    RG_SYMBOL(MS_MOVE, kMount),
    RG_SYMBOL(MS_REC, kMount),
    RG_SYMBOL(MS_UNBINDABLE, kMount),
    RG_SYMBOL(MS_PRIVATE, kMount),
    RG_SYMBOL(MS_SLAVE, kMount),
    RG_SYMBOL(MS_SHARED, kMount),
    RG_SYMBOL(MNT_FORCE, kUnmount),
    RG_SYMBOL(MNT_DETACH, kUnmount),
    RG_SYMBOL(MNT_EXPIRE, kUnmount),
    RG_SYMBOL(UMOUNT_NOFOLLOW, kUnmount),
    RG_SYMBOL(CLONE_NEWNS, kNamespace),
    RG_SYMBOL(CLONE_NEWCGROUP, kNamespace),
    RG_SYMBOL(CLONE_NEWUTS, kNamespace),
    RG_SYMBOL(CLONE_NEWIPC, kNamespace),
    RG_SYMBOL(CLONE_NEWUSER, kNamespace),
    RG_SYMBOL(CLONE_NEWPID, kNamespace),
    RG_SYMBOL(CLONE_NEWNET, kNamespace),
    Symbol{"CLONE_NEWTIME", Symbols::kNamespace, kNewTime},
    RG_SYMBOL(MFD_CLOEXEC, kMemfd),
    RG_SYMBOL(MFD_ALLOW_SEALING, kMemfd),
    RG_SYMBOL(MFD_HUGETLB, kMemfd),
    Symbol{"MFD_NOEXEC_SEAL", Symbols::kMemfd, kMemfdNoExecSeal},
    Symbol{"MFD_EXEC", Symbols::kMemfd, kMemfdExec},
    RG_SYMBOL(RESOLVE_NO_XDEV, kResolve),
    RG_SYMBOL(RESOLVE_NO_MAGICLINKS, kResolve),
    RG_SYMBOL(RESOLVE_NO_SYMLINKS, kResolve),
    RG_SYMBOL(RESOLVE_BENEATH, kResolve),
    RG_SYMBOL(RESOLVE_IN_ROOT, kResolve),
};
#undef RG_SYMBOL
#undef RG_CAPABILITY

struct FieldSymbols {
  EventClass event_class;
  std::string_view field;
  Symbols group;
};

// Fields called "flags" mean something else in each event.
constexpr FieldSymbols kFieldSymbols[] = {
    {ClassOf<FileOpen>(), "flags", Symbols::kOpen},
    {ClassOf<FileOpen>(), "resolve", Symbols::kResolve},
    {ClassOf<FileWrite>(), "flags", Symbols::kMap},
    {ClassOf<FileWrite>(), "prot", Symbols::kProtection},
    {ClassOf<FileRename>(), "flags", Symbols::kRename},
    {ClassOf<FileUnlink>(), "flags", Symbols::kAt},
    {ClassOf<FileChange>(), "flags", Symbols::kAt},
    {ClassOf<FileTimes>(), "flags", Symbols::kAt},
    {ClassOf<FileFlags>(), "flags", Symbols::kAt},
    {ClassOf<NamespaceChange>(), "flags", Symbols::kNamespace},
    {ClassOf<Mount>(), "flags", Symbols::kMount},
    {ClassOf<Unmount>(), "flags", Symbols::kUnmount},
    {ClassOf<MemfdCreate>(), "flags", Symbols::kMemfd},
};

}  // namespace

std::span<const Symbol> AllSymbols() { return kSymbols; }

const Symbol* FindSymbol(std::string_view name) {
  const auto* found = std::find_if(kSymbols.begin(), kSymbols.end(),
                                   [&](const Symbol& symbol) { return symbol.name == name; });
  return found == kSymbols.end() ? nullptr : found;
}

Symbols SymbolsOf(EventClass event_class, std::string_view field) {
  for (const FieldSymbols& of : kFieldSymbols) {
    if (of.event_class == event_class && of.field == field) return of.group;
  }
  return Symbols::kNone;
}

std::string_view SymbolsName(Symbols group) {
  switch (group) {
    case Symbols::kNone:
      return "no names";
    case Symbols::kOpen:
      return "open flags (O_...)";
    case Symbols::kMode:
      return "mode bits (S_...)";
    case Symbols::kCapability:
      return "capabilities (CAP_...)";
    case Symbols::kProtection:
      return "memory protection (PROT_...)";
    case Symbols::kMap:
      return "mapping flags (MAP_...)";
    case Symbols::kRename:
      return "rename flags (RENAME_...)";
    case Symbols::kAt:
      return "flags of *at calls (AT_...)";
    case Symbols::kMount:
      return "mount flags (MS_...)";
    case Symbols::kUnmount:
      return "unmount flags (MNT_..., UMOUNT_...)";
    case Symbols::kNamespace:
      return "namespaces (CLONE_...)";
    case Symbols::kMemfd:
      return "memfd flags (MFD_...)";
    case Symbols::kResolve:
      return "openat2's resolve flags (RESOLVE_...)";
  }
  return "";
}

}  // namespace randguard
