"""Files over 600 lines and functions over 100 fail; files over 300 and functions over 60 are listed.

Functions are found by layout, which clang-format makes dependable: a line that opens a brace after a parameter list,
and the closing brace at the same indentation.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

from tools.checks.sources import REPOSITORY, project_files

FILE_LIMIT, FILE_NOTABLE = 600, 300
FUNCTION_LIMIT, FUNCTION_NOTABLE = 100, 60

_OPENS_BODY = re.compile(r"^(?P<indent> *)[^ /#].*\{$|^(?P<bare> *)\{$")
_NOT_FUNCTION = re.compile(
    r"^\s*(namespace|class|struct|enum|union|extern|if|for|while|switch|else|do|try|case|return|\})\b"
)


def functions(lines: list[str]) -> Iterator[tuple[int, int]]:
    """(first line, length) of each outermost function, from one."""
    number = 0
    while number < len(lines):
        end = _end_of_body(lines, number) if _starts_function(lines, number) else None
        if end is None:
            number += 1
            continue
        first = number
        while first > 0 and _indent(lines[first]) > _indent(lines[end]):
            first -= 1
        yield first + 1, end - first + 1
        number = end + 1


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _starts_function(lines: list[str], number: int) -> bool:
    line = lines[number]
    if not _OPENS_BODY.match(line) or _NOT_FUNCTION.match(line) or line.rstrip().endswith("= {"):
        return False
    return "(" in line or ")" in line


def _end_of_body(lines: list[str], start: int) -> int | None:
    """The line of the brace that closes the one opened at the end of line `start`."""
    depth = 0
    for number in range(start, len(lines)):
        text = re.sub(r"'(\\.|[^'\\])'|\"(\\.|[^\"\\])*\"|//.*", "", lines[number])
        depth += text.count("{") - text.count("}")
        if number > start and depth <= 0:
            return number
        if number == start and depth <= 0:
            return None
    return None


def main() -> int:
    failed = False
    for path in project_files("src", "tools", "tests", "scripts"):
        if path.suffix not in (".cc", ".h", ".py", ".sh"):
            continue
        lines = (REPOSITORY / path).read_text(errors="replace").splitlines()
        failed |= _report(str(path), "file", len(lines), FILE_NOTABLE, FILE_LIMIT)
        if Path(path).suffix in (".cc", ".h"):
            for first, length in functions(lines):
                failed |= _report(f"{path}:{first}", "function", length, FUNCTION_NOTABLE, FUNCTION_LIMIT)
    return int(failed)


def _report(where: str, what: str, lines: int, notable: int, limit: int) -> bool:
    if lines > notable:
        verdict = f"over the limit of {limit}" if lines > limit else "long"
        print(f"{where}: {what} of {lines} lines: {verdict}")
    return lines > limit


if __name__ == "__main__":
    sys.exit(main())
