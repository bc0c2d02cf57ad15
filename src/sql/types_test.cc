// SPDX-License-Identifier: MIT
#include "sql/types.h"

#include <gtest/gtest.h>

namespace duckpond {
namespace {

using duckdb::LogicalType;

// As extensions make them: INET is a STRUCT, and would come back as one.
TEST(Types, ATypeWithANameOfItsOwnIsRefused) {
  LogicalType inet = LogicalType::STRUCT({{"ip_type", LogicalType::UTINYINT}});
  ASSERT_TRUE(FromDuckDb(inet).ok());
  inet.SetAlias("INET");
  for (const LogicalType& type : {inet, LogicalType::LIST(inet), LogicalType::MAP(inet, inet)}) {
    const auto refused = FromDuckDb(type);
    ASSERT_FALSE(refused.ok()) << type.ToString();
    EXPECT_EQ(refused.error().code(), StatusCode::kUnsupported);
    EXPECT_NE(refused.error().message().find("INET"), std::string::npos);
  }
}

TEST(Types, JsonIsATypeAndAnEnumIsItsLabels) {
  EXPECT_EQ(ToDuckDb(FromDuckDb(LogicalType::JSON()).value()), LogicalType::JSON());
  duckdb::Vector labels(LogicalType::VARCHAR, 1);
  labels.SetValue(0, duckdb::Value("sad"));
  LogicalType mood = LogicalType::ENUM(labels, 1);
  mood.SetAlias("mood");
  EXPECT_EQ(ToDuckDb(FromDuckDb(mood).value()).ToString(), "ENUM('sad')");
}

}  // namespace
}  // namespace duckpond
