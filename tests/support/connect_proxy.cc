// SPDX-License-Identifier: MIT
#include "tests/support/connect_proxy.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string_view>

#include "tests/support/loopback.h"

namespace duckpond {
namespace {

constexpr int kWaiting = 16;
constexpr size_t kHeaderBytesMax = 8192;

bool SendAll(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
  return true;
}

// The request's headers, or nothing if the client hangs up. A client waits for the answer before it
// says more.
std::string ReadHeaders(int fd) {
  std::string headers;
  char buffer[1024];
  while (headers.find("\r\n\r\n") == std::string::npos && headers.size() < kHeaderBytesMax) {
    const ssize_t got = recv(fd, buffer, sizeof buffer, 0);
    if (got <= 0) return {};
    headers.append(buffer, static_cast<size_t>(got));
  }
  return headers;
}

// Passes on what either side says until one of them ends.
void Pump(int a, int b) {
  pollfd sides[2] = {{a, POLLIN, 0}, {b, POLLIN, 0}};
  char buffer[16384];
  while (poll(sides, 2, -1) > 0) {
    for (int i = 0; i < 2; ++i) {
      if (sides[i].revents == 0) continue;
      const ssize_t got = recv(sides[i].fd, buffer, sizeof buffer, 0);
      if (got <= 0) return;
      if (!SendAll(sides[1 - i].fd, {buffer, static_cast<size_t>(got)})) return;
    }
  }
}

}  // namespace

ConnectProxy::ConnectProxy(int target_port) : target_port_(target_port) {
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = Loopback(0);
  socklen_t size = sizeof address;
  bind(listener_, reinterpret_cast<const sockaddr*>(&address), size);
  listen(listener_, kWaiting);
  getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { Accept(); });
}

ConnectProxy::~ConnectProxy() {
  shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  close(listener_);
  for (const int client : clients_) shutdown(client, SHUT_RDWR);
  for (std::thread& thread : threads_) thread.join();
  for (const int client : clients_) close(client);
}

std::string ConnectProxy::url() const { return "http://127.0.0.1:" + std::to_string(port_); }

std::vector<std::string> ConnectProxy::asked() const {
  std::lock_guard lock(mutex_);
  return asked_;
}

void ConnectProxy::Accept() {
  for (;;) {
    const int client = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (client < 0) return;
    std::lock_guard lock(mutex_);
    clients_.push_back(client);
    threads_.emplace_back([this, client] { Serve(client); });
  }
}

void ConnectProxy::Serve(int client) {
  const std::string headers = ReadHeaders(client);
  const size_t end = headers.find(" HTTP/1.1\r\n");
  constexpr std::string_view kMethod = "CONNECT ";
  if (!headers.starts_with(kMethod) || end == std::string::npos) {
    SendAll(client, "HTTP/1.1 405 Only CONNECT\r\nContent-Length: 0\r\n\r\n");
    shutdown(client, SHUT_RDWR);
    return;
  }
  {
    std::lock_guard lock(mutex_);
    asked_.push_back(headers.substr(kMethod.size(), end - kMethod.size()));
  }
  const int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = Loopback(target_port_);
  if (connect(server, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&
      SendAll(client, "HTTP/1.1 200 Connection established\r\n\r\n")) {
    Pump(client, server);
  }
  close(server);
  shutdown(client, SHUT_RDWR);
}

}  // namespace duckpond
