// SPDX-License-Identifier: MIT
#include "lake/key.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <compare>
#include <functional>
#include <limits>

#include "base/random.h"
#include "base/uuid.h"
#include "lake/byte_stream.h"

namespace duckpond {
namespace {

template <class T>
std::string Raw(T value) {
  return std::string(reinterpret_cast<const char*>(&value), sizeof(value));
}

std::string KeyOf(const Type& type, std::string_view value) {
  std::string key;
  AppendKey(type, value, key);
  return key;
}

Type TypeOf(const char* text) { return *Type::Parse(text); }

template <class T>
std::vector<T> Samples(SeededRandom& random) {
  std::vector<T> values = {0, 1, std::numeric_limits<T>::min(), std::numeric_limits<T>::max()};
  if constexpr (std::is_signed_v<T>) values.push_back(-1);
  for (int i = 0; i < 60; ++i) {
    // Of all magnitudes.
    values.push_back(static_cast<T>(random.Next() >> random.Below(64)));
    if constexpr (std::is_signed_v<T>) values.push_back(static_cast<T>(-values.back()));
  }
  return values;
}

// The order of the keys is that of the values, and each key gives its value back.
template <class T>
void ExpectOrder(const char* text, const std::vector<T>& values) {
  const Type type = TypeOf(text);
  for (const T a : values) {
    const std::string key = KeyOf(type, Raw(a));
    const auto back = DecodeKey(type, key);
    ASSERT_TRUE(back.ok()) << text;
    EXPECT_EQ(*back, Raw(a)) << text;
    for (const T b : values) {
      EXPECT_EQ(key < KeyOf(type, Raw(b)), a < b) << text << " " << +a << " " << +b;
    }
  }
}

TEST(Key, IntegersSortAsNumbers) {
  SeededRandom random(1);
  ExpectOrder("TINYINT", Samples<int8_t>(random));
  ExpectOrder("SMALLINT", Samples<int16_t>(random));
  ExpectOrder("INTEGER", Samples<int32_t>(random));
  ExpectOrder("BIGINT", Samples<int64_t>(random));
  ExpectOrder("UTINYINT", Samples<uint8_t>(random));
  ExpectOrder("USMALLINT", Samples<uint16_t>(random));
  ExpectOrder("UINTEGER", Samples<uint32_t>(random));
  ExpectOrder("UBIGINT", Samples<uint64_t>(random));
  ExpectOrder("DECIMAL(4,2)", Samples<int16_t>(random));
  ExpectOrder("DECIMAL(9,2)", Samples<int32_t>(random));
  ExpectOrder("DECIMAL(18,2)", Samples<int64_t>(random));
  ExpectOrder("DATE", Samples<int32_t>(random));
  ExpectOrder("TIMESTAMP", Samples<int64_t>(random));
  ExpectOrder("TIMESTAMP WITH TIME ZONE", Samples<int64_t>(random));
  ExpectOrder("ENUM('a', 'b')", Samples<uint32_t>(random));
}

TEST(Key, WideIntegersSortAsNumbers) {
  SeededRandom random(2);
  std::vector<Int128> values = {0, 1, -1, static_cast<Int128>(Uint128{1} << 127)};
  for (int i = 0; i < 60; ++i) {
    const Uint128 bits = (static_cast<Uint128>(random.Next()) << 64) | random.Next();
    values.push_back(static_cast<Int128>(bits >> random.Below(128)));
    values.push_back(-values.back());
  }
  for (const Int128 a : values) {
    for (const Int128 b : values) {
      EXPECT_EQ(KeyOf(TypeOf("HUGEINT"), Raw(a)) < KeyOf(TypeOf("HUGEINT"), Raw(b)), a < b);
      EXPECT_EQ(KeyOf(TypeOf("UHUGEINT"), Raw(a)) < KeyOf(TypeOf("UHUGEINT"), Raw(b)),
                static_cast<Uint128>(a) < static_cast<Uint128>(b));
    }
    EXPECT_EQ(*DecodeKey(TypeOf("DECIMAL(38,0)"), KeyOf(TypeOf("DECIMAL(38,0)"), Raw(a))), Raw(a));
  }
}

TEST(Key, UuidsSortAsText) {
  SeededRandom random(3);
  const Type type = TypeOf("UUID");
  for (int i = 0; i < 200; ++i) {
    // As DuckDB holds them: little-endian, the top bit flipped.
    Uuid uuid;
    for (uint8_t& byte : uuid.bytes) byte = static_cast<uint8_t>(random.Next());
    std::string value(uuid.bytes.rbegin(), uuid.bytes.rend());
    value.back() = static_cast<char>(value.back() ^ 0x80);
    const std::string key = KeyOf(type, value);
    EXPECT_EQ(key, std::string(uuid.bytes.begin(), uuid.bytes.end()));
    EXPECT_EQ(*DecodeKey(type, key), value);
  }
}

TEST(Key, FloatsSortWithNanAboveInfinityAndOneZero) {
  const double inf = std::numeric_limits<double>::infinity();
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const std::vector<double> ascending = {-inf,   -1e300, -1.5,  -5e-324, 0,
                                         5e-324, 1.5,    1e300, inf,     nan};
  const Type type = TypeOf("DOUBLE");
  for (size_t i = 0; i < ascending.size(); ++i) {
    for (size_t j = 0; j < ascending.size(); ++j) {
      EXPECT_EQ(KeyOf(type, Raw(ascending[i])) < KeyOf(type, Raw(ascending[j])), i < j);
      EXPECT_EQ(KeyOf(TypeOf("FLOAT"), Raw(static_cast<float>(i))) <
                    KeyOf(TypeOf("FLOAT"), Raw(static_cast<float>(j))),
                i < j);
    }
  }
  EXPECT_EQ(KeyOf(type, Raw(-0.0)), KeyOf(type, Raw(0.0)));
  EXPECT_EQ(KeyOf(type, Raw(-nan)), KeyOf(type, Raw(nan)));
  EXPECT_EQ(KeyOf(TypeOf("FLOAT"), Raw(-0.0F)), KeyOf(TypeOf("FLOAT"), Raw(0.0F)));
  EXPECT_EQ(*DecodeKey(type, KeyOf(type, Raw(-1.5))), Raw(-1.5));
}

TEST(Key, TextsSortByBytesAndKeepTheirEnds) {
  SeededRandom random(4);
  std::vector<std::string> texts = {"",
                                    "a",
                                    "b",
                                    "ab",
                                    std::string("\0", 1),
                                    std::string("a\0", 2),
                                    std::string("a\0\0", 3),
                                    "\xff",
                                    std::string("\0\xff", 2)};
  for (int i = 0; i < 80; ++i) {
    std::string text;
    // Few different bytes, so that many texts begin alike.
    for (uint64_t n = random.Below(6); n > 0; --n) text += "\0\1a\xff"[random.Below(4)];
    texts.push_back(text);
  }
  const Type type = TypeOf("BLOB");
  for (const std::string& a : texts) {
    EXPECT_EQ(*DecodeKey(type, KeyOf(type, a)), a);
    for (const std::string& b : texts) {
      EXPECT_EQ(KeyOf(type, a) < KeyOf(type, b), a < b);
      // Two columns: the first decides alone.
      for (const std::string& c : {texts[0], texts[4], texts[7]}) {
        if (a != b) {
          EXPECT_EQ(KeyOf(type, a) + KeyOf(type, c) < KeyOf(type, b) + KeyOf(type, ""), a < b);
        }
      }
    }
  }
}

// {months, days, microseconds}
struct Interval {
  int32_t months;
  int32_t days;
  int64_t us;
};

TEST(Key, IntervalsAreEqualAsDuckDbSaysTheyAre) {
  constexpr int64_t kDay = int64_t{86'400} * 1'000'000;
  const Type type = TypeOf("INTERVAL");
  const auto key = [&](Interval interval) { return KeyOf(type, Raw(interval)); };
  EXPECT_EQ(key({1, 0, 0}), key({0, 30, 0}));
  EXPECT_EQ(key({0, 1, 0}), key({0, 0, kDay}));
  EXPECT_EQ(key({0, 0, 30 * kDay}), key({1, 0, 0}));
  EXPECT_LT(key({0, 29, 0}), key({1, 0, 0}));
  EXPECT_LT(key({0, -1, 0}), key({0, 0, -1}));
  EXPECT_LT(key({-1, 0, 0}), key({0, 0, 0}));
  for (const Interval one :
       {Interval{0, 0, 0}, Interval{-3, 40, 5}, Interval{5, -40, -kDay - 7},
        Interval{INT32_MAX, INT32_MAX, INT64_MAX}, Interval{INT32_MIN, INT32_MIN, INT64_MIN}}) {
    const auto back = DecodeKey(type, key(one));
    ASSERT_TRUE(back.ok());
    EXPECT_EQ(KeyOf(type, *back), key(one));
  }
}

TEST(Key, TimesWithZonesSortByTheMomentThenByTheOffset) {
  constexpr int64_t kLargest = 16 * 3600 - 1;
  const auto time = [](int64_t seconds, int64_t offset_seconds) {
    return Raw((static_cast<uint64_t>(seconds) * 1'000'000) << 24 |
               static_cast<uint64_t>(kLargest - offset_seconds));
  };
  const Type type = TypeOf("TIME WITH TIME ZONE");
  EXPECT_LT(KeyOf(type, time(10 * 3600, 3600)), KeyOf(type, time(10 * 3600, 0)));
  // The same moment: the larger offset comes first, as DuckDB orders them.
  EXPECT_LT(KeyOf(type, time(11 * 3600, 3600)), KeyOf(type, time(10 * 3600, 0)));
  EXPECT_LT(KeyOf(type, time(9 * 3600, 0)), KeyOf(type, time(11 * 3600, 3600)));
  EXPECT_EQ(*DecodeKey(type, KeyOf(type, time(11 * 3600, -kLargest))), time(11 * 3600, -kLargest));
}

TEST(Key, ARowWithANullHasNoKey) {
  ColumnData ids;
  ids.type = TypeOf("INTEGER");
  ids.fixed = Raw(int32_t{1}) + Raw(int32_t{0});
  ids.valid = {1, 0};
  EXPECT_EQ(RowKey({&ids}, 0), KeyOf(ids.type, Raw(int32_t{1})));
  EXPECT_EQ(RowKey({&ids}, 1), std::nullopt);
  EXPECT_EQ(RowKey({&ids, &ids}, 0)->size(), 8u);
}

TEST(Key, UpperBoundsOfCutKeysAreAboveAllThatBeginAlike) {
  EXPECT_EQ(KeyUpperBound("abc", 3), "abc");
  EXPECT_EQ(KeyUpperBound("abcd", 3), "abd");
  EXPECT_EQ(KeyUpperBound("ab\xff\xff", 3), "ac");
  EXPECT_EQ(KeyUpperBound("\xff\xff\xff\xff", 3), std::nullopt);
}

TEST(Key, BrokenKeysAreCorrupt) {
  EXPECT_EQ(DecodeKey(TypeOf("INTEGER"), "abc").status().code(), StatusCode::kCorrupt);
  EXPECT_EQ(DecodeKey(TypeOf("INTEGER"), "abcde").status().code(), StatusCode::kCorrupt);
  EXPECT_EQ(DecodeKey(TypeOf("VARCHAR"), "abc").status().code(), StatusCode::kCorrupt);
  EXPECT_EQ(DecodeKey(TypeOf("VARCHAR"), std::string("a\0\1", 3)).status().code(),
            StatusCode::kCorrupt);
  EXPECT_EQ(DecodeKey(TypeOf("INTERVAL"), std::string(20, '\xff')).status().code(),
            StatusCode::kCorrupt);
  EXPECT_EQ(DecodeKey(TypeOf("INTEGER[]"), "").status().code(), StatusCode::kCorrupt);
}

TEST(Key, JoinedKeysAreSplitAgain) {
  const std::vector<Type> types = {TypeOf("VARCHAR"), TypeOf("SMALLINT")};
  std::string key;
  AppendKey(types[0], std::string("a\0b", 3), key);
  AppendKey(types[1], Raw(int16_t{-7}), key);
  EXPECT_EQ(*SplitKey(types, key),
            (std::vector<std::string>{std::string("a\0b", 3), Raw(int16_t{-7})}));
  EXPECT_FALSE(SplitKey(types, key + "x").ok());
}

TEST(Key, TypesWithoutAnOrderSaySo) {
  for (const char* text : {"BIT", "BIGNUM", "GEOMETRY", "VARIANT", "INTEGER[]", "INTEGER[2]",
                           "STRUCT(a INTEGER)", "MAP(INTEGER, INTEGER)", "UNION(a INTEGER)"}) {
    EXPECT_FALSE(HasKeyOrder(TypeOf(text))) << text;
  }
  EXPECT_TRUE(HasKeyOrder(TypeOf("JSON")));
}

}  // namespace
}  // namespace duckpond
