// SPDX-License-Identifier: MIT
//
// A directory under power cuts (docs/adr/0006): the order of syncs, links and renames, seen by
// FileCalls in place of the C library.
#include <gtest/gtest.h>

#include <filesystem>
#include <optional>
#include <utility>
#include <vector>

#include "base/env.h"
#include "store/local_store.h"
#include "tests/contract/file_calls.h"
#include "tests/support/scratch_folder.h"

namespace duckpond {
namespace {

using State = PutReply::State;

class PowerCut : public ::testing::Test {
 protected:
  std::shared_ptr<LocalObjectStore> Open() {
    auto store = LocalObjectStore::Open(Env::Process(), {.path = pond_, .create = true});
    EXPECT_TRUE(store.ok()) << store.status().ToString();
    return *store;
  }
  Result<PutReply> Put(ObjectStore& store, const std::string& key, std::string content,
                       PutCondition condition) {
    return Block(Env::Process().executor,
                 store.Put({}, key, Bytes(std::move(content)), std::move(condition)));
  }
  // Puts, and expects that a power cut right after the answer would take nothing of it.
  ObjectTag MustPut(ObjectStore& store, const std::string& key, const std::string& content,
                    PutCondition condition) {
    const auto reply = Put(store, key, content, std::move(condition));
    EXPECT_TRUE(reply.ok()) << reply.status().ToString();
    if (!reply.ok()) return {};
    EXPECT_EQ(reply->state, State::kWritten) << reply->detail;
    EXPECT_EQ(calls_->MissingAfterPowerCut(pond_ + "/" + key), "");
    EXPECT_TRUE(calls_->torn_names().empty()) << *calls_->torn_names().begin();
    return reply->tag;
  }

  // The two conditional writes: of the head that has this tag, and of an object that is not there.
  static std::vector<std::pair<std::string, PutCondition>> SwapAndCreate(const std::string& folder,
                                                                         const ObjectTag& tag) {
    return {{folder + "head", PutCondition::IfMatch(tag)},
            {folder + "new", PutCondition::IfAbsent()}};
  }

  ScratchFolder folder_;
  std::optional<FileCalls> calls_{folder_.path()};
  const std::string pond_ = folder_ / "above/pond";
};

TEST_F(PowerCut, WhatWasAnsweredStays) {
  const auto store = Open();
  const ObjectTag first = MustPut(*store, "data/x/y", "one", PutCondition::IfAbsent());
  MustPut(*store, "data/x/y", std::string(300'000, 'x'), PutCondition::IfMatch(first));
  MustPut(*store, "data/x/y", "", PutCondition::None());
  MustPut(*store, "data/x/z", "beside", PutCondition::IfAbsent());
  MustPut(*store, "data/other/z", "in a new folder", PutCondition::None());
  MustPut(*store, "head", "at the top", PutCondition::IfAbsent());
}

// A process that made a folder may have died before it came to sync it.
TEST_F(PowerCut, FoldersThatTheDeadLeftAreSyncedToo) {
  std::filesystem::create_directories(pond_ + "/data/x");
  // The name of the directory above the pond is its owner's to keep.
  calls_.emplace(folder_ / "above");
  const auto store = Open();
  MustPut(*store, "data/x/y", "one", PutCondition::IfAbsent());
}

TEST_F(PowerCut, EachPutIsSyncedNotOnlyTheFirst) {
  const auto store = Open();
  ObjectTag tag = MustPut(*store, "head", "0", PutCondition::IfAbsent());
  for (int i = 1; i < 5; ++i) {
    const size_t before = calls_->syncs();
    tag = MustPut(*store, "head", std::to_string(i), PutCondition::IfMatch(tag));
    EXPECT_GE(calls_->syncs(), before + 2) << "the content and the folder";
  }
}

TEST_F(PowerCut, AFolderThatCannotBeSyncedLeavesTheOutcomeOpen) {
  const auto store = Open();
  const ObjectTag tag = MustPut(*store, "data/head", "0", PutCondition::IfAbsent());
  calls_->FailSyncOf(pond_ + "/data");
  for (const auto& [key, condition] : SwapAndCreate("data/", tag)) {
    const auto reply = Put(*store, key, "1", condition);
    ASSERT_TRUE(reply.ok()) << reply.status().ToString();
    EXPECT_EQ(reply->state, State::kUnknown) << key;
    EXPECT_NE(reply->detail.find("sync a folder"), std::string::npos) << reply->detail;
  }
}

// The disk broke while the name was given: it may have it.
TEST_F(PowerCut, ANameThatCouldNotBeGivenOrTakenLeavesTheOutcomeOpen) {
  const auto store = Open();
  const ObjectTag tag = MustPut(*store, "data/head", "0", PutCondition::IfAbsent());
  for (const char* name : {"/data/head", "/data/new"}) calls_->FailNamingOf(pond_ + name);
  for (const auto& [key, condition] : SwapAndCreate("data/", tag)) {
    const auto reply = Put(*store, key, "1", condition);
    ASSERT_TRUE(reply.ok()) << reply.status().ToString();
    EXPECT_EQ(reply->state, State::kUnknown) << key;
    EXPECT_NE(reply->detail.find("to its name"), std::string::npos) << reply->detail;
  }
  const auto deleted = Block(Env::Process().executor, store->Delete({}, "data/new", std::nullopt));
  ASSERT_TRUE(deleted.ok()) << deleted.status().ToString();
  EXPECT_EQ(deleted->state, DeleteReply::State::kUnknown);
}

TEST_F(PowerCut, ContentThatCannotBeSyncedGetsNoName) {
  const auto store = Open();
  const ObjectTag tag = MustPut(*store, "head", "0", PutCondition::IfAbsent());
  calls_->FailSyncOf(pond_ + "/.duckpond/tmp/");
  for (const auto& [key, condition] : SwapAndCreate("", tag)) {
    const auto reply = Put(*store, key, "1", condition);
    ASSERT_FALSE(reply.ok());
    EXPECT_NE(reply.error().message().find("sync a temporary file"), std::string::npos);
  }
  const auto head = Block(Env::Process().executor, store->Get({}, "head", {}));
  EXPECT_EQ(head->bytes.view(), "0");
  EXPECT_FALSE(std::filesystem::exists(pond_ + "/new"));
}

TEST_F(PowerCut, AFolderThatCannotBeReadToItsEndIsNoListing) {
  const auto store = Open();
  MustPut(*store, "data/head", "0", PutCondition::IfAbsent());
  const auto list = [&] {
    return Block(Env::Process().executor, store->List({}, "", std::nullopt));
  };
  ASSERT_TRUE(list().ok()) << list().status().ToString();
  EXPECT_EQ(list()->objects.size(), 1U);
  calls_->FailReadingOf(pond_ + "/data");
  EXPECT_EQ(list().status().code(), StatusCode::kUnavailable);
}

}  // namespace
}  // namespace duckpond
