// SPDX-License-Identifier: MIT
//
// ConnectProxy: a forward proxy on 127.0.0.1 for https: whatever host a CONNECT names, the tunnel
// leads to one port of this machine. So a server of a test's own can be reached under any name.
//
// Threads:   one per connection; any of the methods from any thread.
// Lifetime:  the destructor closes every tunnel and joins.
#pragma once

#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace duckpond {

class ConnectProxy {
 public:
  explicit ConnectProxy(int target_port);
  ~ConnectProxy();
  ConnectProxy(const ConnectProxy&) = delete;
  ConnectProxy& operator=(const ConnectProxy&) = delete;

  std::string url() const;
  // What was asked for, such as "s3.example:443", a connection each.
  std::vector<std::string> asked() const;

 private:
  void Accept();
  void Serve(int client);

  const int target_port_;
  int listener_ = -1;
  int port_ = 0;
  std::thread acceptor_;
  mutable std::mutex mutex_;
  std::vector<std::string> asked_;    // Guarded by mutex_.
  std::vector<int> clients_;          // Guarded by mutex_; closed by the destructor.
  std::vector<std::thread> threads_;  // Guarded by mutex_.
};

}  // namespace duckpond
