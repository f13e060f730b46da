"""EBS encryption: what a guest writes is read again with the volume's secret, and lies nowhere on the host's disk."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.ec2.conftest import tagged
from tools.harness import direct_snapshots as direct
from tools.harness.clients import boto_client
from tools.harness.instances import mark_of, wait_for
from tools.harness.snapshots import Snapshots
from tools.harness.volumes import Volumes, login, refusal

SECRETS = re.compile(r"\b[0-9a-f]{64}\b")  # what opens a disk looks so, and nothing else should
NO_KEY = "11111111-2222-3333-4444-555555555555"


def blocks(volumes: Volumes) -> Path:
    return volumes.guests.server.data_folder / "blocks"


def has(folder: Path, text: str) -> bool:
    """A marker is 64 KiB of one line: in some cluster it stands whole."""
    found = subprocess.run(["grep", "-raqF", text, str(folder)], check=False)
    assert found.returncode in (0, 1)
    return found.returncode == 0


def write(shell: Any, text: str, device: str = "/dev/sdf") -> None:
    shell.run(f"yes '{text}' | head -c 65536 | dd of={device} bs=64k conv=fsync 2>/dev/null")


def first_line(shell: Any, device: str = "/dev/sdf") -> str:
    return str(shell.run(f"dd if={device} bs=64k count=1 2>/dev/null | head -n 1")).strip()


def tells_a_secret(volumes: Volumes) -> list[str]:
    """Which of QEMU's programs by their arguments, and which logs: names only."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            words = (entry / "cmdline").read_bytes()
        except OSError:
            continue
        if b"qemu" in words and SECRETS.search(words.decode(errors="replace")):
            found.append(entry.name)
    server = volumes.guests.server
    if SECRETS.search(server.log()):
        found.append("the server's log")
    logs = Path(f"/run/aerolith/{mark_of(server)}").rglob("*.log")
    return found + [str(each) for each in logs if SECRETS.search(each.read_text(errors="replace"))]


@pytest.fixture
def by_default(volumes: Volumes) -> Iterator[None]:
    volumes.ec2.enable_ebs_encryption_by_default()
    yield
    volumes.ec2.disable_ebs_encryption_by_default()


def test_what_a_container_writes_lies_nowhere(
    volumes: Volumes, snapshots: Snapshots, pair: tuple[dict[str, Any], dict[str, Any]]
) -> None:
    first, second = (login(volumes, each) for each in pair)
    volume = volumes.make(Encrypted=True)
    seen = volumes.find(volume)
    assert seen["Encrypted"] and ":kms:" in seen["KmsKeyId"]
    volumes.attach(volume, pair[0]["InstanceId"])
    write(first, "the marker of a container")
    running = snapshots.make(volume)
    volumes.modify(volume, Size=2)
    assert int(first.run("blockdev --getsize64 /dev/sdf")) == 2 << 30
    write(first, "the second marker")
    later = snapshots.make(volume)
    volumes.detach(volume)
    closed = snapshots.make(volume)
    for snapshot, text in (
        (running, "the marker of a container"),
        (later, "the second marker"),
        (closed, "the second marker"),
    ):
        record = snapshots.find(snapshot)
        assert record["Encrypted"] and record["KmsKeyId"] == seen["KmsKeyId"]
        copy = volumes.make(SnapshotId=snapshot, Size=2)
        assert volumes.find(copy)["Encrypted"]
        volumes.attach(copy, pair[1]["InstanceId"])
        assert first_line(second) == text
        volumes.detach(copy)
    assert not has(blocks(volumes), "the marker of a container")
    assert not has(blocks(volumes), "the second marker")
    plain = volumes.make()
    volumes.attach(plain, pair[0]["InstanceId"])
    write(first, "a marker for all to see")
    volumes.detach(plain)
    assert has(blocks(volumes), "a marker for all to see")


def test_the_secret_stands_in_no_log_and_no_list_of_programs(
    volumes: Volumes, pair: tuple[dict[str, Any], dict[str, Any]]
) -> None:
    volume = volumes.make(Encrypted=True)
    volumes.attach(volume, pair[0]["InstanceId"])
    secret = (blocks(volumes) / f"volumes/{volume}.secret").read_text().splitlines()
    assert secret[0] == "aerolith-disk-secret 1" and len(secret) == 3
    assert tells_a_secret(volumes) == []
    volumes.detach(volume)
    volumes.delete(volume)
    assert not list((blocks(volumes) / "volumes").glob(f"*{volume}*"))


def test_it_is_read_again_after_a_restart_of_all(volumes: Volumes, by_default: None) -> None:
    """The instance's root, too: encrypted as the account has it."""
    guests, ec2 = volumes.guests, volumes.ec2
    instance = guests.start()["InstanceId"]
    own = guests.find(instance)["BlockDeviceMappings"][0]["Ebs"]["VolumeId"]
    assert volumes.find(own)["Encrypted"]
    volume = volumes.make()
    assert volumes.find(volume)["Encrypted"]
    volumes.attach(volume, instance)
    shell = login(volumes, guests.find(instance)).wait()
    write(shell, "kept over a restart")
    shell.run("yes 'in the root file system' | head -c 65536 > /root/marker && sync")
    assert guests.server.stop() == 0
    guests.server.start()
    assert first_line(shell) == "kept over a restart"
    ec2.stop_instances(InstanceIds=[instance])
    guests.wait_state(instance, "stopped")
    ec2.start_instances(InstanceIds=[instance])
    shell = login(volumes, guests.wait_state(instance, "running")).wait()
    assert wait_for("the volume", lambda: first_line(shell)) == "kept over a restart"
    assert "in the root file system" in shell.run("head -n 1 /root/marker")
    assert not has(blocks(volumes), "kept over a restart") and not has(blocks(volumes), "in the root file system")
    guests.terminate(instance)


def test_a_virtual_machine_has_encrypted_disks(machines: None, volumes: Volumes, snapshots: Snapshots) -> None:
    guests = volumes.guests
    instance = guests.start(
        BlockDeviceMappings=[{"DeviceName": "/dev/xvda", "Ebs": {"Encrypted": True}}],
        TagSpecifications=tagged("instance", **{"aerolith:driver": "vm"}),
    )
    shell = login(volumes, instance).wait(300)
    own = guests.find(instance["InstanceId"])["BlockDeviceMappings"][0]["Ebs"]["VolumeId"]
    assert volumes.find(own)["Encrypted"]
    shell.run("yes 'a machine wrote this' | head -c 65536 > /root/marker && sync")
    assert tells_a_secret(volumes) == []
    volume = volumes.make(Encrypted=True)
    volumes.attach(volume, instance["InstanceId"])
    disk = wait_for("the disk", lambda: shell.attempt("ls /dev/vdb").stdout.strip())
    write(shell, "on another disk", disk)
    snapshot = snapshots.make(volume)
    volumes.detach(volume)
    wait_for("the disk to go", lambda: shell.attempt("test -e /dev/vdb").returncode == 1)
    again = volumes.make(SnapshotId=snapshot)
    volumes.attach(again, instance["InstanceId"])
    disk = wait_for("the disk", lambda: shell.attempt("ls /dev/vd[b-z]").stdout.strip())
    assert first_line(shell, disk) == "on another disk"
    assert not has(blocks(volumes), "a machine wrote this") and not has(blocks(volumes), "on another disk")
    volumes.detach(again)
    guests.terminate(instance["InstanceId"])


def test_what_is_refused(volumes: Volumes, snapshots: Snapshots) -> None:
    ec2 = volumes.ec2
    wanted = {"AvailabilityZone": volumes.zone, "Size": 1}
    assert refusal(ec2.create_volume, **wanted, KmsKeyId="alias/aws/ebs")[0] == "InvalidParameterDependency"
    assert refusal(ec2.create_volume, **wanted, Encrypted=True, KmsKeyId=NO_KEY)[0] == "InvalidParameterValue"
    snapshot = snapshots.make(volumes.make(Encrypted=True))
    share = {"SnapshotId": snapshot, "Attribute": "createVolumePermission", "OperationType": "add"}
    assert refusal(ec2.modify_snapshot_attribute, **share, UserIds=["123456789012"]) == (
        "OperationNotPermitted",
        "Encrypted snapshots with EBS default key cannot be shared",
    )
    mapping = [{"DeviceName": "/dev/xvda", "Ebs": {"SnapshotId": snapshot, "Encrypted": True}}]
    registered = {"Name": "encrypted", "RootDeviceName": "/dev/xvda"}
    code, said = refusal(ec2.register_image, **registered, BlockDeviceMappings=mapping)
    assert code == "InvalidBlockDeviceMapping" and "encrypted flag cannot be specified" in said
    del mapping[0]["Ebs"]["Encrypted"]  # type: ignore[attr-defined]
    image = ec2.register_image(**registered, BlockDeviceMappings=mapping)["ImageId"]
    assert ec2.describe_images(ImageIds=[image])["Images"][0]["BlockDeviceMappings"][0]["Ebs"]["Encrypted"]
    permission = {"Add": [{"UserId": "123456789012"}]}
    assert refusal(ec2.modify_image_attribute, ImageId=image, LaunchPermission=permission)[0] == "InvalidParameter"
    ec2.deregister_image(ImageId=image)


def test_a_copy_encrypts(volumes: Volumes, snapshots: Snapshots, pair: tuple[dict[str, Any], dict[str, Any]]) -> None:
    shell, ec2 = login(volumes, pair[0]), volumes.ec2
    volume = volumes.make()
    volumes.attach(volume, pair[0]["InstanceId"])
    write(shell, "it was plain once")
    volumes.detach(volume)
    plain = snapshots.make(volume)
    region = ec2.meta.region_name
    copy = ec2.copy_snapshot(SourceRegion=region, SourceSnapshotId=plain, Encrypted=True)["SnapshotId"]
    snapshots.made.append(copy)
    snapshots.wait(copy)
    assert snapshots.find(copy)["Encrypted"] and not snapshots.find(plain)["Encrypted"]
    made = volumes.make(SnapshotId=copy)
    ec2.delete_snapshot(SnapshotId=plain)
    volumes.delete(volume)
    volumes.attach(made, pair[1]["InstanceId"])
    assert first_line(login(volumes, pair[1])) == "it was plain once"
    volumes.detach(made)
    wait_for("the plain one to be gone", lambda: not has(blocks(volumes), "it was plain once"), 120)
    code = refusal(ec2.copy_volumes, SourceVolumeId=made, KmsKeyId=NO_KEY)[0]
    assert code == "InvalidParameterValue"
    copied = ec2.copy_volumes(SourceVolumeId=made)["Volumes"][0]["VolumeId"]
    volumes.made.append(copied)
    volumes.wait(copied, "available")
    assert volumes.find(copied)["Encrypted"]


def test_blocks_of_the_direct_apis_lie_nowhere(volumes: Volumes, snapshots: Snapshots) -> None:
    ebs = boto_client(volumes.guests.server, "ebs")
    marker = (b"a block from outside\n" * 30000)[: direct.BLOCK]
    begun = ebs.start_snapshot(VolumeSize=1, Encrypted=True)
    snapshot = begun["SnapshotId"]
    snapshots.made.append(snapshot)
    direct.put(ebs, snapshot, 3, marker)
    direct.put(ebs, snapshot, 5, b"b" * direct.BLOCK)
    assert not has(blocks(volumes), "a block from outside")
    direct.complete(ebs, snapshot, {3: marker, 5: b"b" * direct.BLOCK})
    direct.wait_completed(volumes.ec2, snapshot)
    assert snapshots.find(snapshot)["KmsKeyId"] == begun["KmsKeyArn"]
    child = direct.write(ebs, volumes.ec2, {3: b"c" * direct.BLOCK}, ParentSnapshotId=snapshot)
    snapshots.made.append(child)
    assert snapshots.find(child)["Encrypted"]
    tokens = dict(direct.listed(ebs, snapshot))
    assert direct.get(ebs, snapshot, 3, tokens[3]) == marker
    assert list(direct.changed(ebs, snapshot, child)) == [3]
    assert not has(blocks(volumes), "a block from outside") and not has(blocks(volumes), "c" * 64)
    assert volumes.guests.server.stop() == 0
    checked = volumes.guests.server.command("fsck")
    volumes.guests.server.start()
    assert checked.returncode == 0, checked.stdout + checked.stderr
