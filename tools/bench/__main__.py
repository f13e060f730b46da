"""Measures the bars and writes bench/results/<date>-foundation.{md,json}, -identity, -ec2, -ebs and -s3.

python -m tools.bench [server] [build]      the foundation; without any name all of them (make bench builds first)
python -m tools.bench identity              decisions, enforcement, changes of policies, a crowd (tools/bench/identity)
python -m tools.bench ec2                   launches, groups, what instances and their network cost (tools/bench/ec2)
python -m tools.bench ebs                   volumes: rates, attachments, snapshots (tools/bench/ebs)
python -m tools.bench s3 [--help]           the S3 data path against other servers (tools/bench/s3)
"""

from __future__ import annotations

import datetime
import json
import sys
from collections.abc import Callable

from tools.bench import build_bars, server_bars
from tools.bench.ebs import bars as ebs
from tools.bench.ec2 import bars as ec2
from tools.bench.identity import bars as identity
from tools.bench.measure import Measurement, machine_facts
from tools.bench.s3 import command as s3_command
from tools.harness.server import REPOSITORY

RESULTS = REPOSITORY / "bench/results"
FOUNDATION = {"server": server_bars.all_bars, "build": build_bars.all_bars}


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.2f}"


def _markdown(date: str, facts: dict, measured: list[Measurement]) -> str:
    lines = [f"# Bars, {date}", ""]
    lines.append(", ".join(f"{name.replace('_', ' ')}: {value}" for name, value in facts.items()) + ".")
    lines += ["", "| measure | measured | bar | met |", "|---|---:|---:|---|"]
    for one in measured:
        bar = "" if one.bar is None else f"{_number(one.bar)} {one.unit}"
        met = {True: "yes", False: "**no**", None: ""}[one.meets_bar]
        lines.append(f"| {one.name} | {_number(one.value)} {one.unit} | {bar} | {met} |")
    for one in measured:
        if one.details:
            values = ", ".join(f"{name.replace('_', ' ')} {_number(value)}" for name, value in one.details.items())
            lines += ["", f"{one.name}: {values}."]
    return "\n".join(lines) + "\n"


def main(names: list[str]) -> int:
    if names and names[0] == "s3":
        return s3_command.main(names[1:])
    if unknown := set(names) - {*FOUNDATION, "identity", "ec2", "ebs"}:
        print(__doc__, file=sys.stderr)
        return 0 if unknown <= {"-h", "--help"} else 2
    foundation = [bars for name, bars in FOUNDATION.items() if name in names or not names]
    if foundation:
        measure_all("foundation", foundation)
    if "identity" in names or not names:
        measure_all("identity", [identity.all_bars])
    if "ec2" in names or not names:
        measure_all("ec2", [ec2.all_bars])
    if "ebs" in names or not names:
        measure_all("ebs", [ebs.all_bars])
    return 0 if names else s3_command.main([])


def measure_all(title: str, sets: list[Callable[[], list[Measurement]]]) -> None:
    measured: list[Measurement] = []
    for bars in sets:
        for one in bars():
            measured.append(one)
            met = {True: "meets", False: "MISSES", None: "no"}[one.meets_bar]
            print(f"{one.name}: {_number(one.value)} {one.unit} ({met} bar)", flush=True)
    date = datetime.date.today().isoformat()
    facts = machine_facts()
    RESULTS.mkdir(parents=True, exist_ok=True)
    path = RESULTS / f"{date}-{title}.md"
    path.write_text(_markdown(date, facts, measured))
    document = {"date": date, "machine": facts, "measurements": [one.as_json() for one in measured]}
    path.with_suffix(".json").write_text(json.dumps(document, indent=2) + "\n")
    print(f"written: {path.relative_to(REPOSITORY)} and .json")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
