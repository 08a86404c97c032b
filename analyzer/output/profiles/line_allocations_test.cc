// SPDX-License-Identifier: Apache-2.0
//
// A program of its own, because it replaces operator new: an event's line takes no memory from the
// heap, in any format.
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdlib>
#include <new>
#include <string>
#include <string_view>

#include "analyzer/config/config.h"
#include "analyzer/config/names.h"
#include "analyzer/output/testing/sample_events.h"

namespace {

std::size_t allocations = 0;  // one thread

void* Allocate(std::size_t size) {
  ++allocations;
  void* const memory = std::malloc(size);
  if (memory == nullptr && size != 0) std::abort();
  return memory;
}

}  // namespace

// The array forms call these. Nor does a sanitizer's own form without exceptions go together with
// this delete; the standard library calls it for buffers.
void* operator new(std::size_t size) { return Allocate(size); }
void* operator new(std::size_t size, const std::nothrow_t&) noexcept { return Allocate(size); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace randguard {
namespace {

class LineAllocationsTest : public ::testing::TestWithParam<OutputFormat> {};
INSTANTIATE_TEST_SUITE_P(, LineAllocationsTest,
                         ::testing::Values(OutputFormat::kJson, OutputFormat::kEcs,
                                           OutputFormat::kOcsf),
                         [](const auto& info) { return std::string(Name(info.param)); });

TEST_P(LineAllocationsTest, NoEventTakesMemory) {
  EventWriter writer(testing::kSampleAgentId, GetParam());
  writer.SetSession(testing::SampleSession());
  int counted = 0;
  testing::ForEachSample([&](const auto& event) {
    // Its buffers have grown then, and the actor is known.
    for (int i = 0; i < 3; ++i) writer.Write(event);
    const std::size_t before = allocations;
    const std::string_view line = writer.Write(event);
    const std::size_t taken = allocations - before;
    // The places of bytes that are not UTF-8 are texts of their own.
    if (line.find("raw_bytes") != line.npos) return;
    EXPECT_EQ(taken, 0u) << line;
    ++counted;
  });
  EXPECT_GT(counted, 30);
}

TEST(LineAllocationsCountTest, MemoryThatIsTakenIsCounted) {
  const std::size_t before = allocations;
  const std::string text(1000, 'x');
  EXPECT_EQ(text.size(), 1000u);
  EXPECT_GT(allocations, before);
}

}  // namespace
}  // namespace randguard
