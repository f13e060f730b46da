"""Placement groups, and what else of an instance's placement, processors and upkeep can be changed and shown."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.ec2.conftest import code, message, tagged
from tools.harness.instances import Guests


@pytest.fixture
def own(guests: Guests) -> Iterator[Guests]:
    """Guests of the test's own: gone after it."""
    others = list(guests.made)
    yield guests
    guests.terminate(*[instance for instance in guests.made if instance not in others])


@pytest.fixture
def group(guests: Guests, name: Callable[[], str]) -> Iterator[Callable[..., dict[str, Any]]]:
    """Makes placement groups, which end after the instances in them."""
    made: list[str] = []

    def make(strategy: str, **more: Any) -> dict[str, Any]:
        called = name()
        made.append(called)
        wanted = {"GroupName": called, "Strategy": strategy, **more}
        return dict(guests.ec2.create_placement_group(**wanted)["PlacementGroup"])

    before = list(guests.made)
    yield make
    guests.terminate(*[instance for instance in guests.made if instance not in before])
    there = [each["GroupName"] for each in guests.ec2.describe_placement_groups()["PlacementGroups"]]
    for each in made:
        if each in there:
            guests.ec2.delete_placement_group(GroupName=each)


def stopped(own: Guests, **wanted: Any) -> str:
    instance = str(own.start(**wanted)["InstanceId"])
    own.ec2.stop_instances(InstanceIds=[instance], SkipOsShutdown=True)
    own.wait_state(instance, "stopped")
    return instance


def test_groups_are_made_listed_and_deleted(guests: Guests, group: Callable[..., dict[str, Any]]) -> None:
    ec2 = guests.ec2
    cluster = group("cluster", TagSpecifications=tagged("placement-group", env="dev"))
    spread = group("spread")
    parts = group("partition", PartitionCount=3)
    assert cluster["GroupId"].startswith("pg-")
    assert cluster["GroupArn"].endswith(f":placement-group/{cluster['GroupName']}")
    assert (cluster["State"], cluster["Tags"]) == ("available", [{"Key": "env", "Value": "dev"}])
    assert (spread["SpreadLevel"], parts["PartitionCount"]) == ("rack", 3)
    by_name = ec2.describe_placement_groups(GroupNames=[cluster["GroupName"]])["PlacementGroups"]
    by_id = ec2.describe_placement_groups(GroupIds=[cluster["GroupId"]])["PlacementGroups"]
    tag = [{"Name": "tag:env", "Values": ["dev"]}, {"Name": "strategy", "Values": ["cluster"]}]
    assert by_name == by_id == ec2.describe_placement_groups(Filters=tag)["PlacementGroups"] == [cluster]
    ec2.create_tags(Resources=[spread["GroupId"]], Tags=[{"Key": "later", "Value": "yes"}])
    found = ec2.describe_placement_groups(GroupIds=[spread["GroupId"]])["PlacementGroups"][0]
    assert found["Tags"] == [{"Key": "later", "Value": "yes"}]
    with pytest.raises(ClientError) as caught:
        ec2.create_placement_group(GroupName=cluster["GroupName"], Strategy="cluster")
    assert code(caught) == "InvalidPlacementGroup.Duplicate"
    ec2.delete_placement_group(GroupName=cluster["GroupName"])
    for call in (
        lambda: ec2.describe_placement_groups(GroupNames=[cluster["GroupName"]]),
        lambda: ec2.delete_placement_group(GroupName=cluster["GroupName"]),
        lambda: guests.launch(Placement={"GroupName": cluster["GroupName"]}),
    ):
        with pytest.raises(ClientError) as caught:
            call()
        assert code(caught) == "InvalidPlacementGroup.Unknown"
        assert message(caught) == f"The Placement Group '{cluster['GroupName']}' is unknown."


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({"Strategy": "spread", "PartitionCount": 2}, "InvalidParameterCombination"),
        ({"Strategy": "partition", "PartitionCount": 8}, "InvalidParameterValue"),
        ({"Strategy": "cluster", "SpreadLevel": "rack"}, "InvalidParameterCombination"),
        ({"Strategy": "spread", "SpreadLevel": "host"}, "UnsupportedOperation"),
        ({"Strategy": "sideways"}, "InvalidParameterValue"),
    ],
)
def test_groups_that_can_not_be(guests: Guests, wanted: dict[str, Any], expected: str) -> None:
    with pytest.raises(ClientError) as caught:
        guests.ec2.create_placement_group(GroupName="never", **wanted)
    assert code(caught) == expected


def test_seven_of_a_spread_group_run_in_a_zone(own: Guests, group: Callable[..., dict[str, Any]]) -> None:
    spread = group("spread")
    placement = {"GroupName": spread["GroupName"]}
    first = own.launch(2, Placement=placement)
    assert [each["Placement"]["GroupName"] for each in first] == [spread["GroupName"]] * 2
    assert first[0]["Placement"]["GroupId"] == spread["GroupId"]
    # As many as there are places, where fewer will do.
    wanted = {"ImageId": own.image, "InstanceType": "t3.nano", "Placement": {"GroupId": spread["GroupId"]}}
    more = own.ec2.run_instances(MinCount=1, MaxCount=9, **wanted)["Instances"]
    own.made += [each["InstanceId"] for each in more]
    assert len(more) == 5
    with pytest.raises(ClientError) as caught:
        own.launch(Placement=placement)
    assert code(caught) == "InsufficientInstanceCapacity"
    with pytest.raises(ClientError) as caught:
        own.ec2.delete_placement_group(GroupName=spread["GroupName"])
    assert code(caught) == "InvalidPlacementGroup.InUse"
    assert message(caught) == f"The placement group '{spread['GroupName']}' is in use and may not be deleted."
    # Those that are stopped don't count, until they are to start.
    one = first[0]["InstanceId"]
    own.wait_state(one, "running")
    own.ec2.stop_instances(InstanceIds=[one], SkipOsShutdown=True)
    own.wait_state(one, "stopped")
    own.launch(Placement=placement)
    with pytest.raises(ClientError) as caught:
        own.ec2.start_instances(InstanceIds=[one])
    assert code(caught) == "InsufficientInstanceCapacity"
    own.ec2.modify_instance_placement(InstanceId=one, GroupName="")
    own.ec2.start_instances(InstanceIds=[one])
    assert own.wait_state(one, "running")["Placement"]["GroupName"] == ""


def test_a_group_ends_before_the_last_word_of_its_instances(own: Guests, group: Callable[..., dict[str, Any]]) -> None:
    called = group("spread")["GroupName"]
    instance = own.launch(Placement={"GroupName": called})[0]["InstanceId"]
    own.terminate(instance)
    own.ec2.delete_placement_group(GroupName=called)
    assert own.find(instance)["Placement"]["GroupName"] == called


def test_partitions_are_filled_evenly(own: Guests, group: Callable[..., dict[str, Any]]) -> None:
    parts = group("partition", PartitionCount=2)["GroupName"]
    three = own.launch(3, Placement={"GroupName": parts})
    assert sorted(each["Placement"]["PartitionNumber"] for each in three) in ([1, 1, 2], [1, 2, 2])
    fewest = min((1, 2), key=[each["Placement"]["PartitionNumber"] for each in three].count)
    fourth = own.launch(Placement={"GroupName": parts})[0]
    assert fourth["Placement"]["PartitionNumber"] == fewest
    named = own.launch(Placement={"GroupName": parts, "PartitionNumber": 2})[0]
    assert named["Placement"]["PartitionNumber"] == 2
    found = own.ec2.describe_instances(
        Filters=[
            {"Name": "placement-group-name", "Values": [parts]},
            {"Name": "placement-partition-number", "Values": ["2"]},
        ]
    )["Reservations"]
    assert len([each for one in found for each in one["Instances"]]) == 3
    with pytest.raises(ClientError) as caught:
        own.launch(Placement={"GroupName": parts, "PartitionNumber": 3})
    assert code(caught) == "InvalidParameterValue"


def test_a_cluster_stays_in_one_zone_and_has_no_burstable_types(
    own: Guests, group: Callable[..., dict[str, Any]], zone: str
) -> None:
    cluster = group("cluster")["GroupName"]
    with pytest.raises(ClientError) as caught:
        own.launch(Placement={"GroupName": cluster})
    assert code(caught) == "InvalidParameterCombination"
    types = [
        each
        for each in own.ec2.describe_instance_types()["InstanceTypes"]
        if "cluster" in each["PlacementGroupInfo"]["SupportedStrategies"]
    ]
    smallest = min(types, key=lambda each: each["MemoryInfo"]["SizeInMiB"])["InstanceType"]
    own.launch(InstanceType=smallest, Placement={"GroupName": cluster, "AvailabilityZone": zone})
    other = next(
        each["ZoneName"]
        for each in own.ec2.describe_availability_zones()["AvailabilityZones"]
        if each["ZoneName"] != zone
    )
    with pytest.raises(ClientError) as caught:
        own.launch(InstanceType=smallest, Placement={"GroupName": cluster, "AvailabilityZone": other})
    assert code(caught) == "InvalidPlacementGroup.InUse"
    assert message(caught) == f"The placement group '{cluster}' is in use in another availability zone: {zone}"


def test_a_template_names_its_group(own: Guests, group: Callable[..., dict[str, Any]]) -> None:
    spread = group("spread")["GroupName"]
    data = {"Placement": {"GroupName": spread}, "ImageId": own.image, "InstanceType": "t3.nano"}
    own.ec2.create_launch_template(LaunchTemplateName="placed", LaunchTemplateData=data)
    try:
        template = {"LaunchTemplateName": "placed"}
        launched = own.ec2.run_instances(LaunchTemplate=template, MinCount=1, MaxCount=1)["Instances"]
        own.made.append(launched[0]["InstanceId"])
        assert launched[0]["Placement"]["GroupName"] == spread
    finally:
        own.ec2.delete_launch_template(LaunchTemplateName="placed")


def test_a_stopped_instance_is_placed_and_given_processors_anew(
    own: Guests, group: Callable[..., dict[str, Any]]
) -> None:
    parts = group("partition", PartitionCount=4)["GroupName"]
    instance = own.start()["InstanceId"]
    for call, wanted in (
        (own.ec2.modify_instance_placement, {"GroupName": parts}),
        (own.ec2.modify_instance_cpu_options, {"CoreCount": 1, "ThreadsPerCore": 1}),
    ):
        with pytest.raises(ClientError) as caught:
            call(InstanceId=instance, **wanted)
        assert code(caught) == "IncorrectInstanceState"
    own.ec2.stop_instances(InstanceIds=[instance])
    own.wait_state(instance, "stopped")
    assert own.ec2.modify_instance_placement(InstanceId=instance, GroupName=parts, PartitionNumber=3)["Return"]
    changed = own.ec2.modify_instance_cpu_options(InstanceId=instance, CoreCount=1, ThreadsPerCore=1)
    assert (changed["CoreCount"], changed["ThreadsPerCore"]) == (1, 1)
    with pytest.raises(ClientError) as caught:
        own.ec2.modify_instance_cpu_options(InstanceId=instance, CoreCount=64, ThreadsPerCore=1)
    assert code(caught) == "InvalidParameterValue"
    own.ec2.start_instances(InstanceIds=[instance])
    again = own.wait_state(instance, "running")
    assert again["Placement"]["GroupName"] == parts
    assert again["Placement"]["PartitionNumber"] == 3
    assert again["CpuOptions"] == {"CoreCount": 1, "ThreadsPerCore": 1}
    shell = own.login(again).wait()
    # How programs in a guest learn where it is.
    for what, value in (("group-name", parts), ("partition-number", "3")):
        assert shell.run(f"wget -q -O - http://169.254.169.254/latest/meta-data/placement/{what}") == value


def test_what_is_kept_and_shown(own: Guests) -> None:
    instance = stopped(own)
    said = own.ec2.modify_instance_maintenance_options(
        InstanceId=instance, AutoRecovery="disabled", RebootMigration="disabled"
    )
    assert (said["AutoRecovery"], said["RebootMigration"]) == ("disabled", "disabled")
    none = {"CapacityReservationPreference": "none"}
    own.ec2.modify_instance_capacity_reservation_attributes(InstanceId=instance, CapacityReservationSpecification=none)
    own.ec2.modify_private_dns_name_options(InstanceId=instance, PrivateDnsHostnameType="ip-name")
    seen = own.find(instance)
    assert seen["MaintenanceOptions"] == {"AutoRecovery": "disabled", "RebootMigration": "disabled"}
    assert seen["CapacityReservationSpecification"] == none
    with pytest.raises(ClientError) as caught:
        own.ec2.modify_private_dns_name_options(InstanceId=instance, PrivateDnsHostnameType="resource-name")
    assert code(caught) == "UnsupportedOperation"


def test_a_template_of_an_instance_makes_another_one(own: Guests) -> None:
    script = "#!/bin/sh\ntrue\n"
    instance = own.start(
        UserData=script,
        TagSpecifications=tagged("instance", env="dev"),
        BlockDeviceMappings=[{"DeviceName": "/dev/sdf", "Ebs": {"VolumeSize": 2, "Encrypted": True}}],
        InstanceInitiatedShutdownBehavior="terminate",
        MetadataOptions={"HttpTokens": "required"},
    )
    data = own.ec2.get_launch_template_data(InstanceId=instance["InstanceId"])["LaunchTemplateData"]
    assert data["ImageId"] == own.image
    assert (data["InstanceType"], data["KeyName"]) == ("t3.nano", "guests")
    assert base64.b64decode(data["UserData"]).decode() == script
    assert data["InstanceInitiatedShutdownBehavior"] == "terminate"
    assert data["MetadataOptions"]["HttpTokens"] == "required"
    assert data["TagSpecifications"] == tagged("instance", env="dev")
    devices = {each["DeviceName"]: each["Ebs"] for each in data["BlockDeviceMappings"]}
    assert (devices["/dev/sdf"]["VolumeSize"], devices["/dev/sdf"]["Encrypted"]) == (2, True)
    interface = data["NetworkInterfaces"][0]
    assert interface["SubnetId"] == instance["SubnetId"]
    assert interface["Groups"] == [own.group]
    assert interface["PrivateIpAddress"] == instance["PrivateIpAddress"]
    # What no two can have.
    for name in ("PrivateIpAddress", "PrivateIpAddresses"):
        del interface[name]
    own.ec2.create_launch_template(LaunchTemplateName="copied", LaunchTemplateData=data)
    try:
        template = {"LaunchTemplateName": "copied"}
        other = own.ec2.run_instances(LaunchTemplate=template, MinCount=1, MaxCount=1)["Instances"][0]
        own.made.append(other["InstanceId"])
        assert own.wait_state(other["InstanceId"], "running")["InstanceType"] == "t3.nano"
    finally:
        own.ec2.delete_launch_template(LaunchTemplateName="copied")
