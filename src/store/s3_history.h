// SPDX-License-Identifier: MIT
//
// S3History: the versions that a bucket keeps, as an ObjectHistory: ListObjectVersions, and
// GetObject of one version.
//
// Threads:   all methods may be called concurrently.
// Lifetime:  borrows Env, which must outlive it; outlives its tasks.
// Errors:    as store/s3_reply.h. kInvalid where it may not be listed: s3:ListBucketVersions and
//            s3:GetObjectVersion are needed,
//            s3:DeleteObjectVersion to take back a deletion.
#pragma once

#include <memory>
#include <string>

#include "base/env.h"
#include "store/object_history.h"
#include "store/s3_options.h"

namespace duckpond {

// Of the objects of `url` ("s3://bucket/prefix"). Makes no request. Errors: as OpenS3.
Result<std::shared_ptr<ObjectHistory>> OpenS3History(Env& env, const std::string& url,
                                                     S3Options options);

}  // namespace duckpond
