// SPDX-License-Identifier: MIT
//
// sim_test: runs simulations by seed.
//   sim_test --seeds N [--first M]   N seeds from M on; stops at the first that fails
//   sim_test --seed K                one seed, twice, to see that it replays
#include <fmt/format.h>

#include <charconv>
#include <cstdio>
#include <cstring>
#include <optional>
#include <string_view>

#include "tests/sim/log_sim.h"

namespace duckpond {
namespace {

void Add(LogSimStats& total, const LogSimStats& one) {
  total.store_calls += one.store_calls;
  total.committed += one.committed;
  total.refused += one.refused;
  total.unknown += one.unknown;
  total.landed_unknown += one.landed_unknown;
  total.repeated += one.repeated;
  total.busy += one.busy;
  total.crashes += one.crashes;
  total.reads += one.reads;
  total.versions += one.versions;
  total.empty_commits += one.empty_commits;
  total.segments += one.segments;
  total.parts += one.parts;
}

std::string Describe(const LogSimStats& s) {
  return fmt::format(
      "{} store calls, {} committed ({} known before), {} refused, {} unknown ({} had landed), "
      "{} busy, {} crashes, {} reads, {} versions ({} empty), {} segments, {} parts",
      s.store_calls, s.committed, s.repeated, s.refused, s.unknown, s.landed_unknown, s.busy,
      s.crashes, s.reads, s.versions, s.empty_commits, s.segments, s.parts);
}

// A run that never met what it is there for would prove nothing.
bool MetEverything(const LogSimStats& s) {
  return s.repeated > 0 && s.refused > 0 && s.unknown > s.landed_unknown && s.landed_unknown > 0 &&
         s.busy > 0 && s.crashes > 0 && s.reads > 0 && s.empty_commits > 0 && s.segments > 0 &&
         s.parts > 0;
}

int RunOne(uint64_t seed) {
  const LogSimResult first = RunLogSim(seed);
  const LogSimResult second = RunLogSim(seed);
  fmt::print("seed {}: trace {:016x}, {}\n", seed, first.trace_hash, Describe(first.stats));
  if (!first.failure.empty()) fmt::print("FAILED: {}\n", first.failure);
  if (first.trace_hash != second.trace_hash) {
    fmt::print("FAILED: the second run has trace {:016x}\n", second.trace_hash);
  }
  return first.failure.empty() && first.trace_hash == second.trace_hash ? 0 : 1;
}

int RunMany(uint64_t first, uint64_t count) {
  LogSimStats total;
  uint64_t trace = 0;
  for (uint64_t seed = first; seed < first + count; ++seed) {
    const LogSimResult result = RunLogSim(seed);
    Add(total, result.stats);
    trace = trace * 31 + result.trace_hash;
    if (result.failure.empty()) continue;
    fmt::print("seed {} FAILED: {}\n  replay it: make sim SEED={}\n", seed, result.failure, seed);
    return 1;
  }
  fmt::print("{} seeds from {}: trace {:016x}, {}\n", count, first, trace, Describe(total));
  if (count >= 500 && !MetEverything(total)) {
    fmt::print("FAILED: some of what the simulation is for never happened\n");
    return 1;
  }
  return RunOne(first);
}

std::optional<uint64_t> Number(const char* text) {
  uint64_t value = 0;
  const auto parsed = std::from_chars(text, text + std::strlen(text), value);
  if (parsed.ec != std::errc() || *parsed.ptr != '\0') return std::nullopt;
  return value;
}

int Usage() {
  std::fputs("usage: sim_test [--seeds N] [--first M] [--seed K]\n", stderr);
  return 64;
}

}  // namespace
}  // namespace duckpond

int main(int argc, char** argv) {
  uint64_t seeds = 100;
  uint64_t first = 1;
  bool one = false;
  for (int i = 1; i < argc; i += 2) {
    const std::string_view name = argv[i];
    const auto value = i + 1 < argc ? duckpond::Number(argv[i + 1]) : std::nullopt;
    // A number that is none would be a run of nothing, which always succeeds.
    if (!value) return duckpond::Usage();
    if (name == "--seeds" && *value > 0) {
      seeds = *value;
    } else if (name == "--first") {
      first = *value;
    } else if (name == "--seed") {
      first = *value;
      one = true;
    } else {
      return duckpond::Usage();
    }
  }
  return one ? duckpond::RunOne(first) : duckpond::RunMany(first, seeds);
}
