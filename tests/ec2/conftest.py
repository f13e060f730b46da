"""EC2's tests: clients, and networks that no other test has."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tools.harness.clients import boto_client
from tools.harness.instances import Guests, public_cidr, what_lacks, with_instances
from tools.harness.server import Server
from tools.harness.snapshots import Snapshots
from tools.harness.volumes import Volumes

_NUMBERS = itertools.count()
_KERNELS = Path(__file__).parents[2] / "build/guest"


def code(caught: pytest.ExceptionInfo[ClientError]) -> str:
    return caught.value.response["Error"]["Code"]


def message(caught: pytest.ExceptionInfo[ClientError]) -> str:
    return caught.value.response["Error"]["Message"]


def tagged(kind: str, **tags: str) -> list[dict[str, Any]]:
    return [{"ResourceType": kind, "Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}]


@pytest.fixture(scope="session")
def ec2(server: Server) -> Any:
    return boto_client(server, "ec2")


@pytest.fixture(scope="session")
def cloud(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Iterator[Server]:
    """A server whose instances run on this host; nothing of it stays."""
    number = int(worker_id.removeprefix("gw") or 0) if worker_id != "master" else 0
    own = Server(tmp_path_factory.mktemp("cloud"), settings={"AEROLITH_EC2_PUBLIC_CIDR": public_cidr(number)})
    lacks = what_lacks(own, "containers")
    if lacks:
        pytest.skip(f"no instances here: {lacks}")
    with with_instances(own):
        yield own


@pytest.fixture(scope="session")
def guests(cloud: Server, tmp_path_factory: pytest.TempPathFactory) -> Guests:
    """Shared by all tests of the worker."""
    return Guests(cloud, tmp_path_factory.mktemp("guests"))


@pytest.fixture(scope="module")
def other(guests: Guests) -> Any:
    """EC2 as another account's root."""
    created = guests.server.command("account", "create", "--name", f"other-{time.time_ns()}", "--json")
    keys = json.loads(created.stdout)
    made = boto_client(
        guests.server,
        "ec2",
        aws_access_key_id=keys["access_key_id"],
        aws_secret_access_key=keys["secret_access_key"],
    )
    made.account = keys["account_id"]
    return made


@pytest.fixture(scope="module")
def guest(guests: Guests) -> Iterator[dict[str, Any]]:
    """One that all tests of a file may log in to, and none changes."""
    instance = guests.start()
    guests.login(instance).wait()
    yield guests.find(instance["InstanceId"])
    guests.terminate(instance["InstanceId"])


@pytest.fixture(scope="module")
def machines(guests: Guests) -> None:
    """The image tiny with a kernel: that which the build has fetched, else one that is fetched now."""
    kernels = guests.server.data_folder / "images/kernel"
    if _KERNELS.is_dir() and not kernels.exists():
        kernels.symlink_to(_KERNELS)
    built = guests.server.command("image", "build", "tiny", timeout_seconds=600)
    if built.returncode != 0:
        pytest.skip(f"no virtual machines here: {built.stderr.strip()}")
    guests.image = guests.ec2.describe_images(Filters=[{"Name": "name", "Values": ["tiny"]}])["Images"][0]["ImageId"]


@pytest.fixture(scope="module")
def zone(guests: Guests) -> str:
    """Where instances are launched."""
    subnets = guests.ec2.describe_subnets(Filters=[{"Name": "vpc-id", "Values": [guests.vpc]}])["Subnets"]
    return str(sorted(each["AvailabilityZone"] for each in subnets)[0])


@pytest.fixture
def volumes(guests: Guests, zone: str) -> Iterator[Volumes]:
    own = Volumes(guests, zone)
    yield own
    own.clear()


@pytest.fixture
def snapshots(volumes: Volumes) -> Iterator[Snapshots]:
    own = Snapshots(volumes)
    yield own
    own.clear()


@pytest.fixture(scope="module")
def pair(guests: Guests) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Two containers that tests attach volumes to, and detach them again."""
    ids = [each["InstanceId"] for each in guests.launch(2)]
    running = [guests.wait_state(each, "running") for each in ids]
    for each in running:
        guests.login(each).wait()
    yield running[0], running[1]
    guests.terminate(*ids)


@pytest.fixture
def name() -> Callable[[], str]:
    return lambda: f"t-{next(_NUMBERS)}"


def remove_network(ec2: Any, vpc: str) -> None:
    inside = [{"Name": "vpc-id", "Values": [vpc]}]
    for interface in ec2.describe_network_interfaces(Filters=inside)["NetworkInterfaces"]:
        if "Attachment" not in interface:
            ec2.delete_network_interface(NetworkInterfaceId=interface["NetworkInterfaceId"])
    for gateway in ec2.describe_internet_gateways(Filters=[{"Name": "attachment.vpc-id", "Values": [vpc]}])[
        "InternetGateways"
    ]:
        ec2.detach_internet_gateway(InternetGatewayId=gateway["InternetGatewayId"], VpcId=vpc)
        ec2.delete_internet_gateway(InternetGatewayId=gateway["InternetGatewayId"])
    for subnet in ec2.describe_subnets(Filters=inside)["Subnets"]:
        ec2.delete_subnet(SubnetId=subnet["SubnetId"])
    for table in ec2.describe_route_tables(Filters=inside)["RouteTables"]:
        if not any(each["Main"] for each in table["Associations"]):
            ec2.delete_route_table(RouteTableId=table["RouteTableId"])
    for acl in ec2.describe_network_acls(Filters=inside)["NetworkAcls"]:
        if not acl["IsDefault"]:
            ec2.delete_network_acl(NetworkAclId=acl["NetworkAclId"])
    groups = [
        group
        for group in ec2.describe_security_groups(Filters=inside)["SecurityGroups"]
        if group["GroupName"] != "default"
    ]
    for group in groups:
        if group["IpPermissions"]:
            ec2.revoke_security_group_ingress(GroupId=group["GroupId"], IpPermissions=group["IpPermissions"])
    for group in groups:
        ec2.delete_security_group(GroupId=group["GroupId"])
    ec2.delete_vpc(VpcId=vpc)


@pytest.fixture
def vpc(ec2: Any) -> Iterator[str]:
    """10.0.0.0/16, gone after the test with all that is in it."""
    made = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    yield made
    try:
        remove_network(ec2, made)
    except ClientError as error:
        if error.response["Error"]["Code"] != "InvalidVpcID.NotFound":
            raise


@pytest.fixture
def subnet(ec2: Any, vpc: str) -> str:
    """10.0.1.0/24 of `vpc`."""
    return str(ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24")["Subnet"]["SubnetId"])
