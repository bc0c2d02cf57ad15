// SPDX-License-Identifier: MIT
//
// What is brought back, from what, and what is never overwritten for it.
#include "log/recover.h"

#include <gtest/gtest.h>

#include "log/pond_file.h"
#include "store/store_wrapper.h"
#include "tests/support/log_fixture.h"

namespace duckpond {
namespace {

// A store that keeps versions of all that is put, as a bucket that was told to.
class KeepingStore final : public StoreWrapper, public ObjectHistory {
 public:
  using StoreWrapper::StoreWrapper;

  Task<Result<PutReply>> Put(Context context, std::string key, Bytes body,
                             PutCondition condition) override {
    if (before_put) std::exchange(before_put, nullptr)();
    if (keeps_gone && condition.kind == PutCondition::Kind::kIfAbsent) {
      co_return PutReply{PutReply::State::kConflict, {}, "there is a deletion"};
    }
    auto reply = co_await below()->Put(std::move(context), key, body, std::move(condition));
    if (reply.ok() && reply->state == PutReply::State::kWritten) Keep(key, body, false);
    if (reply.ok() && std::exchange(loses_answer, false)) {
      reply->state = PutReply::State::kUnknown;
    }
    co_return reply;
  }
  Task<Result<DeleteReply>> Delete(Context context, std::string key,
                                   std::optional<ObjectTag> if_match) override {
    auto reply = co_await below()->Delete(std::move(context), key, std::move(if_match));
    Keep(key, {}, true);
    co_return reply;
  }
  Task<Result<std::vector<ObjectVersion>>> Versions(Context, std::string key,
                                                    size_t count_max) override {
    std::vector<ObjectVersion> versions;
    const auto& kept = kept_[key];
    for (size_t i = kept.size(); i > 0 && versions.size() < count_max; --i) {
      versions.push_back({std::to_string(i - 1), static_cast<int64_t>(i) * 1'000'000,
                          kept[i - 1].content.size(), i == kept.size(), kept[i - 1].deleted});
    }
    co_return versions;
  }
  Task<Result<Bytes>> ReadVersion(Context, std::string key, std::string id, uint64_t) override {
    ++reads;
    co_return kept_[key].at(std::stoul(id)).content;
  }
  Task<Status> Undelete(Context, std::string key, std::string id) override {
    auto& kept = kept_[key];
    kept.erase(kept.begin() + static_cast<ptrdiff_t>(std::stoul(id)));
    keeps_gone = false;
    const Bytes before = kept.back().content;
    auto put = co_await below()->Put(Context(), key, before, PutCondition::None());
    co_return put.status();
  }
  void Forget() { kept_.clear(); }

  int reads = 0;
  bool loses_answer = false;
  bool keeps_gone = false;  // As a server to which a deletion is an object.
  std::function<void()> before_put;

 private:
  struct Kept {
    Bytes content;
    bool deleted = false;
  };
  void Keep(const std::string& key, Bytes content, bool deleted) {
    kept_[key].push_back({std::move(content), deleted});
  }
  std::map<std::string, std::vector<Kept>> kept_;
};

class RecoverTest : public LogFixture {
 protected:
  void SetUp() override {
    const auto pond = OpenOn(store_);
    ASSERT_EQ(Await(pond->Create(Context{})), Status::Ok());
    for (int i = 1; i <= 3; ++i) ASSERT_TRUE(PutOn(*pond, "k", std::to_string(i)).ok());
  }
  Result<Recovery> Recover(RecoverOptions options = {}, bool versions = true) {
    auto site = std::make_shared<const LogSite>(LogSite{env_, store_, folder_, {}});
    return Await(RecoverLog(site, versions ? store_ : nullptr, Context{}, options));
  }
  Result<Recovery> Apply() { return Recover({.apply = true}); }
  Result<Recovery> ApplySegments() {
    return Recover({.apply = true, .from_segments = true}, /*versions=*/false);
  }
  // As somebody does who works on the bucket by hand.
  void Put(const std::string& key, const std::string& content) {
    ASSERT_TRUE(Await(store_->Put(Context{}, key, Bytes(content), PutCondition::None())).ok());
  }
  void Remove(const std::string& key) {
    ASSERT_TRUE(Await(store_->Delete(Context{}, key, std::nullopt)).ok());
  }
  std::string State() {
    const auto seen = Await(OpenOn(store_)->Latest(Context{}));
    return seen.ok() ? SetText(seen->state) : seen.error().ToString();
  }
  void ExpectDone(const Result<Recovery>& done, size_t steps) {
    ASSERT_TRUE(done.ok()) << done.error().ToString();
    EXPECT_EQ(done->outcome, Status::Ok());
    EXPECT_EQ(done->steps.size(), steps);
  }

  const std::string log_{kLogKey};
  const std::string pond_{kPondKey};
  std::shared_ptr<KeepingStore> store_ = std::make_shared<KeepingStore>(memory_);
};

TEST_F(RecoverTest, WhatIsWholeIsLeftAlone) {
  const std::string before = Content(log_);
  ExpectDone(Apply(), 0);
  ExpectDone(Recover({.apply = true, .from_segments = true}), 0);
  EXPECT_EQ(Content(log_), before);
}

TEST_F(RecoverTest, ALogThatWasDeletedComesBackAndNotInADryRun) {
  const std::string before = Content(log_);
  Remove(log_);
  ExpectDone(Recover(), 1);
  EXPECT_EQ(Content(log_), "");
  const auto done = Apply();
  ExpectDone(done, 1);
  EXPECT_TRUE(done->losses.empty());
  EXPECT_EQ(done->copies[0].wrong, "it is missing");
  EXPECT_EQ(Content(log_), before);
  EXPECT_EQ(State(), "k=3");
  ExpectDone(Apply(), 0);
}

TEST_F(RecoverTest, ADeletionThatIsInTheWayIsTakenBack) {
  const std::string before = Content(log_);
  Remove(log_);
  store_->keeps_gone = true;
  ExpectDone(Apply(), 1);
  EXPECT_EQ(Content(log_), before);
  // What is there then is not what is wanted.
  Put(log_, "oops");
  Remove(log_);
  store_->keeps_gone = true;
  ExpectDone(Apply(), 1);
  EXPECT_EQ(Content(log_), before);
}

TEST_F(RecoverTest, AnythingThatIsNoLogIsReplaced) {
  const std::string before = Content(log_);
  for (const std::string& bad :
       {std::string(), std::string("oops"), before.substr(0, before.size() - 5),
        before + std::string(3, 'x'), before.substr(0, 20)}) {
    Put(log_, bad);
    const auto done = Apply();
    ExpectDone(done, 1);
    EXPECT_FALSE(done->copies[0].wrong.empty());
    EXPECT_EQ(Content(log_), before);
  }
}

TEST_F(RecoverTest, AnOlderLogIsReplacedAndWhatCameAfterItIsSaidToBeLost) {
  const auto versions = Await(store_->Versions(Context{}, log_, 100));
  const auto second = Await(store_->ReadVersion(Context{}, log_, (*versions)[1].id, 1 << 20));
  Put(log_, std::string(second->view()));
  const auto plan = Recover();
  ExpectDone(plan, 1);
  EXPECT_TRUE(plan->losses.empty()) << "all of it is in the newer one";
  ASSERT_TRUE(PutOn(*OpenOn(store_), "other", "x").ok());
  // Of equal versions the present one stays.
  ExpectDone(Apply(), 0);
  Put(log_, std::string(second->view()));
  const auto done = Apply();
  ExpectDone(done, 1);
  EXPECT_EQ(State(), "k=2,other=x") << "of equal versions, that which was written last";
}

TEST_F(RecoverTest, CommitsThatOnlyThePresentLogHasAreCounted) {
  const auto versions = Await(store_->Versions(Context{}, log_, 100));
  const auto first = Await(store_->ReadVersion(Context{}, log_, (*versions)[2].id, 1 << 20));
  Put(log_, std::string(first->view()));
  ASSERT_TRUE(PutOn(*OpenOn(store_), "other", "x").ok());
  const auto done = Apply();
  ExpectDone(done, 1);
  ASSERT_EQ(done->losses.size(), 1u);
  EXPECT_NE(done->losses[0].find("the last 1 commits"), std::string::npos) << done->losses[0];
  EXPECT_EQ(State(), "k=3");
}

TEST_F(RecoverTest, TheLogOfAnotherPondIsNotThisOnes) {
  const std::string before = Content(log_);
  auto elsewhere = std::make_shared<MemoryObjectStore>();
  const auto other = OpenOn(elsewhere);
  ASSERT_EQ(Await(other->Create(Context{})), Status::Ok());
  for (int i = 0; i < 9; ++i) ASSERT_TRUE(PutOn(*other, "k", "foreign").ok());
  const auto foreign = Await(elsewhere->Get(Context{}, log_, {}));
  Put(log_, std::string(foreign->bytes.view()));
  const auto done = Apply();
  ExpectDone(done, 1);
  EXPECT_NE(done->copies[0].wrong.find("the log of pond"), std::string::npos);
  EXPECT_EQ(Content(log_), before);

  // Without pond.json nobody knows which is which.
  store_->Forget();
  Put(log_, before);
  Put(log_, std::string(foreign->bytes.view()));
  ASSERT_TRUE(Await(memory_->Delete(Context{}, pond_, std::nullopt)).ok());
  const auto refused = Apply();
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code(), StatusCode::kInvalid);
}

TEST_F(RecoverTest, PondJsonComesBackFromItsVersionsOrFromTheLog) {
  const auto id = PondFile::Decode(Content(pond_))->id;
  Remove(pond_);
  Remove(log_);
  ExpectDone(Apply(), 2);
  EXPECT_EQ(PondFile::Decode(Content(pond_))->id, id);
  EXPECT_EQ(State(), "k=3");
  Put(pond_, "{");
  store_->Forget();
  ExpectDone(Apply(), 1);
  const auto file = PondFile::Decode(Content(pond_));
  ASSERT_TRUE(file.ok());
  EXPECT_EQ(file->id, id);
  EXPECT_TRUE(file->ready);
  const auto report = Await(OpenOn(store_)->Verify(Context{}));
  EXPECT_TRUE(report.ok()) << report.status().ToString();
}

TEST_F(RecoverTest, WithoutVersionsTheLastSegmentIsWhatThereIs) {
  LogOptions rolls;
  rolls.roll_bytes = 1;
  const auto pond = OpenOn(store_, rolls);
  for (int i = 4; i <= 9; ++i) ASSERT_TRUE(PutOn(*pond, "k", std::to_string(i)).ok());
  ASSERT_TRUE(Await(pond->Settle(Context{})).ok());
  Remove(log_);
  const auto nothing = Recover({}, /*versions=*/false);
  ASSERT_TRUE(nothing.ok());
  EXPECT_EQ(nothing->outcome.code(), StatusCode::kCorrupt);
  EXPECT_NE(nothing->outcome.message().find("--from-segments"), std::string::npos);
  const auto done = ApplySegments();
  ExpectDone(done, 1);
  ASSERT_EQ(done->losses.size(), 1u);
  EXPECT_NE(done->losses[0].find("every commit after version"), std::string::npos);
  EXPECT_EQ(State().substr(0, 2), "k=");
  EXPECT_TRUE(PutOn(*OpenOn(store_), "k", "on").ok());
  EXPECT_TRUE(Await(OpenOn(store_)->Verify(Context{})).ok());
}

TEST_F(RecoverTest, WithoutVersionsAndSegmentsNothingIsClaimed) {
  Remove(log_);
  const auto done = ApplySegments();
  ASSERT_TRUE(done.ok());
  EXPECT_EQ(done->outcome.code(), StatusCode::kCorrupt);
  EXPECT_EQ(Content(log_), "");
}

TEST_F(RecoverTest, WhatNeverWasAPondIsNotMadeOne) {
  Remove(log_);
  Remove(pond_);
  store_->Forget();
  EXPECT_EQ(Apply().status().code(), StatusCode::kNotFound);
}

TEST_F(RecoverTest, WhoeverWasFasterIsNotOverwritten) {
  const std::string before = Content(log_);
  Remove(log_);
  store_->before_put = [this] { Overwrite(log_, "of somebody else"); };
  const auto lost = Apply();
  ASSERT_FALSE(lost.ok());
  EXPECT_EQ(lost.error().code(), StatusCode::kConflict);
  EXPECT_EQ(Content(log_), "of somebody else");
  // The same done by somebody else is done.
  store_->before_put = [this, before] { Overwrite(log_, before); };
  ExpectDone(Apply(), 1);
  EXPECT_EQ(Content(log_), before);
}

TEST_F(RecoverTest, AnAnswerThatWasLostIsLookedUp) {
  Remove(log_);
  store_->loses_answer = true;
  ExpectDone(Apply(), 1);
  EXPECT_EQ(State(), "k=3");
}

TEST_F(RecoverTest, OlderVersionsAreReadUntilOneIsWhole) {
  for (int i = 0; i < 5; ++i) Put(log_, "oops");
  RecoverOptions options;
  options.copies_min = 2;
  auto done = Recover(options);
  ExpectDone(done, 1);
  EXPECT_EQ(store_->reads, 7) << "the five, the newest whole one, and that again to put it back";
  EXPECT_EQ(done->versions_read, 6u);
  EXPECT_TRUE(done->more) << "the logs of before";
  EXPECT_EQ(done->copies.size(), 4u) << "the present one, two of the newest, the whole one";
  options.apply = true;
  ExpectDone(Recover(options), 1);
  EXPECT_EQ(State(), "k=3");
}

TEST_F(RecoverTest, WhereItStopsLookingIsSaid) {
  for (int i = 0; i < 5; ++i) Put(log_, "oops");
  RecoverOptions options;
  options.copies_min = 1;
  options.copies_max = 3;
  const auto done = Recover(options);
  ASSERT_TRUE(done.ok());
  EXPECT_TRUE(done->more);
  EXPECT_EQ(done->versions_read, 3u);
  EXPECT_GT(done->oldest_us, 0);
  EXPECT_EQ(store_->reads, 3);
  EXPECT_EQ(done->outcome.code(), StatusCode::kCorrupt);
  EXPECT_NE(done->outcome.message().find("none of the newest 3 versions"), std::string::npos);
}

}  // namespace
}  // namespace duckpond
