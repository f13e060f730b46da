"""python -m tools.soak [--seconds 3600] [--results bench/results]

Writes <date>-soak.csv and .svg; exit code 1 when something grew.
"""

from __future__ import annotations

import argparse
import datetime
import sys
import tempfile
from pathlib import Path

from tools.harness.server import REPOSITORY
from tools.soak.graph import write_graph
from tools.soak.run import soak
from tools.soak.samples import MIB, is_flat, judge, write_csv


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.soak")
    parser.add_argument("--seconds", type=float, default=3600)
    parser.add_argument("--results", type=Path, default=REPOSITORY / "bench/results")
    arguments = parser.parse_args()
    print(f"soak: {arguments.seconds:.0f} s of churn", flush=True)
    with tempfile.TemporaryDirectory(prefix="aerolith-soak-") as folder:
        outcome = soak(Path(folder), arguments.seconds)
    arguments.results.mkdir(parents=True, exist_ok=True)
    name = arguments.results / f"{datetime.date.today().isoformat()}-soak"
    last = outcome.samples[-1]
    title = (
        f"Soak: {last.requests:,} requests in {last.seconds:,.0f} s, {outcome.written_bytes / (1 << 30):.1f} GiB written, "
        f"{last.live_bytes / MIB:.0f} MiB held"
    )
    write_csv(outcome.samples, name.with_suffix(".csv"))
    write_graph(outcome.samples, title, name.with_suffix(".svg"))
    lines = judge(outcome.samples)
    print(title, *lines, sep="\n")
    print(f"disk once everything was deleted: {outcome.emptied_disk_bytes / MIB:.0f} MiB")
    print(f"{name}.csv, {name.name}.svg")
    return 0 if is_flat(lines) else 1


if __name__ == "__main__":
    sys.exit(main())
