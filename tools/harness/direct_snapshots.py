"""Snapshots from raw image files, and back into such files, by the EBS direct APIs."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from tools.harness.instances import wait_for

BLOCK = 512 * 1024
GIB = 1024**3
WORKERS = 8


def checksum(block: bytes) -> str:
    return base64.b64encode(hashlib.sha256(block).digest()).decode()


def linear(blocks: dict[int, bytes]) -> str:
    """Of the blocks' digests by rising index, as CompleteSnapshot wants it."""
    digests = b"".join(hashlib.sha256(blocks[index]).digest() for index in sorted(blocks))
    return base64.b64encode(hashlib.sha256(digests).digest()).decode()


def put(ebs: Any, snapshot: str, index: int, block: bytes, **more: Any) -> dict[str, Any]:
    named = {"DataLength": len(block), "Checksum": checksum(block), "ChecksumAlgorithm": "SHA256", **more}
    return dict(ebs.put_snapshot_block(SnapshotId=snapshot, BlockIndex=index, BlockData=block, **named))


def complete(ebs: Any, snapshot: str, blocks: dict[int, bytes]) -> None:
    ebs.complete_snapshot(
        SnapshotId=snapshot,
        ChangedBlocksCount=len(blocks),
        Checksum=linear(blocks),
        ChecksumAlgorithm="SHA256",
        ChecksumAggregationMethod="LINEAR",
    )


def wait_completed(ec2: Any, snapshot: str) -> dict[str, Any]:
    def look() -> dict[str, Any] | None:
        (seen,) = ec2.describe_snapshots(SnapshotIds=[snapshot])["Snapshots"]
        assert seen["State"] != "error", seen
        return dict(seen) if seen["State"] == "completed" else None

    return wait_for(f"{snapshot} to be completed", look)


def write(ebs: Any, ec2: Any, blocks: dict[int, bytes], size_gib: int = 1, **wanted: Any) -> str:
    """A completed snapshot of these blocks; several are on their way at a time."""
    snapshot = str(ebs.start_snapshot(VolumeSize=size_gib, **wanted)["SnapshotId"])
    with ThreadPoolExecutor(WORKERS) as pool:
        for done in [pool.submit(put, ebs, snapshot, index, block) for index, block in blocks.items()]:
            done.result()
    complete(ebs, snapshot, blocks)
    wait_completed(ec2, snapshot)
    return snapshot


def blocks_of(image: Path) -> dict[int, bytes]:
    """Those of a raw file that aren't zeros."""
    blocks = {}
    with image.open("rb") as file:
        for index, block in enumerate(iter(lambda: file.read(BLOCK), b"")):
            if any(block):
                blocks[index] = block.ljust(BLOCK, b"\0")
    return blocks


def upload(ebs: Any, ec2: Any, image: Path, **wanted: Any) -> str:
    size_gib = -(-image.stat().st_size // GIB)
    return write(ebs, ec2, blocks_of(image), size_gib, **wanted)


def listed(ebs: Any, snapshot: str, **wanted: Any) -> Iterator[tuple[int, str]]:
    """Indexes and tokens, of all pages."""
    while True:
        page = ebs.list_snapshot_blocks(SnapshotId=snapshot, **wanted)
        yield from ((each["BlockIndex"], each["BlockToken"]) for each in page["Blocks"])
        if "NextToken" not in page:
            return
        wanted["NextToken"] = page["NextToken"]


def changed(ebs: Any, first: str, second: str, **wanted: Any) -> dict[int, dict[str, Any]]:
    """By index, of all pages."""
    found = {}
    while True:
        page = ebs.list_changed_blocks(FirstSnapshotId=first, SecondSnapshotId=second, **wanted)
        found |= {each["BlockIndex"]: each for each in page["ChangedBlocks"]}
        if "NextToken" not in page:
            return found
        wanted["NextToken"] = page["NextToken"]


def get(ebs: Any, snapshot: str, index: int, token: str) -> bytes:
    """Its checksum is looked at."""
    answer = ebs.get_snapshot_block(SnapshotId=snapshot, BlockIndex=index, BlockToken=token)
    block = bytes(answer["BlockData"].read())
    assert (answer["DataLength"], answer["ChecksumAlgorithm"]) == (BLOCK, "SHA256")
    assert (len(block), checksum(block)) == (BLOCK, answer["Checksum"]), index
    return block


def download(ebs: Any, snapshot: str, image: Path) -> None:
    """A sparse raw file as large as the volume."""
    size_gib = ebs.list_snapshot_blocks(SnapshotId=snapshot)["VolumeSize"]
    with image.open("wb") as file, ThreadPoolExecutor(WORKERS) as pool:
        file.truncate(size_gib * GIB)
        tasks = [(index, pool.submit(get, ebs, snapshot, index, token)) for index, token in listed(ebs, snapshot)]
        for index, task in tasks:
            file.seek(index * BLOCK)
            file.write(task.result())
