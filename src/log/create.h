// SPDX-License-Identifier: MIT
//
// Making a pond: pond.json says "creating", the first log is written, pond.json says "ready". Every
// step is a conditional put that anybody may repeat, so a creation that was interrupted is finished
// by whoever comes next. Nothing is acknowledged on a pond that is not ready: a pond.json that says
// "creating" beside no log has lost nothing.
//
// Errors:  kExists – there is a pond; kInvalid – the place holds other things, or may not be
//          written; kUnsupported – the store does not honour conditions.
// Cost:    20 requests in eight round trips, once in a pond's life; most of them prove the store.
// Threads: any number of processes may create one pond at the same time; one pond comes of it.
#pragma once

#include <optional>

#include "log/log_image.h"
#include "log/pond_file.h"

namespace duckpond {

// Finishes a creation that anybody has begun, too.
Task<Status> CreatePond(SitePtr site, Context context);

struct FoundPondFile {
  PondFile file;
  ObjectTag tag;
};

// Makes pond.json say "ready". Cost: one PUT unless it does already, and one GET if what it says is
// not `known`.
Task<Status> EnsureReady(SitePtr site, Context context,
                         std::optional<FoundPondFile> known = std::nullopt);

// Proves the store, unless pond.json says that it was proven by this endpoint, and notes it there.
// Cost: one GET; the first time at an endpoint the proof's requests and a PUT more.
Task<Status> EnsureProven(SitePtr site, Context context);

// Errors: kNotFound if there is no pond.json.
Task<Result<FoundPondFile>> ReadPondFile(SitePtr site, Context context);

}  // namespace duckpond
