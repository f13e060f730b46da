"""A guest writes in an order that can be told, each write flushed before the next. Snapshots under that load are each of one
moment; what was flushed survives whatever is killed, and a power cut."""

from __future__ import annotations

import os
import random
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.ec2.conftest import tagged
from tools.harness import ordered
from tools.harness.faults import left_after, things_of
from tools.harness.instances import Guests, mark_of, prepare_machines, public_cidr, wait_for, what_lacks, with_instances
from tools.harness.losing_disk import LosingDisk, losing_disk, missing_for_power_cuts
from tools.harness.ordered import Writing, moment_of
from tools.harness.preload import missing_compiler
from tools.harness.server import Server
from tools.harness.small_disk import CannotMount
from tools.harness.snapshots import Snapshots
from tools.harness.volumes import Volumes, login

_BOOT_SECONDS = 300.0
VM = {"TagSpecifications": tagged("instance", **{"aerolith:driver": "vm"})}
CONTAINER: dict[str, Any] = {}

pytestmark = [pytest.mark.skipif(missing_compiler() != "", reason=missing_compiler()), pytest.mark.timeout(900)]


class Bench:
    """An instance with the writer in it and volumes to write to."""

    def __init__(self, volumes: Volumes, program: Path, devices: tuple[str, ...], **wanted: Any) -> None:
        self.volumes, self.guests, self.program = volumes, volumes.guests, program
        self.instance = str(self.guests.start(**wanted)["InstanceId"])
        self.ids = [volumes.make() for _ in devices]
        self.devices = devices
        self.login()
        for volume, letter in zip(self.ids, "fgh", strict=False):
            volumes.attach(volume, self.instance, f"/dev/sd{letter}")
        for device in devices:
            self.wait_device(device)

    def login(self) -> None:
        """After each boot."""
        self.guests.wait_state(self.instance, "running")
        self.shell = login(self.volumes, self.guests.find(self.instance)).wait(_BOOT_SECONDS)
        ordered.carry(self.shell, self.program)

    def wait_device(self, device: str) -> None:
        wait_for(device, lambda: self.shell.attempt(f"test -b {device}").returncode == 0)

    def write(self, first: int = 1) -> Writing:
        return Writing(self.shell, self.devices, first)

    def moment(self) -> int:
        return moment_of(ordered.look(self.shell, self.devices), len(self.devices))

    def moment_of_snapshots(self, snapshots: list[str], devices: tuple[str, ...]) -> int:
        restored = [self.volumes.make(SnapshotId=each, Size=None) for each in snapshots]
        for volume, letter in zip(restored, "mno", strict=False):
            self.volumes.attach(volume, self.instance, f"/dev/sd{letter}")
        for device in devices:
            self.wait_device(device)
        found = moment_of(ordered.look(self.shell, devices), len(devices))
        for volume in restored:
            self.volumes.detach(volume)
            self.volumes.delete(volume)
        return found


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return ordered.build(tmp_path_factory.mktemp("writer"))


@pytest.fixture
def own(guests: Guests, volumes: Volumes) -> Iterator[Volumes]:
    """Instances that a test launches go before its volumes."""
    others = list(guests.made)
    yield volumes
    guests.terminate(*[each for each in guests.made if each not in others])


@pytest.fixture
def machines(own: Volumes) -> Volumes:
    if lacks := prepare_machines(own.guests.server):
        pytest.skip(f"no virtual machines here: {lacks}")
    return own


def snapshots_under_load(snapshots: Snapshots, bench: Bench, restored: tuple[str, ...], count: int) -> None:
    """Of all volumes at one moment; whole ones, and such that cost what changed."""
    writing = bench.write()
    writing.wait_until(2 * ordered.SLOTS if count > 1 else ordered.SLOTS // 2)
    made = []
    for _ in range(count):
        before = writing.newest
        answer = snapshots.ec2.create_snapshots(
            InstanceSpecification={"InstanceId": bench.instance, "ExcludeBootVolume": True}
        )
        after = writing.newest
        of = {each["VolumeId"]: str(each["SnapshotId"]) for each in answer["Snapshots"]}
        snapshots.made += of.values()
        made.append(([of[volume] for volume in bench.ids], before, after))
        writing.wait_more(50)
        for each in of.values():
            snapshots.wait(each)
    newest = writing.stop()
    assert bench.moment() >= newest
    for ids, before, after in made:
        moment = bench.moment_of_snapshots(ids, restored)
        # What the guest was told may be on its way to us.
        assert before <= moment <= after + 200, "the moment is that of the call"


def test_snapshots_of_a_container_under_load(snapshots: Snapshots, own: Volumes, program: Path) -> None:
    bench = Bench(own, program, ("/dev/sdf", "/dev/sdg"))
    snapshots_under_load(snapshots, bench, ("/dev/sdm", "/dev/sdn"), count=2)


@pytest.mark.long
def test_snapshots_of_a_machine_under_load(snapshots: Snapshots, machines: Volumes, program: Path) -> None:
    bench = Bench(machines, program, ("/dev/vdb", "/dev/vdc"), **VM)
    snapshots_under_load(snapshots, bench, ("/dev/vdd", "/dev/vde"), count=3)


FILES = (
    "mkdir -p /var/load && cd /var/load && echo $$ && n=0 && while :; do n=$((n+1)); mkdir -p d$n; "
    "for f in a b c; do head -c $((n * 977 % 90000)) /dev/urandom >d$n/$f; done; mv d$n/a d$n/z; rm -f d$((n - 3))/b; "
    "[ $n -le 20 ] || rm -rf d$((n - 20)); [ $((n % 5)) != 0 ] || sync; done"
)


def check_file_system(server: Server, snapshot: str, folder: Path) -> None:
    """As after a power cut: the journal is replayed, and then nothing may be wrong."""
    raw = folder / f"{snapshot}.raw"
    try:
        out = server.command("ebs", "export", snapshot, "--output", str(raw))
        assert out.returncode == 0, out.stderr
        replayed = subprocess.run(["e2fsck", "-p", str(raw)], capture_output=True, text=True)
        assert replayed.returncode in (0, 1), replayed.stdout + replayed.stderr
        checked = subprocess.run(["e2fsck", "-f", "-n", str(raw)], capture_output=True, text=True)
        assert checked.returncode == 0, checked.stdout + checked.stderr
        listed = subprocess.run(["debugfs", "-R", "ls /var/load", str(raw)], capture_output=True, text=True)
        assert re.search(r"\bd[1-9]", listed.stdout), f"the load isn't in it: {listed.stdout}"
    finally:
        raw.unlink(missing_ok=True)


def file_systems_under_load(snapshots: Snapshots, wanted: dict[str, Any], folder: Path, count: int) -> None:
    volumes, guests = snapshots.volumes, snapshots.volumes.guests
    instance = guests.start(**wanted)
    shell = login(volumes, instance).wait(_BOOT_SECONDS)
    root = guests.find(instance["InstanceId"])["BlockDeviceMappings"][0]["Ebs"]["VolumeId"]
    load = subprocess.Popen(
        shell.arguments(FILES), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        assert load.stdout is not None
        process = int(load.stdout.readline())
        wait_for("the load", lambda: shell.attempt("test -d /var/load/d12").returncode == 0)
        made = []
        for _ in range(count):
            time.sleep(0.7)
            made.append(snapshots.make(root))
        assert shell.attempt(f"kill {process}").returncode == 0, "the load ended before"
        for each in made:
            check_file_system(guests.server, each, folder)
    finally:
        load.kill()
        load.wait()
        if load.stdout is not None:
            load.stdout.close()


def test_a_file_system_under_load_checks_clean(snapshots: Snapshots, own: Volumes, tmp_path: Path) -> None:
    file_systems_under_load(snapshots, CONTAINER, tmp_path, count=2)


@pytest.mark.long
def test_a_file_system_of_a_machine_under_load_checks_clean(
    snapshots: Snapshots, machines: Volumes, tmp_path: Path
) -> None:
    file_systems_under_load(snapshots, VM, tmp_path, count=4)


def kill_in_run_folder(bench: Bench, record: str) -> None:
    (file,) = Path("/run/aerolith", mark_of(bench.guests.server)).glob(f"*/{bench.instance}/{record}")
    os.kill(int(file.read_text().split()[0]), signal.SIGKILL)


def zeros_or_refused(bench: Bench) -> None:
    """A hole that is answered with yes is one, also where it is smaller than what the host gives back."""
    device = bench.devices[0]
    for at, length in ((4096, 4096), (512 << 10, 64 << 10), (1 << 20, 200_704), ((2 << 20) + 512, 1024)):
        bench.shell.run(f"dd if=/dev/urandom of={device} bs=64k seek={at >> 16} count=4 conv=notrunc,fsync 2>/dev/null")
        error, others = ordered.punch(bench.shell, device, at, length)
        assert others == 0 or error, f"{others} bytes of a hole of {length} at {at} are what they were"


def test_a_containers_holes_are_zeros(own: Volumes, program: Path) -> None:
    zeros_or_refused(Bench(own, program, ("/dev/sdf",)))


@pytest.mark.long
def test_a_machines_holes_are_zeros(machines: Volumes, program: Path) -> None:
    zeros_or_refused(Bench(machines, program, ("/dev/vdb",), **VM))


def check_file(bench: Bench) -> None:
    """Sound, but for clusters that were taken for writes which never ended: 64 KiB each, which nothing names."""
    bench.volumes.detach(bench.ids[0])
    file = str(bench.volumes.file(bench.ids[0]))
    checked = subprocess.run(["qemu-img", "check", file], capture_output=True, text=True)
    assert checked.returncode in (0, 3), checked.stdout + checked.stderr


def kills_under_load(bench: Bench, record: str, told: str, rounds: int) -> None:
    """Of the server, which the guest doesn't notice, and of what serves its disks, which ends it."""
    newest, server = 0, bench.guests.server
    for number in range(rounds):
        writing = bench.write(newest + 1)
        writing.wait_more(100)
        server.kill()
        writing.wait_more(50)
        server.start()
        writing.wait_more(20 + 30 * number)
        kill_in_run_folder(bench, record)
        reason = bench.guests.wait_state(bench.instance, "stopped")["StateReason"]
        assert told in reason["Message"], reason
        flushed = writing.drop()
        bench.guests.ec2.start_instances(InstanceIds=[bench.instance])
        bench.login()
        for device in bench.devices:
            bench.wait_device(device)
        newest = bench.moment()
        assert newest >= flushed, f"{flushed} was flushed"


def test_kills_of_the_server_and_of_a_containers_disks(own: Volumes, program: Path) -> None:
    bench = Bench(own, program, ("/dev/sdf",))
    kills_under_load(bench, "disks.process", "qemu-storage-daemon, which serves its disks, ended", rounds=1)
    check_file(bench)


@pytest.mark.long
def test_kills_of_the_server_and_of_qemu(machines: Volumes, program: Path) -> None:
    bench = Bench(machines, program, ("/dev/vdb",), **VM)
    kills_under_load(bench, "qemu.process", "QEMU ended", rounds=3)
    check_file(bench)


@pytest.fixture
def losing(tmp_path: Path) -> Iterator[LosingDisk]:
    if missing := missing_for_power_cuts():
        pytest.skip(missing)
    try:
        with losing_disk(tmp_path / "disk") as disk:
            yield disk
    except CannotMount as reason:
        pytest.skip(str(reason))


class PowerCuts:
    """A server with its data folder on that disk, and an instance that writes."""

    def __init__(self, server: Server, disk: LosingDisk, program: Path, folder: Path) -> None:
        self.server, self.disk = server, disk
        guests = Guests(server, folder)
        subnets = guests.ec2.describe_subnets(Filters=[{"Name": "vpc-id", "Values": [guests.vpc]}])["Subnets"]
        self.volumes = Volumes(guests, sorted(each["AvailabilityZone"] for each in subnets)[0])
        self.bench = Bench(self.volumes, program, ("/dev/sdf",))

    def cut(self, writing: Writing, chance: random.Random, flush_share: float = 1.0) -> int:
        """All that runs is gone, and the host is up again. Answers what was flushed."""
        self.disk.pull_out()
        self.server.kill()
        flushed = writing.drop()
        counts = self.disk.cut_power(chance, flush_share)
        print(
            f"{flushed} generations were told to be flushed; of the disk's writes {counts[0]} were, {counts[1]} weren't"
        )
        self.disk.plug_in()
        left = self.server.command("down", "--instances")
        assert left.returncode == 0, left.stderr
        self.server.start()
        self.bench.login()
        self.bench.wait_device("/dev/sdf")
        return flushed


@pytest.fixture
def power(losing: LosingDisk, tmp_path: Path, program: Path, worker_id: str) -> Iterator[PowerCuts]:
    number = int(worker_id.removeprefix("gw") or 0) if worker_id != "master" else 0
    server = Server(tmp_path / "server", settings={"AEROLITH_EC2_PUBLIC_CIDR": public_cidr(number, 4)})
    server.data_folder = losing.folder / "data"
    if lacks := what_lacks(server, "containers"):
        pytest.skip(f"no instances here: {lacks}")
    with with_instances(server):
        before = things_of(server)
        made = PowerCuts(server, losing, program, tmp_path)
        yield made
        made.bench.guests.clear()
        made.volumes.clear()
        assert not left_after(server, before)


def test_what_a_guest_flushed_survives_power_cuts(power: PowerCuts) -> None:
    seed = random.randrange(2**20)
    chance, newest = random.Random(seed), 0
    snapshots = Snapshots(power.volumes)
    for number in range(2):
        writing = power.bench.write(newest + 1)
        writing.wait_more(150)
        snapshot = snapshots.make(power.bench.ids[0])
        writing.wait_more(chance.randrange(1, 150))
        flushed = power.cut(writing, chance)
        newest = power.bench.moment()
        assert newest >= flushed, f"after cut {number + 1}, seed {seed}"
        assert power.bench.moment_of_snapshots([snapshot], ("/dev/sdm",)) <= flushed, f"seed {seed}"
    snapshots.clear()
    check_file(power.bench)


@pytest.mark.long
def test_a_disk_that_only_claims_to_flush_is_noticed(power: PowerCuts) -> None:
    """The test above can fail."""
    writing = power.bench.write()
    writing.wait_until(400)
    flushed = power.cut(writing, random.Random(1), flush_share=0.8)
    assert power.bench.moment() < flushed
