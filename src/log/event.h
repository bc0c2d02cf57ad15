// SPDX-License-Identifier: MIT
//
// Event and CommitRecord: what the log is made of. A commit is a version of the pond; its events
// say what changed. The log carries events without knowing what they mean; a Folder (log/folder.h)
// does.
//
// Units:   versions are dense and rise by one from 1; version 0 is the pond before its first
// commit.
//          Times are microseconds since the Unix epoch, UTC, and rise strictly from commit to
//          commit.
// Format:  docs/formats/log.md
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/uuid.h"

namespace duckpond {

using Version = uint64_t;

struct Event {
  Uuid id;           // Version 7.
  std::string name;  // "create_table", "add_file", …
  std::string data;  // One JSON object, without line breaks.
  // A reader or writer that does not know `name` may go on as if the event were not there.
  bool ignorable = false;
};

struct CommitRecord {
  Version version = 0;
  Uuid transaction;  // The same in every attempt to commit.
  int64_t time_us = 0;
  std::string writer;           // The program and its version.
  std::string author;           // As the committer gave it; may be empty.
  std::string message;          // As the committer gave it; may be empty.
  std::string idempotency_key;  // Empty for none.
  std::vector<Event> events;
};

}  // namespace duckpond
