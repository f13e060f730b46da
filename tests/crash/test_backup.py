"""Backup of a running cloud, and what comes back from it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tools.harness.clients import boto_client
from tools.harness.load import Ledger, LoadWorker, read_all
from tools.harness.server import Server

BUCKET = "backed-up"


def test_backup_under_load_and_restore(make_server: Callable[..., Server], tmp_path: Path) -> None:
    own = make_server()
    s3 = boto_client(own)
    s3.create_bucket(Bucket=BUCKET)
    bodies = {f"k{number}": str(number).encode() * (number * 5000 + 1) for number in range(40)}
    for key, body in bodies.items():
        s3.put_object(Bucket=BUCKET, Key=key, Body=body)
    s3.create_bucket(Bucket="load")
    workers = [LoadWorker(lambda: boto_client(own), "load", Ledger(), n, seed=n) for n in range(3)]
    for worker in workers:
        worker.start()
    backup = own.command("backup", str(tmp_path / "backup"))
    for worker in workers:
        worker.stopping.set()
        worker.join(60)
        assert worker.problem is None
    assert backup.returncode == 0, backup.stdout + backup.stderr

    s3.delete_object(Bucket=BUCKET, Key="k1")
    s3.put_object(Bucket=BUCKET, Key="later", Body=b"after the backup")
    own.stop()

    other = make_server(start=False)
    restored = other.command("restore", str(tmp_path / "backup"))
    assert restored.returncode == 0, restored.stdout + restored.stderr
    other.start()
    again = boto_client(other)
    listed = [entry["Key"] for entry in again.list_objects_v2(Bucket=BUCKET)["Contents"]]
    assert sorted(listed) == sorted(bodies)
    for key, body in bodies.items():
        assert again.get_object(Bucket=BUCKET, Key=key)["Body"].read() == body
    read_all(again, "load")  # whatever was caught of it is whole
    assert other.credentials().access_key == own.credentials().access_key


def test_restore_doesn_t_overwrite(make_server: Callable[..., Server], tmp_path: Path) -> None:
    own = make_server()
    assert own.command("backup", str(tmp_path / "backup")).returncode == 0
    own.stop()
    result = own.command("restore", str(tmp_path / "backup"))
    assert result.returncode != 0
    assert own.start().is_running()


def test_a_damaged_backup_is_refused(make_server: Callable[..., Server], tmp_path: Path) -> None:
    own = make_server()
    s3 = boto_client(own)
    s3.create_bucket(Bucket=BUCKET)
    for number in range(30):
        s3.put_object(Bucket=BUCKET, Key=f"k{number}", Body=bytes([number]) * 400_000)
    assert own.command("backup", str(tmp_path / "backup")).returncode == 0
    largest = max((path for path in (tmp_path / "backup").rglob("*") if path.is_file()), key=lambda p: p.stat().st_size)
    with largest.open("r+b") as file:
        file.seek(100_000)  # within the first object's bytes
        byte = file.read(1)
        file.seek(-1, 1)
        file.write(bytes([byte[0] ^ 0xFF]))
    other = make_server(start=False)
    result = other.command("restore", str(tmp_path / "backup"))
    assert result.returncode != 0, "a backup with a flipped byte was taken"
