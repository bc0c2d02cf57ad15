// SPDX-License-Identifier: MIT
//
// ScratchFolder: a new folder in the temporary directory, removed with all that is in it.
#pragma once

#include <filesystem>
#include <string>

namespace duckpond {

class ScratchFolder {
 public:
  ScratchFolder();
  ~ScratchFolder();
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }
  // The path of something in it.
  std::string operator/(const std::string& name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

}  // namespace duckpond
