"""Images: built, brought in from files and URLs, made of instances, copied, and gone again."""

from __future__ import annotations

import hashlib
import http.server
import json
import shutil
import subprocess
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.ec2.conftest import code, tagged
from tools.harness.instances import Guests, wait_for
from tools.harness.server import Server

NEEDS_QEMU_IMG = pytest.mark.skipif(shutil.which("qemu-img") is None, reason="qemu-img is missing")


def images_of(server: Server) -> dict[str, dict[str, Any]]:
    listed = server.command("image", "list", "--json")
    assert listed.returncode == 0, listed.stderr
    return {image["name"]: image for image in json.loads(listed.stdout)["images"]}


def snapshots_of(server: Server) -> set[str]:
    return {path.stem for path in (server.data_folder / "blocks/snapshots").glob("snap-*.qcow2")}


def snapshot_of(guests: Guests, image: str) -> str:
    devices = guests.ec2.describe_images(ImageIds=[image])["Images"][0]["BlockDeviceMappings"]
    return str(devices[0]["Ebs"]["SnapshotId"])


@pytest.fixture
def disk(tmp_path: Path) -> Path:
    """A raw disk that nothing boots: 64 MiB, with bytes to know it by."""
    file = tmp_path / "disk.raw"
    with file.open("wb") as opened:
        opened.write(b"known bytes")
        opened.truncate(64 << 20)
    return file


def test_the_list_has_tiny(cloud: Server, guests: Guests) -> None:
    assert images_of(cloud)["tiny"]["image_id"] == guests.image
    assert "tiny" in cloud.command("image", "list").stdout


def test_nobody_but_the_owner_may_ask(cloud: Server) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"{cloud.endpoint}/_aerolith/images", timeout=10)
    assert refused.value.code == 403


@NEEDS_QEMU_IMG
@pytest.mark.parametrize("form", ["raw", "qcow2"])
def test_a_file_becomes_an_image(cloud: Server, guests: Guests, disk: Path, form: str) -> None:
    if form == "qcow2":
        packed = disk.with_suffix(".qcow2")
        subprocess.run(["qemu-img", "convert", "-f", "raw", "-O", "qcow2", str(disk), str(packed)], check=True)
        disk = packed
    made = cloud.command("image", "import", str(disk), "--name", f"imported-{form}", "--json")
    assert made.returncode == 0, made.stderr
    image = json.loads(made.stdout)
    seen = guests.ec2.describe_images(ImageIds=[image["image_id"]])["Images"][0]
    assert (seen["Name"], seen["ImageOwnerAlias"], seen["State"]) == (f"imported-{form}", "amazon", "available")
    # The same name again: the same image with the new content.
    before = snapshot_of(guests, image["image_id"])
    again = json.loads(cloud.command("image", "import", str(disk), "--name", f"imported-{form}", "--json").stdout)
    assert again["image_id"] == image["image_id"]
    assert snapshot_of(guests, image["image_id"]) != before
    wait_for("the old snapshot to go", lambda: before not in snapshots_of(cloud))


@NEEDS_QEMU_IMG
def test_a_file_that_names_another_is_refused(cloud: Server, disk: Path, tmp_path: Path) -> None:
    child = tmp_path / "child.qcow2"
    command = ["qemu-img", "create", "-q", "-f", "qcow2", "-F", "raw", "-b", str(disk), str(child)]
    subprocess.run(command, check=True)
    refused = cloud.command("image", "import", str(child), "--name", "child")
    assert refused.returncode == 1
    assert "isn't whole" in refused.stderr
    assert "child" not in images_of(cloud)


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["import", "/nonexistent", "--name", "none"], "No such file"),
        (["import", "/etc/hostname", "--name", "No Name"], "3 to 64"),
        (["pull", "no-such-image"], "no image is known"),
        (["pull", "https://example.com/x.qcow2", "--name", "unchecked"], "--sha512"),
    ],
)
def test_wrong_words_are_told(cloud: Server, arguments: list[str], why: str) -> None:
    refused = cloud.command("image", *arguments)
    assert refused.returncode in (1, 2)
    assert why in refused.stderr


@pytest.fixture
def web(disk: Path) -> Iterator[str]:
    """Serves the disk's folder."""

    class Handler(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *arguments: Any) -> None:
            super().__init__(*arguments, directory=str(disk.parent))

        def log_message(self, *_: Any) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is missing")
def test_an_image_is_pulled_and_its_checksum_counts(cloud: Server, web: str, disk: Path) -> None:
    checksum = hashlib.sha512(disk.read_bytes()).hexdigest()
    wrong = cloud.command("image", "pull", f"{web}/disk.raw", "--name", "pulled", "--sha512", "0" * 128)
    assert wrong.returncode == 1
    assert "another checksum" in wrong.stderr
    assert "pulled" not in images_of(cloud)
    absent = cloud.command("image", "pull", f"{web}/none.raw", "--name", "pulled", "--sha512", checksum)
    assert absent.returncode == 1
    assert "404" in absent.stderr
    pulled = cloud.command("image", "pull", f"{web}/disk.raw", "--name", "pulled", "--sha512", checksum.upper())
    assert pulled.returncode == 0, pulled.stderr
    assert "pulled" in images_of(cloud)
    assert not list((cloud.data_folder / "images").glob("pull-*"))


@pytest.fixture
def own(guests: Guests) -> Iterator[Guests]:
    yield guests
    guests.clear()
    for image in guests.ec2.describe_images(Owners=["self"])["Images"]:
        guests.ec2.deregister_image(ImageId=image["ImageId"])


def wait_available(guests: Guests, image: str) -> dict[str, Any]:
    def look() -> dict[str, Any] | None:
        seen = guests.ec2.describe_images(ImageIds=[image])["Images"][0]
        assert seen["State"] != "failed", seen
        return dict(seen) if seen["State"] == "available" else None

    return wait_for(f"{image} to be available", look)


def test_an_image_of_a_stopped_instance(own: Guests, cloud: Server) -> None:
    instance = own.start()["InstanceId"]
    own.ec2.stop_instances(InstanceIds=[instance])
    own.wait_state(instance, "stopped")
    image = own.ec2.create_image(InstanceId=instance, Name="of-a-stopped-one", TagSpecifications=tagged("image", a="b"))
    seen = wait_available(own, image["ImageId"])
    assert seen["SourceInstanceId"] == instance
    assert seen["Tags"] == [{"Key": "a", "Value": "b"}]
    assert own.find(instance)["State"]["Name"] == "stopped"
    child = own.start(ImageId=image["ImageId"])
    assert child["ImageId"] == image["ImageId"]
    # Gone from the list at once; its bytes when the last instance of it is.
    snapshot = snapshot_of(own, image["ImageId"])
    own.ec2.deregister_image(ImageId=image["ImageId"], DeleteAssociatedSnapshots=True)
    assert own.ec2.describe_images(ImageIds=[image["ImageId"]])["Images"] == []
    with pytest.raises(ClientError) as gone:
        own.launch(ImageId=image["ImageId"])
    assert code(gone) == "InvalidAMIID.Unavailable"
    assert snapshot in snapshots_of(cloud)
    own.terminate(child["InstanceId"])
    wait_for("its snapshot to go", lambda: snapshot not in snapshots_of(cloud), 90, every=1)


def test_an_image_of_a_running_instance_has_it_down_and_up_again(own: Guests) -> None:
    instance = own.start()
    image = own.ec2.create_image(InstanceId=instance["InstanceId"], Name="of-a-running-one")["ImageId"]
    wait_available(own, image)
    again = own.wait_state(instance["InstanceId"], "running")
    assert again["PublicIpAddress"] == instance["PublicIpAddress"]
    own.start(ImageId=image)


def test_attributes_of_an_image_change(own: Guests) -> None:
    region = own.ec2.meta.region_name
    image = own.ec2.copy_image(SourceImageId=own.image, SourceRegion=region, Name="to-change")["ImageId"]

    def change(**wanted: Any) -> str:
        try:
            own.ec2.modify_image_attribute(ImageId=image, **wanted)
        except ClientError as error:
            return str(error.response["Error"]["Code"])
        return "none"

    def seen() -> dict[str, Any]:
        return dict(own.ec2.describe_images(ImageIds=[image])["Images"][0])

    assert change(Description={"Value": "by itself"}) == "none"
    assert seen()["Description"] == "by itself"
    assert change(Attribute="description", Value="by its name") == "none"
    assert seen()["Description"] == "by its name"
    assert "ImdsSupport" not in seen()
    assert change(Attribute="imdsSupport", Value="v1.0") == "InvalidParameterValue"
    assert change(ImdsSupport={"Value": "v2.0"}) == "none"
    assert seen()["ImdsSupport"] == "v2.0"
    assert change(Attribute="bootMode", Value="uefi") == "InvalidParameterValue"
    group = "arn:aws:organizations::111122223333:organization/o-exampleorgid"
    assert change(LaunchPermission={"Add": [{"OrganizationArn": group}]}) == "UnsupportedOperation"
    assert change(OrganizationArns=[group], OperationType="add") == "UnsupportedOperation"


def test_what_is_wrong_with_a_request_for_an_image(own: Guests) -> None:
    instance = own.start()["InstanceId"]
    for wanted, expected in (
        ({"InstanceId": "i-0123456789abcdef0", "Name": "none"}, "InvalidInstanceID.NotFound"),
        ({"InstanceId": instance, "Name": "a:b"}, "InvalidAMIName.Malformed"),
    ):
        with pytest.raises(ClientError) as refused:
            own.ec2.create_image(**wanted)
        assert code(refused) == expected
    own.terminate(instance)
    with pytest.raises(ClientError) as refused:
        own.ec2.create_image(InstanceId=instance, Name="too-late")
    assert code(refused) == "IncorrectInstanceState"


def test_a_copy_outlives_what_it_is_a_copy_of(own: Guests, cloud: Server) -> None:
    region = own.ec2.meta.region_name
    first = own.ec2.copy_image(SourceImageId=own.image, SourceRegion=region, Name="first")["ImageId"]
    wait_available(own, first)
    second = own.ec2.copy_image(SourceImageId=first, SourceRegion=region, Name="second")["ImageId"]
    wait_available(own, second)
    with pytest.raises(ClientError) as refused:
        own.ec2.copy_image(SourceImageId=own.image, SourceRegion=region, Name="second")
    assert code(refused) == "InvalidAMIName.Duplicate"
    own.ec2.deregister_image(ImageId=first, DeleteAssociatedSnapshots=True)
    seen = own.ec2.describe_images(ImageIds=[second])["Images"][0]
    assert (seen["SourceImageId"], seen["SourceImageRegion"]) == (first, region)
    own.start(ImageId=second)
    copied = snapshot_of(own, second)
    assert copied in snapshots_of(cloud)
    (snapshot,) = own.ec2.describe_snapshots(SnapshotIds=[copied])["Snapshots"]
    assert (snapshot["State"], snapshot["VolumeId"]) == ("completed", "vol-ffffffff")
    assert snapshot["Description"].startswith(f"Copied for DestinationAmi {second} from SourceAmi {first} ")


def test_an_image_is_shared_with_an_account_and_no_longer(own: Guests, other: Any) -> None:
    region = own.ec2.meta.region_name
    image = own.ec2.copy_image(SourceImageId=own.image, SourceRegion=region, Name="to-share")["ImageId"]
    wait_available(own, image)
    share = {"LaunchPermission": {"Add": [{"UserId": other.account}]}}

    def refused(call: Any, **wanted: Any) -> str:
        with pytest.raises(ClientError) as caught:
            call(**wanted)
        return code(caught)

    launch = {"ImageId": image, "MinCount": 1, "MaxCount": 1, "InstanceType": "t3.nano"}
    assert refused(other.run_instances, **launch) == "InvalidAMIID.NotFound"
    assert refused(other.modify_image_attribute, ImageId=image, **share) == "InvalidAMIID.NotFound"
    own.ec2.modify_image_attribute(ImageId=image, **share)
    permissions = own.ec2.describe_image_attribute(ImageId=image, Attribute="launchPermission")["LaunchPermissions"]
    assert permissions == [{"UserId": other.account}]
    (seen,) = other.describe_images(ExecutableUsers=["self"])["Images"]
    assert (seen["ImageId"], seen["Public"]) == (image, False)
    started = other.run_instances(**launch)["Instances"][0]["InstanceId"]
    try:
        other.get_waiter("instance_running").wait(InstanceIds=[started], WaiterConfig={"Delay": 1, "MaxAttempts": 180})
        # Lent, not given.
        assert refused(other.deregister_image, ImageId=image) == "AuthFailure"
        assert refused(other.modify_image_attribute, ImageId=image, **share) == "AuthFailure"
        own.ec2.reset_image_attribute(ImageId=image, Attribute="launchPermission")
        assert refused(other.run_instances, **launch) == "InvalidAMIID.NotFound"
        assert other.describe_instances(InstanceIds=[started])["Reservations"][0]["Instances"][0]["ImageId"] == image
    finally:
        other.terminate_instances(InstanceIds=[started])
        waiter = other.get_waiter("instance_terminated")
        waiter.wait(InstanceIds=[started], WaiterConfig={"Delay": 1, "MaxAttempts": 180})


def test_an_image_is_registered_of_snapshots_that_the_account_may_launch(guests: Guests, other: Any) -> None:
    """Not of another account's, whose id somebody has learned."""
    device = {"DeviceName": "/dev/xvda", "Ebs": {"SnapshotId": snapshot_of(guests, guests.image)}}
    made = other.register_image(Name="of-tiny", RootDeviceName="/dev/xvda", BlockDeviceMappings=[device])["ImageId"]
    other.deregister_image(ImageId=made)
    instance = guests.start()["InstanceId"]
    own = guests.ec2.create_image(InstanceId=instance, Name="with-secrets")["ImageId"]
    wait_available(guests, own)
    device = {"DeviceName": "/dev/xvda", "Ebs": {"SnapshotId": snapshot_of(guests, own)}}
    with pytest.raises(ClientError) as refused:
        other.register_image(Name="stolen", RootDeviceName="/dev/xvda", BlockDeviceMappings=[device])
    assert code(refused) == "InvalidSnapshot.NotFound"
    guests.ec2.deregister_image(ImageId=own, DeleteAssociatedSnapshots=True)
    guests.terminate(instance)
