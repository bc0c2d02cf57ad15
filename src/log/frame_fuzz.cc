// SPDX-License-Identifier: MIT
//
// Fuzzes what reads a log's bytes. The first byte says how to read the rest: as a log object, as
// the text of a frame (so that the fuzzer need not find compressed frames by itself), as a tail, or
// as pond.json. Whatever decodes must read the same after it was written again.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "base/hash.h"
#include "log/lines.h"
#include "log/log_object.h"
#include "log/pond_file.h"

namespace duckpond {
namespace {

bool SameLines(const std::vector<Event>& a, const std::vector<Event>& b) {
  std::string one;
  std::string two;
  for (const Event& event : a) AppendLine(one, event);
  for (const Event& event : b) AppendLine(two, event);
  return one == two;
}

void FuzzText(std::string_view text) {
  const std::string frame = CompressFrame(text);
  const Place place{"fuzz", 0};
  const auto lines = DecodeLines(frame, place);
  if (lines.ok()) {
    std::string again;
    for (const Event& event : *lines) AppendLine(again, event);
    const auto read = DecodeLines(CompressFrame(again), place);
    CHECK(read.ok() && SameLines(*lines, *read));
  }
  const auto commit = DecodeCommit(frame, place);
  if (commit.ok()) {
    const auto read = DecodeCommit(EncodeCommit(commit->record, commit->prev), place);
    CHECK(read.ok() && read->prev == commit->prev);
    CHECK(SameLines(read->record.events, commit->record.events));
  }
  // As a base, behind a header that fits it.
  const auto log = DecodeLog(EncodeLogHeader(frame) + frame, "fuzz");
  if (log.ok()) {
    const auto state = ParseStateLines(log->state_lines, place);
    if (state.ok())
      CHECK(KeyLines(state->keys).size() + state->events.size() == log->state_lines.size());
  }
}

}  // namespace
}  // namespace duckpond

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 4) {
    case 0:
      (void)duckpond::DecodeLog(rest, "fuzz").ok();
      break;
    case 1:
      duckpond::FuzzText(rest);
      break;
    case 2:
      (void)duckpond::DecodeTail(rest, 40, {0, 0, std::string(16, '\0')}, "fuzz").ok();
      break;
    default: {
      const auto file = duckpond::PondFile::Decode(rest);
      if (file.ok()) CHECK(duckpond::PondFile::Decode(file->Encode()).ok());
    }
  }
  return 0;
}
