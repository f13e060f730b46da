"""python -m tools.bench s3: the bars of the S3 data path, against other servers.

    python -m tools.bench s3 --seconds 5 --only put-4k,get-4k --peers minio     while tuning
    python -m tools.bench s3 --full                                             the whole measure (hours)

A run of all rows and servers writes bench/results/<date>-s3.md and .json; a part of it only with --write.
"""

from __future__ import annotations

import argparse
import dataclasses
import datetime
import fcntl
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

from tools.bench.measure import machine_facts
from tools.bench.s3 import cost_rows, load_rows, scale_rows, sync_rows
from tools.bench.s3.bars import Results
from tools.bench.s3.load import LoadFailed, build_generator
from tools.bench.s3.peers import SUBJECTS
from tools.bench.s3.sample import Row, Sample
from tools.bench.s3.settings import Settings
from tools.bench.s3.subject import NotAvailable
from tools.bench.s3.table import Run, number, write
from tools.harness.server import REPOSITORY

ROWS = (*load_rows.ROWS, *scale_rows.ROWS, *cost_rows.ROWS, *sync_rows.ROWS)
FOLDER = REPOSITORY / "build/bench-s3"


def _settle() -> None:
    """What servers before left to the disk is written now, not in the next one's time. Others may be writing too."""
    try:
        subprocess.run(["sync"], timeout=60)
    except subprocess.TimeoutExpired:
        pass


def _take_turn() -> int:
    """Two runs at once would measure each other, and share a folder. The lock ends with the process."""
    FOLDER.parent.mkdir(exist_ok=True)
    lock = os.open(FOLDER.with_suffix(".lock"), os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise SystemExit("another run of this bench is measuring in this tree") from None
    return lock


def measure(row: Row, server: str, settings: Settings, versions: dict[str, str]) -> Sample:
    """One server through one row, from its start to the removal of its folder. Never raises for a server's failure."""
    root = FOLDER / f"{server}-{row.name}"
    shutil.rmtree(root, ignore_errors=True)
    subject = None
    try:
        subject = SUBJECTS[server](root)
        versions[server] = subject.version()
        subject.start()
        subject.make_bucket()
        _settle()
        return row.measure(subject, settings)
    except NotAvailable as reason:
        return Sample(None, reason=str(reason))
    except (LoadFailed, subprocess.SubprocessError, OSError, RuntimeError) as failure:
        return Sample(None, reason=f"failed: {' '.join(str(failure).split())[-300:]}")
    except Exception as failure:  # of boto3: an answer that the row did not expect
        return Sample(None, reason=f"failed: {type(failure).__name__}: {' '.join(str(failure).split())[-300:]}")
    finally:
        if subject is not None:
            subject.remove()
        shutil.rmtree(root, ignore_errors=True)


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tools.bench s3", description=__doc__.split("\n")[0])
    parser.add_argument("--only", default="", help="rows: " + ",".join(row.name for row in ROWS))
    parser.add_argument(
        "--peers", default=None, help="servers beside Aerolith: " + ",".join(list(SUBJECTS)[1:]) + "; 'none' for none"
    )
    parser.add_argument("--full", action="store_true", help="as many objects as the bars name")
    parser.add_argument("--write", default="", help="where to write the table: a folder, or a name without an ending")
    for field in dataclasses.fields(Settings):
        parser.add_argument(f"--{field.name.replace('_', '-')}", type=type(field.default), default=None)
    return parser.parse_args(arguments)


def _chosen(text: str | None, known: list[str], what: str) -> list[str]:
    names = known if text in (None, "") else [] if text == "none" else text.split(",")
    unknown = [name for name in names if name not in known]
    if unknown:
        raise SystemExit(f"no {what} {', '.join(unknown)}; there are {', '.join(known)}")
    return names


def _settings(options: argparse.Namespace) -> Settings:
    settings = Settings()
    if options.full:
        settings.make_full()
    for field in dataclasses.fields(Settings):
        given = getattr(options, field.name)
        if given is not None:
            setattr(settings, field.name, given)
    return settings


def _print(row: Row, server: str, sample: Sample) -> None:
    if sample.value is None:
        print(f"{row.name:<15} {server:<10} {sample.reason}", flush=True)
        return
    told = ", ".join(
        f"{name} {number(value) if isinstance(value, float) else value}" for name, value in sample.details.items()
    )
    print(f"{row.name:<15} {server:<10} {number(sample.value):>9} {row.unit:<11} {told}", flush=True)


def _stop_cleanly(signal_number: int, _: object) -> None:
    raise KeyboardInterrupt(signal.Signals(signal_number).name)


def _write(
    path: Path, settings: Settings, rows: list[Row], servers: list[str], versions: dict[str, str], results: Results
) -> None:
    date = datetime.date.today().isoformat()
    if path.is_dir():
        path /= f"{date}-s3"
    titles = {name: SUBJECTS[name].title for name in servers}
    syncs = {name: SUBJECTS[name].syncs for name in servers}
    run = Run(date, machine_facts(), settings, rows, titles, versions, syncs, results)
    write(run, path.with_suffix(".md"))
    print(f"written: {path}.md and .json")


def main(arguments: list[str]) -> int:
    options = _options(arguments)
    settings = _settings(options)
    rows = [row for row in ROWS if row.name in _chosen(options.only, [row.name for row in ROWS], "row")]
    servers = ["aerolith", *_chosen(options.peers, list(SUBJECTS)[1:], "peer")]
    _take_turn()
    signal.signal(signal.SIGTERM, _stop_cleanly)
    build_generator()
    versions: dict[str, str] = {}
    results: Results = {}
    stopped = False
    try:
        for row in rows:
            results[row.name] = {}
            for server in servers:
                if server in row.subjects:
                    results[row.name][server] = measure(row, server, settings, versions)
                    _print(row, server, results[row.name][server])
    except KeyboardInterrupt:
        stopped = True
        print("stopped before its end", flush=True)
    finally:
        shutil.rmtree(FOLDER, ignore_errors=True)
    rows = [row for row in rows if results.get(row.name)]
    results = {row.name: results[row.name] for row in rows}
    if options.write or (not stopped and not options.only and options.peers is None):
        _write(Path(options.write or REPOSITORY / "bench/results"), settings, rows, servers, versions, results)
    ours = [results[row.name]["aerolith"].value for row in rows]
    return 130 if stopped else int(None in ours)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
