// SPDX-License-Identifier: MIT
//
// CancelSource and CancelToken: one side asks for work to stop, the other notices. A token may be
// copied into every task of a unit of work; cancelling is permanent.
//
// Threads:   all methods may be called concurrently. Callbacks run and are destroyed outside any
//            lock: on the thread that cancels, or at once inside OnCancel if it was cancelled
//            before.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

namespace duckpond {

class CancelToken {
 public:
  // A token that is never cancelled.
  CancelToken() = default;

  bool cancelled() const;

  // Calls `stop` once when cancelled, until the returned registration dies. After its destructor
  // has returned, `stop` is not running and will not run, unless the destructor is called by
  // `stop`.
  class Registration;
  [[nodiscard]] Registration OnCancel(std::function<void()> stop) const;

 private:
  friend class CancelSource;
  struct State;
  explicit CancelToken(std::shared_ptr<State> state) : state_(std::move(state)) {}
  std::shared_ptr<State> state_;
};

class CancelToken::Registration {
 public:
  Registration() = default;
  Registration(std::shared_ptr<State> state, uint64_t id) : state_(std::move(state)), id_(id) {}
  Registration(Registration&& other) noexcept = default;
  Registration& operator=(Registration&& other) noexcept;
  ~Registration();

 private:
  void Drop();
  std::shared_ptr<State> state_;
  uint64_t id_ = 0;
};

class CancelSource {
 public:
  CancelSource();
  CancelToken token() const { return CancelToken(state_); }
  void Cancel();

 private:
  std::shared_ptr<CancelToken::State> state_;
};

}  // namespace duckpond
