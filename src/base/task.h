// SPDX-License-Identifier: MIT
//
// Task<T>: a lazily started C++20 coroutine. It runs when it is awaited by another task, or given
// to Block (a plain thread waits for it) or Spawn (nobody does). Sixty reads are in flight at once
// as sixty tasks, not sixty threads.
//
// Example:
//   Task<Result<int>> Sum(ObjectStore& store, Context context) {
//     CO_ASSIGN_OR_RETURN(int a, co_await Read(store, context, "a"));
//     CO_ASSIGN_OR_RETURN(int b, co_await Read(store, context, "b"));
//     co_return a + b;
//   }
//
// Hazards:   parameters of a coroutine are taken by value, or refer to what outlives it; a lambda
//            that is a coroutine must not capture (the closure dies at the first suspension):
//            write a static function with parameters. No lock is held across a co_await.
// Threads:   a task resumes on any thread of its executor; one at a time.
// Lifetime:  a task owns its frame. A finished child resumes its waiter through the executor, never
//            directly: a direct resume would destroy the child while it still runs.
// Errors:    exceptions do not cross tasks; one that escapes ends the process.
#pragma once

#include <atomic>
#include <coroutine>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "base/executor.h"

namespace duckpond {

template <class T = void>
class Task;

namespace internal {

struct PromiseBase {
  Executor* executor = nullptr;
  std::coroutine_handle<> waiter;

  struct FinalAwaiter {
    bool await_ready() const noexcept { return false; }
    template <class Promise>
    void await_suspend(std::coroutine_handle<Promise> self) const noexcept {
      // Copied first: once the waiter is posted, it may destroy this frame on another thread.
      Executor* executor = self.promise().executor;
      const std::coroutine_handle<> waiter = self.promise().waiter;
      if (waiter) executor->Resume(waiter);
    }
    void await_resume() const noexcept {}
  };

  std::suspend_always initial_suspend() const noexcept { return {}; }
  FinalAwaiter final_suspend() const noexcept { return {}; }
  [[noreturn]] void unhandled_exception() const noexcept { std::terminate(); }
};

template <class T>
struct Promise : PromiseBase {
  std::optional<T> value;
  Task<T> get_return_object();
  template <class U>
  void return_value(U&& result) {
    value.emplace(std::forward<U>(result));
  }
  T Take() { return std::move(*value); }
};

template <>
struct Promise<void> : PromiseBase {
  Task<void> get_return_object();
  void return_void() const noexcept {}
  void Take() const noexcept {}
};

// A coroutine that owns itself: it starts at once and frees its frame when it ends.
struct Detached {
  struct promise_type {
    Executor* executor = nullptr;
    // The first parameter of the coroutine is its executor, so that what it awaits finds it here.
    template <class... Args>
    explicit promise_type(Executor* e, Args&...) : executor(e) {}
    Detached get_return_object() const noexcept { return {}; }
    std::suspend_never initial_suspend() const noexcept { return {}; }
    std::suspend_never final_suspend() const noexcept { return {}; }
    void return_void() const noexcept {}
    [[noreturn]] void unhandled_exception() const noexcept { std::terminate(); }
  };
};

}  // namespace internal

template <class T>
class [[nodiscard]] Task {
 public:
  using promise_type = internal::Promise<T>;
  using Handle = std::coroutine_handle<promise_type>;

  explicit Task(Handle handle) : handle_(handle) {}
  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, {})) {}
  Task& operator=(Task&& other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }
  ~Task() {
    if (handle_) handle_.destroy();
  }

  struct Awaiter {
    Handle child;
    bool await_ready() const noexcept { return false; }
    template <class ParentPromise>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<ParentPromise> parent) const {
      child.promise().executor = parent.promise().executor;
      child.promise().waiter = parent;
      return child;
    }
    T await_resume() const { return child.promise().Take(); }
  };
  Awaiter operator co_await() && noexcept { return Awaiter{handle_}; }

 private:
  Handle handle_;
};

template <class T>
Task<T> internal::Promise<T>::get_return_object() {
  return Task<T>(std::coroutine_handle<Promise<T>>::from_promise(*this));
}
inline Task<void> internal::Promise<void>::get_return_object() {
  return Task<void>(std::coroutine_handle<Promise<void>>::from_promise(*this));
}

// Completion<T>: one value handed from any thread to one awaiting task. Copies share the value.
template <class T>
class Completion {
 public:
  Completion() : state_(std::make_shared<State>()) {}

  // Gives the value; returns false, and changes nothing, if one was given before.
  bool Set(T value) const {
    std::coroutine_handle<> waiter;
    Executor* executor = nullptr;
    {
      std::lock_guard lock(state_->mutex);
      if (state_->given) return false;
      state_->given = true;
      state_->value.emplace(std::move(value));
      waiter = std::exchange(state_->waiter, {});
      executor = state_->executor;
    }
    if (waiter) executor->Resume(waiter);
    return true;
  }

  // Awaiting takes the value. REQUIRES: awaited once.
  struct Awaiter;
  Awaiter operator co_await() const { return Awaiter{state_}; }

 private:
  struct State {
    std::mutex mutex;
    bool given = false;
    std::optional<T> value;
    std::coroutine_handle<> waiter;
    Executor* executor = nullptr;
  };
  std::shared_ptr<State> state_;
};

template <class T>
struct Completion<T>::Awaiter {
  std::shared_ptr<State> state;
  bool await_ready() const noexcept { return false; }
  template <class ParentPromise>
  bool await_suspend(std::coroutine_handle<ParentPromise> parent) const {
    std::lock_guard lock(state->mutex);
    if (state->given) return false;
    state->waiter = parent;
    state->executor = parent.promise().executor;
    return true;
  }
  T await_resume() const {
    std::lock_guard lock(state->mutex);
    return std::move(*state->value);
  }
};

// Suspends the task until `due_us`. Prefer Context::Sleep (base/context.h), which can be cancelled.
struct SleepUntil {
  MonotonicUs due_us;
  bool await_ready() const noexcept { return false; }
  template <class ParentPromise>
  void await_suspend(std::coroutine_handle<ParentPromise> parent) const {
    parent.promise().executor->PostAt(due_us, [parent] { parent.resume(); });
  }
  void await_resume() const noexcept {}
};

// Gives the executor of the awaiting task.
struct CurrentExecutor {
  Executor* executor = nullptr;
  bool await_ready() const noexcept { return false; }
  template <class ParentPromise>
  bool await_suspend(std::coroutine_handle<ParentPromise> parent) {
    executor = parent.promise().executor;
    return false;
  }
  Executor* await_resume() const noexcept { return executor; }
};

namespace internal {

// The task and all it held are gone before its value is handed on: who waits for it may then take
// down what they used.
template <class T>
Detached RunInto(Executor*, Task<T> task, Completion<T> done) {
  std::optional<T> value;
  {
    Task<T> running = std::move(task);
    value.emplace(co_await std::move(running));
  }
  done.Set(*std::move(value));
}

inline Detached RunAndForget(Executor*, Task<void> task) { co_await std::move(task); }

template <class T>
Detached RunAndSignal(Executor*, Task<T> task, std::optional<T>* out, BlockingWait* wait) {
  {
    Task<T> running = std::move(task);
    out->emplace(co_await std::move(running));
  }
  wait->Set();
}

}  // namespace internal

// Starts `task` on `executor`; nobody waits for it. It must own or outlive-borrow all it touches.
inline void Spawn(Executor& executor, Task<void> task) {
  auto shared = std::make_shared<Task<void>>(std::move(task));
  executor.Post([&executor, shared] { internal::RunAndForget(&executor, std::move(*shared)); });
}

// Starts `task` on `executor` and returns where its value will appear.
template <class T>
Completion<T> Start(Executor& executor, Task<T> task) {
  Completion<T> done;
  auto shared = std::make_shared<Task<T>>(std::move(task));
  executor.Post(
      [&executor, shared, done] { internal::RunInto(&executor, std::move(*shared), done); });
  return done;
}

// Runs all tasks at the same time and gives their values in the order of the tasks.
template <class T>
Task<std::vector<T>> WhenAll(std::vector<Task<T>> tasks) {
  Executor* executor = co_await CurrentExecutor{};
  std::vector<Completion<T>> pending;
  pending.reserve(tasks.size());
  for (auto& task : tasks) pending.push_back(Start(*executor, std::move(task)));
  std::vector<T> values;
  values.reserve(pending.size());
  for (auto& done : pending) values.push_back(co_await done);
  co_return values;
}

// Runs `task` on `executor` and blocks the calling thread until it has ended and all it held is
// gone. `poll` is called about every 20 ms meanwhile, for instance to look for an interrupt and
// cancel the task's context. REQUIRES: the caller is not a thread of `executor`.
template <class T>
T Block(Executor& executor, Task<T> task, const std::function<void()>& poll = nullptr) {
  std::optional<T> value;
  BlockingWait wait;
  auto shared = std::make_shared<Task<T>>(std::move(task));
  executor.Post([&executor, shared, &value, &wait] {
    internal::RunAndSignal(&executor, std::move(*shared), &value, &wait);
  });
  executor.RunUntil(wait, poll);
  return std::move(*value);
}

}  // namespace duckpond
