// SPDX-License-Identifier: MIT
//
// FindCommonKey: whether two sources of keys have one in common, found as cheaply as can be: by
// bounds, then by hashes, and only then by reading keys, and of a file only the row groups that may
// have them.
//
// Threads:  tasks over immutable values.
// Errors:   those of DataEngine::ReadKeys.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "lake/data_engine.h"
#include "lake/key_source.h"

namespace duckpond {

// Which key of which table is compared, and who reads files.
struct KeySite {
  std::shared_ptr<DataEngine> engine;
  TablePtr table;
  size_t place = 0;         // In TableDef::Keys().
  uint32_t constraint = 0;  // Its index in TableDef::constraints.
};

// Whether the bounds, and where they are known the hashes, say that no key is in both.
// Cost: no request.
bool SurelyApart(const KeySite& site, const KeySource& ours, const KeySource& theirs);

// A key that both have, if there is one. Cost: none where SurelyApart; else a read of each row
// group that may have a key of the other side.
using MaybeKey = std::optional<std::string>;
Task<Result<MaybeKey>> FindCommonKey(Context context, KeySite site, KeySourcePtr ours,
                                     KeySourcePtr theirs);

}  // namespace duckpond
