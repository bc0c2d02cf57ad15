// SPDX-License-Identifier: MIT
#include "lake/hash_matches.h"

#include <gtest/gtest.h>

#include "base/hash.h"
#include "lake/limits.h"
#include "store/memory_store.h"
#include "store/metered_store.h"
#include "tests/sim/sim_env.h"

namespace duckpond {
namespace {

using Hashes = std::vector<uint64_t>;
using Pairs = std::vector<std::pair<size_t, size_t>>;

class HashMatchesTest : public ::testing::Test {
 protected:
  HashLists::Place MakeFile(const Hashes& hashes) {
    auto file = std::make_shared<DataFile>();
    file->id = env_.uuids.Next();
    file->path = file->id.ToString();
    const std::string content = EncodeHashList(hashes) + "footer";
    file->bytes = content.size();
    auto put = Block(env_.executor,
                     memory_->Put(Context{}, file->path, Bytes(content), PutCondition::None()));
    EXPECT_TRUE(put.ok());
    return {file, {0, hashes.size()}};
  }
  MatchedLists MakeFiles(const std::vector<Hashes>& lists, size_t ours) {
    MatchedLists matched;
    for (size_t i = 0; i < lists.size(); ++i) {
      (i < ours ? matched.ours : matched.theirs).push_back(MakeFile(lists[i]));
    }
    return matched;
  }
  Result<HashMatches> Match(MatchedLists matched) {
    Context context;
    context.ledger = std::make_shared<CostLedger>();
    auto lists = std::make_shared<HashLists>(
        std::make_shared<MeteredObjectStore>(memory_, std::make_shared<CostLedger>()));
    auto matches = Block(env_.executor, MatchHashes(lists, context, std::move(matched)));
    cost_ = context.ledger->Take();
    return matches;
  }

  // Hashes of keys [from, to).
  static Hashes Of(uint64_t from, uint64_t to) {
    Hashes hashes;
    for (uint64_t i = from; i < to; ++i) hashes.push_back(Xxh3_64(std::to_string(i)));
    return hashes;
  }

  SimExecutor executor_{1};
  SimEnv sim_{executor_, 1, 0};
  Env& env_ = sim_.env;
  std::shared_ptr<MemoryObjectStore> memory_ = std::make_shared<MemoryObjectStore>();
  Cost cost_;
};

TEST_F(HashMatchesTest, ListsThatShareAHashAreFoundInHoweverManyParts) {
  const std::vector<Hashes> lists = {Of(0, 1000),    Of(999, 2000),  Of(5000, 8000),
                                     Of(2000, 2001), Of(7999, 9000), Of(100, 101)};
  const Pairs wanted = {{0, 1}, {0, 5}, {2, 4}};
  for (const uint64_t merged_max : {1u << 20, 1000u, 100u, 7u}) {
    MatchedLists matched = MakeFiles(lists, 3);
    matched.merged_max = merged_max;
    const auto matches = Match(std::move(matched));
    ASSERT_TRUE(matches.ok()) << matches.status().ToString();
    EXPECT_EQ(matches->pairs, wanted) << merged_max;
    EXPECT_TRUE(matches->complete);
  }
}

TEST_F(HashMatchesTest, TheirsAreNotComparedWithEachOther) {
  const auto matches = Match(MakeFiles({Of(0, 10), Of(20, 30), Of(20, 30)}, 1));
  EXPECT_EQ(matches->pairs, Pairs());
}

TEST_F(HashMatchesTest, EachListIsReadOnce) {
  std::vector<Hashes> lists;
  uint64_t bytes = 0;
  for (uint64_t i = 0; i < 60; ++i) {
    lists.push_back(Of(i * 1000, i * 1000 + 1000));
    bytes += HashListBytes(1000);
  }
  EXPECT_EQ(Match(MakeFiles(lists, 30))->pairs, Pairs());
  EXPECT_EQ(cost_.gets, 60u);
  EXPECT_EQ(cost_.bytes_read, bytes);
}

TEST_F(HashMatchesTest, PartsAreReadOfListsThatAreRunThroughInParts) {
  MatchedLists matched = MakeFiles({Of(0, 100'000), Of(100'000, 200'000)}, 1);
  matched.merged_max = 10'000;
  EXPECT_EQ(Match(std::move(matched))->pairs, Pairs());
  EXPECT_EQ(cost_.gets, 22u);
  EXPECT_LT(cost_.bytes_read, 2 * 2 * HashListBytes(100'000));
}

TEST_F(HashMatchesTest, HashesThatAreNotSpreadAreFoundAllTheSame) {
  // As if a hostile hand had chosen them: all at one end but one.
  Hashes first(4000, uint64_t{0xffff} << 48);
  first.push_back(Xxh3_64("1"));
  Hashes second = Of(1, 2);
  second.resize(3000, uint64_t{0xfffe} << 48);
  MatchedLists matched = MakeFiles({first, second}, 1);
  matched.merged_max = 50;
  EXPECT_EQ(Match(std::move(matched))->pairs, (Pairs{{0, 1}}));
}

TEST_F(HashMatchesTest, OfVeryManyPairsSomeAreGiven) {
  const std::vector<Hashes> same(60, Of(0, 300));
  const auto matches = Match(MakeFiles(same, 60));
  EXPECT_FALSE(matches->complete);
  EXPECT_EQ(matches->pairs.size(), kHashMatchesMax);
}

TEST_F(HashMatchesTest, AListThatCannotBeReadIsAnError) {
  MatchedLists matched = MakeFiles({Of(0, 10), Of(20, 30)}, 1);
  ASSERT_TRUE(
      Block(env_.executor, memory_->Delete(Context{}, matched.theirs[0].file->path, std::nullopt))
          .ok());
  EXPECT_EQ(Match(std::move(matched)).status().code(), StatusCode::kCorrupt);
}

}  // namespace
}  // namespace duckpond
