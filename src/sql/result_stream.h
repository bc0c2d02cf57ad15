// SPDX-License-Identifier: MIT
//
// QueryResult: the rows of one statement, pulled chunk by chunk while the statement still runs.
//
// Threads:   one at a time, the session's.
// Lifetime:  borrows its Session. A chunk lives until the next call of Next.
// Errors:    Next fails as the statement does; rows that came before are then no answer.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/cost.h"
#include "base/result.h"
#include "sql/result_chunk.h"

namespace duckpond {

struct ResultColumn {
  std::string name;
  std::string type;  // As SQL writes it: "DECIMAL(18,3)", "STRUCT(a INTEGER)".
};

// What a statement leaves to show.
enum class ResultKind : unsigned char {
  kRows,     // An answer.
  kChanged,  // One row, one column: how many rows it changed.
  kNothing,  // No rows: CREATE, BEGIN, SET, …
};

struct ResultStatistics {
  int64_t elapsed_us = 0;
  uint64_t rows_read = 0;  // By scans; 0 unless RunOptions::count_rows.
  Cost cost;
};

class QueryResult {
 public:
  struct State;
  explicit QueryResult(std::unique_ptr<State> state);
  // Stops the statement if it still runs.
  ~QueryResult();

  const std::vector<ResultColumn>& columns() const;
  ResultKind kind() const;

  // The next rows, at least one, or null after the last.
  Result<const ResultChunk*> Next();

  // So far, with those of the statements that RunAll ran before; exact after Next gave null.
  ResultStatistics statistics() const;

  State& state() { return *state_; }

 private:
  std::unique_ptr<State> state_;
};

}  // namespace duckpond
