// SPDX-License-Identifier: MIT
//
// The shared files of AWS's tools, ~/.aws/credentials and ~/.aws/config: one profile's settings.
//
// Threads:  pure functions, but for reading the files.
// Secrets:  values are never part of a message.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/result.h"
#include "net/http_settings.h"

namespace duckpond {

using ProfileSettings = std::map<std::string, std::string, std::less<>>;

struct AwsFiles {
  std::string credentials_path;
  std::string config_path;
  std::string profile;

  // AWS_SHARED_CREDENTIALS_FILE, AWS_CONFIG_FILE and AWS_PROFILE, or their defaults; a `profile`
  // that is not empty wins.
  static AwsFiles Locate(const EnvironmentLookup& environment, const std::string& profile);

  // The profile's settings, the credentials file's before the config file's. Missing files and
  // sections are as empty ones.
  // Errors: kInvalid for a file that cannot be read or is too large to be one.
  Result<ProfileSettings> Read() const;
  // Those of another section of the config file, as it is written there: "sso-session work".
  Result<ProfileSettings> ReadConfig(std::string_view section) const;
};

// The text of a file that is small; empty if there is none.
// Errors: kInvalid for what is no file, cannot be read, or is too large.
Result<std::string> ReadSmallFile(const std::string& path);

// The settings of `section` ("default", "profile dev") in the text of such a file. Indented lines,
// which nest settings of a service, are skipped.
ProfileSettings ParseProfile(std::string_view text, std::string_view section);

}  // namespace duckpond
