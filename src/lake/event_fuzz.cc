// SPDX-License-Identifier: MIT
//
// Events from hostile bytes: a fold ends in an error or in a state that unfolds into events that
// fold into the same. Lines are "name data"; ids are counted. Those behind a line "summary" are a
// part of a base that says this of itself.
#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "base/check.h"
#include "lake/catalog_folder.h"
#include "tests/support/counted_lines.h"
#include "tests/support/unfolded.h"
#include "tests/support/virtual_executor.h"

namespace {

std::string TextOf(const std::vector<duckpond::Event>& events) {
  std::string text;
  for (const auto& event : events) text += event.id.ToString() + event.name + event.data + "\n";
  return text;
}

// A summary may lie: then the part cannot be read.
void FoldParts(const duckpond::CatalogFolder& folder, const std::vector<duckpond::Event>& events) {
  std::vector<duckpond::StatePart> parts(1);
  std::vector<duckpond::Event> unread;
  for (auto event = events.rbegin(); event != events.rend(); ++event) {
    if (event->name != "summary") {
      unread.insert(unread.begin(), *event);
      continue;
    }
    parts.insert(parts.begin() + 1, {{},
                                     event->data,
                                     std::make_shared<const duckpond::CountedLines>(
                                         std::to_string(parts.size()), std::move(unread))});
    unread.clear();
  }
  parts[0].events = std::move(unread);
  const auto state = folder.FoldBase(parts, nullptr);
  if (!state.ok()) return;
  duckpond::VirtualExecutor executor;
  const auto all = [](const duckpond::UnreadLines&) { return true; };
  const auto read = duckpond::Block(executor, folder.Read({}, *state, all));
  if (read.ok()) static_cast<void>(duckpond::UnfoldedEvents(folder, **read));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view all(reinterpret_cast<const char*>(data), size);
  std::vector<duckpond::Event> events;
  for (size_t begin = 0; begin < all.size();) {
    const size_t end = std::min(all.find('\n', begin), all.size());
    const std::string_view line = all.substr(begin, end - begin);
    const size_t space = std::min(line.find(' '), line.size());
    duckpond::Event event;
    event.id.bytes[15] = static_cast<uint8_t>(events.size() + 1);
    event.name = line.substr(0, space);
    event.data = line.substr(std::min(space + 1, line.size()));
    events.push_back(std::move(event));
    begin = end + 1;
  }
  const auto& folder = duckpond::CatalogFolder::Instance();
  FoldParts(folder, events);
  const auto state = folder.Fold(folder.Empty(), events);
  if (!state.ok()) return 0;
  const auto unfolded = duckpond::UnfoldedEvents(folder, **state);
  const auto again = folder.Fold(folder.Empty(), unfolded);
  CHECK(again.ok());
  CHECK(TextOf(duckpond::UnfoldedEvents(folder, **again)) == TextOf(unfolded));
  return 0;
}
