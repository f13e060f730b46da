"""What a builder of images does (Packer's amazon-ebs and its like): a key pair and a group for the while, an instance,
an image of it, and nothing that stays but the image."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.ec2.conftest import code, tagged
from tools.harness.instances import Guests, Login, wait_for

QUICK = {"Delay": 1, "MaxAttempts": 180}


def find_source(ec2: Any, region: str) -> dict[str, Any]:
    assert region in [each["RegionName"] for each in ec2.describe_regions()["Regions"]]
    asked = {"name": "tiny", "root-device-type": "ebs", "virtualization-type": "hvm", "architecture": "x86_64"}
    filters = [{"Name": name, "Values": [value]} for name, value in asked.items()]
    (image,) = ec2.describe_images(Owners=["amazon"], Filters=filters, IncludeDeprecated=True)["Images"]
    offered = ec2.describe_instance_type_offerings(
        LocationType="availability-zone", Filters=[{"Name": "instance-type", "Values": ["t3.nano"]}]
    )
    assert offered["InstanceTypeOfferings"]
    return dict(image)


def build(ec2: Any, source: dict[str, Any], vpc: str, folder: Path) -> str:
    """An image of an instance that was changed."""
    called = "builder-for-the-while"
    pair = ec2.create_key_pair(KeyName=called, TagSpecifications=tagged("key-pair", Creator="builder"))
    (folder / "key.pem").write_text(pair["KeyMaterial"])
    (folder / "key.pem").chmod(0o600)
    group = ec2.create_security_group(GroupName=called, Description="Temporary group", VpcId=vpc)["GroupId"]
    ec2.get_waiter("security_group_exists").wait(GroupIds=[group])
    ssh = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[ssh])
    instance = ""
    try:
        (launched,) = ec2.run_instances(
            ImageId=source["ImageId"],
            InstanceType="t3.nano",
            KeyName=called,
            MinCount=1,
            MaxCount=1,
            EbsOptimized=False,
            NetworkInterfaces=[
                {"DeviceIndex": 0, "AssociatePublicIpAddress": True, "Groups": [group], "DeleteOnTermination": True}
            ],
            BlockDeviceMappings=[
                {"DeviceName": source["RootDeviceName"], "Ebs": {"DeleteOnTermination": True, "VolumeType": "gp3"}}
            ],
            TagSpecifications=tagged("instance", Name="Builder") + tagged("volume", Name="Builder"),
        )["Instances"]
        instance = launched["InstanceId"]
        ec2.get_waiter("instance_running").wait(InstanceIds=[instance], WaiterConfig=QUICK)
        ec2.get_waiter("instance_status_ok").wait(InstanceIds=[instance], WaiterConfig=QUICK)
        (shown,) = ec2.describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"]
        login = Login(shown["PublicIpAddress"], folder / "key.pem").wait()
        login.run("echo built > /home/ec2-user/built && sync")
        ec2.stop_instances(InstanceIds=[instance])
        ec2.get_waiter("instance_stopped").wait(InstanceIds=[instance], WaiterConfig=QUICK)
        made = ec2.create_image(InstanceId=instance, Name="built", TagSpecifications=tagged("image", Name="built"))
        ec2.get_waiter("image_available").wait(ImageIds=[made["ImageId"]], WaiterConfig=QUICK)
        return str(made["ImageId"])
    finally:
        if instance:
            ec2.terminate_instances(InstanceIds=[instance])
            ec2.get_waiter("instance_terminated").wait(InstanceIds=[instance], WaiterConfig=QUICK)
        ec2.delete_security_group(GroupId=group)
        ec2.delete_key_pair(KeyName=called)


@pytest.mark.long
def test_an_image_is_built_and_nothing_else_stays(guests: Guests, tmp_path: Path) -> None:
    ec2 = guests.ec2
    source = find_source(ec2, ec2.meta.region_name)
    image = build(ec2, source, guests.vpc, tmp_path)
    (shown,) = ec2.describe_images(ImageIds=[image])["Images"]
    snapshot = shown["BlockDeviceMappings"][0]["Ebs"]["SnapshotId"]
    # What comes after: tags, who may use it, until when.
    ec2.create_tags(Resources=[image, snapshot], Tags=[{"Key": "Release", "Value": "1"}])
    ec2.modify_image_attribute(ImageId=image, Description={"Value": "built by a test"})
    ec2.modify_image_attribute(ImageId=image, LaunchPermission={"Add": [{"UserId": "123456789012"}]})
    ec2.modify_snapshot_attribute(SnapshotId=snapshot, CreateVolumePermission={"Add": [{"UserId": "123456789012"}]})
    later = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=365)
    ec2.enable_image_deprecation(ImageId=image, DeprecateAt=later)
    ec2.enable_image_deregistration_protection(ImageId=image)
    (shown,) = ec2.describe_images(Filters=[{"Name": "tag:Release", "Values": ["1"]}])["Images"]
    assert (shown["ImageId"], shown["Description"]) == (image, "built by a test")
    (kept,) = ec2.describe_snapshots(SnapshotIds=[snapshot])["Snapshots"]
    assert {"Key": "Release", "Value": "1"} in kept["Tags"]
    again = guests.start(ImageId=image)
    login = guests.login(again).wait()
    assert wait_for("the file", lambda: login.run("cat /home/ec2-user/built")) == "built"
    guests.terminate(again["InstanceId"])
    with pytest.raises(ClientError) as caught:
        ec2.deregister_image(ImageId=image)
    assert code(caught) == "OperationNotPermitted"
    ec2.disable_image_deregistration_protection(ImageId=image)
    ec2.deregister_image(ImageId=image, DeleteAssociatedSnapshots=True)
