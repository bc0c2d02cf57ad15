// SPDX-License-Identifier: MIT
//
// log(): the seed's single table (uuidv7, enum_of_event, struct_of_event). The UNION has a STRUCT
// for each kind of event that this program knows, and `other`, JSON, for the rest.
#include <map>

#include "base/json_writer.h"
#include "lake/event_kinds.h"
#include "sql/connection_state.h"
#include "sql/errors.h"
#include "sql/function_rows.h"
#include "sql/pond_catalog.h"
#include "sql/pond_transaction.h"

namespace duckpond {
namespace {

using duckdb::LogicalType;
using duckdb::Value;

constexpr const char* kCommit = "commit";
constexpr const char* kOther = "other";

LogicalType CommitType() {
  return LogicalType::STRUCT({{"version", LogicalType::UBIGINT},
                              {"time", LogicalType::TIMESTAMP_TZ},
                              {"writer", LogicalType::VARCHAR},
                              {"author", LogicalType::VARCHAR},
                              {"message", LogicalType::VARCHAR},
                              {"idempotency_key", LogicalType::VARCHAR}});
}

duckdb::child_list_t<LogicalType> Members(duckdb::ClientContext& client) {
  duckdb::child_list_t<LogicalType> members;
  members.emplace_back(kCommit, CommitType());
  for (const EventKind& kind : EventKinds()) {
    duckdb::child_list_t<LogicalType> fields;
    for (const EventField& field : kind.fields) {
      fields.emplace_back(std::string(field.name), duckdb::TransformStringToLogicalType(
                                                       std::string(field.sql_type), client));
    }
    members.emplace_back(std::string(kind.name), LogicalType::STRUCT(std::move(fields)));
  }
  members.emplace_back(kOther, LogicalType::JSON());
  return members;
}

LogicalType EventType(const duckdb::child_list_t<LogicalType>& members) {
  duckdb::Vector labels(LogicalType::VARCHAR, members.size());
  for (size_t i = 0; i < members.size(); ++i) labels.SetValue(i, Value(members[i].first));
  return LogicalType::ENUM(labels, members.size());
}

// Makes rows of the log's commits.
class LogTable {
 public:
  explicit LogTable(duckdb::ClientContext& client)
      : client_(client), members_(Members(client)), event_type_(EventType(members_)) {}

  void Add(const CommitRecord& commit, FunctionRows& rows) const {
    const auto text = [](const std::string& value) {
      return value.empty() ? Value(LogicalType::VARCHAR) : Value(value);
    };
    Value data =
        Value::STRUCT(CommitType(), {Value::UBIGINT(commit.version),
                                     Value::TIMESTAMPTZ(duckdb::timestamp_tz_t(commit.time_us)),
                                     text(commit.writer), text(commit.author), text(commit.message),
                                     text(commit.idempotency_key)});
    rows.push_back(Row(commit.transaction, 0, std::move(data)));
    for (const Event& event : commit.events) rows.push_back(RowOf(event));
  }

 private:
  std::vector<Value> Row(const Uuid& id, size_t member, Value data) const {
    return {Value::UUID(id.ToString()), Value::ENUM(member, event_type_),
            Value::UNION(members_, static_cast<uint8_t>(member), std::move(data))};
  }

  // DuckDB's own cast refuses an object that lacks a field; here such a field is NULL. And JSON as
  // VARCHAR is its text, quotes included, while JSON that is an element is what it stands for.
  Value FromJson(const Value& json, const LogicalType& type) const {
    if (json.IsNull() || json.ToString() == "null") return Value(type);
    if (type.id() == duckdb::LogicalTypeId::STRUCT) return StructFromJson(json, type);
    if (type.id() == duckdb::LogicalTypeId::VARCHAR) return TextFromJson(json);
    if (type.id() != duckdb::LogicalTypeId::LIST) return json.CastAs(client_, type, true);
    const LogicalType& child = duckdb::ListType::GetChildType(type);
    duckdb::vector<Value> elements;
    const Value list = json.CastAs(client_, LogicalType::LIST(LogicalType::JSON()), true);
    for (const Value& element : duckdb::ListValue::GetChildren(list)) {
      elements.push_back(FromJson(element, child));
    }
    return Value::LIST(child, std::move(elements));
  }

  Value TextFromJson(const Value& json) const {
    Value list("[" + json.ToString() + "]");
    list.Reinterpret(LogicalType::JSON());
    const Value texts = list.CastAs(client_, LogicalType::LIST(LogicalType::VARCHAR), true);
    return duckdb::ListValue::GetChildren(texts)[0];
  }

  Value StructFromJson(const Value& json, const LogicalType& type) const {
    const auto map_type = LogicalType::MAP(LogicalType::VARCHAR, LogicalType::JSON());
    const Value map = json.CastAs(client_, map_type, true);
    std::map<std::string, Value> fields;
    for (const Value& entry : duckdb::MapValue::GetChildren(map)) {
      const auto& pair = duckdb::StructValue::GetChildren(entry);
      fields.emplace(pair[0].ToString(), pair[1]);
    }
    duckdb::vector<Value> members;
    for (const auto& [name, member_type] : duckdb::StructType::GetChildTypes(type)) {
      const auto found = fields.find(name);
      members.push_back(found == fields.end() ? Value(member_type)
                                              : FromJson(found->second, member_type));
    }
    return Value::STRUCT(type, std::move(members));
  }

  std::vector<Value> RowOf(const Event& event) const {
    Value json(event.data);
    json.Reinterpret(LogicalType::JSON());
    for (size_t i = 1; i + 1 < members_.size(); ++i) {
      if (members_[i].first != event.name) continue;
      Value data;
      const Status status = CatchToStatus([&] { data = FromJson(json, members_[i].second); });
      if (status.ok()) return Row(event.id, i, std::move(data));
      break;  // Of a shape that this program does not know: shown as it is.
    }
    Value other("{\"event\":" + JsonQuote(event.name) + ",\"data\":" + event.data + "}");
    other.Reinterpret(LogicalType::JSON());
    return Row(event.id, members_.size() - 1, std::move(other));
  }

  duckdb::ClientContext& client_;
  duckdb::child_list_t<LogicalType> members_;
  LogicalType event_type_;
};

}  // namespace

RowFunction::Columns LogColumns(duckdb::ClientContext& client) {
  const auto members = Members(client);
  return {{"id", LogicalType::UUID},
          {"event", EventType(members)},
          {"data", LogicalType::UNION(members)}};
}

FunctionRows LogRows(const RowFunction::Call& call) {
  FunctionRows rows;
  const auto commits = PondTransaction::Of(call.client, call.catalog).History(call.client);
  const LogTable table(call.client);
  for (const CommitRecord& commit : commits) table.Add(commit, rows);
  return rows;
}

}  // namespace duckpond
