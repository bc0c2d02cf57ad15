// SPDX-License-Identifier: MIT
#include "lake/key_hash_list.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/hash.h"
#include "base/notice.h"
#include "store/faulty_store.h"
#include "store/memory_store.h"
#include "store/metered_store.h"
#include "store/two_door_store.h"
#include "tests/sim/sim_env.h"

namespace duckpond {
namespace {

std::string KeyOf(uint64_t number) { return "key " + std::to_string(number); }

class KeyHashList : public ::testing::Test {
 protected:
  // A file that has a list of keys [from, to) behind some bytes, and some bytes behind it.
  HashLists::Place MakeFile(uint64_t from, uint64_t to) {
    std::vector<uint64_t> hashes;
    for (uint64_t i = from; i < to; ++i) hashes.push_back(Xxh3_64(KeyOf(i)));
    return PutFile(EncodeHashList(std::move(hashes)), to - from);
  }
  HashLists::Place PutFile(const std::string& list, uint64_t count) {
    auto file = std::make_shared<DataFile>();
    file->id = env_.uuids.Next();
    file->path = file->id.ToString();
    const std::string content = std::string(1000, 'r') + list + "footer";
    file->bytes = content.size();
    file->rows = count;
    auto put = Block(env_.executor,
                     memory_->Put(Context{}, file->path, Bytes(content), PutCondition::None()));
    EXPECT_TRUE(put.ok());
    return {file, {1000, count}};
  }

  HashLists::Keys Listed(const HashLists::Place& place, HashLists::Keys keys) {
    Context context;
    context.ledger = std::make_shared<CostLedger>();
    auto listed = Block(env_.executor, lists_->Listed(context, place, std::move(keys)));
    cost_ = context.ledger->Take();
    EXPECT_TRUE(listed.ok()) << listed.status().ToString();
    return listed.ok() ? *listed : HashLists::Keys{};
  }
  Status ErrorOf(const HashLists::Place& place) {
    HashLists::Keys keys = {KeyOf(1)};
    return Block(env_.executor, lists_->Listed(Context{}, place, keys)).status();
  }

  static FaultOptions Delayed() {
    FaultOptions options;
    options.rates.delay = 1;
    return options;
  }

  SimExecutor executor_{1};
  SimEnv sim_{executor_, 1, 0};
  Env& env_ = sim_.env;
  std::shared_ptr<MemoryObjectStore> memory_ = std::make_shared<MemoryObjectStore>();
  // Each answer takes a while, as from afar: what is sent together is one round trip.
  std::shared_ptr<HashLists> lists_ =
      std::make_shared<HashLists>(std::make_shared<MeteredObjectStore>(
          std::make_shared<FaultyObjectStore>(memory_, Delayed()), std::make_shared<CostLedger>()));
  Cost cost_;
};

TEST_F(KeyHashList, AFewKeysAreAFewKilobytesOfALargeFile) {
  const auto place = MakeFile(0, 100'000);
  for (uint64_t i = 0; i < 300; ++i) {
    EXPECT_EQ(Listed(place, {KeyOf(i * 333)}).size(), 1u);
    EXPECT_EQ(cost_.gets, 1u);
    EXPECT_LE(cost_.bytes_read, 16'000u);
    EXPECT_TRUE(Listed(place, {KeyOf(100'000 + i)}).empty());
    EXPECT_EQ(cost_.gets, 1u);
  }
  EXPECT_EQ(Listed(place, {KeyOf(5), KeyOf(200'000), KeyOf(7)}),
            (HashLists::Keys{KeyOf(5), KeyOf(7)}));
  EXPECT_EQ(cost_.gets, 3u);
  EXPECT_EQ(cost_.round_trips, 1u);
}

TEST_F(KeyHashList, ManyKeysReadTheListOnce) {
  const auto place = MakeFile(0, 5000);
  HashLists::Keys keys;
  for (uint64_t i = 4000; i < 6000; ++i) keys.push_back(KeyOf(i));
  EXPECT_EQ(Listed(place, keys).size(), 1000u);
  EXPECT_EQ(cost_.gets, 1u);
  EXPECT_EQ(cost_.bytes_read, HashListBytes(5000));
  EXPECT_EQ(Listed(place, keys).size(), 1000u);
  EXPECT_EQ(cost_.gets, 0u);
}

TEST_F(KeyHashList, HashesThatAreNotSpreadAreFoundAllTheSame) {
  // As if a hostile hand had chosen them: all at one end but one.
  std::vector<uint64_t> hashes(4000, uint64_t{0xffff} << 48);
  const std::string key = KeyOf(1);
  hashes.push_back(Xxh3_64(key));
  const auto place = PutFile(EncodeHashList(hashes), hashes.size());
  EXPECT_EQ(Listed(place, {key}), HashLists::Keys{key});
  EXPECT_TRUE(Listed(place, {KeyOf(2)}).empty());
}

TEST_F(KeyHashList, EveryPlaceInListsOfEverySizeIsFound) {
  for (const uint64_t count : {1, 2, 31, 33, 64, 65, 257, 1000}) {
    const auto place = MakeFile(0, count);
    for (uint64_t i = 0; i < count; ++i) {
      ASSERT_EQ(Listed(place, {KeyOf(i)}).size(), 1u) << i << " of " << count;
      ASSERT_TRUE(Listed(place, {KeyOf(count + i)}).empty());
    }
  }
}

TEST_F(KeyHashList, TwoListsAreComparedWhole) {
  const auto a = MakeFile(0, 1000);
  const auto apart = MakeFile(1000, 3000);
  const auto touching = MakeFile(999, 1500);
  const auto common = [&](const HashLists::Place& x, const HashLists::Place& y) {
    return *Block(env_.executor, lists_->HaveCommon(Context{}, x, y));
  };
  EXPECT_FALSE(common(a, apart));
  EXPECT_TRUE(common(a, touching));
  EXPECT_TRUE(common(touching, apart));
}

TEST_F(KeyHashList, AFileThatIsGoneOrAnotherIsCorrupt) {
  const auto place = MakeFile(0, 1000);
  auto other = std::make_shared<DataFile>(*place.file);
  other->bytes += 1;
  EXPECT_EQ(ErrorOf({other, place.list}).code(), StatusCode::kCorrupt);
  ASSERT_TRUE(
      Block(env_.executor, memory_->Delete(Context{}, place.file->path, std::nullopt)).ok());
  const Status gone = ErrorOf(place);
  EXPECT_EQ(gone.code(), StatusCode::kCorrupt);
  EXPECT_NE(gone.message().find(place.file->path), std::string::npos);
}

TEST_F(KeyHashList, AnAlteredByteIsCorrupt) {
  const auto place = MakeFile(0, 1000);
  auto whole = Block(env_.executor, memory_->Get(Context{}, place.file->path, {}));
  ASSERT_TRUE(whole.ok());
  for (uint64_t at = place.list.offset; at < place.list.offset + HashListBytes(1000); at += 97) {
    std::string content(whole->bytes.view());
    content[at] = static_cast<char>(content[at] ^ 1);
    ASSERT_TRUE(Block(env_.executor, memory_->Put(Context{}, place.file->path, Bytes(content),
                                                  PutCondition::None()))
                    .ok());
    EXPECT_FALSE(Block(env_.executor, lists_->HaveCommon(Context{}, place, place)).ok()) << at;
  }
  EXPECT_NE(ErrorOf(place).message().find("altered"), std::string::npos);
}

TEST_F(KeyHashList, WhatACdnHasAlteredTheOriginSaysAndItIsTold) {
  const auto place = MakeFile(0, 1000);
  auto whole = Block(env_.executor, memory_->Get(Context{}, place.file->path, {}));
  ASSERT_TRUE(whole.ok());
  std::string content(whole->bytes.view());
  content[place.list.offset] = static_cast<char>(content[place.list.offset] ^ 1);
  auto front = std::make_shared<MemoryObjectStore>();
  ASSERT_TRUE(Block(env_.executor,
                    front->Put(Context{}, place.file->path, Bytes(content), PutCondition::None()))
                  .ok());
  lists_ = std::make_shared<HashLists>(std::make_shared<TwoDoorObjectStore>(env_, memory_, front));
  std::string notices;
  SetNoticeSink([&notices](const std::string& text) { notices += text; });
  const auto common = Block(env_.executor, lists_->HaveCommon(Context{}, place, place));
  SetNoticeSink(nullptr);
  ASSERT_TRUE(common.ok()) << common.status().ToString();
  EXPECT_TRUE(*common);
  EXPECT_NE(notices.find(place.file->path), std::string::npos) << notices;
  EXPECT_NE(notices.find(memory_->url()), std::string::npos) << notices;
}

TEST_F(KeyHashList, AReadThatFailsIsAnErrorAndIsNotRemembered) {
  const auto place = MakeFile(0, 1000);
  FaultOptions faults;
  faults.rates.fail = 1;
  lists_ = std::make_shared<HashLists>(std::make_shared<FaultyObjectStore>(memory_, faults));
  EXPECT_EQ(ErrorOf(place).code(), StatusCode::kUnavailable);
}

}  // namespace
}  // namespace duckpond
