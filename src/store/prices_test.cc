// SPDX-License-Identifier: MIT
#include "store/prices.h"

#include <gtest/gtest.h>

namespace duckpond {
namespace {

TEST(Prices, OfRequestsAndOfWhatTheyCarry) {
  const Prices s3 = PriceList::BuiltIn().Of("s3", "us-east-1");
  EXPECT_DOUBLE_EQ(s3.OfPut(1'000'000), 5e-6);
  EXPECT_DOUBLE_EQ(s3.OfGet(0), 0.4e-6);
  EXPECT_DOUBLE_EQ(s3.OfGet(1'000'000'000), 0.4e-6 + 0.09);
  EXPECT_DOUBLE_EQ(PriceList::BuiltIn().Of("s3-express", "x").OfPut(1'000'000'000),
                   1.13e-6 + 0.0032);
}

TEST(Prices, UnitsAreBegun) {
  const Prices dynamo = PriceList::BuiltIn().Of("dynamodb", "eu-west-1");
  EXPECT_DOUBLE_EQ(dynamo.OfPut(0), 0.625e-6);
  EXPECT_DOUBLE_EQ(dynamo.OfPut(1024), 0.625e-6);
  EXPECT_DOUBLE_EQ(dynamo.OfPut(1025), 2 * 0.625e-6);
  EXPECT_DOUBLE_EQ(dynamo.OfGet(4097), 2 * 0.125e-6);
}

TEST(Prices, OfARegionElseOfAnyElseNothing) {
  const PriceList list = PriceList::BuiltIn();
  EXPECT_NE(list.Of("s3", "eu-central-1").put, list.Of("s3", "us-east-1").put);
  EXPECT_EQ(list.Of("s3", "mars-north-1").put, list.Of("s3", "us-east-1").put);
  EXPECT_EQ(list.Of("elsewhere", "").OfGet(1'000'000), 0);
}

TEST(Prices, TheUsersGoFirst) {
  auto list = PriceList::Parse(R"({"prices": [{"store": "s3", "region": "*", "put": 1},
      {"store": "s3", "region": "eu-west-1", "get": 2, "get_bytes": 100}]})",
                               "mine.json");
  ASSERT_TRUE(list.ok()) << list.error().message();
  list->Append(PriceList::BuiltIn());
  EXPECT_DOUBLE_EQ(list->Of("s3", "eu-central-1").put, 1e-6);
  EXPECT_DOUBLE_EQ(list->Of("s3", "eu-west-1").OfGet(101), 4e-6);
  EXPECT_GT(list->Of("r2", "auto").put, 0);
}

TEST(Prices, AListThatCannotBeMeantIsRefused) {
  const auto message = [](std::string_view json) {
    const auto list = PriceList::Parse(json, "mine.json");
    return list.ok() ? "" : list.error().message();
  };
  for (const char* wrong : {"", "{}", "[]", "{\"prices\": {}}"}) {
    EXPECT_NE(message(wrong).find("mine.json is no price list"), std::string::npos) << wrong;
  }
  EXPECT_NE(message(R"({"prices": [1]})").find("entry 1"), std::string::npos);
  EXPECT_NE(message(R"({"prices": [{"store": "s3"}]})").find("no region"), std::string::npos);
  for (const char* wrong :
       {R"("put": -1)", R"("put": "1")", R"("gets": 1)", R"("put_bytes": 1.5)"}) {
    const std::string entry =
        std::string(R"({"prices": [{"store": "a", "region": "*", )") + wrong + "}]}";
    EXPECT_NE(message(entry).find("is no price"), std::string::npos) << wrong;
  }
}

}  // namespace
}  // namespace duckpond
