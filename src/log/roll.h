// SPDX-License-Identifier: MIT
//
// Rolling: putting the state at version k in the place of the frames up to k. What takes time, the
// segment and the parts of a large state, is written beforehand; the swap then costs nothing, since
// it rides on a commit's own put, and keeps the frames after k byte for byte. Commits that came
// meanwhile do not spoil it, so a log under load rolls as well as an idle one. A process that dies
// between leaves objects that no log names.
//
// Threads:  tasks and functions without state. A PreparedRoll is not changed once it was shared.
// Errors:   kExhausted – no reader would take such a base; kInternal – none takes this one, which
//           is a bug; else as ObjectStore. Nothing has changed in any of these cases.
#pragma once

#include "log/log_image.h"

namespace duckpond {

struct PreparedRoll {
  SitePtr site;
  Uuid replaces;  // The id of the base that it replaces.
  Hash hash;      // Of the frame of base.version.
  BaseRecord base;
  std::string start;  // Header and base frame.
  std::shared_ptr<const std::vector<KeyRecord>> keys;
  // As a reader of the new base has it, which keeps fewer lines in memory; null if all that differs
  // is in the base.
  StatePtr state;
};

// Writes what a base at image->version() needs. Cost: one PUT, and one for each part that is not as
// in the base before, all together; what Folder::Gather reads before that.
// REQUIRES: image->unfolded.ok(), and frames behind its base.
Task<Result<PreparedRoll>> PrepareRoll(SitePtr site, Context context, ImagePtr image);

// `image` with its base replaced; its tag is the one to be swapped against. Null if the roll does
// not fit, because another has replaced that base.
ImagePtr ApplyRoll(const LogImage& image, const PreparedRoll& roll);

// `state`, which is of the version `after`, with the commits of `image` behind that; null if
// `state` is, or a commit cannot be folded. Cost: that of decoding them.
StatePtr StateBehind(const Folder& folder, StatePtr state, const LogImage& image, Version after);

}  // namespace duckpond
