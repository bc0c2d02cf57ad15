// SPDX-License-Identifier: MIT
#include "shell/interrupt.h"

#include <signal.h>
#include <unistd.h>

#include <atomic>

#include "base/check.h"
#include "base/env.h"
#include "shell/exit_code.h"

namespace duckpond {
namespace {

// Written by a signal handler, so neither a lock nor an allocation.
std::atomic<int> pressed = 0;
std::atomic<bool> in_scope = false;
static_assert(std::atomic<int>::is_always_lock_free);

void OnInterrupt(int) {
  if (pressed.fetch_add(1) > 0 && in_scope) _exit(static_cast<int>(ExitCode::kInterrupted));
}

}  // namespace

struct InterruptScope::State {
  CancelSource source;
  std::atomic<bool> over = false;

  // A signal handler may do next to nothing, so somebody has to look.
  static void Look(const std::shared_ptr<State>& state) {
    if (state->over) return;
    if (pressed > 0) return state->source.Cancel();
    constexpr int64_t kLookUs = 20'000;
    Executor& executor = Env::Process().executor;
    executor.PostAt(executor.NowUs() + kLookUs, [state] { Look(state); });
  }
};

InterruptScope::InterruptScope() : state_(std::make_shared<State>()) {
  CatchInterrupts();
  CHECK(!in_scope.exchange(true));  // A press is for one statement: it would cancel both.
  State::Look(state_);
}

InterruptScope::~InterruptScope() {
  state_->over = true;
  in_scope = false;
  // One that nobody has looked at yet is for the next scope, or for the prompt: a script of many
  // short statements would never notice it.
  if (state_->source.token().cancelled()) pressed = 0;
}

Context InterruptScope::context() const {
  Context context;
  context.cancel = state_->source.token();
  return context;
}

void CatchInterrupts() {
  struct sigaction action{};
  action.sa_handler = OnInterrupt;
  sigemptyset(&action.sa_mask);
  action.sa_flags = 0;  // Not SA_RESTART: a prompt that waits for a key must notice.
  sigaction(SIGINT, &action, nullptr);
}

bool TakeInterrupt() { return pressed.exchange(0) > 0; }

}  // namespace duckpond
