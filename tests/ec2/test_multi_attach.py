"""Volumes that several instances have at a time: each sees what the others write, and keeps it when they go."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.ec2.conftest import tagged
from tools.harness.instances import Guests, Login, mark_of, wait_for
from tools.harness.server import Server
from tools.harness.snapshots import Snapshots
from tools.harness.volumes import GIB, Volumes, login, refusal

Pair = tuple[dict[str, Any], dict[str, Any]]
_SHARED = {"VolumeType": "io2", "Size": 4, "Iops": 1000, "MultiAttachEnabled": True}


def shared(volumes: Volumes, *instances: dict[str, Any], **wanted: Any) -> str:
    volume = volumes.make(**{**_SHARED, **wanted})
    for instance in instances:
        volumes.attach(volume, instance["InstanceId"])
    return volume


def servers_of(server: Server) -> list[int]:
    """Processes that serve what several instances have."""
    mark = f"/run/aerolith/{mark_of(server)}/shared/"
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            line = (folder / "cmdline").read_bytes()
        except OSError:
            continue
        if b"qemu-storage-daemon" in line and mark.encode() in line:
            found.append(int(folder.name))
    return found


def put(shell: Login, device: str, text: str, block: int = 0) -> None:
    shell.run(f"printf %-512s {text} | dd of={device} bs=512 seek={block} conv=notrunc,fsync 2>/dev/null")


def get(shell: Login, device: str, block: int = 0, how: str = "") -> str:
    return shell.run(f"dd if={device} bs=512 skip={block} count=1 {how} 2>/dev/null | tr -d ' \\0'")


def test_each_container_reads_what_the_other_one_writes(volumes: Volumes, pair: Pair) -> None:
    first, second = (login(volumes, each) for each in pair)
    volume = shared(volumes, pair[0])
    volumes.attach(volume, pair[1]["InstanceId"], "/dev/sdg")
    seen = volumes.find(volume)
    assert seen["MultiAttachEnabled"] and seen["State"] == "in-use"
    assert {each["InstanceId"]: each["Device"] for each in seen["Attachments"]} == {
        pair[0]["InstanceId"]: "/dev/sdf",
        pair[1]["InstanceId"]: "/dev/sdg",
    }
    for instance in pair:
        found = volumes.ec2.describe_volumes(
            Filters=[{"Name": "attachment.instance-id", "Values": [instance["InstanceId"]]}]
        )["Volumes"]
        assert volume in [each["VolumeId"] for each in found]
    # Back and forth over the same block: what was read before isn't read again out of a cache.
    for turn in range(5):
        put(first, "/dev/sdf", f"ping{turn}")
        assert get(second, "/dev/sdg") == f"ping{turn}"
        assert get(second, "/dev/sdg", how="iflag=direct") == f"ping{turn}"
        second.run(f"printf %-4096s pong{turn} | dd of=/dev/sdg bs=4k oflag=direct conv=notrunc 2>/dev/null")
        assert get(first, "/dev/sdf") == f"pong{turn}"
        assert get(first, "/dev/sdf", how="iflag=direct") == f"pong{turn}"
    first.run("head -c 20000000 /dev/urandom > some && dd if=some of=/dev/sdf bs=1M seek=8 conv=fsync 2>/dev/null")
    wanted = first.run("sha256sum < some")
    assert second.run("dd if=/dev/sdg bs=1M skip=8 2>/dev/null | head -c 20000000 | sha256sum") == wanted
    # One goes, the other one keeps it.
    volumes.leave(volume, pair[0]["InstanceId"])
    assert first.attempt("test -e /dev/sdf").returncode == 1
    put(second, "/dev/sdg", "alone")
    assert get(second, "/dev/sdg") == "alone" and volumes.find(volume)["State"] == "in-use"
    volumes.leave(volume, pair[1]["InstanceId"])
    assert volumes.find(volume)["State"] == "available" and not servers_of(volumes.guests.server)
    subprocess.run(["qemu-img", "check", "-q", str(volumes.file(volume))], check=True)


def test_what_is_refused(volumes: Volumes, pair: Pair) -> None:
    ec2, instance = volumes.ec2, pair[0]["InstanceId"]
    volume = shared(volumes, *pair)
    attach = {"VolumeId": volume, "InstanceId": instance, "Device": "/dev/sdg"}
    assert refusal(ec2.attach_volume, **attach)[0] == "VolumeInUse"
    assert refusal(ec2.detach_volume, VolumeId=volume)[0] == "MissingParameter"
    assert refusal(ec2.detach_volume, VolumeId=volume, InstanceId="i-0123456789abcdef0")[0] == (
        "InvalidAttachment.NotFound"
    )
    assert refusal(ec2.delete_volume, VolumeId=volume)[0] == "VolumeInUse"
    assert refusal(ec2.modify_volume, VolumeId=volume, MultiAttachEnabled=False)[0] == "IncorrectState"
    assert refusal(ec2.modify_volume, VolumeId=volume, VolumeType="gp3")[0] == "UnsupportedOperation"
    assert refusal(ec2.create_snapshots, InstanceSpecification={"InstanceId": instance})[0] == "UnsupportedOperation"
    assert refusal(ec2.create_image, InstanceId=instance, Name="with-shared")[0] == "UnsupportedOperation"
    for each in pair:
        volumes.leave(volume, each["InstanceId"])
    done = volumes.modify(volume, MultiAttachEnabled=False)
    assert done["OriginalMultiAttachEnabled"] and not done["TargetMultiAttachEnabled"]
    volumes.attach(volume, instance)
    attach["InstanceId"] = pair[1]["InstanceId"]
    assert refusal(ec2.attach_volume, **attach)[0] == "VolumeInUse"
    volumes.detach(volume)
    first = volumes.make(VolumeType="io1", Size=4, Iops=100, MultiAttachEnabled=True)
    assert refusal(ec2.modify_volume, VolumeId=first, Size=5)[0] == "UnsupportedOperation"


def test_one_that_keeps_it_open_loses_it_by_force_and_the_other_one_does_not(volumes: Volumes, pair: Pair) -> None:
    first, second = (login(volumes, each) for each in pair)
    volume = shared(volumes, *pair)
    put(first, "/dev/sdf", "before")
    # Kept under another name, and open.
    first.run("ln /dev/sdf /dev/kept; sh -c 'sleep 600 < /dev/sdf > /dev/null 2>&1 & echo $! > /tmp/holder'")
    volumes.ec2.detach_volume(VolumeId=volume, InstanceId=pair[0]["InstanceId"])
    time.sleep(4)
    states = {each["InstanceId"]: each["State"] for each in volumes.find(volume)["Attachments"]}
    assert states == {pair[0]["InstanceId"]: "detaching", pair[1]["InstanceId"]: "attached"}
    put(second, "/dev/sdf", "meanwhile")
    volumes.leave(volume, pair[0]["InstanceId"], Force=True)
    assert first.attempt("kill -0 $(cat /tmp/holder)").returncode != 0
    assert first.attempt("test -e /dev/kept || test -e /dev/sdf").returncode == 1
    assert get(second, "/dev/sdf") == "meanwhile"
    volumes.leave(volume, pair[1]["InstanceId"])


def test_it_grows_for_all_and_its_snapshot_is_of_what_all_wrote(
    snapshots: Snapshots, volumes: Volumes, pair: Pair
) -> None:
    first, second = (login(volumes, each) for each in pair)
    volume = shared(volumes, *pair)
    put(first, "/dev/sdf", "first")
    put(second, "/dev/sdf", "second", 1)
    snapshot = snapshots.make(volume)
    put(first, "/dev/sdf", "later")
    later = snapshots.make(volume)
    volumes.modify(volume, Size=5, Iops=2000)
    for shell in (first, second):
        assert int(shell.run("blockdev --getsize64 /dev/sdf")) == 5 * GIB
    put(second, "/dev/sdf", "end", 5 * GIB // 512 - 1)
    assert get(first, "/dev/sdf", 5 * GIB // 512 - 1) == "end"
    for each in pair:
        volumes.leave(volume, each["InstanceId"])
    for made, wanted in ((snapshot, "first"), (later, "later")):
        copy = volumes.make(SnapshotId=made, Size=4)
        volumes.attach(copy, pair[0]["InstanceId"])
        assert (get(first, "/dev/sdf"), get(first, "/dev/sdf", 1)) == (wanted, "second")
        volumes.detach(copy)


def test_an_encrypted_one_while_the_server_is_killed(volumes: Volumes, pair: Pair) -> None:
    first, second = (login(volumes, each) for each in pair)
    volume = shared(volumes, *pair, Encrypted=True)
    put(first, "/dev/sdf", "before")
    volumes.guests.server.kill()
    put(second, "/dev/sdf", "while-it-is-down")
    assert get(first, "/dev/sdf") == "while-it-is-down"
    volumes.guests.server.start()
    put(first, "/dev/sdf", "after")
    assert get(second, "/dev/sdf") == "after"
    for each in pair:
        volumes.leave(volume, each["InstanceId"])
    assert not servers_of(volumes.guests.server)


def test_ends_and_stops_of_those_that_have_it(volumes: Volumes, pair: Pair) -> None:
    """The last one that has it says whether it goes; what serves it may die, and is the end of those that run."""
    guests, ec2 = volumes.guests, volumes.ec2
    instances = [guests.wait_state(each["InstanceId"], "running") for each in guests.launch(2)]
    ids = [each["InstanceId"] for each in instances]
    shells = [login(volumes, each).wait() for each in instances]
    volume = shared(volumes, *instances)
    put(shells[0], "/dev/sdf", "kept")
    mapping = [{"DeviceName": "/dev/sdf", "Ebs": {"DeleteOnTermination": True}}]
    ec2.modify_instance_attribute(InstanceId=ids[0], BlockDeviceMappings=mapping)
    deletes = {each["InstanceId"]: each["DeleteOnTermination"] for each in volumes.find(volume)["Attachments"]}
    assert deletes == {ids[0]: True, ids[1]: False}
    # Stopped, grown by the other one, and started again.
    ec2.stop_instances(InstanceIds=[ids[0]])
    guests.wait_state(ids[0], "stopped")
    volumes.modify(volume, Size=5)
    assert get(shells[1], "/dev/sdf") == "kept"
    ec2.start_instances(InstanceIds=[ids[0]])
    again = login(volumes, guests.wait_state(ids[0], "running")).wait()
    assert get(again, "/dev/sdf") == "kept" and int(again.run("blockdev --getsize64 /dev/sdf")) == 5 * GIB
    # What serves it dies.
    (serving,) = servers_of(guests.server)
    os.kill(serving, signal.SIGKILL)
    for each in ids:
        stopped = guests.wait_state(each, "stopped")
        assert "qemu-storage-daemon" in stopped["StateReason"]["Message"]
    assert not servers_of(guests.server)
    # At rest: the file itself.
    volumes.modify(volume, Size=6)
    ec2.start_instances(InstanceIds=[ids[1]])
    last = login(volumes, guests.wait_state(ids[1], "running")).wait()
    assert get(last, "/dev/sdf") == "kept" and int(last.run("blockdev --getsize64 /dev/sdf")) == 6 * GIB
    guests.terminate(ids[0])
    assert volumes.holders(volume) == [ids[1]] and get(last, "/dev/sdf") == "kept"
    ec2.modify_instance_attribute(InstanceId=ids[1], BlockDeviceMappings=mapping)
    guests.terminate(ids[1])
    wait_for("the volume to go with its last instance", lambda: not volumes.exists(volume))
    wait_for("its file to go", lambda: not volumes.file(volume).exists())


@pytest.fixture(scope="module")
def machine_pair(machines: None, guests: Guests) -> Iterator[Pair]:
    ids = [
        each["InstanceId"]
        for each in guests.launch(2, TagSpecifications=tagged("instance", **{"aerolith:driver": "vm"}))
    ]
    running = [guests.wait_state(each, "running") for each in ids]
    for each in running:
        guests.login(each).wait(600)
    yield running[0], running[1]
    guests.terminate(*ids)


def device_of(shell: Login, volume: str) -> str:
    look = f"grep -l {volume.replace('-', '')} /sys/block/*/serial"
    return "/dev/" + wait_for("the device", lambda: shell.attempt(look).stdout.split("/"))[3]


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_machines_share_one(
    snapshots: Snapshots, volumes: Volumes, machine_pair: Pair, pair: Pair, tmp_path: Path
) -> None:
    ec2 = volumes.ec2
    first, second = (login(volumes, each) for each in machine_pair)
    volume = shared(volumes, *machine_pair)
    other = {"VolumeId": volume, "InstanceId": pair[0]["InstanceId"], "Device": "/dev/sdf"}
    assert refusal(ec2.attach_volume, **other)[0] == "UnsupportedOperation"
    here, there = device_of(first, volume), device_of(second, volume)
    direct = "iflag=direct"
    for turn in range(5):
        put(first, here, f"ping{turn}")
        assert get(second, there, how=direct) == f"ping{turn}"
        second.run(f"printf %-4096s pong{turn} | dd of={there} bs=4k oflag=direct conv=notrunc 2>/dev/null")
        assert get(first, here, how=direct) == f"pong{turn}"
    # Zeros that the guest asks for are zeros; it may give no room back.
    put(first, here, "old", 3)
    first.run(f"dd if=/dev/zero of={here} bs=512 seek=3 count=1 conv=notrunc,fsync 2>/dev/null")
    assert get(second, there, 3, direct) == ""
    assert first.run(f"cat /sys/block/{here[5:]}/queue/discard_max_bytes") == "0"
    volumes.guests.server.kill()
    put(second, there, "while-it-is-down")
    assert get(first, here, how=direct) == "while-it-is-down"
    volumes.guests.server.start()
    snapshot = snapshots.make(volume)
    put(second, there, "later")
    volumes.modify(volume, Size=5)
    for shell, device in ((first, here), (second, there)):
        wait_for("it to see it grown", lambda s=shell, d=device: int(s.run(f"blockdev --getsize64 {d}")) == 5 * GIB)
    put(first, here, "end", 5 * GIB // 512 - 1)
    assert get(second, there, 5 * GIB // 512 - 1, direct) == "end"
    # By force from one that has it open; the other one keeps it.
    first.run(f"sh -c 'sleep 600 < {here} > /dev/null 2>&1 & echo $! > /tmp/holder'")
    volumes.leave(volume, machine_pair[0]["InstanceId"], Force=True)
    assert get(second, there, how=direct) == "later"
    volumes.leave(volume, machine_pair[1]["InstanceId"])
    assert not servers_of(volumes.guests.server)
    subprocess.run(["qemu-img", "check", "-q", str(volumes.file(volume))], check=True)
    for each in pair:
        volumes.attach(volume, each["InstanceId"])
    shells = [login(volumes, each) for each in pair]
    assert [get(each, "/dev/sdf") for each in shells] == ["later", "later"]
    copy = volumes.make(SnapshotId=snapshot, Size=4)
    volumes.attach(copy, pair[0]["InstanceId"], "/dev/sdg")
    assert get(shells[0], "/dev/sdg") == "while-it-is-down"


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_machines_that_start_with_one_and_lose_it(volumes: Volumes, machines: None) -> None:
    guests, ec2 = volumes.guests, volumes.ec2
    wanted = {"TagSpecifications": tagged("instance", **{"aerolith:driver": "vm"})}
    ids = [each["InstanceId"] for each in guests.launch(2, **wanted)]
    instances = [guests.wait_state(each, "running") for each in ids]
    volume = shared(volumes, *instances)
    ec2.stop_instances(InstanceIds=ids)
    for each in ids:
        guests.wait_state(each, "stopped", 300)
    assert not servers_of(guests.server)
    volumes.modify(volume, Size=5)
    ec2.start_instances(InstanceIds=ids)
    shells = [login(volumes, guests.wait_state(each, "running")).wait(600) for each in ids]
    devices = [device_of(shell, volume) for shell in shells]
    put(shells[0], devices[0], "started")
    assert get(shells[1], devices[1], how="iflag=direct") == "started"
    assert int(shells[1].run(f"blockdev --getsize64 {devices[1]}")) == 5 * GIB
    (serving,) = servers_of(guests.server)
    os.kill(serving, signal.SIGKILL)
    for each in ids:
        stopped = guests.wait_state(each, "stopped")
        assert "qemu-storage-daemon" in stopped["StateReason"]["Message"]
    guests.terminate(*ids)
    assert volumes.find(volume)["State"] == "available"
