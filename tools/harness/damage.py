"""A data folder with known objects, damaged in known ways, and what the server says of it afterwards.

Nothing here knows which files there are or what is in them.
"""

from __future__ import annotations

import hashlib
import random
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from tools.harness.server import Server, ServerFailed


@dataclass
class Stored:
    """What was acknowledged, in its order."""

    bucket: str
    digests: dict[str, str] = field(default_factory=dict)

    def put(self, s3: Any, key: str, body: bytes) -> None:
        s3.put_object(Bucket=self.bucket, Key=key, Body=body)
        self.note(key, body)

    def note(self, key: str, body: bytes) -> None:
        self.digests[key] = hashlib.sha256(body).hexdigest()


@dataclass
class Verdict:
    """What became of the objects of one damaged folder."""

    refused: str = ""  # what the server said instead of starting
    right: list[str] = field(default_factory=list)
    failing: list[str] = field(default_factory=list)  # an error answer, or a body that breaks off
    missing: list[str] = field(default_factory=list)  # 404
    wrong: list[str] = field(default_factory=list)  # other bytes, with 200


def files_of(folder: Path) -> list[Path]:
    """Every file with bytes in it, relative to the folder."""
    return sorted(path.relative_to(folder) for path in folder.rglob("*") if path.is_file() and path.stat().st_size > 0)


def copy_folder(source: Path, target: Path) -> None:
    """A fresh copy; modes stay, since the server looks at those of its keys."""
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(source, target)


def flip_bit(path: Path, offset: int, bit: int) -> None:
    with path.open("r+b") as file:
        file.seek(offset)
        byte = file.read(1)[0]
        file.seek(offset)
        file.write(bytes([byte ^ (1 << bit)]))


def interesting_offsets(size: int, count: int, chance: random.Random) -> list[int]:
    """The first byte, the last, the middle and others by chance."""
    fixed = [size // 2, 0, size - 1][:count]
    return sorted({*fixed, *(chance.randrange(size) for _ in range(count - len(fixed)))})


def _read(s3: Any, stored: Stored, key: str) -> str:
    try:
        body = s3.get_object(Bucket=stored.bucket, Key=key)["Body"].read()
    except ClientError as error:
        return "missing" if error.response["ResponseMetadata"]["HTTPStatusCode"] == 404 else "failing"
    except BotoCoreError:  # the answer broke off
        return "failing"
    return "right" if hashlib.sha256(body).hexdigest() == stored.digests[key] else "wrong"


def look(own: Server, s3: Any, stored: Stored) -> Verdict:
    """Starts the server on its folder, reads everything, stops it. A server that dies of what it reads is an error."""
    verdict = Verdict()
    try:
        own.start(timeout_seconds=30)
    except ServerFailed as failure:
        assert "not ready after" not in str(failure), f"it hangs: {failure}"
        assert "ended with -" not in str(failure), f"killed by a signal: {failure}"
        verdict.refused = str(failure)
        return verdict
    for key in stored.digests:
        getattr(verdict, _read(s3, stored, key)).append(key)
    assert own.is_running(), f"the server died:\n{own.log()[-4000:]}"
    own.kill()
    return verdict


def lost_suffix(stored: Stored, verdict: Verdict) -> int:
    """How many of the last acknowledged writes are missing; an error when another than the last ones is."""
    keys = list(stored.digests)
    count = len(verdict.missing)
    assert set(verdict.missing) == set(keys[len(keys) - count :]), (
        f"missing: {verdict.missing}, which are not the last ones of {keys}"
    )
    return count


def check_command(own: Server) -> tuple[int, str] | None:
    """Exit code and output of `aerolith fsck` on the stopped server's folder; None where the binary has no such command."""
    if "fsck" not in own.command("--help").stdout:
        return None
    result = own.command("fsck")
    return result.returncode, result.stdout + result.stderr
