"""Histories of concurrent requests on few keys, and their check by tools/linearizability.

The checker is porcupine, a Go library that others rely on for just this: a checker of our own would want a proof of its own.
Times are time.monotonic_ns(): the same clock in every thread, and a wrong wall clock doesn't matter.
"""

from __future__ import annotations

import hashlib
import json
import random
import shutil
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

CHECKER = Path(__file__).resolve().parents[1] / "linearizability"
PADDING_BYTES = (0, 0, 0, 70_000, 600_000)  # rows of the store of record, and extents
RESULT_OF_STATUS = {404: "absent", 412: "failed", 409: "refused", 503: "refused"}


@dataclass
class Operation:
    """What was asked and what was answered, by the field names that the checker reads."""

    client: int
    asked: dict[str, Any]
    call: int = 0
    returned: int = 0
    got: dict[str, Any] = field(default_factory=dict)

    def line(self) -> str:
        fields = asdict(self)
        fields["return"] = fields.pop("returned")
        return json.dumps(fields)


class HistoryWorker(threading.Thread):
    """Sends requests one after the other and writes down what came of them. Any answer that no request here may get ends
    up in `problem`; a connection that breaks ends the worker, with the request as `unknown`."""

    def __init__(self, make_client: Callable[[], Any], bucket: str, keys: int, number: int, seed: int) -> None:
        super().__init__(daemon=True)
        self.client = make_client()
        self.bucket = bucket
        self.keys = keys
        self.number = number
        self.chance = random.Random(seed)
        self.seen = dict.fromkeys(range(keys), "")  # the last entity tag that this worker saw
        self.stopping = threading.Event()
        self.done: list[Operation] = []
        self.pending: Operation | None = None
        self.problem: Exception | None = None
        self._jobs = {
            self._send_put: 6,
            self._send_delete: 2,
            self._send_get: 5,
            self._send_list: 2,
            self._send_copy: 1,
        }

    def run(self) -> None:
        try:
            while not self.stopping.is_set():
                self.chance.choices(list(self._jobs), list(self._jobs.values()))[0]()
        except (BotoCoreError, ConnectionError):
            pass
        except Exception as error:  # a thread's error is nobody's unless it is kept
            self.problem = error

    def _at(self, key: int) -> dict[str, str]:
        return {"Bucket": self.bucket, "Key": f"key-{key}"}

    def _record(self, asked: dict[str, Any], call: Callable[[], dict[str, Any]]) -> None:
        operation = Operation(self.number, asked)
        self.pending = operation
        operation.call = time.monotonic_ns()
        try:
            operation.got = {"result": "ok", **call()}
        except ClientError as error:
            status = error.response["ResponseMetadata"]["HTTPStatusCode"]
            if status not in RESULT_OF_STATUS:
                raise
            operation.got = {"result": RESULT_OF_STATUS[status]}
        operation.returned = time.monotonic_ns()
        self.pending = None
        self.done.append(operation)

    def _send_put(self) -> None:
        key = self.chance.randrange(self.keys)
        body = self.chance.randbytes(16) + b"." * self.chance.choice(PADDING_BYTES)
        value = hashlib.md5(body, usedforsecurity=False).hexdigest()
        condition, named = self._condition(key, ("", "", "if_match", "if_match", "if_none_match"))

        def call() -> dict[str, Any]:
            tag = self.client.put_object(**self._at(key), Body=body, **named)["ETag"].strip('"')
            assert tag == value, f"the entity tag of {value} came as {tag}"
            self.seen[key] = value
            return {}

        expected = self.seen[key] if condition == "if_match" else ""
        self._record({"kind": "put", "key": key, "condition": condition, "expected": expected, "value": value}, call)

    def _condition(self, key: int, choices: tuple[str, ...]) -> tuple[str, dict[str, str]]:
        condition = self.chance.choice(choices)
        if condition == "if_match" and self.seen[key]:
            return condition, {"IfMatch": f'"{self.seen[key]}"'}
        return ("if_none_match", {"IfNoneMatch": "*"}) if condition == "if_none_match" else ("", {})

    def _send_delete(self) -> None:
        key = self.chance.randrange(self.keys)
        condition, named = self._condition(key, ("", "if_match"))

        def call() -> dict[str, Any]:
            self.client.delete_object(**self._at(key), **named)
            return {}

        expected = self.seen[key] if condition else ""
        self._record({"kind": "delete", "key": key, "condition": condition, "expected": expected}, call)

    def _send_get(self) -> None:
        key = self.chance.randrange(self.keys)

        def call() -> dict[str, Any]:
            answer = self.client.get_object(**self._at(key))
            body = answer["Body"].read()
            found = answer["ETag"].strip('"')
            assert hashlib.md5(body, usedforsecurity=False).hexdigest() == found, f"torn: key {key}, {found}"
            self.seen[key] = found
            return {"found": found}

        self._record({"kind": "get", "key": key}, call)

    def _send_list(self) -> None:
        def call() -> dict[str, Any]:
            entries = self.client.list_objects_v2(Bucket=self.bucket).get("Contents", [])
            listed = {entry["Key"].removeprefix("key-"): entry["ETag"].strip('"') for entry in entries}
            self.seen.update({int(key): value for key, value in listed.items()})
            return {"listed": listed}

        self._record({"kind": "list"}, call)

    def _send_copy(self) -> None:
        source, key = self.chance.sample(range(self.keys), 2)

        def call() -> dict[str, Any]:
            answer = self.client.copy_object(**self._at(key), CopySource=self._at(source))
            found = answer["CopyObjectResult"]["ETag"].strip('"')
            self.seen[key] = found
            return {"found": found}

        self._record({"kind": "copy", "key": key, "source": source}, call)


def finish(workers: list[HistoryWorker], died_ns: int | None = None) -> list[Operation]:
    """What the workers have done. Requests without an answer are there only where the server was killed, before `died_ns`:
    what they did, they had done by then."""
    history: list[Operation] = []
    for worker in workers:
        worker.stopping.set()
    for worker in workers:
        worker.join(60)
        assert not worker.is_alive(), f"worker {worker.number} hangs"
        assert worker.problem is None, worker.problem
        history += worker.done
        if worker.pending is not None:
            assert died_ns is not None, f"the connection broke during {worker.pending.asked}"
            worker.pending.returned = max(died_ns, worker.pending.call)
            worker.pending.got = {"result": "unknown"}
            if worker.pending.asked["kind"] not in ("get", "list"):
                history.append(worker.pending)
    return history


def outcomes(history: list[Operation]) -> dict[tuple[str, str], int]:
    """How often each (condition or kind, result) came: to see that a run meant something."""
    counts: dict[tuple[str, str], int] = {}
    for operation in history:
        name = (operation.asked.get("condition") or operation.asked["kind"], operation.got["result"])
        counts[name] = counts.get(name, 0) + 1
    return counts


def missing_checker() -> str:
    """Why the checker can't run here; empty when it can."""
    return (
        "" if shutil.which("go") else "Go isn't installed: it builds the checker of histories (tools/linearizability)"
    )


def check(history: list[Operation], folder: Path) -> None:
    """Fails with the checker's words. The history stays in `folder`, with a picture of where it breaks."""
    path, picture = folder / "history.jsonl", folder / "history.html"
    path.write_text("".join(operation.line() + "\n" for operation in history))
    result = subprocess.run(
        ["go", "run", ".", str(path), str(picture)], cwd=CHECKER, capture_output=True, text=True, timeout=600
    )
    assert result.returncode == 0, f"{result.stdout}{result.stderr}history: {path}, picture: {picture}"
