// SPDX-License-Identifier: MIT
#include "store/dynamo_create.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <map>
#include <utility>

#include "base/json_writer.h"
#include "store/dynamo_client.h"

namespace duckpond {
namespace {

constexpr int64_t kWaitUs = 200'000;
constexpr int kLooksMax = 1'500;
// A table that was just made may not be known everywhere at once.
constexpr int kUnknownLooksMax = 20;

constexpr std::string_view kSchema =
    R"("AttributeDefinitions":[{"AttributeName":"hash_key","AttributeType":"S"},)"
    R"({"AttributeName":"range_key","AttributeType":"N"}],)"
    R"("KeySchema":[{"AttributeName":"hash_key","KeyType":"HASH"},)"
    R"({"AttributeName":"range_key","KeyType":"RANGE"}])";

// "hash_key (S) as HASH, range_key (N) as RANGE", of a description of a table.
Result<std::string> SchemaOf(const simdjson::dom::element& table) {
  simdjson::dom::array attributes;
  simdjson::dom::array keys;
  if (table["AttributeDefinitions"].get(attributes) != simdjson::SUCCESS ||
      table["KeySchema"].get(keys) != simdjson::SUCCESS) {
    return Status::Corrupt("the description of a table has no key schema");
  }
  std::map<std::string_view, std::string_view> types;
  for (const simdjson::dom::element attribute : attributes) {
    std::string_view name;
    std::string_view type;
    if (attribute["AttributeName"].get(name) == simdjson::SUCCESS &&
        attribute["AttributeType"].get(type) == simdjson::SUCCESS) {
      types[name] = type;
    }
  }
  std::string schema;
  for (const simdjson::dom::element key : keys) {
    std::string_view name;
    std::string_view role;
    if (key["AttributeName"].get(name) != simdjson::SUCCESS ||
        key["KeyType"].get(role) != simdjson::SUCCESS) {
      return Status::Corrupt("the key schema of a table has a key without a name");
    }
    schema += fmt::format("{}{} ({}) as {}", schema.empty() ? "" : ", ", name, types[name], role);
  }
  return schema;
}

// Whether the table can be used. Errors: kInvalid for another schema.
Result<bool> IsReady(const Bytes& description, const DynamoPlace& place) {
  constexpr std::string_view kExpected = "hash_key (S) as HASH, range_key (N) as RANGE";
  simdjson::dom::parser parser;
  simdjson::dom::element table;
  std::string_view status;
  const std::string_view text = description.view();
  if (parser.parse(text.data(), text.size())["Table"].get(table) != simdjson::SUCCESS ||
      table["TableStatus"].get(status) != simdjson::SUCCESS) {
    return Status::Corrupt("the description of table " + place.table + " has no status");
  }
  ASSIGN_OR_RETURN(const std::string schema, SchemaOf(table));
  if (schema != kExpected) {
    return Status::Invalid(
        fmt::format("{}: table {} has the key {}; a table for ponds has {}: choose another name",
                    place.url, place.table, schema, kExpected));
  }
  if (status == "ACTIVE" || status == "UPDATING") return true;
  if (status == "CREATING") return false;
  return Status::Invalid(
      fmt::format("{}: table {} is {}: wait for its end", place.url, place.table, status));
}

}  // namespace

Task<Result<bool>> CreateDynamoTable(Env& env, Context context, std::string url,
                                     S3Options options) {
  CO_ASSIGN_OR_RETURN(const auto client, DynamoClient::Open(env, url, std::move(options)));
  const DynamoPlace& place = client->place();
  const std::string name = JsonQuote(place.table);
  DynamoClient::Call create(
      "CreateTable", "",
      fmt::format(R"({{"TableName":{},"BillingMode":"PAY_PER_REQUEST",{}}})", name, kSchema));
  const auto created = co_await client->Write(context, std::move(create));
  // Whatever was answered (such as that it exists), the table says whether it can be used.
  const bool made = created.ok() && created->state == DynamoClient::Written::State::kDone;
  for (int look = 0; look < kLooksMax; ++look) {
    DynamoClient::Call describe("DescribeTable", "", fmt::format(R"({{"TableName":{}}})", name));
    const Result<Bytes> seen = co_await client->Read(context, std::move(describe));
    if (seen.ok()) {
      CO_ASSIGN_OR_RETURN(const bool ready, IsReady(*seen, place));
      if (ready) co_return made;
    } else if (!made || look >= kUnknownLooksMax) {
      // What was wrong with making it is nearer to the cause.
      const bool in_use = created.status().code() == StatusCode::kUnavailable;
      co_return created.ok() || in_use ? seen.error() : created.error();
    }
    CO_RETURN_IF_ERROR(co_await Sleep(context, kWaitUs));
  }
  co_return Status::Unavailable(
      fmt::format("{}: table {} is still being made: try again later", place.url, place.table));
}

}  // namespace duckpond
