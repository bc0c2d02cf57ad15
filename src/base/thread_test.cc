// SPDX-License-Identifier: MIT
#include "base/thread.h"

#include <gtest/gtest.h>
#include <pthread.h>
#include <signal.h>

namespace duckpond {
namespace {

TEST(ThreadTest, CarriesItsNameCutToFifteenBytes) {
  char name[32] = "";
  {
    Thread thread("a name that is too long",
                  [&name] { pthread_getname_np(pthread_self(), name, sizeof(name)); });
  }
  EXPECT_STREQ(name, "a name that is ");
}

TEST(ThreadTest, BlocksSignalsInItselfAndNotInTheThreadThatStartsIt) {
  sigset_t inside;
  sigemptyset(&inside);
  {
    Thread thread("signals", [&inside] { pthread_sigmask(SIG_SETMASK, nullptr, &inside); });
  }
  sigset_t outside;
  pthread_sigmask(SIG_SETMASK, nullptr, &outside);
  EXPECT_EQ(sigismember(&inside, SIGPIPE), 1);
  EXPECT_EQ(sigismember(&inside, SIGTERM), 1);
  EXPECT_EQ(sigismember(&outside, SIGTERM), 0);
}

}  // namespace
}  // namespace duckpond
