// SPDX-License-Identifier: MIT
//
// Which door is asked, what a front that is behind, wrong or down costs, and that no write trusts
// what came through it.
#include "store/two_door_store.h"

#include <gtest/gtest.h>

#include "store/memory_store.h"
#include "tests/support/virtual_executor.h"

namespace duckpond {
namespace {

using State = GetReply::State;

// A store that counts what it is asked, and fails or is slow when it is told to.
class Door final : public StoreWrapper {
 public:
  Door(Executor& executor, std::shared_ptr<ObjectStore> below)
      : StoreWrapper(std::move(below)), executor_(executor) {}

  Task<Result<GetReply>> Get(Context context, std::string key, GetOptions options) override {
    ++gets;
    asked = options;
    if (takes_us > 0) {
      const MonotonicUs until_us = executor_.NowUs() + takes_us;
      const Status waited = co_await Sleep(context, takes_us);
      if (!waited.ok() && executor_.NowUs() < until_us) co_return waited;
    }
    if (!fails.ok()) co_return fails;
    auto reply = co_await below()->Get(std::move(context), std::move(key), std::move(options));
    if (reply.ok()) reply->age_us = age_us;
    co_return reply;
  }

  int gets = 0;
  GetOptions asked;
  int64_t takes_us = 0;
  int64_t age_us = 0;
  Status fails;

 private:
  Executor& executor_;
};

class TwoDoorStoreTest : public testing::Test {
 protected:
  std::shared_ptr<Door> MakeDoor() {
    return std::make_shared<Door>(executor_, std::make_shared<MemoryObjectStore>());
  }
  ObjectTag Fill(Door& door, const std::string& content) {
    return Block(executor_, door.Put({}, "k", Bytes(content), PutCondition::None()))->tag;
  }
  Result<GetReply> Get(int64_t age_us_max, std::optional<ObjectTag> tag = {},
                       Context context = {}) {
    front_->gets = origin_->gets = 0;
    GetOptions options;
    options.age_us_max = age_us_max;
    options.if_none_match = std::move(tag);
    return Block(executor_, store_.Get(std::move(context), "k", std::move(options)));
  }
  void Expect(const std::string& content, int64_t age_us_max, int fronts, int origins) {
    const auto reply = Get(age_us_max);
    ASSERT_TRUE(reply.ok()) << reply.status().ToString();
    EXPECT_EQ(reply->bytes.view(), content);
    EXPECT_EQ(front_->gets, fronts);
    EXPECT_EQ(origin_->gets, origins);
  }

  static constexpr int64_t kAnyAge = GetOptions::kAnyAge;
  static constexpr int64_t kSecondUs = 1'000'000;
  VirtualExecutor executor_;
  SystemClock clock_;
  SeededRandom random_{1};
  UuidSource uuids_{clock_, random_};
  Env env_{executor_, clock_, random_, uuids_};
  std::shared_ptr<Door> origin_ = MakeDoor();
  std::shared_ptr<Door> front_ = MakeDoor();
  TwoDoorObjectStore store_{env_, origin_, front_};
};

TEST_F(TwoDoorStoreTest, WhatMustBeNewIsAskedOfTheOriginAlone) {
  Fill(*origin_, "new");
  Fill(*front_, "old");
  Expect("new", GetOptions::kFromStore, 0, 1);
  Expect("new", 0, 0, 1);
  Expect("old", kSecondUs, 1, 0);
  Expect("old", kAnyAge, 1, 0);
}

TEST_F(TwoDoorStoreTest, AnAnswerOlderThanAllowedIsNotTaken) {
  Fill(*origin_, "new");
  Fill(*front_, "old");
  front_->age_us = 5 * kSecondUs;
  Expect("new", 4 * kSecondUs, 1, 1);
  Expect("old", 5 * kSecondUs, 1, 0);
  Expect("old", kAnyAge, 1, 0);
  EXPECT_EQ(Get(kAnyAge)->age_us, 5 * kSecondUs);
}

TEST_F(TwoDoorStoreTest, WhatTheFrontLacksOrRefusesComesFromTheOrigin) {
  Fill(*origin_, "new");
  Expect("new", kAnyAge, 1, 1);
  for (const Status& fails : {Status::Corrupt("a page"), Status::Invalid("403"),
                              Status::Exhausted("longer"), Status::Unsupported("501")}) {
    front_->fails = fails;
    Expect("new", kAnyAge, 1, 1);
  }
}

TEST_F(TwoDoorStoreTest, AnObjectThatNeverChangesDoesNotEndEarly) {
  Fill(*origin_, "0123456789");
  Fill(*front_, "01");
  GetOptions options;
  options.range = ByteRange{5, 2};
  options.age_us_max = kAnyAge;
  EXPECT_EQ(Block(executor_, store_.Get({}, "k", options))->bytes.view(), "56");
  options.age_us_max = kSecondUs;
  EXPECT_EQ(Block(executor_, store_.Get({}, "k", options))->state, State::kPastEnd);
}

TEST_F(TwoDoorStoreTest, AnObjectThatWasFoundDamagedIsNotAskedOfTheFrontAgain) {
  const auto get = [this](const char* key, int64_t age_us_max) {
    GetOptions options;
    options.age_us_max = age_us_max;
    return std::string(Block(executor_, store_.Get({}, key, options))->bytes.view());
  };
  for (const char* key : {"data/a", "data/b", "pond.log"}) {
    for (Door* door : {front_.get(), origin_.get()}) {
      const Bytes content(door == front_.get() ? "damaged" : "right");
      ASSERT_TRUE(Block(executor_, door->Put({}, key, content, PutCondition::None())).ok());
    }
  }
  EXPECT_EQ(get("data/a", kAnyAge), "damaged");
  EXPECT_EQ(get("data/a", GetOptions::kFromStore), "right") << "who found it asks past the front";
  EXPECT_EQ(get("data/a", kAnyAge), "right");
  EXPECT_EQ(get("data/b", kAnyAge), "damaged") << "another object";
  EXPECT_EQ(get("pond.log", GetOptions::kFromStore), "right");
  EXPECT_EQ(get("pond.log", kAnyAge), "damaged") << "it changes: who asks anew wants the newest";
}

TEST_F(TwoDoorStoreTest, AFrontThatIsDownIsLeftAloneForAWhile) {
  Fill(*origin_, "new");
  Fill(*front_, "old");
  front_->fails = Status::Unavailable("503");
  Expect("new", kAnyAge, 1, 1);
  Expect("new", kAnyAge, 0, 1);
  front_->fails = Status::Ok();
  Expect("new", kAnyAge, 0, 1);
  EXPECT_TRUE(Block(executor_, Sleep({}, 11 * kSecondUs)).ok());
  Expect("old", kAnyAge, 1, 0);
}

TEST_F(TwoDoorStoreTest, AFrontThatIsSlowIsNotWaitedForLong) {
  Fill(*origin_, "new");
  Fill(*front_, "old");
  front_->takes_us = 3600 * kSecondUs;
  const MonotonicUs before_us = executor_.NowUs();
  Expect("new", kAnyAge, 1, 1);
  EXPECT_LE(executor_.NowUs() - before_us, 30 * kSecondUs);
  Expect("new", kAnyAge, 0, 1);
}

TEST_F(TwoDoorStoreTest, ACallerWhoseTimeIsOverSaysNothingAboutTheFront) {
  Fill(*origin_, "new");
  Fill(*front_, "old");
  front_->takes_us = 2 * kSecondUs;
  Context hasty;
  hasty.deadline_us = executor_.NowUs() + kSecondUs;
  (void)Get(kAnyAge, {}, hasty);
  front_->takes_us = 0;
  Expect("old", kAnyAge, 1, 0);
}

TEST_F(TwoDoorStoreTest, ATagOfTheFrontIsTheFrontsAlone) {
  Fill(*origin_, "same");
  Fill(*front_, "same");
  const ObjectTag tag = Get(kAnyAge)->tag;
  EXPECT_EQ(Get(kAnyAge, tag)->state, State::kUnchanged);
  EXPECT_EQ(Get(kAnyAge, tag)->tag, tag);
  EXPECT_EQ(front_->gets, 1);
  // The origin is not asked about it, though it is the same: it gives the content and its own tag.
  const auto own = Get(GetOptions::kFromStore, tag);
  EXPECT_EQ(own->state, State::kFound);
  EXPECT_NE(own->tag, tag);
  EXPECT_EQ(Get(kSecondUs, own->tag)->state, State::kUnchanged) << "told by the front";
  EXPECT_EQ(Get(kSecondUs, own->tag)->tag, own->tag);
}

TEST_F(TwoDoorStoreTest, NoWriteComparesATagOfTheFront) {
  const ObjectTag real = Fill(*origin_, "same");
  Fill(*front_, "same");
  const ObjectTag tag = Get(kAnyAge)->tag;
  const auto put = Block(executor_, store_.Put({}, "k", Bytes("x"), PutCondition::IfMatch(tag)));
  EXPECT_EQ(put->state, PutReply::State::kConflict);
  const auto deleted = Block(executor_, store_.Delete({}, "k", tag));
  EXPECT_EQ(deleted->state, DeleteReply::State::kConflict);
  const auto appended = Block(executor_, store_.Append({}, "k", Bytes("x"), {4, tag}));
  EXPECT_EQ(appended->state, PutReply::State::kConflict);
  EXPECT_EQ(Get(0)->bytes.view(), "same");
  const auto again = Block(executor_, store_.Put({}, "k", Bytes("x"), PutCondition::IfMatch(real)));
  EXPECT_EQ(again->state, PutReply::State::kWritten);
  EXPECT_EQ(Get(0)->bytes.view(), "x");
}

}  // namespace
}  // namespace duckpond
