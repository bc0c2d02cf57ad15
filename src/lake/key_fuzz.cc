// SPDX-License-Identifier: MIT
//
// Keys and types from hostile bytes: what decodes encodes to the same bytes, a type that is read is
// written so that it is read again. The input is a type, a line break, and a key.
#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "base/check.h"
#include "lake/key.h"

namespace {

void TryKey(const duckpond::Type& type, std::string_view key) {
  const auto value = duckpond::DecodeKey(type, key);
  if (!value.ok()) return;
  std::string again;
  duckpond::AppendKey(type, *value, again);
  // A NaN or an interval may have been written in another way than ours: it is ours afterwards.
  const auto settled = duckpond::DecodeKey(type, again);
  CHECK(settled.ok());
  std::string last;
  duckpond::AppendKey(type, *settled, last);
  CHECK(last == again);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const size_t line = std::min(input.find('\n'), input.size());
  const auto type = duckpond::Type::Parse(input.substr(0, line));
  if (!type.ok()) return 0;
  const auto again = duckpond::Type::Parse(type->ToString());
  CHECK(again.ok());
  CHECK(*again == *type);
  TryKey(*type, input.substr(std::min(line + 1, input.size())));
  return 0;
}
