"""clang-tidy 19 over every source of the release build, in parallel.

A file is looked at again only when it, a header of ours that it reaches, its command, .clang-tidy or a package of
the system changed: what passed is remembered for every clone, in the user's cache folder.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

from tools.checks.sources import REPOSITORY

BUILD = REPOSITORY / "build/release"
COMMANDS = REPOSITORY / "build/tidy"  # compile_commands.json: one for each source
PASSED = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "aerolith/tidy-passed"
KEPT_SECONDS = 14 * 24 * 3600
_INCLUDE = re.compile(r'^\s*#\s*include\s*"([^"]+)"', re.MULTILINE)
# Packages that hold compilers, checks or headers, in what `dpkg-query -W` lists.
_HEADERS = re.compile(r"^(clang|cpp|g\+\+|gcc|lib\S+-dev|linux-libc-dev)")
# The compilers warn by themselves, with flags of their own; here only the checks speak.
_EXTRA = ("--extra-arg=-w",)


@cache
def _own_includes(path: Path) -> frozenset[Path]:
    """Headers of ours that this file names, generated ones included."""
    roots = (path.parent, REPOSITORY / "src", BUILD / "generated")
    names = _INCLUDE.findall(path.read_text(errors="replace"))
    found = (next((root / name for root in roots if (root / name).is_file()), None) for name in names)
    return frozenset(header.resolve() for header in found if header)


@cache
def _surroundings() -> bytes:
    """What every verdict rests on: the checks, and the packages that the compiler and the headers come from."""
    try:
        listed = subprocess.run(["dpkg-query", "-W"], capture_output=True, check=True, text=True).stdout
        packages = "\n".join(line for line in listed.splitlines() if _HEADERS.match(line))
    except FileNotFoundError:
        packages = subprocess.run(["clang-tidy-19", "--version"], capture_output=True, check=True, text=True).stdout
    return (REPOSITORY / ".clang-tidy").read_bytes() + packages.encode()


def _fingerprint(source: Path, command: str) -> str:
    reached, waiting = set(), [source]
    while waiting:
        path = waiting.pop()
        if path not in reached:
            reached.add(path)
            waiting.extend(_own_includes(path))
    digest = hashlib.sha256(command.replace(str(REPOSITORY), "").encode() + _surroundings())
    for path in sorted(reached):
        digest.update(str(path.relative_to(REPOSITORY)).encode() + path.read_bytes())
    return digest.hexdigest()


def _lint(source: Path) -> tuple[Path, int, str]:
    result = subprocess.run(
        ["clang-tidy-19", "-p", str(COMMANDS), "--quiet", "--warnings-as-errors=*", *_EXTRA, str(source)],
        cwd=REPOSITORY,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    return source, result.returncode, result.stdout + (result.stderr if result.returncode else "")


def _apart(entry: dict[str, str]) -> list[dict[str, str]]:
    """How each source of a unit would be compiled by itself: the release build compiles several as one."""
    unit = Path(entry["file"])
    if unit.parent.name != "Unity":
        return [entry]
    target = unit.parents[1].relative_to(BUILD)  # src/services/s3/CMakeFiles/services_s3.dir
    room = REPOSITORY / target.parents[1]
    result = []
    for source in _INCLUDE.findall(unit.read_text()):
        if not Path(source).is_relative_to(room):
            continue  # generated
        object_path = target / f"{Path(source).relative_to(room)}.o"
        unit_object = target / "Unity" / f"{unit.name}.o"
        command = entry["command"].replace(str(unit_object), str(object_path)).replace(str(unit), source)
        result.append(entry | {"file": source, "command": command})
    return result


def _commands() -> list[dict[str, str]]:
    listed = json.loads((BUILD / "compile_commands.json").read_text())
    result = [command for entry in listed for command in _apart(entry)]
    COMMANDS.mkdir(parents=True, exist_ok=True)
    (COMMANDS / "compile_commands.json").write_text(json.dumps(result))
    return result


def main() -> int:
    PASSED.mkdir(parents=True, exist_ok=True)
    marks: dict[Path, Path] = {}
    for entry in _commands():
        source = Path(entry["file"]).resolve()
        if source.is_relative_to(REPOSITORY / "src"):
            marks[source] = PASSED / _fingerprint(source, entry["command"])
    todo = [source for source, mark in marks.items() if not mark.exists()]
    failed = 0
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        for source, code, output in pool.map(_lint, todo):
            if code == 0:
                marks[source].touch()
            else:
                failed += 1
                print(output.strip(), flush=True)
    for mark in marks.values():
        if mark.exists():
            mark.touch()
    for mark in PASSED.iterdir():
        if time.time() - mark.stat().st_mtime > KEPT_SECONDS:
            mark.unlink(missing_ok=True)
    print(f"clang-tidy: {len(marks)} files, {len(todo)} looked at, {failed} with findings")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
