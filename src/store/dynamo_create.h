// SPDX-License-Identifier: MIT
//
// CreateDynamoTable: makes the table that ponds can lie in, billed on demand.
//
// Threads:  may be called concurrently; one of those who make the same table makes it.
// Errors:   DynamoClient's; kInvalid for a table of another schema, which is left as it is.
#pragma once

#include <string>

#include "base/env.h"
#include "store/s3_options.h"

namespace duckpond {

// Makes the table of `url`, if there is none, and waits until it can be used; true if there was
// none. Cost: two requests, and one every fifth of a second until the table is active.
Task<Result<bool>> CreateDynamoTable(Env& env, Context context, std::string url, S3Options options);

}  // namespace duckpond
