// SPDX-License-Identifier: MIT
#include "shell/statement_end.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace duckpond {
namespace {

StatementText Typed(std::string_view sql) {
  StatementText text;
  while (true) {
    const size_t end = std::min(sql.find('\n'), sql.size());
    text.Add(sql.substr(0, end));
    if (end == sql.size()) return text;
    sql.remove_prefix(end + 1);
  }
}

TEST(StatementText, ASemicolonOutsideQuotesAndCommentsEndsAStatement) {
  for (const char* sql :
       {"SELECT 1;", "SELECT 1; ", "SELECT ';';", "SELECT 1; -- done", "SELECT 1 /* ; */;",
        "SELECT $$ ; $$;", "SELECT $t$ $$ ; $t$;", "SELECT \"a;b\";", "SELECT 'it''s';",
        "SELECT 1; /* x */ ", "SELECT $1;", "SELECT 1 -- a 'quote\n;", "SELECT E'it\\'s;';",
        "SELECT 1 /* a /* b; */ c; */;", "SELECT type'\\';", "SELECT 'a\nb;\nc';",
        "SELECT a$b$c;"}) {
    EXPECT_TRUE(Typed(sql).complete()) << sql;
    EXPECT_FALSE(Typed(sql).empty()) << sql;
  }
}

TEST(StatementText, AnythingElseGoesOn) {
  for (const char* sql :
       {"", "SELECT 1", "SELECT ';", "SELECT 1 -- ;", "SELECT /* ;", "SELECT $$ ;", "SELECT \"a;",
        "SELECT 1; SELECT 2", "SELECT 1; 'x'", "SELECT $t$ ; $$", "SELECT 'a''; ",
        "SELECT E'it\\';", "SELECT /* a /* b */ c;", "SELECT 'a;\nb;"}) {
    EXPECT_FALSE(Typed(sql).complete()) << sql;
  }
}

TEST(StatementText, CommentsAloneAreNothingToRun) {
  for (const char* sql :
       {"", " \t\n", "-- a comment;", "/* a\ncomment */", "-- a\n\n/* /* b */ */ \n"}) {
    EXPECT_TRUE(Typed(sql).empty()) << sql;
  }
  for (const char* sql : {"/* still\nopen", "-- a\nSELECT", ";", "'", "/* /* */"}) {
    EXPECT_FALSE(Typed(sql).empty()) << sql;
  }
}

TEST(StatementText, IsGivenAsItWasTypedAndStartsOver) {
  StatementText text = Typed("SELECT\n 1;");
  EXPECT_EQ(text.Take(), "SELECT\n 1;\n");
  EXPECT_TRUE(text.empty());
  EXPECT_FALSE(text.complete());
  text.Add("SELECT 2;");
  EXPECT_EQ(text.Take(), "SELECT 2;\n");
}

}  // namespace
}  // namespace duckpond
