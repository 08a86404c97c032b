// SPDX-License-Identifier: Apache-2.0
#include "analyzer/config/config.h"

#include <cstddef>
#include <iterator>

#include "analyzer/config/names.h"

namespace randguard {

namespace {

template <typename E>
std::vector<E> All() {
  std::vector<E> all;
  for (std::size_t i = 0; i < std::size(EnumTraits<E>::kNames); ++i) {
    all.push_back(static_cast<E>(i));
  }
  return all;
}

}  // namespace

std::vector<Behaviour> AllBehaviour() { return All<Behaviour>(); }
std::vector<FileHook> AllFileHooks() { return All<FileHook>(); }
std::vector<NetworkHook> AllNetworkHooks() { return All<NetworkHook>(); }

std::vector<std::string> DefaultWatchPaths() {
  return {
      "/etc",
      "/usr/bin",
      "/bin",
      "/usr/sbin",
      "/usr/local/bin",
      "/usr/local/sbin",
      "/usr/local/lib/rand-guard",
      "/usr/lib/rand-guard",
      "/usr/lib/systemd",
      "/usr/local/lib/systemd",
      "/run/systemd/system",
      "/usr/lib/udev/rules.d",
      "/run/udev/rules.d",
      "/usr/lib/modules-load.d",
      "/usr/lib/modprobe.d",
      "/usr/lib/x86_64-linux-gnu/security",
      "/usr/lib64/security",
      "/var/spool/cron",
      "/var/spool/at",
      "/usr/local/share/ca-certificates",
      "/usr/share/ca-certificates",
      "/root/.ssh",
  };
}

std::vector<std::string> DefaultWatchPatterns() {
  return {
      "*.service",     "*.timer",         "*/.ssh/authorized_keys",
      "*/.ssh/id_rsa", "*/.ssh/id_ecdsa", "*/.ssh/id_ed25519",
      "*/.bashrc",     "*/.bash_profile", "*/.profile",
      "*/.zshrc",      "*/.bash_history", "*/.zsh_history",
      "*/.bash_login", "*/.bash_logout",  "*/.zshenv",
      "*/.zprofile",   "*/.ssh/rc",       "*/sitecustomize.py",
      "*.pth",         "*.desktop",       "*.php",
      "*.jsp",
  };
}

std::vector<std::string> Config::Unsupported() const {
  std::vector<std::string> warnings;
  if (performance.drop_when_full) {
    warnings.emplace_back(
        "performance.drop_when_full is true, but this version always waits for its output; what "
        "the "
        "ring buffers cannot hold meanwhile is counted as lost");
  }
  return warnings;
}

}  // namespace randguard
