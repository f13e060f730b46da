"""The AWS CLI with the profile that the server wrote: no endpoint, no flag."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from tools.harness.clients import CommandLine
from tools.harness.trees import ODD_NAMES, differences, digests, write_odd_tree


def test_make_list_remove_bucket(cli: CommandLine, bucket_name: str) -> None:
    assert f"make_bucket: {bucket_name}" in cli.aws("s3", "mb", f"s3://{bucket_name}").stdout
    assert bucket_name in cli.aws("s3", "ls").stdout
    cli.aws("s3", "rb", f"s3://{bucket_name}")
    assert bucket_name not in cli.aws("s3", "ls").stdout


def test_remove_a_full_bucket_by_force(cli: CommandLine, s3: Any, bucket: str) -> None:
    for number in range(5):
        s3.put_object(Bucket=bucket, Key=f"a/{number}", Body=b"x")
    failed = cli.aws("s3", "rb", f"s3://{bucket}", check=False)
    assert failed.returncode != 0
    assert "BucketNotEmpty" in failed.stderr
    cli.aws("s3", "rb", "--force", f"s3://{bucket}")
    assert bucket not in cli.aws("s3", "ls").stdout


def test_copy_there_and_back(cli: CommandLine, bucket: str, tmp_path: Path) -> None:
    (tmp_path / "sent").write_bytes(os.urandom(100_000))
    cli.aws("s3", "cp", str(tmp_path / "sent"), f"s3://{bucket}/folder/file")
    cli.aws("s3", "cp", f"s3://{bucket}/folder/file", f"s3://{bucket}/copy")
    cli.aws("s3", "cp", f"s3://{bucket}/copy", str(tmp_path / "back"))
    assert (tmp_path / "back").read_bytes() == (tmp_path / "sent").read_bytes()
    assert cli.aws("s3", "cp", f"s3://{bucket}/copy", "-", text=False).stdout == (tmp_path / "sent").read_bytes()


def test_large_file_goes_in_parts(cli: CommandLine, s3: Any, bucket: str, tmp_path: Path) -> None:
    (tmp_path / "sent").write_bytes(os.urandom(40 * 1024 * 1024 + 1))
    cli.aws("s3", "cp", str(tmp_path / "sent"), f"s3://{bucket}/big")
    assert s3.head_object(Bucket=bucket, Key="big")["ETag"].strip('"').endswith("-6")
    cli.aws("s3", "cp", f"s3://{bucket}/big", str(tmp_path / "back"))
    assert (tmp_path / "back").read_bytes() == (tmp_path / "sent").read_bytes()


def test_sync_odd_names_there_and_back(cli: CommandLine, bucket: str, tmp_path: Path) -> None:
    write_odd_tree(tmp_path / "sent")
    cli.aws("s3", "sync", "--no-progress", str(tmp_path / "sent"), f"s3://{bucket}/")
    cli.aws("s3", "sync", "--no-progress", f"s3://{bucket}/", str(tmp_path / "back"))
    assert differences(digests(tmp_path / "sent"), digests(tmp_path / "back")) == []
    assert len(digests(tmp_path / "back")) == len(ODD_NAMES)
    # Nothing changed: nothing to do.
    assert cli.aws("s3", "sync", "--no-progress", str(tmp_path / "sent"), f"s3://{bucket}/").stdout == ""
    (tmp_path / "sent" / "plain.txt").unlink()
    gone = cli.aws("s3", "sync", "--no-progress", "--delete", str(tmp_path / "sent"), f"s3://{bucket}/").stdout
    assert gone.strip() == f"delete: s3://{bucket}/plain.txt"


def test_empty_files_spoil_no_connection(cli: CommandLine, bucket: str, tmp_path: Path) -> None:
    """What the CLI takes for an answer to its Expect is kept for the connection's next object: no 100, no headers then."""
    for number in range(120):
        (tmp_path / f"{number:03}").write_bytes(b"x" * 3000 if number % 3 else b"")
    done = cli.aws("s3", "sync", "--debug", str(tmp_path), f"s3://{bucket}/mixed", timeout_seconds=45)
    assert "non 100 Continue response" not in done.stderr and "Failed to parse headers" not in done.stderr


def test_ls_sums_up(cli: CommandLine, s3: Any, bucket: str) -> None:
    for key in ("a/1", "a/2", "b"):
        s3.put_object(Bucket=bucket, Key=key, Body=b"12345")
    assert "PRE a/" in cli.aws("s3", "ls", f"s3://{bucket}").stdout
    summary = cli.aws("s3", "ls", "--recursive", "--summarize", f"s3://{bucket}").stdout
    assert "Total Objects: 3" in summary
    assert "Total Size: 15" in summary


def test_presign(cli: CommandLine, s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"hello")
    url = cli.aws("s3", "presign", f"s3://{bucket}/k").stdout.strip()
    assert cli.curl("--fail", url).stdout == "hello"


def test_s3api(cli: CommandLine, bucket: str, tmp_path: Path) -> None:
    (tmp_path / "body").write_bytes(b"0123456789")
    put = json.loads(
        cli.aws(
            "s3api", "put-object", "--bucket", bucket, "--key", "k", "--body", str(tmp_path / "body"),
            "--metadata", "a=1,b=zwei", "--content-type", "text/plain",
        ).stdout
    )  # fmt: skip
    head = json.loads(cli.aws("s3api", "head-object", "--bucket", bucket, "--key", "k").stdout)
    assert head["ETag"] == put["ETag"]
    assert head["Metadata"] == {"a": "1", "b": "zwei"}
    out = str(tmp_path / "out")
    cli.aws("s3api", "get-object", "--bucket", bucket, "--key", "k", "--range", "bytes=3-5", out)
    assert Path(out).read_bytes() == b"345"
    failed = cli.aws("s3api", "head-object", "--bucket", bucket, "--key", "absent", check=False)
    assert "(404)" in failed.stderr
    failed = cli.aws("s3api", "get-bucket-abac", "--bucket", bucket, check=False)
    assert "NotImplemented" in failed.stderr
