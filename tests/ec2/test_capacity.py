"""What instances take of the host's memory together: more than it has for them isn't promised."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.ec2.conftest import code, message
from tools.harness.instances import Guests, public_cidr, what_lacks, with_instances
from tools.harness.server import Server

NANO_MIB = 512
HOST_MIB = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") >> 20
# For two, where a hundredth of the host isn't more than that.
PERCENT = max(1, -(-(2 * NANO_MIB + 1) * 100 // HOST_MIB))
LIMIT_MIB = HOST_MIB * PERCENT // 100
MOST = LIMIT_MIB // NANO_MIB


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Iterator[Guests]:
    """A server that has memory for few instances."""
    folder = tmp_path_factory.mktemp("small")
    number = int(worker_id.removeprefix("gw") or 0) if worker_id != "master" else 0
    settings = {
        "AEROLITH_EC2_PUBLIC_CIDR": public_cidr(number, 2),
        "AEROLITH_EC2_MEMORY_PERCENT": str(PERCENT),
        "AEROLITH_EC2_CONTAINER_OVERCOMMIT": "1",
    }
    server = Server(folder, settings=settings)
    lacks = what_lacks(server, "containers")
    if lacks:
        pytest.skip(f"no instances here: {lacks}")
    with with_instances(server):
        yield Guests(server, folder)


def refused(caught: pytest.ExceptionInfo[ClientError]) -> str:
    assert code(caught) == "InsufficientInstanceCapacity"
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 500
    return message(caught)


def test_memory_is_promised_once(small: Guests) -> None:
    # As many as there is room for, up to MaxCount.
    wanted: dict[str, Any] = {"ImageId": small.image, "InstanceType": "t3.nano"}
    made = small.ec2.run_instances(MinCount=1, MaxCount=MOST + 2, **wanted)["Instances"]
    assert len(made) == MOST
    small.made += [each["InstanceId"] for each in made]
    with pytest.raises(ClientError) as caught:
        small.ec2.run_instances(MinCount=1, MaxCount=1, **wanted)
    told = refused(caught)
    assert "sufficient t3.nano capacity in the Availability Zone you requested (us-east-1a)" in told
    assert f"{MOST * NANO_MIB} of the {LIMIT_MIB} MiB" in told
    assert "ec2.memory_percent" in told

    # One that is stopped takes none, and may have to wait to be started.
    first = small.made[0]
    small.wait_state(first, "running")
    small.ec2.stop_instances(InstanceIds=[first])
    small.wait_state(first, "stopped")
    other = small.launch()[0]["InstanceId"]
    with pytest.raises(ClientError) as caught:
        small.ec2.start_instances(InstanceIds=[first])
    assert "t3.nano" in refused(caught)
    assert small.find(first)["State"]["Name"] == "stopped"
    small.terminate(other)
    small.ec2.start_instances(InstanceIds=[first])
    small.wait_state(first, "running")
    small.clear()


def test_the_least_that_is_wanted_must_have_room(small: Guests) -> None:
    with pytest.raises(ClientError) as caught:
        small.ec2.run_instances(MinCount=MOST + 1, MaxCount=MOST + 1, ImageId=small.image, InstanceType="t3.nano")
    refused(caught)
    assert all(
        each["State"]["Name"] == "terminated"
        for group in small.ec2.describe_instances()["Reservations"]
        for each in group["Instances"]
    )
