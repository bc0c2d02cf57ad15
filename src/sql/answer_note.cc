// SPDX-License-Identifier: MIT
#include "sql/answer_note.h"

#include <algorithm>
#include <array>

#include "duckdb/optimizer/optimizer_extension.hpp"
#include "duckdb/planner/expression_iterator.hpp"
#include "duckdb/planner/logical_operator_visitor.hpp"
#include "sql/engine.h"
#include "sql/table_scan.h"

namespace duckpond {
namespace {

using duckdb::Expression;
using duckdb::LogicalOperator;
using Type = duckdb::LogicalOperatorType;

// What DuckDB calls consistent, though it tells of the time, the session or the process.
constexpr std::array<std::string_view, 9> kTellingPrefixes = {
    "current_", "pg_", "txid_", "getvariable", "in_search_path",
    "version",  "now", "today", "get_current"};
// Of these words a LIMIT may have been made, which is a number by the time the plan is there.
constexpr std::array<std::string_view, 4> kTimeWords = {"now", "current", "today", "transaction"};

bool TellsOfMore(const std::string& name, size_t arguments) {
  // Of one time, age is that until today.
  if (name == "age" && arguments == 1) return true;
  return std::ranges::any_of(kTellingPrefixes, [&name](std::string_view prefix) {
    return std::string_view(name).starts_with(prefix);
  });
}

template <class Call>
bool IsConsistent(const Call& call) {
  return call.function.GetStability() == duckdb::FunctionStability::CONSISTENT &&
         !TellsOfMore(call.function.name, call.children.size());
}

bool IsRepeatable(const Expression& expression) {
  using duckdb::ExpressionClass;
  bool all = true;
  const auto expression_class = expression.GetExpressionClass();
  if (expression_class == ExpressionClass::BOUND_FUNCTION) {
    all = IsConsistent(expression.Cast<duckdb::BoundFunctionExpression>());
  } else if (expression_class == ExpressionClass::BOUND_AGGREGATE) {
    all = IsConsistent(expression.Cast<duckdb::BoundAggregateExpression>());
  } else if (expression_class == ExpressionClass::BOUND_SUBQUERY) {
    all = false;  // Flattened, but for those that nobody has thought of.
  }
  duckdb::ExpressionIterator::EnumerateChildren(
      expression, [&all](const Expression& child) { all = all && IsRepeatable(child); });
  return all;
}

bool IsOfPond(const duckdb::LogicalGet& get) {
  const auto table = get.GetTable();
  return get.function.name == kTableScanName && table &&
         table->ParentCatalog().GetName() == kPondCatalog;
}

bool MakesTheSame(const LogicalOperator& plan) {
  switch (plan.type) {
    case Type::LOGICAL_GET:
      return IsOfPond(plan.Cast<duckdb::LogicalGet>());
    case Type::LOGICAL_PROJECTION:
    case Type::LOGICAL_FILTER:
    case Type::LOGICAL_AGGREGATE_AND_GROUP_BY:
    case Type::LOGICAL_WINDOW:
    case Type::LOGICAL_UNNEST:
    case Type::LOGICAL_LIMIT:
    case Type::LOGICAL_ORDER_BY:
    case Type::LOGICAL_TOP_N:
    case Type::LOGICAL_DISTINCT:
    case Type::LOGICAL_PIVOT:
    case Type::LOGICAL_DELIM_GET:
    case Type::LOGICAL_EXPRESSION_GET:
    case Type::LOGICAL_DUMMY_SCAN:
    case Type::LOGICAL_EMPTY_RESULT:
    case Type::LOGICAL_CTE_REF:
    case Type::LOGICAL_JOIN:
    case Type::LOGICAL_DELIM_JOIN:
    case Type::LOGICAL_COMPARISON_JOIN:
    case Type::LOGICAL_ANY_JOIN:
    case Type::LOGICAL_CROSS_PRODUCT:
    case Type::LOGICAL_DEPENDENT_JOIN:
    case Type::LOGICAL_UNION:
    case Type::LOGICAL_EXCEPT:
    case Type::LOGICAL_INTERSECT:
    case Type::LOGICAL_RECURSIVE_CTE:
    case Type::LOGICAL_MATERIALIZED_CTE:
      return true;
    default:
      return false;
  }
}

bool IsRepeatable(LogicalOperator& plan, bool may_limit) {
  if (plan.type == Type::LOGICAL_LIMIT && !may_limit) return false;
  bool all = MakesTheSame(plan);
  duckdb::LogicalOperatorVisitor::EnumerateExpressions(
      plan, [&all](duckdb::unique_ptr<Expression>* expression) {
        all = all && IsRepeatable(**expression);
      });
  for (const auto& child : plan.children) all = all && IsRepeatable(*child, may_limit);
  return all;
}

void LookAtPlan(duckdb::OptimizerExtensionInput& input, duckdb::unique_ptr<LogicalOperator>& plan) {
  const auto note = AnswerNote::Of(input.context);
  if (!note->wanted()) return;
  const std::string text = duckdb::StringUtil::Lower(input.context.GetCurrentQuery());
  const bool may_limit = std::ranges::none_of(
      kTimeWords, [&text](std::string_view word) { return text.find(word) != std::string::npos; });
  note->Planned(IsRepeatable(*plan, may_limit));
}

}  // namespace

void AnswerNote::Forget(bool wanted) {
  wanted_ = wanted;
  statements_ = 0;
  repeatable_ = false;
  past_ = false;
  reads_ = 0;
}

void AnswerNote::QueryBegin(duckdb::ClientContext& /*client*/) {
  ++statements_;
  repeatable_ = false;
}

void AnswerNote::Saw(duckdb::ClientContext& client, const ReadVersion& read) {
  if (!wanted_) return;
  ++reads_;
  read_ = read;
  duckdb::Value zone;
  if (client.TryGetCurrentSetting("TimeZone", zone)) read_.zone = zone.ToString();
}

std::optional<ReadVersion> AnswerNote::read() const {
  return reads_ == 1 ? std::optional(read_) : std::nullopt;
}

std::optional<ReadVersion> AnswerNote::repeatable() const {
  return repeatable_ && statements_ == 1 && !past_ ? read() : std::nullopt;
}

void RegisterAnswerNote(duckdb::DatabaseInstance& instance) {
  duckdb::OptimizerExtension extension;
  extension.pre_optimize_function = LookAtPlan;
  duckdb::OptimizerExtension::Register(duckdb::DBConfig::GetConfig(instance), std::move(extension));
}

}  // namespace duckpond
