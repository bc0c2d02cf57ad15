// SPDX-License-Identifier: MIT
//
// CredentialsProvider: where a store gets the keys it signs with, each time it signs: keys may be
// replaced while a process runs. FindCredentials walks the chain that AWS's own tools walk.
//
// Threads:   Get may be called concurrently.
// Secrets:   keys are in no message; source() says where they come from instead.
#pragma once

#include <memory>
#include <string>

#include "base/context.h"
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

  // For messages: "the environment", "profile default of /home/u/.aws/credentials".
  virtual const std::string& source() const = 0;
};

// Keys that were handed to us, by a secret or an option.
std::shared_ptr<CredentialsProvider> GivenCredentials(AwsKeys keys, std::string source);

// The first that has keys of: a profile asked for by name, AWS_ACCESS_KEY_ID and its like in the
// environment, the profile AWS_PROFILE (or "default") of the shared credentials file and of the
// shared config file.
// Errors: kInvalid, naming the places that were looked at, if none has; kUnsupported for a profile
// whose keys are to be fetched in a way that we do not offer.
Result<std::shared_ptr<CredentialsProvider>> FindCredentials(const EnvironmentLookup& environment,
                                                             const std::string& profile);

}  // namespace duckpond
