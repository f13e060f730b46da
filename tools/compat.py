"""Writes docs/compat: what each service implements, from operations.toml and the AWS service models; why something never
will be, from docs/compat/left_out.toml; and what is refused of what is implemented, from docs/compat/refused.toml.

python -m tools.compat            writes
python -m tools.compat --check    fails where the committed pages are stale
"""

from __future__ import annotations

import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

import botocore.loaders

REPOSITORY = Path(__file__).resolve().parents[1]
PAGES = REPOSITORY / "docs/compat"
LEFT_OUT = PAGES / "left_out.toml"
REFUSED = PAGES / "refused.toml"
NOTICE = "<!-- Written by `make compat` from operations.toml. Don't edit. -->\n"


@dataclass(frozen=True)
class Coverage:
    service: str
    full_name: str
    implemented: list[str]
    missing: list[str]
    left_out: list[dict]  # {"why": sentences, "operations": names}
    refused: list[dict]  # {"what": sentences}

    @property
    def total(self) -> int:
        return len(self.implemented) + len(self.missing)


def added_operations(service: str) -> dict:
    """What no SDK's model has: S3's form upload."""
    overrides = tomllib.loads((REPOSITORY / "tools/codegen/overrides.toml").read_text())
    return overrides.get(service, {}).get("added_operations", {})


def coverage(service: str, entry: dict, left_out: list[dict], refused: list[dict]) -> Coverage:
    loader = botocore.loaders.Loader()
    model = loader.load_service_model(entry.get("model", service), "service-2")
    known = set(model["operations"]) | set(added_operations(service))
    implemented = set(entry.get("operations", []))
    if unknown := implemented - known:
        raise SystemExit(f"operations.toml: {service} has no operation {', '.join(sorted(unknown))}")
    for reason in left_out:
        if wrong := set(reason["operations"]) - (known - implemented):
            raise SystemExit(f"left_out.toml: {service} has or doesn't know {', '.join(sorted(wrong))}")
    full_name = model["metadata"]["serviceFullName"]
    return Coverage(service, full_name, sorted(implemented), sorted(known - implemented), left_out, refused)


def service_page(found: Coverage) -> str:
    lines = [NOTICE, f"# {found.full_name} (`{found.service}`)\n"]
    lines.append(f"{len(found.implemented)} of {found.total} operations are implemented.\n")
    lines.append("## Implemented\n")
    lines += [f"- {name}" for name in found.implemented] or ["None yet."]
    if found.refused:
        lines.append("\n## What they refuse\n")
        lines += [f"- {each['what']}" for each in found.refused]
    if found.missing:
        lines.append("\n## Answered with `NotImplemented`\n")
        lines += [f"- {name}" for name in found.missing]
    if found.left_out:
        lines.append("\n## Why they are left out\n")
        lines += [f"- {', '.join(sorted(reason['operations']))}: {reason['why']}" for reason in found.left_out]
    return "\n".join(lines) + "\n"


def overview_page(all_found: list[Coverage]) -> str:
    implemented = sum(len(found.implemented) for found in all_found)
    total = sum(found.total for found in all_found)
    lines = [NOTICE, "# What Aerolith implements\n"]
    lines.append(
        f"{implemented} of {total} operations of {len(all_found)} services. Every other operation of these services "
        "is known by name and answers the\nservice's own error shape with the code `NotImplemented`.\n"
    )
    lines += ["| service | operations implemented | of |", "|---|---:|---:|"]
    lines += [
        f"| [{found.full_name}]({found.service}.md) | {len(found.implemented)} | {found.total} |" for found in all_found
    ]
    return "\n".join(lines) + "\n"


def pages(operations_file: Path) -> dict[str, str]:
    """File name -> text of every page."""
    services = tomllib.loads(operations_file.read_text())
    left_out = tomllib.loads(LEFT_OUT.read_text())
    refused = tomllib.loads(REFUSED.read_text())
    all_found = [
        coverage(service, entry, left_out.get(service, []), refused.get(service, []))
        for service, entry in sorted(services.items())
    ]
    written = {f"{found.service}.md": service_page(found) for found in all_found}
    return written | {"README.md": overview_page(all_found)}


def stale_pages(wanted: dict[str, str], folder: Path) -> list[str]:
    there = {path.name: path.read_text() for path in folder.glob("*.md")} if folder.is_dir() else {}
    return sorted(name for name in wanted.keys() | there.keys() if wanted.get(name) != there.get(name))


def main(arguments: list[str]) -> int:
    wanted = pages(REPOSITORY / "operations.toml")
    stale = stale_pages(wanted, PAGES)
    if "--check" in arguments:
        if stale:
            print(f"docs/compat is stale ({', '.join(stale)}): run make compat")
        return 1 if stale else 0
    PAGES.mkdir(parents=True, exist_ok=True)
    for name in stale:
        if name in wanted:
            (PAGES / name).write_text(wanted[name])
        else:
            (PAGES / name).unlink()
        print(f"docs/compat/{name}: {'written' if name in wanted else 'removed'}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
