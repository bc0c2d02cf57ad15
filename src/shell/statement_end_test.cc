// SPDX-License-Identifier: MIT
#include "shell/statement_end.h"

#include <gtest/gtest.h>

namespace duckpond {
namespace {

TEST(IsComplete, ASemicolonOutsideQuotesAndCommentsEndsAStatement) {
  for (const char* sql :
       {"SELECT 1;", "SELECT 1; ", "SELECT ';';", "SELECT 1; -- done", "SELECT 1 /* ; */;",
        "SELECT $$ ; $$;", "SELECT $t$ $$ ; $t$;", "SELECT \"a;b\";", "SELECT 'it''s';",
        "SELECT 1; /* x */ ", "SELECT $1;", "SELECT 1 -- a 'quote\n;"}) {
    EXPECT_TRUE(IsComplete(sql)) << sql;
  }
}

TEST(IsComplete, AnythingElseGoesOn) {
  for (const char* sql :
       {"", "SELECT 1", "SELECT ';", "SELECT 1 -- ;", "SELECT /* ;", "SELECT $$ ;", "SELECT \"a;",
        "SELECT 1; SELECT 2", "SELECT 1; 'x'", "SELECT $t$ ; $$", "SELECT 'a''; "}) {
    EXPECT_FALSE(IsComplete(sql)) << sql;
  }
}

}  // namespace
}  // namespace duckpond
