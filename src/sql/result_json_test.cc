// SPDX-License-Identifier: MIT
//
// Every DuckDB type through the one JSON value writer, and through the text form.
#include <gtest/gtest.h>

#include "sql/engine.h"
#include "sql/result_writer.h"

namespace duckpond {
namespace {

struct Answer {
  std::string json;
  std::string text;
};

struct Case {
  std::string sql;
  std::string json;
  std::string text;
};

class ResultValues : public testing::TestWithParam<Case> {
 protected:
  // One engine for all cases. Not a static of its own: DuckDB keeps state for each thread, which
  // the main thread loses before statics are destroyed.
  static void SetUpTestSuite() {
    EngineOptions options;
    options.url = "memory:result_json_test";
    engine_ = Engine::Open(options).value();
  }
  static void TearDownTestSuite() { engine_.reset(); }

  static Result<Answer> Ask(const std::string& expression) {
    ASSIGN_OR_RETURN(auto session, engine_->Connect());
    ASSIGN_OR_RETURN(auto result, session->RunAll({}, "SELECT " + expression + " AS v", {}));
    ASSIGN_OR_RETURN(const ResultChunk* rows, result->Next());
    Answer answer;
    rows->AppendJson(0, 0, answer.json);
    if (!rows->AppendText(0, 0, answer.text)) answer.text = "(null)";
    return answer;
  }

  static inline std::shared_ptr<Engine> engine_;
};

TEST_P(ResultValues, HaveTheirJsonAndTextForm) {
  const auto answer = Ask(GetParam().sql);
  ASSERT_TRUE(answer.ok()) << answer.error().ToString();
  EXPECT_EQ(answer->json, GetParam().json) << GetParam().sql;
  EXPECT_EQ(answer->text, GetParam().text) << GetParam().sql;
}

INSTANTIATE_TEST_SUITE_P(
    Numbers, ResultValues,
    testing::Values(
        Case{"NULL", "null", "(null)"}, Case{"true", "true", "true"},
        Case{"(-128)::TINYINT", "-128", "-128"}, Case{"255::UTINYINT", "255", "255"},
        Case{"(-32768)::SMALLINT", "-32768", "-32768"}, Case{"65535::USMALLINT", "65535", "65535"},
        Case{"2147483647::INTEGER", "2147483647", "2147483647"},
        Case{"4294967295::UINTEGER", "4294967295", "4294967295"},
        Case{"(-9223372036854775808)::BIGINT", "-9223372036854775808", "-9223372036854775808"},
        Case{"18446744073709551615::UBIGINT", "18446744073709551615", "18446744073709551615"},
        Case{"7::HUGEINT", "\"7\"", "7"},
        Case{"340282366920938463463374607431768211455::UHUGEINT",
             "\"340282366920938463463374607431768211455\"",
             "340282366920938463463374607431768211455"},
        Case{"'123456789012345678901234567890123456789012'::BIGNUM",
             "\"123456789012345678901234567890123456789012\"",
             "123456789012345678901234567890123456789012"},
        Case{"1.5::FLOAT", "1.5", "1.5"}, Case{"0.1::DOUBLE", "0.1", "0.1"},
        Case{"'nan'::DOUBLE", "\"NaN\"", "nan"}, Case{"'-inf'::FLOAT", "\"-Infinity\"", "-inf"},
        Case{"'inf'::DOUBLE", "\"Infinity\"", "inf"}, Case{"1.10::DECIMAL(4,2)", "1.10", "1.10"},
        Case{"(-0.05)::DECIMAL(9,2)", "-0.05", "-0.05"},
        Case{"1234567890123456.78::DECIMAL(18,2)", "1234567890123456.78", "1234567890123456.78"},
        Case{"0.1::DECIMAL(38,10)", "\"0.1000000000\"", "0.1000000000"}));

INSTANTIATE_TEST_SUITE_P(
    Texts, ResultValues,
    testing::Values(Case{"'a\"b\\c' || chr(10) || chr(1)", R"("a\"b\\c\n\u0001")", "a\"b\\c\n\x01"},
                    Case{"''", "\"\"", ""}, Case{"'日本'", "\"日本\"", "日本"},
                    Case{R"('\x00\xFFz'::BLOB)", R"("\\x00\\xFFz")", R"(\x00\xFFz)"},
                    Case{"'10101'::BIT", "\"10101\"", "10101"},
                    Case{"'b'::ENUM('a','b')", "\"b\"", "b"},
                    Case{"'018f4e2c-0000-7000-8000-000000000001'::UUID",
                         "\"018f4e2c-0000-7000-8000-000000000001\"",
                         "018f4e2c-0000-7000-8000-000000000001"},
                    Case{"'{\"a\": [1, 2.50, \"x\"]}'::JSON", R"({"a":[1,2.50,"x"]})",
                         R"({"a": [1, 2.50, "x"]})"}));

INSTANTIATE_TEST_SUITE_P(
    Times, ResultValues,
    testing::Values(Case{"DATE '2024-02-29'", "\"2024-02-29\"", "2024-02-29"},
                    Case{"'infinity'::DATE", "\"infinity\"", "infinity"},
                    Case{"TIME '12:34:56.789'", "\"12:34:56.789\"", "12:34:56.789"},
                    Case{"'12:34:56.123456789'::TIME_NS", "\"12:34:56.123456789\"",
                         "12:34:56.123456789"},
                    Case{"'12:34:56+02'::TIMETZ", "\"12:34:56+02\"", "12:34:56+02"},
                    Case{"TIMESTAMP '2024-01-02 03:04:05.678'", "\"2024-01-02 03:04:05.678\"",
                         "2024-01-02 03:04:05.678"},
                    Case{"'2024-01-02 03:04:05'::TIMESTAMP_S", "\"2024-01-02 03:04:05\"",
                         "2024-01-02 03:04:05"},
                    Case{"'2024-01-02 03:04:05.6'::TIMESTAMP_MS", "\"2024-01-02 03:04:05.6\"",
                         "2024-01-02 03:04:05.6"},
                    Case{"'2024-01-02 03:04:05.000000001'::TIMESTAMP_NS",
                         "\"2024-01-02 03:04:05.000000001\"", "2024-01-02 03:04:05.000000001"},
                    Case{"INTERVAL '1 month 2 days 3 seconds'", "\"1 month 2 days 00:00:03\"",
                         "1 month 2 days 00:00:03"}));

INSTANTIATE_TEST_SUITE_P(
    Nested, ResultValues,
    testing::Values(
        Case{"[1, NULL, 3]", "[1,null,3]", "[1, NULL, 3]"}, Case{"[]::INTEGER[]", "[]", "[]"},
        Case{"[[1], [], [2,3]]", "[[1],[],[2,3]]", "[[1], [], [2, 3]]"},
        Case{"[1,2]::INTEGER[2]", "[1,2]", "[1, 2]"},
        Case{"{'a': 1, 'b': {'c': 'x'}}", R"({"a":1,"b":{"c":"x"}})", "{'a': 1, 'b': {'c': x}}"},
        Case{"row(1, 'x')", "[1,\"x\"]", "(1, x)"},
        Case{"MAP {'k': 1, 'l': NULL}", R"({"k":1,"l":null})", "{k=1, l=NULL}"},
        Case{"MAP {1: [2]}", R"({"1":[2]})", "{1=[2]}"},
        Case{"union_value(num := 2)::UNION(num INTEGER, str VARCHAR)", R"({"num":2})", "2"},
        Case{"'x'::UNION(num INTEGER, str VARCHAR)", R"({"str":"x"})", "x"},
        Case{"[{'a': 1.5::DECIMAL(3,1)}, NULL]", R"([{"a":1.5},null])", "[{'a': 1.5}, NULL]"},
        Case{"{'a': 1, 'b': [2]}::VARIANT", R"({"a":1,"b":[2]})", "{'a': 1, 'b': [2]}"}));

TEST(ResultJson, TimesWithAZoneAreInUtcWhateverTheSessionSays) {
  EngineOptions options;
  options.url = "memory:zones";
  auto engine = Engine::Open(options).value();
  auto session = engine->Connect().value();
  auto result = session
                    ->RunAll({},
                             "SET TimeZone = 'Asia/Tokyo';"
                             "SELECT TIMESTAMPTZ '2024-01-02 03:04:05+00' AS v",
                             {})
                    .value();
  const ResultChunk* rows = result->Next().value();
  std::string json, text;
  rows->AppendJson(0, 0, json);
  rows->AppendText(0, 0, text);
  EXPECT_EQ(json, "\"2024-01-02 03:04:05+00\"");
  EXPECT_EQ(text, "2024-01-02 12:04:05+09");
}

TEST(ResultJson, ManyRowsOfNestedValuesKeepTheirPlaces) {
  EngineOptions options;
  options.url = "memory:nested";
  auto engine = Engine::Open(options).value();
  auto session = engine->Connect().value();
  auto result = session
                    ->RunAll({},
                             "SELECT i, CASE WHEN i % 3 = 0 THEN NULL ELSE "
                             "{'l': list_value(i, i + 1), 'm': MAP {i: [i]}} END AS v "
                             "FROM range(5000) t(i) WHERE i % 2 = 1",
                             {})
                    .value();
  size_t seen = 0;
  while (const ResultChunk* rows = result->Next().value()) {
    for (size_t row = 0; row < rows->rows(); ++row, ++seen) {
      std::string i, v;
      rows->AppendJson(0, row, i);
      rows->AppendJson(1, row, v);
      const std::string next = std::to_string(2 * seen + 2);
      const bool null = (2 * seen + 1) % 3 == 0;
      ASSERT_EQ(
          v, null ? "null" : "{\"l\":[" + i + "," + next + "],\"m\":{\"" + i + "\":[" + i + "]}}");
    }
  }
  EXPECT_EQ(seen, 2500u);
}

}  // namespace
}  // namespace duckpond
