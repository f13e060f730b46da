"""Writing generated files: only those that changed, so that the build does no more than it must."""

from pathlib import Path

_NOTICE = "// Written by tools/codegen: don't edit.\n"


def write(path: Path, text: str) -> None:
    text = _NOTICE + text
    try:
        if path.read_text(encoding="utf-8") == text:
            return
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
