// SPDX-License-Identifier: MIT
#include "log/log_image.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "log/limits.h"
#include "log/pond_file.h"

namespace duckpond {

ChainEnd LogImage::end() const {
  if (frames.empty()) return {base.version, base.time_us, base.chain};
  const FrameRef& last = frames.back();
  DCHECK(last.version == version() && last.hash.size() == kHashBytes);
  return {last.version, last.time_us, last.hash};
}

const Hash& LogImage::HashAt(Version version) const {
  CHECK(version >= base.version && version <= this->version());
  return version == base.version ? base.chain : frames[version - base.version - 1].hash;
}

// Times rise strictly from frame to frame, whatever the writers' clocks said (DecodeTail checks
// it).
const FrameRef* LogImage::FrameAtTime(int64_t time_us) const {
  const auto after =
      std::upper_bound(frames.begin(), frames.end(), time_us,
                       [](int64_t time, const FrameRef& frame) { return time < frame.time_us; });
  return after == frames.begin() ? nullptr : &*(after - 1);
}

std::optional<CommitReceipt> LogImage::FindTransaction(const Uuid& transaction) const {
  for (const FrameRef& frame : frames) {
    if (frame.transaction == transaction) return CommitReceipt{frame.version, frame.time_us, false};
  }
  return std::nullopt;
}

// Frames first: a key that was forgotten and then used again means the newer commit.
std::optional<CommitReceipt> LogImage::FindKey(const std::string& key) const {
  CHECK(!key.empty());  // Most commits have none: it would find one of those.
  CHECK(base_keys != nullptr);
  for (const FrameRef& frame : frames) {
    if (frame.idempotency_key == key) return CommitReceipt{frame.version, frame.time_us, true};
  }
  for (const KeyRecord& known : *base_keys) {
    if (known.key == key) return CommitReceipt{known.version, known.time_us, true};
  }
  return std::nullopt;
}

std::vector<KeyRecord> LogImage::Keys() const {
  CHECK(base_keys != nullptr);
  std::vector<KeyRecord> keys = *base_keys;
  for (const FrameRef& frame : frames) {
    if (frame.idempotency_key.empty()) continue;
    keys.push_back({frame.idempotency_key, frame.version, frame.time_us, frame.transaction});
  }
  if (keys.size() > kIdempotencyKeysMax) {
    keys.erase(keys.begin(), keys.end() - static_cast<ptrdiff_t>(kIdempotencyKeysMax));
  }
  CHECK(keys.size() <= kIdempotencyKeysMax);
  return keys;
}

void LeaveOutUnknown(const Folder& folder, std::vector<Event>& events, std::string& unknown_event) {
  std::erase_if(events, [&](const Event& event) {
    if (folder.Knows(event.name)) return false;
    // The folder decides whether a state can be made without it; a writer may not in any case.
    if (!event.ignorable && unknown_event.empty()) unknown_event = event.name;
    return event.ignorable;
  });
}

Result<StatePtr> FoldEvents(const Folder& folder, StatePtr state, const std::vector<Event>& events,
                            std::string& unknown_event) {
  const auto unknown = [&folder](const Event& event) { return !folder.Knows(event.name); };
  if (std::ranges::none_of(events, unknown)) return folder.Fold(state, events);
  std::vector<Event> needed = events;
  LeaveOutUnknown(folder, needed, unknown_event);
  return folder.Fold(state, needed);
}

Result<ImagePtr> ExtendImage(const Folder& folder, const LogImage& before, Bytes content,
                             ObjectTag tag, const DecodedCommits& tail) {
  CHECK(tail.frames.size() == tail.commits.size());
  auto image = std::make_shared<LogImage>(before);
  image->content = std::move(content);
  image->tag = std::move(tag);
  for (size_t i = 0; i < tail.frames.size(); ++i) {
    CHECK(tail.frames[i].version == image->version() + 1);
    CHECK(tail.commits[i].version == tail.frames[i].version);
    // The frames are kept all the same: they are the history, and what the next ones chain to.
    image->frames.push_back(tail.frames[i]);
    if (!image->unfolded.ok()) continue;
    auto folded = FoldEvents(folder, image->state, tail.commits[i].events, image->unknown_event);
    if (folded.ok()) {
      image->state = *std::move(folded);
      continue;
    }
    const Status refused =
        folded.error().Prefixed(fmt::format("version {}", tail.commits[i].version));
    if (refused.code() != StatusCode::kUnsupported) return refused;
    image->unfolded = refused.Prefixed(kLogKey);
    image->state = nullptr;
  }
  CHECK((image->state != nullptr) == image->unfolded.ok());
  return image;
}

}  // namespace duckpond
