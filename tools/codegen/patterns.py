"""The models' regular expressions (Java's dialect) in RE2's."""

from __future__ import annotations

import re

# RE2 has no lookaround, no back references, no possessive quantifiers, no class arithmetic.
_BEYOND_RE2 = re.compile(r"\(\?(=|!|<=|<!|>)|\\[1-9]|([*+?]|\{\d+,?\d*\})\+|&&|\\[GZ]")
_SURROGATES = re.compile(r"\\uD800\\uDC00-\\uDBFF\\uDFFF", re.IGNORECASE)
_BEYOND_BMP = re.compile(r"\\u(10000|10FFFF)", re.IGNORECASE)
_CODE_POINT = re.compile(r"\\u\{?([0-9A-Fa-f]{2,4})\}?")
_COUNT_OF_COUNT = re.compile(r"(\[[^\]]*\]\{\d+\})(?=\{)")
_REPEAT = re.compile(r"(?<!\\)\{(\d+)(,(\d*))?\}")
# Java's names for ASCII classes, as the inside of a class.
_ASCII_CLASSES = {
    "Print": r"\x20-\x7E",
    "ASCII": r"\x00-\x7F",
    "Alnum": "a-zA-Z0-9",
    "Alpha": "a-zA-Z",
    "Digit": "0-9",
    "Upper": "A-Z",
    "Lower": "a-z",
    "Graph": r"\x21-\x7E",
    "Space": r" \t\n\x0B\f\r",
    "Punct": r"!-/:-@\[-`{-~",
    "XDigit": "0-9a-fA-F",
    "Cntrl": r"\x00-\x1F\x7F",
}
_TOKEN = re.compile(r"\\p\{(\w+)\}|\\.|\[|\]|.", re.DOTALL)
_MOST_REPEATS = 1000  # RE2's limit


def for_re2(pattern: str) -> str | None:
    """None where RE2 can't say it. Counts over RE2's limit lose their upper end: lengths are checked apart."""
    if _BEYOND_RE2.search(pattern):
        return None
    pattern = _spell_out_classes(pattern)
    pattern = _SURROGATES.sub(r"\\x{10000}-\\x{10FFFF}", pattern)
    pattern = _BEYOND_BMP.sub(lambda m: f"\\x{{{m.group(1).upper()}}}", pattern)
    pattern = _CODE_POINT.sub(lambda m: f"\\x{{{m.group(1).lstrip('0').upper() or '0'}}}", pattern)
    pattern = _COUNT_OF_COUNT.sub(r"(?:\1)", pattern)
    too_long = False

    def repeat(match: re.Match) -> str:
        nonlocal too_long
        least, comma, most = int(match.group(1)), match.group(2), match.group(3)
        too_long = too_long or least > _MOST_REPEATS
        if comma and most and int(most) > _MOST_REPEATS:
            return f"{{{least},}}"
        return match.group(0)

    # \x{...} has letters or five digits at most: a count stands after something else.
    pattern = re.sub(
        r"\\[xpP]\{[^}]*\}|" + _REPEAT.pattern,
        lambda m: m.group(0) if m.group(0).startswith("\\") else repeat(_REPEAT.match(m.group(0))),
        pattern,
    )
    return None if too_long else pattern


def _spell_out_classes(pattern: str) -> str:
    out, inside = [], False
    for match in _TOKEN.finditer(pattern):
        token = match.group(0)
        if match.group(1) in _ASCII_CLASSES:
            ranges = _ASCII_CLASSES[match.group(1)]
            out.append(ranges if inside else f"[{ranges}]")
            continue
        if token in "[]":
            inside = token == "["
        out.append(token)
    return "".join(out)
