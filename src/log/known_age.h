// SPDX-License-Identifier: MIT
//
// How long ago the store said that what a log has Cached() is the newest version.
//
// Threads:  any.
// Units:    microseconds.
#pragma once

#include <cstdint>

#include "log/event_log.h"

namespace duckpond {

// `log` is one that EventLog::Open gave. Cost: none.
int64_t KnownAgeUs(const EventLog& log);

}  // namespace duckpond
