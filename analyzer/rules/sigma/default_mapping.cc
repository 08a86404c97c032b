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
