"""`aerolith ebs`: snapshots leave as disks' files, and such files come in as snapshots."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tools.harness.clients import boto_client
from tools.harness.instances import Guests, public_cidr, wait_for, what_lacks, with_instances
from tools.harness.server import Server
from tools.harness.snapshots import Snapshots
from tools.harness.volumes import GIB, Volumes, login

DEVICE = "/dev/disk/by-id/virtio-{}"
MARK = b"what a guest wrote"


def written_by(snapshots: Snapshots, instance: dict[str, Any]) -> str:
    """A snapshot of 1 GiB with the mark at its beginning and in its middle."""
    volumes = snapshots.volumes
    volume = volumes.make()
    volumes.attach(volume, instance["InstanceId"])
    disk = DEVICE.format(volume.replace("-", ""))
    shell = login(volumes, instance)
    for place in (0, GIB // 2):
        shell.run(
            f"printf '{MARK.decode()}' | dd of={disk} bs=1 seek={place} conv=notrunc,fsync status=none", seconds=60
        )
    volumes.detach(volume)
    return snapshots.make(volume)


def imported(snapshots: Snapshots, server: Server, *arguments: str) -> dict[str, Any]:
    answer = server.command("ebs", "import", *arguments, "--json")
    assert answer.returncode == 0, answer.stderr
    return dict(json.loads(answer.stdout))


def test_out_and_in_again(
    snapshots: Snapshots, pair: tuple[dict[str, Any], dict[str, Any]], cloud: Server, tmp_path: Path
) -> None:
    snapshot = written_by(snapshots, pair[0])
    raw = tmp_path / "disk.raw"
    out = cloud.command("ebs", "export", snapshot, "--output", str(raw))
    assert out.returncode == 0, out.stderr
    assert raw.stat().st_size == GIB and raw.stat().st_blocks * 512 < 64 << 20
    with raw.open("rb") as file:
        assert file.read(len(MARK)) == MARK
        file.seek(GIB // 2)
        assert file.read(len(MARK)) == MARK

    qcow2 = tmp_path / "disk.qcow2"
    out = cloud.command("ebs", "export", snapshot, "--format", "qcow2", "--output", str(qcow2))
    assert out.returncode == 0, out.stderr
    compared = subprocess.run(["qemu-img", "compare", str(raw), str(qcow2)], capture_output=True, text=True)
    assert compared.returncode == 0, compared.stdout + compared.stderr
    checked = subprocess.run(["qemu-img", "check", str(qcow2)], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stdout + checked.stderr

    for file in (raw, qcow2):
        made = imported(snapshots, cloud, str(file), "--description", "from elsewhere")
        snapshots.made.append(made["snapshot_id"])
        seen = snapshots.find(made["snapshot_id"])
        assert (seen["State"], seen["VolumeSize"], seen["Description"]) == ("completed", 1, "from elsewhere")
        assert (seen["VolumeId"], seen["OwnerId"]) == ("vol-ffffffff", made["account_id"])
        volume = snapshots.volumes.make(SnapshotId=made["snapshot_id"])
        snapshots.volumes.attach(volume, pair[1]["InstanceId"])
        disk = DEVICE.format(volume.replace("-", ""))
        read = f"dd if={disk} bs=1 skip={GIB // 2} count={len(MARK)} status=none"
        assert login(snapshots.volumes, pair[1]).run(read) == MARK.decode()
        snapshots.volumes.detach(volume)


def test_a_stream(
    snapshots: Snapshots, pair: tuple[dict[str, Any], dict[str, Any]], cloud: Server, tmp_path: Path
) -> None:
    snapshot = written_by(snapshots, pair[0])
    command = [str(cloud.binary), "ebs", "export", snapshot, "--data-folder", str(cloud.data_folder)]
    streamed = tmp_path / "streamed"
    for form, suffix in (("raw", "raw"), ("qcow2", "qcow2")):
        with streamed.with_suffix(f".{suffix}").open("wb") as file:
            subprocess.run([*command, "--format", form], stdout=file, stderr=subprocess.PIPE, check=True, timeout=300)
    assert streamed.with_suffix(".raw").stat().st_size == GIB
    both = [str(streamed.with_suffix(".raw")), str(streamed.with_suffix(".qcow2"))]
    assert subprocess.run(["qemu-img", "compare", *both], capture_output=True).returncode == 0
    assert not list((cloud.data_folder / "blocks/snapshots").glob(".export-*"))


def test_for_another_account(snapshots: Snapshots, cloud: Server, tmp_path: Path) -> None:
    other = json.loads(cloud.command("account", "create", "--name", "with-a-disk", "--json").stdout)
    disk = tmp_path / "disk"
    disk.write_bytes(b"\1" * (1 << 20))
    made = imported(snapshots, cloud, str(disk), "--account", other["account_id"])
    assert not snapshots.exists(made["snapshot_id"])
    keys = {"aws_access_key_id": other["access_key_id"], "aws_secret_access_key": other["secret_access_key"]}
    theirs = boto_client(cloud, "ec2", **keys)
    (seen,) = theirs.describe_snapshots(OwnerIds=["self"])["Snapshots"]
    assert seen["SnapshotId"] == made["snapshot_id"]
    theirs.delete_snapshot(SnapshotId=made["snapshot_id"])


def test_what_is_refused(snapshots: Snapshots, cloud: Server, tmp_path: Path) -> None:
    unknown = cloud.command("ebs", "export", "snap-0123456789abcdef0", "--output", str(tmp_path / "x"))
    assert unknown.returncode == 1 and "there is no snapshot" in unknown.stderr
    assert not (tmp_path / "x").exists()
    disk = tmp_path / "disk"
    disk.write_bytes(b"\1" * 4096)
    there = cloud.command("ebs", "export", snapshots.make(), "--output", str(disk))
    assert there.returncode == 1 and disk.read_bytes() == b"\1" * 4096
    wrong = cloud.command("ebs", "import", str(disk), "--account", "999999999999")
    assert wrong.returncode == 1 and "there is no account" in wrong.stderr
    # A file that names another one for its bytes would have the server read any file of the host.
    child = tmp_path / "child.qcow2"
    subprocess.run(
        ["qemu-img", "create", "-q", "-f", "qcow2", "-F", "raw", "-b", "/etc/passwd", str(child)], check=True
    )
    refused = cloud.command("ebs", "import", str(child))
    assert refused.returncode == 1 and "names another file" in refused.stderr
    assert cloud.command("ebs", "import", str(tmp_path / "nowhere")).returncode == 1


def test_a_volume_out_while_a_guest_writes_it(
    snapshots: Snapshots, pair: tuple[dict[str, Any], dict[str, Any]], cloud: Server, tmp_path: Path
) -> None:
    volumes = snapshots.volumes
    volume = volumes.make()
    volumes.attach(volume, pair[0]["InstanceId"])
    disk = DEVICE.format(volume.replace("-", ""))
    shell = login(volumes, pair[0])
    shell.run(f"printf '{MARK.decode()}' | dd of={disk} conv=notrunc,fsync status=none")
    before, seen = stored_blocks(cloud), volumes.ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"]
    for form in ("raw", "qcow2"):
        out = cloud.command("ebs", "export", volume, "--format", form, "--output", str(tmp_path / form))
        assert out.returncode == 0, out.stderr
    compared = subprocess.run(["qemu-img", "compare", str(tmp_path / "raw"), str(tmp_path / "qcow2")])
    assert compared.returncode == 0
    with (tmp_path / "raw").open("rb") as file:
        assert file.read(len(MARK)) == MARK
    # What can't be written leaves nothing either.
    again = cloud.command("ebs", "export", volume, "--output", str(tmp_path / "raw"))
    assert again.returncode == 1 and "raw" in again.stderr
    assert volumes.ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"] == seen
    wait_for("the snapshots to be dropped", lambda: stored_blocks(cloud) == before)
    volumes.detach(volume)
    # And of one that no instance has.
    free = cloud.command("ebs", "export", volume, "--output", str(tmp_path / "free"))
    assert free.returncode == 0, free.stderr
    assert (tmp_path / "free").stat().st_size == GIB
    unknown = cloud.command("ebs", "export", "vol-0123456789abcdef0", "--output", str(tmp_path / "x"))
    assert unknown.returncode == 1 and "does not exist" in unknown.stderr


def stored_blocks(server: Server) -> set[str]:
    """Manifests of snapshots, whatever the API says."""
    return {path.name for path in (server.data_folder / "blocks/store").rglob("*snap-*")}


def test_in_from_standard_input(snapshots: Snapshots, cloud: Server) -> None:
    command = [str(cloud.binary), "ebs", "import", "-", "--json", "--data-folder", str(cloud.data_folder)]
    disk = b"\2" * (3 << 20) + b"\0" * (5 << 20)
    done = subprocess.run(command, input=disk, capture_output=True, timeout=120)
    assert done.returncode == 0, done.stderr
    made = json.loads(done.stdout)
    snapshots.made.append(made["snapshot_id"])
    out = cloud.command("ebs", "export", made["snapshot_id"], "--output", "/dev/null")
    assert out.returncode == 1  # a new file is what it writes
    raw = subprocess.run(
        [str(cloud.binary), "ebs", "export", made["snapshot_id"], "--data-folder", str(cloud.data_folder)],
        stdout=subprocess.PIPE,
        check=True,
        timeout=120,
    )
    assert raw.stdout[: len(disk)] == disk
    assert not list((cloud.data_folder / "blocks/snapshots").glob(".import-*"))


def test_a_volume_without_a_server(tmp_path: Path, worker_id: str) -> None:
    """Its file is read; one that a guest still has open is not."""
    number = int(worker_id.removeprefix("gw") or 0) if worker_id != "master" else 0
    own = Server(tmp_path, settings={"AEROLITH_EC2_PUBLIC_CIDR": public_cidr(number, 4)})
    if lacks := what_lacks(own, "containers"):
        pytest.skip(f"no instances here: {lacks}")
    with with_instances(own):
        guests = Guests(own, tmp_path)
        subnets = guests.ec2.describe_subnets()["Subnets"]
        volumes = Volumes(guests, sorted(each["AvailabilityZone"] for each in subnets)[0])
        free, held = volumes.make(), volumes.make()
        instance = guests.start()
        volumes.attach(held, instance["InstanceId"])
        own.stop()
        for form in ("raw", "qcow2"):
            out = own.command("ebs", "export", free, "--format", form, "--output", str(tmp_path / form))
            assert out.returncode == 0, out.stderr
        refused = own.command("ebs", "export", held, "--output", str(tmp_path / "held"))
        assert refused.returncode == 1 and "open to write" in refused.stderr
        assert not (tmp_path / "held").exists()
        own.start()
        guests.clear()
