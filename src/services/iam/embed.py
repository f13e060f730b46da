"""Writes a file's text as a C++ string constant: embed.py managed_policies.json managed_policies.cc"""

from __future__ import annotations

import sys
from pathlib import Path

CHUNK = 8000  # characters: well below what any compiler takes as one literal


def main(source: str, target: str) -> None:
    text = Path(source).read_text()
    chunks = [text[at : at + CHUNK] for at in range(0, len(text), CHUNK)]
    literals = "\n".join(f'R"embedded({chunk})embedded"' for chunk in chunks)
    Path(target).write_text(
        "// Written by src/services/iam/embed.py: don't edit.\n#include <string_view>\n\n"
        "namespace aerolith::iam {\nextern const std::string_view kManagedPoliciesJson;\n"
        f"const std::string_view kManagedPoliciesJson =\n{literals};\n}}  // namespace aerolith::iam\n"
    )


main(sys.argv[1], sys.argv[2])
