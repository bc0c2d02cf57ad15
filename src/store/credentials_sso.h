// SPDX-License-Identifier: MIT
//
// Keys of a role of AWS IAM Identity Center ("SSO"), in exchange for the token that `aws sso login`
// has left in ~/.aws/sso/cache. Nobody is sent to a browser from here: a token that has ended, or
// is not there, is an error that says what to run.
//
// Threads:   see KeyFetcher.
// Secrets:   neither keys nor the token are in a message.
#pragma once

#include <memory>
#include <string>

#include "base/env.h"
#include "store/aws_profile.h"
#include "store/renewed_credentials.h"

namespace duckpond {

// Of the profile of `files`, whose settings these are: sso_account_id, sso_role_name, and either
// sso_session or sso_start_url with sso_region. Null if it has none of them. The portal is that of
// the region, or AWS_ENDPOINT_URL_SSO.
// Errors: kInvalid, naming the setting that is missing.
// Lifetime: borrows env. Cost: one request a fetch, and the reading of a small file.
Result<std::shared_ptr<KeyFetcher>> FetchBySso(Env& env, const EnvironmentLookup& environment,
                                               const AwsFiles& files, ProfileSettings settings);

}  // namespace duckpond
