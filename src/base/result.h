// SPDX-License-Identifier: MIT
//
// Result<T>: a value or the Status that says why there is none. It has the shape of C++23's
// std::expected<T, Status>, which can replace it one day, plus an implicit conversion from Status.
//
// Example:
//   Result<int> Parse(std::string_view text);
//   Status Use(std::string_view text) {
//     ASSIGN_OR_RETURN(int value, Parse(text));
//     return Store(value);
//   }
// Coroutines use the CO_ forms of the macros, since a coroutine cannot `return`.
#pragma once

#include <tl/expected.hpp>
#include <utility>

#include "base/check.h"
#include "base/status.h"

namespace duckpond {

template <class T>
class [[nodiscard]] Result : public tl::expected<T, Status> {
  using Base = tl::expected<T, Status>;

 public:
  using Base::Base;
  // REQUIRES: !status.ok(): an Ok carries no value to give.
  Result(Status status) : Base(tl::unexpect, std::move(status)) {  // NOLINT(*-explicit-*)
    CHECK(!this->error().ok());
  }

  bool ok() const { return this->has_value(); }
  // Ok, or the error.
  Status status() const { return ok() ? Status::Ok() : this->error(); }
};

inline const Status& StatusOf(const Status& status) { return status; }
template <class T>
Status StatusOf(const Result<T>& result) {
  return result.status();
}

}  // namespace duckpond

#define DUCKPOND_CONCAT_(a, b) a##b
#define DUCKPOND_CONCAT(a, b) DUCKPOND_CONCAT_(a, b)

#define DUCKPOND_RETURN_IF_ERROR(keyword, expr)                                    \
  do {                                                                             \
    if (auto status_ = ::duckpond::StatusOf(expr); !status_.ok()) keyword status_; \
  } while (false)

#define DUCKPOND_ASSIGN(keyword, holder, lhs, expr)    \
  auto holder = (expr);                                \
  if (!holder.ok()) keyword std::move(holder).error(); \
  lhs = *std::move(holder)

// Leaves the function with the error of `expr`, a Status or a Result.
#define RETURN_IF_ERROR(expr) DUCKPOND_RETURN_IF_ERROR(return, expr)
#define CO_RETURN_IF_ERROR(expr) DUCKPOND_RETURN_IF_ERROR(co_return, expr)

// Assigns the value of the Result `expr` to `lhs`, or leaves the function with its error.
#define ASSIGN_OR_RETURN(lhs, expr) \
  DUCKPOND_ASSIGN(return, DUCKPOND_CONCAT(result_, __LINE__), lhs, expr)
#define CO_ASSIGN_OR_RETURN(lhs, expr) \
  DUCKPOND_ASSIGN(co_return, DUCKPOND_CONCAT(result_, __LINE__), lhs, expr)
