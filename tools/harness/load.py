"""A mixed load that remembers what was acknowledged, and the check that all of it is there.

Each worker owns its keys, so that for every key the last acknowledged state is known exactly. An operation that was
under way when the server died may have happened or not: both are right, anything else is not.
"""

from __future__ import annotations

import hashlib
import random
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from botocore.exceptions import BotoCoreError, ClientError

# Small, on both sides of the line between rows and files, on both sides of a block's end, and of several blocks.
SIZES = (0, 100, 4096, 8192, 8193, 65_536, 262_144, 262_145, 300_000, 1_500_000)
PART_BYTES = 5 * 1024 * 1024
TRIES_WHEN_OVERLOADED = 8
# A worker may see the server die before its caller gets to say that this was meant.
KILL_GRACE_SECONDS = 5.0
DELETED = None
Digest = str | None


@dataclass
class KeyState:
    """What may be read of one key: its acknowledged value, or one that was on its way."""

    acknowledged: Digest = DELETED
    in_flight: list[Digest] = field(default_factory=list)

    def allowed(self) -> set[Digest]:
        return {self.acknowledged, *self.in_flight}


@dataclass
class Ledger:
    keys: dict[str, KeyState] = field(default_factory=dict)
    ended_uploads: set[str] = field(default_factory=set)  # ids whose completion or abort was acknowledged
    acknowledged_count: int = 0

    def settle(self, found: dict[str, Digest]) -> None:
        """After a check: what was found is the truth from here on."""
        for key, state in self.keys.items():
            state.acknowledged, state.in_flight = found.get(key), []


def body_for(chance: random.Random) -> bytes:
    return chance.randbytes(chance.choice(SIZES))


class LoadWorker(threading.Thread):
    """Puts, overwrites, deletes (one and many), copies, multipart uploads, completed, aborted or left, until told to
    stop or until the server is gone.

    Kill the server first and set `stopping` right after. What else goes wrong ends up in `problem`: any error answer,
    an overload that doesn't end, and a connection that broke while the server lived or before it was to die.
    """

    def __init__(self, make_client: Callable[[], Any], bucket: str, ledger: Any, number: int, seed: int) -> None:
        super().__init__(daemon=True)
        self.client = make_client()
        self.bucket = bucket
        self.ledger = ledger
        self.number = number
        self.chance = random.Random(seed)
        self.stopping = threading.Event()
        self.problem: Exception | None = None

    def run(self) -> None:
        try:
            jobs = self._jobs()
            while not self.stopping.is_set():
                self.chance.choices(list(jobs), list(jobs.values()))[0]()
        except (BotoCoreError, ConnectionError) as error:
            if not self._was_killed():
                self.problem = error
        except Exception as error:  # a thread's error is nobody's unless it is kept
            self.problem = error

    def _jobs(self) -> dict[Callable[[], None], int]:
        """What it does, and how often."""
        return {
            self._send_put: 20,
            self._send_delete: 5,
            self._send_deletes: 1,
            self._send_copy: 5,
            self._send_parts: 2,
            self._send_abort: 1,
        }

    def _was_killed(self) -> bool:
        if not self.stopping.wait(KILL_GRACE_SECONDS):
            return False
        endpoint = urlsplit(self.client.meta.endpoint_url)
        try:
            socket.create_connection((endpoint.hostname, endpoint.port), timeout=5).close()
        except OSError as error:
            return isinstance(error, ConnectionRefusedError)
        return False

    def _ask(self, call: Callable[[], Any]) -> Any:
        """503 is a right answer to too much load, for a while."""
        for tried in range(TRIES_WHEN_OVERLOADED):
            try:
                return call()
            except ClientError as error:
                if error.response["ResponseMetadata"]["HTTPStatusCode"] != 503 or tried + 1 == TRIES_WHEN_OVERLOADED:
                    raise
            time.sleep(0.05 * 2**tried)
        raise AssertionError("unreachable")

    def _key(self) -> str:
        return f"worker-{self.number}/key-{self.chance.randrange(40)}"

    def _apply(self, key: str, after: Digest, call: Callable[[], Any]) -> None:
        self._apply_all([key], after, call)

    def _apply_all(self, keys: list[str], after: Digest, call: Callable[[], Any]) -> None:
        states = [self.ledger.keys.setdefault(key, KeyState()) for key in keys]
        for state in states:
            state.in_flight.append(after)
        self._ask(call)
        for state in states:
            state.acknowledged, state.in_flight = after, []
        self.ledger.acknowledged_count += 1

    def _send_put(self) -> None:
        key, body = self._key(), body_for(self.chance)
        self._apply(
            key,
            hashlib.sha256(body).hexdigest(),
            lambda: self.client.put_object(Bucket=self.bucket, Key=key, Body=body),
        )

    def _send_delete(self) -> None:
        key = self._key()
        self._apply(key, DELETED, lambda: self.client.delete_object(Bucket=self.bucket, Key=key))

    def _send_deletes(self) -> None:
        keys = sorted({self._key() for _ in range(4)})
        wanted = {"Objects": [{"Key": key} for key in keys], "Quiet": True}

        def call() -> None:
            answer = self.client.delete_objects(Bucket=self.bucket, Delete=wanted)
            assert not answer.get("Errors"), answer["Errors"]

        self._apply_all(keys, DELETED, call)

    def _send_copy(self) -> None:
        known = [
            k for k, s in list(self.ledger.keys.items()) if k.startswith(f"worker-{self.number}/") and s.acknowledged
        ]
        if not known:
            return
        source, key = self.chance.choice(known), self._key()
        if source == key:
            return
        self._apply(
            key,
            self.ledger.keys[source].acknowledged,
            lambda: self.client.copy_object(
                Bucket=self.bucket, Key=key, CopySource={"Bucket": self.bucket, "Key": source}
            ),
        )

    def _send_parts(self) -> None:
        names = {"Bucket": self.bucket, "Key": self._key()}
        bodies = [self.chance.randbytes(PART_BYTES), self.chance.randbytes(1000)]
        upload, parts = self._upload(names, bodies)
        self._apply(
            names["Key"],
            hashlib.sha256(b"".join(bodies)).hexdigest(),
            lambda: self.client.complete_multipart_upload(**names, UploadId=upload, MultipartUpload={"Parts": parts}),
        )
        self.ledger.ended_uploads.add(upload)

    def _send_abort(self) -> None:
        names = {"Bucket": self.bucket, "Key": self._key()}
        upload, _ = self._upload(names, [body_for(self.chance), body_for(self.chance)])
        if self.chance.random() < 0.2:
            return  # left open, as clients do that died
        self._ask(lambda: self.client.abort_multipart_upload(**names, UploadId=upload))
        self.ledger.ended_uploads.add(upload)

    def _upload(self, names: dict[str, str], bodies: list[bytes]) -> tuple[str, list[dict[str, Any]]]:
        upload = self._ask(lambda: self.client.create_multipart_upload(**names))["UploadId"]
        parts = []
        for number, body in enumerate(bodies, 1):
            part = {**names, "UploadId": upload, "PartNumber": number, "Body": body}
            parts.append(
                {"PartNumber": number, "ETag": self._ask(lambda part=part: self.client.upload_part(**part))["ETag"]}
            )
        return upload, parts


def let_run(ledger: Any, seconds: float, at_least: int = 10, limit_seconds: float = 120) -> None:
    """For this long, and on a slow machine until so many requests more have been acknowledged."""
    wanted, began = ledger.acknowledged_count + at_least, time.monotonic()
    time.sleep(seconds)
    while ledger.acknowledged_count < wanted:
        assert time.monotonic() - began < limit_seconds, f"only {ledger.acknowledged_count} requests acknowledged"
        time.sleep(0.005)


def read_all(client: Any, bucket: str) -> dict[str, Digest]:
    """Key -> SHA-256 of everything in the bucket, read through the API."""
    found: dict[str, Digest] = {}
    for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket):
        for entry in page.get("Contents", []):
            body = client.get_object(Bucket=bucket, Key=entry["Key"])["Body"].read()
            assert len(body) == entry["Size"], f"{entry['Key']}: {len(body)} bytes, listed as {entry['Size']}"
            found[entry["Key"]] = hashlib.sha256(body).hexdigest()
    return found


def lost(ledger: Ledger, found: dict[str, Digest]) -> list[str]:
    """A line for each key whose state is neither the acknowledged one nor one that was on its way."""
    lines = []
    for key, state in sorted(ledger.keys.items()):
        value = found.get(key)
        if value not in state.allowed():
            lines.append(f"{key}: found {value}, acknowledged {state.acknowledged}, on the way {state.in_flight}")
    return lines + [f"{key}: never written" for key in sorted(found.keys() - ledger.keys.keys())]


def risen_uploads(client: Any, bucket: str, ledger: Ledger) -> list[str]:
    """A line for each multipart upload that is open although its end was acknowledged."""
    lines = []
    for page in client.get_paginator("list_multipart_uploads").paginate(Bucket=bucket):
        for upload in page.get("Uploads", []):
            if upload["UploadId"] in ledger.ended_uploads:
                lines.append(f"{upload['Key']}: upload {upload['UploadId']} was ended and is open again")
    return lines
