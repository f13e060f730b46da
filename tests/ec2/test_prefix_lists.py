"""Managed prefix lists: their versions, their limits, who uses them, and what a change does to packets."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.ec2.conftest import code
from tools.harness.instances import Guests, wait_for


@pytest.fixture
def made(ec2: Any, name: Callable[[], str]) -> Iterator[str]:
    """Of two entries at most, with one."""
    created = ec2.create_managed_prefix_list(
        PrefixListName=name(), MaxEntries=2, AddressFamily="IPv4", Entries=[{"Cidr": "10.0.0.0/8", "Description": "a"}]
    )["PrefixList"]
    assert (created["Version"], created["MaxEntries"], created["State"]) == (1, 2, "create-complete")
    yield created["PrefixListId"]
    ec2.delete_managed_prefix_list(PrefixListId=created["PrefixListId"])


def refusal(call: Callable[..., Any], **parameters: Any) -> str:
    with pytest.raises(ClientError) as caught:
        call(**parameters)
    return code(caught)


def entries_of(ec2: Any, of: str) -> list[str]:
    return [each["Cidr"] for each in ec2.get_managed_prefix_list_entries(PrefixListId=of)["Entries"]]


def test_versions(ec2: Any, made: str) -> None:
    add = [{"Cidr": "192.168.0.0/16"}]
    change = ec2.modify_managed_prefix_list
    assert refusal(change, PrefixListId=made, AddEntries=add) == "MissingParameter"
    assert refusal(change, PrefixListId=made, AddEntries=add, CurrentVersion=7) == "PrefixListVersionMismatch"
    changed = change(PrefixListId=made, AddEntries=add, CurrentVersion=1)["PrefixList"]
    assert (changed["Version"], changed["State"]) == (2, "modify-complete")
    assert entries_of(ec2, made) == ["10.0.0.0/8", "192.168.0.0/16"]
    assert refusal(change, PrefixListId=made, RemoveEntries=add, CurrentVersion=1) == "PrefixListVersionMismatch"
    none_of_its = [{"Cidr": "172.16.0.0/12"}]
    assert refusal(change, PrefixListId=made, RemoveEntries=none_of_its, CurrentVersion=2) == (
        "InvalidPrefixListModification"
    )
    change(PrefixListId=made, RemoveEntries=add, CurrentVersion=2)
    assert entries_of(ec2, made) == ["10.0.0.0/8"]


def test_a_change_that_makes_no_version_is_one(ec2: Any, made: str, name: Callable[[], str]) -> None:
    """Terraform waits for its end."""
    for wanted in ({"PrefixListName": name()}, {"MaxEntries": 3}):
        changed = ec2.modify_managed_prefix_list(PrefixListId=made, **wanted)["PrefixList"]
        assert (changed["Version"], changed["State"]) == (1, "modify-complete")


def test_an_earlier_version_comes_back(ec2: Any, made: str) -> None:
    add = [{"Cidr": "192.168.0.0/16"}]
    ec2.modify_managed_prefix_list(PrefixListId=made, AddEntries=add, CurrentVersion=1)
    ec2.modify_managed_prefix_list(PrefixListId=made, RemoveEntries=add, CurrentVersion=2)
    before = ec2.get_managed_prefix_list_entries(PrefixListId=made, TargetVersion=2)["Entries"]
    assert [each["Cidr"] for each in before] == ["10.0.0.0/8", "192.168.0.0/16"]
    restore = ec2.restore_managed_prefix_list_version
    assert refusal(restore, PrefixListId=made, PreviousVersion=2, CurrentVersion=2) == "PrefixListVersionMismatch"
    assert refusal(restore, PrefixListId=made, PreviousVersion=9, CurrentVersion=3) == "PrefixListVersionNotFound"
    assert restore(PrefixListId=made, PreviousVersion=2, CurrentVersion=3)["PrefixList"]["Version"] == 4
    assert entries_of(ec2, made) == ["10.0.0.0/8", "192.168.0.0/16"]


def test_the_most_entries(ec2: Any, made: str) -> None:
    change = ec2.modify_managed_prefix_list
    too_many = [{"Cidr": "192.168.0.0/16"}, {"Cidr": "172.16.0.0/12"}]
    assert refusal(change, PrefixListId=made, AddEntries=too_many, CurrentVersion=1) == "PrefixListMaxEntriesExceeded"
    assert entries_of(ec2, made) == ["10.0.0.0/8"]
    change(PrefixListId=made, AddEntries=too_many[:1], CurrentVersion=1)
    for wrong in (0, 1, 1001):
        assert refusal(change, PrefixListId=made, MaxEntries=wrong) == "InvalidParameterValue"
    assert refusal(change, PrefixListId=made, MaxEntries=3, AddEntries=too_many, CurrentVersion=2) == (
        "InvalidParameterCombination"
    )
    assert change(PrefixListId=made, MaxEntries=3)["PrefixList"]["MaxEntries"] == 3
    change(PrefixListId=made, AddEntries=too_many[1:], CurrentVersion=2)
    assert len(entries_of(ec2, made)) == 3
    create = ec2.create_managed_prefix_list
    assert refusal(create, PrefixListName="x", MaxEntries=0, AddressFamily="IPv4") == "InvalidParameterValue"
    assert refusal(create, PrefixListName="x", MaxEntries=1, AddressFamily="IPv5") == "InvalidParameterValue"
    assert refusal(create, PrefixListName="x", MaxEntries=1, AddressFamily="IPv4", Entries=too_many) == (
        "PrefixListMaxEntriesExceeded"
    )


def test_one_that_is_used_stays(ec2: Any, made: str, vpc: str) -> None:
    group = ec2.create_security_group(GroupName="lists", Description="lists", VpcId=vpc)["GroupId"]
    rule = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "PrefixListIds": [{"PrefixListId": made}]}
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[rule])
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    ec2.create_route(RouteTableId=table, DestinationPrefixListId=made, GatewayId=gateway)
    users = ec2.get_managed_prefix_list_associations(PrefixListId=made)["PrefixListAssociations"]
    assert {each["ResourceId"] for each in users} == {group, table}
    delete = ec2.delete_managed_prefix_list
    assert refusal(delete, PrefixListId=made) == "DependencyViolation"
    ec2.revoke_security_group_ingress(GroupId=group, IpPermissions=[rule])
    assert refusal(delete, PrefixListId=made) == "DependencyViolation"
    ec2.delete_route(RouteTableId=table, DestinationPrefixListId=made)
    assert ec2.get_managed_prefix_list_associations(PrefixListId=made)["PrefixListAssociations"] == []


def test_a_change_takes_effect_on_packets(guests: Guests) -> None:
    ec2 = guests.ec2
    everyone = [{"Cidr": "0.0.0.0/0"}]
    listed = ec2.create_managed_prefix_list(
        PrefixListName="who-may-come", MaxEntries=2, AddressFamily="IPv4", Entries=everyone
    )["PrefixList"]["PrefixListId"]
    group = guests.make_group("by-list")
    rule = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "PrefixListIds": [{"PrefixListId": listed}]}
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[rule])
    instance = guests.start(SecurityGroupIds=[group])
    shell = guests.login(instance).wait()
    ec2.modify_managed_prefix_list(PrefixListId=listed, RemoveEntries=everyone, CurrentVersion=1)
    wait_for("the door to close", lambda: shell.attempt("true").returncode == 255, 10)
    ec2.modify_managed_prefix_list(PrefixListId=listed, AddEntries=[{"Cidr": "203.0.113.0/24"}], CurrentVersion=2)
    assert shell.attempt("true").returncode == 255
    ec2.modify_managed_prefix_list(PrefixListId=listed, AddEntries=everyone, CurrentVersion=3)
    wait_for("the door to open", lambda: shell.attempt("true").returncode == 0, 10)
    guests.terminate(instance["InstanceId"])
    ec2.delete_security_group(GroupId=group)
    ec2.delete_managed_prefix_list(PrefixListId=listed)
