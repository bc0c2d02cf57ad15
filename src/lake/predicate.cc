// SPDX-License-Identifier: MIT
#include "lake/predicate.h"

#include <algorithm>
#include <optional>
#include <string_view>

#include "base/check.h"
#include "base/hash.h"

namespace duckpond {
namespace {

using Kind = Predicate::Kind;

// How the values of a column lie to a bound: what may be said when the bound is cut is said too.
struct Bounds {
  std::string_view min;
  std::string_view max;
  bool single = false;  // There is one value only, and it is `min`.
};

bool Within(const std::string& value, const Bounds& bounds) {
  return value >= bounds.min && value <= bounds.max;
}

// Whether a value within the bounds may stand in this relation to the predicate's.
bool MayCompare(const Predicate& predicate, const Bounds& bounds) {
  const std::vector<std::string>& values = predicate.values;
  DCHECK(predicate.kind == Kind::kIn || !values.empty());
  switch (predicate.kind) {
    case Kind::kEqual:
      return Within(values[0], bounds);
    case Kind::kNotEqual:
      return !bounds.single || values[0] != bounds.min;
    case Kind::kLess:
      return bounds.min < values[0];
    case Kind::kLessEqual:
      return bounds.min <= values[0];
    case Kind::kGreater:
      return bounds.max > values[0];
    case Kind::kGreaterEqual:
      return bounds.max >= values[0];
    case Kind::kIn:
      return std::ranges::any_of(values, [&](const std::string& v) { return Within(v, bounds); });
    default:
      return true;
  }
}

bool IsComparison(Kind kind) {
  return kind != Kind::kTrue && kind != Kind::kFalse && kind != Kind::kIsNull &&
         kind != Kind::kIsNotNull && kind != Kind::kAnd && kind != Kind::kOr;
}

// Walks the tree; `leaf` decides what is neither a constant nor a connective.
template <class Leaf>
bool Walk(const Predicate& predicate, const Leaf& leaf) {
  const auto child = [&](const Predicate& p) { return Walk(p, leaf); };
  switch (predicate.kind) {
    case Kind::kTrue:
      return true;
    case Kind::kFalse:
      return false;
    case Kind::kAnd:
      return std::ranges::all_of(predicate.children, child);
    case Kind::kOr:
      return std::ranges::any_of(predicate.children, child);
    default:
      // A comparison without a value is nothing that can be judged.
      return (IsComparison(predicate.kind) && predicate.kind != Kind::kIn &&
              predicate.values.empty()) ||
             leaf(predicate);
  }
}

// A column without statistics, or one that is not in the file, says nothing: the file is kept.
bool LeafMayMatch(const Predicate& predicate, const DataFile& file) {
  const auto column =
      std::ranges::find(file.statistics, predicate.field_id, &ColumnStatistics::field_id);
  if (column == file.statistics.end()) return true;
  if (predicate.kind == Kind::kIsNull) return column->nulls > 0;
  // No comparison is true of a NULL.
  if (column->nulls >= file.rows) return false;
  if (predicate.kind == Kind::kIsNotNull) return true;
  if (column->min && column->max) {
    const bool single = column->exact && *column->min == *column->max;
    return MayCompare(predicate, {*column->min, *column->max, single});
  }
  // With one bound, comparisons that need the other one stay possible.
  switch (predicate.kind) {
    case Kind::kLess:
    case Kind::kLessEqual:
      return !column->min || MayCompare(predicate, {*column->min, {}, false});
    case Kind::kGreater:
    case Kind::kGreaterEqual:
      return !column->max || MayCompare(predicate, {{}, *column->max, false});
    default:
      return true;
  }
}

// A joined key's bounds, and what is known of its columns.
struct JoinedBounds {
  const std::vector<uint32_t>* field_ids = nullptr;
  std::string_view min;
  std::string_view max;
  const std::vector<uint64_t>* hashes = nullptr;  // Null where they are not known.
};

// Values of one column are prefixes of joined keys, and no value's encoding is a prefix of
// another's: so a comparison with as many bytes of the bound decides.
bool FirstColumnMayMatch(const Predicate& predicate, const JoinedBounds& bounds) {
  DCHECK(bounds.field_ids != nullptr && !bounds.field_ids->empty());
  if (predicate.field_id != bounds.field_ids->front() || !IsComparison(predicate.kind)) return true;
  if (predicate.kind == Kind::kNotEqual) return true;
  return std::ranges::any_of(predicate.values, [&](const std::string& value) {
    Predicate one;
    one.kind = predicate.kind == Kind::kIn ? Kind::kEqual : predicate.kind;
    one.values.push_back(value);
    return MayCompare(
        one, {bounds.min.substr(0, value.size()), bounds.max.substr(0, value.size()), false});
  });
}

// The value that a conjunction fixes for a column, if it does.
const std::string* FixedValue(const Predicate& predicate, uint32_t field_id) {
  if (predicate.kind == Kind::kEqual && predicate.field_id == field_id &&
      !predicate.values.empty()) {
    return &predicate.values[0];
  }
  if (predicate.kind != Kind::kAnd) return nullptr;
  for (const Predicate& child : predicate.children) {
    if (const std::string* value = FixedValue(child, field_id)) return value;
  }
  return nullptr;
}

// What the conjunction fixes of the key, from its first column on.
struct FixedPrefix {
  std::string bytes;
  bool whole = false;
};
FixedPrefix PrefixOf(const Predicate& predicate, const std::vector<uint32_t>& field_ids) {
  FixedPrefix prefix;
  for (const uint32_t field_id : field_ids) {
    const std::string* value = FixedValue(predicate, field_id);
    if (value == nullptr) return prefix;
    prefix.bytes += *value;
  }
  prefix.whole = true;
  return prefix;
}

bool PrefixMayMatch(const Predicate& predicate, const JoinedBounds& bounds) {
  // As many bytes of the bounds as the prefix has: what follows in the key is not known.
  const FixedPrefix prefix = PrefixOf(predicate, *bounds.field_ids);
  if (prefix.bytes < bounds.min.substr(0, prefix.bytes.size()) ||
      prefix.bytes > bounds.max.substr(0, prefix.bytes.size())) {
    return false;
  }
  return !prefix.whole || bounds.hashes == nullptr ||
         std::ranges::binary_search(*bounds.hashes, Xxh3_64(prefix.bytes));
}

bool KeyMayMatch(const Predicate& predicate, const JoinedBounds& bounds) {
  // In a disjunction each side may fix another key.
  if (predicate.kind == Kind::kOr) {
    return std::ranges::any_of(predicate.children,
                               [&](const Predicate& p) { return KeyMayMatch(p, bounds); });
  }
  if (predicate.kind == Kind::kAnd && !std::ranges::all_of(predicate.children, [&](const auto& p) {
        return KeyMayMatch(p, bounds);
      })) {
    return false;
  }
  return Walk(predicate,
              [&](const Predicate& leaf) { return FirstColumnMayMatch(leaf, bounds); }) &&
         PrefixMayMatch(predicate, bounds);
}

// Whether all rows that a comparison on the key's first column finds lie within the key's bounds.
bool BoundsCoverRows(const TableDef& def, const Constraint& key) {
  if (key.kind == Constraint::Kind::kPrimaryKey || key.field_ids.size() == 1) return true;
  return std::ranges::all_of(key.field_ids, [&](uint32_t id) {
    const Column* column = def.FindColumn(id);
    return column != nullptr && column->not_null;
  });
}

}  // namespace

bool MayMatch(const Predicate& predicate, const DataFile& file) {
  return Walk(predicate, [&](const Predicate& leaf) { return LeafMayMatch(leaf, file); });
}

bool MayMatch(const Predicate& predicate, const TableDef& def, const DataFile& file) {
  if (!MayMatch(predicate, file)) return false;
  return std::ranges::all_of(file.keys, [&](const KeySummary& summary) {
    if (summary.constraint >= def.constraints.size()) return true;
    const Constraint& key = def.constraints[summary.constraint];
    if (key.field_ids.empty() || !BoundsCoverRows(def, key)) return true;
    return KeyMayMatch(predicate, {&key.field_ids, summary.min, summary.max,
                                   summary.hashes.empty() ? nullptr : &summary.hashes});
  });
}

bool MayMatch(const Predicate& predicate, const TableDef& def, const RowGroup& group) {
  const std::vector<size_t> keys = def.Keys();
  if (keys.empty() || group.key_max.empty()) return true;
  const Constraint& key = def.constraints[keys[0]];
  if (!BoundsCoverRows(def, key)) return true;
  return KeyMayMatch(predicate, {&key.field_ids, group.key_min, group.key_max, nullptr});
}

}  // namespace duckpond
