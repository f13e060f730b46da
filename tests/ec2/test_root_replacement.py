"""The root volume of a running instance is replaced; all else that it has stays with it."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.ec2.conftest import tagged
from tools.harness.faults import Steps, once, things_of
from tools.harness.instances import Guests, Login, public_cidr, wait_for, what_lacks, with_instances
from tools.harness.server import Server
from tools.harness.snapshots import Snapshots
from tools.harness.volumes import Volumes, login, refusal

NOWHERE = "replacevol-0123456789abcdef0"


def task_of(ec2: Any, task: str) -> dict[str, Any]:
    (seen,) = ec2.describe_replace_root_volume_tasks(ReplaceRootVolumeTaskIds=[task])["ReplaceRootVolumeTasks"]
    return dict(seen)


def wait_over(ec2: Any, task: str) -> dict[str, Any]:
    wait_for(f"the end of {task}", lambda: task_of(ec2, task)["TaskState"] not in ("pending", "in-progress", "failing"))
    return task_of(ec2, task)


def replace(guests: Guests, instance: str, **wanted: Any) -> dict[str, Any]:
    asked = guests.ec2.create_replace_root_volume_task(InstanceId=instance, **wanted)["ReplaceRootVolumeTask"]
    assert (asked["TaskState"], asked["InstanceId"]) == ("pending", instance)
    seen = wait_over(guests.ec2, asked["ReplaceRootVolumeTaskId"])
    assert seen["TaskState"] == "succeeded", seen
    assert seen["StartTime"] <= seen["CompleteTime"]
    return seen


def root_of(guests: Guests, instance: str) -> str:
    seen = guests.find(instance)
    (root,) = [each for each in seen["BlockDeviceMappings"] if each["DeviceName"] == seen["RootDeviceName"]]
    return str(root["Ebs"]["VolumeId"])


def what_stays(instance: dict[str, Any]) -> Any:
    names = ("PrivateIpAddress", "PublicIpAddress", "PrivateDnsName", "SubnetId", "LaunchTime")
    interfaces = [each["NetworkInterfaceId"] for each in instance["NetworkInterfaces"]]
    return [instance[name] for name in names], interfaces


def walk_through(volumes: Volumes, snapshots: Snapshots, running: dict[str, Any], seconds: float) -> None:
    guests, instance = volumes.guests, running["InstanceId"]
    shell = login(volumes, running).wait(seconds)
    before, first = what_stays(guests.find(instance)), root_of(guests, instance)
    data = volumes.make()
    volumes.attach(data, instance)
    shell.run("echo precious > /root/mark; sync")
    good = snapshots.make(first)
    shell.run("echo broken > /root/mark; sync")
    # As it was when it was launched.
    task = replace(guests, instance, TagSpecifications=tagged("replace-root-volume-task", why="test"))
    assert task["Tags"] == [{"Key": "why", "Value": "test"}] and not task["DeleteReplacedRootVolume"]
    second = root_of(guests, instance)
    assert second != first and volumes.find(first)["State"] == "available"
    volumes.made.append(first)
    assert what_stays(guests.find(instance)) == before
    shell = login(volumes, guests.find(instance)).wait(seconds)
    assert shell.attempt("test -e /root/mark").returncode == 1
    assert [
        each["VolumeId"]
        for each in volumes.ec2.describe_volumes(Filters=[{"Name": "attachment.instance-id", "Values": [instance]}])[
            "Volumes"
        ]
    ] == sorted([second, data])
    seen = volumes.find(second)
    assert seen["Attachments"][0]["DeleteOnTermination"] and seen["Size"] == volumes.find(first)["Size"]
    # What was kept of a root that was replaced, by its snapshot; this one goes.
    task = replace(guests, instance, SnapshotId=good, DeleteReplacedRootVolume=True)
    assert task["SnapshotId"] == good and task["DeleteReplacedRootVolume"]
    wait_for(f"{second} to be gone", lambda: not volumes.exists(second))
    shell = login(volumes, guests.find(instance)).wait(seconds)
    assert shell.run("cat /root/mark") == "precious"
    assert what_stays(guests.find(instance)) == before
    # And by an image.
    task = replace(guests, instance, ImageId=guests.image, DeleteReplacedRootVolume=True)
    assert task["ImageId"] == guests.image and guests.find(instance)["ImageId"] == guests.image
    shell = login(volumes, guests.find(instance)).wait(seconds)
    assert shell.attempt("test -e /root/mark").returncode == 1
    told = guests.ec2.describe_replace_root_volume_tasks(Filters=[{"Name": "instance-id", "Values": [instance]}])
    assert [each["TaskState"] for each in told["ReplaceRootVolumeTasks"]] == ["succeeded"] * 3
    volumes.detach(data)
    guests.terminate(instance)


def test_a_container_gets_another_root(volumes: Volumes, snapshots: Snapshots) -> None:
    walk_through(volumes, snapshots, volumes.guests.start(), 60)


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_a_machine_gets_another_root(volumes: Volumes, snapshots: Snapshots, machines: None) -> None:
    running = volumes.guests.start(TagSpecifications=tagged("instance", **{"aerolith:driver": "vm"}))
    walk_through(volumes, snapshots, running, 300)


def test_what_is_wrong_with_a_request(volumes: Volumes, snapshots: Snapshots, guest: dict[str, Any]) -> None:
    ec2, instance = volumes.ec2, guest["InstanceId"]
    ask = ec2.create_replace_root_volume_task
    foreign = snapshots.make()
    for wanted, expected in (
        ({"InstanceId": "i-0123456789abcdef0"}, "InvalidInstanceID.NotFound"),
        ({"SnapshotId": "snap-0123456789abcdef0"}, "InvalidSnapshot.NotFound"),
        ({"SnapshotId": foreign}, "InvalidParameterValue"),
        ({"ImageId": "ami-0123456789abcdef0"}, "InvalidAMIID.NotFound"),
        ({"ImageId": volumes.guests.image, "SnapshotId": foreign}, "InvalidParameterCombination"),
        ({"VolumeId": "vol-0123456789abcdef0"}, "InvalidVolume.NotFound"),
        ({"VolumeId": root_of(volumes.guests, instance)}, "VolumeInUse"),
        ({"VolumeId": volumes.make(AvailabilityZone=other_zone(volumes))}, "InvalidVolume.ZoneMismatch"),
        ({"VolumeId": volumes.make(VolumeType="st1", Size=125)}, "InvalidParameterValue"),
        ({"VolumeId": volumes.made[0], "SnapshotId": foreign}, "InvalidParameterCombination"),
        ({"TagSpecifications": tagged("volume", a="b")}, "InvalidParameterValue"),
        ({"DryRun": True}, "DryRunOperation"),
    ):
        assert refusal(ask, **{"InstanceId": instance, **wanted})[0] == expected, wanted
    describe = ec2.describe_replace_root_volume_tasks
    assert refusal(describe, ReplaceRootVolumeTaskIds=[NOWHERE])[0] == "InvalidReplaceRootVolumeTaskId.NotFound"
    assert refusal(describe, Filters=[{"Name": "nothing", "Values": ["x"]}])[0] == "InvalidParameterValue"


def other_zone(volumes: Volumes) -> str:
    zones = [each["ZoneName"] for each in volumes.ec2.describe_availability_zones()["AvailabilityZones"]]
    return str(next(each for each in zones if each != volumes.zone))


def walk_through_given(volumes: Volumes, snapshots: Snapshots, running: dict[str, Any], seconds: float) -> None:
    guests, instance = volumes.guests, running["InstanceId"]
    shell = login(volumes, running).wait(seconds)
    shell.run("echo precious > /root/mark; sync")
    before, first = what_stays(guests.find(instance)), root_of(guests, instance)
    given = volumes.make(SnapshotId=snapshots.make(first), VolumeType="gp2", Size=2)
    shell.run("echo broken > /root/mark; sync")
    ask = volumes.ec2.create_replace_root_volume_task
    task = ask(InstanceId=instance, VolumeId=given, DeleteReplacedRootVolume=True)["ReplaceRootVolumeTask"]
    assert "SnapshotId" not in task and "ImageId" not in task
    # It is the instance's from the call on.
    assert volumes.find(given)["State"] == "in-use"
    assert refusal(volumes.ec2.delete_volume, VolumeId=given)[0] == "VolumeInUse"
    assert refusal(volumes.ec2.detach_volume, VolumeId=given)[0] == "OperationNotPermitted"
    assert wait_over(guests.ec2, task["ReplaceRootVolumeTaskId"])["TaskState"] == "succeeded"
    seen = volumes.find(given)
    assert root_of(guests, instance) == given and (seen["VolumeType"], seen["Size"]) == ("gp2", 2)
    assert (seen["Attachments"][0]["State"], seen["Attachments"][0]["InstanceId"]) == ("attached", instance)
    wait_for(f"{first} to be gone", lambda: not volumes.exists(first))
    shell = login(volumes, guests.find(instance)).wait(seconds)
    assert shell.run("cat /root/mark") == "precious"
    assert what_stays(guests.find(instance)) == before


def test_a_container_gets_a_volume_that_is_there(volumes: Volumes, snapshots: Snapshots) -> None:
    running = volumes.guests.start()
    walk_through_given(volumes, snapshots, running, 60)
    # Nothing starts from an empty one: the instance goes on with the root that it has.
    instance, empty = running["InstanceId"], volumes.make()
    root = root_of(volumes.guests, instance)
    ask = volumes.ec2.create_replace_root_volume_task
    task = ask(InstanceId=instance, VolumeId=empty, DeleteReplacedRootVolume=True)["ReplaceRootVolumeTask"]
    assert wait_over(volumes.ec2, task["ReplaceRootVolumeTaskId"])["TaskState"] == "failed"
    assert root_of(volumes.guests, instance) == root
    shell = login(volumes, volumes.guests.find(instance)).wait()
    assert shell.run("cat /root/mark") == "precious"
    volumes.wait(empty, "available")
    volumes.attach(empty, instance)
    volumes.detach(empty)
    volumes.guests.terminate(instance)


@pytest.mark.long
@pytest.mark.timeout(900)
def test_a_machine_gets_a_volume_that_is_there(volumes: Volumes, snapshots: Snapshots, machines: None) -> None:
    running = volumes.guests.start(TagSpecifications=tagged("instance", **{"aerolith:driver": "vm"}))
    walk_through_given(volumes, snapshots, running, 300)
    volumes.guests.terminate(running["InstanceId"])


def test_an_instance_that_is_down_keeps_its_root(volumes: Volumes) -> None:
    instance = volumes.guests.start()["InstanceId"]
    volumes.ec2.stop_instances(InstanceIds=[instance])
    volumes.guests.wait_state(instance, "stopped")
    ask = volumes.ec2.create_replace_root_volume_task
    assert refusal(ask, InstanceId=instance)[0] == "IncorrectInstanceState"
    volumes.guests.terminate(instance)


def test_the_same_token_is_the_same_task(volumes: Volumes) -> None:
    guests, token = volumes.guests, f"replace-{time.monotonic_ns()}"
    instance = guests.start()["InstanceId"]
    wanted = {"InstanceId": instance, "ClientToken": token, "DeleteReplacedRootVolume": True}
    ask = volumes.ec2.create_replace_root_volume_task
    first = ask(**wanted)["ReplaceRootVolumeTask"]["ReplaceRootVolumeTaskId"]
    assert ask(**wanted)["ReplaceRootVolumeTask"]["ReplaceRootVolumeTaskId"] == first
    # Whatever comes meanwhile waits.
    guests.terminate(instance)
    assert task_of(volumes.ec2, first)["TaskState"] == "succeeded"


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Iterator[tuple[Guests, Steps]]:
    """A server of the test's own, killed and started all the time."""
    folder = tmp_path_factory.mktemp("faults")
    number = int(worker_id.removeprefix("gw") or 0) if worker_id != "master" else 0
    server = Server(folder, settings={"AEROLITH_EC2_PUBLIC_CIDR": public_cidr(number, 3)})
    lacks = what_lacks(server, "containers")
    if lacks:
        pytest.skip(f"no instances here: {lacks}")
    steps = Steps(server, folder / "steps")
    with with_instances(server):
        yield Guests(server, folder), steps


@pytest.mark.long
@pytest.mark.timeout(1200)
def test_the_server_killed_at_each_step_of_it(killed: tuple[Guests, Steps]) -> None:
    guests, steps = killed
    tokens = itertools.count()
    running = guests.start()
    instance = running["InstanceId"]
    shell = Login(running["PublicIpAddress"], guests.key_file, "root").wait()

    def ask(token: str) -> str:
        asked = guests.ec2.create_replace_root_volume_task(
            InstanceId=instance, ClientToken=token, DeleteReplacedRootVolume=True
        )
        return str(asked["ReplaceRootVolumeTask"]["ReplaceRootVolumeTaskId"])

    def whole() -> None:
        assert wait_over(guests.ec2, ask(f"recorded-{next(tokens)}"))["TaskState"] == "succeeded"

    def log_in(told: str) -> Login:
        try:
            return shell.wait()
        except AssertionError as late:
            console = guests.ec2.get_console_output(InstanceId=instance, Latest=True).get("Output", "")
            raise AssertionError(f"{told}: {late}\n{console[-3000:]}\n{guests.server.log()[-3000:]}") from late

    passed = once(steps.record(whole))
    print(*passed)
    names = {step.name for step in passed}
    assert {"replace-root/committed", "replace-root/volume-made", "replace-root/down", "replace-root/noted"} <= names
    before = len(things_of(guests.server))
    for step in passed:
        old = root_of(guests, instance)
        told = f"killed at {step}"
        log_in(f"before it is {told}").run("echo old > /root/mark; sync")
        token = f"killed-{next(tokens)}"
        steps.kill_at(step, lambda token=token: ask(token))
        seen = wait_over(guests.ec2, ask(token))
        assert seen["TaskState"] == "succeeded", told
        assert root_of(guests, instance) != old, told
        assert log_in(told).attempt("test -e /root/mark").returncode == 1, told
        wait_for(
            f"{old} to be gone, {told}",
            lambda old=old: (
                not guests.ec2.describe_volumes(Filters=[{"Name": "volume-id", "Values": [old]}])["Volumes"]
            ),
        )
        # Other names, as many things.
        wait_for(f"nothing to be left over, {told}", lambda: len(things_of(guests.server)) == before, 30)
    guests.terminate(instance)
