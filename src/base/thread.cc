// SPDX-License-Identifier: MIT
#include "base/thread.h"

#include <pthread.h>
#include <signal.h>

#include <utility>

#include "base/check.h"

namespace duckpond {
namespace {

constexpr size_t kThreadNameBytesMax = 15;  // Linux's own limit.

}  // namespace

Thread::Thread(std::string name, std::function<void()> run) {
  CHECK(run);
  name.resize(std::min(name.size(), kThreadNameBytesMax));
  // Blocked here, before the start, since a thread inherits the mask: no signal slips in between.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  CHECK(pthread_sigmask(SIG_SETMASK, &all, &before) == 0);
  thread_ = std::thread([name = std::move(name), run = std::move(run)] {
    pthread_setname_np(pthread_self(), name.c_str());
    run();
  });
  CHECK(pthread_sigmask(SIG_SETMASK, &before, nullptr) == 0);
}

Thread::~Thread() {
  // A thread that ends its own object would wait for itself.
  CHECK(thread_.get_id() != std::this_thread::get_id());
  thread_.join();
}

}  // namespace duckpond
