// SPDX-License-Identifier: MIT
#include "base/json_writer.h"

#include <fmt/format.h>

#include <cmath>
#include <utility>

#include "base/check.h"

namespace duckpond {

void JsonWriter::BeforeValue() {
  if (need_comma_) text_.push_back(',');
  need_comma_ = true;
}

JsonWriter& JsonWriter::BeginObject() {
  BeforeValue();
  text_.push_back('{');
  need_comma_ = false;
  ++depth_;
  return *this;
}

JsonWriter& JsonWriter::EndObject() {
  DCHECK(!text_.ends_with(':'));  // A key waits for its value.
  text_.push_back('}');
  need_comma_ = true;
  --depth_;
  DCHECK(depth_ >= 0);
  return *this;
}

JsonWriter& JsonWriter::BeginArray() {
  BeforeValue();
  text_.push_back('[');
  need_comma_ = false;
  ++depth_;
  return *this;
}

JsonWriter& JsonWriter::EndArray() {
  DCHECK(!text_.ends_with(':'));
  text_.push_back(']');
  need_comma_ = true;
  --depth_;
  DCHECK(depth_ >= 0);
  return *this;
}

JsonWriter& JsonWriter::Key(std::string_view name) {
  // Text ends in a quote, so a colon at the end is that of a key.
  DCHECK(depth_ > 0 && !text_.ends_with(':'));
  BeforeValue();
  text_ += JsonQuote(name);
  text_.push_back(':');
  need_comma_ = false;
  return *this;
}

JsonWriter& JsonWriter::String(std::string_view text) { return Raw(JsonQuote(text)); }
JsonWriter& JsonWriter::Int(int64_t value) { return Raw(std::to_string(value)); }
JsonWriter& JsonWriter::Uint(uint64_t value) { return Raw(std::to_string(value)); }
JsonWriter& JsonWriter::Bool(bool value) { return Raw(value ? "true" : "false"); }
JsonWriter& JsonWriter::Null() { return Raw("null"); }

JsonWriter& JsonWriter::Double(double value) {
  if (std::isnan(value)) return String("NaN");
  if (std::isinf(value)) return String(value > 0 ? "Infinity" : "-Infinity");
  return Raw(fmt::format("{}", value));
}

JsonWriter& JsonWriter::Raw(std::string_view json) {
  DCHECK(!json.empty());
  BeforeValue();
  text_ += json;
  return *this;
}

std::string JsonWriter::Take() {
  DCHECK(depth_ == 0 && !text_.ends_with(':'));
  need_comma_ = false;
  return std::exchange(text_, {});
}

std::string JsonQuote(std::string_view text) {
  std::string quoted;
  quoted.reserve(text.size() + 2);
  quoted.push_back('"');
  size_t plain = 0;  // What lies between here and i is copied at once.
  for (size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c >= 0x20 && c != '"' && c != '\\') continue;
    quoted.append(text, plain, i - plain);
    plain = i + 1;
    switch (c) {
      case '"':
        quoted += "\\\"";
        break;
      case '\\':
        quoted += "\\\\";
        break;
      case '\n':
        quoted += "\\n";
        break;
      case '\r':
        quoted += "\\r";
        break;
      case '\t':
        quoted += "\\t";
        break;
      default:
        quoted += fmt::format("\\u{:04x}", c);
    }
  }
  quoted.append(text, plain);
  quoted.push_back('"');
  return quoted;
}

}  // namespace duckpond
