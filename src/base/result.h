// Result<T, E>: a value or an error; the only way a function of ours reports failure.
//
// Exceptions stay for bugs and third-party code (caught once, in the gateway).
#pragma once

#include <expected>
#include <string>
#include <utility>

namespace aerolith {

// An error of one room: a small enum that names no AWS code, and a sentence for the log.
// `Code` is the room's own enum, so that a switch over it is checked to be exhaustive.
template <typename Code>
struct Failure {
  Code code;
  std::string detail;
};

template <typename T, typename E>
struct [[nodiscard]] Result : std::expected<T, E> {
  using std::expected<T, E>::expected;
};

template <typename Code>
std::unexpected<Failure<Code>> fail(Code code, std::string detail = {}) {
  return std::unexpected(Failure<Code>{code, std::move(detail)});
}

}  // namespace aerolith

// Evaluates to the value of a Result, or returns its error from the enclosing function.
// The enclosing function's error type must be constructible from this one's. May stand inside another TRY.
#define TRY(expression) AEROLITH_TRY_NUMBERED_(expression, __COUNTER__)
#define AEROLITH_TRY_NUMBERED_(expression, number) AEROLITH_TRY_(expression, number)
#define AEROLITH_TRY_(expression, number)                                                                 \
  ({                                                                                                      \
    auto try_result_##number = (expression);                                                              \
    if (!try_result_##number.has_value()) return std::unexpected(std::move(try_result_##number).error()); \
    *std::move(try_result_##number);                                                                      \
  })
