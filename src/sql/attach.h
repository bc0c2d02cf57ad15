// SPDX-License-Identifier: MIT
//
// ATTACH 'duckpond:<url>' AS pond (READ_ONLY, SNAPSHOT_VERSION n, SNAPSHOT_TIME t,
// CONSISTENCY c, FRESHNESS seconds, CDN '<url>', LATENCY '…'), and the secrets that say how to
// reach a bucket:
//   CREATE SECRET (TYPE duckpond, KEY_ID …, SECRET …, SESSION_TOKEN …, REGION …, ENDPOINT …,
//                  URL_STYLE 'path' | 'vhost', USE_SSL …, SCOPE 's3://…')
// Secrets of type s3 (httpfs) serve as well.
//
// Cost:     attaching makes no request.
// Errors:   an option or a URL that is wrong is an InvalidInputException naming it.
// Threads:  as DuckDB attaches.
#pragma once

#include "sql/duckdb_api.h"

namespace duckpond {

duckdb::shared_ptr<duckdb::StorageExtension> MakeStorageExtension();

void RegisterSecrets(duckdb::ExtensionLoader& loader);

// DuckDB takes the prefix off 'duckpond:s3://…', sees a remote file, and wants httpfs for it (and
// would open it read-only). This hides the scheme from it while it attaches.
void RegisterAttachRewrite(duckdb::DatabaseInstance& instance);

}  // namespace duckpond
