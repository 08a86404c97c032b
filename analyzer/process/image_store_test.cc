// SPDX-License-Identifier: Apache-2.0
#include "analyzer/process/image_store.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "analyzer/process/text_pool.h"

namespace randguard {
namespace {

TEST(TextPoolTest, EqualTextsAreKeptOnce) {
  TextPool pool;
  const std::string_view one = pool.Take("/usr/bin/bash"), two = pool.Take("/usr/bin/bash");
  EXPECT_EQ(one.data(), two.data());
  EXPECT_EQ(pool.bytes(), TextPool::BytesFor("/usr/bin/bash"));
  pool.Drop(one);
  EXPECT_EQ(two, "/usr/bin/bash");
  pool.Drop(two);
  EXPECT_EQ(pool.bytes(), 0u);
  EXPECT_EQ(pool.Take(""), "");
  EXPECT_EQ(pool.bytes(), 0u);
}

TEST(TextPoolTest, CopiesAreOfTheirOwn) {
  TextPool pool;
  const std::string_view taken = pool.Take("a text"), copy = pool.Copy("a text");
  EXPECT_NE(taken.data(), copy.data());
  EXPECT_EQ(pool.bytes(), 2 * TextPool::BytesFor("a text"));
  pool.DropCopy(copy);
  EXPECT_EQ(pool.Take("a text").data(), taken.data());
  pool.Drop(taken);
  pool.Drop(taken);
  EXPECT_EQ(pool.bytes(), 0u);
}

class ImageStoreTest : public ::testing::Test {
 protected:
  static constexpr std::size_t kRoom = 20'000;

  HeldImage Make(FairShare::Account account, std::size_t args = 500) {
    const std::string number = std::to_string(++made_), path = "/usr/bin/program-" + number,
                      arguments = number + std::string(args, 'x');
    return store_.Make({.exe_path = path, .args = arguments, .cwd = "/srv"}, account);
  }

  FairShare shares_;
  const FairShare::Account alice_ = shares_.Open({1, 1}), bob_ = shares_.Open({2, 2});
  ImageStore store_{kRoom, shares_};
  int made_ = 0;
};

TEST_F(ImageStoreTest, TextsGoWithTheirImage) {
  Make(alice_);
  EXPECT_EQ(store_.text_bytes(), 0u);
  EXPECT_EQ(store_.images(), 0u);
  EXPECT_EQ(shares_.Largest(FairShare::kText), FairShare::kNone);
}

TEST_F(ImageStoreTest, ProgramsThatNobodyRunsGoFirst) {
  const HeldImage living = Make(alice_);
  store_.Run(living);
  std::vector<HeldImage> ended;
  for (int n = 0; n < 100; ++n) ended.push_back(Make(alice_));
  EXPECT_LE(store_.text_bytes(), kRoom);
  EXPECT_FALSE(living->forgotten);
  EXPECT_EQ(living->args->size(), 501u);
  EXPECT_TRUE(ended.front()->forgotten);
  EXPECT_EQ(ended.front()->exe_path, "");
  EXPECT_EQ(ended.front()->args, std::nullopt);
  EXPECT_FALSE(ended.back()->forgotten);
  EXPECT_GT(store_.forgotten(), 0u);
  EXPECT_EQ(store_.living_forgotten(), 0u);
  store_.Stop(living);
}

TEST_F(ImageStoreTest, LivingLoseTheirArgumentsBeforeTheirPaths) {
  std::vector<HeldImage> living;
  for (int n = 0; n < 50; ++n) {
    living.push_back(Make(alice_));
    store_.Run(living.back());
  }
  EXPECT_GT(store_.shortened(), 0u);
  EXPECT_EQ(store_.forgotten(), 0u);
  EXPECT_EQ(living.front()->args->size(), ImageStore::kArgsWhenFull);
  EXPECT_EQ(living.back()->args->size(), 502u);
  for (int n = 0; n < 300; ++n) {
    living.push_back(Make(alice_));
    store_.Run(living.back());
  }
  EXPECT_LE(store_.text_bytes(), kRoom);
  EXPECT_TRUE(living.front()->forgotten);
  EXPECT_FALSE(living.back()->forgotten);
  EXPECT_EQ(store_.living_forgotten(), store_.forgotten());
  for (const HeldImage& image : living) store_.Stop(image);
}

TEST_F(ImageStoreTest, ProgramIsInUseUntilTheLastProcessEnds) {
  const HeldImage shared = Make(alice_);
  store_.Run(shared);
  store_.Run(shared);  // a child
  store_.Stop(shared);
  std::vector<HeldImage> others;
  for (int n = 0; n < 100; ++n) others.push_back(Make(alice_));
  EXPECT_FALSE(shared->forgotten);
  store_.Stop(shared);
  for (int n = 0; n < 100; ++n) others.push_back(Make(alice_));
  EXPECT_TRUE(shared->forgotten);
}

TEST_F(ImageStoreTest, WhoHasTheMostGoesWithout) {
  std::vector<HeldImage> alices, bobs;
  for (int n = 0; n < 10; ++n) alices.push_back(Make(alice_));  // nobody runs them
  for (int n = 0; n < 500; ++n) {
    bobs.push_back(Make(bob_));
    store_.Run(bobs.back());
  }
  for (const HeldImage& image : alices) EXPECT_FALSE(image->forgotten);
  EXPECT_TRUE(bobs.front()->forgotten);
  for (const HeldImage& image : bobs) store_.Stop(image);
}

// Texts that others have, too, count for everybody who has them: they may be the last one.
TEST_F(ImageStoreTest, TextsThatOthersHaveCountInFull) {
  const HeldImage one = store_.Make({.exe_path = "/usr/bin/bash"}, alice_);
  const HeldImage two = store_.Make({.exe_path = "/usr/bin/bash"}, bob_);
  EXPECT_EQ(store_.text_bytes(), TextPool::BytesFor("/usr/bin/bash"));
  EXPECT_EQ(shares_.GroupAmount(alice_, FairShare::kText),
            shares_.GroupAmount(bob_, FairShare::kText));
}

}  // namespace
}  // namespace randguard
