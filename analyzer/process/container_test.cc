// SPDX-License-Identifier: Apache-2.0
#include "analyzer/process/container.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace randguard {
namespace {

const std::string id = "3601745b3bd54d9780436faa5f0e4f72bb46231663bb99a6bb892764917832c2";
const std::string other = "a601745b3bd54d9780436faa5f0e4f72bb46231663bb99a6bb892764917832c2";
const std::string pod = "7d1c9a0e-2f33-4d0c-9a55-1c2b3d4e5f60";
const std::string slice_pod = "7d1c9a0e_2f33_4d0c_9a55_1c2b3d4e5f60";  // in the names of slices
const std::string build = "x1yk2l3m4n5o6p7q8r9s0t1u2";                 // identity.NewID()
const std::string manager = "/user.slice/user-1000.slice/user@1000.service";

std::string Named(const Container& container) {
  return std::string(container.rootless ? "rootless " : "") + std::string(Name(container.runtime)) +
         " " + container.id;
}

// The outermost one.
std::string RuntimeAndId(const std::string& path) {
  const auto containers = ContainersOf(path);
  return containers.empty() ? "none" : Named(containers.front());
}

std::string All(const std::string& path) {
  std::string all;
  for (const Container& container : ContainersOf(path)) {
    all += (all.empty() ? "" : ", ") + Named(container);
  }
  return all;
}

TEST(ContainerTest, Docker) {
  for (const std::string& path :
       {"/docker/" + id, "/system.slice/docker-" + id + ".scope",  // cgroupfs and systemd
        "/batch.slice/batch-night.slice/docker-" + id + ".scope",  // --cgroup-parent=a.slice
        "/docker/" + id + "/init.scope", "/system.slice/docker-" + id + ".scope/system.slice",
        "/ecstasks.slice/ecstasks-0f1e2d3c.slice/docker-" + id + ".scope",
        "/kubepods.slice/kubepods-pod" + slice_pod + ".slice/docker-" + id +
            ".scope",  // cri-dockerd
        // Asked for in the form of the systemd driver, made by that of cgroupfs.
        "/system.slice/docker.service/system.slice:docker:" + id, "/system.slice:docker:" + id}) {
    EXPECT_EQ(RuntimeAndId(path), "docker " + id) << path;
  }
}

TEST(ContainerTest, ContainerdAndNerdctl) {
  for (const std::string& path :
       {"/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" + slice_pod +
            ".slice/cri-containerd-" + id + ".scope",
        "/system.slice/containerd.service/kubepods-besteffort-pod" + slice_pod +
            ".slice:cri-containerd:" + id,
        "/kubepods-besteffort-pod" + slice_pod + ".slice:cri-containerd:" + id,
        "/system.slice/k3s.service/kubepods-pod" + slice_pod + ".slice:cri-containerd:" + id,
        "/system.slice/nerdctl-" + id + ".scope", "/default/" + id, "/k8s.io/" + id,
        "/system.slice/containerd-" + id + ".scope"}) {
    EXPECT_EQ(RuntimeAndId(path), "containerd " + id) << path;
  }
  EXPECT_EQ(RuntimeAndId("/default/web"), "containerd web") << "ctr run IMAGE web";
}

TEST(ContainerTest, CriO) {
  for (const std::string& path :
       {"/kubepods.slice/kubepods-pod" + slice_pod + ".slice/crio-" + id + ".scope",
        "/kubepods.slice/kubepods-pod" + slice_pod + ".slice/crio-" + id + ".scope/container",
        "/kubepods/burstable/pod" + pod + "/crio-" + id, "/crio-" + id + ".scope"}) {
    EXPECT_EQ(RuntimeAndId(path), "cri-o " + id) << path;
  }
  EXPECT_EQ(RuntimeAndId("/kubepods.slice/crio-conmon-" + id + ".scope"), "none");
  EXPECT_EQ(RuntimeAndId("/kubepods/burstable/pod" + pod + "/crio-conmon-" + id), "none");
}

TEST(ContainerTest, Podman) {
  for (const std::string& path :
       {"/machine.slice/libpod-" + id + ".scope",
        "/machine.slice/libpod-" + id + ".scope/container",
        "/machine.slice/machine-libpod_pod_" + other + ".slice/libpod-" + id + ".scope",
        "/libpod_parent/libpod-" + id, "/libpod_parent/" + other + "/libpod-" + id,
        "/system.slice/web.service/libpod-payload-" + id}) {  // Quadlet
    EXPECT_EQ(RuntimeAndId(path), "podman " + id) << path;
  }
  EXPECT_EQ(RuntimeAndId("/machine.slice/libpod-conmon-" + id + ".scope"), "none");
  EXPECT_EQ(RuntimeAndId("/system.slice/web.service/runtime"), "none");
  EXPECT_EQ(RuntimeAndId("/libpod_parent/" + other), "none") << "a pod";
}

TEST(ContainerTest, Kubernetes) {
  for (const std::string& path :
       {"/kubepods/besteffort/pod" + pod + "/" + id, "/kubepods/pod" + pod + "/" + id,
        "/kubepods/burstable/pod0123456789abcdef0123456789abcdef/" + id,  // static
        "/kubelet/kubepods/burstable/pod" + pod + "/" + id,               // --cgroup-root
        "/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod" + slice_pod +
            ".slice/" + id}) {
    EXPECT_EQ(RuntimeAndId(path), "kubernetes " + id) << path;
  }
  EXPECT_EQ(RuntimeAndId("/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-besteffort.slice/"
                         "kubelet-kubepods-besteffort-pod" +
                         slice_pod + ".slice/cri-containerd-" + id + ".scope"),
            "containerd " + id);
  EXPECT_EQ(RuntimeAndId("/kubepods/burstable/pod" + pod), "none");
}

TEST(ContainerTest, OthersOfRoot) {
  EXPECT_EQ(RuntimeAndId("/docker/buildkit/" + build), "buildkit " + build);
  EXPECT_EQ(RuntimeAndId("/buildkit/" + build), "buildkit " + build);
  EXPECT_EQ(RuntimeAndId("/system.slice/docker-" + build + ".scope"), "buildkit " + build);
  EXPECT_EQ(RuntimeAndId("/system.slice/buildkit-" + build + ".scope"), "buildkit " + build);
  EXPECT_EQ(RuntimeAndId("/ecs/0f1e2d3c4b5a69788796a5b4c3d2e1f0/" + id), "ecs " + id);
  EXPECT_EQ(RuntimeAndId("/ecs/cluster/0f1e2d3c4b5a69788796a5b4c3d2e1f0/" + id), "ecs " + id);
  EXPECT_EQ(RuntimeAndId("/ecs/0f1e2d3c4b5a69788796a5b4c3d2e1f0/"
                         "0f1e2d3c4b5a69788796a5b4c3d2e1f0-1234567890"),
            "ecs 0f1e2d3c4b5a69788796a5b4c3d2e1f0-1234567890");
  EXPECT_EQ(RuntimeAndId("/garden/0e1d2c3b-4a59-6877-8695"), "garden 0e1d2c3b-4a59-6877-8695");
  EXPECT_EQ(RuntimeAndId("/garden/good/0e1d2c3b-4a59"), "garden 0e1d2c3b-4a59");
  EXPECT_EQ(RuntimeAndId("/garden/bad"), "none");
  // cgroupfs and --cgroup-parent, which can be any folder, also the root.
  EXPECT_EQ(RuntimeAndId("/srv/" + id), "oci " + id);
  EXPECT_EQ(RuntimeAndId("/batch/night/" + id), "oci " + id);
  EXPECT_EQ(RuntimeAndId("/" + id), "oci " + id);
}

TEST(ContainerTest, MachinesHaveTheirMakersNames) {
  EXPECT_EQ(RuntimeAndId("/machine.slice/systemd-nspawn@web.service/payload"),
            "systemd-nspawn web");
  EXPECT_EQ(RuntimeAndId("/machine.slice/systemd-nspawn@web\\x2d1.service/payload"),
            "systemd-nspawn web-1");
  EXPECT_EQ(RuntimeAndId("/machine.slice/machine-web\\x2d1.scope/payload"), "machined web-1");
  EXPECT_EQ(RuntimeAndId("/machine.slice/machine-lxc\\x2d7\\x2ddb.scope"), "machined lxc-7-db");
  EXPECT_EQ(RuntimeAndId("/machine.slice/machine-qemu\\x2d1\\x2dvm.scope/libvirt/emulator"), "none")
      << "a virtual machine's emulator is a program of the host";
  EXPECT_EQ(RuntimeAndId("/lxc.payload.db/init.scope"), "lxc db");
  EXPECT_EQ(RuntimeAndId("/lxc.payload/db"), "lxc db");
  EXPECT_EQ(RuntimeAndId("/lxc/db"), "lxc db");
  EXPECT_EQ(RuntimeAndId("/lxc/101/ns/init.scope"), "lxc 101");
  EXPECT_EQ(RuntimeAndId("/lxc.payload.user_web-1/system.slice/cron.service"), "lxc user_web-1");
  EXPECT_EQ(RuntimeAndId("/lxc.monitor.db"), "none");
}

TEST(ContainerTest, OutermostCountsAndTheOthersFollow) {
  EXPECT_EQ(All("/docker/" + id + "/docker/" + other), "docker " + id + ", docker " + other);
  EXPECT_EQ(
      All("/machine.slice/systemd-nspawn@ci.service/payload/system.slice/docker-" + id + ".scope"),
      "systemd-nspawn ci, docker " + id);
  // kind: a node is a container.
  EXPECT_EQ(All("/docker/" + id + "/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-pod" +
                slice_pod + ".slice/cri-containerd-" + other + ".scope"),
            "docker " + id + ", containerd " + other);
  EXPECT_EQ(All("/lxc.payload.ci" + manager + "/user.slice/libpod-" + id + ".scope"),
            "lxc ci, rootless podman " + id);
}

TEST(ContainerTest, UsersOwnAreMarked) {
  for (const std::string& path : {manager + "/user.slice/libpod-" + id + ".scope/container",
                                  manager + "/app.slice/web.service/libpod-payload-" + id}) {
    EXPECT_EQ(RuntimeAndId(path), "rootless podman " + id) << path;
  }
  EXPECT_EQ(RuntimeAndId(manager + "/user.slice/docker-" + id + ".scope"), "rootless docker " + id);
  EXPECT_EQ(RuntimeAndId(manager + "/user.slice/nerdctl-" + id + ".scope"),
            "rootless containerd " + id);
  EXPECT_EQ(RuntimeAndId("/user.slice/user-1000.slice/session-2.scope/lxc.payload.db"),
            "rootless lxc db");
  EXPECT_EQ(All(manager + "/user.slice/docker-" + id + ".scope/docker/" + other),
            "rootless docker " + id + ", rootless docker " + other)
      << "the user makes up what is in it, too";
}

// In a place where no runtime of the host puts its containers, but somebody else may.
TEST(ContainerTest, NamesThatAnybodyCanGiveAreNone) {
  for (const std::string& path : std::vector<std::string>{
           manager + "/app.slice/docker-" + id + ".scope", manager + "/docker/" + id,
           manager + "/user.slice/app.service/docker-" + id + ".scope",
           manager + "/user.slice/" + id, manager + "/app.slice/x.service/kubepods/pod1/" + id,
           manager + "/user.slice/user.slice/docker-" + id + ".scope",
           manager + "/system.slice/containerd.service/a.slice:cri-containerd:" + id,
           "/user.slice/user-1000.slice/docker-" + id + ".scope",
           "/user.slice/user-1000.slice/session-2.scope/docker/" + id,
           "/user.slice/user-1000.slice/machine.slice/systemd-nspawn@web.service",
           "/system.slice/web.service/docker-" + id + ".scope",  // a unit of a user, that delegates
           "/system.slice/web.service/docker/" + id, "/system.slice/web.service/lxc.payload.db",
           "/system.slice/web.service/x.slice:cri-containerd:" + id,
           "/system.slice/web.service/containerd.service/x.slice:cri-containerd:" + id,
           "/system.slice/docker-" + id.substr(1) + ".scope/docker-" + id + ".scope"}) {
    EXPECT_EQ(RuntimeAndId(path), "none") << path;
  }
}

TEST(ContainerTest, WhatOnlyLooksLikeOneIsNone) {
  for (const std::string& path : std::vector<std::string>{
           std::string("/"), std::string(""),
           std::string("/user.slice/user-1000.slice/session-3.scope"),
           "/system.slice/docker-" + id.substr(1) + ".scope",
           "/system.slice/docker-" + id + "0.scope", std::string("/system.slice/docker.service"),
           "/" + id.substr(1), "/srv/" + id + "0",
           "/system.slice/docker-" + std::string(64, 'G') + ".scope",
           std::string("/machine.slice/systemd-nspawn@.service"),
           std::string("/machine.slice/machine-.scope"), std::string("//docker//"),
           std::string("/ecs/0f1e2d3c4b5a69788796a5b4c3d2e1f0"), std::string("/lxc.payload."),
           "/docker/buildkit", "/a.slice:docker:", "/a.slice:docker", "/.slice::" + id}) {
    EXPECT_EQ(RuntimeAndId(path), "none") << path;
  }
}

}  // namespace
}  // namespace randguard
