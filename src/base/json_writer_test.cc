// SPDX-License-Identifier: MIT
#include "base/json_writer.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace duckpond {
namespace {

TEST(JsonWriterTest, CommasStandBetweenValuesOnly) {
  JsonWriter json;
  json.BeginObject().Key("a").Int(-1).Key("b").BeginArray().Uint(1).Bool(true).Null().EndArray();
  json.Key("c").BeginObject().EndObject().Key("d").String("x").EndObject();
  EXPECT_EQ(json.Take(), R"({"a":-1,"b":[1,true,null],"c":{},"d":"x"})");
}

TEST(JsonWriterTest, ControlCharactersQuotesAndBackslashesAreEscaped) {
  EXPECT_EQ(JsonQuote("a\"b\\c\n\t\r\x01é"), "\"a\\\"b\\\\c\\n\\t\\r\\u0001é\"");
}

TEST(JsonWriterTest, DoublesReadBackAndInfinitiesAreText) {
  JsonWriter json;
  json.BeginArray().Double(0.1).Double(1e300).Double(std::nan(""));
  json.Double(-std::numeric_limits<double>::infinity()).EndArray();
  EXPECT_EQ(json.Take(), R"([0.1,1e+300,"NaN","-Infinity"])");
}

TEST(JsonWriterTest, AWriterCanBeUsedAgain) {
  JsonWriter json;
  json.Int(1);
  EXPECT_EQ(json.Take(), "1");
  json.Int(2);
  EXPECT_EQ(json.Take(), "2");
}

}  // namespace
}  // namespace duckpond
