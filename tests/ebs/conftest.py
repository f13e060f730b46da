"""Tests of the EBS direct APIs: a server that keeps volumes, and what tests leave is taken away."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tools.harness.clients import boto_client
from tools.harness.instances import Guests, public_cidr, what_lacks, with_instances
from tools.harness.server import Server


def refusal(call: Any, **wanted: Any) -> tuple[str, str]:
    """The error's code and its reason, which may be missing."""
    with pytest.raises(ClientError) as caught:
        call(**wanted)
    return caught.value.response["Error"]["Code"], caught.value.response.get("Reason", "")


@pytest.fixture(scope="session")
def cloud(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Iterator[Server]:
    number = int(worker_id.removeprefix("gw") or 0) if worker_id != "master" else 0
    # EC2's own tests may have such a server, too.
    own = Server(tmp_path_factory.mktemp("ebs"), settings={"AEROLITH_EC2_PUBLIC_CIDR": public_cidr(number, 4)})
    lacks = what_lacks(own, "containers")
    if lacks:
        pytest.skip(f"no volumes here: {lacks}")
    with with_instances(own):
        yield own


@pytest.fixture(scope="session")
def guests(cloud: Server, tmp_path_factory: pytest.TempPathFactory) -> Guests:
    return Guests(cloud, tmp_path_factory.mktemp("guests"))


@pytest.fixture(scope="session")
def ec2(cloud: Server) -> Any:
    return boto_client(cloud, "ec2")


@pytest.fixture(scope="session")
def ebs(cloud: Server) -> Any:
    return boto_client(cloud, "ebs")


@pytest.fixture(autouse=True)
def nothing_stays(request: pytest.FixtureRequest) -> Iterator[None]:
    client = request.getfixturevalue("ec2") if "cloud" in request.fixturenames else None
    guests = request.getfixturevalue("guests") if "guests" in request.fixturenames else None
    yield
    if guests is not None:
        guests.clear()
    if client is None:
        return
    for volume in client.describe_volumes()["Volumes"]:
        client.delete_volume(VolumeId=volume["VolumeId"])
    for image in client.describe_images(Owners=["self"])["Images"]:
        client.deregister_image(ImageId=image["ImageId"])
    for each in client.describe_snapshots(OwnerIds=["self"])["Snapshots"]:
        client.delete_snapshot(SnapshotId=each["SnapshotId"])
