// SPDX-License-Identifier: MIT
//
// What every PartCache keeps to, in memory and on disk.
#include "store/part_cache.h"

#include <gtest/gtest.h>

#include <memory>

#include "store/disk_cache.h"
#include "store/memory_cache.h"
#include "tests/support/scratch_folder.h"

namespace duckpond {
namespace {

constexpr uint64_t kBytesMax = 100'000;

class PartCacheTest : public ::testing::TestWithParam<bool> {
 protected:
  void SetUp() override {
    if (!GetParam()) {
      cache_ = std::make_shared<MemoryCache>(kBytesMax);
      return;
    }
    auto opened = DiskCache::Open(Env::Process(), folder_ / "cache", kBytesMax);
    ASSERT_TRUE(opened.ok()) << opened.status().ToString();
    cache_ = *std::move(opened);
  }

  // Bytes [offset, offset + bytes) of an object of 1,000 in which no two bytes near each other are
  // the same.
  static CachedPart Part(uint64_t offset, uint64_t bytes, const std::string& tag = "tag") {
    std::string content;
    for (uint64_t i = offset; i < offset + bytes; ++i) content += static_cast<char>(i * 7 % 251);
    return {offset, Bytes(content), 1000, {tag}, 12345};
  }
  void ExpectFound(ByteRange range, const CachedPart& expected) {
    const auto found = cache_->Find("object", range);
    ASSERT_TRUE(found) << range.offset;
    EXPECT_EQ(found->offset, expected.offset);
    EXPECT_EQ(found->bytes.view(), expected.bytes.view());
    EXPECT_EQ(found->object_size, expected.object_size);
    EXPECT_EQ(found->tag, expected.tag);
    EXPECT_EQ(found->asked_us, expected.asked_us);
  }
  bool Has(uint64_t offset, std::optional<uint64_t> length, const std::string& name = "object") {
    return cache_->Find(name, {offset, length}).has_value();
  }

  ScratchFolder folder_;
  std::shared_ptr<PartCache> cache_;
};

TEST_P(PartCacheTest, APartAnswersWhatLiesInIt) {
  cache_->Insert("object", Part(100, 50));
  ExpectFound({100, 50}, Part(100, 50));
  ExpectFound({120, 1}, Part(100, 50));
  ExpectFound({149, 1}, Part(100, 50));
  EXPECT_FALSE(Has(99, 2));
  EXPECT_FALSE(Has(149, 2));
  EXPECT_FALSE(Has(150, 1));
  EXPECT_FALSE(Has(120, std::nullopt)) << "to the end of the object";
  EXPECT_FALSE(Has(100, 50, "another object"));
}

TEST_P(PartCacheTest, TheEndOfAnObjectIsKnown) {
  cache_->Insert("object", Part(900, 100));
  EXPECT_TRUE(Has(950, std::nullopt));
  EXPECT_TRUE(Has(950, 5000)) << "an answer would end there too";
  EXPECT_FALSE(Has(1000, 1)) << "the store says what lies behind the end";
  cache_->Insert("object", Part(0, 1000));
  EXPECT_TRUE(Has(0, std::nullopt));
}

TEST_P(PartCacheTest, PartsThatOverlapAreAllFound) {
  cache_->Insert("object", Part(100, 300));
  cache_->Insert("object", Part(200, 20));
  cache_->Insert("object", Part(250, 300));
  EXPECT_TRUE(Has(230, 100)) << "covered by the first alone";
  EXPECT_TRUE(Has(300, 250));
  EXPECT_FALSE(Has(101, 400));
}

TEST_P(PartCacheTest, ALargerPartTakesTheSmallersPlace) {
  cache_->Insert("object", Part(100, 50));
  cache_->Insert("object", Part(0, 1000));
  ExpectFound({100, 50}, Part(0, 1000));
  cache_->Insert("object", Part(0, 10));
  EXPECT_TRUE(Has(0, std::nullopt));
}

TEST_P(PartCacheTest, AnotherVersionReplacesAllThatWasKept) {
  cache_->Insert("object", Part(0, 100));
  cache_->Insert("object", Part(500, 100));
  cache_->Insert("object", Part(500, 50, "new"));
  EXPECT_FALSE(Has(0, 1));
  EXPECT_FALSE(Has(560, 1));
  ExpectFound({500, 50}, Part(500, 50, "new"));
  CachedPart longer = Part(0, 10, "new");
  longer.object_size = 2000;
  cache_->Insert("object", longer);
  EXPECT_FALSE(Has(500, 50));
  EXPECT_TRUE(Has(0, 10));
}

TEST_P(PartCacheTest, ATagThatWasNotAskedForIsNoOtherVersion) {
  cache_->Insert("object", Part(0, 100));
  cache_->Insert("object", Part(500, 100, ""));
  EXPECT_TRUE(Has(0, 100));
  EXPECT_TRUE(Has(500, 100));
}

TEST_P(PartCacheTest, WhatIsForgottenIsNotFound) {
  cache_->Insert("object", Part(0, 100));
  cache_->Insert("other", Part(0, 100));
  cache_->Forget("object");
  cache_->Forget("never there");
  EXPECT_FALSE(Has(0, 100));
  EXPECT_TRUE(Has(0, 100, "other"));
}

TEST_P(PartCacheTest, WhatIsOverTheLimitIsNotKeptAndEndsNothingElse) {
  cache_->Insert("object", Part(0, 100));
  const std::string large(kBytesMax + 1, 'x');
  cache_->Insert("large", {0, Bytes(large), large.size(), {}, 1});
  EXPECT_FALSE(Has(0, 1, "large"));
  EXPECT_TRUE(Has(0, 100));
}

TEST_P(PartCacheTest, HundredsOfPartsStayBelowTheLimit) {
  for (int i = 0; i < 500; ++i) {
    cache_->Insert("object " + std::to_string(i), Part(0, 900));
    EXPECT_TRUE(Has(0, 900, "object " + std::to_string(i))) << i;
  }
  int kept = 0;
  for (int i = 0; i < 500; ++i) kept += Has(0, 900, "object " + std::to_string(i)) ? 1 : 0;
  EXPECT_GT(kept, 10);
  EXPECT_LT(kept * 900, static_cast<int>(kBytesMax + kBytesMax / 8));
}

INSTANTIATE_TEST_SUITE_P(All, PartCacheTest, ::testing::Bool(),
                         [](const auto& info) { return info.param ? "disk" : "memory"; });

TEST(MemoryCacheTest, LargePartsAreNotKept) {
  MemoryCache cache(100'000, 2'000);
  cache.Insert("small", {0, Bytes(std::string(1'000, 'x')), 1'000, {}, 1});
  cache.Insert("large", {0, Bytes(std::string(3'000, 'x')), 3'000, {}, 1});
  EXPECT_TRUE(cache.Find("small", {}).has_value());
  EXPECT_FALSE(cache.Find("large", {}).has_value());
}

TEST(MemoryCacheTest, WhatWasUsedLastStays) {
  MemoryCache cache(8'000);
  const auto part = [](size_t bytes) {
    return CachedPart{0, Bytes(std::string(bytes, 'x')), bytes, {}, 1};
  };
  cache.Insert("used", part(3000));
  cache.Insert("unused", part(3000));
  EXPECT_TRUE(cache.Find("used", {}));
  cache.Insert("new", part(3000));
  EXPECT_TRUE(cache.Find("used", {}));
  EXPECT_FALSE(cache.Find("unused", {}));
  EXPECT_TRUE(cache.Find("new", {}));
  EXPECT_LE(cache.bytes(), 8'000u);
  cache.Forget("used");
  cache.Forget("new");
  EXPECT_EQ(cache.bytes(), 0u);
}

}  // namespace
}  // namespace duckpond
