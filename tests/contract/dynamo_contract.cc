// SPDX-License-Identifier: MIT
//
// What holds of the items of a DynamoDB table beyond the contract of all stores: logs that are
// appended to and rolled, tags that are old, items that a killed process left, ponds beside each
// other.
#include <atomic>
#include <set>
#include <thread>

#include "store/dynamo_table.h"
#include "store/store_url.h"
#include "tests/contract/store_fixture.h"

namespace duckpond {
namespace {

using GetState = GetReply::State;
using PutState = PutReply::State;

constexpr int kThreads = 4;
constexpr int kAppendsPerThread = 25;
constexpr size_t kRollBytes = 100;

class DynamoContract : public StoreFixture {
 protected:
  Result<PutReply> Append(const std::string& key, const std::string& more, uint64_t size,
                          const ObjectTag& tag) {
    return Block(executor(), store().Append(Soon(), key, Bytes(more), {size, tag}));
  }
  // Appends, expects success, and gives the tag.
  ObjectTag MustAppend(const std::string& key, const std::string& more) {
    const auto now = Get(key);
    EXPECT_TRUE(now.ok() && now->state == GetState::kFound);
    const auto reply = Append(key, more, now->object_size, now->tag);
    EXPECT_TRUE(reply.ok()) << reply.status().ToString();
    if (!reply.ok()) return {};
    EXPECT_EQ(reply->state, PutState::kWritten) << reply->detail;
    return reply->tag;
  }
  Result<GetReply> Tail(const std::string& key, uint64_t size, const ObjectTag& tag) {
    GetOptions options;
    options.if_none_match = tag;
    options.range = ByteRange{size, std::nullopt};
    return Get(key, options);
  }

  // The table itself, past the store.
  DynamoClientPtr Client() {
    S3Options options;
    options.environment = [this](std::string_view name) -> std::optional<std::string> {
      const auto found = opened().environment.find(std::string(name));
      if (found == opened().environment.end()) return std::nullopt;
      return found->second;
    };
    return *DynamoClient::Open(Env::Process(), opened().url, options);
  }
  DynamoObject Items(const std::string& key) {
    const DynamoClientPtr client = Client();
    const auto object = Block(
        executor(), QueryObject(client, Soon(), key,
                                DynamoSpan(client->place().prefix + key, 0, uint64_t{1} << 30)));
    EXPECT_TRUE(object.ok()) << object.status().ToString();
    return object.ok() ? *object : DynamoObject{};
  }
};

TEST_P(DynamoContract, AppendsOfManyThreadsSurviveRolls) {
  MustPut("log", "start;", PutCondition::IfAbsent());
  std::atomic<int> rolls{0};
  const auto work = [&](int thread) {
    for (int i = 0; i < kAppendsPerThread;) {
      const auto now = Get("log");
      ASSERT_TRUE(now.ok()) << now.status().ToString();
      ASSERT_EQ(now->state, GetState::kFound);
      const std::string mine = std::to_string(thread) + "." + std::to_string(i) + ";";
      const std::string content(now->bytes.view());
      // Every so often the whole is put, longer by what would have been appended.
      const bool roll = (content.size() + mine.size()) / kRollBytes > content.size() / kRollBytes;
      const auto reply = roll ? Put("log", content + mine, PutCondition::IfMatch(now->tag))
                              : Append("log", mine, content.size(), now->tag);
      ASSERT_TRUE(reply.ok()) << reply.status().ToString();
      ASSERT_NE(reply->state, PutState::kUnknown) << reply->detail;
      if (reply->state != PutState::kWritten) continue;
      rolls += roll ? 1 : 0;
      ++i;
    }
  };
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) threads.emplace_back(work, i);
  for (std::thread& thread : threads) thread.join();
  std::multiset<std::string> found;
  std::string content = Content("log");
  for (size_t at = 0, end = 0; (end = content.find(';', at)) != std::string::npos; at = end + 1) {
    found.insert(content.substr(at, end - at));
  }
  std::multiset<std::string> expected{"start"};
  for (int thread = 0; thread < kThreads; ++thread) {
    for (int i = 0; i < kAppendsPerThread; ++i) {
      expected.insert(std::to_string(thread) + "." + std::to_string(i));
    }
  }
  EXPECT_EQ(found, expected);
  EXPECT_GT(rolls.load(), 1);
}

// A writer that slept through rolls, after which the places it knows are empty again.
TEST_P(DynamoContract, AnAppendOfAnOldTagLosesForEver) {
  std::vector<std::pair<uint64_t, ObjectTag>> old;
  old.emplace_back(2, MustPut("log", "0;", PutCondition::IfAbsent()));
  for (int generation = 1; generation <= 3; ++generation) {
    for (int i = 0; i < 3; ++i) {
      const ObjectTag tag = MustAppend("log", "a;");
      old.emplace_back(Content("log").size(), tag);
    }
    const auto now = Get("log");
    MustPut("log", std::to_string(generation) + ";", PutCondition::IfMatch(now->tag));
    for (const auto& [size, tag] : old) {
      const auto late = Append("log", "late;", size, tag);
      ASSERT_TRUE(late.ok()) << late.status().ToString();
      EXPECT_EQ(late->state, PutState::kConflict) << size;
      EXPECT_EQ(Put("log", "late;", PutCondition::IfMatch(tag))->state, PutState::kConflict);
    }
    EXPECT_EQ(Content("log"), std::to_string(generation) + ";");
  }
}

TEST_P(DynamoContract, ATailIsNewUnchangedPastTheEndOrMissing) {
  MustPut("log", "base;", PutCondition::IfAbsent());
  const ObjectTag first = MustAppend("log", "one;");
  EXPECT_EQ(Tail("log", 9, first)->state, GetState::kUnchanged);
  const ObjectTag second = MustAppend("log", "two;");
  const auto more = Tail("log", 9, first);
  ASSERT_TRUE(more.ok()) << more.status().ToString();
  EXPECT_EQ(more->bytes.view(), "two;");
  EXPECT_EQ(more->tag, second);
  EXPECT_EQ(more->object_size, 13U);
  MustPut("log", "new", PutCondition::IfMatch(second));
  EXPECT_EQ(Tail("log", 9, first)->state, GetState::kPastEnd);
  EXPECT_EQ(Tail("log", 13, second)->state, GetState::kPastEnd);
  const ObjectTag third =
      MustPut("log", "newer and longer", PutCondition::IfMatch(Get("log")->tag));
  EXPECT_EQ(Tail("log", 13, second)->bytes.view(), "ger");
  const ObjectTag fourth = MustAppend("log", "!");
  EXPECT_EQ(Tail("log", 16, third)->bytes.view(), "!");

  ASSERT_EQ(Delete("log")->state, DeleteReply::State::kDeleted);
  EXPECT_EQ(Tail("log", 17, fourth)->state, GetState::kMissing);
  MustPut("log", "again, as long as that was", PutCondition::IfAbsent());
  EXPECT_EQ(Tail("log", 17, fourth)->bytes.view(), " that was");
  EXPECT_EQ(Append("log", "late", 17, fourth)->state, PutState::kConflict);
  MustAppend("log", ".");
  EXPECT_EQ(Content("log"), "again, as long as that was.");
}

TEST_P(DynamoContract, LargeAppendsAndRollsComeBackWhole) {
  std::string content(10, 'b');
  MustPut("log", content, PutCondition::IfAbsent());
  for (const size_t bytes : {5UL, 200'000UL, 700'000UL, 65'536UL, 1UL}) {
    const std::string more(bytes, static_cast<char>('c' + bytes % 20));
    MustAppend("log", more);
    content += more;
  }
  EXPECT_TRUE(Content("log") == content);
  EXPECT_EQ(GetRange("log", 300'000, 500'000)->bytes.view(),
            std::string_view(content).substr(300'000, 500'000));
  // Of 330 KB and more, chunks; below, a part. Either is appended to again.
  for (const size_t bytes : {900'000UL, 150'000UL, 400'000UL}) {
    content = std::string(bytes, 'r');
    MustPut("log", content, PutCondition::IfMatch(Get("log")->tag));
    MustAppend("log", "tail");
    content += "tail";
    EXPECT_TRUE(Content("log") == content) << bytes;
  }
}

TEST_P(DynamoContract, WhatARollReplacedIsRemoved) {
  MustPut("log", "0", PutCondition::IfAbsent());
  for (int i = 0; i < 5; ++i) MustAppend("log", "more");
  MustAppend("log", std::string(400'000, 'x'));
  EXPECT_EQ(Items("log").parts.size(), 6U);
  MustPut("log", "rolled", PutCondition::IfMatch(Get("log")->tag));
  // Behind the put: waited for, however long it takes.
  while (Items("log").parts.size() > 1 && !HasFailure()) std::this_thread::yield();
  EXPECT_EQ(Content("log"), "rolled");
}

// Killed before the head was put: the names that readers try first are taken, by chunks of nobody.
TEST_P(DynamoContract, ChunksThatAKilledWriterLeftAreNotRead) {
  const DynamoClientPtr client = Client();
  const std::string hash = client->place().prefix + "data";
  const auto left = Block(
      executor(), WriteChunks(client, Soon(), "data",
                              DynamoChunks(hash, kFirstChunks, "a generation of the dead", 200'000),
                              Bytes(std::string(200'000, 'd'))));
  ASSERT_TRUE(left.ok()) << left.status().ToString();
  EXPECT_EQ(Content("data"), "(missing)");
  GetOptions part;
  part.range = ByteRange{70'000, 10};
  part.want_tag = false;
  EXPECT_EQ(Get("data", part)->state, GetState::kMissing);
  for (const char letter : {'a', 'b'}) {
    const auto condition = letter == 'a' ? PutCondition::IfAbsent() : PutCondition::None();
    MustPut("data", std::string(180'000, letter), condition);
    EXPECT_TRUE(Content("data") == std::string(180'000, letter));
    EXPECT_EQ(Get("data", part)->bytes.view(), std::string(10, letter));
  }
}

// Units of 1 KB written, twice in a transaction, and of 4 KB read, rounded up for each item; what a
// condition refused is billed like what it let pass.
TEST_P(DynamoContract, TheBillIsInUnitsOfItemsAndTransactions) {
  const Prices& prices = store().traits().prices;
  const auto ledger = std::make_shared<CostLedger>();
  const auto billed = [&](auto call) {
    Context context = Soon();
    context.ledger = ledger;
    const auto reply = Block(executor(), call(std::move(context)));
    EXPECT_TRUE(reply.ok()) << reply.status().ToString();
    return ledger->Take();
  };
  const auto put = [&](const std::string& key, size_t bytes, PutCondition condition) {
    return billed([&](Context context) {
      return store().Put(std::move(context), key, Bytes(std::string(bytes, 'x')), condition);
    });
  };
  const auto get = [&](const std::string& key, GetOptions options) {
    return billed([&](Context context) { return store().Get(std::move(context), key, options); });
  };
  MustPut("marks the place", "x");
  const Cost small = put("log", 100, PutCondition::IfAbsent());
  EXPECT_EQ(small.puts, 1U);
  EXPECT_DOUBLE_EQ(small.usd, prices.put);
  EXPECT_DOUBLE_EQ(put("log", 100, PutCondition::IfAbsent()).usd, prices.put) << "refused";
  EXPECT_DOUBLE_EQ(get("log", {}).usd, prices.get);

  const auto now = Get("log");
  const Cost append = billed([&](Context context) {
    return store().Append(std::move(context), "log", Bytes(std::string(500, 'a')),
                          ObjectStore::AppendPosition(now->object_size, now->tag));
  });
  EXPECT_EQ(append.puts, 1U);
  EXPECT_EQ(append.round_trips, 1U);
  EXPECT_DOUBLE_EQ(append.usd, 4 * prices.put);

  // Three chunks of 65,536 bytes and their names: 65 units each; the last one 4; the head.
  const Cost large = put("data", 200'000, PutCondition::IfAbsent());
  EXPECT_EQ(large.puts, 5U);
  // The chunks together, then the head; a slow machine may end one before the next begins.
  EXPECT_GE(large.round_trips, 2U);
  EXPECT_LE(large.round_trips, large.puts);
  EXPECT_DOUBLE_EQ(large.usd, (3 * 65 + 4 + 1) * prices.put);
  GetOptions part;
  part.range = ByteRange{0, 70'000};
  part.want_tag = false;
  const Cost range = get("data", part);
  EXPECT_EQ(range.gets, 1U);
  EXPECT_EQ(range.round_trips, 1U);
  EXPECT_DOUBLE_EQ(range.usd, (17 + 17 + 1) * prices.get);
  const Cost removed =
      billed([&](Context context) { return store().Delete(std::move(context), "data", {}); });
  EXPECT_EQ(removed.deletes, 5U);
  EXPECT_DOUBLE_EQ(removed.usd, large.usd);
}

TEST_P(DynamoContract, PondsOfOneTableSeeTheirOwnObjectsOnly) {
  OpenOptions options;
  const auto& variables = opened().environment;
  options.s3.environment = [variables](std::string_view name) -> std::optional<std::string> {
    const auto found = variables.find(std::string(name));
    if (found == variables.end()) return std::nullopt;
    return found->second;
  };
  const std::string table = opened().url.substr(0, opened().url.find('/', 12));
  const auto keys = [&](const std::string& place) {
    const auto other = *OpenStore(Env::Process(), table + place, options);
    std::set<std::string> found;
    const auto page = Block(executor(), other->List(Soon(), "", std::nullopt));
    EXPECT_TRUE(page.ok()) << page.status().ToString();
    for (const auto& object : page->objects) found.insert(object.key);
    return found;
  };
  MustPut("object", "x");
  EXPECT_EQ(keys("/some/pond"), std::set<std::string>{"object"});
  EXPECT_EQ(keys("/some"), std::set<std::string>{"pond/object"});
  EXPECT_EQ(keys(""), std::set<std::string>{"some/pond/object"});
  EXPECT_EQ(keys("/some/po"), std::set<std::string>{});
  EXPECT_EQ(keys("/some/pond/object"), std::set<std::string>{});
  EXPECT_EQ(keys("/other"), std::set<std::string>{});
}

INSTANTIATE_TEST_SUITE_P(All, DynamoContract, ::testing::Values(DynamoBackend()), BackendName);

}  // namespace
}  // namespace duckpond
