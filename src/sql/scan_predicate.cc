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

// column starts with `prefix`. Its next sibling in the order of bytes need not be valid UTF-8.
Predicate StartsWith(const Column& column, const std::string& prefix) {
  if (prefix.empty() || column.type.id != TypeId::kVarchar) return True();
  std::string behind = prefix;
  ++behind.back();  // Never overflows: UTF-8 has no byte 0xFF.
  const auto bound = [&](Kind kind, const std::string& text) {
    Predicate result;
    result.kind = kind;
    result.field_id = column.field_id;
    AppendKey(column.type, text, result.values.emplace_back());
    return result;
  };
  return Join(Kind::kAnd, {bound(Kind::kGreaterEqual, prefix), bound(Kind::kLess, behind)});
}

// Whether values have neighbours, and fit into a HUGEINT with room.
bool IsWhole(const duckdb::LogicalType& type) {
  return type.id() == duckdb::LogicalTypeId::DATE ||
         (type.IsIntegral() && duckdb::GetTypeIdSize(type.InternalType()) <= 8);
}

// Whether a cast keeps the order of values, and tells all of them apart.
bool KeepsOrder(const duckdb::LogicalType& from, const duckdb::LogicalType& to) {
  if (from.id() == duckdb::LogicalTypeId::DATE) {
    return to.id() == duckdb::LogicalTypeId::TIMESTAMP;
  }
  if (!from.IsIntegral()) return false;
  // Doubles have 53 bits for whole numbers.
  const bool is_small = duckdb::GetTypeIdSize(from.InternalType()) <= 4;
  return to.IsIntegral() || to.id() == duckdb::LogicalTypeId::DECIMAL ||
         (to.id() == duckdb::LogicalTypeId::DOUBLE && is_small);
}

// None where the cast fails: without a place for the error, DuckDB throws it.
std::optional<duckdb::Value> CastTo(const duckdb::Value& value, const duckdb::LogicalType& type) {
  duckdb::Value cast;
  std::string error;
  return value.DefaultTryCastAs(type, cast, &error) ? std::optional(cast) : std::nullopt;
}

// The next value of a type that IsWhole, or the one before; none at the end of its range.
std::optional<duckdb::Value> Step(const duckdb::Value& value, int by) {
  if (value.type().id() != duckdb::LogicalTypeId::DATE) {
    const auto number = value.DefaultCastAs(duckdb::LogicalType::HUGEINT);
    return CastTo(duckdb::Value::HUGEINT(number.GetValue<duckdb::hugeint_t>() + by), value.type());
  }
  const auto days = duckdb::Value::BIGINT(int64_t{value.GetValue<duckdb::date_t>().days} + by);
  const auto moved = CastTo(days, duckdb::LogicalType::INTEGER);
  if (!moved) return std::nullopt;
  return duckdb::Value::DATE(duckdb::date_t(moved->GetValue<int32_t>()));
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
      case ExpressionClass::BOUND_FUNCTION:
        return Function(expression.Cast<duckdb::BoundFunctionExpression>());
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
    const ExpressionType type = comparison.GetExpressionType();
    if (const auto value = ValueOf(*comparison.right)) {
      return Compared(*comparison.left, type, *value);
    }
    if (const auto value = ValueOf(*comparison.left)) {
      return Compared(*comparison.right, duckdb::FlipComparisonExpression(type), *value);
    }
    return True();
  }

  // <column, or a cast of one> <type> value
  Predicate Compared(const Expression& side, ExpressionType type,
                     const duckdb::Value& value) const {
    const Column* column = ColumnOf(side);
    if (type == ExpressionType::COMPARE_NOT_DISTINCT_FROM) {
      if (value.IsNull()) return column ? NullTest(*column, true) : True();
      type = ExpressionType::COMPARE_EQUAL;
    }
    const auto kind = KindOf(type);
    if (!kind) return True();
    if (column) return Compare(*column, *kind, value);
    if (side.GetExpressionClass() != ExpressionClass::BOUND_CAST || value.IsNull()) return True();
    const auto& cast = side.Cast<duckdb::BoundCastExpression>();
    column = ColumnOf(*cast.child);
    if (!column || cast.try_cast || value.type() != cast.return_type) return True();
    return ComparedCast(*column, *kind, value);
  }

  // CAST(column AS <the type of `value`>) <kind> value
  Predicate ComparedCast(const Column& column, Kind kind, const duckdb::Value& value) const {
    const duckdb::LogicalType type = ToDuckDb(column.type);
    if (type.id() == duckdb::LogicalTypeId::TIMESTAMP &&
        value.type().id() == duckdb::LogicalTypeId::DATE) {
      return ComparedDay(column, kind, value);
    }
    if (!IsWhole(type) || !KeepsOrder(type, value.type())) return True();
    const auto nearest = CastTo(value, type);
    const auto cast_back = nearest ? CastTo(*nearest, value.type()) : std::nullopt;
    if (!cast_back) return True();
    const duckdb::Value& back = *cast_back;
    if (back == value) return Compare(column, kind, *nearest);
    // No value of the column is equal: it is between two that follow each other.
    const auto below = back < value ? nearest : Step(*nearest, -1);
    const auto above = back < value ? Step(*nearest, 1) : nearest;
    switch (kind) {
      case Kind::kEqual:
        return False();
      case Kind::kGreater:
      case Kind::kGreaterEqual:
        return below ? Compare(column, Kind::kGreater, *below) : True();
      case Kind::kLess:
      case Kind::kLessEqual:
        return above ? Compare(column, Kind::kLess, *above) : True();
      default:
        return True();
    }
  }

  // CAST(column AS DATE) <kind> day, of a TIMESTAMP.
  Predicate ComparedDay(const Column& column, Kind kind, const duckdb::Value& day) const {
    const auto next_day = Step(day, 1);
    const duckdb::LogicalType type = ToDuckDb(column.type);
    const auto day_begin = CastTo(day, type);
    const auto day_end = next_day ? CastTo(*next_day, type) : std::nullopt;
    if (!day_begin || !day_end) return True();
    const duckdb::Value& begin = *day_begin;
    const duckdb::Value& end = *day_end;
    switch (kind) {
      case Kind::kEqual:
        return Join(Kind::kAnd, {Compare(column, Kind::kGreaterEqual, begin),
                                 Compare(column, Kind::kLess, end)});
      case Kind::kGreater:
        return Compare(column, Kind::kGreaterEqual, end);
      case Kind::kGreaterEqual:
        return Compare(column, Kind::kGreaterEqual, begin);
      case Kind::kLess:
        return Compare(column, Kind::kLess, begin);
      case Kind::kLessEqual:
        return Compare(column, Kind::kLess, end);
      default:
        return True();
    }
  }

  Predicate Conjunction(const duckdb::BoundConjunctionExpression& conjunction) const {
    std::vector<Predicate> children;
    for (const auto& child : conjunction.children) children.push_back(Translate(*child));
    const bool is_and = conjunction.GetExpressionType() == ExpressionType::CONJUNCTION_AND;
    return Join(is_and ? Kind::kAnd : Kind::kOr, std::move(children));
  }

  Predicate Between(const duckdb::BoundBetweenExpression& between) const {
    std::vector<Predicate> children;
    if (const auto lower = ValueOf(*between.lower)) {
      children.push_back(Compared(*between.input,
                                  between.lower_inclusive
                                      ? ExpressionType::COMPARE_GREATERTHANOREQUALTO
                                      : ExpressionType::COMPARE_GREATERTHAN,
                                  *lower));
    }
    if (const auto upper = ValueOf(*between.upper)) {
      children.push_back(Compared(*between.input,
                                  between.upper_inclusive
                                      ? ExpressionType::COMPARE_LESSTHANOREQUALTO
                                      : ExpressionType::COMPARE_LESSTHAN,
                                  *upper));
    }
    return Join(Kind::kAnd, std::move(children));
  }

  Predicate Function(const duckdb::BoundFunctionExpression& function) const {
    const std::string& name = function.function.name;
    if ((name != "starts_with" && name != "^@" && name != "prefix") ||
        function.children.size() != 2) {
      return True();
    }
    const Column* column = ColumnOf(*function.children[0]);
    const auto prefix = ValueOf(*function.children[1]);
    if (!column || !prefix || prefix->type().id() != duckdb::LogicalTypeId::VARCHAR) return True();
    return prefix->IsNull() ? False() : StartsWith(*column, duckdb::StringValue::Get(*prefix));
  }

  Predicate Operator(const duckdb::BoundOperatorExpression& op) const {
    if (op.children.empty()) return True();
    const Column* column = ColumnOf(*op.children[0]);
    switch (op.GetExpressionType()) {
      case ExpressionType::OPERATOR_IS_NULL:
        return column ? NullTest(*column, true) : True();
      case ExpressionType::OPERATOR_IS_NOT_NULL:
        return column ? NullTest(*column, false) : True();
      case ExpressionType::COMPARE_IN: {
        std::vector<duckdb::Value> values;
        for (size_t i = 1; i < op.children.size(); ++i) {
          auto value = ValueOf(*op.children[i]);
          if (!value) return True();
          values.push_back(*std::move(value));
        }
        if (column) return In(*column, values);
        std::vector<Predicate> equals;
        for (const duckdb::Value& value : values) {
          equals.push_back(value.IsNull()
                               ? False()
                               : Compared(*op.children[0], ExpressionType::COMPARE_EQUAL, value));
        }
        return Join(Kind::kOr, std::move(equals));
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

bool Changes(const duckdb::TableFilter& filter) {
  const auto any_changes = [](const auto& filters) {
    return std::ranges::any_of(filters, [](const auto& child) { return Changes(*child); });
  };
  switch (filter.filter_type) {
    case duckdb::TableFilterType::DYNAMIC_FILTER:
      return true;
    case duckdb::TableFilterType::OPTIONAL_FILTER: {
      const auto& child = filter.Cast<duckdb::OptionalFilter>().child_filter;
      return child && Changes(*child);
    }
    case duckdb::TableFilterType::CONJUNCTION_AND:
      return any_changes(filter.Cast<duckdb::ConjunctionAndFilter>().child_filters);
    case duckdb::TableFilterType::CONJUNCTION_OR:
      return any_changes(filter.Cast<duckdb::ConjunctionOrFilter>().child_filters);
    default:
      return false;
  }
}

}  // namespace duckpond
