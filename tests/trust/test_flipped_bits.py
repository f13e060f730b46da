"""Damage on the disk: a bit flips in any file of the data folder, the log of the newest writes is cut off.

What is read afterwards is right or an error, never something else. The server may refuse to start, loudly.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tools.harness.clients import boto_client
from tools.harness.damage import (
    Stored,
    Verdict,
    check_command,
    copy_folder,
    files_of,
    flip_bit,
    interesting_offsets,
    look,
    lost_suffix,
)
from tools.harness.server import Server

BUCKET = "damaged"
MIB = 1 << 20


def fill(own: Server, stored: Stored, name: str, chance: random.Random) -> None:
    """Objects of every kind of storage: in rows, in blobs, in extents of one block and of several, in parts, shared by copies."""
    s3 = boto_client(own)
    for number, size in enumerate((0, 100, 3000, 8_000, 10_000, 300_000, 1_200_000)):
        stored.put(s3, f"{name}/{number}-{size}", chance.randbytes(size))
    if name == "log":
        fill_parts(s3, stored, f"{name}/parts", chance)
    source = f"{name}/6-1200000"
    s3.copy_object(Bucket=BUCKET, Key=f"{name}/copy", CopySource={"Bucket": BUCKET, "Key": source})
    stored.digests[f"{name}/copy"] = stored.digests[source]


def fill_parts(s3: Any, stored: Stored, key: str, chance: random.Random) -> None:
    first, second = chance.randbytes(5 * MIB), chance.randbytes(1000)
    names = {"Bucket": BUCKET, "Key": key}
    upload = s3.create_multipart_upload(**names)["UploadId"]
    parts = [
        {"PartNumber": n, "ETag": s3.upload_part(**names, UploadId=upload, PartNumber=n, Body=body)["ETag"]}
        for n, body in ((1, first), (2, second))
    ]
    s3.complete_multipart_upload(**names, UploadId=upload, MultipartUpload={"Parts": parts})
    stored.note(key, first + second)


def make_folder(make_server: Callable[..., Server], folder: Path) -> tuple[Server, Stored]:
    """Some of it is in tables, some in the log only. The server is stopped; its folder's original is in `folder`."""
    own, chance, stored = make_server(), random.Random(7), Stored(BUCKET)
    s3 = boto_client(own)
    s3.create_bucket(Bucket=BUCKET)
    fill(own, stored, "tables", chance)
    # Rows past what the store of record keeps in memory, so that it writes tables; gone again afterwards.
    # They stay under the line from which objects lie in segments.
    for number in range(2400):
        s3.put_object(Bucket=BUCKET, Key=f"churn/{number}", Body=chance.randbytes(8_000))
    for start in (0, 800, 1600):
        names = [{"Key": f"churn/{number}"} for number in range(start, start + 800)]
        assert not s3.delete_objects(Bucket=BUCKET, Delete={"Objects": names}).get("Errors")
    fill(own, stored, "log", chance)
    assert own.stop() == 0
    checked = check_command(own)
    assert checked is None or checked[0] == 0, f"fsck finds something in a sound folder:\n{checked}"
    copy_folder(own.data_folder, folder)
    return own, stored


def judge(own: Server, s3: Any, stored: Stored, what: str, newest_log: bool) -> Verdict:
    verdict = look(own, s3, stored)
    assert verdict.wrong == [], f"wrong bytes after {what}: {verdict.wrong}"
    if verdict.missing:
        # Damage in the last record of the newest log can't be told from a write that was cut off before it was acknowledged.
        assert newest_log, f"acknowledged, and 404 after {what}: {verdict.missing}"
        assert lost_suffix(stored, verdict) <= 1, f"more than the last write is gone after {what}: {verdict.missing}"
    checked = check_command(own)
    if checked is not None and (verdict.failing or verdict.refused):
        code, text = checked
        assert code != 0, f"fsck finds nothing after {what}, though {verdict.failing or verdict.refused}:\n{text}"
    return verdict


def newest_log_of(folder: Path) -> Path:
    logs = sorted(path for path in files_of(folder) if path.suffix == ".log" and path.parts[0] == "metadata")
    assert logs, "the store of record has no log"
    return logs[-1]


def flip_everywhere(own: Server, stored: Stored, original: Path, flips: int, seed: int) -> None:
    chance = random.Random(seed)
    log, s3 = newest_log_of(original), boto_client(own)
    started = refused = failing = 0
    for path in files_of(original):
        size = (original / path).stat().st_size
        for offset in interesting_offsets(size, min(flips, size), chance):
            copy_folder(original, own.data_folder)
            bit = chance.randrange(8)
            flip_bit(own.data_folder / path, offset, bit)
            verdict = judge(own, s3, stored, f"a flip of bit {bit} of byte {offset} of {size} of {path}", path == log)
            refused += bool(verdict.refused)
            started += not verdict.refused
            failing += bool(verdict.failing)
    print(f"seed {seed}: started {started}, refused to start {refused}, with an object that can't be read {failing}")
    assert started > refused, "most damage is to one object, and must not keep the others from being read"
    assert refused > 0 and failing > 0, "no flip was noticed at all"


def test_flipped_bits(make_server: Callable[..., Server], tmp_path: Path) -> None:
    own, stored = make_folder(make_server, tmp_path / "original")
    flip_everywhere(own, stored, tmp_path / "original", flips=1, seed=1)


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_many_flipped_bits(make_server: Callable[..., Server], tmp_path: Path) -> None:
    own, stored = make_folder(make_server, tmp_path / "original")
    flip_everywhere(own, stored, tmp_path / "original", flips=16, seed=random.randrange(2**32))


RECORD_BYTES = 2000  # each write's record in the log is larger than its object


@pytest.mark.parametrize("kind", ["cut", "zeros", "garbage"])
def test_torn_log_tail(kind: str, make_server: Callable[..., Server], tmp_path: Path) -> None:
    """A crash while the log grows leaves a piece of a record, or a file that is longer than what was written to it, and what
    some file systems show there then.

    Of bytes that are cut off nobody can say whether they had been acknowledged; so what is cut here is lost, as the newest
    writes, no other, and no more of them than fit into the piece."""
    own, chance, stored = make_server(), random.Random(11), Stored(BUCKET)
    s3 = boto_client(own)
    s3.create_bucket(Bucket=BUCKET)
    for number in range(30):
        stored.put(s3, f"k{number:02}", chance.randbytes(RECORD_BYTES))
    own.kill()
    original = tmp_path / "original"
    copy_folder(own.data_folder, original)
    log = newest_log_of(original)
    content = (original / log).read_bytes()
    for size in (1, 100, 3000, 20_000):
        copy_folder(original, own.data_folder)
        torn, lost_at_most = content + bytes(size), 0
        if kind == "cut":
            torn, lost_at_most = content[:-size], 1 + size // RECORD_BYTES
        if kind == "garbage":
            torn = content + chance.randbytes(size)
        (own.data_folder / log).write_bytes(torn)
        verdict = look(own, s3, stored)
        if kind == "garbage" and verdict.refused:
            continue  # such bytes may be a damaged record as well: to refuse them is right too
        assert verdict.refused == "" and verdict.wrong == [] and verdict.failing == [], verdict
        assert lost_suffix(stored, verdict) <= lost_at_most, f"{kind} {size}: {verdict.missing}"
