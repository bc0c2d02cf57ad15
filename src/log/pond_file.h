// SPDX-License-Identifier: MIT
//
// PondFile: pond.json, which says that there is a pond. It is read when the log is missing: a pond
// without its log is an error, never an empty pond.
//
// Format:  docs/formats/log.md
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/uuid.h"

namespace duckpond {

inline constexpr std::string_view kPondKey = "pond.json";
inline constexpr std::string_view kLogKey = "pond.log";
inline constexpr size_t kProofsMax = 16;  // Of endpoints, besides the first.

struct PondFile {
  uint32_t format = 0;
  Uuid id;
  // False until the first log was written. No commit is acknowledged before it is true, so that a
  // creation that was interrupted can be taken up by anybody, and a lost log cannot.
  bool ready = false;
  int64_t created_us = 0;
  std::string writer;
  std::string proof;  // What store/store_proof.h found out about the store.
  // The same at other endpoints that writers have come by since, oldest first.
  std::vector<std::string> more_proofs;

  bool IsProven(std::string_view proof_text) const;
  // Forgets the oldest of too many.
  void AddProof(std::string proof_text);

  std::string Encode() const;
  // Errors: kCorrupt; kUnsupported for a newer format.
  static Result<PondFile> Decode(std::string_view text);
};

}  // namespace duckpond
