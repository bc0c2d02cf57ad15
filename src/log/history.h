// SPDX-License-Identifier: MIT
//
// History: versions older than the newest, from the log itself while they are in it and else from
// the segments that rolls left behind. A segment is a log object like any other, so a version is
// replayed the same way wherever it is.
//
// Errors:  kNotFound – a version that is not there; kCorrupt – a segment that is lost or altered.
// Cost:    one GET per segment needed, those that are listed together at the same time; a list goes
//          back kSegmentsListedMax segments, older ones cost one GET more for each such step.
// Threads: tasks without state; parameters by value.
#pragma once

#include <optional>
#include <vector>

#include "log/log_image.h"

namespace duckpond {

// The pond at `version`. REQUIRES: version <= image->version().
Task<Result<Snapshot>> ReplayTo(SitePtr site, Context context, ImagePtr image, Version version);

// The newest version not after `time_us`. Errors: kNotFound if the pond is younger.
Task<Result<Version>> VersionAtTime(SitePtr site, Context context, ImagePtr image, int64_t time_us);

// Commits first..last in order. REQUIRES: 1 <= first, last <= image->version().
Task<Result<std::vector<CommitRecord>>> ReadCommits(SitePtr site, Context context, ImagePtr image,
                                                    Version first, Version last);

// The commit of `transaction`, if it is among the versions after `after`; earlier ones are looked
// at where that costs nothing. Nothing found is certain: neither a segment that is lost nor a read
// that failed is taken for it. REQUIRES: after <= image->version().
struct TransactionQuery {
  Uuid transaction;
  Version after = 0;
};
Task<Result<std::optional<CommitReceipt>>> FindCommit(SitePtr site, Context context, ImagePtr image,
                                                      TransactionQuery query);

// All segments that can be reached from `base`, oldest first.
Task<Result<std::vector<SegmentRef>>> AllSegments(SitePtr site, Context context, BaseRecord base);

// The log object that `segment` names, checked against what it says.
Task<Result<DecodedLog>> ReadSegment(SitePtr site, Context context, SegmentRef segment);

}  // namespace duckpond
