// SPDX-License-Identifier: MIT
//
// ScriptedServer: an HTTP server on 127.0.0.1 that does as a test tells it: answers, lies about
// lengths, stalls, hangs up in the middle, never stops. One thread per connection.
//
// Example:
//   ScriptedServer server([](const SeenRequest& seen) {
//     return ScriptedReply::Http(200, {"ETag: \"a\""}, "content");
//   });
//   client.Send(context, {.url = server.url() + "/key"});
//   EXPECT_EQ(server.seen().size(), 1u);
//
// Threads:   the script runs on the connections' threads, several at once; the rest may be called
//            from any thread. Nothing sleeps: tests wait for events.
// Lifetime:  the destructor closes every connection and joins.
#pragma once

#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "tests/support/loopback.h"

namespace duckpond {

struct SeenRequest {
  int connection = 0;  // Counted from 0 in the order they were accepted.
  std::string method;
  std::string target;
  std::map<std::string, std::string> headers;  // Names in lower case.
  std::string body;

  std::string Header(const std::string& name) const {
    const auto found = headers.find(name);
    return found == headers.end() ? "" : found->second;
  }
};

struct ScriptedReply {
  std::string bytes;     // Sent as they stand, status line and all.
  bool endless = false;  // Sends `filler` again and again until the client hangs up.
  std::string filler;
  bool drips = false;  // Sends `filler` byte by byte, ten a second, until the client hangs up.
  bool hold = false;   // Then keeps the connection open, saying nothing, until it hangs up.
  bool close = false;  // Then closes it.

  static ScriptedReply Http(int status, const std::vector<std::string>& headers = {},
                            const std::string& body = {}) {
    ScriptedReply reply;
    reply.bytes = "HTTP/1.1 " + std::to_string(status) + " Scripted\r\n";
    for (const std::string& header : headers) reply.bytes += header + "\r\n";
    if (status != 204 && status != 304) {
      reply.bytes += "Content-Length: " + std::to_string(body.size()) + "\r\n";
    }
    reply.bytes += "\r\n" + body;
    return reply;
  }
  static ScriptedReply Raw(std::string bytes) {
    ScriptedReply reply;
    reply.bytes = std::move(bytes);
    return reply;
  }
  static ScriptedReply HangUp() { return Raw("").ThenClose(); }
  static ScriptedReply Silence() {
    ScriptedReply reply;
    reply.hold = true;
    return reply;
  }
  static ScriptedReply Endless(std::string start, std::string filler) {
    ScriptedReply reply = Raw(std::move(start));
    reply.endless = true;
    reply.filler = std::move(filler);
    return reply;
  }
  static ScriptedReply Drip(std::string start, std::string filler) {
    ScriptedReply reply = Raw(std::move(start));
    reply.drips = true;
    reply.filler = std::move(filler);
    return reply;
  }
  ScriptedReply ThenClose() && {
    close = true;
    return std::move(*this);
  }
};

class ScriptedServer {
 public:
  using Script = std::function<ScriptedReply(const SeenRequest&)>;
  // Asked once the headers are there. An answer is sent at once and the body is not read.
  using EarlyScript = std::function<std::optional<ScriptedReply>(const SeenRequest&)>;

  explicit ScriptedServer(Script script, EarlyScript early = nullptr)
      : script_(std::move(script)), early_(std::move(early)) {
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address = Loopback(0);
    socklen_t length = sizeof(address);
    bind(listener_, reinterpret_cast<sockaddr*>(&address), length);
    listen(listener_, 128);
    getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &length);
    port_ = ntohs(address.sin_port);
    acceptor_ = std::thread([this] { Accept(); });
  }

  ~ScriptedServer() {
    StopListening();
    acceptor_.join();
    close(listener_);
    {
      std::lock_guard lock(mutex_);
      for (const int fd : open_) shutdown(fd, SHUT_RDWR);
    }
    for (std::thread& thread : threads_) thread.join();
  }

  // From here on connections are refused; those that are open stay.
  void StopListening() { shutdown(listener_, SHUT_RDWR); }

  int port() const { return port_; }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }

  // The requests whose headers have arrived, in that order, each with as much body as was read.
  std::vector<SeenRequest> seen() const {
    std::lock_guard lock(mutex_);
    return seen_;
  }
  int connections() const {
    std::lock_guard lock(mutex_);
    return connections_;
  }
  // Wait until this many requests have been seen, or connections been closed by either side.
  void WaitForRequests(size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return seen_.size() >= count; });
  }
  void WaitForClosed(int count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return closed_ >= count; });
  }

  // A client that speaks TLS is hung up on.
  static constexpr char kTlsHandshake = 0x16;

 private:
  void Accept() {
    for (;;) {
      const int fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (fd < 0) return;
      const int on = 1;
      setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
      std::lock_guard lock(mutex_);
      open_.push_back(fd);
      threads_.emplace_back([this, fd, number = connections_] { Serve(fd, number); });
      ++connections_;
    }
  }

  void Serve(int fd, int number) {
    std::string buffer;
    while (ServeOne(fd, number, &buffer)) {
    }
    std::lock_guard lock(mutex_);
    std::erase(open_, fd);
    close(fd);
    ++closed_;
    changed_.notify_all();
  }

  // Returns whether the connection is still of use.
  bool ServeOne(int fd, int number, std::string* buffer) {
    size_t end = 0;
    while ((end = buffer->find("\r\n\r\n")) == std::string::npos) {
      if (!ReadMore(fd, buffer)) return false;
      if (buffer->starts_with(kTlsHandshake)) return false;
    }
    SeenRequest request = ParseHead(buffer->substr(0, end));
    request.connection = number;
    buffer->erase(0, end + 4);
    size_t place = 0;
    {
      std::lock_guard lock(mutex_);
      place = seen_.size();
      seen_.push_back(request);
      changed_.notify_all();
    }
    if (early_) {
      if (auto reply = early_(request)) return Answer(fd, *reply) && false;
    }
    if (request.Header("expect") == "100-continue" && !Send(fd, "HTTP/1.1 100 Continue\r\n\r\n")) {
      return false;
    }
    const std::string length = request.Header("content-length");
    const size_t body_size = length.empty() ? 0 : std::stoul(length);
    while (buffer->size() < body_size) {
      if (!ReadMore(fd, buffer)) return false;
    }
    request.body = buffer->substr(0, body_size);
    buffer->erase(0, body_size);
    {
      std::lock_guard lock(mutex_);
      seen_[place].body = request.body;
    }
    return Answer(fd, script_(request));
  }

  static SeenRequest ParseHead(const std::string& head) {
    SeenRequest request;
    const size_t first_end = head.find("\r\n");
    const std::string line = head.substr(0, first_end);
    const size_t space = line.find(' ');
    request.method = line.substr(0, space);
    request.target = line.substr(space + 1, line.rfind(' ') - space - 1);
    for (size_t start = first_end; start != std::string::npos && start + 2 < head.size();) {
      start += 2;
      const size_t stop = head.find("\r\n", start);
      std::string field = head.substr(start, stop - start);
      const size_t colon = field.find(':');
      std::string name = field.substr(0, colon);
      for (char& c : name) c = static_cast<char>(tolower(c));
      const size_t value = field.find_first_not_of(' ', colon + 1);
      request.headers[name] = value == std::string::npos ? "" : field.substr(value);
      start = stop;
    }
    return request;
  }

  static bool Answer(int fd, const ScriptedReply& reply) {
    if (!Send(fd, reply.bytes)) return false;
    while (reply.endless) {
      if (!Send(fd, reply.filler)) return false;
    }
    for (size_t i = 0; reply.drips; i = (i + 1) % reply.filler.size()) {
      constexpr int kApartMs = 100;
      pollfd client{fd, POLLIN, 0};
      const bool hung_up = poll(&client, 1, kApartMs) != 0;
      if (hung_up || !Send(fd, reply.filler.substr(i, 1))) return false;
    }
    if (reply.hold) {
      std::string ignored;
      while (ReadMore(fd, &ignored)) {
      }
      return false;
    }
    return !reply.close;
  }

  static bool ReadMore(int fd, std::string* buffer) {
    char chunk[65536];
    const ssize_t got = recv(fd, chunk, sizeof(chunk), 0);
    if (got <= 0) return false;
    buffer->append(chunk, static_cast<size_t>(got));
    return true;
  }

  static bool Send(int fd, std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<size_t>(sent));
    }
    return true;
  }

  const Script script_;
  const EarlyScript early_;
  int listener_ = -1;
  int port_ = 0;
  std::thread acceptor_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::thread> threads_;
  std::vector<int> open_;
  std::vector<SeenRequest> seen_;
  int connections_ = 0;
  int closed_ = 0;
};

}  // namespace duckpond
