// SPDX-License-Identifier: MIT
#include "lake/option_kinds.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "lake/limits.h"

namespace duckpond {
namespace {

constexpr OptionKind kKinds[] = {
    {kOptionInlineBytes, kInlineBytesDefault,
     "bytes of rows in the log beyond which a commit moves them into files; 0 keeps none there"},
    {kOptionInlineTransactionBytes, kInlineTransactionBytesDefault,
     "bytes of rows beyond which one transaction writes a file instead"},
};

// Far above what a log can hold, and below what a number may be anywhere.
constexpr uint64_t kNumberMax = uint64_t{1} << 40;
static_assert(kInlineBytesDefault <= kNumberMax && kInlineTransactionBytesDefault <= kNumberMax);

}  // namespace

std::span<const OptionKind> OptionKinds() { return kKinds; }

Status CheckOption(const std::string& name, const std::string& value) {
  const auto kind = std::ranges::find(kKinds, std::string_view(name), &OptionKind::name);
  if (kind == std::end(kKinds)) {
    std::string known;
    for (const OptionKind& one : kKinds)
      known += fmt::format("{}\"{}\"", known.empty() ? "" : ", ", one.name);
    return Status::Invalid(fmt::format("there is no option \"{}\"; there are {}", name, known));
  }
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (error != std::errc() || end != value.data() + value.size() || number > kNumberMax) {
    return Status::Invalid(
        fmt::format("option \"{}\" is a number from 0 to {}, not '{}'", name, kNumberMax, value));
  }
  return Status::Ok();
}

}  // namespace duckpond
