"""What a listing must answer, in a few obvious lines: keys in order of their UTF-8 bytes, rolled up by delimiter."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Page:
    keys: list[str] = field(default_factory=list)
    prefixes: list[str] = field(default_factory=list)
    truncated: bool = False

    def __len__(self) -> int:
        return len(self.keys) + len(self.prefixes)


def list_page(keys: list[str], prefix: str, delimiter: str, after: str, limit: int) -> Page:
    """One page of the keys behind `after`; a common prefix counts as one entry, and is left out when it is `after`."""
    page = Page()
    for key in sorted(set(keys), key=str.encode):
        if not key.startswith(prefix) or key.encode() <= after.encode():
            continue
        rest = key.removeprefix(prefix)
        rolled_up = bool(delimiter) and delimiter in rest
        entry = prefix + rest[: rest.index(delimiter) + len(delimiter)] if rolled_up else key
        if rolled_up and (entry in page.prefixes or entry == after):
            continue
        if len(page) == limit:
            page.truncated = True
            return page
        (page.prefixes if rolled_up else page.keys).append(entry)
    return page
