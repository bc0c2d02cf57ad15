// SPDX-License-Identifier: MIT
#include "store/credentials.h"

#include <filesystem>
#include <mutex>
#include <utility>

#include "store/aws_profile.h"

namespace duckpond {
namespace {

class StaticProvider final : public CredentialsProvider {
 public:
  StaticProvider(AwsKeys keys, std::string source)
      : keys_(std::move(keys)), source_(std::move(source)) {}
  Task<Result<AwsKeys>> Get(Context) override { co_return keys_; }
  const std::string& source() const override { return source_; }

 private:
  const AwsKeys keys_;
  const std::string source_;
};

std::string SourceOf(const AwsFiles& files) {
  return "profile " + files.profile + " of " + files.credentials_path + " and " + files.config_path;
}

Result<AwsKeys> ReadKeys(const AwsFiles& files) {
  ASSIGN_OR_RETURN(ProfileSettings settings, files.Read());
  AwsKeys keys{settings["aws_access_key_id"], settings["aws_secret_access_key"],
               settings["aws_session_token"]};
  if (!keys.access_key_id.empty() && !keys.secret_access_key.empty()) return keys;
  for (const char* other : {"role_arn", "sso_session", "sso_start_url", "credential_process",
                            "web_identity_token_file"}) {
    if (settings.contains(other)) {
      return Status::Unsupported(SourceOf(files) + " gets its keys by " + other +
                                 ", which is not offered: export them to the environment instead "
                                 "(aws configure export-credentials --format env)");
    }
  }
  return Status::Invalid(SourceOf(files) + " has no access key");
}

// Keys of the shared files, read again when a file has changed: tools that renew short-lived keys
// write them there.
class ProfileProvider final : public CredentialsProvider {
 public:
  ProfileProvider(AwsFiles files, AwsKeys keys)
      : files_(std::move(files)), source_(SourceOf(files_)), keys_(std::move(keys)) {
    stamp_ = Stamp();
  }

  Task<Result<AwsKeys>> Get(Context) override { co_return Current(); }
  const std::string& source() const override { return source_; }

 private:
  using FileTime = std::filesystem::file_time_type;

  // Of a file that is not there, the earliest time: it changes when the file comes.
  std::pair<FileTime, FileTime> Stamp() const {
    std::error_code ignored;
    return {std::filesystem::last_write_time(files_.credentials_path, ignored),
            std::filesystem::last_write_time(files_.config_path, ignored)};
  }

  Result<AwsKeys> Current() {
    std::lock_guard lock(mutex_);
    // Before the reading: what is written behind it is read again next time.
    const auto stamp = Stamp();
    if (stamp == stamp_) return keys_;
    ASSIGN_OR_RETURN(keys_, ReadKeys(files_));
    stamp_ = stamp;
    return keys_;
  }

  const AwsFiles files_;
  const std::string source_;
  std::mutex mutex_;
  AwsKeys keys_;
  std::pair<FileTime, FileTime> stamp_;
};

Result<std::shared_ptr<CredentialsProvider>> FromFiles(const AwsFiles& files) {
  ASSIGN_OR_RETURN(AwsKeys keys, ReadKeys(files));
  return std::shared_ptr<CredentialsProvider>(
      std::make_shared<ProfileProvider>(files, std::move(keys)));
}

}  // namespace

std::shared_ptr<CredentialsProvider> GivenCredentials(AwsKeys keys, std::string source) {
  return std::make_shared<StaticProvider>(std::move(keys), std::move(source));
}

Result<std::shared_ptr<CredentialsProvider>> FindCredentials(const EnvironmentLookup& environment,
                                                             const std::string& profile) {
  const AwsFiles files = AwsFiles::Locate(environment, profile);
  if (!profile.empty()) return FromFiles(files);
  AwsKeys keys{environment("AWS_ACCESS_KEY_ID").value_or(""),
               environment("AWS_SECRET_ACCESS_KEY").value_or(""),
               environment("AWS_SESSION_TOKEN").value_or("")};
  if (!keys.access_key_id.empty() && !keys.secret_access_key.empty()) {
    return GivenCredentials(std::move(keys), "the environment");
  }
  auto found = FromFiles(files);
  if (!found.ok() && found.error().code() == StatusCode::kInvalid) {
    return found.error().Prefixed(
        "no credentials: no secret was given, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not "
        "set");
  }
  return found;
}

}  // namespace duckpond
