// SPDX-License-Identifier: MIT
//
// TestDynamoServer: DynamoDB Local in memory on 127.0.0.1, without tables, for the life of the
// object. It takes any signature. A missing program is an error, never a skipped test:
// scripts/setup installs it.
//
// Programs:  the folder $DUCKPOND_DYNAMODB, else dynamodb in $DUCKPOND_DEV_CACHE, else in
//            ~/.cache/duckpond-dev, has jars/ and classes/; java is in PATH.
// Cost:      some seconds to start, 150 MB.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "base/result.h"
#include "tests/support/child_process.h"

namespace duckpond {

class TestDynamoServer {
 public:
  static Result<std::unique_ptr<TestDynamoServer>> Start();

  std::string endpoint() const { return "http://127.0.0.1:" + port_; }
  // What a process needs to find the server: AWS_ACCESS_KEY_ID and so on.
  std::map<std::string, std::string> Environment() const;

 private:
  TestDynamoServer(ChildProcess process, std::string port)
      : process_(std::move(process)), port_(std::move(port)) {}

  ChildProcess process_;
  const std::string port_;
};

}  // namespace duckpond
