// SPDX-License-Identifier: MIT
#include "lake/key_probe.h"

#include <gtest/gtest.h>

#include "base/hash.h"
#include "store/memory_store.h"
#include "store/metered_store.h"
#include "tests/sim/sim_env.h"

namespace duckpond {
namespace {

using Kind = Predicate::Kind;

Predicate Fixes(uint32_t field_id, std::vector<std::string> values) {
  Predicate predicate;
  predicate.kind = values.size() == 1 ? Kind::kEqual : Kind::kIn;
  predicate.field_id = field_id;
  predicate.values = std::move(values);
  return predicate;
}

Predicate Join(Kind kind, std::vector<Predicate> children) {
  Predicate predicate;
  predicate.kind = kind;
  predicate.children = std::move(children);
  return predicate;
}

// Keys: the columns 1 and 2 together, and column 3.
TableDef Def() {
  TableDef def;
  Constraint primary;
  primary.kind = Constraint::Kind::kPrimaryKey;
  primary.field_ids = {1, 2};
  Constraint unique;
  unique.kind = Constraint::Kind::kUnique;
  unique.field_ids = {3};
  def.constraints = {primary, unique};
  return def;
}

TEST(KeyProbe, KeysAreFixedByConjunctionsOnly) {
  const Predicate a = Fixes(1, {"a"});
  const Predicate b = Fixes(2, {"b"});
  const auto probe = KeyProbeOf(Join(Kind::kAnd, {Join(Kind::kAnd, {b}), a}), Def());
  ASSERT_TRUE(probe);
  EXPECT_EQ(probe->constraint, 0U);
  EXPECT_EQ(probe->keys, std::vector<std::string>{"ab"});
  EXPECT_FALSE(KeyProbeOf(a, Def()));
  EXPECT_FALSE(KeyProbeOf(Join(Kind::kOr, {a, b}), Def()));
  EXPECT_FALSE(KeyProbeOf(Join(Kind::kAnd, {a, Join(Kind::kOr, {b, b})}), Def()));
  EXPECT_FALSE(KeyProbeOf({}, Def()));
}

TEST(KeyProbe, ListsOfValuesAreAllTheirKeys) {
  const auto joined =
      KeyProbeOf(Join(Kind::kAnd, {Fixes(1, {"a", "b"}), Fixes(2, {"x", "y"})}), Def());
  ASSERT_TRUE(joined);
  EXPECT_EQ(joined->keys, (std::vector<std::string>{"ax", "ay", "bx", "by"}));
  const auto second = KeyProbeOf(Fixes(3, {"p", "q"}), Def());
  ASSERT_TRUE(second);
  EXPECT_EQ(second->constraint, 1U);
  EXPECT_FALSE(KeyProbeOf(Fixes(3, std::vector<std::string>(kProbedKeysMax + 1, "p")), Def()));
}

class KeyProbeFiles : public ::testing::Test {
 protected:
  // A file whose keys of the second constraint are "<number> 0" to "<number> 999"; with their
  // hashes, or without.
  DataFilePtr MakeFile(int number, bool listed = true) {
    auto file = std::make_shared<DataFile>();
    file->id = env_.uuids.Next();
    file->path = file->id.ToString();
    std::vector<uint64_t> hashes;
    for (int i = 0; i < 1000; ++i) hashes.push_back(Xxh3_64(KeyOf(number, i)));
    const std::string content = EncodeHashList(std::move(hashes));
    file->bytes = content.size();
    file->rows = 1000;
    KeySummary summary;
    summary.constraint = 1;
    if (listed) summary.hash_list = {0, 1000};
    file->keys.push_back(std::move(summary));
    EXPECT_TRUE(Block(env_.executor, store_->Put({}, file->path, Bytes(content), {})).ok());
    return file;
  }
  static std::string KeyOf(int number, int i) {
    return std::to_string(number) + " " + std::to_string(i);
  }
  std::vector<bool> Ask(const KeyProbe& probe, const std::vector<DataFilePtr>& files) {
    auto answer = Block(env_.executor, MayHaveKeys(lists_, {}, probe, files));
    EXPECT_TRUE(answer.ok()) << answer.status().ToString();
    return answer.ok() ? *answer : std::vector<bool>{};
  }

  SimExecutor executor_{1};
  SimEnv sim_{executor_, 1, 0};
  Env& env_ = sim_.env;
  std::shared_ptr<CostLedger> ledger_ = std::make_shared<CostLedger>();
  std::shared_ptr<ObjectStore> store_ =
      std::make_shared<MeteredObjectStore>(std::make_shared<MemoryObjectStore>(), ledger_);
  std::shared_ptr<HashLists> lists_ = std::make_shared<HashLists>(store_);
};

TEST_F(KeyProbeFiles, OnlyFilesThatListAKeyMayHaveIt) {
  const std::vector<DataFilePtr> files = {MakeFile(1), MakeFile(2), MakeFile(3, false)};
  EXPECT_EQ(Ask({1, {KeyOf(2, 77)}}, files), (std::vector<bool>{false, true, true}));
  EXPECT_EQ(Ask({1, {KeyOf(1, 0), KeyOf(2, 999)}}, files), (std::vector<bool>{true, true, true}));
  EXPECT_EQ(Ask({1, {"nobody"}}, files), (std::vector<bool>{false, false, true}));
  EXPECT_EQ(Ask({0, {"another key"}}, files), (std::vector<bool>{true, true, true}));
}

TEST_F(KeyProbeFiles, ListsAreAskedForOnce) {
  const std::vector<DataFilePtr> files = {MakeFile(1), MakeFile(2)};
  Ask({1, {KeyOf(1, 1)}}, files);
  EXPECT_EQ(ledger_->Take().gets, 2U);
  Ask({1, {KeyOf(2, 2)}}, files);
  EXPECT_EQ(ledger_->Take().gets, 0U);
}

TEST_F(KeyProbeFiles, FileThatIsGoneIsAnError) {
  const DataFilePtr file = MakeFile(1);
  ASSERT_TRUE(Block(env_.executor, store_->Delete({}, file->path, std::nullopt)).ok());
  const auto answer = Block(env_.executor, MayHaveKeys(lists_, {}, {1, {"k"}}, {file}));
  EXPECT_EQ(answer.status().code(), StatusCode::kCorrupt);
}

TEST_F(KeyProbeFiles, ARoundTripIsSpentWhereItSavesMore) {
  StoreTraits traits;
  traits.prices.get = 0.4e-6;
  const ReadPrice price = PriceOfReads(traits);
  const auto pays = [&](size_t files, size_t keys, bool listed = true) {
    const DataFilePtr file = MakeFile(1, listed);
    const KeyProbe probe = {1, std::vector<std::string>(keys, "k")};
    return ProbePays(price, probe, std::vector<ProbedFile>(files, {file, 2, 200'000}));
  };
  EXPECT_FALSE(pays(1, 1));
  EXPECT_FALSE(pays(6, 1));
  EXPECT_TRUE(pays(100, 1));
  EXPECT_FALSE(pays(100, 1, false));
  EXPECT_FALSE(pays(10, 10));  // Each may be in another file.
}

}  // namespace
}  // namespace duckpond
