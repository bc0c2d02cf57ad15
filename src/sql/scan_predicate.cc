// SPDX-License-Identifier: MIT
#include "sql/scan_predicate.h"

#include <algorithm>

#include "lake/key.h"
#include "sql/batch_convert.h"
#include "sql/errors.h"
#include "sql/types.h"

namespace duckpond {
namespace {

using duckdb::Expression;
using duckdb::ExpressionClass;
using duckdb::ExpressionType;
using Kind = Predicate::Kind;

Predicate True() { return {}; }

Predicate False() {
  Predicate result;
  result.kind = Kind::kFalse;
  return result;
}

Predicate Join(Kind kind, std::vector<Predicate> children) {
  Predicate result;
  result.kind = kind;
  result.children = std::move(children);
  return result;
}

std::optional<Kind> KindOf(ExpressionType type) {
  switch (type) {
    case ExpressionType::COMPARE_EQUAL:
      return Kind::kEqual;
    case ExpressionType::COMPARE_NOTEQUAL:
      return Kind::kNotEqual;
    case ExpressionType::COMPARE_LESSTHAN:
      return Kind::kLess;
    case ExpressionType::COMPARE_LESSTHANOREQUALTO:
      return Kind::kLessEqual;
    case ExpressionType::COMPARE_GREATERTHAN:
      return Kind::kGreater;
    case ExpressionType::COMPARE_GREATERTHANOREQUALTO:
      return Kind::kGreaterEqual;
    default:
      return std::nullopt;
  }
}

// column <kind> value
Predicate Compare(const Column& column, Kind kind, const duckdb::Value& value) {
  if (value.IsNull()) return False();  // Not true for any row.
  if (value.type() != ToDuckDb(column.type)) return True();
  auto key = KeyOf(value, column.type);
  if (!key) return True();
  Predicate result;
  result.kind = kind;
  result.field_id = column.field_id;
  result.values.push_back(*std::move(key));
  return result;
}

Predicate In(const Column& column, const std::vector<duckdb::Value>& values) {
  Predicate result;
  result.kind = Kind::kIn;
  result.field_id = column.field_id;
  for (const duckdb::Value& value : values) {
    if (value.IsNull()) continue;  // Equal to nothing.
    const Predicate equal = Compare(column, Kind::kEqual, value);
    if (equal.kind != Kind::kEqual) return True();
    result.values.push_back(equal.values[0]);
  }
  if (result.values.empty()) return False();
  std::sort(result.values.begin(), result.values.end());
  return result;
}

Predicate NullTest(const Column& column, bool is_null) {
  Predicate result;
  result.kind = is_null ? Kind::kIsNull : Kind::kIsNotNull;
  result.field_id = column.field_id;
  return result;
}

// Turns one expression into a predicate, with the table and the client at hand.
class Translator {
 public:
  Translator(duckdb::ClientContext& client, const TableDef& def) : client_(client), def_(def) {}

  Predicate Translate(const Expression& expression) const {
    switch (expression.GetExpressionClass()) {
      case ExpressionClass::BOUND_COMPARISON:
        return Comparison(expression.Cast<duckdb::BoundComparisonExpression>());
      case ExpressionClass::BOUND_CONJUNCTION:
        return Conjunction(expression.Cast<duckdb::BoundConjunctionExpression>());
      case ExpressionClass::BOUND_BETWEEN:
        return Between(expression.Cast<duckdb::BoundBetweenExpression>());
      case ExpressionClass::BOUND_OPERATOR:
        return Operator(expression.Cast<duckdb::BoundOperatorExpression>());
      default:
        return True();
    }
  }

 private:
  const Column* ColumnOf(const Expression& expression) const {
    if (expression.GetExpressionClass() != ExpressionClass::BOUND_REF) return nullptr;
    const auto place = expression.Cast<duckdb::BoundReferenceExpression>().index;
    return place < def_.columns.size() ? &def_.columns[place] : nullptr;
  }

  std::optional<duckdb::Value> ValueOf(const Expression& expression) const {
    if (expression.IsVolatile() || !expression.IsScalar()) return std::nullopt;
    std::optional<duckdb::Value> value;
    // An error is no matter here: the filter itself will say what is wrong, if a row gets as far.
    const Status status = CatchToStatus(
        [&] { value = duckdb::ExpressionExecutor::EvaluateScalar(client_, expression, true); });
    return status.ok() ? value : std::nullopt;
  }

  Predicate Comparison(const duckdb::BoundComparisonExpression& comparison) const {
    const auto kind = KindOf(comparison.GetExpressionType());
    const auto flipped = KindOf(duckdb::FlipComparisonExpression(comparison.GetExpressionType()));
    if (!kind || !flipped) return True();
    if (const Column* column = ColumnOf(*comparison.left)) {
      const auto value = ValueOf(*comparison.right);
      return value ? Compare(*column, *kind, *value) : True();
    }
    if (const Column* column = ColumnOf(*comparison.right)) {
      const auto value = ValueOf(*comparison.left);
      return value ? Compare(*column, *flipped, *value) : True();
    }
    return True();
  }

  Predicate Conjunction(const duckdb::BoundConjunctionExpression& conjunction) const {
    std::vector<Predicate> children;
    for (const auto& child : conjunction.children) children.push_back(Translate(*child));
    const bool is_and = conjunction.GetExpressionType() == ExpressionType::CONJUNCTION_AND;
    return Join(is_and ? Kind::kAnd : Kind::kOr, std::move(children));
  }

  Predicate Between(const duckdb::BoundBetweenExpression& between) const {
    const Column* column = ColumnOf(*between.input);
    if (!column) return True();
    std::vector<Predicate> children;
    if (const auto lower = ValueOf(*between.lower)) {
      children.push_back(
          Compare(*column, between.lower_inclusive ? Kind::kGreaterEqual : Kind::kGreater, *lower));
    }
    if (const auto upper = ValueOf(*between.upper)) {
      children.push_back(
          Compare(*column, between.upper_inclusive ? Kind::kLessEqual : Kind::kLess, *upper));
    }
    return Join(Kind::kAnd, std::move(children));
  }

  Predicate Operator(const duckdb::BoundOperatorExpression& op) const {
    const Column* column = op.children.empty() ? nullptr : ColumnOf(*op.children[0]);
    if (!column) return True();
    switch (op.GetExpressionType()) {
      case ExpressionType::OPERATOR_IS_NULL:
        return NullTest(*column, true);
      case ExpressionType::OPERATOR_IS_NOT_NULL:
        return NullTest(*column, false);
      case ExpressionType::COMPARE_IN: {
        std::vector<duckdb::Value> values;
        for (size_t i = 1; i < op.children.size(); ++i) {
          auto value = ValueOf(*op.children[i]);
          if (!value) return True();
          values.push_back(*std::move(value));
        }
        return In(*column, values);
      }
      default:
        return True();
    }
  }

  duckdb::ClientContext& client_;
  const TableDef& def_;
};

template <class Filter>
std::vector<Predicate> Children(const Filter& filter, const Column& column) {
  std::vector<Predicate> children;
  for (const auto& child : filter.child_filters) children.push_back(ToPredicate(*child, column));
  return children;
}

Predicate FromDynamic(const duckdb::DynamicFilter& filter, const Column& column) {
  if (!filter.filter_data) return True();
  std::lock_guard lock(filter.filter_data->lock);
  if (!filter.filter_data->initialized || !filter.filter_data->filter) return True();
  return ToPredicate(*filter.filter_data->filter, column);
}

}  // namespace

std::optional<std::string> KeyOf(const duckdb::Value& value, const Type& type) {
  if (value.IsNull() || !HasKeyOrder(type)) return std::nullopt;
  duckdb::Vector vector(value);
  ColumnData column = EmptyColumn(type);
  AppendVector(vector, 1, column, 0);
  return RowKey({&column}, 0);
}

Predicate ToPredicate(duckdb::ClientContext& client, const Expression& expression,
                      const TableDef& def) {
  return Translator(client, def).Translate(expression);
}

Predicate ToPredicate(const duckdb::TableFilter& filter, const Column& column) {
  switch (filter.filter_type) {
    case duckdb::TableFilterType::CONSTANT_COMPARISON: {
      const auto& constant = filter.Cast<duckdb::ConstantFilter>();
      const auto kind = KindOf(constant.comparison_type);
      return kind ? Compare(column, *kind, constant.constant) : True();
    }
    case duckdb::TableFilterType::IN_FILTER: {
      const auto& in = filter.Cast<duckdb::InFilter>();
      return In(column, {in.values.begin(), in.values.end()});
    }
    case duckdb::TableFilterType::IS_NULL:
      return NullTest(column, true);
    case duckdb::TableFilterType::IS_NOT_NULL:
      return NullTest(column, false);
    case duckdb::TableFilterType::CONJUNCTION_AND:
      return Join(Kind::kAnd, Children(filter.Cast<duckdb::ConjunctionAndFilter>(), column));
    case duckdb::TableFilterType::CONJUNCTION_OR:
      return Join(Kind::kOr, Children(filter.Cast<duckdb::ConjunctionOrFilter>(), column));
    case duckdb::TableFilterType::OPTIONAL_FILTER: {
      const auto& child = filter.Cast<duckdb::OptionalFilter>().child_filter;
      return child ? ToPredicate(*child, column) : True();
    }
    case duckdb::TableFilterType::DYNAMIC_FILTER:
      return FromDynamic(filter.Cast<duckdb::DynamicFilter>(), column);
    default:
      return True();
  }
}

}  // namespace duckpond
