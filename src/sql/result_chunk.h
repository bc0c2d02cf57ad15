// SPDX-License-Identifier: MIT
//
// ResultChunk: some rows of a result, value by value, in the two forms that formats are made of:
// JSON, which keeps the type of a value, and text, which is what a cast to VARCHAR gives.
//
// JSON form:  numbers of up to 64 bits (BIGINT, DECIMAL of up to 18 digits) are JSON numbers with
//             every digit; wider ones (HUGEINT, BIGNUM, wide DECIMAL) are strings, since readers
//             would bend them. NaN and the infinities are strings. LIST and ARRAY become arrays,
//             STRUCT and MAP objects, UNION an object of its one member, JSON itself. All others
//             are strings of their text form (BLOB as \xNN); times with a zone are in UTC.
// Threads:    one at a time: a chunk converts lazily.
#pragma once

#include <cstddef>
#include <string>

namespace duckpond {

class ResultChunk {
 public:
  virtual ~ResultChunk() = default;
  virtual size_t rows() const = 0;
  // Appends the value as JSON.
  virtual void AppendJson(size_t column, size_t row, std::string& out) const = 0;
  // Appends the value as text and returns true; a NULL appends nothing and returns false.
  virtual bool AppendText(size_t column, size_t row, std::string& out) const = 0;
};

}  // namespace duckpond
