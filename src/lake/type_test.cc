// SPDX-License-Identifier: MIT
#include "lake/type.h"

#include <gtest/gtest.h>

namespace duckpond {
namespace {

// As DuckDB 1.5.5 prints them; tests/golden/v1/types.txt has more.
TEST(Type, TextComesBackAsItWas) {
  for (const std::string text : {
           "BOOLEAN",
           "HUGEINT",
           "DECIMAL(18,3)",
           "TIME WITH TIME ZONE",
           "TIMESTAMP WITH TIME ZONE",
           "TIMESTAMP_NS",
           "TIME_NS",
           "BIGNUM",
           "BIT",
           "JSON",
           "VARIANT",
           "GEOMETRY",
           "GEOMETRY('OGC:CRS84')",
           "ENUM('a', 'b''c', '')",
           "INTEGER[3]",
           "INTEGER[][2][]",
           "STRUCT(a INTEGER, b VARCHAR[])",
           "STRUCT(\"B c\" INTEGER, \"a\"\"b\" DATE, \"select\" TIME, \"\u00e4\" BLOB)",
           "MAP(VARCHAR, MAP(INTEGER, DOUBLE)[])",
           "UNION(num INTEGER, str VARCHAR)",
       }) {
    const auto type = Type::Parse(text);
    ASSERT_TRUE(type.ok()) << text << ": " << type.status().ToString();
    EXPECT_EQ(type->ToString(), text);
  }
}

TEST(Type, DuckDbsUnquotedNamesAreReadToo) {
  const auto type = Type::Parse("STRUCT(Foo INTEGER, key_1 BIGINT)");
  ASSERT_TRUE(type.ok());
  EXPECT_EQ(type->names, (std::vector<std::string>{"Foo", "key_1"}));
  EXPECT_EQ(type->ToString(), "STRUCT(\"Foo\" INTEGER, key_1 BIGINT)");
}

TEST(Type, AMemberMayBeNamedLikeAPartOfATypesName) {
  const auto type = Type::Parse("STRUCT(\"time\" TIME, \"with\" TIMESTAMP)");
  ASSERT_TRUE(type.ok());
  EXPECT_EQ(type->children[0].id, TypeId::kTime);
  EXPECT_EQ(type->children[1].id, TypeId::kTimestamp);
}

TEST(Type, WhatIsNoTypeIsInvalid) {
  for (const std::string text : {"",
                                 "INTEGER[",
                                 "INTEGER[0]",
                                 "INTEGER[100001]",
                                 "INTEGER[x]",
                                 "INTEGER x",
                                 "DECIMAL",
                                 "DECIMAL(39,1)",
                                 "DECIMAL(5,6)",
                                 "DECIMAL(5)",
                                 "STRUCT",
                                 "STRUCT()",
                                 "STRUCT(a)",
                                 "STRUCT(a INTEGER, A DATE)",
                                 "STRUCT(\"\" INTEGER)",
                                 "STRUCT(\"a INTEGER)",
                                 "MAP(INTEGER)",
                                 "ENUM()",
                                 "ENUM('a', 'a')",
                                 "ENUM('a)",
                                 "GEOMETRY(x)",
                                 "INTEGER[2"}) {
    const auto type = Type::Parse(text);
    ASSERT_FALSE(type.ok()) << text;
    EXPECT_EQ(type.error().code(), StatusCode::kInvalid) << text;
  }
}

TEST(Type, ATypeOfALaterDuckDbIsUnsupportedAndNamed) {
  const auto type = Type::Parse("STRUCT(a QUATERNION)");
  ASSERT_FALSE(type.ok());
  EXPECT_EQ(type.error().code(), StatusCode::kUnsupported);
  EXPECT_NE(type.error().message().find("QUATERNION"), std::string::npos);
}

TEST(Type, HostileNestingEnds) {
  std::string lists = "INTEGER";
  for (int i = 0; i < 100'000; ++i) lists += "[]";
  EXPECT_EQ(Type::Parse(lists).status().code(), StatusCode::kInvalid);
  std::string structs;
  for (int i = 0; i < 100'000; ++i) structs += "STRUCT(a ";
  EXPECT_EQ(Type::Parse(structs).status().code(), StatusCode::kInvalid);
  const std::string long_text(kTypeTextBytesMax + 1, 'A');
  EXPECT_EQ(Type::Parse(long_text).status().code(), StatusCode::kExhausted);
}

TEST(Type, TheDeepestTypeThatIsReadIsAlsoWritten) {
  std::string text = "INTEGER";
  for (int i = 1; i < kTypeDepthMax; ++i) text += "[]";
  const auto deepest = Type::Parse(text);
  ASSERT_TRUE(deepest.ok());
  EXPECT_EQ(deepest->ToString(), text);
  EXPECT_FALSE(Type::Parse(text + "[]").ok());
}

TEST(Type, LayoutsAreThoseOfDuckDbsVectors) {
  const auto layout = [](const char* text) { return LayoutOf(*Type::Parse(text)); };
  EXPECT_EQ(layout("DECIMAL(4,0)").fixed_bytes, 2u);
  EXPECT_EQ(layout("DECIMAL(9,0)").fixed_bytes, 4u);
  EXPECT_EQ(layout("DECIMAL(18,0)").fixed_bytes, 8u);
  EXPECT_EQ(layout("DECIMAL(38,0)").fixed_bytes, 16u);
  EXPECT_EQ(layout("TIMESTAMP_S").fixed_bytes, 8u);
  EXPECT_EQ(layout("INTERVAL").fixed_bytes, 16u);
  EXPECT_EQ(layout("BIT").layout, Layout::kVariable);
  EXPECT_EQ(layout("MAP(INTEGER, INTEGER)").layout, Layout::kList);
  EXPECT_EQ(layout("VARIANT").layout, Layout::kStruct);
  EXPECT_EQ(LayoutChildren(*Type::Parse("MAP(INTEGER, DATE)"))[0].ToString(),
            "STRUCT(key INTEGER, value DATE)");
  EXPECT_EQ(LayoutChildren(*Type::Parse("UNION(a INTEGER)")).size(), 2u);
  EXPECT_EQ(LayoutChildren(*Type::Parse("VARIANT")).size(), 4u);
}

}  // namespace
}  // namespace duckpond
