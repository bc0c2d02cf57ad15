// SPDX-License-Identifier: MIT
#include "store/aws_profile.h"

#include <filesystem>
#include <fstream>

#include "base/text.h"

namespace duckpond {
namespace {

constexpr uintmax_t kFileBytesMax = 1 << 20;

// "[ profile  dev ]" as "profile dev".
std::string SectionName(std::string_view line) {
  std::string name;
  for (const char c : Trim(line.substr(1, line.find(']') - 1))) {
    const bool space = c == ' ' || c == '\t';
    if (!space) {
      name += c;
    } else if (!name.ends_with(' ')) {
      name += ' ';
    }
  }
  return name;
}

}  // namespace

Result<std::string> ReadSmallFile(const std::string& path) {
  std::error_code error;
  const auto kind = std::filesystem::status(path, error).type();
  if (kind == std::filesystem::file_type::not_found) return std::string();
  if (kind != std::filesystem::file_type::regular) {
    return Status::Invalid(path + " is not a file that can be read");
  }
  const uintmax_t size = std::filesystem::file_size(path, error);
  if (error || size > kFileBytesMax) {
    return Status::Invalid(path + " is too large for a file of AWS settings");
  }
  std::string text(size, '\0');
  std::ifstream file(path, std::ios::binary);
  if (!file) return Status::Invalid(path + " may not be read");
  file.read(text.data(), static_cast<std::streamsize>(size));
  text.resize(static_cast<size_t>(file.gcount()));
  return text;
}

ProfileSettings ParseProfile(std::string_view text, std::string_view section) {
  ProfileSettings settings;
  bool inside = false;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    const std::string_view content = Trim(line);
    if (content.empty() || content[0] == '#' || content[0] == ';') continue;
    if (content[0] == '[') {
      inside = SectionName(content) == section;
      continue;
    }
    const size_t equals = content.find('=');
    const bool nested = line[0] == ' ' || line[0] == '\t';
    if (!inside || nested || equals == std::string_view::npos) continue;
    settings.insert_or_assign(std::string(Trim(content.substr(0, equals))),
                              std::string(Trim(content.substr(equals + 1))));
  }
  return settings;
}

AwsFiles AwsFiles::Locate(const EnvironmentLookup& environment, const std::string& profile) {
  const std::string folder = environment("HOME").value_or("") + "/.aws/";
  AwsFiles files;
  files.credentials_path =
      environment("AWS_SHARED_CREDENTIALS_FILE").value_or(folder + "credentials");
  files.config_path = environment("AWS_CONFIG_FILE").value_or(folder + "config");
  files.profile = profile.empty() ? environment("AWS_PROFILE").value_or("default") : profile;
  return files;
}

Result<ProfileSettings> AwsFiles::Read() const {
  ASSIGN_OR_RETURN(const std::string credentials, ReadSmallFile(credentials_path));
  ASSIGN_OR_RETURN(const std::string config, ReadSmallFile(config_path));
  ProfileSettings settings = ParseProfile(credentials, profile);
  settings.merge(ParseProfile(config, profile == "default" ? profile : "profile " + profile));
  return settings;
}

Result<ProfileSettings> AwsFiles::ReadConfig(std::string_view section) const {
  ASSIGN_OR_RETURN(const std::string config, ReadSmallFile(config_path));
  return ParseProfile(config, section);
}

}  // namespace duckpond
