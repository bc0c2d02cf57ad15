// SPDX-License-Identifier: MIT
#include "base/notice.h"

#include <mutex>
#include <utility>

namespace duckpond {
namespace {

struct Sink {
  std::mutex mutex;
  NoticeSink sink;  // Guarded by mutex, as is all below.
  std::string last;
};

// Never destroyed: tasks may still run while the process exits.
Sink& TheSink() {
  static Sink& sink = *new Sink;
  return sink;
}

}  // namespace

void SetNoticeSink(NoticeSink sink) {
  Sink& the = TheSink();
  std::lock_guard lock(the.mutex);
  the.sink = std::move(sink);
  the.last.clear();
}

void Notice(const std::string& text) {
  Sink& the = TheSink();
  std::lock_guard lock(the.mutex);
  if (text == the.last) return;
  the.last = text;
  if (the.sink) the.sink(text);
}

}  // namespace duckpond
