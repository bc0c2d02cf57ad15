// SPDX-License-Identifier: MIT
//
// Server: SQL over HTTP: /query, / and /ping on one address. One thread does all input and output;
// queries run on threads of their own, each in its own connection to the engine.
//
// Threads:   Run blocks its caller; Stop may be called from any thread.
// Lifetime:  shares the engine.
// Errors:    kInvalid – the address cannot be listened on.
// Limits:    server/limits.h
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "server/limits.h"
#include "sql/engine.h"

namespace duckpond {

struct ServerOptions {
  std::string host = "127.0.0.1";  // Localhost unless told otherwise.
  uint16_t port = 8081;            // 0 takes a free one; see Server::port.
  std::string token;               // Empty lets everybody in.
  ServerLimits limits;
};

class Server {
 public:
  // Listens from here on; answers once Run is called.
  static Result<std::unique_ptr<Server>> Listen(std::shared_ptr<Engine> engine,
                                                ServerOptions options);
  ~Server();

  uint16_t port() const;

  // Answers until SIGTERM, SIGINT or Stop; then takes nothing new, lets what runs come to its end
  // within drain_ms_max, and returns. A second signal cancels what runs; a third ends the process.
  // After Run either of them ends the process at once with exit code 0, and nobody asks for them
  // again: call it once in a process's life.
  void Run();
  void Stop();

  class State;
  explicit Server(std::unique_ptr<State> state);

 private:
  std::unique_ptr<State> state_;
};

}  // namespace duckpond
