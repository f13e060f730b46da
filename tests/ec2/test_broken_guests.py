"""Guests that don't boot, and guests that die: what is told of them, and that they start again."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.ec2.conftest import tagged
from tools.harness.instances import Guests, mark_of, prepare_machines, traces_of, wait_for, what_lacks
from tools.harness.small_images import bring_in, file_system, garbage


def driven_by(driver: str) -> dict[str, Any]:
    return {"TagSpecifications": tagged("instance", **{"aerolith:driver": driver})}


@pytest.fixture
def own(guests: Guests) -> Iterator[Guests]:
    """Guests of the test's own: gone after it."""
    others = list(guests.made)
    yield guests
    guests.terminate(*[instance for instance in guests.made if instance not in others])


@pytest.fixture
def machines(own: Guests) -> Guests:
    lacks = what_lacks(own.server, "virtual machines")
    if lacks:
        pytest.skip(f"no virtual machines here: {lacks}")
    return own


def test_a_container_image_without_an_init_says_so(own: Guests, tmp_path: Path) -> None:
    image = bring_in(own.server, file_system(tmp_path), "no-init")
    instance = own.launch(ImageId=image, **driven_by("container"))[0]["InstanceId"]
    ended = own.wait_state(instance, "terminated")
    assert ended["StateReason"]["Code"] == "Client.InternalError"
    assert ended["StateReason"]["Message"] == "Client.InternalError: the image has no /sbin/init"
    assert not any(instance in trace for trace in traces_of(own.server))


def test_a_container_of_garbage_says_so(own: Guests, tmp_path: Path) -> None:
    image = bring_in(own.server, garbage(tmp_path), "garbage-for-containers")
    instance = own.launch(ImageId=image, **driven_by("container"))[0]["InstanceId"]
    reason = own.wait_state(instance, "terminated")["StateReason"]
    assert reason["Code"] == "Client.InternalError"
    assert "no file system" in reason["Message"]
    assert not any(instance in trace for trace in traces_of(own.server))


def test_an_init_that_ends_at_once_says_so(own: Guests, tmp_path: Path) -> None:
    image = bring_in(own.server, file_system(tmp_path, init="#!/no/such/interpreter\n"), "bad-init")
    instance = own.launch(ImageId=image, **driven_by("container"))[0]["InstanceId"]
    reason = own.wait_state(instance, "stopped")["StateReason"]
    assert reason["Code"] == "Server.InternalError"
    assert "its init ended with" in reason["Message"]


def test_a_machine_without_a_boot_loader_runs_and_its_console_says_why(machines: Guests, tmp_path: Path) -> None:
    image = bring_in(machines.server, garbage(tmp_path), "garbage-for-machines")
    instance = machines.start(ImageId=image, **driven_by("vm"))["InstanceId"]

    def said() -> bool:
        return "No bootable device" in machines.ec2.get_console_output(InstanceId=instance).get("Output", "")

    wait_for("the firmware to give up", said, 120)
    assert machines.find(instance)["State"]["Name"] == "running"


def kill_and_start_again(own: Guests, record: str, **wanted: Any) -> str:
    """SIGKILL to what the run folder says the guest's process is. Answers what was told of it."""
    instance = own.start(**wanted)["InstanceId"]
    shell = own.login(own.find(instance)).wait(180)
    shell.run("echo kept > /home/ec2-user/file && sync")
    files = list(Path("/run/aerolith", mark_of(own.server)).glob(f"*/{instance}/{record}"))
    os.kill(int(files[0].read_text().split()[0]), signal.SIGKILL)
    reason = own.wait_state(instance, "stopped")["StateReason"]
    assert reason["Code"] == "Server.InternalError"
    assert not any(instance in trace for trace in traces_of(own.server))
    own.ec2.start_instances(InstanceIds=[instance])
    again = own.wait_state(instance, "running", 120)
    assert "StateReason" not in again
    assert own.login(again).wait(180).run("cat /home/ec2-user/file") == "kept"
    return str(reason["Message"])


def test_a_container_whose_init_is_killed_is_stopped_and_starts_again(own: Guests) -> None:
    told = kill_and_start_again(own, "init.process")
    assert told == "Server.InternalError: its init was ended by signal 9"


@pytest.mark.timeout(900)
def test_a_machine_whose_qemu_is_killed_is_stopped_and_starts_again(machines: Guests) -> None:
    lacks = prepare_machines(machines.server)
    if lacks:
        pytest.skip(f"no virtual machines here: {lacks}")
    told = kill_and_start_again(machines, "qemu.process", **driven_by("vm"))
    assert told.startswith("Server.InternalError: QEMU ended without being told to")
