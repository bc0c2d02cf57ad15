// SPDX-License-Identifier: MIT
//
// Keys that the place where a process runs hands out: the endpoint of a container (ECS, EKS pod
// identity, Lambda-like runtimes) and the metadata service, version 2, of a machine (EC2).
//
// Threads:   see KeyFetcher.
// Secrets:   neither keys nor tokens are in a message.
// Network:   never through a proxy. Keys are asked for over plain HTTP of this machine or a
//            link-local address only, else over https.
#pragma once

#include <memory>
#include <string>

#include "store/renewed_credentials.h"

namespace duckpond {

// AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or _FULL_URI, with AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE
// or _TOKEN; null where neither is set.
// Errors: kInvalid for a URI to which keys must not be entrusted.
// Cost: one request a fetch.
Result<std::shared_ptr<KeyFetcher>> FetchFromContainer(const EnvironmentLookup& environment);

// AWS_EC2_METADATA_DISABLED.
bool MetadataDisabled(const EnvironmentLookup& environment);

// AWS_EC2_METADATA_SERVICE_ENDPOINT, or the usual one. A machine that has none and never had one is
// kInvalid with the text `looked_at`, which says where else keys were looked for.
// Errors: kInvalid for an endpoint that is no URL.
// Cost: three requests a fetch, one after the other.
Result<std::shared_ptr<KeyFetcher>> FetchFromMachine(const EnvironmentLookup& environment,
                                                     std::string looked_at);

}  // namespace duckpond
