// SPDX-License-Identifier: MIT
#include "base/iso_time.h"

#include <algorithm>
#include <charconv>
#include <chrono>

#include "base/check.h"

namespace duckpond {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

int Number(std::string_view digits) {
  int value = 0;
  DCHECK(!digits.empty() && digits.size() <= 4);  // So that it fits.
  std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return value;
}

}  // namespace

std::optional<int64_t> ParseIsoTime(std::string_view text) {
  using namespace std::chrono;
  constexpr std::string_view kForm = "0000-00-00T00:00:00";
  if (text.size() < kForm.size()) return std::nullopt;
  for (size_t i = 0; i < kForm.size(); ++i) {
    if (kForm[i] == '0' ? !IsDigit(text[i]) : text[i] != kForm[i]) return std::nullopt;
  }
  std::string_view zone = text.substr(kForm.size());
  if (zone.starts_with('.')) {
    zone.remove_prefix(1);
    while (!zone.empty() && IsDigit(zone[0])) zone.remove_prefix(1);
  }
  if (zone != "Z" && zone != "+00:00") return std::nullopt;
  const auto number = [text](size_t at, size_t length) { return Number(text.substr(at, length)); };
  const year_month_day date{year(number(0, 4)), month(static_cast<unsigned>(number(5, 2))),
                            day(static_cast<unsigned>(number(8, 2)))};
  // A leap second is written as the sixtieth, and is the first moment of the next minute here: the
  // Unix epoch counts none.
  constexpr int kLeapSecond = 60;
  if (!date.ok() || number(11, 2) > 23 || number(14, 2) > 59 || number(17, 2) > kLeapSecond) {
    return std::nullopt;
  }
  const sys_seconds moment =
      sys_days(date) + hours(number(11, 2)) + minutes(number(14, 2)) + seconds(number(17, 2));
  return microseconds(moment.time_since_epoch()).count();
}

}  // namespace duckpond
