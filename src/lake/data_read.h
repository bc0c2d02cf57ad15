// SPDX-License-Identifier: MIT
//
// Reading a part of a data file: the one place that knows what an answer about an immutable object,
// whose size the log tells, may look like.
//
// Threads:   a task; parameters by value but for the store.
// Lifetime:  `store` outlives the task.
#pragma once

#include <string>

#include "base/bytes.h"
#include "base/context.h"
#include "base/result.h"
#include "store/object_store.h"

namespace duckpond {

struct DataPart {
  std::string path;         // Of the object, below the pond's root.
  uint64_t file_bytes = 0;  // Its size, as the log says.
  uint64_t offset = 0;
  uint64_t bytes = 0;
};

// Exactly the bytes of the part. Errors: kCorrupt – the file is missing or has another size;
// kUnavailable – the transfer broke off, which says nothing of the file; those of the store.
// Cost: one GET, and one more, past all caches, before anything is called corrupt.
Task<Result<Bytes>> ReadDataPart(ObjectStore& store, Context context, DataPart part);

// The same from the store itself, past all caches and doors: for who found that what ReadDataPart
// gave does not have its checksum, before anything is called corrupt. Cost: one GET.
Task<Result<Bytes>> ReadDataPartAnew(ObjectStore& store, Context context, DataPart part);

}  // namespace duckpond
