// SPDX-License-Identifier: MIT
//
// SummingFolder: a SetFolder that sums up each entry with a large value, and leaves those of a base
// unread until it is asked: what the lake does with files, on the smallest scale. An entry that was
// put again since stands beside the unread one, and is the newer of the two; removing an unread one
// is not provided for.
//
// Errors:  as Folder.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "tests/support/set_folder.h"

namespace duckpond {

// As a SetState it has what was read.
struct SummedState final : SetState {
  std::vector<StatePart> unread;
};

inline const SummedState& AsSummed(const StatePtr& state) {
  return dynamic_cast<const SummedState&>(*state);
}

class SummingFolder final : public Folder {
 public:
  // Events with more data than that are summed up.
  explicit SummingFolder(size_t data_bytes_max) : data_bytes_max_(data_bytes_max) {}

  StatePtr Empty() const override { return std::make_shared<SummedState>(); }
  Result<StatePtr> Fold(StatePtr before, std::span<const Event> events) const override {
    ASSIGN_OR_RETURN(const StatePtr read, folder_.Fold(before, events));
    return Make(AsSet(read), AsSummed(before).unread);
  }
  bool LeavesUnread() const override { return true; }
  Result<StatePtr> FoldBase(std::span<const StatePart> parts, const StatePtr&) const override {
    StatePtr read = folder_.Empty();
    std::vector<StatePart> unread;
    for (const StatePart& part : parts) {
      if (part.lines != nullptr) unread.push_back(part);
      ASSIGN_OR_RETURN(read, folder_.Fold(read, part.events));
    }
    return Make(AsSet(read), std::move(unread));
  }
  Task<Result<StatePtr>> Read(Context context, StatePtr state, Wanted wanted) const override {
    std::vector<StatePart> unread;
    StatePtr old = folder_.Empty();
    for (const StatePart& part : AsSummed(state).unread) {
      if (!wanted(*part.lines)) {
        unread.push_back(part);
        continue;
      }
      CO_ASSIGN_OR_RETURN(const std::vector<Event> events, co_await part.lines->Read(context));
      CO_ASSIGN_OR_RETURN(old, folder_.Fold(old, events));
    }
    SetState read = AsSet(state);
    read.entries.insert(AsSet(old).entries.begin(), AsSet(old).entries.end());
    co_return Make(std::move(read), std::move(unread));
  }
  Result<std::vector<StateRun>> Unfold(const FoldedState& state) const override {
    std::vector<StateRun> runs;
    for (const StatePart& part : dynamic_cast<const SummedState&>(state).unread) {
      runs.push_back({"", {}, part.summary, part.lines});
    }
    ASSIGN_OR_RETURN(std::vector<StateRun> read, folder_.Unfold(state));
    for (StateRun& run : read) {
      if (run.events[0].data.size() > data_bytes_max_) {
        run.summary = R"({"place":")" + run.place + R"("})";
      }
      runs.push_back(std::move(run));
    }
    return runs;
  }
  bool Knows(std::string_view name) const override { return folder_.Knows(name); }

  // `state` with nothing left unread.
  Task<Result<StatePtr>> ReadAll(Context context, StatePtr state) const {
    return Read(std::move(context), std::move(state), [](const UnreadLines&) { return true; });
  }

 private:
  static StatePtr Make(SetState read, std::vector<StatePart> unread) {
    auto state = std::make_shared<SummedState>();
    state->entries = std::move(read.entries);
    state->unread = std::move(unread);
    return state;
  }

  const SetFolder folder_;
  const size_t data_bytes_max_;
};

}  // namespace duckpond
