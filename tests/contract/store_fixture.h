// SPDX-License-Identifier: MIT
//
// StoreFixture: a test over one backend, with an empty store and its calls as plain functions.
#pragma once

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>

#include "tests/contract/backends.h"

namespace duckpond {

class StoreFixture : public ::testing::TestWithParam<Backend> {
 protected:
  void SetUp() override {
    Result<OpenedBackend> opened = GetParam().open();
    ASSERT_TRUE(opened.ok()) << opened.error().ToString();
    opened_ = *std::move(opened);
  }

  ObjectStore& store() { return *opened_.store; }
  const OpenedBackend& opened() const { return opened_; }
  Executor& executor() { return Env::Process().executor; }
  // Far enough away to never matter unless something hangs.
  Context Soon() {
    Context context;
    context.deadline_us = executor().NowUs() + 120'000'000;
    return context;
  }

  Result<GetReply> Get(const std::string& key, GetOptions options = {}) {
    return Block(executor(), store().Get(Soon(), key, std::move(options)));
  }
  Result<GetReply> GetRange(const std::string& key, uint64_t offset,
                            std::optional<uint64_t> length = std::nullopt) {
    GetOptions options;
    options.range = ByteRange{offset, length};
    return Get(key, options);
  }
  Result<PutReply> Put(const std::string& key, const std::string& content,
                       PutCondition condition = PutCondition::None()) {
    return Block(executor(), store().Put(Soon(), key, Bytes(content), std::move(condition)));
  }
  // Puts, expects success, and gives the tag.
  ObjectTag MustPut(const std::string& key, const std::string& content,
                    PutCondition condition = PutCondition::None()) {
    const Result<PutReply> reply = Put(key, content, std::move(condition));
    EXPECT_TRUE(reply.ok()) << reply.status().ToString();
    if (!reply.ok()) return {};
    EXPECT_EQ(reply->state, PutReply::State::kWritten) << key << ": " << reply->detail;
    return reply->tag;
  }
  Result<DeleteReply> Delete(const std::string& key,
                             std::optional<ObjectTag> if_match = std::nullopt) {
    return Block(executor(), store().Delete(Soon(), key, std::move(if_match)));
  }
  // The object's content, or "(missing)".
  std::string Content(const std::string& key) {
    const Result<GetReply> reply = Get(key);
    EXPECT_TRUE(reply.ok()) << reply.status().ToString();
    if (!reply.ok()) return "(failed)";
    if (reply->state != GetReply::State::kFound) return "(missing)";
    EXPECT_EQ(reply->object_size, reply->bytes.size());
    return std::string(reply->bytes.view());
  }

 private:
  OpenedBackend opened_;
};

inline std::string BackendName(const ::testing::TestParamInfo<Backend>& info) {
  return info.param.name;
}

}  // namespace duckpond
