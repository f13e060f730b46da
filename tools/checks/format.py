"""C++ sources are as clang-format 19 writes them; Python ones as ruff does. `make format` mends both."""

from __future__ import annotations

import subprocess
import sys

from tools.checks.sources import REPOSITORY, project_files


def main() -> int:
    cpp = [str(path) for path in project_files("src/*.cc", "src/*.h", "tools/*.cc", "tools/*.h")]
    results = [
        subprocess.run(["clang-format-19", "--dry-run", "-Werror", *cpp], cwd=REPOSITORY),
        subprocess.run([f"{sys.prefix}/bin/ruff", "format", "--check", "--quiet", "tools", "tests"], cwd=REPOSITORY),
    ]
    if failed := any(result.returncode for result in results):
        print("run: make format")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
