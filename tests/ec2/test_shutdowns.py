"""How guests end: in order where they are given the time, at once where that is skipped or nobody listens."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.ec2.conftest import tagged
from tools.harness.instances import Guests, wait_for
from tools.harness.small_images import bring_in, file_system, garbage
from tools.harness.volumes import Volumes, login

# Told to end, it takes a second to write to the volume that it did.
_MARK = """trap 'sleep 1; printf "ended in order" | dd of={device} bs=512 conv=sync,fsync; exit' TERM
while :; do sleep 0.1; done
"""
# An init that knows what it is asked, and never does it.
_STUBBORN = """#!/sbin/busybox sh
trap : TERM
while :; do /sbin/busybox sleep 0.1; done
"""
# The kernel keeps from an init all signals that it doesn't ask for.
_DEAF = """#!/sbin/busybox sh
exec /sbin/busybox sleep 100000
"""


def driven_by(driver: str) -> dict[str, Any]:
    return {"TagSpecifications": tagged("instance", **{"aerolith:driver": driver})}


@pytest.fixture
def own(guests: Guests) -> Iterator[Guests]:
    """Guests of the test's own: gone after it, however they behave."""
    others = list(guests.made)
    yield guests
    left = [instance for instance in guests.made if instance not in others]
    if left:
        guests.ec2.terminate_instances(InstanceIds=left, SkipOsShutdown=True)
    guests.terminate(*left)


def image_of(own: Guests, folder: Path, name: str, init: str) -> str:
    busybox = Path(str(shutil.which("busybox")))
    return bring_in(own.server, file_system(folder, init=init, busybox=busybox.read_bytes()), name)


def ends_in(own: Guests, instance: str, state: str = "terminated") -> float:
    begin = time.monotonic()
    own.wait_state(instance, state)
    return time.monotonic() - begin


def leave_mark(own: Guests, volumes: Volumes, device: str, instance: dict[str, Any]) -> str:
    """A program in the guest that marks a volume when the guest shuts down. The volume, which stays."""
    volume = volumes.make(Size=1)
    volumes.attach(volume, instance["InstanceId"])
    shell = login(volumes, instance).wait()
    wait_for("the device", lambda: shell.attempt(f"test -b {device}").returncode == 0)
    began = f"cat > /tmp/mark <<'END'\n{_MARK.format(device=device)}END\n"
    waiting = shell.run(began + "sh /tmp/mark > /tmp/mark.log 2>&1 < /dev/null &\necho $!")
    assert "mark" in shell.run(f"cat /proc/{waiting}/cmdline | tr '\\0' ' '")
    return volume


def mark_on(own: Guests, volumes: Volumes, volume: str) -> str:
    volumes.wait(volume, "available")
    reader = own.start()
    volumes.attach(volume, reader["InstanceId"])
    return login(volumes, reader).wait().run("head -c 14 /dev/sdf | tr -d '\\0'")


@pytest.mark.parametrize("driver", ["container", "vm"])
def test_a_guest_shuts_down_before_it_is_terminated(
    own: Guests, volumes: Volumes, driver: str, request: pytest.FixtureRequest
) -> None:
    if driver == "vm":
        request.getfixturevalue("machines")
    instance = own.start(**driven_by(driver))
    volume = leave_mark(own, volumes, "/dev/vdb" if driver == "vm" else "/dev/sdf", instance)
    answer = own.ec2.terminate_instances(InstanceIds=[instance["InstanceId"]])["TerminatingInstances"][0]
    assert answer["CurrentState"]["Name"] == "shutting-down"
    seen = own.find(instance["InstanceId"])
    assert seen["State"]["Name"] == "shutting-down"
    assert len(seen["BlockDeviceMappings"]) == 2
    ends_in(own, instance["InstanceId"])
    assert mark_on(own, volumes, volume) == "ended in order"


@pytest.mark.parametrize("call", ["terminate_instances", "stop_instances"])
def test_its_shutdown_may_be_skipped(own: Guests, volumes: Volumes, call: str) -> None:
    instance = own.start()
    volume = leave_mark(own, volumes, "/dev/sdf", instance)
    getattr(own.ec2, call)(InstanceIds=[instance["InstanceId"]], SkipOsShutdown=True)
    assert ends_in(own, instance["InstanceId"], "stopped" if call == "stop_instances" else "terminated") < 10
    own.terminate(instance["InstanceId"])
    assert mark_on(own, volumes, volume) == ""


def test_a_kill_of_the_server_meanwhile_costs_the_guest_nothing(own: Guests, volumes: Volumes) -> None:
    instance = own.start()
    volume = leave_mark(own, volumes, "/dev/sdf", instance)
    own.ec2.terminate_instances(InstanceIds=[instance["InstanceId"]])
    time.sleep(0.3)
    own.server.kill()
    own.server.start()
    ends_in(own, instance["InstanceId"])
    assert mark_on(own, volumes, volume) == "ended in order"


def test_many_quick_guests_end_quickly(own: Guests) -> None:
    instances = [each["InstanceId"] for each in own.launch(8)]
    for each in instances:
        own.login(own.wait_state(each, "running")).wait()
    begin = time.monotonic()
    own.terminate(*instances)
    assert time.monotonic() - begin < 10


def test_an_init_that_does_not_listen_is_not_waited_for(own: Guests, tmp_path: Path) -> None:
    image = image_of(own, tmp_path, "deaf", _DEAF)
    instance = own.start(ImageId=image)["InstanceId"]
    own.ec2.terminate_instances(InstanceIds=[instance])
    assert ends_in(own, instance) < 20


def test_a_machine_that_does_not_boot_is_not_waited_for(own: Guests, machines: None, tmp_path: Path) -> None:
    image = bring_in(own.server, garbage(tmp_path), "garbage-that-ends")
    instance = own.start(ImageId=image, **driven_by("vm"))["InstanceId"]
    wait_for(
        "the firmware to give up",
        lambda: "No bootable device" in own.ec2.get_console_output(InstanceId=instance).get("Output", ""),
        120,
    )
    own.ec2.terminate_instances(InstanceIds=[instance])
    assert ends_in(own, instance) < 20


def test_a_guest_that_hangs_is_given_less_time_where_that_is_forced_and_holds_up_nobody(
    own: Guests, tmp_path: Path
) -> None:
    image = image_of(own, tmp_path, "stubborn", _STUBBORN)
    hung = [each["InstanceId"] for each in own.launch(6, ImageId=image)]
    for each in hung:
        own.wait_state(each, "running")
    own.ec2.terminate_instances(InstanceIds=hung)
    other = own.start()["InstanceId"]
    own.ec2.terminate_instances(InstanceIds=[other])
    assert ends_in(own, other) < 20
    own.made.remove(other)
    assert {own.find(each)["State"]["Name"] for each in hung} == {"shutting-down"}
    own.ec2.terminate_instances(InstanceIds=hung[:3], Force=True)
    own.ec2.terminate_instances(InstanceIds=hung[3:], SkipOsShutdown=True)
    for each in hung:
        assert ends_in(own, each) < 30
