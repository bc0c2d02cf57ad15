// SPDX-License-Identifier: MIT
//
// FindCommonKey: whether two sources of keys have one in common, found as cheaply as can be: by
// bounds, then by hashes (known from the log, or listed in the file), and only then by reading
// keys, and of a file only the row groups that may have them.
//
// Threads:  tasks over immutable values.
// Errors:   those of DataEngine::ReadKeys and HashLists.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "lake/data_engine.h"
#include "lake/key_hash_list.h"
#include "lake/key_source.h"

namespace duckpond {

// Which key of which table is compared, and who reads files.
struct KeySite {
  std::shared_ptr<DataEngine> engine;
  std::shared_ptr<HashLists> hash_lists;
  TablePtr table;
  size_t place = 0;         // In TableDef::Keys().
  uint32_t constraint = 0;  // Its index in TableDef::constraints.
};

// Whether the bounds, and where they are known the hashes, say that no key is in both.
// Cost: no request.
bool SurelyApart(const KeySite& site, const KeySource& ours, const KeySource& theirs);

// A key that both have, if there is one. Cost: none where SurelyApart; else reads of the
// hash lists, and, where a hash is in both, of each row group that may have such a key.
using MaybeKey = std::optional<std::string>;
Task<Result<MaybeKey>> FindCommonKey(Context context, KeySite site, KeySourcePtr ours,
                                     KeySourcePtr theirs);

}  // namespace duckpond
