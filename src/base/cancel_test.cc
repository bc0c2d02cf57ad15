// SPDX-License-Identifier: MIT
#include "base/cancel.h"

#include <gtest/gtest.h>

#include <atomic>
#include <optional>
#include <thread>
#include <utility>

namespace duckpond {
namespace {

TEST(CancelTest, EachCallbackRunsOnce) {
  CancelSource source;
  int calls = 0;
  const auto registration = source.token().OnCancel([&calls] { ++calls; });
  source.Cancel();
  source.Cancel();
  EXPECT_EQ(calls, 1);
  EXPECT_TRUE(source.token().cancelled());
}

TEST(CancelTest, ACallbackRegisteredTooLateRunsAtOnce) {
  CancelSource source;
  source.Cancel();
  int calls = 0;
  const auto registration = source.token().OnCancel([&calls] { ++calls; });
  EXPECT_EQ(calls, 1);
}

TEST(CancelTest, ADroppedRegistrationIsNotCalled) {
  CancelSource source;
  int calls = 0;
  {
    const auto registration = source.token().OnCancel([&calls] { ++calls; });
  }
  source.Cancel();
  EXPECT_EQ(calls, 0);
}

TEST(CancelTest, ATokenWithoutASourceIsNeverCancelled) { EXPECT_FALSE(CancelToken().cancelled()); }

TEST(CancelTest, ACallbackMayDropItsOwnRegistration) {
  CancelSource source;
  std::optional<CancelToken::Registration> registration;
  registration = source.token().OnCancel([&registration] { registration.reset(); });
  source.Cancel();
  EXPECT_FALSE(registration.has_value());
}

TEST(CancelTest, AfterDroppingNoCallbackIsRunning) {
  for (int round = 0; round < 200; ++round) {
    CancelSource source;
    std::atomic<bool> dropped{false};
    std::atomic<bool> late{false};
    std::thread canceller;
    {
      const auto registration = source.token().OnCancel([&] { late = dropped.load(); });
      canceller = std::thread([&source] { source.Cancel(); });
    }
    dropped = true;
    canceller.join();
    EXPECT_FALSE(late.load());
  }
}

// Looks at the token when it dies, as an object that owns a request may.
struct LooksAtToken {
  LooksAtToken(CancelToken t, bool* s) : token(std::move(t)), seen(s) {}
  CancelToken token;
  bool* seen;
  ~LooksAtToken() { *seen = token.cancelled(); }
};

TEST(CancelTest, WhatACallbackHoldsMayUseTheTokenAsItDies) {
  CancelSource source;
  bool seen = true;
  const auto holder = [&source, &seen] {
    return [held = std::make_shared<LooksAtToken>(source.token(), &seen)] {};
  };
  {
    const auto dropped = source.token().OnCancel(holder());
  }
  EXPECT_FALSE(seen);
  const auto called = source.token().OnCancel(holder());
  source.Cancel();
  EXPECT_TRUE(seen);
}

}  // namespace
}  // namespace duckpond
