"""Filters of what runs: with one instance that all tests share."""

from __future__ import annotations

from typing import Any

import pytest

from tools.harness.instances import Guests

FOUND = [
    ("ebs-optimized", "false"),
    ("ena-support", "true"),
    ("source-dest-check", "true"),
    ("metadata-options.http-put-response-hop-limit", "*"),
    ("metadata-options.state", "applied"),
    ("maintenance-options.auto-recovery", "default"),
    ("hibernation-options.configured", "false"),
    ("usage-operation", "RunInstances"),
    ("network-interface.status", "in-use"),
    ("network-interface.source-dest-check", "true"),
    ("network-interface.addresses.primary", "true"),
    ("network-interface.attachment.device-index", "0"),
    ("network-interface.attachment.status", "attached"),
    ("network-interface.attachment.delete-on-termination", "true"),
    ("network-interface.association.ip-owner-id", "amazon"),
    ("network-interface.requester-managed", "false"),
    ("private-dns-name-options.hostname-type", "ip-name"),
]
NOT_FOUND = [
    ("instance-lifecycle", "spot"),
    ("platform", "windows"),
    ("ebs-optimized", "true"),
    ("host-id", "*"),
    ("ipv6-address", "*"),
    ("network-interface.attachment.device-index", "1"),
]


@pytest.mark.parametrize(("name", "value", "found"), [(*f, True) for f in FOUND] + [(*f, False) for f in NOT_FOUND])
def test_a_filter(guests: Guests, guest: dict[str, Any], name: str, value: str, found: bool) -> None:
    filters = [{"Name": name, "Values": [value]}, {"Name": "instance-id", "Values": [guest["InstanceId"]]}]
    assert len(guests.ec2.describe_instances(Filters=filters)["Reservations"]) == found


def test_what_only_this_instance_has(guests: Guests, guest: dict[str, Any]) -> None:
    interface = guest["NetworkInterfaces"][0]
    values = {
        "network-interface.mac-address": interface["MacAddress"],
        "network-interface.attachment.attachment-id": interface["Attachment"]["AttachmentId"],
        "network-interface.attachment.instance-id": guest["InstanceId"],
        "network-interface.private-dns-name": interface["PrivateDnsName"],
        "network-interface.association.public-dns-name": interface["Association"]["PublicDnsName"],
        "network-interface.subnet-id": guest["SubnetId"],
        "availability-zone-id": guest["Placement"]["AvailabilityZoneId"],
    }
    for name, value in values.items():
        answer = guests.ec2.describe_instances(Filters=[{"Name": name, "Values": [value]}])
        found = [each["InstanceId"] for reservation in answer["Reservations"] for each in reservation["Instances"]]
        assert guest["InstanceId"] in found, name


@pytest.mark.parametrize(
    ("name", "value", "found"),
    [
        ("instance-status.status", "ok", True),
        ("instance-status.reachability", "passed", True),
        ("system-status.status", "ok", True),
        ("instance-status.status", "impaired", False),
        ("event.code", "*", False),
    ],
)
def test_a_filter_of_status(guests: Guests, guest: dict[str, Any], name: str, value: str, found: bool) -> None:
    answer = guests.ec2.describe_instance_status(
        InstanceIds=[guest["InstanceId"]], Filters=[{"Name": name, "Values": [value]}]
    )
    assert len(answer["InstanceStatuses"]) == found
