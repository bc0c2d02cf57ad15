// SPDX-License-Identifier: MIT
#include "lake/data_read.h"

#include <gtest/gtest.h>

#include "store/faulty_store.h"
#include "store/memory_store.h"
#include "store/two_door_store.h"
#include "tests/sim/sim_env.h"

namespace duckpond {
namespace {

class DataReadTest : public ::testing::Test {
 protected:
  void PutFile(size_t bytes) {
    const auto put = Block(
        env_.executor,
        memory_->Put(Context{}, "data/f", Bytes(std::string(bytes, 'x')), PutCondition::None()));
    ASSERT_TRUE(put.ok());
  }
  // The last 20 bytes of a file that has 100, as the log says.
  Result<Bytes> ReadEnd(ObjectStore& store) {
    return Block(env_.executor, ReadDataPart(store, Context{}, {"data/f", 100, 80, 20}));
  }
  void ExpectCorrupt(const std::string& why) {
    const Status status = ReadEnd(*memory_).status();
    EXPECT_EQ(status.code(), StatusCode::kCorrupt) << status.ToString();
    EXPECT_NE(status.message().find("data/f"), std::string::npos) << status.ToString();
    EXPECT_NE(status.message().find(why), std::string::npos) << status.ToString();
  }

  SimExecutor executor_{1};
  SimEnv sim_{executor_, 1, 0};
  Env& env_ = sim_.env;
  std::shared_ptr<MemoryObjectStore> memory_ = std::make_shared<MemoryObjectStore>();
};

TEST_F(DataReadTest, GivesThePartThatWasAskedFor) {
  PutFile(100);
  const auto part = ReadEnd(*memory_);
  ASSERT_TRUE(part.ok()) << part.status().ToString();
  EXPECT_EQ(part->size(), 20u);
}

TEST_F(DataReadTest, AFileOfAnotherSizeIsCorruptAndSaysHow) {
  ExpectCorrupt("is missing");
  PutFile(90);
  ExpectCorrupt("has 90 bytes in the store, 100 in the log");
  PutFile(110);
  ExpectCorrupt("has 110 bytes in the store, 100 in the log");
  // Cut in front of the part: it is there all the same.
  PutFile(50);
  ExpectCorrupt("ends before byte 80");
}

TEST_F(DataReadTest, ATransferThatBrokeOffSaysNothingOfTheFile) {
  PutFile(100);
  FaultOptions faults;
  faults.rates.truncate = 1;
  FaultyObjectStore cut(memory_, faults);
  const Status status = ReadEnd(cut).status();
  EXPECT_EQ(status.code(), StatusCode::kUnavailable) << status.ToString();
}

TEST_F(DataReadTest, WhatACdnHasWrongTheOriginSays) {
  PutFile(100);
  auto front = std::make_shared<MemoryObjectStore>();
  TwoDoorObjectStore doors(env_, memory_, front);
  for (const size_t bytes : {50, 90, 110}) {
    const auto put = Block(
        env_.executor,
        front->Put(Context{}, "data/f", Bytes(std::string(bytes, 'y')), PutCondition::None()));
    ASSERT_TRUE(put.ok());
    const auto part = ReadEnd(doors);
    ASSERT_TRUE(part.ok()) << part.status().ToString();
    EXPECT_EQ(part->view(), std::string(20, 'x'));
  }
}

}  // namespace
}  // namespace duckpond
