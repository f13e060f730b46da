"""shellcheck over every shell script: *.sh, and files that start with a shell's #! line."""

from __future__ import annotations

import re
import subprocess
import sys

from tools.checks.sources import REPOSITORY, project_files

_SHELL = re.compile(rb"#!.*\b(ba|da)?sh\b")


def main() -> int:
    scripts = []
    for path in project_files("scripts", ".ci", "tools", "tests", "src", "bench"):
        with (REPOSITORY / path).open("rb") as file:
            if path.suffix == ".sh" or _SHELL.match(file.readline(100)):
                scripts.append(str(path))
    return subprocess.run(["shellcheck", *scripts], cwd=REPOSITORY).returncode


if __name__ == "__main__":
    sys.exit(main())
