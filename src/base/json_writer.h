// SPDX-License-Identifier: MIT
//
// JsonWriter: appends JSON to a string, with commas in the right places. Text that is not valid
// UTF-8 is a caller's mistake: bytes go through base64 first.
//
// Example:  JsonWriter json; json.BeginObject().Key("n").Int(1).EndObject(); json.Take() == {"n":1}
// Errors:   none; unbalanced calls are caught by a DCHECK.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace duckpond {

class JsonWriter {
 public:
  JsonWriter& BeginObject();
  JsonWriter& EndObject();
  JsonWriter& BeginArray();
  JsonWriter& EndArray();
  JsonWriter& Key(std::string_view name);
  JsonWriter& String(std::string_view text);
  JsonWriter& Int(int64_t value);
  JsonWriter& Uint(uint64_t value);
  // The shortest text that reads back as `value`; a NaN or an infinity is written as a string.
  JsonWriter& Double(double value);
  JsonWriter& Bool(bool value);
  JsonWriter& Null();
  // Text that is JSON already.
  JsonWriter& Raw(std::string_view json);

  const std::string& text() const { return text_; }
  std::string Take();

 private:
  void BeforeValue();
  std::string text_;
  bool need_comma_ = false;
  int depth_ = 0;
};

// `text` in quotes, with control characters, quotes and backslashes escaped.
std::string JsonQuote(std::string_view text);

}  // namespace duckpond
