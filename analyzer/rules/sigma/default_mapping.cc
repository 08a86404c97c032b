// SPDX-License-Identifier: Apache-2.0
#include "analyzer/rules/sigma/mapping.h"

namespace randguard::sigma {
namespace {

constexpr std::string_view kMapping = R"toml(
# Paths that are links on most hosts. The kernel reports where they lead.
[same_paths]
"/bin/" = "/usr/bin/"
"/sbin/" = "/usr/sbin/"
"/lib/" = "/usr/lib/"
"/lib64/" = "/usr/lib64/"
"/var/run/" = "/run/"
"/var/lock/" = "/run/lock/"

# The process that did something. `called` is what whoever starts a program may choose.
[fields.process]
Image = { field = "exe_path", called = "called_paths", path = true }
CommandLine = "command_line"
CurrentDirectory = { field = "cwd", path = true }
ParentImage = { field = "parent_exe_path", called = "parent_called_paths", path = true }
ParentCommandLine = "parent_command_line"
ProcessId = "pid"
ParentProcessId = "ppid"
User = "user"
LogonId = "uid"
ProcessName = { field = "process_name" }
TerminalSessionId = { field = "session_id", events = "process_start" }
Computer = "host"
Hostname = "host"
EventID = { unsupported = "events of this sensor have no number; the log source says what they are" }
Provider_Name = { unsupported = "events of this sensor come from no provider of Windows" }
ParentUser = { unsupported = "the parent's user is not recorded" }
ParentLogonId = { unsupported = "the parent's user is not recorded" }
Hashes = { unsupported = "programs are not hashed" }
md5 = { unsupported = "programs are not hashed" }
sha1 = { unsupported = "programs are not hashed" }
sha256 = { unsupported = "programs are not hashed" }
Imphash = { unsupported = "programs of this host have no imphash" }
IntegrityLevel = { unsupported = "processes of this host have no integrity level" }
OriginalFileName = { unsupported = "programs of this host do not name their file" }
Description = { unsupported = "programs of this host have no description" }
Product = { unsupported = "programs of this host name no product" }
Company = { unsupported = "programs of this host name no company" }
FileVersion = { unsupported = "programs of this host have no version" }
LogonGuid = { unsupported = "logins of this host have no GUID" }
ProcessGuid = { unsupported = "compare process_id, the sensor's own name for a process" }
ParentProcessGuid = { unsupported = "compare parent_process_id, the sensor's own name for it" }

[fields.file]
TargetFilename = { field = "path", path = true }
FileName = { field = "path", path = true }
SourceFilename = { field = "old_path", path = true, events = ["file_rename*", "file_link*", "file_symlink*"] }
OldFilename = { field = "old_path", path = true, events = ["file_rename*", "file_link*", "file_symlink*"] }
CreationUtcTime = { unsupported = "times of files are not compared" }
PreviousCreationUtcTime = { unsupported = "times of files are not compared" }

[fields.network]
Initiated = { field = "direction", values = { true = "outbound", false = "inbound" } }
Protocol = "protocol"
SourceIp = "source_addr"
SourcePort = "source_port"
SourceIsIpv6 = { field = "family", values = { true = "ipv6", false = "ipv4" } }
DestinationIp = "destination_addr"
DestinationPort = "destination_port"
DestinationIsIpv6 = { field = "family", values = { true = "ipv6", false = "ipv4" } }
dst_ip = "destination_addr"
dst_port = "destination_port"
src_ip = "source_addr"
src_port = "source_port"
SourceHostname = { unsupported = "names of hosts are not looked up" }
DestinationHostname = { unsupported = "names of hosts are not looked up" }
DestinationPortName = { unsupported = "names of ports are not looked up; compare DestinationPort" }
SourcePortName = { unsupported = "names of ports are not looked up; compare SourcePort" }

# Records of the Linux audit system. Each is a part of an event there; here it is the event that has
# this part.
[fields.auditd]
type = { field = "event_type", values = { EXECVE = "process_start", PROCTITLE = "process_start", CWD = "process_start", PATH = "file_*", SOCKADDR = "network_*", SYSCALL = ["process_start", "process_exec_failed", "file_*", "network_*", "credentials_change", "process_access", "agent_signal", "module_*", "bpf_operation", "namespace_change", "*mount", "root_change", "memfd_create"] } }
syscall = ["syscall", "source"]
SYSCALL = ["syscall", "source"]
exe = { field = "exe_path", called = "called_paths", path = true }
comm = "comm"
proctitle = "command_line"
name = { field = "paths", path = true, events = "file_*" }
cwd = { field = "cwd", path = true }
pid = "pid"
ppid = "ppid"
uid = "uid"
gid = "gid"
UID = "user"
auid = "loginuid"
euid = { field = "euid", events = "process_start" }
egid = { field = "egid", events = "process_start" }
suid = { field = "suid", events = "process_start" }
sgid = { field = "sgid", events = "process_start" }
fsuid = { field = "fsuid", events = "process_start" }
fsgid = { field = "fsgid", events = "process_start" }
ses = { field = "audit_session_id", events = "process_start" }
tty = "tty"
exit = "result"
success = { field = "error", values = { yes = [], no = "*" } }
argc = { field = "argc", events = "process_start" }
key = { ignored = true }
a0 = { field = "args[0]", events = "process_start" }
a1 = { field = "args[1]", events = "process_start" }
a2 = { field = "args[2]", events = "process_start" }
a3 = { field = "args[3]", events = "process_start" }
a4 = { field = "args[4]", events = "process_start" }
a5 = { field = "args[5]", events = "process_start" }
a6 = { field = "args[6]", events = "process_start" }
a7 = { field = "args[7]", events = "process_start" }
a8 = { field = "args[8]", events = "process_start" }
a9 = { field = "args[9]", events = "process_start" }
# Of an open, whether it made the file is a boolean; all other calls say it by what they do.
nametype = { field = ["operation", "created"], events = "file_*", values = { CREATE = ["create", "rename", "link", "true"], DELETE = ["unlink", "rename"], NORMAL = ["open", "write", "chmod", "chown", "attribute"] } }
saddr = { unsupported = "compare destination_addr and destination_port" }
unit = { unsupported = "services are not recorded as such" }

[[logsources]]
name = "auditd"
service = "auditd"
type = "process"
events = ["*"]
keywords = "all_texts"
fields = ["process", "auditd"]

[[logsources]]
name = "process_creation"
category = "process_creation"
type = "process"
events = ["process_start"]
keywords = "all_texts"
fields = ["process"]

[[logsources]]
name = "linux"
type = "process"
events = ["process_start"]
keywords = "all_texts"
fields = ["process"]

# There was no such file before, or it came under its name from elsewhere.
[[logsources]]
name = "file_event"
category = "file_event"
type = "file"
events = ["file_open", "file_openat2", "file_rename*", "file_link*", "file_symlink*", "file_mknod*"]
condition = '(operation != "open" or created) and not exists error'
keywords = "all_texts"
fields = ["process", "file"]

[[logsources]]
name = "file_change"
category = "file_change"
type = "file"
events = ["file_*"]
condition = 'operation in ("write", "chmod", "chown", "attribute") and not exists error'
keywords = "all_texts"
fields = ["process", "file"]

[[logsources]]
name = "file_delete"
category = "file_delete"
type = "file"
events = ["file_unlink*", "file_rmdir"]
condition = 'not exists error'
keywords = "all_texts"
fields = ["process", "file"]

[[logsources]]
name = "file_rename"
category = "file_rename"
type = "file"
events = ["file_rename*"]
condition = 'not exists error'
keywords = "all_texts"
fields = ["process", "file"]

[[logsources]]
name = "file_access"
category = "file_access"
type = "file"
events = ["file_open", "file_openat2"]
condition = 'not exists error'
keywords = "all_texts"
fields = ["process", "file"]

# Connections that were asked for or taken, and the first datagram to or from a peer.
[[logsources]]
name = "network_connection"
category = "network_connection"
type = "network"
events = ["network_connect", "network_accept", "network_send", "network_receive"]
keywords = "all_texts"
fields = ["process", "network"]
)toml";

}  // namespace

std::string_view DefaultMapping() { return kMapping; }

}  // namespace randguard::sigma
