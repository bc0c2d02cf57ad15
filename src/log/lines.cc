// SPDX-License-Identifier: MIT
#include "log/lines.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>

#include "base/check.h"
#include "log/limits.h"

namespace duckpond {
namespace {

namespace dom = simdjson::dom;

constexpr std::string_view kBeforeId = "{\"id\":\"";
constexpr std::string_view kBeforeName = "\",\"event\":\"";
constexpr std::string_view kBeforeData = "\",\"data\":";
constexpr std::string_view kIgnorableEnd = ",\"ignorable\":true}";
constexpr size_t kUuidBytes = 36;
constexpr size_t kNameAt = kBeforeId.size() + kUuidBytes + kBeforeName.size();
static_assert(kEventNameBytesMax + kNameAt + kBeforeData.size() < kLineBytesMax);

// Names are plain so that they need no escapes: the shape of a line is fixed up to `data`.
bool IsName(std::string_view name) {
  return !name.empty() && name.size() <= kEventNameBytesMax &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
         });
}

// LineParser: reads one line after the other. Returns what is wrong with one, or an empty text.
class LineParser {
 public:
  // REQUIRES: simdjson::SIMDJSON_PADDING bytes behind `line` may be read.
  std::string_view Parse(std::string_view line, Event& event) {
    if (!line.starts_with(kBeforeId) || line.size() < kNameAt ||
        line.substr(kBeforeId.size() + kUuidBytes, kBeforeName.size()) != kBeforeName) {
      return "another beginning";
    }
    const auto id = Uuid::Parse(line.substr(kBeforeId.size(), kUuidBytes));
    if (!id.ok()) return "an id that is not a UUID";
    const size_t name_end = line.find('"', kNameAt);
    if (name_end == line.npos || !IsName(line.substr(kNameAt, name_end - kNameAt)) ||
        line.substr(name_end, kBeforeData.size()) != kBeforeData) {
      return "a bad name, or no data behind it";
    }
    std::string_view data = line.substr(name_end + kBeforeData.size());
    event.ignorable = data.ends_with(kIgnorableEnd);
    if (!event.ignorable && !data.ends_with('}')) return "another end";
    data.remove_suffix(event.ignorable ? kIgnorableEnd.size() : size_t{1});
    // White space would be JSON too, and what is cut out would not be the object.
    if (!data.starts_with('{') || !data.ends_with('}')) return "data that is not an object";
    if (!IsWholeLine(line, event.ignorable)) return "something that is not this line as JSON";
    event.id = *id;
    event.name.assign(line.substr(kNameAt, name_end - kNameAt));
    event.data.assign(data);
    return {};
  }

 private:
  // What was cut by position holds only if the line has just these members, data an object.
  bool IsWholeLine(std::string_view line, bool ignorable) {
    if (line.size() > capacity_) {
      capacity_ = std::max<size_t>(4096, 2 * line.size());
      if (parser_.allocate(capacity_, kJsonDepthMax) != simdjson::SUCCESS) return false;
    }
    dom::object object;
    if (parser_.parse(line.data(), line.size(), false).get(object) != simdjson::SUCCESS) {
      return false;
    }
    if (object.size() != (ignorable ? 4u : 3u) || line.find('\r') != line.npos) return false;
    auto member = object.begin();
    ++member;
    ++member;
    return member.key() == "data" && member.value().is_object();
  }

  dom::parser parser_;
  size_t capacity_ = 0;
};

// `text` is followed by SIMDJSON_PADDING bytes that may be read.
Result<std::vector<Event>> DecodeText(std::string_view text, const Place& place) {
  if (text.empty() || text.back() != '\n')
    return place.Corrupt("lines", "no line break at the end");
  const auto lines = static_cast<size_t>(std::count(text.begin(), text.end(), '\n'));
  if (lines > kFrameLinesMax) {
    return Status::Exhausted(fmt::format("{}: {} lines in one frame; at most {} are read",
                                         place.ToString(), lines, kFrameLinesMax));
  }
  std::vector<Event> events(lines);
  LineParser parser;
  size_t start = 0;
  for (size_t i = 0; i < lines; ++i) {
    const size_t size = text.find('\n', start) - start;
    if (size > kLineBytesMax) {
      return Status::Exhausted(fmt::format("{}, line {}: {} bytes; at most {} are read",
                                           place.ToString(), i + 1, size, kLineBytesMax));
    }
    const std::string_view wrong = parser.Parse(text.substr(start, size), events[i]);
    if (!wrong.empty()) {
      const Place line{fmt::format("{}, line {} of the frame", place.object, i + 1), place.offset};
      return line.Corrupt("{\"id\":\"…\",\"event\":\"…\",\"data\":{…}}", wrong);
    }
    start += size + 1;
  }
  DCHECK(start == text.size());
  return events;
}

}  // namespace

void AppendLine(std::string& text, const Event& event) {
  DCHECK(IsName(event.name));
  text += kBeforeId;
  text += event.id.ToString();
  text += kBeforeName;
  text += event.name;
  text += kBeforeData;
  text += event.data;
  text += event.ignorable ? kIgnorableEnd : "}";
  text += '\n';
}

Result<std::vector<Event>> DecodeLines(std::string_view frame, const Place& place) {
  ASSIGN_OR_RETURN(const std::string text,
                   DecompressFrame(frame, place, simdjson::SIMDJSON_PADDING));
  return DecodeText(std::string_view(text).substr(0, text.size() - simdjson::SIMDJSON_PADDING),
                    place);
}

Status CheckEvent(const Event& event) {
  if (!IsName(event.name)) {
    return Status::Invalid(fmt::format("an event's name has 1 to {} of the characters a-z, 0-9, _",
                                       kEventNameBytesMax));
  }
  if (event.name == "base" || event.name == "commit" || event.name == "key") {
    return Status::Invalid("the event name '" + event.name + "' belongs to the log itself");
  }
  std::string line;
  AppendLine(line, event);
  line.pop_back();
  if (line.size() > kLineBytesMax) {
    return Status::Exhausted(fmt::format("event '{}' has {} bytes; a line has at most {}",
                                         event.name, line.size(), kLineBytesMax));
  }
  line.reserve(line.size() + simdjson::SIMDJSON_PADDING);
  Event parsed;
  if (line.find('\n') != line.npos || !LineParser().Parse(line, parsed).empty() ||
      parsed.data != event.data) {
    return Status::Invalid("the data of event '" + event.name +
                           "' is not one JSON object on one line");
  }
  return Status::Ok();
}

bool IsUtf8(std::string_view text) { return simdjson::validate_utf8(text.data(), text.size()); }

}  // namespace duckpond
