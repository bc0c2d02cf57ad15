// SPDX-License-Identifier: MIT
#include "base/thread.h"

#include <pthread.h>
#include <signal.h>

#include <utility>

namespace duckpond {
namespace {

constexpr size_t kThreadNameBytesMax = 15;  // Linux's own limit.

}  // namespace

Thread::Thread(std::string name, std::function<void()> run) {
  name.resize(std::min(name.size(), kThreadNameBytesMax));
  // Blocked here, before the start, since a thread inherits the mask: no signal slips in between.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  thread_ = std::thread([name = std::move(name), run = std::move(run)] {
    pthread_setname_np(pthread_self(), name.c_str());
    run();
  });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

Thread::~Thread() { thread_.join(); }

}  // namespace duckpond
