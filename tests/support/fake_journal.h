// SPDX-License-Identifier: Apache-2.0
#ifndef TESTS_SUPPORT_FAKE_JOURNAL_H_
#define TESTS_SUPPORT_FAKE_JOURNAL_H_

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace randguard::testing {

// The other end of the journal's socket.
class FakeJournal {
 public:
  FakeJournal() {
    if (mkdtemp(folder_.data()) == nullptr) std::abort();
    sockaddr_un address{.sun_family = AF_UNIX};
    std::memcpy(address.sun_path, path().data(), path().size());
    fd_ = socket(AF_UNIX, SOCK_DGRAM, 0);
    if (bind(fd_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) std::abort();
  }
  ~FakeJournal() {
    Close();
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  FakeJournal(const FakeJournal&) = delete;
  FakeJournal& operator=(const FakeJournal&) = delete;

  std::string path() const { return folder_ + "/socket"; }
  void Close() {
    if (fd_ >= 0) close(fd_);
    fd_ = -1;
  }

  // The fields of the next entry; none if there is none.
  std::multimap<std::string, std::string> Next() {
    std::vector<char> bytes(std::size_t{256} << 10);
    const ssize_t size = recv(fd_, bytes.data(), bytes.size(), MSG_DONTWAIT);
    std::multimap<std::string, std::string> fields;
    if (size <= 0) return fields;
    const std::string entry(bytes.data(), static_cast<std::size_t>(size));
    for (std::size_t at = 0; at < entry.size();) {
      const std::size_t name_end = entry.find('\n', at);
      const std::string name = entry.substr(at, name_end - at);
      std::uint64_t length = 0;
      std::memcpy(&length, entry.data() + name_end + 1, sizeof(length));
      const std::size_t value = name_end + 1 + sizeof(length);
      EXPECT_LT(value + length, entry.size()) << name;
      EXPECT_EQ(entry[value + length], '\n') << name;
      fields.emplace(name, entry.substr(value, length));
      at = value + length + 1;
    }
    return fields;
  }

 private:
  std::string folder_ = ::testing::TempDir() + "rand-guard-XXXXXX";
  int fd_ = -1;
};

}  // namespace randguard::testing

#endif  // TESTS_SUPPORT_FAKE_JOURNAL_H_
