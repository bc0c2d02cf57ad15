// SPDX-License-Identifier: MIT
//
// RenewedCredentials: keys that live for minutes or hours and are fetched anew before they end.
//
// Fetching:  one at a time, whoever waits for it. From five minutes before the end (or a quarter of
//            a shorter life) keys are fetched behind their users' backs, who go on with the old
//            ones; in the last minute (or twentieth) users wait. A fetch that fails behind their
//            backs is tried again half a minute later.
// Threads:   as CredentialsProvider.
// Lifetime:  borrows env; a fetch under way keeps what it needs.
// Errors:    those of the fetcher, after the name of the source.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "store/credentials.h"

namespace duckpond {

struct FetchedKeys {
  AwsKeys keys;
  std::optional<int64_t> expires_us;  // Of the time of day; none for keys without an end.
};

// One way of getting such keys.
class KeyFetcher {
 public:
  virtual ~KeyFetcher() = default;
  // REQUIRES: not called while another call is under way.
  // Errors: kInvalid – it must be set up otherwise; kUnavailable – it did not answer.
  virtual Task<Result<FetchedKeys>> Fetch(Context context) = 0;
  virtual const std::string& source() const = 0;
};

std::shared_ptr<CredentialsProvider> RenewedCredentials(Env& env,
                                                        std::shared_ptr<KeyFetcher> fetcher);

// {"AccessKeyId":…,"SecretAccessKey":…,"Token" or "SessionToken":…,"Expiration":…}, as metadata
// services and programs write it.
// Errors: kInvalid, repeating nothing of the text but the "Message" of a refusal.
Result<FetchedKeys> ReadKeysJson(std::string_view text);

}  // namespace duckpond
