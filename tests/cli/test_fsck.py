"""aerolith fsck: reads all that is stored, and tells what is wrong with it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tools.harness.clients import boto_client
from tools.harness.server import Server

pytestmark = pytest.mark.core
BUCKET = "checked"


def fill(own: Server) -> None:
    s3: Any = boto_client(own)
    s3.create_bucket(Bucket=BUCKET)
    s3.put_object(Bucket=BUCKET, Key="small", Body=b"s" * 1000)
    s3.put_object(Bucket=BUCKET, Key="large", Body=b"l" * 400_000)
    s3.copy_object(Bucket=BUCKET, Key="copy", CopySource={"Bucket": BUCKET, "Key": "large"})
    s3.copy_object(Bucket=BUCKET, Key="small copy", CopySource={"Bucket": BUCKET, "Key": "small"})
    names = {"Bucket": BUCKET, "Key": "parts"}
    upload = s3.create_multipart_upload(**names)["UploadId"]
    bodies = (b"p" * 5 * 1024 * 1024, b"q" * 70_000)
    tags = [
        s3.upload_part(**names, UploadId=upload, PartNumber=number, Body=body)["ETag"]
        for number, body in enumerate(bodies, 1)
    ]
    parts = [{"PartNumber": number, "ETag": tag} for number, tag in enumerate(tags, 1)]
    s3.complete_multipart_upload(**names, UploadId=upload, MultipartUpload={"Parts": parts})
    open_upload = s3.create_multipart_upload(**names)["UploadId"]
    s3.upload_part(**names, UploadId=open_upload, PartNumber=1, Body=b"r" * 100_000)
    s3.delete_object(Bucket=BUCKET, Key="small copy")


def check(own: Server) -> tuple[int, dict[str, Any]]:
    done = own.command("fsck", "--json")
    return done.returncode, json.loads(done.stdout)


def test_what_is_right(make_server: Callable[..., Server]) -> None:
    own = make_server()
    fill(own)
    refused = own.command("fsck")
    assert refused.returncode == 1
    assert "stop it first" in refused.stderr
    own.stop()
    code, report = check(own)
    assert (code, report["ok"], report["problems"], report["unnamed_extents"]) == (0, True, [], 0)
    assert report["extents"] == 5
    text = own.command("fsck")
    assert text.returncode == 0
    assert "all is well" in text.stdout
    assert "fsck: object bytes" in text.stderr
    own.start()


def test_after_a_kill(make_server: Callable[..., Server]) -> None:
    own = make_server()
    fill(own)
    own.kill()
    code, report = check(own)
    assert (code, report["problems"]) == (0, [])


def test_a_flipped_byte(make_server: Callable[..., Server]) -> None:
    own = make_server()
    fill(own)
    own.stop()
    segment = min((own.data_folder / "objects/segments").iterdir(), key=lambda path: path.name)
    with segment.open("r+b") as file:
        file.seek(4096 + 1234)
        file.write(b"\0")
    code, report = check(own)
    assert code == 1
    assert len(report["problems"]) == 1
    assert "is damaged" in report["problems"][0]


def test_missing_bytes(make_server: Callable[..., Server]) -> None:
    own = make_server()
    fill(own)
    own.stop()
    for segment in (own.data_folder / "objects/segments").iterdir():
        segment.unlink()
    code, report = check(own)
    assert code == 1
    assert all("missing" in problem for problem in report["problems"])
