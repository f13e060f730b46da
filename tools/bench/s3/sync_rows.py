"""What a server syncs before it answers, counted by strace: the proof of "durable"."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from tools.bench.s3.load import LoadFailed, run_load
from tools.bench.s3.sample import Row, Sample
from tools.bench.s3.settings import Settings
from tools.bench.s3.subject import NotAvailable, Subject, process_tree

SYNCS = "fsync,fdatasync,sync_file_range,syncfs,sync,msync"
ALONE = 200  # PUTs, one after the other
TOGETHER = 2000  # PUTs of 64 clients
SEEN_SHARE = 0.95  # of the answers: strace misses the first calls of a thread that is being made
O_DSYNC = 0o10000

_SYNCED = re.compile(rf"(?:^|\s)(?:<\.\.\. )?({SYNCS.replace(',', '|')})(?:\(| resumed).*= 0$")
_OPENED_SYNCHRONOUS = re.compile(r"\bopenat\(.*\bO_D?SYNC\b")
_RING = re.compile(r"\bio_uring_enter\(")
_ASKED = re.compile(r'"PUT /')
_ANSWERED = re.compile(r'"HTTP/1\.1 200')


@dataclass
class Trace:
    answers: int = 0
    covered: int = 0  # answers that left after a sync had ended since the request came
    syncs: int = 0
    synchronous_opens: int = 0
    ring_calls: int = 0


def read_trace(text: str) -> Trace:
    """The lines of `strace -f`, in the order in which things happened."""
    trace = Trace()
    since_request = 0
    for line in text.splitlines():
        if _SYNCED.search(line):
            trace.syncs += 1
            since_request += 1
        elif _OPENED_SYNCHRONOUS.search(line):
            trace.synchronous_opens += 1
        elif _RING.search(line):
            trace.ring_calls += 1
        elif _ASKED.search(line):
            since_request = 0
        elif _ANSWERED.search(line):
            trace.answers += 1
            trace.covered += since_request > 0
    return trace


def _synchronous_descriptors(subject: Subject) -> int:
    """Files that were opened with O_SYNC or O_DSYNC: each write to them is a sync, without a call of its own."""
    count = 0
    for pid in process_tree(subject.pid):
        for path in Path(f"/proc/{pid}/fdinfo").iterdir():
            try:
                flags = re.search(r"flags:\s*(\d+)", path.read_text())
            except OSError:
                continue
            count += flags is not None and int(flags[1], 8) & O_DSYNC != 0
    return count


def _disk_flushes(subject: Subject) -> int | None:
    """Flushes that the disk under the data folder has done, for whomever: what no way around strace can hide."""
    device = os.stat(subject.data_folder).st_dev
    for line in Path("/proc/diskstats").read_text().splitlines():
        fields = line.split()
        if (int(fields[0]), int(fields[1])) == (os.major(device), os.minor(device)) and len(fields) > 18:
            return int(fields[18])
    return None


def _traced_puts(subject: Subject, prefix: str, count: int, clients: int) -> Trace:
    output = subject.root / f"trace-{prefix}"
    calls = f"trace={SYNCS},openat,io_uring_enter,read,readv,recvfrom,recvmsg,write,writev,sendto,sendmsg"
    command = ["strace", "-f", "-q", "-s", "24", "-e", calls, "-e", "signal=none", "-o", str(output)]
    command += [argument for pid in process_tree(subject.pid) for argument in ("-p", str(pid))]
    tracer = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        time.sleep(2)  # attached to all threads
        if tracer.poll() is not None:
            assert tracer.stderr is not None
            raise NotAvailable(f"strace can't attach: {tracer.stderr.read().decode(errors='replace')[-200:]}")
        run_load(subject, "put", prefix=prefix, size=4096, count=count, clients=clients, seconds=60, warm=0)
    finally:
        if tracer.poll() is None:
            tracer.send_signal(signal.SIGINT)
        try:
            tracer.wait(20)
        except subprocess.TimeoutExpired:
            tracer.kill()
            tracer.wait()
    return read_trace(output.read_text(errors="replace"))


def syncs(subject: Subject, settings: Settings) -> Sample:
    if shutil.which("strace") is None:
        raise NotAvailable("no strace on this machine")
    run_load(subject, "put", prefix="warm", size=4096, count=100, clients=4, seconds=20, warm=0)
    flushes_before = _disk_flushes(subject)
    alone = _traced_puts(subject, "alone", ALONE, 1)
    flushes = _disk_flushes(subject)
    together = _traced_puts(subject, "together", TOGETHER, 64)
    if alone.answers < SEEN_SHARE * ALONE or not together.answers:
        raise LoadFailed(f"strace saw {alone.answers} answers to {ALONE} PUTs")
    return Sample(
        alone.syncs / alone.answers,
        {
            "disk_flushes_meanwhile": "not told" if None in (flushes, flushes_before) else flushes - flushes_before,
            "answers": alone.answers,
            "share_after_a_sync": alone.covered / alone.answers,
            "syncs_per_put_of_64_clients": together.syncs / together.answers,
            "files_opened_synchronous": alone.synchronous_opens + _synchronous_descriptors(subject),
            "io_uring_calls": alone.ring_calls,
        },
    )


ROWS = (Row("syncs", "syncs per durable 4 KiB PUT, one client (by strace)", "syncs", syncs),)
