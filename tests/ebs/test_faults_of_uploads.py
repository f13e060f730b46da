"""The server killed at each step of an upload: what was answered is there, and the rest can be done again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tools.harness import direct_snapshots as direct
from tools.harness.clients import boto_client
from tools.harness.direct_snapshots import BLOCK
from tools.harness.faults import Steps
from tools.harness.instances import public_cidr, wait_for, what_lacks, with_instances
from tools.harness.server import Server

BLOCKS = {0: b"a" * BLOCK, 9: b"b" * BLOCK}

OF_UPLOADS = ("upload/", "store/", "snapshot/")  # steps; others are those of networks


def bytes_of(server: Server) -> set[str]:
    folder = server.data_folder / "blocks"
    return {path.name for name in ("uploads", "store/packs", "store/snapshots") for path in (folder / name).glob("*")}


def put_all(ebs: Any, snapshot: str) -> None:
    for index, block in BLOCKS.items():
        direct.put(ebs, snapshot, index, block)
    direct.complete(ebs, snapshot, BLOCKS)


def test_the_server_killed_at_each_step_of_an_upload(tmp_path: Path, worker_id: str) -> None:
    number = int(worker_id.removeprefix("gw") or 0) if worker_id != "master" else 0
    server = Server(tmp_path, settings={"AEROLITH_EC2_PUBLIC_CIDR": public_cidr(number, 6)})
    lacks = what_lacks(server, "containers")
    if lacks:
        pytest.skip(f"no volumes here: {lacks}")
    steps = Steps(server, tmp_path / "steps")
    with with_instances(server):
        ebs, ec2 = boto_client(server, "ebs"), boto_client(server, "ec2")
        before = bytes_of(server)

        def state_of(snapshot: str) -> str:
            (seen,) = ec2.describe_snapshots(SnapshotIds=[snapshot])["Snapshots"]
            return str(seen["State"])

        def forget(snapshot: str, after: str) -> None:
            ec2.delete_snapshot(SnapshotId=snapshot)
            wait_for(f"nothing to be left after {after}", lambda: bytes_of(server) == before)

        def write() -> str:
            snapshot = str(ebs.start_snapshot(VolumeSize=1)["SnapshotId"])
            put_all(ebs, snapshot)
            direct.wait_completed(ec2, snapshot)
            return snapshot

        made: list[str] = []
        passed = [step for step in steps.record(lambda: made.append(write())) if step.name.startswith(OF_UPLOADS)]
        forget(made.pop(), "none")
        assert {"upload/block-written", "upload/sealed", "snapshot/ended"} <= {step.name for step in passed}
        for step in passed:
            snapshot = str(ebs.start_snapshot(VolumeSize=1)["SnapshotId"])
            sealed = steps.kill_at(step, lambda one=snapshot: put_all(ebs, one) or True)
            if not sealed and state_of(snapshot) == "pending":
                try:
                    put_all(ebs, snapshot)
                except ebs.exceptions.ValidationException:
                    pass  # sealed, and nobody was told
            direct.wait_completed(ec2, snapshot)
            read = {index: direct.get(ebs, snapshot, index, token) for index, token in direct.listed(ebs, snapshot)}
            assert read == BLOCKS, step
            forget(snapshot, f"a kill at {step}")
