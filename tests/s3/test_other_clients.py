"""rclone and s3cmd, as people use them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from tools.harness.clients import CommandLine, has_program
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
