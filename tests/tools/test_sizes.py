"""Functions are found with their true length."""

from __future__ import annotations

from tools.checks.sizes import functions

SOURCE = """\
namespace aerolith {

struct Thing {
  int value = 0;
  int twice() const {
    return value * 2;
  }
};

const std::vector<int> kNumbers = {
    1,
};

Result<int> long_signature(int first,
                           int second) {
  if (first) {
    return second;
  }
  return fail(")}{");
}

int short_one() { return 1; }

}  // namespace aerolith
"""


def test_lengths() -> None:
    assert list(functions(SOURCE.splitlines())) == [(5, 3), (14, 7)]


def test_a_long_function_is_seen_whole() -> None:
    body = ["void f() {", *["  call();"] * 150, "}"]
    assert list(functions(body)) == [(1, 152)]
