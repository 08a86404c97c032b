// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/synthetic_host.h"

#include <array>
#include <cstring>
#include <string_view>

#include "tests/support/record_builder.h"

namespace randguard::bench {
namespace {

using testing::Bytes;

constexpr std::size_t kServices = 200;
constexpr std::uint64_t kCgroups = 40;
constexpr std::uint64_t kStepNs = 5'000;  // 200,000 records a second

struct Program {
  std::string_view path, comm;
};
constexpr std::array<Program, 8> kPrograms = {{
    {"/usr/sbin/nginx", "nginx"},
    {"/usr/lib/postgresql/15/bin/postgres", "postgres"},
    {"/usr/bin/python3.11", "python3"},
    {"/usr/bin/dash", "sh"},
    {"/usr/lib/systemd/systemd-journald", "systemd-journal"},
    {"/usr/bin/make", "make"},
    {"/usr/lib/gcc/x86_64-linux-gnu/12/cc1plus", "cc1plus"},
    {"/usr/sbin/cron", "cron"},
}};
constexpr std::array<std::string_view, 8> kFolders = {"/var/lib/postgresql/15/main/base/16384/",
                                                      "/srv/www/static/images/",
                                                      "/etc/nginx/sites-available/",
                                                      "/usr/include/x86_64-linux-gnu/bits/",
                                                      "/home/ann/src/project/build/objects/",
                                                      "/var/spool/cron/crontabs/",
                                                      "/usr/lib/python3/dist-packages/urllib3/",
                                                      "/etc/ssl/certs/"};

std::string CgroupPath(std::uint64_t id) {
  return "/system.slice/service-" + std::to_string(id) + ".service";
}

}  // namespace

// xorshift64*: the same on every machine.
std::uint32_t SyntheticHost::Random(std::uint32_t below) {
  random_ ^= random_ >> 12;
  random_ ^= random_ << 25;
  random_ ^= random_ >> 27;
  return static_cast<std::uint32_t>((random_ * 0x2545f4914f6cdd1dULL) >> 33) % below;
}

template <typename Builder>
void SyntheticHost::Sign(Builder& record, const Running& process) {
  record.At(now_ns_)
      .By(process.pid, process.start_ns)
      .ChildOf(process.ppid, process.parent_start_ns);
  record.body.hdr.cgroup_id = 1000 + process.pid % kCgroups;
  testing::SetComm(record.body.hdr.comm, kPrograms[process.program].comm);
}

std::vector<Bytes> SyntheticHost::Beginning() {
  std::vector<Bytes> messages = {testing::MakeContext(), testing::MakeHello()};
  std::vector<Bytes> records;
  for (std::uint32_t i = 0; i < kServices; ++i) {
    const Running process{1000 + i, testing::kStartNs + i, 1, testing::kStartNs / 2,
                          i % kPrograms.size()};
    services_.push_back(process);
    auto r = testing::ProcessSnapshot();
    Sign(r, process);
    r.Put(&rg_process::exe_path, kPrograms[process.program].path);
    r.Put(&rg_process::cgroup, CgroupPath(r.body.hdr.cgroup_id));
    records.push_back(r.Build());
  }
  messages.push_back(testing::MakeSnapshot(records));
  return messages;
}

std::string SyntheticHost::Path() {
  std::string path(kFolders[Random(kFolders.size())]);
  path += "file-";
  path += std::to_string(Random(5000));
  return path;
}

Bytes SyntheticHost::File(std::uint32_t what) {
  const Running& process = services_[Random(kServices)];
  if (what < 30) {
    auto r = what < 20 ? testing::FileUnlink() : testing::FileRename();
    Sign(r, process);
    return r.Build();
  }
  const std::string path = Path();
  auto r = what < 300 ? testing::FileWrite() : testing::FileOpen();
  Sign(r, process);
  r.body.inode = 4'000'000 + Random(100'000);
  auto fresh = testing::FileCall(r.body.hdr.kind, r.body.call);
  fresh.body = r.body;
  fresh.body.path = fresh.body.name = {};
  fresh.Put(&rg_file::path, path);
  if (what >= 300) {
    fresh.body.args[0] = static_cast<__u64>(-100);  // AT_FDCWD
    fresh.Put(&rg_file::name, path);
  }
  return fresh.Build();
}

Bytes SyntheticHost::Connection(std::uint32_t what) {
  auto r = what % 3 == 0   ? testing::NetworkConnect()
           : what % 3 == 1 ? testing::NetworkAccept()
                           : testing::NetworkClose();
  Sign(r, services_[Random(kServices)]);
  r.body.remote_addr[3] = static_cast<__u8>(Random(256));
  r.body.local_port = static_cast<__u16>(30'000 + Random(30'000));
  return r.Build();
}

// One process at a time: forked, another program, ended.
Bytes SyntheticHost::Life() {
  switch (step_++ % 3) {
    case 0: {
      const Running& parent = services_[Random(kServices)];
      child_ = {next_pid_, now_ns_, parent.pid, parent.start_ns, Random(kPrograms.size())};
      if (++next_pid_ == 4'000'000) next_pid_ = 20'000;
      auto r = testing::ProcessFork();
      Sign(r, parent);
      r.body.child_pid = r.body.child_tid = child_.pid;
      r.body.child_start_ns = child_.start_ns;
      r.body.child_ppid = parent.pid;
      r.body.child_parent_start_ns = parent.start_ns;
      r.body.child_cgroup_id = r.body.hdr.cgroup_id;
      r.body.child_cgroup = {};
      return r.Build();
    }
    case 1: {
      auto r = testing::ProcessExec();
      Sign(r, child_);
      r.Put(&rg_process::exe_path, kPrograms[child_.program].path);
      r.Put(&rg_process::cgroup, CgroupPath(r.body.hdr.cgroup_id));
      return r.Build();
    }
    default: {
      auto r = testing::ProcessExit();
      Sign(r, child_);
      r.body.task_start_ns = child_.start_ns;
      r.body.status = 0;
      return r.Build();
    }
  }
}

Bytes SyntheticHost::NextRecord() {
  now_ns_ += kStepNs;
  const std::uint32_t what = Random(1000);
  if (what < 840) return File(what);
  if (what < 930) return Life();
  return Connection(what);
}

Bytes SyntheticHost::NextBatch() {
  std::vector<Bytes> records;
  records.reserve(kRecordsInBatch);
  for (std::size_t i = 0; i < kRecordsInBatch; ++i) records.push_back(NextRecord());
  const Bytes all = testing::Concat(records);
  const std::uint64_t sequence = sequence_++;
  return testing::MakeMessage([&](wire::Message::Builder message) {
    wire::Batch::Builder batch = message.initBatch();
    batch.setSequence(sequence);
    batch.setFirstRecord(sequence * kRecordsInBatch);
    batch.setRecordCount(kRecordsInBatch);
    batch.setDrainedNs(now_ns_);
    batch.setClockOffsetNs(testing::kClockOffsetNs);
    batch.setRecords(testing::AsData(all));
    batch.initLost(RG_KIND_END);
  });
}

}  // namespace randguard::bench
