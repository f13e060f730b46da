"""Writes a run as one page and one JSON document."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tools.bench.s3.bars import Results, Verdict, judge_all
from tools.bench.s3.sample import ALL, Row
from tools.bench.s3.settings import Settings

HOW_MEASURED = """\
Each server alone, on loopback, in a fresh folder on the same disk, with the load generator (tools/bench/load) on the
same cores; rows outside, servers inside, so that the numbers of one row are minutes apart at most. In brackets: how many
times that server's number Aerolith's is (for times, memory and disk: how many times less Aerolith takes). Requests are
signed with the body's SHA-256 (nginx: not signed), every write has a new key, bodies are random, one read in 16 is
compared byte for byte. The generator stands for warp, which the Go module proxy does not serve with a checksum that can
be verified; sizes, clients and mix are warp's."""

DETAIL_UNITS = {"p99_ms": "ms (p99)", "share_after_a_sync": "of the answers only after a sync since the request"}

LEFT_OUT = (
    "RustFS is left out: its crate (1.0.1) wants Rust 1.98, newer than the machines of this project have.",
    "Garage is left out: its crate (2.5.0) can be had, but is too long a build for a bench on two cores.",
)


@dataclass
class Run:
    date: str
    machine: dict[str, Any]
    settings: Settings
    rows: list[Row]
    titles: dict[str, str]  # server -> its name for people
    versions: dict[str, str]
    syncs: dict[str, str]
    results: Results


def number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return number(value)
    if isinstance(value, dict):
        return " ".join(f"{name} {_text(one)}" for name, one in value.items())
    return f"{value:,}" if isinstance(value, int) else str(value)


def _servers(run: Run) -> list[str]:
    return [name for name in ALL if any(name in samples for samples in run.results.values())]


def _cell(run: Run, row: Row, server: str) -> str:
    sample = run.results[row.name].get(server)
    if sample is None:
        return ""
    if sample.value is None:
        return "—"
    ours = run.results[row.name].get("aerolith")
    if server == "aerolith" or ours is None or not ours.value or not sample.value:
        return number(sample.value)
    ratio = ours.value / sample.value if row.higher_is_better else sample.value / ours.value
    return f"{number(sample.value)} ({number(ratio)}x)"


def _main_table(run: Run) -> list[str]:
    servers = _servers(run)
    lines = ["| measure | unit | " + " | ".join(run.titles[name] for name in servers) + " |"]
    lines.append("|---|---|" + "---:|" * len(servers))
    for row in run.rows:
        cells = " | ".join(_cell(run, row, name) for name in servers)
        lines.append(f"| {row.title} | {row.unit} | {cells} |")
    return lines


def _wanted(run: Run, verdict: Verdict, row: Row) -> str:
    bar = verdict.bar
    relation = "at least" if bar.at_least else "at most"
    if bar.against:
        return f"{relation} {bar.limit:g}x {run.titles.get(bar.against, bar.against)}"
    return f"{relation} {number(bar.limit)} {DETAIL_UNITS.get(bar.detail, row.unit)}"


def _bars_table(run: Run) -> list[str]:
    rows = {row.name: row for row in run.rows}
    lines = ["| measure | bar | measured | met |", "|---|---|---:|---|"]
    for verdict in judge_all(run.results):
        row = rows[verdict.bar.row]
        said = f" ({verdict.reference})" if verdict.reference else ""
        measured = "—" if verdict.measured is None else number(verdict.measured) + ("x" if verdict.bar.against else "")
        met = "not measured" if verdict.met is None else "yes" if verdict.met else f"**no**, {verdict.missed_by}"
        lines.append(f"| {row.title} | {_wanted(run, verdict, row)} | {measured}{said} | {met} |")
    return lines


def _servers_table(run: Run) -> list[str]:
    lines = ["| server | version | set up as | syncs per 4 KiB PUT, seen by strace |", "|---|---|---|---|"]
    for name in _servers(run):
        sample = run.results.get("syncs", {}).get(name)
        seen = ""
        if sample is not None and sample.value is not None:
            details = ", ".join(f"{key.replace('_', ' ')} {_text(value)}" for key, value in sample.details.items())
            seen = f"{number(sample.value)} ({details})"
        elif sample is not None:
            seen = sample.reason
        lines.append(f"| {run.titles[name]} | {run.versions.get(name, '')} | {run.syncs.get(name, '')} | {seen} |")
    return lines


def _details(run: Run) -> list[str]:
    lines = []
    for row in run.rows:
        lines += ["", f"**{row.title}**", ""]
        for name in _servers(run):
            sample = run.results[row.name].get(name)
            if sample is None:
                continue
            told = ", ".join(f"{key.replace('_', ' ')} {_text(value)}" for key, value in sample.details.items())
            lines.append(f"- {run.titles[name]}: {sample.reason or told or 'nothing more'}")
    return lines


def _warning(run: Run) -> list[str]:
    """A number that was taken while others used the machine must say so."""
    used = [one.details.get("other_cores", 0.0) for samples in run.results.values() for one in samples.values()]
    if not any(used):
        return []
    said = f"{sum(one > 0 for one in used)} of {len(used)} numbers; up to {number(max(used))} cores"
    return [f"**The machine was not quiet: something else used it during {said} (`other cores` below).**", ""]


def markdown(run: Run) -> str:
    machine = ", ".join(f"{name.replace('_', ' ')}: {value}" for name, value in run.machine.items())
    ran = ", ".join(f"{name.replace('_', ' ')} {_text(value)}" for name, value in asdict(run.settings).items())
    lines = [f"# S3 data path, {run.date}", "", f"{machine}.", "", HOW_MEASURED, "", *_warning(run)]
    lines += _main_table(run)
    lines += ["", "## Bars", ""] + _bars_table(run)
    lines += ["", "## Servers", ""] + _servers_table(run)
    lines += ["", " ".join(LEFT_OUT)]
    lines += ["", "## Beside the numbers", "", "Processor times are per request, of the server and of the generator."]
    lines += _details(run)
    lines += ["", "## What was run", "", f"{ran}."]
    return "\n".join(lines) + "\n"


def document(run: Run) -> dict[str, Any]:
    return {
        "date": run.date,
        "machine": run.machine,
        "settings": asdict(run.settings),
        "versions": run.versions,
        "results": {
            row: {server: asdict(sample) for server, sample in samples.items()} for row, samples in run.results.items()
        },
        "bars": [asdict(one) | {"met": one.met} for one in judge_all(run.results)],
    }


def write(run: Run, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(markdown(run))
    path.with_suffix(".json").write_text(json.dumps(document(run), indent=2) + "\n")
