"""What an owner says about the use of an image: disabled, deprecated, protected, not for everybody."""

from __future__ import annotations

import datetime
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.ec2.conftest import code
from tools.harness.instances import Guests


@pytest.fixture
def image(guests: Guests) -> Iterator[str]:
    """One of the disk of tiny."""
    (device,) = guests.ec2.describe_images(ImageIds=[guests.image])["Images"][0]["BlockDeviceMappings"]
    root = {"DeviceName": "/dev/xvda", "Ebs": {"SnapshotId": device["Ebs"]["SnapshotId"]}}
    store = {"DeviceName": "/dev/sdb", "VirtualName": "ephemeral0"}
    made = guests.ec2.register_image(
        Name=f"state-{time.time_ns()}", RootDeviceName="/dev/xvda", BlockDeviceMappings=[root, store]
    )["ImageId"]
    yield made
    guests.ec2.deregister_image(ImageId=made)


def refused(call: Callable[..., Any], **wanted: Any) -> str:
    with pytest.raises(ClientError) as caught:
        call(**wanted)
    return code(caught)


def seen(ec2: Any, image: str, **wanted: Any) -> list[dict[str, Any]]:
    return list(ec2.describe_images(ImageIds=[image], **wanted)["Images"])


def launch(image: str) -> dict[str, Any]:
    return {"ImageId": image, "MinCount": 1, "MaxCount": 1, "InstanceType": "t3.nano"}


def test_an_instance_store_is_shown_and_has_no_effect(guests: Guests, image: str) -> None:
    devices = seen(guests.ec2, image)[0]["BlockDeviceMappings"]
    assert {"DeviceName": "/dev/sdb", "VirtualName": "ephemeral0"} in devices
    instance = guests.start(ImageId=image)
    assert [each["DeviceName"] for each in instance["BlockDeviceMappings"]] == ["/dev/xvda"]
    guests.terminate(instance["InstanceId"])


def test_a_disabled_image_is_nobodys(guests: Guests, image: str, other: Any) -> None:
    share = {"Add": [{"UserId": other.account}]}
    guests.ec2.modify_image_attribute(ImageId=image, LaunchPermission=share)
    assert seen(other, image)
    assert guests.ec2.disable_image(ImageId=image)["Return"] is True
    assert seen(guests.ec2, image) == []
    (shown,) = seen(guests.ec2, image, IncludeDisabled=True)
    assert (shown["State"], shown["Public"]) == ("disabled", False)
    assert refused(guests.ec2.run_instances, **launch(image)) == "InvalidAMIID.Unavailable"
    assert refused(seen, ec2=other, image=image) == "InvalidAMIID.NotFound"
    sharing = {"ImageId": image, "LaunchPermission": share}
    assert refused(guests.ec2.modify_image_attribute, **sharing) == "InvalidAMIID.Unavailable"
    assert refused(other.enable_image, ImageId=image) == "InvalidAMIID.NotFound"
    assert guests.ec2.enable_image(ImageId=image)["Return"] is True
    assert seen(guests.ec2, image)[0]["State"] == "available"
    # Who lost it doesn't have it back.
    assert refused(seen, ec2=other, image=image) == "InvalidAMIID.NotFound"


def test_deprecation_is_rounded_to_minutes_and_taken_back(guests: Guests, image: str) -> None:
    at = datetime.datetime(2030, 1, 2, 3, 4, 40, tzinfo=datetime.UTC)
    assert guests.ec2.enable_image_deprecation(ImageId=image, DeprecateAt=at)["Return"] is True
    assert seen(guests.ec2, image)[0]["DeprecationTime"] == "2030-01-02T03:05:00.000Z"
    past = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
    assert refused(guests.ec2.enable_image_deprecation, ImageId=image, DeprecateAt=past) == "InvalidParameterValue"
    copy = guests.ec2.copy_image(SourceImageId=image, SourceRegion="us-east-1", Name=f"copy-{time.time_ns()}")[
        "ImageId"
    ]
    assert "DeprecationTime" not in seen(guests.ec2, copy)[0]
    guests.ec2.deregister_image(ImageId=copy, DeleteAssociatedSnapshots=True)
    guests.ec2.disable_image_deprecation(ImageId=image)
    assert "DeprecationTime" not in seen(guests.ec2, image)[0]


def test_a_protected_image_stays(guests: Guests, image: str) -> None:
    assert seen(guests.ec2, image)[0]["DeregistrationProtection"] == "disabled"
    guests.ec2.enable_image_deregistration_protection(ImageId=image)
    assert seen(guests.ec2, image)[0]["DeregistrationProtection"] == "enabled-without-cooldown"
    assert refused(guests.ec2.deregister_image, ImageId=image) == "OperationNotPermitted"
    guests.ec2.disable_image_deregistration_protection(ImageId=image)
    assert seen(guests.ec2, image)[0]["DeregistrationProtection"] == "disabled"


def test_a_block_keeps_images_from_everybody(guests: Guests, image: str, other: Any) -> None:
    everybody = {"ImageId": image, "LaunchPermission": {"Add": [{"Group": "all"}]}}
    ec2 = guests.ec2
    assert ec2.get_image_block_public_access_state()["ImageBlockPublicAccessState"] == "unblocked"
    ec2.enable_image_block_public_access(ImageBlockPublicAccessState="block-new-sharing")
    try:
        assert ec2.get_image_block_public_access_state()["ImageBlockPublicAccessState"] == "block-new-sharing"
        assert refused(ec2.modify_image_attribute, **everybody) == "OperationNotPermitted"
        # An account is not everybody.
        ec2.modify_image_attribute(ImageId=image, LaunchPermission={"Add": [{"UserId": other.account}]})
        assert other.get_image_block_public_access_state()["ImageBlockPublicAccessState"] == "unblocked"
    finally:
        ec2.disable_image_block_public_access()
    ec2.modify_image_attribute(**everybody)
    ec2.enable_image_block_public_access(ImageBlockPublicAccessState="block-new-sharing")
    # What is public already stays so.
    assert seen(other, image)[0]["Public"] is True
    ec2.disable_image_block_public_access()


@pytest.mark.parametrize(
    "wrong",
    [
        {"OperationType": "add", "UserGroups": ["everyone"]},
        {"OperationType": "add", "UserIds": ["123456789012", "12345678901A"]},
        {"LaunchPermission": {"Add": [{"Group": "some"}]}},
        {"LaunchPermission": {"Remove": [{"UserId": "1"}]}},
    ],
)
def test_it_is_shared_with_all_and_with_accounts_only(guests: Guests, image: str, wrong: dict[str, Any]) -> None:
    ec2 = guests.ec2
    assert refused(ec2.modify_image_attribute, ImageId=image, **wrong) == "InvalidAMIAttributeItemValue"
    assert ec2.describe_image_attribute(ImageId=image, Attribute="launchPermission")["LaunchPermissions"] == []
