"""S3 through a gateway endpoint, from a VPC that has no other way out: the endpoint's policy, and what policies learn
of where a request comes from.

https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-s3.html
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.ec2.conftest import code, remove_network
from tools.harness.clients import boto_client
from tools.harness.inside import Inside
from tools.harness.instances import Guests, wait_for

BUCKETS = ("one-bucket", "other-bucket")
TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ec2.amazonaws.com"}}],
}
ALL = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
# Says what became of it: a body, or the error.
ASK = """
import boto3, botocore.config, json, sys
s3 = boto3.client("s3", config=botocore.config.Config(connect_timeout=5, read_timeout=20, retries={"total_max_attempts": 1}))
bucket, key, body = sys.argv[1:]
try:
    if body:
        s3.put_object(Bucket=bucket, Key=key, Body=body.encode())
    print(json.dumps(s3.get_object(Bucket=bucket, Key=key)["Body"].read().decode()))
except Exception as error:
    print(json.dumps(str(error)))
"""


def policy(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


@dataclass
class Hidden:
    """A guest in a VPC without an internet gateway, and the VPC's endpoint."""

    vpc: str
    endpoint: str
    ask: Callable[[str, str, str], str]


@pytest.fixture(scope="module")
def hidden(guests: Guests, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hidden]:
    iam, s3, ec2 = boto_client(guests.server, "iam"), boto_client(guests.server, "s3"), guests.ec2
    for bucket in BUCKETS:
        s3.create_bucket(Bucket=bucket)
    iam.create_role(RoleName="hidden", AssumeRolePolicyDocument=json.dumps(TRUST))
    iam.put_role_policy(RoleName="hidden", PolicyName="all", PolicyDocument=policy(ALL))
    iam.create_instance_profile(InstanceProfileName="hidden")
    iam.add_role_to_instance_profile(InstanceProfileName="hidden", RoleName="hidden")
    vpc = ec2.create_vpc(CidrBlock="10.51.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.51.1.0/24")["Subnet"]["SubnetId"]
    [table] = ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["RouteTables"]
    endpoint = ec2.create_vpc_endpoint(
        VpcId=vpc, ServiceName="com.amazonaws.us-east-1.s3", RouteTableIds=[table["RouteTableId"]]
    )["VpcEndpoint"]["VpcEndpointId"]
    [group] = ec2.describe_security_groups(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["SecurityGroups"]
    instance = guests.start(SubnetId=subnet, SecurityGroupIds=[group["GroupId"]], IamInstanceProfile={"Name": "hidden"})
    assert "PublicIpAddress" not in instance
    inside = Inside(guests.server, instance["InstanceId"], tmp_path_factory.mktemp("hidden"))

    def ask(bucket: str, key: str, body: str = "") -> str:
        done = inside.python(ASK, bucket, key, body)
        assert done.returncode == 0, done.stderr
        return str(json.loads(done.stdout))

    yield Hidden(vpc, endpoint, ask)
    guests.terminate(instance["InstanceId"])
    ec2.delete_vpc_endpoints(VpcEndpointIds=[endpoint])
    remove_network(ec2, vpc)
    for bucket in BUCKETS:
        for each in s3.list_objects_v2(Bucket=bucket).get("Contents", []):
            s3.delete_object(Bucket=bucket, Key=each["Key"])
        s3.delete_bucket(Bucket=bucket)
    iam.remove_role_from_instance_profile(InstanceProfileName="hidden", RoleName="hidden")
    iam.delete_instance_profile(InstanceProfileName="hidden")
    iam.delete_role_policy(RoleName="hidden", PolicyName="all")
    iam.delete_role(RoleName="hidden")


@pytest.fixture
def set_policy(guests: Guests, hidden: Hidden) -> Iterator[Callable[[str], None]]:
    def change(text: str) -> None:
        guests.ec2.modify_vpc_endpoint(VpcEndpointId=hidden.endpoint, PolicyDocument=text)

    yield change
    guests.ec2.modify_vpc_endpoint(VpcEndpointId=hidden.endpoint, ResetPolicy=True)
    wait_for("the policy that allows all", lambda: hidden.ask("one-bucket", "reset", "all") == "all", 10)


def test_an_endpoint_is_a_way_to_s3(guests: Guests, hidden: Hidden) -> None:
    assert hidden.ask("one-bucket", "key", "through the endpoint") == "through the endpoint"
    kept = boto_client(guests.server, "s3").get_object(Bucket="one-bucket", Key="key")["Body"].read()
    assert kept == b"through the endpoint"


def test_what_the_endpoints_policy_denies_does_not_pass(hidden: Hidden, set_policy: Callable[[str], None]) -> None:
    assert hidden.ask("one-bucket", "kept", "kept") == "kept"
    everyone = {**ALL, "Principal": "*"}
    set_policy(policy(everyone, {**everyone, "Effect": "Deny", "Action": "s3:PutObject"}))
    denied = "with an explicit deny in a VPC endpoint policy"
    wait_for("the deny", lambda: denied in hidden.ask("one-bucket", "kept", "changed"), 10)
    assert hidden.ask("one-bucket", "kept", "") == "kept"


def test_what_the_endpoints_policy_does_not_allow_does_not_pass(
    guests: Guests, hidden: Hidden, set_policy: Callable[[str], None]
) -> None:
    one = {"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": "arn:aws:s3:::one-bucket/*"}
    set_policy(policy(one))
    refused = "because no VPC endpoint policy allows the s3:PutObject action"
    wait_for("the refusal", lambda: refused in hidden.ask("other-bucket", "key", "words"), 10)
    assert hidden.ask("one-bucket", "key", "words") == "words"
    # Who comes another way isn't concerned.
    boto_client(guests.server, "s3").put_object(Bucket="other-bucket", Key="key", Body=b"from outside")


@pytest.mark.parametrize("key", ["aws:SourceVpce", "aws:SourceVpc"])
def test_a_bucket_may_be_for_one_endpoint(guests: Guests, hidden: Hidden, key: str) -> None:
    s3 = boto_client(guests.server, "s3")
    s3.put_object(Bucket="one-bucket", Key="mine", Body=b"mine")
    mine = hidden.endpoint if key == "aws:SourceVpce" else hidden.vpc
    deny = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:GetObject",
        "Resource": "arn:aws:s3:::one-bucket/*",
        "Condition": {"StringNotEquals": {key: mine}},
    }
    s3.put_bucket_policy(Bucket="one-bucket", Policy=policy(deny))
    try:
        assert hidden.ask("one-bucket", "mine", "") == "mine"
        with pytest.raises(ClientError) as caught:
            s3.get_object(Bucket="one-bucket", Key="mine")
        assert code(caught) == "AccessDenied"
        deny["Condition"] = {"StringNotEquals": {key: mine[:-1] + "x"}}
        s3.put_bucket_policy(Bucket="one-bucket", Policy=policy(deny))
        assert "explicit deny in a resource-based policy" in hidden.ask("one-bucket", "mine", "")
    finally:
        s3.delete_bucket_policy(Bucket="one-bucket")


def test_there_is_one_endpoint_in_a_vpc(guests: Guests, hidden: Hidden) -> None:
    with pytest.raises(ClientError) as caught:
        guests.ec2.create_vpc_endpoint(VpcId=hidden.vpc, ServiceName="com.amazonaws.us-east-1.s3")
    assert code(caught) == "UnsupportedOperation"
