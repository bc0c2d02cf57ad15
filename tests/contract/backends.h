// SPDX-License-Identifier: MIT
//
// The stores that the contract suite is run over: every kind, every wrapper, and real S3 servers,
// which are started on first use and live as long as the test program.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "base/env.h"
#include "store/object_store.h"

namespace duckpond {

// An empty store.
struct OpenedBackend {
  std::shared_ptr<ObjectStore> store;
  std::shared_ptr<void> keeps_alive;  // A scratch folder, for instance.
  // How another process opens it; the URL is empty where none can.
  std::string url;
  std::map<std::string, std::string> environment;
};

struct Backend {
  std::string name;
  std::function<Result<OpenedBackend>()> open;
  // MinIO ignores If-Match on DELETE; nothing in duckpond relies on it.
  bool honours_delete_condition = true;
};

std::ostream& operator<<(std::ostream& out, const Backend& backend);

std::vector<Backend> AllBackends();
// Those that other processes can open.
std::vector<Backend> SharedBackends();
Backend DynamoBackend();

}  // namespace duckpond
