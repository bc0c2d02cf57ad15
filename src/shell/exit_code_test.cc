// SPDX-License-Identifier: MIT
#include "shell/exit_code.h"

#include <gtest/gtest.h>

namespace duckpond {
namespace {

TEST(ExitCode, TellsAScriptWhatToDo) {
  EXPECT_EQ(ExitCodeOf(Status::Ok(), Blame::kStatement), ExitCode::kOk);
  EXPECT_EQ(ExitCodeOf(Status::Invalid("m"), Blame::kStatement), ExitCode::kSql);
  EXPECT_EQ(ExitCodeOf(Status::Unsupported("m"), Blame::kStatement), ExitCode::kSql);
  EXPECT_EQ(ExitCodeOf(Status::Invalid("m"), Blame::kPolicy), ExitCode::kSql);
  EXPECT_EQ(ExitCodeOf(Status::Invalid("m"), Blame::kStore), ExitCode::kStorage);
  EXPECT_EQ(ExitCodeOf(Status::Corrupt("m"), Blame::kStore), ExitCode::kStorage);
  EXPECT_EQ(ExitCodeOf(Status::Conflict("m"), Blame::kStatement), ExitCode::kConflict);
  EXPECT_EQ(ExitCodeOf(Status::Unknown("m"), Blame::kStore), ExitCode::kUnknown);
  EXPECT_EQ(ExitCodeOf(Status::Cancelled("m"), Blame::kStatement), ExitCode::kInterrupted);
  EXPECT_EQ(ExitCodeOfStore(Status::NotFound("m")), ExitCode::kStorage);
}

}  // namespace
}  // namespace duckpond
