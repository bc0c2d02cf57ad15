// SPDX-License-Identifier: MIT
//
// CredentialsProvider: where a store gets the keys it signs with, each time it signs: keys may be
// replaced while a process runs. FindCredentials walks the chain that AWS's own tools walk.
//
// Threads:   all methods may be called concurrently.
// Secrets:   keys are in no message; source() says where they come from instead.
// Cost:      requests for keys are not a store's: no meter counts them.
#pragma once

#include <memory>
#include <string>

#include "base/context.h"
#include "base/env.h"
#include "base/result.h"
#include "base/task.h"
#include "net/http_settings.h"
#include "net/sigv4.h"

namespace duckpond {

class CredentialsProvider {
 public:
  virtual ~CredentialsProvider() = default;

  // The keys to sign with now.
  // Errors: kInvalid if they are no longer where they were found; kUnavailable if whoever hands
  // them out does not answer.
  virtual Task<Result<AwsKeys>> Get(Context context) = 0;

  // Tells that a server has refused these keys as expired. Returns whether the next Get may give
  // others, so that signing again is worth it.
  virtual bool Renew(const AwsKeys& /*refused*/) { return false; }

  // For messages: "the environment", "profile default of /home/u/.aws/credentials".
  virtual const std::string& source() const = 0;
};

// Keys that were handed to us, by a secret or an option.
std::shared_ptr<CredentialsProvider> GivenCredentials(AwsKeys keys, std::string source);

// The first that has keys of: a profile asked for by name; in the environment, AWS_ACCESS_KEY_ID
// and its like, then AWS_WEB_IDENTITY_TOKEN_FILE with AWS_ROLE_ARN; the profile AWS_PROFILE (or
// "default") of the shared files; the container's endpoint; the machine's metadata service. Nothing
// is asked of a server before the first Get.
// Errors: kInvalid, naming the places that were looked at, if none has; kUnsupported for a profile
// whose keys are to be fetched in a way that we do not offer.
// Lifetime: borrows env.
Result<std::shared_ptr<CredentialsProvider>> FindCredentials(Env& env,
                                                             const EnvironmentLookup& environment,
                                                             const std::string& profile);

}  // namespace duckpond
