"""Runs the fuzz targets: all of them, a fixed count of inputs (the same every time) or for a time.

python -m tools.verify.fuzzing runs 20000
python -m tools.verify.fuzzing seconds 600
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tools.verify.stage import REPOSITORY

BUILD = REPOSITORY / "build/fuzz"
SEEDS = REPOSITORY / "tests/fuzz/seeds"
CRASHES = REPOSITORY / "build/fuzz-crashes"
INPUT_LIMIT_BYTES = 16 * 1024


def fuzz_sources() -> list[Path]:
    return sorted((REPOSITORY / "src").rglob("*_fuzz.cc"))


def fuzz_targets() -> list[str]:
    """Names as CMake knows them: one for each x_fuzz.cc."""
    return [source.stem for source in fuzz_sources()]


def _program(source: Path) -> Path:
    return BUILD / source.parent.relative_to(REPOSITORY) / source.stem


def run_target(source: Path, bound: list[str]) -> bool:
    """Starts from the committed seeds; what it finds on the way is thrown away, so that runs repeat exactly."""
    name = source.stem
    started = time.monotonic()
    CRASHES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="aerolith-fuzz-") as corpus:
        seeds = [str(SEEDS / name)] if (SEEDS / name).is_dir() else []
        result = subprocess.run(
            [
                str(_program(source)),
                *bound,
                "-seed=1",
                f"-max_len={INPUT_LIMIT_BYTES}",
                "-timeout=20",
                "-rss_limit_mb=2048",
                "-print_final_stats=1",
                f"-artifact_prefix={CRASHES}/{name}-",
                corpus,
                *seeds,
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
    passed = result.returncode == 0
    done = [
        line.split()[-1] for line in result.stdout.splitlines() if line.startswith("stat::number_of_executed_units")
    ]
    print(
        f"{'ok' if passed else 'FAILED'}  {name}: {done[0] if done else '?'} inputs, {len(seeds) and 'seeds, ' or ''}"
        f"{time.monotonic() - started:.0f} s",
        flush=True,
    )
    if not passed:
        print("\n".join(result.stdout.splitlines()[-60:]), flush=True)
    return passed


def main(kind: str, amount: str) -> int:
    bound = [f"-runs={amount}"] if kind == "runs" else [f"-max_total_time={amount}"]
    sources = fuzz_sources()
    if not sources:
        print("no fuzz target under src/")
        return 1
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        results = list(pool.map(lambda source: run_target(source, bound), sources))
    print(f"fuzz targets: {sum(results)} ok, {len(results) - sum(results)} failed")
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2]))
