// SPDX-License-Identifier: MIT
//
// ConnectionSink: carries an answer from the thread of a query to the I/O thread, one part at a
// time: while one is written the next is made, and no more than that waits in memory.
//
// Threads:   its methods are called from the query's thread. They block until the part before is
//            written, which a client that takes nothing ends after idle_ms_max.
// Lifetime:  holds its connection and keeps the I/O loop running.
#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <memory>

#include "server/connection.h"

namespace duckpond {

class ConnectionSink final : public ResponseSink {
 public:
  explicit ConnectionSink(std::shared_ptr<Connection> connection);
  ~ConnectionSink() override;

  void Whole(WebAnswer answer) override;
  void Start(WebAnswer head) override;
  bool Write(std::string block) override;
  void Finish(WebFields trailers) override;
  void Abort(const Problem& why) override;

 private:
  struct Progress {
    BlockingWait written;
    std::atomic<bool> ok = true;
  };
  // Waits for the part before; false if it could not be written.
  bool Ready();
  // Runs `send` on the I/O thread with what marks this part as written.
  void Send(std::function<void(Connection&, Connection::Written)> send);

  std::shared_ptr<Connection> connection_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  std::shared_ptr<Progress> last_;
};

}  // namespace duckpond
