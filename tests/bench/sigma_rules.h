// SPDX-License-Identifier: Apache-2.0
//
// Rules of the shape that public Sigma rules about processes have: the ending of an executable, and
// lists of words that its command line contains, all without regard to case. And starts of programs
// that such rules are about, so that many are candidates and few fire.
#ifndef TESTS_BENCH_SIGMA_RULES_H_
#define TESTS_BENCH_SIGMA_RULES_H_

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/config/config.h"
#include "analyzer/event/events.h"
#include "tests/bench/sample_rules.h"

namespace randguard::bench {

inline constexpr std::array<std::string_view, 24> kTools = {
    "curl",  "wget",    "bash",   "sh",  "python3", "perl", "nc",        "ssh",
    "cat",   "grep",    "chmod",  "tar", "find",    "sudo", "systemctl", "crontab",
    "touch", "useradd", "base64", "rm",  "openssl", "awk",  "docker",    "iptables"};
inline constexpr std::array<std::string_view, 16> kFlags = {
    " -o ",  " --output", "http://", "https://", "/tmp/",     "/dev/tcp/", " -c ",    "/etc/shadow",
    " -rf ", "id_rsa",    " -e ",    " +x ",     "/dev/shm/", "passwd",    "|base64", "BEGIN {"};

// `values` icontains of words; some are common flags, most are of the rule alone.
inline std::string Values(std::size_t n, std::size_t values) {
  std::string list = "(";
  for (std::size_t i = 0; i < values; ++i) {
    const bool common = (n + i) % 5 == 0;
    list += (i == 0 ? "'" : ", '") +
            (common ? std::string(kFlags[(n * 7 + i) % kFlags.size()]) : Word(n * 13 + i)) + "'";
  }
  return list + ")";
}

inline Rule MakeSigmaRule(std::size_t n) {
  Rule rule;
  rule.id = rule.name = "S-" + std::to_string(n);
  // The first hundreds are about tools that every host has, as are those of public sets.
  const auto tool = [&](std::size_t i) {
    return n < 200 ? std::string(kTools[(n + i * 5) % kTools.size()]) : Word(n * 3 + i);
  };
  std::string& condition = rule.condition.text;
  switch (n % 8) {
    case 0:
      condition = "exe_path iendswith '/" + tool(0) + "' and command_line icontains " +
                  Values(n, 6) + " and not parent_exe_path iendswith '/" + tool(3) + "'";
      break;
    case 1:
    case 2:
      condition = "exe_path iendswith ('/" + tool(0) + "', '/" + tool(1) + "', '/" + tool(2) +
                  "') and command_line icontains all ('" + Word(n) + "', '" +
                  std::string(kFlags[n % kFlags.size()]) + "')";
      break;
    case 3:
      condition = "command_line icontains " + Values(5 * n + 1, 4) +
                  " and command_line icontains " + Values(n + 1, 3);
      break;
    case 4:
      condition = "command_line icontains ('" + Word(n) + "', '" + Word(n + 1) + " -x')";
      break;
    case 5:
      condition = "parent_exe_path iendswith '/" + tool(0) + "' and exe_path iendswith ('/" +
                  tool(1) + "', '/" + tool(2) + "') and command_line icontains " + Values(n, 10);
      break;
    case 6:
      condition = "exe_path iendswith '/" + tool(0) + "' and command_line imatches '" + Word(n) +
                  "\\s+[0-9]+'";
      break;
    default:
      condition = "exe_path iendswith '/" + tool(0) + "' and (command_line iendswith ' " + Word(n) +
                  "' or command_line icontains " + Values(n, 5) + ")";
  }
  return rule;
}

// Starts of programs: their executables, their command lines, and those of their parents.
struct Program {
  std::string_view exe, command_line, parent;
};
inline constexpr std::array kPrograms = {
    Program{"/usr/bin/curl", "curl -fsSL https://files.example.org/dists/stable/Release -o /var/x",
            "/usr/bin/bash"},
    Program{"/usr/bin/dash", "sh -c test -x /usr/sbin/anacron || run-parts /etc/cron.daily",
            "/usr/sbin/cron"},
    Program{"/usr/bin/python3.11", "/usr/bin/python3 -Es /usr/sbin/some-helper --quiet --once",
            "/usr/lib/systemd/systemd"},
    Program{"/usr/bin/grep", "grep -q ^flags.*vmx /proc/cpuinfo", "/usr/bin/bash"},
    Program{"/usr/bin/tar", "tar -czf /srv/backup/etc-2026-11-29.tar.gz /etc /usr/local/etc",
            "/usr/bin/bash"},
    Program{"/usr/bin/gcc-12", "gcc -O2 -g -Wall -Iinclude -c src/main.c -o build/main.o",
            "/usr/bin/make"},
    Program{"/usr/bin/systemctl", "systemctl reload nginx.service", "/usr/bin/sudo"},
    Program{"/usr/bin/ssh", "ssh -o BatchMode=yes backup@192.0.2.7 true", "/usr/bin/bash"},
};

// A start of one of them; its texts are of static storage but for args, which it is given.
inline ProcessStart StartOf(const Program& program, std::string& args) {
  args = program.command_line;
  for (char& c : args) c = c == ' ' ? '\0' : c;
  args += '\0';
  ProcessStart start;
  start.actor.pid = 1234;
  start.actor.ppid = 1200;
  start.actor.uid = start.euid = 1000;
  start.actor.process_id = {1234, 1};
  start.actor.comm = program.exe.substr(program.exe.rfind('/') + 1).substr(0, 15);
  start.actor.exe_path = program.exe;
  start.filename = program.exe;
  start.args = TextList{args};
  start.command_line = JoinedText{args};
  start.parent_exe_path = program.parent;
  start.cwd = "/srv/work";
  start.trusted_exe = true;
  return start;
}

}  // namespace randguard::bench

#endif  // TESTS_BENCH_SIGMA_RULES_H_
