// SPDX-License-Identifier: MIT
//
// Keys of a role that is assumed at AWS's Security Token Service, or at a server that answers as
// it does: with other keys, or with a token that an identity provider has written into a file.
//
// Threads:   see KeyFetcher.
// Secrets:   neither keys nor tokens are in a message.
// Cost:      one request a fetch.
#pragma once

#include <memory>
#include <string>

#include "store/renewed_credentials.h"

namespace duckpond {

struct StsPlace {
  std::string url;  // Ends with '/'.
  std::string region;
  HttpSettings http;

  // AWS_ENDPOINT_URL_STS, AWS_ENDPOINT_URL, or AWS's own of AWS_REGION, AWS_DEFAULT_REGION,
  // `profile_region` or us-east-1.
  static StsPlace Of(const EnvironmentLookup& environment, const std::string& profile_region);
};

struct RoleToAssume {
  std::string arn;
  std::string session_name = {};  // "duckpond" if empty.
  std::string external_id = {};
  std::string duration_s = {};
};

std::shared_ptr<KeyFetcher> FetchByRole(Env& env, StsPlace place, RoleToAssume role,
                                        std::shared_ptr<CredentialsProvider> with);

std::shared_ptr<KeyFetcher> FetchWithWebIdentity(StsPlace place, RoleToAssume role,
                                                 std::string token_path);

}  // namespace duckpond
