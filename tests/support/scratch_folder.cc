// SPDX-License-Identifier: MIT
#include "tests/support/scratch_folder.h"

#include <cstdlib>
#include <system_error>

#include "base/check.h"

namespace duckpond {

ScratchFolder::ScratchFolder() {
  std::string name = (std::filesystem::temp_directory_path() / "duckpond-test-XXXXXX").string();
  CHECK(mkdtemp(name.data()) != nullptr);
  path_ = name;
}

ScratchFolder::~ScratchFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace duckpond
