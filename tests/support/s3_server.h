// SPDX-License-Identifier: MIT
//
// TestS3Server: a real S3 server (versitygw, or MinIO) on 127.0.0.1 over a scratch folder, with one
// bucket, for the life of the object. A missing program is an error, never a skipped test:
// scripts/setup installs it.
//
// Programs:  $DUCKPOND_VERSITYGW, else versitygw-v1.8.0/versitygw in $DUCKPOND_DEV_CACHE, else in
//            ~/.cache/duckpond-dev. MinIO where $DUCKPOND_MINIO names it or PATH has it.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "tests/support/child_process.h"
#include "tests/support/scratch_folder.h"

namespace duckpond {

class TestS3Server {
 public:
  enum class Kind : unsigned char { kVersitygw, kMinio };
  struct Options {
    Kind kind = Kind::kVersitygw;
    // The rest is versitygw's alone. Files in PEM make it speak TLS.
    std::string certificate_file;
    std::string key_file;
    // Buckets are part of the host's name, http://bucket.localhost:port.
    bool virtual_host = false;
  };
  // Starts the server and waits until it accepts connections.
  static Result<std::unique_ptr<TestS3Server>> Start(Options options);

  // $DUCKPOND_MINIO, else the program `minio` in `path` (as PATH is written), else nothing.
  static std::string MinioPath(const std::string& path);
  static std::string MinioPath();

  // "http://127.0.0.1:port", with https for TLS, and localhost for virtual hosts.
  std::string endpoint() const;
  int port() const { return port_; }
  const std::string& bucket() const { return bucket_; }
  const std::string& access_key() const { return access_key_; }
  const std::string& secret_key() const { return secret_key_; }
  const std::string& region() const { return region_; }
  // What a process needs to find the server: AWS_ACCESS_KEY_ID and so on.
  std::map<std::string, std::string> Environment() const;

 private:
  explicit TestS3Server(Options options) : options_(std::move(options)) {}
  Status TryStart(const std::string& program);
  std::vector<std::string> CommandOfVersitygw(const std::string& program) const;

  const Options options_;
  ScratchFolder folder_;
  const std::string bucket_ = "pond-bucket";
  const std::string access_key_ = "testaccesskey";
  // scripts/test looks for it in all that was printed.
  const std::string secret_key_ = "never-print-this-key";
  const std::string region_ = "us-east-1";
  int port_ = 0;
  std::unique_ptr<ChildProcess> process_;
};

}  // namespace duckpond
