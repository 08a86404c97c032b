// SPDX-License-Identifier: Apache-2.0
#include "analyzer/process/container.h"

#include <gtest/gtest.h>

#include <string>

namespace randguard {
namespace {

const std::string id = "3601745b3bd54d9780436faa5f0e4f72bb46231663bb99a6bb892764917832c2";

std::string RuntimeAndId(const std::string& path) {
  const auto container = ContainerOf(path);
  return container.has_value()
             ? std::string(Name(container->runtime)) + " " + std::string(container->id)
             : "none";
}

TEST(ContainerTest, EachRuntimeIsKnownByItsPath) {
  EXPECT_EQ(RuntimeAndId("/docker/" + id), "docker " + id);
  EXPECT_EQ(RuntimeAndId("/system.slice/docker-" + id + ".scope"), "docker " + id);
  EXPECT_EQ(RuntimeAndId("/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod1_2.slice/"
                         "cri-containerd-" +
                         id + ".scope"),
            "containerd " + id);
  EXPECT_EQ(RuntimeAndId("/kubepods/besteffort/pod7d1c/" + id), "kubernetes " + id);
  EXPECT_EQ(RuntimeAndId("/kubepods.slice/kubepods-pod1.slice/crio-" + id + ".scope"),
            "cri-o " + id);
  EXPECT_EQ(RuntimeAndId("/machine.slice/libpod-" + id + ".scope/container"), "podman " + id);
  EXPECT_EQ(RuntimeAndId("/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-" + id +
                         ".scope"),
            "podman " + id);
  EXPECT_EQ(RuntimeAndId("/machine.slice/systemd-nspawn@web.service/payload"),
            "systemd-nspawn web");
  EXPECT_EQ(RuntimeAndId("/lxc.payload.db/init.scope"), "lxc db");
  EXPECT_EQ(RuntimeAndId("/lxc/db"), "lxc db");
}

TEST(ContainerTest, InnermostCounts) {
  std::string other = id;
  other[0] = 'a';
  EXPECT_EQ(RuntimeAndId("/docker/" + id + "/docker/" + other), "docker " + other);
  EXPECT_EQ(RuntimeAndId("/machine.slice/systemd-nspawn@ci.service/payload/system.slice/docker-" +
                         id + ".scope"),
            "docker " + id);
}

TEST(ContainerTest, WhatOnlyLooksLikeOneIsNone) {
  for (const std::string& path :
       {std::string("/"), std::string(""),
        std::string("/user.slice/user-1000.slice/session-3.scope"),
        "/system.slice/docker-" + id.substr(1) + ".scope", "/system.slice/docker-" + id + "0.scope",
        std::string("/system.slice/docker.service"), "/" + id, "/srv/" + id,
        "/system.slice/docker-" + std::string(64, 'G') + ".scope",
        std::string("/machine.slice/systemd-nspawn@.service"), std::string("//docker//")}) {
    EXPECT_EQ(RuntimeAndId(path), "none") << path;
  }
}

}  // namespace
}  // namespace randguard
