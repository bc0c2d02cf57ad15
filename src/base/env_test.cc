// SPDX-License-Identifier: MIT
#include "base/env.h"

#include <gtest/gtest.h>
#include <simdjson.h>

#include <cstdlib>
#include <string>

namespace duckpond {
namespace {

// Begins itself again for as long as anything of the process's executor runs.
void ParseForEver() {
  Executor& executor = Env::Process().executor;
  const std::string text = R"({"a":[1,2,3]})";
  simdjson::dom::parser parser;
  if (parser.parse(text).error() != simdjson::SUCCESS) std::abort();
  executor.Post(ParseForEver);
}

// What is registered first is run last: statics that parsing needs are gone by then, and the
// process is still there for a while.
void ExitWhileTasksParse() {
  std::atexit([] { BlockingWait().WaitFor(20'000); });
  for (int i = 0; i < 16; ++i) Env::Process().executor.Post(ParseForEver);
  BlockingWait begun;
  begun.WaitFor(1000);
  std::exit(0);
}

TEST(EnvDeathTest, AProcessExitsUnderTasksThatGoOn) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(ExitWhileTasksParse(), testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace duckpond
