// SPDX-License-Identifier: MIT
#include "shell/log_view.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <simdjson.h>

#include <ctime>

#include "base/json_writer.h"

namespace duckpond {
namespace {

constexpr size_t kDetailMax = 60;
constexpr int64_t kUsPerSecond = 1'000'000;

// At most so many bytes, not cut inside a character.
std::string Cut(std::string_view text, size_t bytes_max) {
  if (text.size() <= bytes_max) return std::string(text);
  size_t end = bytes_max;
  constexpr unsigned char kMask = 0xC0;
  constexpr unsigned char kContinuation = 0x80;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & kMask) == kContinuation) --end;
  return std::string(text.substr(0, end)) + "…";
}

std::string SizeText(uint64_t bytes) {
  constexpr double kThousand = 1000;
  const auto size = static_cast<double>(bytes);
  if (size < kThousand) return fmt::format("{} bytes", bytes);
  if (size < kThousand * kThousand) return fmt::format("{:.1f} KB", size / kThousand);
  return fmt::format("{:.1f} MB", size / kThousand / kThousand);
}

}  // namespace

std::string TimeText(int64_t time_us) {
  const auto seconds = static_cast<std::time_t>(time_us / kUsPerSecond);
  return fmt::format("{:%Y-%m-%d %H:%M:%S}", fmt::gmtime(seconds));
}

std::string Visible(std::string_view text) {
  constexpr unsigned char kSpace = 0x20;
  constexpr unsigned char kDelete = 0x7F;
  constexpr unsigned char kSecondPage = 0xC2;
  constexpr unsigned char kNoBreakSpace = 0xA0;
  std::string visible;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const auto next = static_cast<unsigned char>(i + 1 < text.size() ? text[i + 1] : '\0');
    if (byte < kSpace || byte == kDelete) {
      visible += fmt::format("\\x{:02x}", byte);
    } else if (byte == kSecondPage && next < kNoBreakSpace) {
      visible += fmt::format("\\u{:04x}", next);
      ++i;
    } else {
      visible += text[i];
    }
  }
  return visible;
}

std::string LogView::Header() {
  return fmt::format("{:>7}  {:<19}  {:<14}  {}\n", "version", "time (UTC)", "event", "what");
}

// Shows the fields that most kinds of events have; an event without any of them is shown as it is.
std::string LogView::Detail(const Event& event) {
  simdjson::dom::parser parser;
  simdjson::dom::element data;
  if (parser.parse(event.data).get(data) != simdjson::SUCCESS) {
    return Cut(Visible(event.data), kDetailMax);
  }
  std::string detail;
  std::string_view text;
  uint64_t number = 0;
  if (data["name"].get(text) == simdjson::SUCCESS) {
    names_[event.id.ToString()] = text;
    detail = text;
  } else if (data["table"].get(text) == simdjson::SUCCESS) {
    const auto known = names_.find(text);
    detail = known == names_.end() ? std::string(text) : known->second;
  }
  if (data["rows"].get(number) == simdjson::SUCCESS) {
    detail += fmt::format("  {} row{}", number, number == 1 ? "" : "s");
  }
  if (data["bytes"].get(number) == simdjson::SUCCESS) detail += "  " + SizeText(number);
  return Cut(Visible(detail.empty() ? event.data : detail), kDetailMax);
}

std::string LogView::Text(const CommitRecord& commit) {
  std::string text;
  for (const Event& event : commit.events) {
    text += fmt::format("{:>7}  {:<19}  {:<14}  {}\n", commit.version, TimeText(commit.time_us),
                        event.name, Detail(event));
  }
  return text;
}

std::string LogView::Json(const CommitRecord& commit) {
  std::string lines;
  for (const Event& event : commit.events) {
    JsonWriter json;
    json.BeginObject().Key("version").Uint(commit.version).Key("time").Int(commit.time_us);
    json.Key("writer").String(commit.writer).Key("id").String(event.id.ToString());
    json.Key("event").String(event.name).Key("data").Raw(event.data).EndObject();
    lines += json.Take() + "\n";
  }
  return lines;
}

}  // namespace duckpond
