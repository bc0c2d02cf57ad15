// SPDX-License-Identifier: MIT
#include "base/env.h"

#include <pthread.h>
#include <simdjson.h>

#include <atomic>
#include <cstdlib>

#include "base/check.h"
#include "base/hash.h"

namespace duckpond {
namespace {

// Threads also do the blocking work of local directories (fsync), so there are more than cores.
constexpr int kExecutorThreads = 8;

struct ProcessEnv {
  ThreadExecutor executor{kExecutorThreads};
  SystemClock clock;
  SystemRandom random;
  UuidSource uuids{clock, random};
  Env env{executor, clock, random, uuids};
};

std::atomic<ProcessEnv*> g_process{nullptr};

// Tasks may go on behind what a user waited for, and the process ends meanwhile: none may begin
// once statics are destroyed. simdjson's parsers are such, made on first use: made before the
// handler is registered, they outlive it.
void HaltAtExit() {
  simdjson::get_active_implementation()->name();
  CHECK(std::atexit([] {
          if (ProcessEnv* process = g_process.load()) process->executor.Halt();
        }) == 0);
}

// A forked process has no threads but the one that forked: it makes its own on first use. What the
// parent had is left as it is, since other threads may have been at work on it.
bool Prepare() {
  HashUntilTheEnd();
  HaltAtExit();
  CHECK(pthread_atfork(nullptr, nullptr, [] { g_process.store(nullptr); }) == 0);
  return true;
}

}  // namespace

Env& Env::Process() {
  [[maybe_unused]] static const bool prepared = Prepare();
  ProcessEnv* process = g_process.load();
  if (process != nullptr) return process->env;
  auto* made = new ProcessEnv;
  if (g_process.compare_exchange_strong(process, made)) return made->env;
  delete made;
  return process->env;
}

}  // namespace duckpond
