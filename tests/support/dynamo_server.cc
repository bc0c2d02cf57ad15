// SPDX-License-Identifier: MIT
#include "tests/support/dynamo_server.h"

#include <filesystem>
#include <string_view>

#include "tests/support/test_servers.h"

namespace duckpond {

Result<std::unique_ptr<TestDynamoServer>> TestDynamoServer::Start() {
  const std::string folder = TestServerPath("DUCKPOND_DYNAMODB", "dynamodb");
  if (!std::filesystem::exists(folder + "/classes/DynamoServer.class")) {
    return Status::NotFound("DynamoDB Local is not in \"" + folder +
                            "\": run scripts/setup test, or name its folder in DUCKPOND_DYNAMODB");
  }
  ChildProcess::Options options;
  // A quick compiler: a test's server does not live long enough for a good one.
  options.command = {"/usr/bin/env", "java", "-XX:TieredStopAtLevel=1",
                     "-Xmx1g",       "-cp",  folder + "/classes:" + folder + "/jars/*",
                     "DynamoServer"};
  options.stderr_path = "/dev/null";
  ASSIGN_OR_RETURN(ChildProcess process, ChildProcess::Start(options));
  constexpr std::string_view kStart = "listening on ";
  for (std::optional<std::string> line; (line = process.ReadLine());) {
    if (!line->starts_with(kStart)) continue;
    return std::unique_ptr<TestDynamoServer>(
        new TestDynamoServer(std::move(process), line->substr(kStart.size())));
  }
  return Status::Unavailable("DynamoDB Local of " + folder + " did not start");
}

std::map<std::string, std::string> TestDynamoServer::Environment() const {
  return {{"AWS_ACCESS_KEY_ID", "testkey"},
          {"AWS_SECRET_ACCESS_KEY", "never-print-this-key"},
          {"AWS_REGION", "us-east-1"},
          {"AWS_ENDPOINT_URL_DYNAMODB", endpoint()}};
}

}  // namespace duckpond
