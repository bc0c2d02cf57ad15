// SPDX-License-Identifier: MIT
//
// Verify: reads a pond's whole history, segments and parts included, and checks that it is one
// chain, and that each base says what the commits before it made: the state, and the idempotency
// keys.
//
// Threads:  a task without state. Memory: one segment and one state at a time, however long the
//           history is.
#pragma once

#include "log/log_image.h"

namespace duckpond {

// Errors: kCorrupt naming the first thing that is wrong. Cost: one GET for pond.json and one for
// each segment and part, besides that of `image`.
Task<Result<EventLog::Report>> VerifyLog(SitePtr site, Context context, ImagePtr image);

}  // namespace duckpond
