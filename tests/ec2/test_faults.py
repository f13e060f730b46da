"""The server is killed at every step of what it does for instances and networks: the next one makes good what is half
done, and nothing is left over on the host."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Iterator
from functools import partial
from threading import Timer
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError

from tests.ec2.conftest import tagged
from tools.harness.faults import Step, Steps, left_after, once
from tools.harness.instances import Guests, prepare_machines, public_cidr, wait_for, what_lacks, with_instances
from tools.harness.server import Server

_TOKENS = itertools.count()
_PATIENCE = 60.0
_BOOT_SECONDS = 120.0
VM = {"TagSpecifications": tagged("instance", **{"aerolith:driver": "vm"})}


class Bench:
    """A server of the test's own, killed and started all the time, with one instance at a time."""

    def __init__(self, server: Server, steps: Steps, guests: Guests) -> None:
        self.server = server
        self.steps = steps
        self.guests = guests
        self.ec2 = guests.ec2
        self.wanted: dict[str, Any] = {}
        self.run_at: Step | None = None

    def run(self, token: str) -> str:
        return str(self.guests.launch(ClientToken=token, **self.wanted)[0]["InstanceId"])

    def run_killed(self, at: Step | None) -> dict[str, Any]:
        """Answered or not, one instance runs in the end."""
        self.run_at = at
        token = f"token-{next(_TOKENS)}"
        instance = self.steps.kill_at(at, lambda: self.run(token)) if at else self.run(token)
        if instance is None:
            instance = self.run(token)
        running = self.guests.wait_state(instance, "running", _PATIENCE)
        self.guests.login(running).wait(_BOOT_SECONDS)
        found = self.ec2.describe_instances(Filters=[{"Name": "client-token", "Values": [token]}])["Reservations"]
        assert [each["InstanceId"] for group in found for each in group["Instances"]] == [instance]
        return running

    def change(self, instance: str, at: Step | None, call: Callable[..., Any], before: str, after: str) -> None:
        """Stop, start, terminate. What wasn't answered is asked again where it wasn't begun."""
        answer = self.steps.kill_at(at, lambda: call(InstanceIds=[instance])) if at else call(InstanceIds=[instance])
        if answer is None and self.guests.find(instance)["State"]["Name"] == before:
            call(InstanceIds=[instance])
        self.guests.wait_state(instance, after, _PATIENCE)

    def expect(self, things: list[str], after: str) -> None:
        """All there is on the host. A process that was told to end may take a moment."""
        assert not left_after(self.server, things), f"after {after}"

    def stop(self, instance: str, at: Step | None = None) -> None:
        self.change(instance, at, self.ec2.stop_instances, "running", "stopped")
        volume = self.guests.find(instance)["BlockDeviceMappings"][0]["Ebs"]["VolumeId"]
        self.expect([f"volume {volume}.qcow2"], f"a stop with a kill at {at}")

    def start(self, instance: str, at: Step | None = None) -> None:
        self.change(instance, at, self.ec2.start_instances, "stopped", "running")
        self.guests.login(self.guests.find(instance)).wait(_BOOT_SECONDS)

    def terminate(self, instance: str, at: Step | None = None, before: str = "running") -> None:
        self.change(instance, at, self.ec2.terminate_instances, before, "terminated")
        self.guests.made.clear()
        self.expect([], f"an end with a kill at {at}, of one run with a kill at {self.run_at}")
        assert self.ec2.describe_volumes()["Volumes"] == []
        assert self.ec2.describe_network_interfaces()["NetworkInterfaces"] == []


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Iterator[Bench]:
    folder = tmp_path_factory.mktemp("faults")
    number = int(worker_id.removeprefix("gw") or 0) if worker_id != "master" else 0
    server = Server(folder, settings={"AEROLITH_EC2_PUBLIC_CIDR": public_cidr(number, 2)})
    lacks = what_lacks(server, "containers")
    if lacks:
        pytest.skip(f"no instances here: {lacks}")
    steps = Steps(server, folder / "steps")
    with with_instances(server):
        yield Bench(server, steps, Guests(server, folder))


@pytest.fixture
def containers(bench: Bench) -> Bench:
    bench.wanted = {}
    return bench


@pytest.fixture
def machines(bench: Bench) -> Bench:
    lacks = prepare_machines(bench.server)
    if lacks:
        pytest.skip(f"no virtual machines here: {lacks}")
    bench.wanted = VM
    return bench


def rounds(*walks: list[Step]) -> Iterator[tuple[Step | None, ...]]:
    return itertools.zip_longest(*walks)


def more_than_once(steps: list[Step]) -> list[Step]:
    return [step for step in steps if step.time > 1]


def of_the_driver(steps: list[Step]) -> list[Step]:
    return [step for step in once(steps) if step.name.startswith("vm/")]


def walk_run_and_terminate(bench: Bench, choose: Callable[[list[Step]], list[Step]]) -> None:
    made: list[str] = []
    running = bench.steps.record(lambda: made.append(bench.run_killed(None)["InstanceId"]))
    ending = bench.steps.record(lambda: bench.terminate(made[0]))
    assert {"run-instances/committed", "launch/launched", "fabric/rules-set", "volume/written"} <= {
        step.name for step in running
    }
    assert {"instance-states/committed", "terminate/volumes-removed", "edge/forwarding-off"} <= {
        step.name for step in ending
    }
    for run_at, end_at in rounds(choose(running), choose(ending)):
        instance = bench.run_killed(run_at)
        bench.terminate(instance["InstanceId"], end_at)


def walk_stop_and_start(
    bench: Bench, choose: Callable[[list[Step]], list[Step]], choose_of_start: Callable[[list[Step]], list[Step]]
) -> None:
    instance = str(bench.run_killed(None)["InstanceId"])
    stopping = choose(bench.steps.record(lambda: bench.stop(instance)))
    starting = choose_of_start(bench.steps.record(lambda: bench.start(instance)))
    assert stopping or starting
    for stop_at, start_at in rounds(stopping, starting):
        bench.stop(instance, stop_at)
        bench.start(instance, start_at)
    bench.terminate(instance)


def walk_reboot(bench: Bench, choose: Callable[[list[Step]], list[Step]]) -> None:
    instance = bench.run_killed(None)
    identity, shell = str(instance["InstanceId"]), bench.guests.login(instance)

    def reboot(at: Step | None) -> None:
        shell.wait(_BOOT_SECONDS).run("touch /dev/shm/before")
        call = partial(bench.ec2.reboot_instances, InstanceIds=[identity])
        if at is None:
            call()
        elif bench.steps.kill_at(at, call) is None:
            call()  # perhaps a second time
        wait_for("the reboot", lambda: shell.attempt("test -e /dev/shm/before").returncode == 1, _BOOT_SECONDS)
        assert bench.guests.find(identity)["State"]["Name"] == "running", f"after a reboot with a kill at {at}"

    for at in choose(bench.steps.record(lambda: reboot(None))):
        reboot(at)
    bench.terminate(identity)


def walk_vpc(bench: Bench) -> None:
    token = itertools.count()

    def create() -> str:
        tags = tagged("vpc", number=str(next(token)))
        return str(bench.ec2.create_vpc(CidrBlock="10.9.0.0/16", TagSpecifications=tags)["Vpc"]["VpcId"])

    def others() -> set[str]:
        return {vpc["VpcId"] for vpc in bench.ec2.describe_vpcs()["Vpcs"]} - {bench.guests.vpc}

    def delete(vpc: str) -> str:
        bench.ec2.delete_vpc(VpcId=vpc)
        return vpc

    made: list[str] = []
    creating = bench.steps.record(lambda: made.append(create()))
    deleting = bench.steps.record(lambda: delete(made[0]))
    assert {"create-vpc/committed", "delete-vpc/committed"} <= {step.name for step in creating + deleting}
    for create_at, delete_at in rounds(creating, deleting):
        answered = bench.steps.kill_at(create_at, create) if create_at else create()
        # Whole or not at all, and there where it was promised.
        assert len(others()) <= 1
        assert answered is None or others() == {answered}, f"after a kill at {create_at}"
        for vpc in others() or {create()}:
            inside = [{"Name": "vpc-id", "Values": [vpc]}]
            assert len(bench.ec2.describe_route_tables(Filters=inside)["RouteTables"]) == 1
            assert len(bench.ec2.describe_security_groups(Filters=inside)["SecurityGroups"]) == 1
            if delete_at and bench.steps.kill_at(delete_at, partial(delete, vpc)):
                assert vpc not in others(), f"{vpc} is back after a kill at {delete_at}"
        for vpc in others():
            delete(vpc)
        bench.expect([], f"kills at {create_at} and {delete_at}")


def kill_at_random(bench: Bench, lives: int, seed: int) -> None:
    """Also in the middle of what other programs do for it."""
    chance = random.Random(seed)
    for life in range(lives):
        token = f"random-{life}"
        stopper = Timer(chance.uniform(0.0, 1.0), bench.server.kill)
        stopper.start()
        try:
            bench.run(token)
        except BotoCoreError:
            pass
        stopper.join()
        bench.server.start()
        instance = bench.run(token)
        bench.guests.login(bench.guests.wait_state(instance, "running", _PATIENCE)).wait()
        stopper = Timer(chance.uniform(0.0, 0.6), bench.server.kill)
        stopper.start()
        try:
            bench.ec2.terminate_instances(InstanceIds=[instance])
        except BotoCoreError:
            pass
        stopper.join()
        bench.server.start()
        bench.terminate(instance)


def test_kills_while_a_container_is_run_and_terminated(containers: Bench) -> None:
    walk_run_and_terminate(containers, once)


def test_kills_while_a_container_is_stopped_and_started(containers: Bench) -> None:
    # A start passes what a run passes, which another test walks.
    walk_stop_and_start(containers, once, lambda steps: [step for step in once(steps) if "instance" in step.name])


def test_kills_while_a_vpc_is_made_and_deleted(containers: Bench) -> None:
    walk_vpc(containers)


@pytest.mark.long
@pytest.mark.timeout(1200)
def test_kills_while_a_container_reboots(containers: Bench) -> None:
    walk_reboot(containers, once)


@pytest.mark.long
@pytest.mark.timeout(1200)
def test_kills_at_every_passing_of_every_step(containers: Bench) -> None:
    walk_run_and_terminate(containers, more_than_once)
    walk_stop_and_start(containers, more_than_once, lambda steps: steps)


@pytest.mark.long
@pytest.mark.timeout(1200)
def test_kills_at_any_time(containers: Bench) -> None:
    kill_at_random(containers, lives=40, seed=20261127)


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_kills_while_a_machine_is_run_and_terminated(machines: Bench) -> None:
    walk_run_and_terminate(machines, once)


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_kills_while_a_machine_is_stopped_started_and_rebooted(machines: Bench) -> None:
    walk_stop_and_start(machines, of_the_driver, of_the_driver)
    walk_reboot(machines, once)
