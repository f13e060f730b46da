"""Runs the churn against a server and samples it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path

from tools.harness.clients import boto_client
from tools.harness.server import Server
from tools.soak.churn import BUCKET, Churn
from tools.soak.samples import Sample, disk_bytes, take

WORKERS = 6
SAMPLES = 600  # at most, and at most one a second
SETTINGS = {"AEROLITH_LOG_ACCESS": "false"}


@dataclass
class Outcome:
    samples: list[Sample] = field(default_factory=list)
    written_bytes: int = 0
    emptied_disk_bytes: int = 0  # a while after everything was deleted


def soak(folder: Path, seconds: float) -> Outcome:
    """Raises what went wrong: a wrong read, an error answer, a server that died."""
    server = Server(folder, settings=SETTINGS)
    server.start()
    try:
        client = boto_client(server)
        client.create_bucket(Bucket=BUCKET)
        workers = [Churn(client, number) for number in range(WORKERS)]
        outcome = Outcome()
        _run(server, workers, seconds, outcome)
        for worker in workers:
            worker.delete_all()
        outcome.emptied_disk_bytes = _settled_disk_bytes(server)
        assert server.stop() == 0, server.log()[-2000:]
        return outcome
    finally:
        server.kill()


def _run(server: Server, workers: list[Churn], seconds: float, outcome: Outcome) -> None:
    interval = max(1.0, seconds / SAMPLES)
    began = time.monotonic()
    for worker in workers:
        worker.start()
    while time.monotonic() - began < seconds:
        time.sleep(interval)
        assert server.is_running(), f"the server died:\n{server.log()[-4000:]}"
        for worker in workers:
            if worker.problem is not None:
                raise worker.problem
        live, requests = sum(w.live_bytes for w in workers), sum(w.requests for w in workers)
        outcome.samples.append(take(server.pid, server.data_folder, live, requests, began))
    for worker in workers:
        worker.stopping.set()
    for worker in workers:
        worker.join(60)
        assert not worker.is_alive()
        if worker.problem is not None:
            raise worker.problem
    outcome.written_bytes = sum(worker.written_bytes for worker in workers)


def _settled_disk_bytes(server: Server) -> int:
    """The collector works in the background: waits until the folder shrinks no more."""
    smallest, since = disk_bytes(server.data_folder), time.monotonic()
    while time.monotonic() - since < 5:
        time.sleep(0.5)
        if (now := disk_bytes(server.data_folder)) < smallest:
            smallest, since = now, time.monotonic()
    return smallest
