// SPDX-License-Identifier: Apache-2.0
//
// Real folders and symlinks, some of them somebody else's, which takes root.
#include "analyzer/plan/configured_paths.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

#include "analyzer/plan/plan_compiler.h"

namespace randguard {
namespace {

namespace fs = std::filesystem;

constexpr uid_t kAlice = 61000;
constexpr gid_t kStaff = 61001;

// Below a folder that is root's alone: /tmp, where tests have their files, is everybody's.
class ConfiguredPathsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (geteuid() != 0) GTEST_SKIP() << "takes root: files of several owners";
    struct stat st {};
    if (stat("/run", &st) != 0 || st.st_uid != 0 || (st.st_mode & 022) != 0) {
      GTEST_SKIP() << "/run is not root's alone here";
    }
    root_ = "/run/rand-guard-test-XXXXXX";
    if (mkdtemp(root_.data()) == nullptr) GTEST_SKIP() << "/run: " << std::strerror(errno);
    chmod(root_.c_str(), 0755);
    // /run may itself be a symlink, or lie below one, on some hosts.
    ASSERT_EQ(fs::canonical(root_).string(), root_);
  }
  void TearDown() override {
    if (!root_.empty()) fs::remove_all(root_);
  }

  std::string At(const std::string& name) const { return root_ + "/" + name; }
  std::string Folder(const std::string& name, uid_t uid = 0, gid_t gid = 0, mode_t mode = 0755) {
    fs::create_directories(At(name));
    EXPECT_EQ(chown(At(name).c_str(), uid, gid), 0);
    EXPECT_EQ(chmod(At(name).c_str(), mode), 0);
    return At(name);
  }
  std::string Link(const std::string& name, const std::string& target, uid_t uid = 0) {
    EXPECT_EQ(symlink(target.c_str(), At(name).c_str()), 0);
    EXPECT_EQ(lchown(At(name).c_str(), uid, uid), 0);
    return At(name);
  }
  static void ExpectRefused(const std::string& path, const std::string& why) {
    const ResolvedPath resolved = FollowLinks(path);
    EXPECT_TRUE(resolved.has_link) << path;
    EXPECT_EQ(resolved.leads_to, "") << path;
    EXPECT_NE(resolved.refused.find(why), std::string::npos) << path << ": " << resolved.refused;
  }
  static void ExpectLeadsTo(const std::string& path, const std::string& where) {
    const ResolvedPath resolved = FollowLinks(path);
    EXPECT_EQ(resolved.leads_to, where) << path;
    EXPECT_EQ(resolved.refused, "") << path;
  }

  std::string root_;
};

TEST_F(ConfiguredPathsTest, LinksOfRootAreFollowed) {
  const std::string real = Folder("real/sub");
  ExpectLeadsTo(real, real);
  EXPECT_FALSE(FollowLinks(real).has_link);
  ExpectLeadsTo(Link("absolute", real), real);
  ExpectLeadsTo(Link("relative", "real"), At("real"));
  ExpectLeadsTo(Link("up", "real/../real/./sub/"), real);
  ExpectLeadsTo(Link("chain", "relative"), At("real"));
  ExpectLeadsTo(At("chain/sub"), real);
  ExpectLeadsTo(Link("everything", "/"), "/");
  ExpectLeadsTo(At("everything") + "/", "/");
  ExpectLeadsTo("/", "/");
  ExpectLeadsTo(Link("beyond", "../../../../.."), "/");
  EXPECT_TRUE(FollowLinks(At("everything")).has_link);
}

TEST_F(ConfiguredPathsTest, WhatIsNotThereLeadsNowhere) {
  EXPECT_EQ(FollowLinks(At("absent")).leads_to, "");
  EXPECT_EQ(FollowLinks(Link("dangling", At("absent"))).leads_to, "");
  Link("one", "other");
  EXPECT_EQ(FollowLinks(Link("other", "one")).leads_to, "") << "a loop";
  EXPECT_EQ(FollowLinks("/etc/passwd/below").leads_to, "");
}

// The example: a user's own folder, with a symlink in the place of what is excluded.
TEST_F(ConfiguredPathsTest, LinkInAFolderOfAUserIsNot) {
  Folder("home/alice", kAlice);
  ExpectRefused(Link("home/alice/cache", "/"), "home/alice\" belongs to uid 61000");
  ExpectRefused(Link("home/alice/roots", "/"), "belongs to uid 61000");
}

TEST_F(ConfiguredPathsTest, LinkBelowAFolderOfAUserIsNot) {
  Folder("alice", kAlice);
  Folder("alice/roots/deep");
  ExpectRefused(Link("alice/roots/deep/link", "/"), "alice\" belongs to uid 61000");
}

TEST_F(ConfiguredPathsTest, LinkInAFolderThatOthersMayWriteIsNot) {
  Folder("public", 0, 0, 0777);
  Folder("sticky", 0, 0, 01777);
  Folder("team", 0, kStaff, 0775);
  Folder("staff-reads", 0, kStaff, 0755);
  Folder("roots", 0, 0, 0775);
  ExpectRefused(Link("public/x", "/"), "can be written by everybody");
  ExpectRefused(Link("sticky/x", "/"), "can be written by everybody");
  ExpectRefused(Link("team/x", "/"), "can be written by group 61001");
  ExpectLeadsTo(Link("staff-reads/x", "/"), "/");
  ExpectLeadsTo(Link("roots/x", "/"), "/");
}

TEST_F(ConfiguredPathsTest, LinkInAFolderWithAnAccessListIsNot) {
  const std::string folder = Folder("listed", 0, 0, 0775);
  // Version 2: user::rwx, user:61000:rwx, group::r-x, mask::rwx, other::r-x.
  const auto entry = [](std::uint16_t tag, std::uint16_t perm, std::uint32_t id) {
    std::string e(8, '\0');
    std::memcpy(e.data(), &tag, 2);
    std::memcpy(e.data() + 2, &perm, 2);
    std::memcpy(e.data() + 4, &id, 4);
    return e;
  };
  const std::string list = std::string("\2\0\0\0", 4) + entry(1, 7, ~0u) + entry(2, 7, kAlice) +
                           entry(4, 5, ~0u) + entry(0x10, 7, ~0u) + entry(0x20, 5, ~0u);
  if (setxattr(folder.c_str(), "system.posix_acl_access", list.data(), list.size(), 0) != 0) {
    GTEST_SKIP() << "no access lists here: " << std::strerror(errno);
  }
  ExpectRefused(Link("listed/x", "/"), "by its access list");
}

TEST_F(ConfiguredPathsTest, LinkOfAUserIsNot) {
  ExpectRefused(Link("alices", "/", kAlice), "the link");
}

// The symlink is root's, but leads through one that is not.
TEST_F(ConfiguredPathsTest, LinkThatLeadsThroughAFolderOfAUserIsNot) {
  Folder("alice", kAlice);
  Link("alice/there", "/");
  ExpectRefused(Link("roots", "alice/there"), "belongs to uid 61000");
  ExpectRefused(Link("roots-below", At("alice/there/etc")), "belongs to uid 61000");
  // Without a symlink in what is hers, the name is the name.
  Folder("alice/real");
  ExpectLeadsTo(Link("to-real", "alice/real"), At("alice/real"));
}

TEST_F(ConfiguredPathsTest, FolderOfAUserCanBeWhereItLeads) {
  ExpectLeadsTo(Link("data", Folder("disk/data", kAlice, kStaff, 0777)), At("disk/data"));
}

// --- all paths of a configuration ---------------------------------------------------------------

FileConfig Watching(std::vector<std::string> watched, std::vector<std::string> excluded) {
  FileConfig config;
  config.watch_paths = std::move(watched);
  config.watch_patterns.clear();
  config.exclude_paths = std::move(excluded);
  return config;
}

std::vector<std::string> Errors(const FileConfig& config) {
  std::vector<Diagnostic> diagnostics;
  const bool good = ConfiguredPaths(config).Check(config, "c.toml", diagnostics);
  EXPECT_EQ(good, diagnostics.empty());
  std::vector<std::string> errors;
  for (const Diagnostic& d : diagnostics) errors.push_back(FormatDiagnostic(d));
  return errors;
}

TEST_F(ConfiguredPathsTest, ExclusionThatAUserRedirectsIsAsItIsWritten) {
  Folder("alice", kAlice);
  const std::string excluded = Link("alice/cache", "/");
  const FileConfig config = Watching({"/etc"}, {excluded});
  const ConfiguredPaths paths(config);
  EXPECT_EQ(Errors(config), std::vector<std::string>{});
  ASSERT_EQ(paths.links().size(), 1u);
  EXPECT_EQ(paths.links()[0].leads_to, std::nullopt);
  EXPECT_EQ(Description(paths.links()[0]),
            "file.exclude_paths: \"" + excluded +
                "\" is taken as it is written, no symlink in it is followed: \"" + At("alice") +
                "\" belongs to uid 61000");
  // To the byte as if it was no symlink.
  Config all;
  all.file = config;
  EXPECT_EQ(CompilePlan(all, {}, paths), CompilePlan(all, {}));
}

TEST_F(ConfiguredPathsTest, WatchedPathThatAUserRedirectsIsAsItIsWritten) {
  Folder("alice", kAlice);
  Config all;
  all.file = Watching({Link("alice/watched", "/")}, {});
  EXPECT_EQ(CompilePlan(all, {}, ConfiguredPaths(all.file)), CompilePlan(all, {}));
  all.file.watch_paths = {"/etc"};
  all.file.watch_patterns = {At("alice/watched")};
  EXPECT_EQ(CompilePlan(all, {}, ConfiguredPaths(all.file)), CompilePlan(all, {}));
}

TEST_F(ConfiguredPathsTest, ExclusionThatLeadsToEverythingIsAnError) {
  const std::string link = Link("link", "/");
  EXPECT_EQ(Errors(Watching({}, {link})),
            std::vector<std::string>{"c.toml: error: file.exclude_paths: \"" + link +
                                     "\" leads to \"/\", which would exclude every file; to watch "
                                     "none, set file.enabled to false"});
}

TEST_F(ConfiguredPathsTest, ErrorsSayWhereItIsWritten) {
  const std::string link = Link("link", "/");
  const ConfigResult parsed =
      ParseConfig("[file]\nexclude_paths = [\"/tmp\",\n  \"" + link + "\"]\n", "c.toml");
  ASSERT_TRUE(parsed.config.has_value());
  const auto errors = Errors(parsed.config->file);
  ASSERT_EQ(errors.size(), 1u);
  EXPECT_TRUE(errors[0].starts_with("c.toml:3:4: error: file.exclude_paths: ")) << errors[0];
}

TEST_F(ConfiguredPathsTest, ExclusionThatCoversSomethingWatchedIsAnError) {
  const std::string real = Folder("real/sub");
  const std::string link = Link("link", At("real"));
  EXPECT_EQ(Errors(Watching({real}, {link})).size(), 1u);
  EXPECT_EQ(Errors(Watching({At("real")}, {link})).size(), 1u);
  EXPECT_EQ(Errors(Watching({At("link/sub")}, {link})).size(), 1u) << "by where it leads";
  EXPECT_EQ(Errors(Watching({"/etc"}, {link})).size(), 0u);
  EXPECT_EQ(Errors(Watching({At("real")}, {At("link/sub")})).size(), 0u) << "a part of it";
  FileConfig pattern = Watching({"/etc"}, {link});
  pattern.watch_patterns = {"*.service", real};
  EXPECT_EQ(Errors(pattern).size(), 1u);
  pattern.enabled = false;
  EXPECT_EQ(Errors(pattern).size(), 0u);
}

TEST_F(ConfiguredPathsTest, ResolvedOnceIsWhatIsCompiled) {
  Folder("real");
  Folder("other");
  const std::string link = Link("link", At("real"));
  Config all;
  all.file = Watching({link}, {});
  const ConfiguredPaths paths(all.file);
  const auto before = CompilePlan(all, {}, paths);
  fs::remove(link);
  Link("link", At("other"));
  EXPECT_EQ(CompilePlan(all, {}, paths), before);
  EXPECT_NE(CompilePlan(all, {}, ConfiguredPaths(all.file)), before);
}

}  // namespace
}  // namespace randguard
