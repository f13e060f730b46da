"""The power fails under load: a server in an emulated machine, QEMU killed, the machine booted again.

By turns, the disk keeps what reached it, or loses, tears and reorders what it wasn't told to flush.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tools.guest.machine import GuestServer
from tools.guest.parts import NoGuest, missing_programs
from tools.guest.write_log import flushes, read_log
from tools.harness.clients import boto_client
from tools.harness.load import Ledger, LoadWorker, let_run, lost, read_all, risen_uploads

BUCKET = "power-cut"
WORKERS = 4

pytestmark = [
    pytest.mark.long,
    pytest.mark.timeout(3600),
    pytest.mark.skipif(missing_programs() != "", reason=missing_programs()),
]


@pytest.fixture
def guest(tmp_path: Path) -> Iterator[GuestServer]:
    try:
        made = GuestServer(tmp_path / "guest")
    except NoGuest as reason:
        pytest.skip(str(reason))
    made.make_disk()
    yield made
    made.kill()


def load_until_power_cut(guest: GuestServer, client: Any, ledger: Ledger, seconds: float, seed: int) -> None:
    workers = [
        LoadWorker(lambda: client, BUCKET, ledger, number, seed=seed * 100 + number) for number in range(WORKERS)
    ]
    for worker in workers:
        worker.start()
    let_run(ledger, seconds)
    assert guest.is_running(), guest.said()[-4000:]
    guest.kill()
    for worker in workers:
        worker.stopping.set()
        worker.join(180)
        assert not worker.is_alive()
        assert worker.problem is None, worker.problem


def test_power_cuts_under_load(guest: GuestServer) -> None:
    rounds, seed = 8, random.randrange(2**20)
    chance, ledger = random.Random(seed), Ledger()
    guest.start()
    client = boto_client(guest)
    client.create_bucket(Bucket=BUCKET)
    for number in range(rounds):
        load_until_power_cut(guest, client, ledger, chance.uniform(2, 12), seed * 100 + number)
        fate = "all that was written is there"
        if number % 2:
            flushed, rest = guest.lose_what_was_not_flushed(chance)
            fate = f"{flushed} writes were flushed, {rest} were not"
        seconds = guest.start()
        found = read_all(client, BUCKET)
        print(f"cut {number + 1}, {fate}: {ledger.acknowledged_count} acknowledged so far, boot {seconds:.1f} s")
        assert lost(ledger, found) == [], f"after power cut {number + 1}, seed {seed}"
        assert risen_uploads(client, BUCKET, ledger) == []
        ledger.settle(found)
    assert ledger.acknowledged_count >= 10 * rounds


def test_a_disk_that_only_claims_to_flush_is_noticed(guest: GuestServer) -> None:
    """The test above can fail: where flushed writes are lost too, it sees that."""
    ledger = Ledger()
    guest.start()
    client = boto_client(guest)
    client.create_bucket(Bucket=BUCKET)
    load_until_power_cut(guest, client, ledger, 8, seed=1)
    half = len(flushes(read_log(guest.write_log))) // 2
    guest.lose_what_was_not_flushed(random.Random(1), last_flush=half)
    guest.start()
    assert lost(ledger, read_all(client, BUCKET)) != []
