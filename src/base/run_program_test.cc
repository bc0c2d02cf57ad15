// SPDX-License-Identifier: MIT
//
// Programs that end well and badly, that hang, that leave others running, and that never stop.
#include "base/run_program.h"

#include <gtest/gtest.h>

#include <string>

#include "base/env.h"

namespace duckpond {
namespace {

constexpr char kHush[] = "never-print-this";

Result<std::string> RunIt(std::vector<std::string> arguments, int64_t us_max = 60'000'000) {
  Executor& executor = Env::Process().executor;
  Context context;
  context.deadline_us = executor.NowUs() + us_max;
  return Block(executor, RunProgram(context, {.arguments = std::move(arguments)}));
}

Result<std::string> RunShell(const std::string& script, int64_t us_max = 60'000'000) {
  return RunIt({"sh", "-c", script}, us_max);
}

void ExpectInvalid(const std::string& says, const Result<std::string>& output) {
  ASSERT_FALSE(output.ok()) << says;
  EXPECT_EQ(output.error().code(), StatusCode::kInvalid);
  EXPECT_NE(output.error().message().find(says), std::string::npos) << output.error().message();
  EXPECT_EQ(output.error().message().find(kHush), std::string::npos);
}

TEST(RunProgramTest, ArgumentsArriveAsTheyAreAndTheOutputIsGiven) {
  const auto output = RunIt({"printf", "%s|", "a b", "$(id)", ";", "", "'\""});
  ASSERT_TRUE(output.ok()) << output.status().ToString();
  EXPECT_EQ(*output, "a b|$(id)|;||'\"|");
}

TEST(RunProgramTest, ItsInputIsEmpty) {
  const auto output = RunIt({"cat"});
  ASSERT_TRUE(output.ok()) << output.status().ToString();
  EXPECT_EQ(*output, "");
}

TEST(RunProgramTest, WhatEndsBadlyIsToldWithoutWhatItWrote) {
  const std::string hush = kHush;
  ExpectInvalid("sh ended with code 3", RunShell("echo " + hush + "; exit 3"));
  ExpectInvalid("sh was ended by signal 9", RunShell("echo " + hush + "; kill -9 $$"));
  ExpectInvalid("/nowhere/program cannot be started: No such", RunIt({"/nowhere/program", hush}));
  ExpectInvalid("/etc/passwd cannot be started: Permission", RunIt({"/etc/passwd", hush}));
}

TEST(RunProgramTest, WhatHangsIsKilledWithAllThatItStarted) {
  constexpr int64_t kSoonUs = 300'000;
  ExpectInvalid("did not end in time", RunShell("echo x; sleep 1000 & wait", kSoonUs));
  ExpectInvalid("did not end in time", RunShell("exec >&-; sleep 1000", kSoonUs));
  ExpectInvalid("did not end in time", RunShell("trap '' TERM INT; sleep 1000", kSoonUs));
}

TEST(RunProgramTest, WhatWasLeftRunningIsNotWaitedFor) {
  const auto output = RunShell("sleep 1000 & echo done");
  ASSERT_TRUE(output.ok()) << output.status().ToString();
  EXPECT_EQ(*output, "done\n");
}

TEST(RunProgramTest, OutputIsBounded) {
  ExpectInvalid("yes wrote too much", RunIt({"yes", kHush}));
  const auto output = RunIt({"head", "-c", "65536", "/dev/zero"});
  ASSERT_TRUE(output.ok()) << output.status().ToString();
  EXPECT_EQ(output->size(), 65536u);
}

}  // namespace
}  // namespace duckpond
