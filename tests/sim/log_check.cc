// SPDX-License-Identifier: MIT
#include "tests/sim/log_check.h"

#include <fmt/format.h>

#include <map>
#include <optional>
#include <set>

#include "tests/support/set_folder.h"

namespace duckpond {
namespace {

struct History {
  std::vector<CommitRecord> commits;
  std::vector<StatePtr> states;  // states[v] is the model at version v.
  std::map<Uuid, Version> versions;
};

// Numbers, times, and that nothing is there twice.
std::string CheckOrder(History& history) {
  std::set<std::string> keys;
  int64_t time_us = 0;
  for (size_t i = 0; i < history.commits.size(); ++i) {
    const CommitRecord& commit = history.commits[i];
    if (commit.version != i + 1) return fmt::format("version {} is at {}", commit.version, i + 1);
    if (commit.time_us <= time_us) return fmt::format("time stands at version {}", commit.version);
    time_us = commit.time_us;
    if (!history.versions.emplace(commit.transaction, commit.version).second) {
      return fmt::format("a transaction is there twice, again at version {}", commit.version);
    }
    if (!commit.idempotency_key.empty() && !keys.insert(commit.idempotency_key).second) {
      return fmt::format("a key is there twice, again at version {}", commit.version);
    }
  }
  return "";
}

std::string CheckTold(const History& history, const ToldCommit& told, LogSimStats& stats) {
  const auto found = history.versions.find(told.transaction);
  const bool there = found != history.versions.end();
  const std::string id = told.transaction.ToString();
  switch (told.outcome) {
    case ToldCommit::kUnknown:
      ++stats.unknown;
      if (there) ++stats.landed_unknown;
      return "";
    case ToldCommit::kRefused:
      ++stats.refused;
      if (there) return id + " was refused with " + told.error + " and is there";
      return "";
    case ToldCommit::kCommitted:
      break;
  }
  ++stats.committed;
  const CommitReceipt& receipt = told.receipt;
  if (receipt.version == 0 || receipt.version > history.commits.size()) {
    return fmt::format("{} was acknowledged at version {}, which is lost", id, receipt.version);
  }
  const CommitRecord& commit = history.commits[receipt.version - 1];
  const bool by_key = receipt.repeated && commit.idempotency_key == told.idempotency_key;
  if (commit.transaction != told.transaction && !by_key) {
    return fmt::format("{} was acknowledged at version {}, where another is", id, receipt.version);
  }
  if (commit.time_us != receipt.time_us) return id + " was acknowledged with another time";
  return "";
}

std::string CheckSeen(const History& history, const SeenState& seen) {
  if (seen.version >= history.states.size()) {
    return fmt::format("{} showed version {}, which is not there", seen.how, seen.version);
  }
  if (seen.text != SetText(history.states[seen.version])) {
    return fmt::format("{} showed another state at version {}", seen.how, seen.version);
  }
  if (seen.version > 0 && seen.time_us != history.commits[seen.version - 1].time_us) {
    return fmt::format("{} showed another time at version {}", seen.how, seen.version);
  }
  return "";
}

// The history, and the model folded from its events.
std::optional<History> ReadHistory(Env& env, EventLog& log, const Folder& folder,
                                   std::string& failure) {
  auto commits = Block(env.executor, log.History(Context{}, {}));
  if (!commits.ok()) {
    failure = "the history cannot be read: " + commits.error().ToString();
    return std::nullopt;
  }
  History history;
  history.states.push_back(folder.Empty());
  for (const CommitRecord& commit : *commits) {
    auto folded = folder.Fold(history.states.back(), commit.events);
    if (!folded.ok()) {
      failure = folded.error().ToString();
      return std::nullopt;
    }
    history.states.push_back(*folded);
  }
  history.commits = *std::move(commits);
  return history;
}

// Every version as the log replays it.
std::string CheckReplays(Env& env, EventLog& log, const Folder& folder, const History& history) {
  const auto all = [](const UnreadLines&) { return true; };
  for (Version version = 0; version < history.states.size(); ++version) {
    const auto snapshot = Block(env.executor, log.At(Context{}, version));
    if (!snapshot.ok()) {
      return fmt::format("version {} cannot be replayed: {}", version, snapshot.error().ToString());
    }
    const auto state = Block(env.executor, folder.Read(Context{}, snapshot->state, all));
    if (!state.ok()) {
      return fmt::format("version {} cannot be read: {}", version, state.error().ToString());
    }
    const std::string wrong =
        CheckSeen(history, {"replay", snapshot->version, snapshot->time_us, SetText(*state)});
    if (!wrong.empty()) return wrong;
    if (snapshot->version != version) return fmt::format("replay to {} gave another", version);
    if (version == 0) continue;
    const auto at_time = Block(env.executor, log.AtTime(Context{}, snapshot->time_us));
    if (!at_time.ok() || at_time->version != version) {
      return fmt::format("the time of version {} does not lead to it", version);
    }
  }
  return "";
}

}  // namespace

void CheckHistory(Env& env, EventLog& log, const Folder& folder, Told& told, LogSimStats& stats) {
  std::string& failure = told.failure;
  const auto report = Block(env.executor, log.Verify(Context{}));
  if (!report.ok()) {
    failure = "verify: " + report.error().ToString();
    return;
  }
  std::optional<History> history = ReadHistory(env, log, folder, failure);
  if (!history) return;
  failure = CheckOrder(*history);
  for (const ToldCommit& commit : told.commits) {
    if (failure.empty()) failure = CheckTold(*history, commit, stats);
  }
  for (const SeenState& seen : told.seen) {
    if (failure.empty()) failure = CheckSeen(*history, seen);
  }
  if (failure.empty()) failure = CheckReplays(env, log, folder, *history);
  stats.versions = history->commits.size();
  for (const CommitRecord& commit : history->commits) stats.empty_commits += commit.events.empty();
  stats.segments = report->segments;
}

}  // namespace duckpond
