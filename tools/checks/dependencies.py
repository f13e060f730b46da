"""The dependency rule of the architecture page, held against every #include under src/.

    main > services, console > gateway, reconcile, engines > compute, network, blocks, objects, metadata, audit
         > auth, policy, protocol, federation > http, dns, os > base

A room includes rooms below its own level, and at its own level only what ALLOWED_BESIDE names.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from pathlib import Path

# All rooms of the house's plan, the design's architecture.md, also those that aren't built yet: so they begin under the
# rule. The header filter of .clang-tidy names the same ones.
LEVELS: tuple[tuple[str, ...], ...] = (
    ("base",),
    ("http", "dns", "os"),
    ("auth", "policy", "protocol", "federation"),
    ("compute", "network", "blocks", "objects", "metadata", "audit"),
    ("gateway", "reconcile", "engines"),
    ("services", "console"),
    ("main",),
)
LEVEL_OF = {room: level for level, rooms in enumerate(LEVELS) for room in rooms}

# One way only.
ALLOWED_BESIDE = {
    ("objects", "metadata"),
    ("blocks", "metadata"),
    ("compute", "metadata"),
    ("compute", "blocks"),
    ("network", "metadata"),
}
# Rooms that must not know another although it lies below: objects, blocks and metadata know no protocol.
FORBIDDEN_BELOW = {
    (above, below)
    for above in ("objects", "blocks", "metadata")
    for below in ("auth", "policy", "protocol", "federation", "http")
}
# Outside headers that live in one room.
OUTSIDE = {
    "boost/asio": "http",
    "boost/beast": "http",
    "rocksdb/": "metadata",
    "ldns/": "dns",
    "libxml/": "federation",
    "xmlsec/": "federation",
}

_INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


@dataclass(frozen=True)
class Breach:
    file: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.text}"


def check(source_root: Path) -> list[Breach]:
    breaches: list[Breach] = []
    for path in sorted([*source_root.rglob("*.h"), *source_root.rglob("*.cc")]):
        relative = path.relative_to(source_root)
        for number, line in enumerate(path.read_text().splitlines(), 1):
            match = _INCLUDE.match(line)
            problem = match and _problem(relative, match[1], match[2])
            if problem:
                breaches.append(Breach(str(relative), number, problem))
    return breaches


def _problem(file: Path, quote: str, included: str) -> str | None:
    room = file.parts[0]
    if room not in LEVEL_OF:
        return f"unknown room '{room}': add it to the architecture page and to tools/checks/dependencies.py"
    for prefix, home in OUTSIDE.items():
        if included.startswith(prefix) and room != home:
            return f"<{included}> belongs in {home}/ only"
    if quote == "<":
        return None
    target = included.split("/")[0]
    if target not in LEVEL_OF:
        return None  # generated code, or a file beside this one
    if target == room:
        return _service_problem(file, included) if room == "services" else None
    if (room, target) in FORBIDDEN_BELOW:
        return f"{room}/ must not know {target}/"
    if LEVEL_OF[target] < LEVEL_OF[room] or (room, target) in ALLOWED_BESIDE:
        return None
    return f"{room}/ must not include {target}/ (it is not below)"


def _service_problem(file: Path, included: str) -> str | None:
    """Services never include one another's insides, only services/<other>/api.h."""
    parts = included.split("/")
    if len(file.parts) < 3 or len(parts) < 3 or parts[1] == file.parts[1] or parts[2:] == ["api.h"]:
        return None
    return f"services/{file.parts[1]}/ may include only services/{parts[1]}/api.h, not {included}"


def main() -> int:
    breaches = check(Path(__file__).resolve().parents[2] / "src")
    for breach in breaches:
        print(f"src/{breach}")
    print(f"dependency rule: {len(breaches)} breaches")
    return 1 if breaches else 0


if __name__ == "__main__":
    sys.exit(main())
