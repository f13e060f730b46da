"""Names of C++: types in CamelCase, namespaces in lower_case, nothing in mixedCase but constants (kName).

Words, not syntax: clang-tidy's check costs a third of its time on every file. What words don't tell it leaves to reviews:
a function in CamelCase, a private member without its "_".
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator

from tools.checks.sources import REPOSITORY, project_files

_UNSEEN = re.compile(r'R"(\w*)\(.*?\)\1"|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.DOTALL)
_MIXED = re.compile(r"\b(?!k[A-Z])[a-z][a-z0-9]*[A-Z]\w*")
_TYPE = re.compile(r"\b(?:class|struct|enum|union)\s+(?!class\b)([a-z]\w*)(?=\s*(?:final\s*)?(?::(?!:)[^;{]*)?\{)")
_NAMESPACE = re.compile(r"^namespace\s+([\w:]*[A-Z][\w:]*)", re.MULTILINE)
# Names that libraries of C chose: libxml2 and xmlsec, zlib, OpenSSL's GENERAL_NAME.
_OTHERS = re.compile(r"xml[A-Z]|uInt$|uLongf?$|compressBound$|(?:in|de)flate[A-Z]|dNSName$|iPAddress$")
_XML_MEMBERS = {"wellFormed", "signKey", "enabledReferenceUris", "encKey", "internalSubset", "intSubset"}


def wrong_names(text: str) -> Iterator[tuple[int, str]]:
    """(line from one, name)."""
    seen = _UNSEEN.sub(lambda match: "\n" * match[0].count("\n"), text)
    uses_xml = "#include <libxml/" in text or "#include <xmlsec/" in text
    for pattern, group in ((_MIXED, 0), (_TYPE, 1), (_NAMESPACE, 1)):
        for match in pattern.finditer(seen):
            name = match[group]
            if not _OTHERS.match(name) and not (uses_xml and name in _XML_MEMBERS):
                yield seen.count("\n", 0, match.start()) + 1, name


def main() -> int:
    failed = False
    for path in project_files("src", "tools"):
        if path.suffix in (".cc", ".h"):
            for line, name in wrong_names((REPOSITORY / path).read_text()):
                print(f"{path}:{line}: {name}: types are CamelCase, all other names lower_case")
                failed = True
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
