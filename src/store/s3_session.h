// SPDX-License-Identifier: MIT
//
// ExpressSession: the sign-in of directory buckets (S3 Express One Zone). Requests are signed with
// keys of a session, which CreateSession gives for five minutes in exchange for one's own.
//
// Threads:   as CredentialsProvider.
// Lifetime:  borrows env.
// Cost:      one request each four minutes or so, which no meter counts.
// Errors:    of Get: those of the own keys; kInvalid – they may not s3express:CreateSession.
#pragma once

#include <memory>

#include "store/credentials.h"
#include "store/s3_options.h"

namespace duckpond {

// With the credentials, client and clock of `options`. REQUIRES: FindAccess has filled them in.
std::shared_ptr<CredentialsProvider> ExpressSession(Env& env, const S3Place& place,
                                                    const S3Options& options);

}  // namespace duckpond
