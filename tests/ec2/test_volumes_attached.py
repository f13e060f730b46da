"""EBS volumes of instances: attached to what runs and what doesn't, grown and limited while they are."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.ec2.conftest import tagged
from tools.harness.instances import Guests, Login, wait_for
from tools.harness.volumes import GIB, Volumes, login, refusal

NOWHERE = "vol-0123456789abcdef0"


def test_bytes_go_from_one_running_container_to_another(
    volumes: Volumes, pair: tuple[dict[str, Any], dict[str, Any]]
) -> None:
    first, second = (login(volumes, each) for each in pair)
    volume = volumes.make()
    volumes.attach(volume, pair[0]["InstanceId"])
    assert int(first.run("blockdev --getsize64 /dev/sdf")) == GIB
    link = f"/dev/disk/by-id/virtio-{volume.replace('-', '')}"
    # For everybody to find, not for everybody to open.
    anybody = volumes.guests.login(pair[0])
    assert anybody.run(f"readlink {link}") == "../../sdf" and anybody.attempt(f"head -c 1 {link}").returncode != 0
    first.run(f"head -c 5000000 /dev/urandom > bytes && dd if=bytes of={link} bs=1M conv=fsync 2>/dev/null")
    wanted = first.run("sha256sum < bytes")
    mapping = volumes.guests.find(pair[0]["InstanceId"])["BlockDeviceMappings"]
    assert {each["DeviceName"]: each["Ebs"]["Status"] for each in mapping}["/dev/sdf"] == "attached"
    first.run("mkdir -p /dev/own && ln /dev/sdf /dev/own/kept")  # the device's number is another volume's some day
    volumes.detach(volume)
    assert first.run("find /dev -name sdf -o -name kept") == ""
    assert len(volumes.guests.find(pair[0]["InstanceId"])["BlockDeviceMappings"]) == 1
    volumes.attach(volume, pair[1]["InstanceId"], "/dev/xvdba")
    assert second.run("head -c 5000000 /dev/xvdba | sha256sum") == wanted
    # A volume that came later stays when its instance ends, unless it is told otherwise.
    volumes.detach(volume, InstanceId=pair[1]["InstanceId"], Device="/dev/xvdba")


def fill_up(volumes: Volumes, instance: dict[str, Any]) -> list[str]:
    """As many volumes as it may have, beside its root and its interface; one more is refused."""
    made = [volumes.ask()["VolumeId"] for _ in range(27)]
    for each in made:
        volumes.wait(each, "available")
    devices = [f"/dev/xvd{first}{second}" for first in "bc" for second in "abcdefghijklm"]
    for volume, device in zip(made, devices, strict=False):
        volumes.ec2.attach_volume(VolumeId=volume, InstanceId=instance["InstanceId"], Device=device)
    for each in made[:26]:
        volumes.wait(each, "in-use")
    more = {"VolumeId": made[26], "InstanceId": instance["InstanceId"], "Device": "/dev/sdf"}
    code, told = refusal(volumes.ec2.attach_volume, **more)
    assert code == "AttachmentLimitExceeded" and "28" in told, told
    return devices


def test_a_container_has_28_attachments(volumes: Volumes) -> None:
    instance = volumes.guests.start()
    devices = fill_up(volumes, instance)
    shell = login(volumes, instance).wait()
    shell.run(" && ".join(f"test -b {each}" for each in devices))
    # Also from its next start on.
    volumes.ec2.stop_instances(InstanceIds=[instance["InstanceId"]])
    volumes.guests.wait_state(instance["InstanceId"], "stopped")
    volumes.ec2.start_instances(InstanceIds=[instance["InstanceId"]])
    shell = login(volumes, volumes.guests.wait_state(instance["InstanceId"], "running")).wait()
    shell.run(" && ".join(f"test -b {each}" for each in devices))
    volumes.guests.terminate(instance["InstanceId"])


@pytest.mark.long
@pytest.mark.timeout(1200)
def test_a_machine_has_28_attachments(volumes: Volumes, machines: None) -> None:
    instance = volumes.guests.start(TagSpecifications=tagged("instance", **{"aerolith:driver": "vm"}))
    shell = login(volumes, instance).wait(300)
    fill_up(volumes, instance)
    count = "ls -d /sys/block/vd* | wc -l"
    wait_for("all of them", lambda: shell.run(count) == "27", 60)
    volumes.ec2.stop_instances(InstanceIds=[instance["InstanceId"]])
    volumes.guests.wait_state(instance["InstanceId"], "stopped", 300)
    volumes.ec2.start_instances(InstanceIds=[instance["InstanceId"]])
    shell = login(volumes, volumes.guests.wait_state(instance["InstanceId"], "running")).wait(300)
    assert shell.run(count) == "27"
    volumes.guests.terminate(instance["InstanceId"])


def test_what_of_attachments_is_refused(volumes: Volumes, pair: tuple[dict[str, Any], dict[str, Any]]) -> None:
    ec2, instance, other = volumes.ec2, pair[0]["InstanceId"], pair[1]["InstanceId"]
    volume, second = volumes.make(), volumes.make()

    def attach(**wanted: str) -> tuple[str, str]:
        return refusal(
            ec2.attach_volume, **{"VolumeId": volume, "InstanceId": instance, "Device": "/dev/sdf", **wanted}
        )

    assert attach(VolumeId=NOWHERE)[0] == "InvalidVolume.NotFound"
    assert attach(InstanceId="i-0123456789abcdef0")[0] == "InvalidInstanceID.NotFound"
    for device in ("/dev/nvme1n1", "../sdf", "/dev/sd", "/dev/sdf16", "/etc/passwd", "/dev/xvdabc", "sdf/../x"):
        assert attach(Device=device)[0] == "InvalidParameterValue", device
    root = volumes.guests.find(instance)["RootDeviceName"]
    in_use = f"Invalid value '{root}' for unixDevice. Attachment point {root} is already in use"
    assert attach(Device=root) == ("InvalidParameterValue", in_use)
    zones = [each["ZoneName"] for each in ec2.describe_availability_zones()["AvailabilityZones"]]
    elsewhere = volumes.make(AvailabilityZone=next(zone for zone in zones if zone != volumes.zone))
    assert attach(VolumeId=elsewhere)[0] == "InvalidVolume.ZoneMismatch"

    volumes.attach(volume, instance)
    assert attach(InstanceId=other) == ("VolumeInUse", f"{volume} is already attached to an instance")
    assert attach(VolumeId=second)[0] == "InvalidParameterValue"
    assert refusal(ec2.delete_volume, VolumeId=volume)[0] == "VolumeInUse"
    assert refusal(ec2.detach_volume, VolumeId=volume, InstanceId=other)[0] == "InvalidAttachment.NotFound"
    assert refusal(ec2.detach_volume, VolumeId=volume, Device="/dev/sdg")[0] == "InvalidAttachment.NotFound"
    own = volumes.guests.find(instance)["BlockDeviceMappings"][0]["Ebs"]["VolumeId"]
    assert refusal(ec2.detach_volume, VolumeId=own)[0] == "OperationNotPermitted"
    volumes.detach(volume)
    gone = f"Volume '{volume}' is in the 'available' state."
    assert refusal(ec2.detach_volume, VolumeId=volume) == ("IncorrectState", gone)


def test_a_container_that_has_it_open_keeps_it_unless_forced(
    volumes: Volumes, pair: tuple[dict[str, Any], dict[str, Any]]
) -> None:
    shell, volume = login(volumes, pair[0]), volumes.make()
    volumes.attach(volume, pair[0]["InstanceId"])
    # Open until it is told to end.
    shell.run("sh -c 'sleep 600 < /dev/sdf > /dev/null 2>&1 & echo $! > /tmp/holder'")
    volumes.ec2.detach_volume(VolumeId=volume)
    time.sleep(4)
    assert volumes.find(volume)["Attachments"][0]["State"] == "detaching"
    volumes.ec2.detach_volume(VolumeId=volume, Force=True)
    volumes.wait(volume, "available")
    shell.run("kill $(cat /tmp/holder)")
    volumes.attach(volume, pair[0]["InstanceId"])
    shell.run("echo again | dd of=/dev/sdf conv=fsync 2>/dev/null")
    volumes.detach(volume)


def test_a_stopped_instance_has_it_from_its_next_start(volumes: Volumes) -> None:
    guests, ec2 = volumes.guests, volumes.ec2
    instance = guests.start()["InstanceId"]
    volume = volumes.make()
    ec2.stop_instances(InstanceIds=[instance])
    guests.wait_state(instance, "stopped")
    volumes.attach(volume, instance)
    ec2.start_instances(InstanceIds=[instance])
    shell = login(volumes, guests.wait_state(instance, "running")).wait()
    shell.run("echo kept | dd of=/dev/sdf conv=fsync 2>/dev/null")
    ec2.reboot_instances(InstanceIds=[instance])
    wait_for("the reboot", lambda: float(shell.attempt("cut -d ' ' -f 1 /proc/uptime").stdout or 0) > 0)
    shell.wait()
    assert wait_for("the volume", lambda: shell.attempt("head -c 4 /dev/sdf").stdout) == "kept"
    ec2.stop_instances(InstanceIds=[instance])
    guests.wait_state(instance, "stopped")
    volumes.detach(volume)
    # The root too can go, but without it there is no start.
    root = guests.find(instance)
    own = root["BlockDeviceMappings"][0]["Ebs"]["VolumeId"]
    ec2.detach_volume(VolumeId=own)
    volumes.made.append(volumes.wait(own, "available"))
    assert refusal(ec2.start_instances, InstanceIds=[instance])[0] == "IncorrectInstanceState"
    volumes.attach(own, instance, root["RootDeviceName"])
    # Told so, it goes with its instance; the other stays.
    volumes.attach(volume, instance)
    ebs = {"DeleteOnTermination": True}
    ec2.modify_instance_attribute(
        InstanceId=instance, BlockDeviceMappings=[{"DeviceName": root["RootDeviceName"], "Ebs": ebs}]
    )
    guests.terminate(instance)
    assert not volumes.exists(own)
    assert volumes.find(volume)["State"] == "available" and volumes.file(volume).exists()


def test_the_file_is_whole_afterwards(volumes: Volumes, pair: tuple[dict[str, Any], dict[str, Any]]) -> None:
    shell, volume = login(volumes, pair[0]), volumes.make()
    volumes.attach(volume, pair[0]["InstanceId"])
    shell.run("head -c 300000 /dev/urandom > some && dd if=some of=/dev/sdf conv=fsync 2>/dev/null")
    wanted = shell.run("sha256sum < some").split()[0]
    volumes.detach(volume)
    subprocess.run(["qemu-img", "check", "-q", str(volumes.file(volume))], check=True)
    raw = volumes.guests.folder / "outside.raw"
    subprocess.run(["qemu-img", "convert", "-O", "raw", str(volumes.file(volume)), str(raw)], check=True)
    with raw.open("rb") as file:
        assert hashlib.sha256(file.read(300000)).hexdigest() == wanted
    raw.unlink()


def test_a_running_container_sees_its_volume_grow(
    volumes: Volumes, pair: tuple[dict[str, Any], dict[str, Any]]
) -> None:
    shell, volume = login(volumes, pair[0]), volumes.make()
    volumes.attach(volume, pair[0]["InstanceId"])
    shell.run("echo kept | dd of=/dev/sdf conv=fsync 2>/dev/null")
    done = volumes.modify(volume, Size=3, Iops=1500 * 2, Throughput=250)
    assert (done["OriginalSize"], done["TargetSize"], done["Progress"]) == (1, 3, 100)
    assert (done["OriginalThroughput"], done["TargetThroughput"]) == (125, 250)
    assert int(shell.run("blockdev --getsize64 /dev/sdf")) == 3 * GIB
    assert shell.run("head -c 4 /dev/sdf") == "kept"
    shell.run("echo end | dd of=/dev/sdf bs=512 seek=6291455 conv=fsync 2>/dev/null")
    seen = volumes.find(volume)
    assert (seen["Size"], seen["Throughput"], seen["State"]) == (3, 250, "in-use")
    volumes.detach(volume)
    # And one that nobody has.
    assert volumes.modify(volume, Size=4)["TargetSize"] == 4
    volumes.attach(volume, pair[1]["InstanceId"])
    other = login(volumes, pair[1])
    assert int(other.run("blockdev --getsize64 /dev/sdf")) == 4 * GIB
    assert other.run("dd if=/dev/sdf bs=512 skip=6291455 count=1 2>/dev/null | head -c 3") == "end"
    volumes.detach(volume)


def test_how_often_and_to_what_a_volume_may_change(volumes: Volumes) -> None:
    ec2, volume = volumes.ec2, volumes.make(Size=10, VolumeType="gp2")
    assert refusal(ec2.describe_volumes_modifications, VolumeIds=[volume])[0] == "InvalidVolumeModification.NotFound"

    def modify(**wanted: Any) -> str:
        return refusal(ec2.modify_volume, VolumeId=volume, **wanted)[0]

    assert modify() == "MissingParameter"
    assert modify(Size=9) == "InvalidParameterValue"
    assert modify(Iops=500) == "InvalidParameterCombination"
    assert modify(VolumeType="standard") == "UnsupportedOperation"
    assert modify(VolumeType="io1") == "InvalidParameterValue"  # 3,000 where nothing is said: too many for 10 GiB
    assert modify(MultiAttachEnabled=True) == "InvalidParameterCombination"
    first = volumes.modify(volume, VolumeType="gp3")
    assert (first["OriginalVolumeType"], first["TargetVolumeType"]) == ("gp2", "gp3")
    assert (first["OriginalIops"], first["TargetIops"], first["TargetThroughput"]) == (100, 3000, 125)
    volumes.modify(volume, Iops=4000)
    volumes.modify(volume, VolumeType="io2", Iops=200)
    volumes.modify(volume, Size=200, VolumeType="st1")
    assert volumes.find(volume)["VolumeType"] == "st1" and "Iops" not in volumes.find(volume)
    # Four a day.
    assert modify(Size=201) == "VolumeModificationRateExceeded"
    filters = [{"Name": "target-size", "Values": ["200"]}, {"Name": "volume-id", "Values": [volume]}]
    found = ec2.describe_volumes_modifications(Filters=filters)["VolumesModifications"]
    assert [each["VolumeId"] for each in found] == [volume] and found[0]["EndTime"] >= found[0]["StartTime"]


def seconds_of(shell: Login, command: str) -> float:
    """As the guest's clock counts them."""
    told = shell.run(
        f"s=$(cut -d ' ' -f 1 /proc/uptime); {command}; e=$(cut -d ' ' -f 1 /proc/uptime); echo $s $e", 180
    )
    begin, end = told.split()[-2:]
    return float(end) - float(begin)


def test_a_volume_is_as_fast_as_its_type_says(volumes: Volumes, pair: tuple[dict[str, Any], dict[str, Any]]) -> None:
    shell = login(volumes, pair[0])
    volume = volumes.make(Size=4, VolumeType="io2", Iops=100)
    volumes.attach(volume, pair[0]["InstanceId"])
    write = "dd if=/dev/zero of=/dev/sdf bs=4k count={} oflag=direct 2>/dev/null"
    rate = 500 / seconds_of(shell, write.format(500))
    assert 85 < rate < 105, f"{rate} operations a second of 100"
    # While it is attached.
    volumes.modify(volume, Iops=400)
    rate = 2000 / seconds_of(shell, write.format(2000))
    assert 340 < rate < 420, f"{rate} operations a second of 400"
    volumes.detach(volume)


def test_it_is_found_by_the_name_that_it_has_on_aws(
    volumes: Volumes, pair: tuple[dict[str, Any], dict[str, Any]]
) -> None:
    shell, volume = login(volumes, pair[0]), volumes.make()
    volumes.attach(volume, pair[0]["InstanceId"])
    serial = volume.replace("-", "")
    for name in (f"virtio-{serial}", f"nvme-Amazon_Elastic_Block_Store_{serial}"):
        assert shell.run(f"readlink -f /dev/disk/by-id/{name}") == "/dev/sdf"
    volumes.detach(volume)
    assert shell.run(f"ls /dev/disk/by-id | grep -c {serial} || true") == "0"


@pytest.fixture(scope="module")
def machine(machines: None, guests: Guests) -> Iterator[dict[str, Any]]:
    instance = guests.start(TagSpecifications=tagged("instance", **{"aerolith:driver": "vm"}))
    guests.login(instance).wait(300)
    yield instance
    guests.terminate(instance["InstanceId"])


@pytest.mark.timeout(900)
def test_a_virtual_machine_mounts_grows_and_gives_back(
    volumes: Volumes, machine: dict[str, Any], pair: tuple[dict[str, Any], dict[str, Any]]
) -> None:
    shell, volume = login(volumes, machine), volumes.make()
    volumes.attach(volume, machine["InstanceId"])
    serial = volume.replace("-", "")
    device = wait_for("the device", lambda: shell.attempt(f"grep -l {serial} /sys/block/*/serial").stdout.split("/"))[3]
    assert int(shell.run(f"cat /sys/block/{device}/size")) * 512 == GIB
    shell.run(f"dd if=/dev/urandom of=/dev/{device} bs=1M count=3 conv=fsync 2>/dev/null", 60)
    wanted = shell.run(f"head -c 3145728 /dev/{device} | sha256sum")
    volumes.guests.server.kill()
    volumes.guests.server.start()
    volumes.modify(volume, Size=2)
    wait_for("the guest to see it", lambda: int(shell.run(f"cat /sys/block/{device}/size")) * 512 == 2 * GIB)
    volumes.detach(volume)
    assert shell.attempt(f"test -e /sys/block/{device}").returncode == 1
    volumes.attach(volume, pair[0]["InstanceId"])
    assert login(volumes, pair[0]).run("head -c 3145728 /dev/sdf | sha256sum") == wanted
    volumes.detach(volume)


def device_of(shell: Login, volume: str) -> str:
    look = f"grep -l {volume.replace('-', '')} /sys/block/*/serial"
    return "/dev/" + wait_for("the device", lambda: shell.attempt(look).stdout.split("/"))[3]


@pytest.mark.timeout(900)
def test_a_file_system_grows_with_its_volume(volumes: Volumes, machine: dict[str, Any], tmp_path: Path) -> None:
    """ext4 of the host's tools, as an image has it: mounted, grown while files are open, and clean afterwards."""
    if shutil.which("mkfs.ext4") is None:
        pytest.skip("mkfs.ext4 is missing")
    small = tmp_path / "small.ext4"
    subprocess.run(["mkfs.ext4", "-q", "-E", "nodiscard", str(small), "32M"], check=True)
    shell, volume = login(volumes, machine), volumes.make()
    volumes.attach(volume, machine["InstanceId"])
    device = device_of(shell, volume)
    shell.send(small, f"dd of={device} bs=1M conv=fsync 2>/dev/null")
    shell.run(f"mkdir -p /mnt/data && mount -t ext4 {device} /mnt/data && resize2fs {device}", 120)
    shell.run("dd if=/dev/urandom of=/mnt/data/first bs=1M count=100 2>/dev/null; sync", 120)
    volumes.modify(volume, Size=2)
    wait_for("the guest to see it", lambda: int(shell.run(f"blockdev --getsize64 {device}")) == 2 * GIB)
    shell.run(f"resize2fs {device}", 120)
    assert int(shell.run("df -m /mnt/data | tail -n 1").split()[1]) > 1800
    shell.run("dd if=/dev/urandom of=/mnt/data/second bs=1M count=50 2>/dev/null; sync", 120)
    sums = shell.run("cd /mnt/data && sha256sum first second", 120)
    shell.run("umount /mnt/data")
    volumes.detach(volume)
    raw = tmp_path / "raw"
    out = volumes.guests.server.command("ebs", "export", volume, "--output", str(raw))
    assert out.returncode == 0, out.stderr
    checked = subprocess.run(["e2fsck", "-fn", str(raw)], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stdout
    volumes.attach(volume, machine["InstanceId"])
    shell.run(f"mount -t ext4 {device_of(shell, volume)} /mnt/data")
    assert shell.run("cd /mnt/data && sha256sum first second", 120) == sums
    shell.run("umount /mnt/data")
    volumes.detach(volume)


@pytest.mark.timeout(900)
def test_a_virtual_machine_loses_by_force_what_it_has_mounted(
    volumes: Volumes, machine: dict[str, Any], pair: tuple[dict[str, Any], dict[str, Any]]
) -> None:
    shell, volume = login(volumes, machine), volumes.make()
    volumes.attach(volume, machine["InstanceId"])
    device = device_of(shell, volume)
    shell.run(f"echo flushed | dd of={device} conv=fsync 2>/dev/null")
    shell.run(f"sh -c 'sleep 600 < {device} > /dev/null 2>&1 & echo $! > /tmp/holder'")
    volumes.detach(volume, Force=True)
    assert shell.run("echo alive") == "alive"
    assert shell.attempt(f"dd if={device} iflag=direct bs=4k count=1 of=/dev/null").returncode != 0
    # It is whole, and another one's.
    volumes.attach(volume, pair[0]["InstanceId"])
    assert login(volumes, pair[0]).run("head -n 1 /dev/sdf") == "flushed"
    volumes.detach(volume)
    shell.run("kill $(cat /tmp/holder)")
