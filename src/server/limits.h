// SPDX-License-Identifier: MIT
//
// ServerLimits: what one server takes on. Every queue and every request has its bound here, and
// every bound answers with the status that names it.
//
// Units:  bytes and milliseconds.
#pragma once

#include <cstddef>
#include <cstdint>

namespace duckpond {

struct ServerLimits {
  // 413. Larger inserts belong in a file or in several requests: SQL text is held in memory.
  uint64_t body_bytes_max = uint64_t{16} << 20;
  // 431. Room for a query in the URL and a long token.
  uint32_t header_bytes_max = 32 * 1024;
  // 503 with Retry-After. Bodies of all requests together, from their first byte until their
  // answer.
  uint64_t bodies_bytes_max = uint64_t{512} << 20;
  // Connections open at once; one more is answered 503 and closed. An idle one costs about 3 KB.
  size_t connections_max = 10000;
  // Connections beyond those that wait for their 503; one more is closed without a word.
  size_t refused_max = 64;
  // Queries that run at once: each has a thread, and all share DuckDB's own threads.
  size_t queries_running_max = 16;
  // Besides those: queries that only wait for the log, or answer after their commit. Each has
  // a thread and a connection to the engine, about 200 KB. A store may swap a log once a second.
  size_t queries_committing_max = 1024;
  // 503 with Retry-After. Queries that wait for one of those threads.
  size_t queries_waiting_max = 4096;
  // 408. From the request's last byte to the answer's last byte.
  int64_t query_ms_max = 300'000;
  // An answer of up to this size is sent whole, with its cost in the header; a longer one streams.
  size_t whole_bytes_max = 256 * 1024;
  // Clients of HTTP/1.0 cannot be told that a stream broke off, so theirs are held whole up to
  // this.
  size_t unstreamed_bytes_max = size_t{64} << 20;
  // A client that neither sends nor takes anything for so long is gone; so is one whose header is
  // not there so long after it may come.
  int64_t idle_ms_max = 60'000;
  // What a client sends on after it was refused is dropped for so long.
  int64_t linger_ms_max = 5'000;
  // What still runs so long after SIGTERM is cancelled, and who still sends or takes is cut off.
  int64_t drain_ms_max = 30'000;
};

}  // namespace duckpond
