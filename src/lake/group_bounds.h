// SPDX-License-Identifier: MIT
//
// Row groups' key bounds, cut to what the log needs of them. A file of 100,000 rows has a hundred
// row groups, and of a UUID three bytes tell one from the next: whole bounds would be most of its
// event.
//
// Cost:     linear in the bytes of the bounds.
// Threads:  a free function.
// Format:   docs/formats/events.md
#pragma once

#include <vector>

#include "lake/data_file.h"

namespace duckpond {

// Replaces the exact bounds of groups that follow each other in the key's order by the shortest
// that hold their keys and that no other group's keys lie within. Bounds of groups that are not in
// order, or have none, stay.
void CutGroupBounds(std::vector<RowGroup>& groups);

}  // namespace duckpond
