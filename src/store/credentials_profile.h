// SPDX-License-Identifier: MIT
//
// The keys of one profile of AWS's shared files: written there, or those of a role that it names.
//
// Threads:   as CredentialsProvider.
// Secrets:   keys are in no message.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "store/aws_profile.h"
#include "store/credentials.h"

namespace duckpond {

// AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN; nothing unless the first two are
// there.
std::optional<AwsKeys> EnvironmentKeys(const EnvironmentLookup& environment);

// "profile dev of /home/u/.aws/credentials and /home/u/.aws/config"
std::string ProfileName(const AwsFiles& files);

// By the first of: `role_arn` with `web_identity_token_file`, `source_profile` (which may name
// another role) or `credential_source`; single sign-on (`sso_session`, `sso_start_url`); keys in
// the file, read again when it has changed; `credential_process`. Null if the profile has none of
// them, or is not there. Errors: kInvalid – a file that cannot be read, a role that lacks
// something, roles in a circle. kUnsupported – a second factor.
Result<std::shared_ptr<CredentialsProvider>> ProfileCredentials(
    Env& env, const EnvironmentLookup& environment, const AwsFiles& files);

}  // namespace duckpond
