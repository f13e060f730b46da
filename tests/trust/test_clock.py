"""The wall clock jumps, as it does when NTP sets it or a machine wakes up: the newest write stays the newest."""

from __future__ import annotations

import http.client
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tools.harness.clients import boto_client
from tools.harness.clock import SettableClock
from tools.harness.expect import api_error
from tools.harness.preload import missing_compiler
from tools.harness.server import Server
from tools.harness.signing import Signer

BUCKET = "clock"
DAY = 24 * 3600
JUMPS = (3 * DAY, -2 * DAY, -2 * DAY - 3600, 400 * DAY, -30 * DAY, 0)

pytestmark = pytest.mark.skipif(missing_compiler() != "", reason=missing_compiler())


@pytest.fixture
def clock(tmp_path: Path) -> SettableClock:
    return SettableClock(tmp_path)


@pytest.fixture
def own(clock: SettableClock, make_server: Callable[..., Server]) -> Server:
    return make_server(**clock.settings)


@pytest.fixture
def s3(clock: SettableClock, own: Server, monkeypatch: pytest.MonkeyPatch) -> Any:
    clock.move_boto(monkeypatch)
    made = boto_client(own)
    made.create_bucket(Bucket=BUCKET)
    return made


def test_the_clock_is_the_servers(clock: SettableClock, own: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    client = boto_client(own)
    clock.set(DAY)
    with api_error("RequestTimeTooSkewed", 403):
        client.list_buckets()
    clock.move_boto(monkeypatch)
    client.list_buckets()


@pytest.mark.parametrize("restarts", [False, True], ids=["running", "restarted"])
def test_newest_write_wins(clock: SettableClock, own: Server, s3: Any, restarts: bool) -> None:
    for number, jump in enumerate(JUMPS):
        clock.set(jump)
        if restarts:
            own.kill()
            own.start()
        for key, size in (("small", 100), ("large", 300_000)):
            body = bytes([number]) * size
            tag = s3.put_object(Bucket=BUCKET, Key=key, Body=body)["ETag"]
            found = s3.get_object(Bucket=BUCKET, Key=key)
            assert found["Body"].read() == body, f"an older write is read after a jump by {jump} s"
            assert abs((found["LastModified"] - clock.now()).total_seconds()) < 30
            listed = s3.list_objects_v2(Bucket=BUCKET, Prefix=key)["Contents"]
            assert [entry["ETag"] for entry in listed] == [tag]
            with api_error("PreconditionFailed", 412):
                s3.put_object(Bucket=BUCKET, Key=key, Body=b"x", IfMatch='"00000000000000000000000000000000"')
            s3.put_object(Bucket=BUCKET, Key=key, Body=body, IfMatch=tag)
        s3.copy_object(Bucket=BUCKET, Key="copy", CopySource={"Bucket": BUCKET, "Key": "large"})
        assert s3.get_object(Bucket=BUCKET, Key="copy")["Body"].read() == bytes([number]) * 300_000
        s3.delete_object(Bucket=BUCKET, Key="small")
        with api_error("NoSuchKey", 404):
            s3.get_object(Bucket=BUCKET, Key="small")


def test_uploads_go_on_across_jumps(clock: SettableClock, s3: Any) -> None:
    names = {"Bucket": BUCKET, "Key": "parts"}
    upload = s3.create_multipart_upload(**names)["UploadId"]
    parts, whole = [], b""
    for number, jump in enumerate((DAY, -DAY, -2 * DAY), 1):
        clock.set(jump)
        body = bytes([number]) * (5 << 20)
        sent = s3.upload_part(**names, UploadId=upload, PartNumber=number, Body=b"replaced below")
        sent = s3.upload_part(**names, UploadId=upload, PartNumber=number, Body=body)
        parts.append({"PartNumber": number, "ETag": sent["ETag"]})
        whole += body
    assert [u["UploadId"] for u in s3.list_multipart_uploads(Bucket=BUCKET)["Uploads"]] == [upload]
    s3.complete_multipart_upload(**names, UploadId=upload, MultipartUpload={"Parts": parts})
    assert s3.get_object(**names)["Body"].read() == whole


def test_deadlines_go_by_the_monotonic_clock(clock: SettableClock, own: Server, s3: Any) -> None:
    """A body on its way isn't late because the clock was set."""
    body = b"0123456789" * 20_000
    request = Signer(own).sign("PUT", f"/{BUCKET}/slow", body)
    connection = http.client.HTTPConnection("127.0.0.1", own.port, timeout=60)
    connection.putrequest("PUT", request.target, skip_host=True, skip_accept_encoding=True)
    for name, value in {**request.headers, "Content-Length": str(len(body))}.items():
        connection.putheader(name, value)
    connection.endheaders(body[:1000])
    for jump in (DAY, -DAY, 0):  # the signature is checked by the wall clock when the body has come
        clock.set(jump)
        s3.list_buckets()
    connection.send(body[1000:])
    assert connection.getresponse().status == 200
    connection.close()
    assert s3.get_object(Bucket=BUCKET, Key="slow")["Body"].read() == body


def test_versions_are_in_the_order_of_their_writes(clock: SettableClock, own: Server, s3: Any) -> None:
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    written = []
    for number, jump in enumerate(JUMPS):
        clock.set(jump)
        body = bytes([number]) * (100 if number % 2 else 300_000)
        written.append(s3.put_object(Bucket=BUCKET, Key="k", Body=body)["VersionId"])
        assert s3.get_object(Bucket=BUCKET, Key="k")["Body"].read() == body
        listed = s3.list_object_versions(Bucket=BUCKET, Prefix="k")["Versions"]
        assert [version["VersionId"] for version in listed] == written[::-1]
        assert [version["IsLatest"] for version in listed] == [True] + [False] * number
    marker = s3.delete_object(Bucket=BUCKET, Key="k")["VersionId"]
    clock.set(-10 * DAY)
    with api_error("NoSuchKey", 404):
        s3.get_object(Bucket=BUCKET, Key="k")
    s3.delete_object(Bucket=BUCKET, Key="k", VersionId=marker)
    assert s3.get_object(Bucket=BUCKET, Key="k")["VersionId"] == written[-1]
