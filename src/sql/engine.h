// SPDX-License-Identifier: MIT
//
// Engine: one DuckDB instance with a pond attached as its default catalog, for the programs that
// speak SQL: the command line and the server. Each Session is a connection of its own.
//
// Threads:   Connect may be called concurrently. Sessions run side by side; each is used by one
//            thread at a time, but for cancellation, which comes from any.
// Lifetime:  sessions and results keep the engine alive. It ends before main does: DuckDB keeps
//            state for each thread, which the main thread loses before statics are destroyed.
// Errors:    kInvalid – the URL or an option is wrong.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/result.h"
#include "sql/engine_session.h"

namespace duckpond {

// The catalog name of the pond in every engine.
inline constexpr char kPondCatalog[] = "pond";

struct EngineOptions {
  // Where the pond is: "./dir", "s3://bucket/prefix", "https://host/path", "memory:".
  std::string url;
  bool read_only = false;
  // How new what statements read is, where they do not say it themselves.
  Consistency consistency;
  // Where bytes of stores are kept between runs; empty for nowhere.
  std::string cache_folder;
  // The URL of a CDN in front of the pond; none if empty.
  std::string cdn;
  // A profile of store/latency_store.h put under the pond, for trying things out; none if empty.
  std::string latency_profile;
  // For SQL that comes from the network: no local files, no extensions, no secrets, no catalog but
  // the pond, and a configuration that stays as it is.
  bool sandbox = false;
  // Bounds of the whole instance; 0 leaves DuckDB's own (80% of memory, a thread a core).
  uint64_t memory_bytes_max = 0;
  int threads = 0;
};

class Engine {
 public:
  // Starts the instance and attaches the pond. Makes no request to the store.
  static Result<std::shared_ptr<Engine>> Open(const EngineOptions& options);

  Result<std::unique_ptr<Session>> Connect();

  // How new what statements read is, where they do not say it themselves.
  const Consistency& consistency() const;

  struct State;
  explicit Engine(std::shared_ptr<State> state);
  ~Engine();

 private:
  std::shared_ptr<State> state_;
};

}  // namespace duckpond
