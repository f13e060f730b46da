"""Workers that create, overwrite, read, copy and delete objects over a fixed set of keys, and start uploads that they abort."""

from __future__ import annotations

import hashlib
import math
import random
import threading
from typing import Any

BUCKET = "soak"
KEYS_EACH = 150
SMALLEST_BYTES, LARGEST_BYTES = 100, 1 << 20
PART_BYTES = 5 << 20


class Churn(threading.Thread):
    """Owns its keys and remembers what each holds; a read that answers anything else ends it with a `problem`."""

    def __init__(self, client: Any, number: int) -> None:
        super().__init__(daemon=True)
        self.client = client
        self.number = number
        self.chance = random.Random(number)
        self.stopping = threading.Event()
        self.held: dict[str, tuple[str, int]] = {}  # key -> digest, size
        self.requests = 0
        self.written_bytes = 0
        self.problem: Exception | None = None

    @property
    def live_bytes(self) -> int:
        return sum(size for _, size in list(self.held.values()))

    def run(self) -> None:
        jobs = {
            self._send_put: 40,
            self._send_delete: 20,
            self._send_get: 25,
            self._send_copy: 5,
            self._send_parts: 2,
            self._send_abort: 4,
        }
        try:
            while not self.stopping.is_set():
                self.chance.choices(list(jobs), list(jobs.values()))[0]()
        except Exception as error:  # a thread's error is nobody's unless it is kept
            self.problem = error

    def delete_all(self) -> None:
        for key in list(self.held):
            self.client.delete_object(**self._at(key))
            del self.held[key]

    def _at(self, key: str) -> dict[str, str]:
        return {"Bucket": BUCKET, "Key": key}

    def _any_key(self) -> str:
        return f"{self.number}/{self.chance.randrange(KEYS_EACH)}"

    def _held_key(self) -> str | None:
        return self.chance.choice(list(self.held)) if self.held else None

    def _body(self) -> bytes:
        """Small ones are as frequent as large ones, by orders of magnitude."""
        exponent = self.chance.uniform(math.log(SMALLEST_BYTES), math.log(LARGEST_BYTES))
        return self.chance.randbytes(int(math.exp(exponent)))

    def _note(self, key: str, body: bytes) -> None:
        self.held[key] = (hashlib.sha256(body).hexdigest(), len(body))

    def _send_put(self) -> None:
        key, body = self._any_key(), self._body()
        self.client.put_object(**self._at(key), Body=body)
        self._note(key, body)
        self.requests += 1
        self.written_bytes += len(body)

    def _send_delete(self) -> None:
        key = self._any_key()
        self.client.delete_object(**self._at(key))
        self.held.pop(key, None)
        self.requests += 1

    def _send_get(self) -> None:
        if (key := self._held_key()) is not None:
            body = self.client.get_object(**self._at(key))["Body"].read()
            assert hashlib.sha256(body).hexdigest() == self.held[key][0], f"{key} isn't what was written"
            self.requests += 1

    def _send_copy(self) -> None:
        if (source := self._held_key()) is not None:
            key = self._any_key()
            if key == source:
                return
            self.client.copy_object(**self._at(key), CopySource=self._at(source))
            self.held[key] = self.held[source]
            self.requests += 1

    def _upload(self, key: str, bodies: list[bytes]) -> tuple[str, list[dict[str, Any]]]:
        upload = self.client.create_multipart_upload(**self._at(key))["UploadId"]
        parts = []
        for number, body in enumerate(bodies, 1):
            sent = self.client.upload_part(**self._at(key), UploadId=upload, PartNumber=number, Body=body)
            parts.append({"PartNumber": number, "ETag": sent["ETag"]})
            self.written_bytes += len(body)
        self.requests += 1 + len(bodies)
        return upload, parts

    def _send_parts(self) -> None:
        key, bodies = self._any_key(), [self.chance.randbytes(PART_BYTES), self._body()]
        upload, parts = self._upload(key, bodies)
        self.client.complete_multipart_upload(**self._at(key), UploadId=upload, MultipartUpload={"Parts": parts})
        self._note(key, b"".join(bodies))
        self.requests += 1

    def _send_abort(self) -> None:
        key = self._any_key()
        upload, _ = self._upload(key, [self._body(), self._body()])
        self.client.abort_multipart_upload(**self._at(key), UploadId=upload)
        self.requests += 1
