// SPDX-License-Identifier: MIT
#include "base/cancel.h"

#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>
#include <utility>

#include "base/check.h"

namespace duckpond {

struct CancelToken::State {
  std::mutex mutex;
  std::condition_variable finished;
  bool cancelled = false;
  uint64_t next_id = 1;
  std::map<uint64_t, std::function<void()>> callbacks;
  uint64_t running_id = 0;  // The callback that runs now, on `running_thread`; 0 for none.
  std::thread::id running_thread;
};

bool CancelToken::cancelled() const {
  if (!state_) return false;
  std::lock_guard lock(state_->mutex);
  return state_->cancelled;
}

CancelToken::Registration CancelToken::OnCancel(std::function<void()> stop) const {
  CHECK(stop);
  if (!state_) return {};
  {
    std::lock_guard lock(state_->mutex);
    if (!state_->cancelled) {
      const uint64_t id = state_->next_id++;
      state_->callbacks.emplace(id, std::move(stop));
      return {state_, id};
    }
  }
  stop();
  return {};
}

CancelToken::Registration& CancelToken::Registration::operator=(Registration&& other) noexcept {
  if (this != &other) {
    Drop();
    state_ = std::move(other.state_);
    id_ = other.id_;
  }
  return *this;
}

CancelToken::Registration::~Registration() { Drop(); }

void CancelToken::Registration::Drop() {
  if (!state_) return;
  std::unique_lock lock(state_->mutex);
  // Taken out, to be destroyed without the lock: what it holds may look at the token as it dies.
  auto callback = state_->callbacks.extract(id_);
  // The callback's own thread would wait for itself.
  if (state_->running_thread != std::this_thread::get_id()) {
    state_->finished.wait(lock, [this] { return state_->running_id != id_; });
  }
  lock.unlock();
  callback = {};
  state_.reset();
}

CancelSource::CancelSource() : state_(std::make_shared<CancelToken::State>()) {}

void CancelSource::Cancel() {
  std::unique_lock lock(state_->mutex);
  if (state_->cancelled) return;
  CHECK(state_->running_id == 0);  // Callbacks begin below and nowhere else.
  state_->cancelled = true;
  state_->running_thread = std::this_thread::get_id();
  // One by one, and looked at again each time: a callback may drop the registration of another.
  while (!state_->callbacks.empty()) {
    auto node = state_->callbacks.extract(state_->callbacks.begin());
    state_->running_id = node.key();
    lock.unlock();
    node.mapped()();
    node = {};
    lock.lock();
    state_->running_id = 0;
    state_->finished.notify_all();
  }
  CHECK(state_->callbacks.empty());
  state_->running_thread = {};
}

}  // namespace duckpond
