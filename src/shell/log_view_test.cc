// SPDX-License-Identifier: MIT
#include "shell/log_view.h"

#include <gtest/gtest.h>

namespace duckpond {
namespace {

constexpr const char* kTable = "018f4e2c-0000-7000-8000-000000000001";

CommitRecord Commit(Version version, std::vector<Event> events) {
  CommitRecord commit;
  commit.version = version;
  commit.time_us = 1'700'000'000'000'000;
  commit.writer = "test";
  commit.events = std::move(events);
  return commit;
}

TEST(LogView, NamesTheTableAndSaysHowMuch) {
  LogView view;
  Event create{*Uuid::Parse(kTable), "create_table", R"({"schema":"main","name":"birds"})"};
  EXPECT_EQ(view.Text(Commit(1, {create})),
            "      1  2023-11-14 22:13:20  create_table    birds\n");
  Event rows{Uuid{}, "add_rows",
             R"({"table":")" + std::string(kTable) + R"(","rows":1,"content":"AAAA"})"};
  Event file{Uuid{}, "add_file",
             R"({"table":")" + std::string(kTable) + R"(","rows":2000,"bytes":1234567})"};
  EXPECT_EQ(view.Text(Commit(2, {rows, file})),
            "      2  2023-11-14 22:13:20  add_rows        birds  1 row\n"
            "      2  2023-11-14 22:13:20  add_file        birds  2000 rows  1.2 MB\n");
}

TEST(LogView, WhatItDoesNotKnowIsShownAsItIsButNotForEver) {
  LogView view;
  Event other{Uuid{}, "other", R"({"text":")" + std::string(500, 'x') + R"("})"};
  const std::string line = view.Text(Commit(3, {other}));
  EXPECT_NE(line.find(R"({"text":"xxx)"), std::string::npos);
  EXPECT_LT(line.size(), 130u);
}

TEST(LogView, NamesMoveNoCursor) {
  LogView view;
  Event create{*Uuid::Parse(kTable), "create_table", R"({"name":"a\u001b[2J\nb\u007fc"})"};
  EXPECT_EQ(view.Text(Commit(1, {create})),
            "      1  2023-11-14 22:13:20  create_table    a\\x1b[2J\\x0ab\\x7fc\n");
  // One character that terminals take for the escape and the bracket.
  Event other{*Uuid::Parse(kTable), "create_table", "{\"name\":\"a\\u009b2Jü\u00a0\xC2\x85\"}"};
  EXPECT_EQ(view.Text(Commit(1, {other})),
            "      1  2023-11-14 22:13:20  create_table    a\\u009b2Jü\u00a0\\u0085\n");
}

TEST(LogView, JsonIsALineAnEvent) {
  Event create{*Uuid::Parse(kTable), "create_table", R"({"name":"birds"})"};
  EXPECT_EQ(LogView::Json(Commit(1, {create})),
            "{\"version\":1,\"time\":1700000000000000,\"writer\":\"test\",\"id\":\"" +
                std::string(kTable) +
                "\",\"event\":\"create_table\",\"data\":{\"name\":\"birds\"}}\n");
}

}  // namespace
}  // namespace duckpond
