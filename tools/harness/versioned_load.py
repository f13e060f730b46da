"""The load of load.py for buckets with versions: what was acknowledged is an ordered list of versions for each key."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from tools.harness.load import PART_BYTES, LoadWorker, body_for

KEYS_EACH = 8
VERSIONS_KEPT = 6
MARKER = None


@dataclass(frozen=True)
class Version:
    id: str | None  # None: not told, since the server died
    digest: str | None  # MARKER: a delete marker

    def may_be(self, other: Version) -> bool:
        return self.digest == other.digest and (self.id is None or self.id == other.id)


Versions = list[Version]  # the newest first


@dataclass
class VersionLedger:
    keys: dict[str, Versions] = field(default_factory=dict)
    on_the_way: dict[str, Versions] = field(default_factory=dict)
    acknowledged_count: int = 0

    def settle(self, found: dict[str, Versions]) -> None:
        self.keys, self.on_the_way = dict(found), {}


class VersionedWorker(LoadWorker):
    """Puts, copies, uploads in parts, delete markers and deletes of versions. With versioning suspended, what it writes is
    the null version, which replaces the null version that was there."""

    suspended = False

    def _jobs(self) -> dict[Callable[[], None], int]:
        return {
            self._send_put: 20,
            self._send_delete: 6,
            self._send_delete_version: 10,
            self._send_copy: 4,
            self._send_parts: 1,
        }

    def _key(self) -> str:
        return f"worker-{self.number}/key-{self.chance.randrange(KEYS_EACH)}"

    def _add(self, key: str, digest: str | None, call: Callable[[], Any]) -> None:
        """A version or a marker more."""
        if len(self.ledger.keys.get(key, [])) >= VERSIONS_KEPT:
            return
        before = self.ledger.keys.setdefault(key, [])
        kept = [version for version in before if not (self.suspended and version.id == "null")]
        expected_id = "null" if self.suspended else None
        self.ledger.on_the_way[key] = [Version(expected_id, digest), *kept]
        answer = self._ask(call)
        told = answer.get("VersionId", expected_id)
        assert told is not None, f"{key}: no version id"
        self._done(key, [Version(told, digest), *kept])

    def _done(self, key: str, versions: Versions) -> None:
        self.ledger.keys[key] = versions
        del self.ledger.on_the_way[key]
        self.ledger.acknowledged_count += 1

    def _send_put(self) -> None:
        key, body = self._key(), body_for(self.chance)
        self._add(
            key,
            hashlib.sha256(body).hexdigest(),
            lambda: self.client.put_object(Bucket=self.bucket, Key=key, Body=body),
        )

    def _send_delete(self) -> None:
        key = self._key()
        self._add(key, MARKER, lambda: self.client.delete_object(Bucket=self.bucket, Key=key))

    def _send_delete_version(self) -> None:
        key = self._key()
        before = self.ledger.keys.get(key, [])
        if not before:
            return
        victim = self.chance.choice(before)
        after = [version for version in before if version != victim]
        self.ledger.on_the_way[key] = after
        self._ask(lambda: self.client.delete_object(Bucket=self.bucket, Key=key, VersionId=victim.id))
        self._done(key, after)

    def _send_copy(self) -> None:
        mine = f"worker-{self.number}/"
        known = [(k, v) for k, all_ in self.ledger.keys.items() if k.startswith(mine) for v in all_ if v.digest]
        if not known:
            return
        source, version = self.chance.choice(known)
        where = {"Bucket": self.bucket, "Key": source, "VersionId": version.id}
        key = self._key()
        if key == source:
            return
        self._add(key, version.digest, lambda: self.client.copy_object(Bucket=self.bucket, Key=key, CopySource=where))

    def _send_parts(self) -> None:
        key = self._key()
        bodies = [self.chance.randbytes(PART_BYTES), self.chance.randbytes(1000)]
        names = {"Bucket": self.bucket, "Key": key}
        upload, parts = self._upload(names, bodies)
        self._add(
            key,
            hashlib.sha256(b"".join(bodies)).hexdigest(),
            lambda: self.client.complete_multipart_upload(**names, UploadId=upload, MultipartUpload={"Parts": parts}),
        )


def _listed(client: Any, bucket: str) -> Iterator[tuple[dict[str, Any], bool]]:
    """Each row of the listing, and whether it is a delete marker, in order: a page of one row can't mix the two kinds."""
    pages = client.get_paginator("list_object_versions").paginate(Bucket=bucket, PaginationConfig={"PageSize": 1})
    for page in pages:
        versions, markers = page.get("Versions", []), page.get("DeleteMarkers", [])
        assert len(versions) + len(markers) <= 1, page
        for row in versions + markers:
            yield row, bool(markers)


def read_versions(client: Any, bucket: str) -> dict[str, Versions]:
    """Every version of every key, the newest first, each read by its id, and the newest also without."""
    found: dict[str, Versions] = {}
    for row, is_marker in _listed(client, bucket):
        key, versions = row["Key"], found.setdefault(row["Key"], [])
        assert row["IsLatest"] == (not versions), f"row {len(versions) + 1} of {key}: {row}"
        digest = MARKER
        if not is_marker:
            body = client.get_object(Bucket=bucket, Key=key, VersionId=row["VersionId"])["Body"].read()
            digest = hashlib.sha256(body).hexdigest()
        versions.append(Version(row["VersionId"], digest))
    for key, versions in found.items():
        _check_newest(client, bucket, key, versions[0])
    return found


def _check_newest(client: Any, bucket: str, key: str, newest: Version) -> None:
    try:
        body = client.get_object(Bucket=bucket, Key=key)["Body"].read()
    except ClientError as error:
        assert error.response["ResponseMetadata"]["HTTPStatusCode"] == 404, error
        assert newest.digest is MARKER, f"{key}: 404, though the newest version is {newest}"
        return
    assert hashlib.sha256(body).hexdigest() == newest.digest, f"{key}: not the newest version is read"


def _same(expected: Versions, found: Versions) -> bool:
    return len(expected) == len(found) and all(a.may_be(b) for a, b in zip(expected, found, strict=True))


def lost_versions(ledger: VersionLedger, found: dict[str, Versions]) -> list[str]:
    """A line for each key whose versions are neither the acknowledged ones nor those that one more request makes of them."""
    lines = []
    for key in sorted(ledger.keys.keys() | found.keys() | ledger.on_the_way.keys()):
        there, acknowledged = found.get(key, []), ledger.keys.get(key, [])
        if _same(acknowledged, there) or (key in ledger.on_the_way and _same(ledger.on_the_way[key], there)):
            continue
        lines.append(f"{key}: found {there}, acknowledged {acknowledged}, on the way {ledger.on_the_way.get(key)}")
    return lines
