"""Flow logs: the records of the API, and the files that real connections leave in a bucket.

https://docs.aws.amazon.com/vpc/latest/userguide/flow-log-records.html
https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-s3.html
"""

from __future__ import annotations

import gzip
import itertools
import json
import re
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.ec2.conftest import code, tagged
from tools.harness.clients import boto_client
from tools.harness.instances import Guests, mark_of, wait_for
from tools.harness.server import Server

PORT = 8080
CLOSED = 8081
NUMBERS = itertools.count()
DEFAULT = (
    "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status"
)


def make_bucket(server: Server) -> str:
    name = f"flows-{next(NUMBERS)}"
    boto_client(server, "s3").create_bucket(Bucket=name)
    return name


def create(ec2: Any, resource: str, bucket: str, kind: str = "VPC", **more: Any) -> dict[str, Any]:
    wanted = {"TrafficType": "ALL", "LogDestinationType": "s3", "LogDestination": f"arn:aws:s3:::{bucket}", **more}
    return dict(ec2.create_flow_logs(ResourceIds=[resource], ResourceType=kind, **wanted))


def created(ec2: Any, resource: str, bucket: str, kind: str = "VPC", **more: Any) -> str:
    answer = create(ec2, resource, bucket, kind, **more)
    assert answer["Unsuccessful"] == []
    return str(answer["FlowLogIds"][0])


def describe(ec2: Any, log: str) -> dict[str, Any]:
    return dict(ec2.describe_flow_logs(FlowLogIds=[log])["FlowLogs"][0])


@pytest.fixture
def bucket(server: Server) -> str:
    return make_bucket(server)


@pytest.fixture
def clean(ec2: Any) -> Iterator[None]:
    yield
    left = [log["FlowLogId"] for log in ec2.describe_flow_logs()["FlowLogs"]]
    if left:
        ec2.delete_flow_logs(FlowLogIds=left)


@pytest.mark.usefixtures("clean")
class TestRecords:
    def test_it_is_described_as_it_was_made(self, ec2: Any, vpc: str, bucket: str) -> None:
        log = created(ec2, vpc, bucket, TagSpecifications=tagged("vpc-flow-log", Name="all"))
        shown = describe(ec2, log)
        assert re.fullmatch(r"fl-[0-9a-f]{17}", log)
        assert shown.pop("CreationTime")
        assert shown == {
            "DeliverLogsStatus": "SUCCESS",
            "FlowLogId": log,
            "FlowLogStatus": "ACTIVE",
            "ResourceId": vpc,
            "TrafficType": "ALL",
            "LogDestinationType": "s3",
            "LogDestination": f"arn:aws:s3:::{bucket}",
            "LogFormat": " ".join(f"${{{field}}}" for field in DEFAULT.split()),
            "Tags": [{"Key": "Name", "Value": "all"}],
            "MaxAggregationInterval": 600,
            "DestinationOptions": {
                "FileFormat": "plain-text",
                "HiveCompatiblePartitions": False,
                "PerHourPartition": False,
            },
        }
        ec2.delete_flow_logs(FlowLogIds=[log])
        assert ec2.describe_flow_logs(Filters=[{"Name": "flow-log-id", "Values": [log]}])["FlowLogs"] == []

    def test_options(self, ec2: Any, vpc: str, bucket: str) -> None:
        options = {"FileFormat": "plain-text", "HiveCompatiblePartitions": True, "PerHourPartition": True}
        log = created(
            ec2,
            vpc,
            bucket,
            TrafficType="REJECT",
            MaxAggregationInterval=60,
            LogFormat="${vpc-id} ${tcp-flags}",
            LogDestination=f"arn:aws:s3:::{bucket}/a/b/",
            DestinationOptions=options,
        )
        shown = describe(ec2, log)
        assert shown["DestinationOptions"] == options
        assert (shown["TrafficType"], shown["MaxAggregationInterval"]) == ("REJECT", 60)
        assert shown["LogFormat"] == "${vpc-id} ${tcp-flags}"
        assert shown["LogDestination"] == f"arn:aws:s3:::{bucket}/a/b/"

    def test_filters_and_pages(self, ec2: Any, vpc: str, subnet: str, bucket: str) -> None:
        of_vpc = created(ec2, vpc, bucket)
        of_subnet = created(ec2, subnet, bucket, "Subnet", TrafficType="ACCEPT")
        interface = ec2.create_network_interface(SubnetId=subnet)["NetworkInterface"]["NetworkInterfaceId"]
        of_interface = created(ec2, interface, bucket, "NetworkInterface", TrafficType="REJECT")
        ec2.create_tags(Resources=[of_subnet], Tags=[{"Key": "Team", "Value": "a"}])

        def found(name: str, value: str) -> set[str]:
            logs = ec2.describe_flow_logs(Filters=[{"Name": name, "Values": [value]}])["FlowLogs"]
            return {log["FlowLogId"] for log in logs}

        assert found("resource-id", vpc) == {of_vpc}
        assert found("traffic-type", "ACCEPT") == {of_subnet}
        assert found("flow-log-id", of_interface) == {of_interface}
        assert found("tag:Team", "a") == {of_subnet}
        assert found("log-destination-type", "s3") == {of_vpc, of_subnet, of_interface}
        assert found("deliver-log-status", "SUCCESS") == {of_vpc, of_subnet, of_interface}
        assert found("deliver-log-status", "FAILED") == set()
        assert found("log-group-name", "x") == set()
        pages = ec2.get_paginator("describe_flow_logs").paginate(PaginationConfig={"PageSize": 2})
        sizes = [len(page["FlowLogs"]) for page in pages]
        assert sizes == [2, 1]
        with pytest.raises(ClientError) as caught:
            found("nonsense", "x")
        assert code(caught) == "InvalidParameterValue"

    def test_the_same_again(self, ec2: Any, vpc: str, bucket: str) -> None:
        first = create(ec2, vpc, bucket, ClientToken="flow-token")
        again = create(ec2, vpc, bucket, ClientToken="flow-token")
        assert again["FlowLogIds"] == first["FlowLogIds"]
        with pytest.raises(ClientError) as caught:
            create(ec2, vpc, bucket)
        assert code(caught) == "FlowLogAlreadyExists"
        assert created(ec2, vpc, bucket, TrafficType="ACCEPT") != first["FlowLogIds"][0]

    def test_what_cannot_be_made_is_told_by_resource(self, ec2: Any, vpc: str, bucket: str) -> None:
        answer = ec2.create_flow_logs(
            ResourceIds=["vpc-00000000", vpc],
            ResourceType="VPC",
            TrafficType="ALL",
            LogDestinationType="s3",
            LogDestination=f"arn:aws:s3:::{bucket}",
        )
        assert len(answer["FlowLogIds"]) == 1
        (left,) = answer["Unsuccessful"]
        assert (left["ResourceId"], left["Error"]["Code"]) == ("vpc-00000000", "InvalidVpcID.NotFound")
        answer = create(ec2, vpc, "there-is-no-such-bucket")
        assert answer["FlowLogIds"] == []
        (left,) = answer["Unsuccessful"]
        assert left["ResourceId"] == vpc
        assert left["Error"] == {"Code": "400", "Message": "LogDestination: there-is-no-such-bucket does not exist"}

    def test_a_bucket_that_keeps_the_service_out(self, ec2: Any, server: Server, vpc: str, bucket: str) -> None:
        s3 = boto_client(server, "s3")
        statement = {
            "Effect": "Deny",
            "Principal": {"Service": "delivery.logs.amazonaws.com"},
            "Action": "s3:PutObject",
            "Resource": f"arn:aws:s3:::{bucket}/*",
        }
        s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
        (left,) = create(ec2, vpc, bucket)["Unsuccessful"]
        assert left["Error"]["Message"].startswith(f"Access Denied for LogDestination: {bucket}.")
        s3.delete_bucket_policy(Bucket=bucket)
        assert created(ec2, vpc, bucket)

    @pytest.mark.parametrize(
        ("wrong", "expected"),
        [
            ({"LogDestinationType": "cloud-watch-logs"}, "UnsupportedOperation"),
            ({"LogDestinationType": "kinesis-data-firehose"}, "UnsupportedOperation"),
            ({"DestinationOptions": {"FileFormat": "parquet"}}, "UnsupportedOperation"),
            ({"LogFormat": "${nonsense}"}, "InvalidParameter"),
            ({"LogFormat": "version"}, "InvalidParameter"),
            ({"MaxAggregationInterval": 61}, "InvalidParameter"),
            ({"LogDestination": "arn:aws:s3:::bucket/AWSLogs/x"}, "InvalidParameter"),
            ({"LogDestination": "bucket"}, "InvalidParameter"),
            ({"LogGroupName": "group"}, "InvalidParameter"),
            ({"DeliverLogsPermissionArn": "arn:aws:iam::123456789012:role/x"}, "InvalidParameter"),
        ],
    )
    def test_refusals(self, ec2: Any, vpc: str, bucket: str, wrong: dict[str, Any], expected: str) -> None:
        with pytest.raises(ClientError) as caught:
            create(ec2, vpc, bucket, **wrong)
        assert code(caught) == expected

    def test_of_what_is_not_there(self, ec2: Any, vpc: str, bucket: str) -> None:
        for call in (ec2.delete_flow_logs, ec2.describe_flow_logs):
            with pytest.raises(ClientError) as caught:
                call(FlowLogIds=["fl-00000000000000000"])
            assert code(caught) == "InvalidFlowLogId.NotFound"
        with pytest.raises(ClientError) as caught:
            create(ec2, vpc, bucket, DryRun=True)
        assert code(caught) == "DryRunOperation"
        assert ec2.describe_flow_logs()["FlowLogs"] == []

    def test_a_user_needs_the_right_to_deliver(self, ec2: Any, server: Server, vpc: str, bucket: str) -> None:
        iam = boto_client(server, "iam")
        iam.create_user(UserName="flows")
        key = iam.create_access_key(UserName="flows")["AccessKey"]
        user = boto_client(
            server, "ec2", aws_access_key_id=key["AccessKeyId"], aws_secret_access_key=key["SecretAccessKey"]
        )
        rights = ["ec2:CreateFlowLogs"]
        for more, allowed in (([], False), (["logs:CreateLogDelivery"], True)):
            rights += more
            statement = {"Effect": "Allow", "Action": rights, "Resource": "*"}
            policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
            iam.put_user_policy(UserName="flows", PolicyName="p", PolicyDocument=policy)
            if allowed:
                assert created(user, vpc, bucket)
                continue
            with pytest.raises(ClientError) as caught:
                create(user, vpc, bucket)
            assert code(caught) == "UnauthorizedOperation"


def lines_of(server: Server, bucket: str, prefix: str = "") -> list[dict[str, str]]:
    """All lines of all files, each by the fields of its file's head."""
    s3 = boto_client(server, "s3")
    lines = []
    for each in s3.list_objects_v2(Bucket=bucket, Prefix=prefix).get("Contents", []):
        text = gzip.decompress(s3.get_object(Bucket=bucket, Key=each["Key"])["Body"].read()).decode()
        head, *rest = text.splitlines()
        lines += [dict(zip(head.split(), line.split(), strict=True)) for line in rest]
    return lines


@pytest.fixture(scope="module")
def pair(guests: Guests) -> Iterator[list[dict[str, Any]]]:
    group = guests.make_group("flows")
    guests.allow(group, PORT, guests.cidr)
    made = [guests.start(SecurityGroupIds=[guests.group, group]) for _ in range(2)]
    for instance in made:
        guests.login(instance).wait()
    guests.login(made[1]).run(f"setsid nc -ll -p {PORT} -e /bin/hostname >/dev/null 2>&1 </dev/null & sleep 0.2")
    yield made
    guests.terminate(*[instance["InstanceId"] for instance in made])


class TestFlows:
    """Two guests: one asks the other by a port that is open and by one that isn't."""

    def talk(self, guests: Guests, pair: list[dict[str, Any]]) -> None:
        address = pair[1]["PrivateIpAddress"]
        shell = guests.login(pair[0])
        assert shell.attempt(f"nc -w 2 {address} {PORT} </dev/null").stdout.strip()
        assert not shell.attempt(f"nc -w 1 {address} {CLOSED} </dev/null").stdout.strip()

    def counts(self, guests: Guests) -> bool:
        """Whether the rules that count are in the VPC's namespace."""
        namespace = f"{mark_of(guests.server)}-{guests.vpc}"
        command = ["ip", "netns", "exec", namespace, "nft", "list", "table", "inet", "aerolith_flows"]
        return subprocess.run(command, capture_output=True).returncode == 0

    def await_count(self, guests: Guests) -> None:
        wait_for("flows to be counted", lambda: self.counts(guests), 10)

    def test_accepts_and_rejects_reach_the_bucket(self, guests: Guests, pair: list[dict[str, Any]]) -> None:
        server, ec2 = guests.server, guests.ec2
        bucket = make_bucket(server)
        one, two = (instance["NetworkInterfaces"][0]["NetworkInterfaceId"] for instance in pair)
        addresses = [instance["PrivateIpAddress"] for instance in pair]
        log = created(ec2, guests.vpc, bucket, LogDestination=f"arn:aws:s3:::{bucket}/logs")
        fields = (
            "version interface-id vpc-id subnet-id instance-id srcaddr dstaddr srcport dstport protocol packets bytes "
            "action tcp-flags type pkt-srcaddr pkt-dstaddr region az-id sublocation-id flow-direction traffic-path"
        )
        custom = created(
            ec2,
            two,
            bucket,
            "NetworkInterface",
            TrafficType="REJECT",
            LogDestination=f"arn:aws:s3:::{bucket}/custom",
            LogFormat=" ".join(f"${{{field}}}" for field in fields.split()),
            DestinationOptions={"FileFormat": "plain-text", "HiveCompatiblePartitions": True, "PerHourPartition": True},
        )
        self.await_count(guests)
        self.talk(guests, pair)
        ec2.delete_flow_logs(FlowLogIds=[log, custom])

        account = boto_client(server, "sts").get_caller_identity()["Account"]
        keys = [each["Key"] for each in boto_client(server, "s3").list_objects_v2(Bucket=bucket)["Contents"]]
        ending = r"_\d{8}T\d{4}Z_[0-9a-f]{8}\.log\.gz"
        plain = (
            rf"logs/AWSLogs/{account}/vpcflowlogs/us-east-1/\d{{4}}/\d\d/\d\d/"
            rf"{account}_vpcflowlogs_us-east-1_{log}" + ending
        )
        hive = (
            rf"custom/AWSLogs/aws-account-id={account}/aws-service=vpcflowlogs/aws-region=us-east-1/"
            r"year=\d{4}/month=\d\d/day=\d\d/hour=\d\d/"
            rf"{account}_vpcflowlogs_us-east-1_{custom}" + ending
        )
        assert all(re.fullmatch(plain, key) or re.fullmatch(hive, key) for key in keys), keys

        lines = lines_of(server, bucket, "logs/")
        assert list(lines[0]) == DEFAULT.split()

        def seen(interface: str, port: int) -> dict[str, str]:
            (line,) = [
                each
                for each in lines
                if each["interface-id"] == interface
                and each["dstport"] == str(port)
                and (each["srcaddr"], each["dstaddr"]) == (addresses[0], addresses[1])
            ]
            return line

        for interface in (one, two):
            line = seen(interface, PORT)
            assert (line["version"], line["account-id"], line["protocol"]) == ("2", account, "6")
            assert (line["action"], line["log-status"]) == ("ACCEPT", "OK")
            assert int(line["packets"]) >= 3 and int(line["bytes"]) >= 120
            assert int(line["start"]) <= int(line["end"])
        assert seen(one, CLOSED)["action"] == "ACCEPT"  # it may send; who receives refuses
        refused = seen(two, CLOSED)
        assert refused["action"] == "REJECT"
        assert int(refused["packets"]) >= 1

        (line,) = [each for each in lines_of(server, bucket, "custom/") if each["dstport"] == str(CLOSED)]
        assert line["version"] == "5"
        assert (line["vpc-id"], line["subnet-id"]) == (guests.vpc, pair[1]["SubnetId"])
        assert line["instance-id"] == pair[1]["InstanceId"]
        assert (line["action"], line["tcp-flags"], line["type"]) == ("REJECT", "2", "IPv4")
        assert (line["pkt-srcaddr"], line["pkt-dstaddr"]) == (addresses[0], addresses[1])
        assert (line["region"], line["sublocation-id"]) == ("us-east-1", "-")
        assert line["az-id"].startswith("use1-az")
        assert (line["flow-direction"], line["traffic-path"]) == ("ingress", "-")

    def test_no_traffic_is_told(self, guests: Guests, pair: list[dict[str, Any]]) -> None:
        bucket = make_bucket(guests.server)
        interface = pair[0]["NetworkInterfaces"][0]["NetworkInterfaceId"]
        log = created(guests.ec2, interface, bucket, "NetworkInterface", TrafficType="REJECT")
        self.await_count(guests)
        guests.ec2.delete_flow_logs(FlowLogIds=[log])
        lines = lines_of(guests.server, bucket)
        assert lines
        for line in lines:
            assert (line["interface-id"], line["log-status"]) == (interface, "NODATA")
            assert {line[field] for field in ("srcaddr", "dstport", "packets", "action")} == {"-"}

    def test_an_established_connection_does_not_notice(self, guests: Guests, pair: list[dict[str, Any]]) -> None:
        bucket = make_bucket(guests.server)
        address = pair[1]["PrivateIpAddress"]
        shell = guests.login(pair[0])
        guests.login(pair[1]).run(f"setsid nc -ll -p {CLOSED} -e /bin/cat >/dev/null 2>&1 </dev/null & sleep 0.2")
        guests.allow(guests.group, CLOSED, guests.cidr)
        wait_for("the port to open", lambda: shell.attempt(f"echo x | nc -w 1 {address} {CLOSED}").stdout.strip(), 10)
        numbers = [str(number) for number in range(1, 61)]
        talk = f"for i in {' '.join(numbers)}; do echo $i; sleep 0.1; done | nc -w 5 {address} {CLOSED}"
        shell.run(f"setsid sh -c '{talk}' >/tmp/said 2>/tmp/errors </dev/null &")
        log = created(guests.ec2, guests.vpc, bucket)
        self.await_count(guests)
        guests.ec2.delete_flow_logs(FlowLogIds=[log])
        wait_for("the connection's end", lambda: shell.run("tail -n 1 /tmp/said") == numbers[-1], 20)
        assert shell.run("cat /tmp/said").split() == numbers
        guests.forbid(guests.group, CLOSED, guests.cidr)

    def test_a_bucket_that_is_gone_shows(self, guests: Guests, pair: list[dict[str, Any]]) -> None:
        ec2, s3 = guests.ec2, boto_client(guests.server, "s3")
        gone, stays = make_bucket(guests.server), make_bucket(guests.server)
        failing = created(ec2, guests.vpc, gone)
        other = created(ec2, guests.vpc, stays)
        self.await_count(guests)
        for each in s3.list_objects_v2(Bucket=gone).get("Contents", []):
            s3.delete_object(Bucket=gone, Key=each["Key"])
        s3.delete_bucket(Bucket=gone)
        self.talk(guests, pair)
        ec2.delete_flow_logs(FlowLogIds=[other])  # delivers what was counted, for all flow logs of the VPC
        shown = describe(ec2, failing)
        assert (shown["DeliverLogsStatus"], shown["DeliverLogsErrorMessage"]) == ("FAILED", "Access error")
        assert lines_of(guests.server, stays)
        ec2.delete_flow_logs(FlowLogIds=[failing])

    def test_counts_outlive_a_killed_daemon(self, guests: Guests, pair: list[dict[str, Any]]) -> None:
        bucket = make_bucket(guests.server)
        log = created(guests.ec2, guests.vpc, bucket, TrafficType="REJECT")
        self.await_count(guests)
        self.talk(guests, pair)
        guests.server.kill()
        guests.server.start()
        guests.ec2.delete_flow_logs(FlowLogIds=[log])
        refused = [line for line in lines_of(guests.server, bucket) if line["dstport"] == str(CLOSED)]
        assert refused
        assert {line["action"] for line in refused} == {"REJECT"}

    def test_nothing_is_left_when_the_last_one_goes(self, guests: Guests, pair: list[dict[str, Any]]) -> None:
        assert pair
        wait_for("the count to end", lambda: not self.counts(guests), 10)
