"""The server is killed at every step of an import, and of its end: the next one goes on, and nothing is left over."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tools.harness.faults import Step, Steps, left_after, once, things_of
from tools.harness.imports import MIB, Imports, make_disk, vmdk
from tools.harness.instances import public_cidr, wait_for, what_lacks, with_instances
from tools.harness.server import Server

pytestmark = pytest.mark.skipif(shutil.which("qemu-img") is None, reason="qemu-img is missing")

_TOKENS = itertools.count()


class Bench:
    """A server of the test's own, killed and started all the time."""

    def __init__(self, server: Server, steps: Steps) -> None:
        self.server = server
        self.steps = steps
        self.imports = Imports(server)
        self.imports.make_role()
        self.ec2 = self.imports.ec2

    def take_in(self, place: dict[str, str], form: str, at: Step | None = None) -> str:
        """The snapshot. A request that wasn't answered is sent again, and begins nothing new."""
        begin = partial(self.imports.begin_snapshot, place, form, ClientToken=f"token-{next(_TOKENS)}")
        if at:
            self.steps.kill_at(at, begin)
        return str(self.imports.end(begin()["ImportTaskId"])["SnapshotId"])

    def cancel(self, place: dict[str, str], at: Step | None = None) -> None:
        task = self.imports.begin_snapshot(place)["ImportTaskId"]
        call = partial(self.ec2.cancel_import_task, ImportTaskId=task)
        if at is None or self.steps.kill_at(at, call) is None and self.imports.task(task)["Status"] == "active":
            call()
        self.imports.end(task, "deleted")

    def snapshots(self) -> list[dict[str, Any]]:
        return list(self.ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"])

    def files(self) -> set[str]:
        return {path.name for path in (self.server.data_folder / "blocks/snapshots").glob("*")}


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Iterator[Bench]:
    folder = tmp_path_factory.mktemp("faults")
    number = int(worker_id.removeprefix("gw") or 0) if worker_id != "master" else 0
    server = Server(folder, settings={"AEROLITH_EC2_PUBLIC_CIDR": public_cidr(number, 2)})
    lacks = what_lacks(server, "containers")
    if lacks:
        pytest.skip(f"no volumes here: {lacks}")
    steps = Steps(server, folder / "steps")
    with with_instances(server):
        made = Bench(server, steps)
        made.ec2.describe_images()  # those that come with the installation are made by then
        yield made


@pytest.mark.parametrize("form", ["RAW", "VMDK"])
def test_kills_while_a_disk_is_taken_in(bench: Bench, tmp_path: Path, form: str) -> None:
    disk = make_disk(tmp_path / "disk.raw", 8)
    place = bench.imports.put(vmdk(disk) if form == "VMDK" else disk)
    before, files = things_of(bench.server), bench.files()
    made: list[str] = []
    passed = once(bench.steps.record(lambda: made.append(bench.take_in(place, form))))
    assert {"import/begun", "import/received", "import/kept", "import/completed"} <= {step.name for step in passed}
    bench.ec2.delete_snapshot(SnapshotId=made[0])
    for at in passed:
        snapshot = bench.take_in(place, form, at)
        told = f"a kill at {at}"
        assert [(each["SnapshotId"], each["State"]) for each in bench.snapshots()] == [(snapshot, "completed")], told
        bench.ec2.delete_snapshot(SnapshotId=snapshot)
        assert not left_after(bench.server, before), told
        wait_for(f"its bytes to go, {told}", lambda: bench.files() == files, 30)


def test_kills_while_an_import_is_cancelled(bench: Bench) -> None:
    place = bench.imports.put_large(parts=8, mebibytes=64)
    assert bench.imports.s3.head_object(Bucket=place["S3Bucket"], Key=place["S3Key"])["ContentLength"] == 512 * MIB
    before, files = things_of(bench.server), bench.files()
    passed = once(bench.steps.record(lambda: bench.cancel(place)))
    names = ["import/cancelled", "import/files-removed", "import/snapshots-removed", "import/deleted"]
    ending = [step for step in passed if step.name in names]
    assert [step.name for step in ending] == names
    for at in ending:
        bench.cancel(place, at)
        told = f"a kill at {at}"
        assert bench.snapshots() == [], told
        assert not left_after(bench.server, before), told
        assert bench.files() == files, told
