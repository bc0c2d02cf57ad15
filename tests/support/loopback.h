// SPDX-License-Identifier: MIT
//
// Loopback: 127.0.0.1, the only address that tests listen on and connect to.
//
// Threads:  a free function.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>

#include <cstdint>

namespace duckpond {

// A port of 0 lets the kernel choose one.
inline sockaddr_in Loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

}  // namespace duckpond
