// SPDX-License-Identifier: MIT
#include "lake/key_probe.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace duckpond {
namespace {

using Kind = Predicate::Kind;

// About what looking up one key in a large list reads.
constexpr uint64_t kLookupBytes = 12 * 1024;

HashList ListOf(const DataFile& file, uint32_t constraint) {
  const auto key = std::ranges::find(file.keys, constraint, &KeySummary::constraint);
  return key == file.keys.end() ? HashList{} : key->hash_list;
}

// The values that a conjunction leaves a column; none if any.
const std::vector<std::string>* FixedValues(const Predicate& predicate, uint32_t field_id) {
  const bool fixes = predicate.kind == Kind::kEqual || predicate.kind == Kind::kIn;
  if (fixes && predicate.field_id == field_id) return &predicate.values;
  if (predicate.kind != Kind::kAnd) return nullptr;
  for (const Predicate& child : predicate.children) {
    if (const auto* values = FixedValues(child, field_id)) return values;
  }
  return nullptr;
}

// All keys that the predicate leaves; empty if it leaves a column open, or too many.
std::vector<std::string> FixedKeys(const Predicate& predicate, const Constraint& key) {
  std::vector<std::string> keys = {""};
  for (const uint32_t field_id : key.field_ids) {
    const auto* values = FixedValues(predicate, field_id);
    if (values == nullptr || keys.size() * values->size() > kProbedKeysMax) return {};
    std::vector<std::string> joined;
    for (const std::string& prefix : keys) {
      for (const std::string& value : *values) joined.push_back(prefix + value);
    }
    keys = std::move(joined);
  }
  CHECK(keys.size() <= kProbedKeysMax);
  return keys;
}

// Parameters by value: the task may outlive the call.
Task<Result<bool>> MayHaveAny(std::shared_ptr<HashLists> lists, Context context, KeyProbe probe,
                              DataFilePtr file) {
  HashLists::Place place{file, ListOf(*file, probe.constraint)};
  if (place.list.count == 0) co_return true;
  const auto found = co_await lists->Listed(context, std::move(place), std::move(probe.keys));
  if (!found.ok()) co_return found.error();
  co_return !found->empty();
}

}  // namespace

std::optional<KeyProbe> KeyProbeOf(const Predicate& predicate, const TableDef& def) {
  for (const size_t constraint : def.Keys()) {
    auto keys = FixedKeys(predicate, def.constraints[constraint]);
    if (!keys.empty()) return KeyProbe{static_cast<uint32_t>(constraint), std::move(keys)};
  }
  return std::nullopt;
}

bool ProbePays(const ReadPrice& price, const KeyProbe& probe,
               const std::vector<ProbedFile>& files) {
  CHECK(!probe.keys.empty());
  uint64_t listed = 0;
  double reading = 0;
  double looking = price.trip_usd;
  for (const ProbedFile& one : files) {
    const HashList list = ListOf(*one.file, probe.constraint);
    if (list.count == 0) continue;
    ++listed;
    reading += price.request_usd * static_cast<double>(one.requests) +
               price.byte_usd * static_cast<double>(one.bytes);
    // A list is read whole where that is no more than looking up all keys.
    const uint64_t whole = HashListBytes(list.count);
    const uint64_t lookups = kLookupBytes * probe.keys.size();
    const uint64_t requests = whole <= lookups ? 1 : probe.keys.size();
    looking += price.request_usd * static_cast<double>(requests) +
               price.byte_usd * static_cast<double>(std::min(whole, lookups));
  }
  if (listed <= probe.keys.size()) return false;  // Each key may be in a file of its own.
  const double found = static_cast<double>(probe.keys.size()) / static_cast<double>(listed);
  return looking + reading * found < reading;
}

Task<Result<std::vector<bool>>> MayHaveKeys(std::shared_ptr<HashLists> lists, Context context,
                                            KeyProbe probe, std::vector<DataFilePtr> files) {
  std::vector<Task<Result<bool>>> lookups;
  for (DataFilePtr& file : files) {
    lookups.push_back(MayHaveAny(lists, context, probe, std::move(file)));
  }
  auto answers = co_await WhenAll(std::move(lookups));
  std::vector<bool> may_have;
  for (auto& answer : answers) {
    if (!answer.ok()) co_return answer.error();
    may_have.push_back(*answer);
  }
  CHECK(may_have.size() == files.size());
  co_return may_have;
}

}  // namespace duckpond
