"""Guests that don't boot, and guests that die: what is told of them, and that they start again."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
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


def with_busybox(disk: Path, *programs: str) -> Path:
    busybox = shutil.which("busybox")
    if busybox is None:
        pytest.skip("no busybox here")
    for program in programs:
        for command in (f"write {busybox} sbin/{program}", f"sif sbin/{program} mode 0100755"):
            subprocess.run(["debugfs", "-w", "-R", command, str(disk)], check=True, capture_output=True)
    return disk


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


def test_what_an_init_said_before_it_fell_over_is_told_until_the_next_start(own: Guests, tmp_path: Path) -> None:
    """Each start counts: the console begins anew with it."""
    disk = file_system(tmp_path, init="#!/sbin/sh\necho >> /count\necho fell over $(wc -l < /count)\nexit 7\n")
    image = bring_in(own.server, with_busybox(disk, "sh", "wc"), "falls-over")
    instance = own.launch(ImageId=image, **driven_by("container"))[0]["InstanceId"]
    for start in (1, 2):
        own.wait_state(instance, "stopped")
        told = own.ec2.get_console_output(InstanceId=instance, Latest=True)["Output"]
        assert [line.strip() for line in told.splitlines() if "fell over" in line] == [f"fell over {start}"]
        own.ec2.start_instances(InstanceIds=[instance])
    own.wait_state(instance, "stopped")


@pytest.mark.parametrize(
    ("forced", "seconds"), [(True, 30), pytest.param(False, 90, marks=[pytest.mark.long, pytest.mark.timeout(200)])]
)
def test_a_guest_that_does_not_shut_down_is_ended(own: Guests, tmp_path: Path, forced: bool, seconds: int) -> None:
    """At once, or nearly so, where that is asked for; else when it has had its minute."""
    init = "#!/sbin/sh\ntrap : TERM USR1 USR2\nwhile :; do sleep 0.2; done\n"
    disk = with_busybox(file_system(tmp_path, init=init), "sh", "sleep")
    image = bring_in(own.server, disk, f"does-not-listen-{seconds}")
    instance = own.start(ImageId=image, **driven_by("container"))["InstanceId"]
    time.sleep(1)  # until it has set its traps
    own.ec2.stop_instances(InstanceIds=[instance], Force=forced)
    begin = time.monotonic()
    own.wait_state(instance, "stopped", seconds)
    if not forced:
        assert time.monotonic() - begin > 30
    assert not any(instance in trace for trace in traces_of(own.server))


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
    assert "BEGIN SSH HOST KEY KEYS" in own.ec2.get_console_output(InstanceId=instance)["Output"]
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
