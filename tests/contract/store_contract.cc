// SPDX-License-Identifier: MIT
//
// What every store and every wrapper must do (store/object_store.h), one call at a time.
#include <algorithm>
#include <set>

#include "base/encoding.h"
#include "tests/contract/store_fixture.h"

namespace duckpond {
namespace {

using GetState = GetReply::State;
using PutState = PutReply::State;
using DeleteState = DeleteReply::State;

class StoreContract : public StoreFixture {
 protected:
  void ExpectPut(PutState expected, const std::string& key, const std::string& content,
                 PutCondition condition) {
    const auto reply = Put(key, content, std::move(condition));
    ASSERT_TRUE(reply.ok()) << reply.status().ToString();
    EXPECT_EQ(reply->state, expected) << key << ": " << reply->detail;
  }
  void ExpectRange(const std::string& expected, uint64_t offset, std::optional<uint64_t> length) {
    const auto reply = GetRange("object", offset, length);
    ASSERT_TRUE(reply.ok()) << reply.status().ToString();
    ASSERT_EQ(reply->state, GetState::kFound);
    EXPECT_EQ(reply->bytes.view(), expected);
    EXPECT_EQ(reply->object_size, 10U);
  }
};

TEST_P(StoreContract, GetGivesWhatWasPutAndItsTag) {
  const ObjectTag tag = MustPut("folder/object", "content");
  const auto reply = Get("folder/object");
  ASSERT_TRUE(reply.ok()) << reply.status().ToString();
  ASSERT_EQ(reply->state, GetState::kFound);
  EXPECT_EQ(reply->bytes.view(), "content");
  EXPECT_EQ(reply->object_size, 7U);
  EXPECT_EQ(reply->tag, tag);
  EXPECT_FALSE(tag.value.empty());
}

TEST_P(StoreContract, MissingObjectIsAnAnswer) {
  const auto whole = Get("missing");
  ASSERT_TRUE(whole.ok()) << whole.status().ToString();
  EXPECT_EQ(whole->state, GetState::kMissing);
  const auto part = GetRange("folder/missing", 5, 5);
  ASSERT_TRUE(part.ok()) << part.status().ToString();
  EXPECT_EQ(part->state, GetState::kMissing);
  GetOptions options;
  options.if_none_match = MustPut("other", "x");
  const auto changed = Get("missing", options);
  ASSERT_TRUE(changed.ok()) << changed.status().ToString();
  EXPECT_EQ(changed->state, GetState::kMissing);
}

TEST_P(StoreContract, RangesCountFromTheStartAndEndWithTheObject) {
  MustPut("object", "0123456789");
  ExpectRange("345", 3, 3);
  ExpectRange("0", 0, 1);
  ExpectRange("789", 7, std::nullopt);
  ExpectRange("89", 8, 100);
  ExpectRange("0123456789", 0, std::nullopt);
}

TEST_P(StoreContract, RangeBehindTheEndIsPastEnd) {
  MustPut("object", "0123456789");
  for (const uint64_t offset : {10, 11, 1'000'000}) {
    const auto reply = GetRange("object", offset, 5);
    ASSERT_TRUE(reply.ok()) << reply.status().ToString();
    EXPECT_EQ(reply->state, GetState::kPastEnd) << offset;
    const auto open = GetRange("object", offset);
    ASSERT_TRUE(open.ok()) << open.status().ToString();
    EXPECT_EQ(open->state, GetState::kPastEnd) << offset;
  }
}

TEST_P(StoreContract, RangeOfNoBytesIsInvalid) {
  MustPut("object", "0123456789");
  EXPECT_EQ(GetRange("object", 3, 0).status().code(), StatusCode::kInvalid);
}

TEST_P(StoreContract, EmptyObjectExists) {
  MustPut("empty", "");
  EXPECT_EQ(Content("empty"), "");
  ExpectPut(PutState::kConflict, "empty", "x", PutCondition::IfAbsent());
  const auto part = GetRange("empty", 0);
  ASSERT_TRUE(part.ok()) << part.status().ToString();
  EXPECT_EQ(part->state, GetState::kPastEnd);
}

TEST_P(StoreContract, UnchangedObjectIsNotSentAgain) {
  const ObjectTag tag = MustPut("object", "one");
  GetOptions options;
  options.if_none_match = tag;
  const auto same = Get("object", options);
  ASSERT_TRUE(same.ok()) << same.status().ToString();
  EXPECT_EQ(same->state, GetState::kUnchanged);
  EXPECT_EQ(same->tag, tag);
  EXPECT_TRUE(same->bytes.empty());

  const ObjectTag changed = MustPut("object", "two");
  const auto other = Get("object", options);
  ASSERT_TRUE(other.ok()) << other.status().ToString();
  ASSERT_EQ(other->state, GetState::kFound);
  EXPECT_EQ(other->bytes.view(), "two");
  EXPECT_EQ(other->tag, changed);
}

TEST_P(StoreContract, UnchangedIsToldBeforeTheRangeIsLookedAt) {
  GetOptions options;
  options.if_none_match = MustPut("log", "0123");
  options.range = ByteRange{4, std::nullopt};
  const auto same = Get("log", options);
  ASSERT_TRUE(same.ok()) << same.status().ToString();
  EXPECT_EQ(same->state, GetState::kUnchanged);

  const ObjectTag longer = MustPut("log", "012345");
  const auto tail = Get("log", options);
  ASSERT_TRUE(tail.ok()) << tail.status().ToString();
  ASSERT_EQ(tail->state, GetState::kFound);
  EXPECT_EQ(tail->bytes.view(), "45");
  EXPECT_EQ(tail->tag, longer);

  MustPut("log", "new");
  const auto past = Get("log", options);
  ASSERT_TRUE(past.ok()) << past.status().ToString();
  EXPECT_EQ(past->state, GetState::kPastEnd);
}

TEST_P(StoreContract, TagOfARangeSwapsTheWholeObject) {
  const ObjectTag tag = MustPut("object", "0123456789");
  const auto part = GetRange("object", 8, 1);
  ASSERT_TRUE(part.ok()) << part.status().ToString();
  EXPECT_EQ(part->tag, tag);
  ExpectPut(PutState::kWritten, "object", "next", PutCondition::IfMatch(part->tag));
}

TEST_P(StoreContract, RangeWithoutTagHasTheSameBytes) {
  MustPut("object", "0123456789");
  GetOptions options;
  options.range = ByteRange{2, 4};
  options.want_tag = false;
  const auto part = Get("object", options);
  ASSERT_TRUE(part.ok()) << part.status().ToString();
  ASSERT_EQ(part->state, GetState::kFound);
  EXPECT_EQ(part->bytes.view(), "2345");
  EXPECT_EQ(part->object_size, 10U);
}

TEST_P(StoreContract, CreateHappensOnce) {
  const ObjectTag tag = MustPut("object", "first", PutCondition::IfAbsent());
  ExpectPut(PutState::kConflict, "object", "second", PutCondition::IfAbsent());
  ExpectPut(PutState::kConflict, "object", "first", PutCondition::IfAbsent());
  EXPECT_EQ(Content("object"), "first");
  EXPECT_EQ(Get("object")->tag, tag);
}

TEST_P(StoreContract, SwapNeedsTheTagOfNow) {
  const ObjectTag first = MustPut("object", "first");
  const ObjectTag second = MustPut("object", "second", PutCondition::IfMatch(first));
  EXPECT_NE(first, second);
  ExpectPut(PutState::kConflict, "object", "third", PutCondition::IfMatch(first));
  ExpectPut(PutState::kConflict, "object", "third",
            PutCondition::IfMatch({"\"0123456789abcdef0123456789abcdef\""}));
  EXPECT_EQ(Content("object"), "second");
  ExpectPut(PutState::kWritten, "object", "third", PutCondition::IfMatch(second));
  EXPECT_EQ(Content("object"), "third");
}

TEST_P(StoreContract, SwapOfAMissingObjectConflicts) {
  const ObjectTag tag = MustPut("other", "content");
  ExpectPut(PutState::kConflict, "missing", "content", PutCondition::IfMatch(tag));
  EXPECT_EQ(Content("missing"), "(missing)");
}

TEST_P(StoreContract, SwapAgreesWithTheTagWhenOldContentComesBack) {
  const ObjectTag first = MustPut("object", "a");
  MustPut("object", "b");
  const ObjectTag again = MustPut("object", "a");
  // A hash brings the old tag back, a counter does not: both are allowed, if the swap thinks alike.
  const PutState expected = first == again ? PutState::kWritten : PutState::kConflict;
  ExpectPut(expected, "object", "c", PutCondition::IfMatch(first));
}

TEST_P(StoreContract, UnconditionalPutReplaces) {
  MustPut("object", "first");
  MustPut("object", "second, longer");
  EXPECT_EQ(Content("object"), "second, longer");
  MustPut("object", "3");
  EXPECT_EQ(Content("object"), "3");
}

TEST_P(StoreContract, DeletedObjectCanBeCreatedAgain) {
  MustPut("object", "first");
  const auto deleted = Delete("object");
  ASSERT_TRUE(deleted.ok()) << deleted.status().ToString();
  EXPECT_EQ(deleted->state, DeleteState::kDeleted);
  EXPECT_EQ(Content("object"), "(missing)");
  MustPut("object", "second", PutCondition::IfAbsent());
  EXPECT_EQ(Content("object"), "second");
}

TEST_P(StoreContract, DeletingNothingIsNoFailure) {
  const auto deleted = Delete("missing");
  ASSERT_TRUE(deleted.ok()) << deleted.status().ToString();
  // S3 does not say whether there was something.
  EXPECT_TRUE(deleted->state == DeleteState::kMissing || deleted->state == DeleteState::kDeleted);
}

TEST_P(StoreContract, ConditionalDeleteNeedsTheTagOfNow) {
  const ObjectTag first = MustPut("object", "first");
  const ObjectTag second = MustPut("object", "second");
  if (GetParam().honours_delete_condition) {
    const auto refused = Delete("object", first);
    ASSERT_TRUE(refused.ok()) << refused.status().ToString();
    EXPECT_EQ(refused->state, DeleteState::kConflict);
    EXPECT_EQ(Content("object"), "second");
  }
  const auto deleted = Delete("object", second);
  ASSERT_TRUE(deleted.ok()) << deleted.status().ToString();
  EXPECT_EQ(deleted->state, DeleteState::kDeleted);
  EXPECT_EQ(Content("object"), "(missing)");
}

TEST_P(StoreContract, AppendContinuesAtTheKnownEndOrIsUnsupported) {
  const ObjectTag tag = MustPut("log", "0123");
  const auto append = [this](uint64_t size, const ObjectTag& at) {
    return Block(executor(), store().Append(Soon(), "log", Bytes("45"), {size, at}));
  };
  const auto reply = append(4, tag);
  if (!store().traits().can_append) {
    EXPECT_EQ(reply.status().code(), StatusCode::kUnsupported);
    EXPECT_EQ(Content("log"), "0123");
    return;
  }
  ASSERT_TRUE(reply.ok()) << reply.status().ToString();
  EXPECT_EQ(reply->state, PutState::kWritten);
  EXPECT_EQ(Content("log"), "012345");
  EXPECT_EQ(Get("log")->tag, reply->tag);
  EXPECT_EQ(append(4, tag)->state, PutState::kConflict);
  EXPECT_EQ(append(5, reply->tag)->state, PutState::kConflict);
  EXPECT_EQ(Content("log"), "012345");
}

TEST_P(StoreContract, AllKeysThatAreAllowedWork) {
  const std::string segment(200, 'k');
  const std::vector<std::string> keys = {
      "a b",
      "plus+and%20percent",
      "q?query=1&x#frag",
      "quote'\"back\\slash",
      "ünï/cödé/鴨池",
      "~tilde$",
      "=equals;semi:colon",
      "(star*)!@,",
      "dots..in.names...",
      "%2F",
      "<xml>&amp;",
      segment + "/" + segment + "/" + segment + "/" + segment,
  };
  for (const std::string& key : keys) MustPut(key, "content of " + key, PutCondition::IfAbsent());
  for (const std::string& key : keys) EXPECT_EQ(Content(key), "content of " + key);
  const auto listed = Block(executor(), store().List(Soon(), "", std::nullopt));
  ASSERT_TRUE(listed.ok()) << listed.status().ToString();
  std::set<std::string> found;
  for (const auto& object : listed->objects) found.insert(object.key);
  EXPECT_EQ(found, std::set<std::string>(keys.begin(), keys.end()));
}

TEST_P(StoreContract, KeysThatAreNotAllowedAreInvalidEverywhere) {
  const std::string keys[] = {"",
                              "/a",
                              "a/",
                              "a//b",
                              ".",
                              "..",
                              "a/..",
                              "../a",
                              "a/./b",
                              "a\nb",
                              "\xFF",
                              "a\x7F",
                              "\xC0\xAF",
                              ".duckpond/tmp",
                              std::string("a\0b", 3),
                              ".duckpond",
                              "\xED\xA0\x80",
                              std::string(kKeyBytesMax + 1, 'k')};
  for (const std::string& key : keys) {
    const std::string shown = HexEncode(key.substr(0, 20));
    EXPECT_EQ(Get(key).status().code(), StatusCode::kInvalid) << shown;
    EXPECT_EQ(Put(key, "x").status().code(), StatusCode::kInvalid) << shown;
    EXPECT_EQ(Put(key, "x", PutCondition::IfAbsent()).status().code(), StatusCode::kInvalid)
        << shown;
    EXPECT_EQ(Delete(key).status().code(), StatusCode::kInvalid) << shown;
  }
}

TEST_P(StoreContract, LargeObjectsComeBackWhole) {
  std::string content(5'000'000, '\0');
  for (size_t i = 0; i < content.size(); ++i) content[i] = static_cast<char>(i * 7 + i / 253);
  const ObjectTag tag = MustPut("large", content, PutCondition::IfAbsent());
  EXPECT_TRUE(Content("large") == content);
  const auto part = GetRange("large", 4'000'000, 500'000);
  ASSERT_TRUE(part.ok()) << part.status().ToString();
  EXPECT_TRUE(part->bytes.view() == std::string_view(content).substr(4'000'000, 500'000));
  EXPECT_EQ(part->object_size, content.size());
  content += "end";
  MustPut("large", content, PutCondition::IfMatch(tag));
  // A server that refuses a large body may hang up before its answer can be read: then the outcome
  // is unknown to the one who sent it. It must not be "written".
  for (const PutCondition& condition : {PutCondition::IfAbsent(), PutCondition::IfMatch(tag)}) {
    const auto refused = Put("large", content + "!", condition);
    ASSERT_TRUE(refused.ok()) << refused.status().ToString();
    EXPECT_NE(refused->state, PutState::kWritten);
    const bool may_hang_up = store().traits().kind == "s3";
    EXPECT_TRUE(refused->state == PutState::kConflict || may_hang_up);
  }
  EXPECT_TRUE(Content("large") == content);
}

TEST_P(StoreContract, ReplyLongerThanAllowedIsExhausted) {
  MustPut("object", std::string(1000, 'x'));
  GetOptions options;
  options.bytes_max = 999;
  EXPECT_EQ(Get("object", options).status().code(), StatusCode::kExhausted);
  options.bytes_max = 1000;
  EXPECT_TRUE(Get("object", options).ok());
  options.bytes_max = 10;
  options.range = ByteRange{990, std::nullopt};
  EXPECT_TRUE(Get("object", options).ok());
}

TEST_P(StoreContract, ListPagesThroughAllKeysOfThePrefixOnce) {
  // More than a page of any store.
  constexpr int kObjects = 1'050;
  std::vector<Task<Result<PutReply>>> puts;
  std::set<std::string> expected;
  for (int i = 0; i < kObjects; ++i) {
    const std::string key = "many/" + std::to_string(i % 7) + "/" + std::to_string(i);
    expected.insert(key);
    puts.push_back(store().Put(Soon(), key, Bytes("x"), PutCondition::None()));
  }
  MustPut("man", "before");
  MustPut("manz", "behind");
  for (const auto& reply : Block(executor(), WhenAll(std::move(puts)))) {
    ASSERT_TRUE(reply.ok()) << reply.status().ToString();
    ASSERT_EQ(reply->state, PutState::kWritten);
  }
  std::multiset<std::string> listed;
  std::optional<std::string> token;
  int pages = 0;
  do {
    const auto page = Block(executor(), store().List(Soon(), "many/", token));
    ASSERT_TRUE(page.ok()) << page.status().ToString();
    for (const auto& object : page->objects) {
      listed.insert(object.key);
      EXPECT_EQ(object.size, 1U);
    }
    token = page->next_token;
  } while (token && ++pages < kObjects);
  EXPECT_EQ(listed, std::multiset<std::string>(expected.begin(), expected.end()));
}

TEST_P(StoreContract, ListTakesAPrefixThatEndsWithinASegment) {
  for (const char* key : {"a", "a.b", "a/b", "a0", "ab/c", "b"}) {
    if (std::string_view(key) != "a") MustPut(key, "x");
  }
  const auto keys = [this](const std::string& prefix) {
    std::set<std::string> found;
    const auto page = Block(executor(), store().List(Soon(), prefix, std::nullopt));
    EXPECT_TRUE(page.ok()) << page.status().ToString();
    if (!page.ok()) return found;
    for (const auto& object : page->objects) found.insert(object.key);
    return found;
  };
  EXPECT_EQ(keys("a"), (std::set<std::string>{"a.b", "a/b", "a0", "ab/c"}));
  EXPECT_EQ(keys("a/"), (std::set<std::string>{"a/b"}));
  EXPECT_EQ(keys("ab"), (std::set<std::string>{"ab/c"}));
  EXPECT_EQ(keys("ab/c"), (std::set<std::string>{"ab/c"}));
  EXPECT_EQ(keys("c"), (std::set<std::string>{}));
  EXPECT_EQ(keys("").size(), 5U);
}

TEST_P(StoreContract, NothingIsSentForACancelledContext) {
  CancelSource source;
  source.Cancel();
  Context cancelled = Soon();
  cancelled.cancel = source.token();
  Context late = Soon();
  late.deadline_us = executor().NowUs() - 1;
  for (const Context& context : {cancelled, late}) {
    const auto put =
        Block(executor(), store().Put(context, "object", Bytes("x"), PutCondition::None()));
    EXPECT_EQ(put.status().code(), StatusCode::kCancelled);
    EXPECT_EQ(Block(executor(), store().Get(context, "object", {})).status().code(),
              StatusCode::kCancelled);
  }
  EXPECT_EQ(Content("object"), "(missing)");
}

TEST_P(StoreContract, ManyRequestsMayBeInFlightTogether) {
  constexpr size_t kRequests = 64;
  MustPut("object", "0123456789");
  std::vector<Task<Result<GetReply>>> gets;
  for (size_t i = 0; i < kRequests; ++i) {
    GetOptions options;
    options.range = ByteRange{i % 10, 1};
    gets.push_back(store().Get(Soon(), "object", options));
  }
  const auto replies = Block(executor(), WhenAll(std::move(gets)));
  ASSERT_EQ(replies.size(), kRequests);
  for (size_t i = 0; i < kRequests; ++i) {
    ASSERT_TRUE(replies[i].ok()) << replies[i].status().ToString();
    EXPECT_EQ(replies[i]->bytes.view(), std::to_string(i % 10));
  }
}

TEST_P(StoreContract, TellsWhatItIs) {
  EXPECT_FALSE(store().url().empty());
  EXPECT_FALSE(store().endpoint().empty());
  EXPECT_FALSE(store().traits().kind.empty());
  EXPECT_TRUE(store().traits().can_write);
}

INSTANTIATE_TEST_SUITE_P(All, StoreContract, ::testing::ValuesIn(AllBackends()), BackendName);

}  // namespace
}  // namespace duckpond
