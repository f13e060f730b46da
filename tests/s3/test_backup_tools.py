"""restic: backup, check, restore and forget, as people use it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tools.harness.clients import CommandLine, has_program
from tools.harness.trees import differences, digests, write_odd_tree

pytestmark = pytest.mark.skipif(not has_program("restic"), reason="restic is not installed: scripts/setup.sh test")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Odd names, an empty folder's worth of nothing, a link, a mode, and a file of several packs."""
    folder = tmp_path / "tree"
    write_odd_tree(folder)
    (folder / "big").write_bytes(os.urandom(40 * 1024 * 1024 + 7))
    (folder / "script").write_text("#!/bin/sh\n")
    (folder / "script").chmod(0o750)
    (folder / "link").symlink_to("plain.txt")
    return folder


def snapshots(cli: CommandLine, repository: str) -> list[dict[str, Any]]:
    return json.loads(cli.restic(repository, "snapshots", "--json").stdout)


def restored(cli: CommandLine, repository: str, snapshot: str, tree: Path, target: Path) -> Path:
    cli.restic(repository, "restore", snapshot, "--target", str(target))
    return target / tree.relative_to("/")


def test_backup_check_restore(cli: CommandLine, bucket: str, tree: Path, tmp_path: Path) -> None:
    repository = f"{bucket}/repo"
    cli.restic(repository, "init")
    cli.restic(repository, "backup", str(tree))
    assert "no errors were found" in cli.restic(repository, "check", "--read-data").stdout
    back = restored(cli, repository, "latest", tree, tmp_path / "back")
    assert differences(digests(tree), digests(back)) == []
    assert (back / "script").stat().st_mode == (tree / "script").stat().st_mode
    assert (back / "link").readlink() == Path("plain.txt")
    # A second repository may not be made over the first one.
    assert cli.restic(repository, "init", check=False).returncode != 0


def test_each_snapshot_is_what_it_was(cli: CommandLine, bucket: str, tree: Path, tmp_path: Path) -> None:
    cli.restic(bucket, "init")
    cli.restic(bucket, "backup", str(tree))
    before = digests(tree)
    (tree / "plain.txt").write_text("changed")
    (tree / "big").unlink()
    cli.restic(bucket, "backup", str(tree))
    first, second = (entry["id"] for entry in snapshots(cli, bucket))
    assert differences(before, digests(restored(cli, bucket, first, tree, tmp_path / "first"))) == []
    assert differences(digests(tree), digests(restored(cli, bucket, second, tree, tmp_path / "second"))) == []


def test_forget_and_prune_give_the_space_back(
    cli: CommandLine, s3: Any, bucket: str, tree: Path, tmp_path: Path
) -> None:
    def stored_bytes() -> int:
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
        return sum(entry["Size"] for page in pages for entry in page["Contents"])

    cli.restic(bucket, "init")
    cli.restic(bucket, "backup", str(tree))
    (tree / "big").write_bytes(os.urandom(1024 * 1024))
    cli.restic(bucket, "backup", str(tree))
    assert stored_bytes() > 40 * 1024 * 1024
    cli.restic(bucket, "forget", "--keep-last", "1", "--prune")
    assert len(snapshots(cli, bucket)) == 1
    assert stored_bytes() < 3 * 1024 * 1024
    assert "no errors were found" in cli.restic(bucket, "check", "--read-data").stdout
    assert differences(digests(tree), digests(restored(cli, bucket, "latest", tree, tmp_path / "back"))) == []
