"""VM Import: disks in S3 become snapshots and images, by way of the account's service role.

https://docs.aws.amazon.com/vm-import/latest/userguide/what-is-vmimport.html
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import shutil
import subprocess
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.ec2.conftest import tagged
from tools.harness.identities import make_user, policy_of, remove_user, with_keys
from tools.harness.imports import MIB, READS, Imports, make_disk, packed, rights, trust, vmdk, with_descriptor
from tools.harness.instances import Guests
from tools.harness.server import Server
from tools.harness.terraform import make_terraform, what_terraform_lacks
from tools.harness.volumes import GIB, Volumes, login, refusal

pytestmark = pytest.mark.skipif(shutil.which("qemu-img") is None, reason="qemu-img is missing")

NO_ROLE = "The service role {} provided does not exist or does not have sufficient permissions"
DISK = "ClientError: Disk validation failed [{}]"
DESCRIPTOR = "# Disk DescriptorFile\nversion=1\nCID=e9b44520\nparentCID=ffffffff\n"


@pytest.fixture
def imports(cloud: Server) -> Iterator[Imports]:
    """With the role `vmimport`."""
    own = Imports(cloud)
    own.make_role()
    yield own
    own.clear()


@pytest.fixture
def disk(tmp_path: Path) -> Path:
    return make_disk(tmp_path / "disk.raw")


@pytest.fixture
def tiny(guests: Guests, tmp_path: Path) -> Path:
    """The disk of the image that instances are made of."""
    (image,) = guests.ec2.describe_images(ImageIds=[guests.image])["Images"]
    snapshot = image["BlockDeviceMappings"][0]["Ebs"]["SnapshotId"]
    kept, disk = guests.server.data_folder / f"blocks/snapshots/{snapshot}.qcow2", tmp_path / "tiny.raw"
    subprocess.run(["qemu-img", "convert", "-O", "raw", str(kept), str(disk)], check=True, capture_output=True)
    return disk


@pytest.fixture
def own(guests: Guests) -> Iterator[Guests]:
    before = list(guests.made)
    yield guests
    guests.terminate(*[each for each in guests.made if each not in before])


def test_a_disk_becomes_a_snapshot(imports: Imports, disk: Path) -> None:
    place = imports.put(disk)
    begun = imports.ec2.import_snapshot(
        Description="my server",
        DiskContainer={"Description": "its disk", "Format": "raw", "UserBucket": place},
        TagSpecifications=tagged("import-snapshot-task", Name="one"),
    )
    task = begun["ImportTaskId"]
    assert re.fullmatch(r"import-snap-[0-9a-f]{17}", task)
    assert (begun["Description"], begun["Tags"]) == ("my server", [{"Key": "Name", "Value": "one"}])
    detail = begun["SnapshotTaskDetail"]
    assert (detail["Status"], detail["StatusMessage"], detail["Progress"]) == ("active", "pending", "0")
    assert (detail["Format"], detail["Description"], detail["UserBucket"]) == ("RAW", "its disk", place)
    imports.ec2.get_waiter("snapshot_imported").wait(
        ImportTaskIds=[task], WaiterConfig={"Delay": 1, "MaxAttempts": 120}
    )
    ended = imports.task(task)
    assert ended["DiskImageSize"] == 64 * MIB
    assert "Progress" not in ended and "StatusMessage" not in ended
    (made,) = imports.ec2.describe_snapshots(SnapshotIds=[ended["SnapshotId"]])["Snapshots"]
    assert (made["State"], made["Progress"], made["VolumeSize"]) == ("completed", "100%", 1)
    assert made["VolumeId"] == "vol-ffffffff"
    assert made["Description"] == f"Created by AWS-VMImport service for {task}"
    assert imports.files() == []


def test_what_is_imported_encrypted_lies_nowhere_as_it_is(imports: Imports, volumes: Volumes, disk: Path) -> None:
    with disk.open("r+b") as opened:
        opened.write(b"the marker of a disk\n" * 50000)
    begun = imports.begin_snapshot(disk, Encrypted=True)
    detail = begun["SnapshotTaskDetail"]
    assert detail["Encrypted"] and ":kms:" in detail["KmsKeyId"]
    snapshot = imports.end(begun["ImportTaskId"])["SnapshotId"]
    (made,) = imports.ec2.describe_snapshots(SnapshotIds=[snapshot])["Snapshots"]
    assert made["Encrypted"] and made["KmsKeyId"] == detail["KmsKeyId"]
    assert volumes.find(volumes.make(SnapshotId=snapshot))["Encrypted"]
    blocks = volumes.guests.server.data_folder / "blocks"
    assert subprocess.run(["grep", "-rqF", "the marker of a disk", str(blocks)], check=False).returncode == 1
    raw = disk.with_name("exported.raw")
    exported = volumes.guests.server.command("ebs", "export", snapshot, "--output", str(raw))
    assert exported.returncode == 0, exported.stderr
    with raw.open("rb") as file, disk.open("rb") as given:
        assert file.read(64 * MIB) == given.read()


def test_each_format_gives_the_same_bytes(
    imports: Imports, volumes: Volumes, guest: dict[str, Any], disk: Path
) -> None:
    forms = [
        ("RAW", disk),
        ("VMDK", vmdk(disk)),
        ("VHD", packed(disk, "vpc", "subformat=dynamic")),
        ("VHD", packed(disk, "vpc", "subformat=fixed")),
        ("VHDX", packed(disk, "vhdx")),
    ]
    shell = login(volumes, guest)
    wanted = hashlib.sha256(disk.read_bytes()).hexdigest()
    for form, file in forms:
        volume = volumes.make(Size=None, SnapshotId=imports.snapshot(file, form))
        assert volumes.find(volume)["Size"] == 1
        volumes.attach(volume, guest["InstanceId"])
        assert int(shell.run("blockdev --getsize64 /dev/sdf")) == GIB
        found = shell.run("head -c 67108864 /dev/sdf | sha256sum", 60).split()[0]
        assert found == wanted, file.name
        volumes.detach(volume)


@pytest.mark.parametrize("form", ["RAW", "VMDK"])
def test_an_image_boots(imports: Imports, own: Guests, tiny: Path, form: str) -> None:
    begun = imports.begin_image(
        vmdk(tiny) if form == "VMDK" else tiny,
        form=form,
        Description="tiny again",
        Architecture="x86_64",
        Platform="Linux",
        BootMode="legacy-bios",
        LicenseType="BYOL",
        TagSpecifications=tagged("import-image-task", Name="two"),
    )
    task = begun["ImportTaskId"]
    assert re.fullmatch(r"import-ami-[0-9a-f]{17}", task)
    assert (begun["Status"], begun["StatusMessage"], begun["Platform"]) == ("active", "pending", "Linux")
    assert begun["Tags"] == [{"Key": "Name", "Value": "two"}]
    ended = imports.end(task)
    assert (ended["LicenseType"], ended["BootMode"], ended["Architecture"]) == ("BYOL", "legacy-bios", "x86_64")
    (detail,) = ended["SnapshotDetails"]
    assert (detail["Status"], detail["Format"], detail["DeviceName"]) == ("completed", form, "/dev/sda1")
    (image,) = own.ec2.describe_images(ImageIds=[ended["ImageId"]])["Images"]
    assert (image["State"], image["Name"], image["BootMode"]) == ("available", task, "legacy-bios")
    assert image["BlockDeviceMappings"][0]["Ebs"]["SnapshotId"] == detail["SnapshotId"]
    instance = own.start(ImageId=ended["ImageId"])
    assert own.login(instance).wait().run("id -un") == "ec2-user"
    own.terminate(instance["InstanceId"])


def test_an_ova_brings_all_disks(imports: Imports, own: Guests, tiny: Path, disk: Path) -> None:
    ovf = """<?xml version="1.0"?>
<Envelope xmlns="http://schemas.dmtf.org/ovf/envelope/1" xmlns:ovf="http://schemas.dmtf.org/ovf/envelope/1">
  <References><File ovf:id="file2" ovf:href="data.vmdk"/><File ovf:id="file1" ovf:href="root.vmdk"/></References>
  <DiskSection><Info>Disks</Info><Disk ovf:capacity="1" ovf:diskId="d1" ovf:fileRef="file1"/>
  <Disk ovf:capacity="1" ovf:diskId="d2" ovf:fileRef="file2"/></DiskSection>
</Envelope>"""
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as ova:
        for name, content in (("vm.ovf", ovf.encode()), ("root.vmdk", vmdk(tiny).read_bytes()), ("data.vmdk", vmdk(disk).read_bytes())):  # fmt: skip
            member = tarfile.TarInfo(name)
            member.size = len(content)
            ova.addfile(member, io.BytesIO(content))
    ended = imports.end(imports.begin_image(archive.getvalue(), form="ova")["ImportTaskId"])
    shown = [(each["Format"], each["DeviceName"]) for each in ended["SnapshotDetails"]]
    assert shown == [("VMDK", "/dev/sda1"), ("VMDK", "/dev/sdf")]
    instance = own.start(ImageId=ended["ImageId"])
    shell = login(Volumes(own, ""), instance).wait()
    wanted = hashlib.sha256(disk.read_bytes()).hexdigest()
    assert shell.run("head -c 67108864 /dev/sdf | sha256sum", 60).split()[0] == wanted
    own.terminate(instance["InstanceId"])
    assert imports.files() == []


def test_an_image_of_snapshots(imports: Imports, own: Guests, tiny: Path) -> None:
    """What they were made of may go then."""
    snapshot = imports.snapshot(tiny)
    begun = imports.ec2.import_image(DiskContainers=[{"SnapshotId": snapshot, "DeviceName": "/dev/xvda"}])
    ended = imports.end(begun["ImportTaskId"])
    own.ec2.delete_snapshot(SnapshotId=snapshot)
    image = own.ec2.describe_images(ImageIds=[ended["ImageId"]])["Images"][0]
    assert image["RootDeviceName"] == "/dev/xvda"
    instance = own.start(ImageId=ended["ImageId"])
    own.login(instance).wait()
    own.terminate(instance["InstanceId"])


def test_the_role_decides(imports: Imports, disk: Path) -> None:
    """It must be there, let the service in, and may read all of it."""
    container = {"Format": "RAW", "UserBucket": imports.put(disk)}
    roles = {
        "not-there": None,
        "for-ec2": (trust("ec2.amazonaws.com"), ""),
        "for-another": (trust(external_id="another"), ""),
        "for-another-bucket": ("", rights("another")),
    } | {f"without-{action[3:]}": ("", rights(imports.bucket, [each for each in READS if each != action])) for action in READS}  # fmt: skip
    for role, documents in roles.items():
        if documents is not None:
            imports.make_role(role, *documents)
        expected = ("InvalidParameter", NO_ROLE.format(role))
        assert refusal(imports.ec2.import_snapshot, DiskContainer=container, RoleName=role) == expected
        assert refusal(imports.ec2.import_image, DiskContainers=[container], RoleName=role) == expected
    imports.make_role("good")
    assert (
        refusal(imports.ec2.import_snapshot, DiskContainer=container, RoleName="good", DryRun=True)[0]
        == "DryRunOperation"
    )
    url = {"Format": "RAW", "Url": f"s3://{imports.bucket}/{container['UserBucket']['S3Key']}"}
    task = imports.ec2.import_snapshot(DiskContainer=url, RoleName="good")["ImportTaskId"]
    ended = imports.end(task)
    assert ended["Url"] == url["Url"] and "UserBucket" not in ended
    # A bucket's policy has its say, too.
    deny = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:GetObject",
        "Resource": f"arn:aws:s3:::{imports.bucket}/*",
    }
    imports.s3.put_bucket_policy(
        Bucket=imports.bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": [deny]})
    )
    assert refusal(imports.ec2.import_snapshot, DiskContainer=container)[1] == NO_ROLE.format("vmimport")
    imports.s3.delete_bucket_policy(Bucket=imports.bucket)


def test_disks_that_are_none(imports: Imports, disk: Path) -> None:
    refuse = imports.refusal
    garbage = os.urandom(MIB)
    assert refuse(garbage, "VMDK") == DISK.format("Unsupported VMDK File Format")
    assert refuse(garbage, "VHD") == refuse(garbage, "VHDX") == DISK.format("Unsupported specified file format")
    assert refuse(b"", "RAW") == DISK.format("The disk image is empty")
    assert refuse(packed(disk, "vmdk"), "VMDK") == DISK.format("Unsupported VMDK File Format")
    cut = vmdk(disk).read_bytes()
    assert refuse(cut[: len(cut) // 2], "VMDK") == DISK.format("The disk image is damaged")
    ended = imports.end(imports.begin_image(garbage, form="OVA")["ImportTaskId"], "deleted")
    assert ended["StatusMessage"] == DISK.format("Unsupported OVA format")
    assert "ImageId" not in ended
    assert imports.files() == []


def test_a_disk_opens_no_file_of_the_host(
    imports: Imports, volumes: Volumes, guest: dict[str, Any], disk: Path, tmp_path: Path
) -> None:
    honest = vmdk(disk)
    flat = DESCRIPTOR + 'createType="monolithicFlat"\n\nRW 2 FLAT "/etc/passwd" 0\n'
    parent = DESCRIPTOR + 'parentFileNameHint="/etc/passwd"\ncreateType="streamOptimized"\n'
    qcow2 = tmp_path / "thief.qcow2"
    secret = tmp_path / "secret"
    secret.write_bytes(b"secret" * 20000)
    create = ["qemu-img", "create", "-q", "-f", "qcow2", "-F", "raw", "-b", str(secret), str(qcow2), "1M"]
    subprocess.run(create, check=True)
    for thief in (
        flat.encode() + bytes(MIB),
        with_descriptor(honest, flat, keeps_capacity=False),
        with_descriptor(honest, parent),
        qcow2.read_bytes(),
    ):
        assert imports.refusal(thief, "VMDK") == DISK.format("Unsupported VMDK File Format")
    differencing = bytearray(packed(disk, "vpc", "subformat=dynamic").read_bytes())
    differencing[-512 + 63] = 4
    assert imports.refusal(bytes(differencing), "VHD") == "ClientError: Footers not identical"
    # As a raw disk it is what its own bytes are.
    volume = volumes.make(Size=None, SnapshotId=imports.snapshot(qcow2))
    volumes.attach(volume, guest["InstanceId"])
    size = qcow2.stat().st_size
    found = login(volumes, guest).run(f"head -c {size} /dev/sdf | sha256sum").split()[0]
    assert found == hashlib.sha256(qcow2.read_bytes()).hexdigest()
    volumes.detach(volume)
    assert imports.files() == []


def test_cancelling_leaves_nothing(imports: Imports) -> None:
    place = imports.put_large()
    before = imports.ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"]
    for begin in (
        lambda: imports.begin_snapshot(place),
        lambda: imports.ec2.import_image(DiskContainers=[{"Format": "RAW", "UserBucket": place}]),
    ):
        task = begin()["ImportTaskId"]
        cancelled = imports.ec2.cancel_import_task(ImportTaskId=task, CancelReason="a mistake")
        assert cancelled["ImportTaskId"] == task
        assert (cancelled["PreviousState"], cancelled["State"]) == ("active", "deleting")
        assert imports.end(task, "deleted")["StatusMessage"] == "a mistake"
        assert refusal(imports.ec2.cancel_import_task, ImportTaskId=task)[0] == "IncorrectState"
    assert imports.ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"] == before
    assert imports.files() == []


def test_an_object_that_goes_away_ends_it(imports: Imports) -> None:
    task = imports.begin_snapshot(imports.put_large())["ImportTaskId"]
    imports.s3.delete_object(Bucket=imports.bucket, Key="vms/large")
    ended = imports.end(task, "deleted")
    assert "Disk validation failed" in ended["StatusMessage"]
    assert imports.files() == []


def test_what_is_wrong_with_a_request(imports: Imports, disk: Path) -> None:
    place = imports.put(disk)
    raw = {"Format": "RAW", "UserBucket": place}
    nowhere = {"S3Bucket": imports.bucket, "S3Key": "none"}

    def snapshot(**container: Any) -> tuple[str, str]:
        return refusal(imports.ec2.import_snapshot, DiskContainer=container)

    def image(*disks: dict[str, Any], **more: Any) -> str:
        return refusal(imports.ec2.import_image, DiskContainers=list(disks), **more)[0]

    assert refusal(imports.ec2.import_snapshot)[0] == "MissingParameter"
    assert refusal(imports.ec2.import_image)[0] == "MissingParameter"
    assert snapshot(UserBucket=place)[0] == "MissingParameter"
    assert snapshot(Format="RAW")[0] == "MissingParameter"
    assert snapshot(Format="QCOW2", UserBucket=place)[0] == "InvalidParameterValue"
    assert snapshot(Format="OVA", UserBucket=place)[0] == "InvalidParameterValue"
    assert snapshot(Format="RAW", UserBucket=place, Url="s3://a/b")[0] == "InvalidParameterCombination"
    assert snapshot(Format="RAW", Url="https://example.com/disk")[0] == "UnsupportedOperation"
    assert snapshot(Format="RAW", Url="s3://bucket")[0] == "InvalidParameter"
    where = f"s3://{imports.bucket}/none"
    assert snapshot(Format="RAW", UserBucket=nowhere) == (
        "InvalidParameter",
        f"Invalid S3 source location: {where} does not exist",
    )
    no_key = {"Encrypted": True, "KmsKeyId": "alias/mine"}
    assert refusal(imports.ec2.import_snapshot, DiskContainer=raw, **no_key)[0] == "InvalidParameterValue"
    assert image(raw, KmsKeyId="alias/aws/ebs") == "InvalidParameterDependency"
    assert image(raw, BootMode="uefi") == image(raw, Platform="Windows") == "UnsupportedOperation"
    assert image(raw, LicenseType="AWS") == image(raw, Architecture="i386") == "UnsupportedOperation"
    assert image(raw, Architecture="vax") == image(raw, Hypervisor="kvm") == "InvalidParameterValue"
    assert image({**raw, "DeviceName": "/dev/sdf"}, {**raw, "DeviceName": "/dev/sdf"}) == "InvalidParameterValue"
    assert image({"SnapshotId": "snap-0123456789abcdef0"}) == "InvalidSnapshot.NotFound"
    assert image({"Format": "OVA", "UserBucket": place}, raw) == "InvalidParameterCombination"
    wrong = tagged("snapshot", a="b")
    assert (
        refusal(imports.ec2.import_snapshot, DiskContainer=raw, TagSpecifications=wrong)[0] == "InvalidParameterValue"
    )
    for task, call in (
        ("import-snap-0123456789abcdef0", imports.ec2.describe_import_snapshot_tasks),
        ("import-ami-0123456789abcdef0", imports.ec2.describe_import_image_tasks),
    ):
        malformed, told = refusal(call, ImportTaskIds=[task])
        assert malformed == "InvalidConversionTaskId.Malformed" and "not found" in told
        assert refusal(imports.ec2.cancel_import_task, ImportTaskId=task)[0] == "InvalidConversionTaskId.Malformed"
    assert imports.files() == []


def test_the_same_request_again_and_what_is_asked_of_tasks(imports: Imports, disk: Path) -> None:
    place = imports.put(disk)
    once = imports.begin_snapshot(place, ClientToken="a-token", TagSpecifications=tagged("import-snapshot-task", Name="x"))  # fmt: skip
    task = once["ImportTaskId"]
    again = imports.begin_snapshot(place, ClientToken="a-token", TagSpecifications=tagged("import-snapshot-task", Name="x"))  # fmt: skip
    assert again["ImportTaskId"] == task
    mismatch = refusal(imports.ec2.import_snapshot, ClientToken="a-token", DiskContainer={"Format": "VHD", "UserBucket": place})  # fmt: skip
    assert mismatch[0] == "IdempotentParameterMismatch"
    imports.end(task)
    # Whatever has become of what it read.
    body = imports.s3.get_object(Bucket=place["S3Bucket"], Key=place["S3Key"])["Body"].read()
    imports.s3.delete_object(Bucket=place["S3Bucket"], Key=place["S3Key"])
    again = imports.begin_snapshot(place, ClientToken="a-token", TagSpecifications=tagged("import-snapshot-task", Name="x"))  # fmt: skip
    assert again["ImportTaskId"] == task
    imports.s3.put_object(Bucket=place["S3Bucket"], Key=place["S3Key"], Body=body)

    def found(name: str, value: str) -> list[str]:
        tasks = imports.ec2.describe_import_snapshot_tasks(Filters=[{"Name": name, "Values": [value]}])
        return [each["ImportTaskId"] for each in tasks["ImportSnapshotTasks"]]

    assert task in found("task-state", "completed") and task not in found("task-state", "active")
    assert found("tag:Name", "x") == [task]
    imports.ec2.create_tags(Resources=[task], Tags=[{"Key": "Team", "Value": "a"}])
    tags = imports.ec2.describe_tags(Filters=[{"Name": "resource-id", "Values": [task]}])["Tags"]
    assert {(each["ResourceType"], each["Key"]) for each in tags} == {
        ("import-snapshot-task", "Name"),
        ("import-snapshot-task", "Team"),
    }
    second = imports.end(imports.begin_snapshot(place)["ImportTaskId"])["ImportTaskId"]
    pages = imports.ec2.get_paginator("describe_import_snapshot_tasks").paginate(PaginationConfig={"PageSize": 1})
    listed = [each["ImportTaskId"] for page in pages for each in page["ImportSnapshotTasks"]]
    assert {task, second} <= set(listed) and len(set(listed)) == len(listed)


def test_who_may_cancel(imports: Imports, cloud: Server) -> None:
    resource = "arn:aws:ec2:*:*:import-image-task/*"
    policy = policy_of({"Action": "ec2:CancelImportTask", "Resource": resource})
    keys = make_user(imports.iam, "canceller", policy)
    try:
        theirs = with_keys(cloud, "ec2", keys)
        assert (
            refusal(theirs.cancel_import_task, ImportTaskId="import-snap-0123456789abcdef0")[0]
            == "UnauthorizedOperation"
        )
        assert (
            refusal(theirs.cancel_import_task, ImportTaskId="import-ami-0123456789abcdef0")[0]
            == "InvalidConversionTaskId.Malformed"
        )
        assert (
            refusal(theirs.import_snapshot, DiskContainer={"Format": "RAW", "Url": "s3://a/b"})[0]
            == "UnauthorizedOperation"
        )
    finally:
        remove_user(imports.iam, "canceller")


TERRAFORM = """
resource "aws_ebs_snapshot_import" "disk" {
  disk_container {
    format = "VHD"
    user_bucket {
      s3_bucket = "%s"
      s3_key    = "%s"
    }
  }
  tags = { Name = "terraform" }
}
"""


@pytest.mark.long
@pytest.mark.timeout(900)
def test_terraform_imports_a_snapshot(imports: Imports, disk: Path, tmp_path: Path) -> None:
    if lacks := what_terraform_lacks():
        pytest.skip(lacks)
    terraform = make_terraform(imports.server, tmp_path)
    place = imports.put(packed(disk, "vpc", "subformat=fixed"))
    (terraform.folder / "main.tf").write_text(TERRAFORM % (place["S3Bucket"], place["S3Key"]))
    try:
        terraform.run("apply", "-auto-approve", "-no-color")
        assert terraform.plan_is_empty()
        snapshots = imports.ec2.describe_snapshots(Filters=[{"Name": "tag:Name", "Values": ["terraform"]}])["Snapshots"]
        assert [each["VolumeSize"] for each in snapshots] == [1]
    finally:
        terraform.run("destroy", "-auto-approve", "-no-color")
    assert terraform.state() == []


def test_a_restart_finds_what_is_at_work(imports: Imports, restarted: Callable[[], None]) -> None:
    task = imports.begin_snapshot(imports.put_large(parts=2))["ImportTaskId"]
    restarted()
    assert imports.end(task)["DiskImageSize"] == 128 * MIB
    assert imports.files() == []


@pytest.fixture
def restarted(cloud: Server) -> Callable[[], None]:
    def restart() -> None:
        assert cloud.stop() == 0
        cloud.start()

    return restart
