// SPDX-License-Identifier: MIT
#include "store/credentials_profile.h"

#include <filesystem>
#include <mutex>
#include <utility>

#include "store/credentials_metadata.h"
#include "store/credentials_process.h"
#include "store/credentials_sso.h"
#include "store/credentials_sts.h"
#include "store/renewed_credentials.h"

namespace duckpond {
namespace {

using Provider = std::shared_ptr<CredentialsProvider>;

// Roles that are assumed with each other's keys: more than anybody has, fewer than in a circle.
constexpr int kRolesMax = 8;

std::optional<AwsKeys> KeysIn(ProfileSettings settings) {
  AwsKeys keys{settings["aws_access_key_id"], settings["aws_secret_access_key"],
               settings["aws_session_token"]};
  if (keys.access_key_id.empty() || keys.secret_access_key.empty()) return std::nullopt;
  return keys;
}

// Keys of the shared files, read again when a file has changed: tools that renew short-lived keys
// write them there.
class FileProvider final : public CredentialsProvider {
 public:
  FileProvider(AwsFiles files, AwsKeys keys)
      : files_(std::move(files)), source_(ProfileName(files_)), keys_(std::move(keys)) {
    stamp_ = Stamp();
  }

  Task<Result<AwsKeys>> Get(Context) override { co_return Current(); }
  bool Renew(const AwsKeys& refused) override {
    const Result<AwsKeys> now = Current();
    return now.ok() && (now->access_key_id != refused.access_key_id ||
                        now->session_token != refused.session_token);
  }
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
    ASSIGN_OR_RETURN(ProfileSettings settings, files_.Read());
    auto keys = KeysIn(std::move(settings));
    if (!keys) return Status::Invalid(source_ + " has no access key any more");
    keys_ = *std::move(keys);
    stamp_ = stamp;
    return keys_;
  }

  const AwsFiles files_;
  const std::string source_;
  std::mutex mutex_;
  AwsKeys keys_;
  std::pair<FileTime, FileTime> stamp_;
};

class ProfileReader {
 public:
  ProfileReader(Env& env, const EnvironmentLookup& environment, AwsFiles files)
      : env_(env), environment_(environment), files_(std::move(files)) {}

  Result<Provider> Read(int depth) {
    ASSIGN_OR_RETURN(settings_, files_.Read());
    if (settings_.contains("role_arn")) return OfRole(depth);
    ASSIGN_OR_RETURN(auto sso, FetchBySso(env_, environment_, files_, settings_));
    if (sso) return RenewedCredentials(env_, std::move(sso));
    if (auto keys = KeysIn(settings_)) return Written(*std::move(keys));
    if (!settings_.contains("credential_process")) return Provider();
    ASSIGN_OR_RETURN(auto program,
                     FetchFromProgram(settings_["credential_process"], ProfileName(files_)));
    return RenewedCredentials(env_, std::move(program));
  }

 private:
  Provider Written(AwsKeys keys) { return std::make_shared<FileProvider>(files_, std::move(keys)); }

  Result<Provider> OfRole(int depth) {
    const Status lacking = Status::Invalid(
        ProfileName(files_) +
        " has role_arn but none of web_identity_token_file, source_profile and credential_source");
    if (settings_.contains("mfa_serial")) {
      return Status::Unsupported(ProfileName(files_) +
                                 " asks for a second factor (mfa_serial), which is not offered: "
                                 "export the keys to the environment instead");
    }
    if (depth >= kRolesMax) {
      return Status::Invalid(ProfileName(files_) + ": the roles' source_profile go in a circle");
    }
    const StsPlace sts = StsPlace::Of(environment_, settings_["region"]);
    RoleToAssume role{.arn = settings_["role_arn"],
                      .session_name = settings_["role_session_name"],
                      .external_id = settings_["external_id"],
                      .duration_s = settings_["duration_seconds"]};
    if (settings_.contains("web_identity_token_file")) {
      return RenewedCredentials(
          env_, FetchWithWebIdentity(sts, std::move(role), settings_["web_identity_token_file"]));
    }
    Provider with;
    if (const std::string& name = settings_["source_profile"]; !name.empty()) {
      ASSIGN_OR_RETURN(with, OfSource(name, depth));
      if (!with) return Status::Invalid(ProfileName(files_) + ": " + name + " has no keys");
    } else {
      ASSIGN_OR_RETURN(with, OfPlace(settings_["credential_source"]));
      if (!with) return lacking;
    }
    return RenewedCredentials(env_, FetchByRole(env_, sts, std::move(role), std::move(with)));
  }

  Result<Provider> OfSource(const std::string& name, int depth) {
    // A profile may be its own source: then its own keys are meant.
    if (name == files_.profile) {
      auto keys = KeysIn(settings_);
      return keys ? Written(*std::move(keys)) : Provider();
    }
    AwsFiles files = files_;
    files.profile = name;
    return ProfileReader(env_, environment_, std::move(files)).Read(depth + 1);
  }

  Result<Provider> OfPlace(const std::string& place) {
    if (place == "Environment") {
      auto keys = EnvironmentKeys(environment_);
      if (keys) return GivenCredentials(*std::move(keys), "the environment");
      return Status::Invalid(ProfileName(files_) +
                             " takes keys from the environment, which has none");
    }
    if (place == "EcsContainer") {
      ASSIGN_OR_RETURN(auto fetcher, FetchFromContainer(environment_));
      if (fetcher) return RenewedCredentials(env_, std::move(fetcher));
      return Status::Invalid(ProfileName(files_) +
                             " takes keys from the container's endpoint, and there is none");
    }
    if (place == "Ec2InstanceMetadata") {
      ASSIGN_OR_RETURN(auto fetcher,
                       FetchFromMachine(environment_, ProfileName(files_) +
                                                          " takes keys from the metadata service"));
      return RenewedCredentials(env_, std::move(fetcher));
    }
    return Provider();
  }

  Env& env_;
  const EnvironmentLookup& environment_;
  const AwsFiles files_;
  ProfileSettings settings_;
};

}  // namespace

std::optional<AwsKeys> EnvironmentKeys(const EnvironmentLookup& environment) {
  AwsKeys keys{environment("AWS_ACCESS_KEY_ID").value_or(""),
               environment("AWS_SECRET_ACCESS_KEY").value_or(""),
               environment("AWS_SESSION_TOKEN").value_or("")};
  if (keys.access_key_id.empty() || keys.secret_access_key.empty()) return std::nullopt;
  return keys;
}

std::string ProfileName(const AwsFiles& files) {
  return "profile " + files.profile + " of " + files.credentials_path + " and " + files.config_path;
}

Result<std::shared_ptr<CredentialsProvider>> ProfileCredentials(
    Env& env, const EnvironmentLookup& environment, const AwsFiles& files) {
  return ProfileReader(env, environment, files).Read(0);
}

}  // namespace duckpond
