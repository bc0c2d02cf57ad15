// SPDX-License-Identifier: MIT
#include "sql/settings.h"

#include "net/http_settings.h"
#include "sql/errors.h"

namespace duckpond {
namespace {

using duckdb::LogicalType;
using duckdb::Value;

constexpr const char* kConsistency = "duckpond_consistency";
constexpr const char* kFreshness = "duckpond_freshness";
constexpr const char* kMemory = "duckpond_cache_memory";
constexpr const char* kFolder = "duckpond_cache_dir";
constexpr const char* kDisk = "duckpond_cache_disk";

bool IsSaid(const Value& value) { return !value.IsNull() && !value.ToString().empty(); }

void CheckConsistency(duckdb::ClientContext&, duckdb::SetScope, Value& value) {
  if (IsSaid(value)) ValueOrThrow(Consistency::Of(value.ToString(), {}));
}

void CheckFreshness(duckdb::ClientContext&, duckdb::SetScope, Value& value) {
  if (IsSaid(value)) ValueOrThrow(Consistency::Of({}, SecondsOf(value)));
}

void CheckBytes(duckdb::ClientContext&, duckdb::SetScope, Value& value) {
  duckdb::DBConfig::ParseMemoryLimit(value.ToString());
}

void CheckGlobal(duckdb::ClientContext&, duckdb::SetScope scope, Value&) {
  if (scope == duckdb::SetScope::SESSION) {
    ThrowStatus(Status::Invalid("caches are the whole instance's: SET GLOBAL sets them"));
  }
}

void CheckGlobalBytes(duckdb::ClientContext& client, duckdb::SetScope scope, Value& value) {
  CheckGlobal(client, scope, value);
  CheckBytes(client, scope, value);
}

// NULL where nothing was set.
Value SettingOf(const duckdb::ClientContext& client, const char* name) {
  Value value;
  return client.TryGetCurrentSetting(name, value) ? value : Value();
}

std::string DefaultFolder() {
  const auto folder = ProcessEnvironment("DUCKPOND_CACHE_DIR");
  return folder && *folder != "none" ? *folder : "";
}

}  // namespace

double SecondsOf(const Value& value) {
  Value seconds;
  std::string why;
  const bool done = value.DefaultTryCastAs(LogicalType::DOUBLE, seconds, &why);
  if (!done || seconds.IsNull()) {
    ThrowStatus(Status::Invalid("freshness is seconds, not " + value.ToString()));
  }
  return duckdb::DoubleValue::Get(seconds);
}

void RegisterSettings(duckdb::DatabaseInstance& instance) {
  auto& config = duckdb::DBConfig::GetConfig(instance);
  const CacheOptions cache;
  const auto text = [](uint64_t bytes) { return Value(duckdb::to_string(bytes) + "B"); };
  config.AddExtensionOption(
      kConsistency, "How new what a pond shows is: latest, bounded or cached; '': as attached",
      LogicalType::VARCHAR, Value(""), CheckConsistency);
  config.AddExtensionOption(
      kFreshness,
      "Seconds: how old bounded answers are at most, how old cached ones before they "
      "are asked for anew",
      LogicalType::VARCHAR, Value(""), CheckFreshness);
  const auto global = duckdb::SetScope::GLOBAL;
  config.AddExtensionOption(kMemory, "Bytes of stores that are kept in memory; read by ATTACH",
                            LogicalType::VARCHAR, text(cache.memory_bytes_max), CheckGlobalBytes,
                            global);
  config.AddExtensionOption(kFolder, "The folder in which bytes of stores are kept; read by ATTACH",
                            LogicalType::VARCHAR, Value(DefaultFolder()), CheckGlobal, global);
  config.AddExtensionOption(kDisk, "Bytes that are kept in that folder; read by ATTACH",
                            LogicalType::VARCHAR, text(cache.disk_bytes_max), CheckGlobalBytes,
                            global);
}

std::optional<Consistency> ConsistencyOf(const duckdb::ClientContext& client) {
  const Value word = SettingOf(client, kConsistency);
  const Value seconds = SettingOf(client, kFreshness);
  if (!IsSaid(word) && !IsSaid(seconds)) return std::nullopt;
  std::optional<double> age;
  if (IsSaid(seconds)) age = SecondsOf(seconds);
  if (!IsSaid(word)) return ValueOrThrow(Consistency::Of({}, age));
  const std::string name = word.ToString();
  // Two settings are set one after the other: an age that does not fit yet is no error.
  const Consistency alone = ValueOrThrow(Consistency::Of(name, {}));
  if (alone.kind == Consistency::Kind::kLatest) return alone;
  return ValueOrThrow(Consistency::Of(name, age));
}

CacheOptions CacheOptionsOf(const duckdb::ClientContext& client) {
  CacheOptions options;
  options.memory_bytes_max =
      duckdb::DBConfig::ParseMemoryLimit(SettingOf(client, kMemory).ToString());
  options.folder = SettingOf(client, kFolder).ToString();
  // Nobody asked for that one by name: where it cannot be made, there is none.
  options.folder_may_fail = options.folder == DefaultCacheFolder();
  options.disk_bytes_max = duckdb::DBConfig::ParseMemoryLimit(SettingOf(client, kDisk).ToString());
  return options;
}

}  // namespace duckpond
