"""Security groups and their rules."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.ec2.conftest import code, message, tagged

SSH = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "10.0.0.0/8", "Description": "in"}]}


@pytest.fixture
def group(ec2: Any, vpc: str) -> str:
    return str(ec2.create_security_group(GroupName="g", Description="d", VpcId=vpc)["GroupId"])


def ingress(ec2: Any, group: str) -> list[dict[str, Any]]:
    return ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"][0]["IpPermissions"]


def test_rules_come_and_go(ec2: Any, group: str) -> None:
    made = ec2.authorize_security_group_ingress(
        GroupId=group, IpPermissions=[SSH], TagSpecifications=tagged("security-group-rule", Name="ssh")
    )
    (rule,) = made["SecurityGroupRules"]
    assert rule["SecurityGroupRuleId"].startswith("sgr-") and rule["CidrIpv4"] == "10.0.0.0/8"
    (permission,) = ingress(ec2, group)
    assert permission["IpRanges"] == [{"Description": "in", "CidrIp": "10.0.0.0/8"}]
    with pytest.raises(ClientError) as caught:
        ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[SSH])
    assert code(caught) == "InvalidPermission.Duplicate"
    assert message(caught) == (
        'the specified rule "peer: 10.0.0.0/8, TCP, from port: 22, to port: 22, ALLOW" already exists'
    )
    found = ec2.describe_security_group_rules(Filters=[{"Name": "tag:Name", "Values": ["ssh"]}])["SecurityGroupRules"]
    assert [each["SecurityGroupRuleId"] for each in found] == [rule["SecurityGroupRuleId"]]
    ec2.modify_security_group_rules(
        GroupId=group,
        SecurityGroupRules=[
            {
                "SecurityGroupRuleId": rule["SecurityGroupRuleId"],
                "SecurityGroupRule": {"IpProtocol": "udp", "FromPort": 53, "ToPort": 53, "CidrIpv4": "0.0.0.0/0"},
            }
        ],
    )
    assert [(p["IpProtocol"], p["FromPort"]) for p in ingress(ec2, group)] == [("udp", 53)]
    ec2.revoke_security_group_ingress(GroupId=group, SecurityGroupRuleIds=[rule["SecurityGroupRuleId"]])
    assert ingress(ec2, group) == []
    with pytest.raises(ClientError) as caught:
        ec2.revoke_security_group_ingress(GroupId=group, IpPermissions=[SSH])
    assert code(caught) == "InvalidPermission.NotFound"


def test_references_to_groups(ec2: Any, vpc: str, group: str) -> None:
    other = ec2.create_security_group(GroupName="other", Description="d", VpcId=vpc)["GroupId"]
    pair = {"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": other}]}
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[pair])
    (permission,) = ingress(ec2, group)
    assert permission["IpProtocol"] == "-1" and "FromPort" not in permission
    assert permission["UserIdGroupPairs"][0]["GroupId"] == other
    with pytest.raises(ClientError) as caught:
        ec2.delete_security_group(GroupId=other)
    assert code(caught) == "DependencyViolation"


@pytest.mark.parametrize(
    ("permission", "expected"),
    [
        ({"IpProtocol": "tcp", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}, "InvalidParameterValue"),
        (
            {"IpProtocol": "tcp", "FromPort": 9, "ToPort": 8, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]},
            "InvalidParameterValue",
        ),
        ({"IpProtocol": "nope", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}, "InvalidParameterValue"),
        ({"IpProtocol": "-1", "IpRanges": [{"CidrIp": "1.2.3/8"}]}, "InvalidParameterValue"),
        ({"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": "sg-00000000"}]}, "InvalidGroup.NotFound"),
        ({"IpProtocol": "-1"}, "InvalidRequest"),
    ],
)
def test_rules_that_are_refused(ec2: Any, group: str, permission: dict[str, Any], expected: str) -> None:
    with pytest.raises(ClientError) as caught:
        ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[permission])
    assert code(caught) == expected
    assert ingress(ec2, group) == []


def test_the_limit_of_rules(ec2: Any, group: str) -> None:
    many = [{"CidrIp": f"10.1.{i}.0/24"} for i in range(61)]
    with pytest.raises(ClientError) as caught:
        ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[{"IpProtocol": "-1", "IpRanges": many}])
    assert code(caught) == "RulesPerSecurityGroupLimitExceeded"
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[{"IpProtocol": "-1", "IpRanges": many[:60]}])


def test_names(ec2: Any, vpc: str, group: str) -> None:
    with pytest.raises(ClientError) as caught:
        ec2.create_security_group(GroupName="g", Description="d", VpcId=vpc)
    assert code(caught) == "InvalidGroup.Duplicate"
    with pytest.raises(ClientError) as caught:
        ec2.describe_security_groups(GroupIds=["nonsense"])
    assert code(caught) == "InvalidGroupId.Malformed"
    default = ec2.describe_security_groups(
        Filters=[{"Name": "vpc-id", "Values": [vpc]}, {"Name": "group-name", "Values": ["default"]}]
    )["SecurityGroups"][0]["GroupId"]
    with pytest.raises(ClientError) as caught:
        ec2.delete_security_group(GroupId=default)
    assert code(caught) == "CannotDelete"
