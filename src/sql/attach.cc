// SPDX-License-Identifier: MIT
#include "sql/attach.h"

#include "base/encoding.h"
#include "base/hash.h"
#include "duckdb/planner/operator/logical_simple.hpp"
#include "duckdb/planner/planner_extension.hpp"
#include "sql/connection_state.h"
#include "sql/errors.h"
#include "sql/pond_catalog.h"
#include "sql/pond_data_engine.h"
#include "sql/pond_transaction.h"
#include "sql/settings.h"
#include "store/store_url.h"

namespace duckpond {
namespace {

constexpr const char* kSecretParameters[] = {"key_id",   "secret",    "session_token", "region",
                                             "endpoint", "url_style", "profile"};

std::string TextOf(const duckdb::KeyValueSecret& secret, const std::string& name) {
  const duckdb::Value value = secret.TryGetValue(name);
  return value.IsNull() ? "" : value.ToString();
}

std::string StyleOf(const duckdb::KeyValueSecret& secret) {
  return duckdb::StringUtil::Lower(TextOf(secret, "url_style"));
}

duckdb::unique_ptr<duckdb::BaseSecret> CreateSecret(duckdb::ClientContext&,
                                                    duckdb::CreateSecretInput& input) {
  auto scope = input.scope;
  if (scope.empty()) scope = {"s3://", "dynamodb://"};
  auto secret =
      duckdb::make_uniq<duckdb::KeyValueSecret>(scope, PondCatalog::kType, "config", input.name);
  for (const auto& [name, value] : input.options) {
    secret->secret_map[duckdb::StringUtil::Lower(name)] = value;
  }
  const std::string style = StyleOf(*secret);
  if (!style.empty() && style != "path" && style != "vhost") {
    ThrowStatus(Status::Invalid("URL_STYLE is 'path' or 'vhost', not '" + style + "'"));
  }
  secret->redact_keys = {"secret", "session_token"};
  return secret;
}

void ReadSecret(const duckdb::KeyValueSecret& secret, S3Options& options) {
  options.keys.access_key_id = TextOf(secret, "key_id");
  options.keys.secret_access_key = TextOf(secret, "secret");
  options.keys.session_token = TextOf(secret, "session_token");
  options.region = TextOf(secret, "region");
  options.endpoint = TextOf(secret, "endpoint");
  options.profile = TextOf(secret, "profile");
  if (const std::string style = StyleOf(secret); !style.empty()) {
    options.path_style = style == "path";
  }
  const duckdb::Value tls = secret.TryGetValue("use_ssl");
  if (!tls.IsNull())
    options.use_tls = tls.DefaultCastAs(duckdb::LogicalType::BOOLEAN).GetValue<bool>();
}

S3Options FindSecret(duckdb::ClientContext& client, const std::string& url) {
  S3Options options;
  auto& manager = duckdb::SecretManager::Get(client);
  const auto transaction = duckdb::CatalogTransaction::GetSystemCatalogTransaction(client);
  for (const char* type : {PondCatalog::kType, "s3"}) {
    auto match = manager.LookupSecret(transaction, url, type);
    if (!match.HasMatch()) continue;
    ReadSecret(dynamic_cast<const duckdb::KeyValueSecret&>(match.GetSecret()), options);
    break;
  }
  return options;
}

constexpr std::string_view kPrefix = "duckpond:";
// Before a URL whose scheme DuckDB is not to recognise; see RegisterAttachRewrite.
constexpr std::string_view kHidden = "pond+";

bool StartsWith(const std::string& text, std::string_view start) {
  return duckdb::StringUtil::CIEquals(text.substr(0, start.size()), std::string(start));
}

std::string Without(std::string_view start, const std::string& text) {
  return StartsWith(text, start) ? text.substr(start.size()) : text;
}

void HideScheme(duckdb::PlannerExtensionInput&, duckdb::BoundStatement& statement) {
  if (!statement.plan || statement.plan->type != duckdb::LogicalOperatorType::LOGICAL_ATTACH) {
    return;
  }
  auto& info = statement.plan->Cast<duckdb::LogicalSimple>().info->Cast<duckdb::AttachInfo>();
  bool is_pond = StartsWith(info.path, kPrefix);
  for (const auto& [name, value] : info.options) {
    const bool is_type = duckdb::StringUtil::CIEquals(name, "type");
    if (is_type && duckdb::StringUtil::CIEquals(value.ToString(), PondCatalog::kType)) {
      is_pond = true;
    }
  }
  const std::string url = Without(kPrefix, info.path);
  if (!is_pond || url.find("://") == std::string::npos) return;
  const std::string prefix = info.path.substr(0, info.path.size() - url.size());
  info.path = prefix + std::string(kHidden) + url;
}

struct AttachRequest {
  PondAttachment attachment;
  OpenOptions open;
};

AttachRequest ReadOptions(duckdb::ClientContext& client, duckdb::AttachInfo& info,
                          duckdb::AttachOptions& options) {
  AttachRequest request;
  std::optional<std::string> consistency;
  std::optional<double> freshness;
  // With TYPE duckpond, DuckDB leaves the prefix to us.
  request.attachment.url = Without(kHidden, Without(kPrefix, info.path));
  for (const auto& [name, value] : options.options) {
    const std::string option = duckdb::StringUtil::Lower(name);
    if (option == "snapshot_version") {
      request.attachment.version = VersionOf(value);
    } else if (option == "snapshot_time") {
      request.attachment.time_us = MicrosOf(client, value);
    } else if (option == "consistency") {
      consistency = value.ToString();
    } else if (option == "freshness") {
      freshness = SecondsOf(value);
    } else if (option == "cdn") {
      request.open.cdn = value.ToString();
    } else if (option == "latency") {
      request.open.latency = value.ToString();
    } else {
      ThrowStatus(Status::Invalid("ATTACH of a pond has no option " + name));
    }
  }
  if (request.attachment.version && request.attachment.time_us) {
    ThrowStatus(Status::Invalid("ATTACH takes SNAPSHOT_VERSION or SNAPSHOT_TIME, not both"));
  }
  request.attachment.consistency = ValueOrThrow(Consistency::Of(consistency, freshness));
  // The past cannot be changed: DuckDB then says so itself.
  if (request.attachment.version || request.attachment.time_us) {
    options.access_mode = duckdb::AccessMode::READ_ONLY;
  }
  request.attachment.read_only = options.access_mode == duckdb::AccessMode::READ_ONLY;
  request.open.create_directory = !request.attachment.read_only;
  return request;
}

// Who shares a log in this process: those who reach the same place in the same way.
std::string ShareOf(const AttachRequest& request) {
  const S3Options& s3 = request.open.s3;
  const std::string style = std::string(s3.path_style ? (*s3.path_style ? "path" : "host") : "") +
                            '\n' + (s3.use_tls ? "tls" : "plain");
  const std::string identity = style + '\n' + request.attachment.url + '\n' + request.open.latency +
                               '\n' + request.open.cdn + '\n' + s3.endpoint + '\n' + s3.region +
                               '\n' + s3.keys.access_key_id + '\n' + s3.keys.secret_access_key +
                               '\n' + s3.keys.session_token + '\n' + s3.profile;
  return HexEncode(Sha256(identity));
}

// The ledger of those who share a log: its requests are everybody's.
std::shared_ptr<CostLedger> LedgerOf(const std::string& share) {
  static std::mutex mutex;
  static auto* ledgers = new std::map<std::string, std::weak_ptr<CostLedger>>();
  std::lock_guard lock(mutex);
  std::erase_if(*ledgers, [](const auto& entry) { return entry.second.expired(); });
  std::weak_ptr<CostLedger>& entry = (*ledgers)[share];
  auto ledger = entry.lock();
  if (!ledger) entry = ledger = std::make_shared<CostLedger>();
  return ledger;
}

duckdb::unique_ptr<duckdb::Catalog> Attach(duckdb::optional_ptr<duckdb::StorageExtensionInfo>,
                                           duckdb::ClientContext& client,
                                           duckdb::AttachedDatabase& database,
                                           const std::string& /*name*/, duckdb::AttachInfo& info,
                                           duckdb::AttachOptions& options) {
  AttachRequest request = ReadOptions(client, info, options);
  request.open.cache = CacheOptionsOf(client);
  request.open.s3 = FindSecret(client, request.attachment.url);
  const std::string share = ShareOf(request);
  request.attachment.ledger = request.open.ledger = LedgerOf(share);
  Env& env = Env::Process();
  auto store = ValueOrThrow(OpenStore(env, request.attachment.url, std::move(request.open)));
  // A place that cannot be written: DuckDB says so itself then, of each statement that would.
  if (!store->traits().can_write) {
    options.access_mode = duckdb::AccessMode::READ_ONLY;
    request.attachment.read_only = true;
  }
  PondOptions pond_options;
  pond_options.read_only = request.attachment.read_only;
  auto pond = Pond::Open(env, std::move(store), std::move(pond_options), share);
  pond->SetEngine(MakeDataEngine(*client.db, pond));
  return duckdb::make_uniq<PondCatalog>(database, std::move(pond), std::move(request.attachment));
}

duckdb::unique_ptr<duckdb::TransactionManager> CreateTransactionManager(
    duckdb::optional_ptr<duckdb::StorageExtensionInfo>, duckdb::AttachedDatabase& database,
    duckdb::Catalog& catalog) {
  return duckdb::make_uniq<PondTransactionManager>(database, catalog.Cast<PondCatalog>());
}

}  // namespace

duckdb::shared_ptr<duckdb::StorageExtension> MakeStorageExtension() {
  auto extension = duckdb::make_shared_ptr<duckdb::StorageExtension>();
  extension->attach = Attach;
  extension->create_transaction_manager = CreateTransactionManager;
  return extension;
}

void RegisterAttachRewrite(duckdb::DatabaseInstance& instance) {
  duckdb::PlannerExtension extension;
  extension.post_bind_function = HideScheme;
  duckdb::PlannerExtension::Register(duckdb::DBConfig::GetConfig(instance), std::move(extension));
}

void RegisterSecrets(duckdb::ExtensionLoader& loader) {
  duckdb::SecretType type;
  type.name = PondCatalog::kType;
  type.deserializer = duckdb::KeyValueSecret::Deserialize<duckdb::KeyValueSecret>;
  type.default_provider = "config";
  type.extension = PondCatalog::kType;
  loader.RegisterSecretType(type);

  duckdb::CreateSecretFunction function = {PondCatalog::kType, "config", CreateSecret, {}};
  for (const char* name : kSecretParameters) {
    function.named_parameters[name] = duckdb::LogicalType::VARCHAR;
  }
  function.named_parameters["use_ssl"] = duckdb::LogicalType::BOOLEAN;
  loader.RegisterFunction(function);
}

}  // namespace duckpond
