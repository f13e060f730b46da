"""rclone, s3cmd, curl and the MinIO SDK, as people use them."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import minio
import minio.deleteobjects
import pytest
from minio.commonconfig import CopySource

from tools.harness.clients import CommandLine, has_program
from tools.harness.server import Server
from tools.harness.trees import differences, digests, write_odd_tree

needs_rclone = pytest.mark.skipif(not has_program("rclone"), reason="rclone is not installed: scripts/setup.sh test")
needs_s3cmd = pytest.mark.skipif(not has_program("s3cmd"), reason="s3cmd is not installed: scripts/setup.sh test")


@needs_rclone
def test_rclone_sync_and_check(cli: CommandLine, bucket: str, tmp_path: Path) -> None:
    sent, back = tmp_path / "sent", tmp_path / "back"
    write_odd_tree(sent)
    remote = f"aerolith:{bucket}/tree"
    cli.rclone("sync", str(sent), remote)
    cli.rclone("check", str(sent), remote)
    cli.rclone("check", "--download", str(sent), remote)
    cli.rclone("sync", remote, str(back))
    assert differences(digests(sent), digests(back)) == []
    (sent / "plain.txt").write_text("changed")
    assert cli.rclone("check", str(sent), remote, check=False).returncode != 0
    cli.rclone("sync", str(sent), remote)
    cli.rclone("check", str(sent), remote)


@needs_rclone
def test_rclone_large_file_in_parts(cli: CommandLine, bucket: str, tmp_path: Path) -> None:
    (tmp_path / "big").write_bytes(os.urandom(23 * 1024 * 1024))
    cli.rclone(
        "copyto", "--s3-upload-cutoff", "5M", "--s3-chunk-size", "5M", str(tmp_path / "big"), f"aerolith:{bucket}/big"
    )
    cli.rclone("copyto", f"aerolith:{bucket}/big", str(tmp_path / "back"))
    assert (tmp_path / "back").read_bytes() == (tmp_path / "big").read_bytes()


@needs_rclone
def test_rclone_folder_with_large_files(cli: CommandLine, s3: Any, bucket: str, tmp_path: Path) -> None:
    sent, remote = tmp_path / "sent", f"aerolith:{bucket}/dir"
    write_odd_tree(sent)
    for number in range(3):
        (sent / f"big {number}").write_bytes(os.urandom((11 + number) * 1024 * 1024 + number))
    in_parts = ("--s3-upload-cutoff", "6M", "--s3-chunk-size", "5M", "--s3-upload-concurrency", "3")
    cli.rclone("copy", *in_parts, str(sent), remote)
    assert s3.head_object(Bucket=bucket, Key="dir/big 2")["ETag"].strip('"').endswith("-3")
    cli.rclone("check", "--download", str(sent), remote)
    # Sums of files sent in parts come from rclone's own metadata.
    assert "0 differences found" in cli.rclone("check", str(sent), remote).stderr
    # A copy within the store, of large objects too, costs no download.
    cli.rclone("copy", remote, f"aerolith:{bucket}/again")
    cli.rclone("check", "--download", str(sent), f"aerolith:{bucket}/again")


@needs_rclone
def test_rclone_makes_lists_and_removes(cli: CommandLine, bucket_name: str, tmp_path: Path) -> None:
    cli.rclone("mkdir", f"aerolith:{bucket_name}")
    (tmp_path / "f").write_text("12345")
    cli.rclone("copy", str(tmp_path / "f"), f"aerolith:{bucket_name}/dir")
    assert cli.rclone("ls", f"aerolith:{bucket_name}").stdout.split() == ["5", "dir/f"]
    cli.rclone("moveto", f"aerolith:{bucket_name}/dir/f", f"aerolith:{bucket_name}/g")
    assert cli.rclone("cat", f"aerolith:{bucket_name}/g").stdout == "12345"
    cli.rclone("purge", f"aerolith:{bucket_name}")
    assert bucket_name not in cli.rclone("lsd", "aerolith:").stdout


@needs_s3cmd
def test_s3cmd_put_get_list_delete(cli: CommandLine, bucket_name: str, tmp_path: Path) -> None:
    cli.s3cmd("mb", f"s3://{bucket_name}")
    (tmp_path / "sent").write_bytes(os.urandom(50_000))
    cli.s3cmd("put", str(tmp_path / "sent"), f"s3://{bucket_name}/a b/ü+.bin")
    assert f"s3://{bucket_name}/a b/ü+.bin" in cli.s3cmd("ls", "-r", f"s3://{bucket_name}").stdout
    cli.s3cmd("get", f"s3://{bucket_name}/a b/ü+.bin", str(tmp_path / "back"))
    assert (tmp_path / "back").read_bytes() == (tmp_path / "sent").read_bytes()
    cli.s3cmd("del", f"s3://{bucket_name}/a b/ü+.bin")
    cli.s3cmd("rb", f"s3://{bucket_name}")


@needs_s3cmd
def test_s3cmd_sync(cli: CommandLine, bucket: str, tmp_path: Path) -> None:
    for name in ("a", "dir/b", "dir/c d", "ü"):
        path = tmp_path / "sent" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    cli.s3cmd("sync", f"{tmp_path}/sent/", f"s3://{bucket}/tree/")
    (tmp_path / "back").mkdir()
    cli.s3cmd("sync", f"s3://{bucket}/tree/", f"{tmp_path}/back/")
    assert differences(digests(tmp_path / "sent"), digests(tmp_path / "back")) == []


@needs_s3cmd
def test_s3cmd_multipart(cli: CommandLine, s3: Any, bucket: str, tmp_path: Path) -> None:
    (tmp_path / "big").write_bytes(os.urandom(17 * 1024 * 1024))
    cli.s3cmd("put", "--multipart-chunk-size-mb=5", str(tmp_path / "big"), f"s3://{bucket}/big")
    assert s3.head_object(Bucket=bucket, Key="big")["ETag"].strip('"').endswith("-4")
    cli.s3cmd("get", f"s3://{bucket}/big", str(tmp_path / "back"))
    assert (tmp_path / "back").read_bytes() == (tmp_path / "big").read_bytes()


@needs_s3cmd
def test_s3cmd_sync_removes_and_renames(cli: CommandLine, bucket: str, tmp_path: Path) -> None:
    sent = tmp_path / "sent"
    write_odd_tree(sent)
    cli.s3cmd("sync", f"{sent}/", f"s3://{bucket}/tree/")
    (sent / "plain.txt").unlink()
    (sent / "new").write_text("new")
    # Only what changed moves.
    told = cli.s3cmd("sync", "--delete-removed", f"{sent}/", f"s3://{bucket}/tree/").stdout
    assert [line.split(":")[0] for line in told.splitlines() if line.startswith(("delete", "upload"))] == [
        "delete",
        "upload",
    ]
    cli.s3cmd("mv", f"s3://{bucket}/tree/new", f"s3://{bucket}/tree/newer")
    (sent / "new").rename(sent / "newer")
    (tmp_path / "back").mkdir()
    cli.s3cmd("sync", f"s3://{bucket}/tree/", f"{tmp_path}/back/")
    assert differences(digests(sent), digests(tmp_path / "back")) == []


@needs_s3cmd
def test_s3cmd_info_and_metadata(cli: CommandLine, s3: Any, bucket: str, tmp_path: Path) -> None:
    (tmp_path / "f").write_text("12345")
    headers = ("--add-header=x-amz-meta-color:red", "--mime-type=text/x-odd")
    cli.s3cmd("put", *headers, str(tmp_path / "f"), f"s3://{bucket}/f")
    assert s3.head_object(Bucket=bucket, Key="f")["Metadata"]["color"] == "red"
    assert s3.head_object(Bucket=bucket, Key="f")["ContentType"] == "text/x-odd"
    cli.s3cmd("cp", f"s3://{bucket}/f", f"s3://{bucket}/g")
    assert s3.head_object(Bucket=bucket, Key="g")["Metadata"]["color"] == "red"
    assert cli.s3cmd("du", f"s3://{bucket}").stdout.split()[:3] == ["10", "2", "objects"]
    cli.s3cmd("del", "--recursive", "--force", f"s3://{bucket}")
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0


def test_curl_signs_by_itself(cli: CommandLine, server: Server, bucket: str, tmp_path: Path) -> None:
    credentials = server.credentials()

    def curl(*arguments: str) -> str:
        # Not every curl says by itself what S3 wants to know of the body.
        signed = (
            "--aws-sigv4",
            f"aws:amz:{credentials.region}:s3",
            "--header",
            "x-amz-content-sha256: UNSIGNED-PAYLOAD",
        )
        user = ("--user", f"{credentials.access_key}:{credentials.secret_key}")
        return cli.curl("--fail-with-body", *signed, *user, *arguments).stdout

    (tmp_path / "f").write_text("hello, curl")
    url = f"{server.endpoint}/{bucket}"
    curl("--upload-file", str(tmp_path / "f"), f"{url}/f")
    assert curl(f"{url}/f") == "hello, curl"
    assert curl("--range", "7-10", f"{url}/f") == "curl"
    assert "<Key>f</Key>" in curl(f"{url}?list-type=2")
    assert "content-length: 11" in curl("--head", f"{url}/f").lower()
    curl("--request", "DELETE", f"{url}/f")
    assert "<KeyCount>0</KeyCount>" in curl(f"{url}?list-type=2")


@pytest.fixture
def sdk(server: Server) -> minio.Minio:
    credentials = server.credentials()
    return minio.Minio(
        f"127.0.0.1:{server.port}",
        access_key=credentials.access_key,
        secret_key=credentials.secret_key,
        secure=False,
        region=credentials.region,
    )


def test_minio_sdk(sdk: minio.Minio, bucket_name: str, tmp_path: Path) -> None:
    assert not sdk.bucket_exists(bucket_name)
    sdk.make_bucket(bucket_name)
    assert bucket_name in [found.name for found in sdk.list_buckets()]
    big = os.urandom(12 * 1024 * 1024)
    # A stream of unknown length goes in parts.
    sdk.put_object(
        bucket_name, "dir/ü +&.bin", io.BytesIO(big), -1, part_size=5 * 1024 * 1024, metadata={"color": "red"}
    )
    stat = sdk.stat_object(bucket_name, "dir/ü +&.bin")
    assert stat.size == len(big)
    assert stat.metadata["x-amz-meta-color"] == "red"
    with sdk.get_object(bucket_name, "dir/ü +&.bin", offset=100, length=50) as answer:
        assert answer.read() == big[100:150]
    sdk.fget_object(bucket_name, "dir/ü +&.bin", str(tmp_path / "back"))
    assert (tmp_path / "back").read_bytes() == big
    sdk.copy_object(bucket_name, "copy", CopySource(bucket_name, "dir/ü +&.bin"))
    assert [found.object_name for found in sdk.list_objects(bucket_name)] == ["copy", "dir/"]
    with urlopen(sdk.presigned_get_object(bucket_name, "copy")) as answer:
        assert answer.read() == big
    names = [
        minio.deleteobjects.DeleteObject(found.object_name) for found in sdk.list_objects(bucket_name, recursive=True)
    ]
    assert list(sdk.remove_objects(bucket_name, names)) == []
    sdk.remove_bucket(bucket_name)
    with pytest.raises(minio.S3Error, match="NoSuchBucket"):
        sdk.remove_bucket(bucket_name)
