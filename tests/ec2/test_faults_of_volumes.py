"""The server is killed at every step of what it does for volumes: the next one makes good what is half done, what a guest
flushed is there, and nothing is left over."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest

from tests.ec2.conftest import tagged
from tools.harness.faults import Step, Steps, left_after, once, things_of
from tools.harness.instances import Guests, prepare_machines, public_cidr, wait_for, what_lacks, with_instances
from tools.harness.server import Server
from tools.harness.volumes import Volumes, login

_TOKENS = itertools.count()
_BOOT_SECONDS = 300.0


class Bench:
    """A server of the test's own with one instance, killed and started all the time."""

    def __init__(self, server: Server, steps: Steps, guests: Guests, zone: str) -> None:
        self.server = server
        self.steps = steps
        self.volumes = Volumes(guests, zone)
        self.guests = guests
        self.ec2 = guests.ec2
        self.wanted: dict[str, Any] = {}  # of the volumes that are made

    def asked(self, at: Step | None, call: Callable[[], Any], is_done: Callable[[], bool]) -> None:
        """`call`, killed there; what wasn't answered is asked again where it wasn't begun."""
        if at is None or self.steps.kill_at(at, call) is None and not is_done():
            call()

    def create(self, at: Step | None = None) -> str:
        token = f"token-{next(_TOKENS)}"
        make = partial(self.volumes.ask, ClientToken=token, **self.wanted)
        if at:
            self.steps.kill_at(at, make)
        # The same one, answered or not.
        volume = str(make()["VolumeId"])
        assert [each["VolumeId"] for each in self.free()] == [volume], f"after a kill at {at}"
        self.volumes.made = [volume]
        return self.volumes.wait(volume, "available")

    def free(self) -> list[dict[str, Any]]:
        return [each for each in self.ec2.describe_volumes()["Volumes"] if not each["Attachments"]]

    def attach(self, volume: str, instance: str, at: Step | None = None) -> None:
        call = partial(self.ec2.attach_volume, VolumeId=volume, InstanceId=instance, Device="/dev/sdf")
        self.asked(at, call, lambda: bool(self.volumes.find(volume)["Attachments"]))
        self.volumes.wait(volume, "in-use")

    def detach(self, volume: str, at: Step | None = None) -> None:
        call = partial(self.ec2.detach_volume, VolumeId=volume)
        state = partial(self.volumes.find, volume)
        self.asked(at, call, lambda: [each["State"] for each in state()["Attachments"]] != ["attached"])
        self.volumes.wait(volume, "available")

    def grow(self, volume: str, at: Step | None = None) -> int:
        size = int(self.volumes.find(volume)["Size"]) + 1
        call = partial(self.ec2.modify_volume, VolumeId=volume, Size=size)

        def modified() -> dict[str, Any] | None:
            filters = [{"Name": "volume-id", "Values": [volume]}, {"Name": "target-size", "Values": [str(size)]}]
            found = self.ec2.describe_volumes_modifications(Filters=filters)["VolumesModifications"]
            return dict(found[0]) if found else None

        self.asked(at, call, lambda: modified() is not None)
        wait_for("the end of the modification", lambda: (modified() or {}).get("ModificationState") == "completed")
        return size

    def delete(self, volume: str, at: Step | None = None) -> None:
        self.asked(at, partial(self.ec2.delete_volume, VolumeId=volume), lambda: not self._is_there(volume))
        wait_for(f"{volume} to be gone", lambda: not self.volumes.exists(volume))

    def _is_there(self, volume: str) -> bool:
        return self.volumes.exists(volume) and self.volumes.find(volume)["State"] != "deleting"


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
        guests = Guests(server, folder)
        subnets = guests.ec2.describe_subnets(Filters=[{"Name": "vpc-id", "Values": [guests.vpc]}])["Subnets"]
        yield Bench(server, steps, guests, sorted(each["AvailabilityZone"] for each in subnets)[0])


def walk(bench: Bench, device: str, **wanted: Any) -> None:
    running = bench.guests.start(**wanted)
    instance, shell = running["InstanceId"], login(bench.volumes, running).wait(_BOOT_SECONDS)
    before = things_of(bench.server)
    volume = bench.create()
    write = f"echo {{}} | dd of={device} conv=fsync 2>/dev/null"
    attaching = once(bench.steps.record(lambda: bench.attach(volume, instance)))
    wait_for("the device", lambda: shell.attempt(f"test -b {device}").returncode == 0)
    growing = once(bench.steps.record(lambda: bench.grow(volume)))
    detaching = once(bench.steps.record(lambda: bench.detach(volume)))
    bench.delete(volume)
    assert {"attach-volume/committed", "disk/attached", "disk/noted"} <= {step.name for step in attaching}
    assert {"modify-volume/committed", "disk/grown-online", "disk/limited"} <= {step.name for step in growing}
    assert {"detach-volume/committed", "disk/detached"} <= {step.name for step in detaching}
    for number, kills in enumerate(itertools.zip_longest(attaching, growing, detaching)):
        attach_at, grow_at, detach_at = kills
        told = f"kills at {attach_at}, {grow_at}, {detach_at}"
        volume = bench.create()
        bench.attach(volume, instance, attach_at)
        wait_for(f"the device, {told}", lambda: shell.attempt(f"test -b {device}").returncode == 0)
        shell.run(write.format(number))
        size = bench.grow(volume, grow_at)
        wait_for(
            f"the guest to see it grown, {told}",
            lambda size=size: int(shell.run(f"blockdev --getsize64 {device}")) == size << 30,
        )
        bench.detach(volume, detach_at)
        assert shell.attempt(f"test -b {device}").returncode == 1, told
        bench.attach(volume, instance)
        wait_for(f"the device again, {told}", lambda: shell.attempt(f"test -b {device}").returncode == 0)
        assert shell.run(f"head -c {len(str(number))} {device}") == str(number), told
        bench.detach(volume)
        bench.delete(volume)
        assert not left_after(bench.server, before), told
    bench.guests.terminate(instance)


def test_kills_while_a_volume_is_made_and_deleted(bench: Bench) -> None:
    made: list[str] = []
    before = things_of(bench.server)
    making = once(bench.steps.record(lambda: made.append(bench.create())))
    deleting = once(bench.steps.record(lambda: bench.delete(made[0])))
    assert {"create-volume/committed", "volume/made", "volume/noted"} <= {step.name for step in making}
    assert {"delete-volume/committed", "volume/removed", "volume/forgotten"} <= {step.name for step in deleting}
    for make_at, delete_at in itertools.zip_longest(making, deleting):
        volume = bench.create(make_at)
        bench.delete(volume, delete_at)
        told = f"kills at {make_at} and {delete_at}"
        assert bench.free() == [], told
        assert not left_after(bench.server, before), told


def test_kills_while_a_snapshot_is_deleted(bench: Bench) -> None:
    """And a volume that was made of it, which needs its file."""
    volume = bench.create()
    files = bench.server.data_folder / "blocks"

    def stored() -> set[str]:
        places = ("snapshots", "store/snapshots", "store/packs")
        return {path.name for part in places for path in (files / part).iterdir()}

    def make() -> str:
        made = str(bench.ec2.create_snapshot(VolumeId=volume)["SnapshotId"])
        wait_for(f"{made} to be completed", lambda: states().get(made) == "completed")
        return made

    def states() -> dict[str, str]:
        found = bench.ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"]
        return {each["SnapshotId"]: each["State"] for each in found}

    def delete(snapshot: str, at: Step | None = None) -> None:
        bench.asked(at, partial(bench.ec2.delete_snapshot, SnapshotId=snapshot), lambda: snapshot not in states())
        wait_for(f"{snapshot} to be gone after a kill at {at}", lambda: stored() == before)

    before, recorded = stored(), make()
    steps = bench.steps.record(lambda: delete(recorded))
    assert {"delete-snapshot/committed", "snapshot/removed"} <= {step.name for step in steps}
    for step in steps:
        delete(make(), step)
        assert states() == {}, f"killed at {step}"
    bench.delete(volume)


def test_kills_while_a_container_gets_grows_and_loses_a_volume(bench: Bench) -> None:
    walk(bench, "/dev/sdf")


@pytest.fixture
def encrypted(bench: Bench) -> Iterator[Bench]:
    bench.wanted = {"Encrypted": True}
    yield bench
    bench.wanted = {}


@pytest.mark.long
@pytest.mark.timeout(1200)
def test_kills_while_an_encrypted_volume_is_made_and_deleted(encrypted: Bench) -> None:
    test_kills_while_a_volume_is_made_and_deleted(encrypted)


@pytest.mark.long
@pytest.mark.timeout(1200)
def test_kills_while_a_snapshot_of_an_encrypted_volume_is_deleted(encrypted: Bench) -> None:
    test_kills_while_a_snapshot_is_deleted(encrypted)


@pytest.mark.long
@pytest.mark.timeout(1200)
def test_kills_while_a_container_gets_grows_and_loses_an_encrypted_volume(encrypted: Bench) -> None:
    walk(encrypted, "/dev/sdf")


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_kills_while_a_machine_gets_grows_and_loses_a_volume(bench: Bench) -> None:
    lacks = prepare_machines(bench.server)
    if lacks:
        pytest.skip(f"no virtual machines here: {lacks}")
    walk(bench, "/dev/vdb", TagSpecifications=tagged("instance", **{"aerolith:driver": "vm"}))
