// SPDX-License-Identifier: MIT
//
// SetFolder: the smallest useful meaning for a log's events, for tests and the simulation: a map
// from keys to values, with events "put" and "remove". And SetChange, which makes them.
//
// Errors:  as Folder; Fold is kCorrupt when a key that is not there is removed.
#pragma once

#include <simdjson.h>

#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/json_writer.h"
#include "log/event_log.h"

namespace duckpond {

struct SetState : FoldedState {
  struct Entry {
    Uuid id;
    std::string value;
    bool operator==(const Entry&) const = default;
  };
  std::map<std::string, Entry> entries;
};

inline const SetState& AsSet(const StatePtr& state) {
  return dynamic_cast<const SetState&>(*state);
}

// "a=1,b=2"
inline std::string SetText(const StatePtr& state) {
  std::string text;
  for (const auto& [key, entry] : AsSet(state).entries) {
    if (!text.empty()) text += ",";
    text += key + "=" + entry.value;
  }
  return text;
}

inline Event PutEvent(const Uuid& id, std::string_view key, std::string_view value) {
  JsonWriter json;
  json.BeginObject().Key("key").String(key).Key("value").String(value).EndObject();
  return {id, "put", json.Take(), false};
}

class SetFolder final : public Folder {
 public:
  StatePtr Empty() const override { return std::make_shared<SetState>(); }

  Result<StatePtr> Fold(StatePtr before, std::span<const Event> events) const override {
    auto after = std::make_shared<SetState>(AsSet(before));
    simdjson::dom::parser parser;
    for (const Event& event : events) {
      if (!Knows(event.name)) {
        return Status::Unsupported("event '" + event.name + "' is not known");
      }
      const simdjson::dom::element data = parser.parse(event.data);
      const std::string_view key_text = data["key"];
      const std::string key(key_text);
      if (event.name == "put") {
        const std::string_view value = data["value"];
        after->entries[key] = {event.id, std::string(value)};
      } else if (after->entries.erase(key) == 0) {
        return Status::Corrupt("key '" + key + "' is removed and not there");
      }
    }
    return after;
  }

  // Each key is a place of its own.
  Result<std::vector<StateRun>> Unfold(const FoldedState& state) const override {
    std::vector<StateRun> runs;
    for (const auto& [key, entry] : dynamic_cast<const SetState&>(state).entries) {
      runs.push_back({key, {PutEvent(entry.id, key, entry.value)}, ""});
    }
    return runs;
  }

  bool Knows(std::string_view name) const override { return name == "put" || name == "remove"; }
};

// SetChange: puts entries. With `only_new`, a key that is there makes it kConflict. `check`, if
// given, is asked with the newest state first.
struct SetChangeOptions {
  bool only_new = false;
  std::function<Status(const Snapshot&)> check;
};
class SetChange final : public Change {
 public:
  using Options = SetChangeOptions;
  using Entries = std::vector<std::pair<std::string, std::string>>;
  SetChange(UuidSource& uuids, Entries entries, Options options = {})
      : options_(std::move(options)), entries_(std::move(entries)) {
    for (const auto& [key, value] : entries_) events_.push_back(PutEvent(uuids.Next(), key, value));
  }

  Task<Result<std::vector<Event>>> Rebase(Context, Snapshot newest) override {
    return Decide(options_, entries_, events_, std::move(newest));
  }

 private:
  static Task<Result<std::vector<Event>>> Decide(Options options, Entries entries,
                                                 std::vector<Event> events, Snapshot newest) {
    if (options.check) CO_RETURN_IF_ERROR(options.check(newest));
    for (const auto& [key, value] : entries) {
      if (options.only_new && AsSet(newest.state).entries.contains(key)) {
        co_return Status::Conflict("key '" + key + "' is there");
      }
    }
    co_return events;
  }

  const Options options_;
  const Entries entries_;
  std::vector<Event> events_;
};

}  // namespace duckpond
