// SPDX-License-Identifier: MIT
//
// TestCertificates: a certificate authority of a test's own, and a certificate it signed for one
// server, as PEM files in a scratch folder. Made when asked for, so none can expire.
#pragma once

#include <string>

#include "base/result.h"
#include "tests/support/scratch_folder.h"

namespace duckpond {

class TestCertificates {
 public:
  // `server_name` is a subject alternative name as OpenSSL writes it: "IP:127.0.0.1" or "DNS:host".
  explicit TestCertificates(const std::string& server_name);

  // Whether all of it could be made.
  const Status& status() const { return status_; }
  std::string authority_file() const { return folder_ / "authority.pem"; }
  std::string server_file() const { return folder_ / "server.pem"; }
  std::string server_key_file() const { return folder_ / "server.key"; }

 private:
  ScratchFolder folder_;
  Status status_;
};

}  // namespace duckpond
