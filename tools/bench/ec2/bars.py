"""Bars of EC2: how soon an instance can be logged in to, how soon a security group's change holds, what an instance
costs, and what the network between two of them takes."""

from __future__ import annotations

import os
import re
import socket
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tools.bench.ec2.listing import describe_instances
from tools.bench.ec2.throughput import between_guests, between_plain_namespaces
from tools.bench.measure import Measurement
from tools.harness.debian import DebianGuests, NoDebian, debian_cloud, seconds_to_login
from tools.harness.instances import Guests, Login, mark_of, public_cidr, what_lacks, with_instances
from tools.harness.server import Server

LAUNCHES = 8
CROWD = 20
CHANGES = 20
IDLE_SECONDS = 5
CONNECT_SECONDS = 0.2


def _answers(address: str, seconds: float = CONNECT_SECONDS) -> bool:
    """Whether SSH says its name there within that time. A connection that nobody takes is asked for anew: the kernel would
    ask again only after 1 and 3 seconds, whatever happened meanwhile."""
    try:
        with socket.create_connection((address, 22), timeout=min(seconds, CONNECT_SECONDS)) as made:
            made.settimeout(seconds)
            return made.recv(4) == b"SSH-"
    except OSError:
        return False


def _log_in(login: Login, deadline: float, banner_seconds: float = 0.2) -> None:
    while time.monotonic() < deadline:
        # A refused or silent port is found out cheaply; the login itself proves it.
        if _answers(login.address, banner_seconds) and login.attempt("true").returncode == 0:
            return
        time.sleep(0.005)
    raise AssertionError(f"no login to {login.address}")


def _address_of(guests: Guests, instance: str) -> str:
    return str(guests.find(instance)["PublicIpAddress"])


def launch_to_login(
    guests: Guests, name: str, bar: float, launches: int, banner_seconds: float = 0.2, **wanted: Any
) -> Measurement:
    """From the call of RunInstances to the end of a first command over SSH."""
    spent = []
    for _ in range(launches):
        begin = time.monotonic()
        [instance] = guests.launch(**wanted)
        _log_in(Login(_address_of(guests, instance["InstanceId"]), guests.key_file), begin + 300, banner_seconds)
        spent.append(time.monotonic() - begin)
        guests.clear()
    details = {"fastest": min(spent), "slowest": max(spent), "launches": len(spent)}
    return Measurement(
        f"run-instances to SSH login, tiny, {name}: median", statistics.median(spent), "s", bar, False, details
    )


def crowd(guests: Guests) -> Measurement:
    begin = time.monotonic()
    made = guests.launch(count=CROWD)
    waiting = {_address_of(guests, instance["InstanceId"]) for instance in made}
    while waiting:
        waiting = {address for address in waiting if not _answers(address)}
        assert time.monotonic() < begin + 120, f"not reached: {waiting}"
    spent = time.monotonic() - begin
    guests.clear()
    return Measurement(f"{CROWD} containers at once, all answer SSH", spent, "s", 5)


def group_change(guests: Guests, instance: dict[str, Any]) -> Measurement:
    """From the end of the call that takes a rule away to the first connection that isn't made, and back."""
    address = instance["PublicIpAddress"]
    spent = []
    for _ in range(CHANGES):
        for change, reached in ((guests.forbid, False), (guests.allow, True)):
            change(guests.group, 22, "0.0.0.0/0")
            begin = time.monotonic()
            while _answers(address, 0.03) != reached:
                assert time.monotonic() < begin + 10, "the change never held"
            spent.append((time.monotonic() - begin) * 1000)
    spent.sort()
    details = {"median": statistics.median(spent), "p95": spent[int(len(spent) * 0.95)], "changes": len(spent)}
    return Measurement(
        "a security group's change holds for new connections: slowest", spent[-1], "ms", 100, False, details
    )


def _pss_bytes(pid: int) -> int:
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    return 0


def _mapped_bytes(pid: int, is_meant: Callable[[int, str], bool]) -> int:
    """PSS of the mappings that this says yes to, asked with their size in bytes and their line in /proc."""
    kept, meant = 0, False
    for line in Path(f"/proc/{pid}/smaps").read_text().splitlines():
        name, _, rest = line.partition(" ")
        if re.fullmatch("[0-9a-f]+-[0-9a-f]+", name):
            begin, end = (int(place, 16) for place in name.split("-"))
            meant = is_meant(end - begin, rest)
        elif name == "Pss:" and meant:
            kept += int(rest.split()[0]) * 1024
    return kept


def _names(folder: Path) -> str:
    """What a process was started with, and what it has open: the disk server gets its volumes as descriptors."""
    opened = [os.readlink(entry) for entry in (folder / "fd").iterdir()]
    return " ".join([(folder / "cmdline").read_bytes().decode(errors="replace"), *opened])


def _processes_of(*words: str) -> Iterator[int]:
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            names = _names(folder)
        except OSError:
            continue
        if int(folder.name) != os.getpid() and any(word in names for word in words):
            yield int(folder.name)


def _processes_for(instance: dict[str, Any]) -> list[int]:
    return list(
        _processes_of(instance["InstanceId"], *(each["Ebs"]["VolumeId"] for each in instance["BlockDeviceMappings"]))
    )


def idle_container(instance: dict[str, Any]) -> Measurement:
    """Memory (PSS) of the host's processes for it: conmon and the disk server."""
    total = sum(_pss_bytes(pid) for pid in _processes_for(instance))
    return Measurement("idle cost of a container beyond its own memory", total / 1e6, "MB", 10)


def idle_machine(guests: Guests, instance: dict[str, Any]) -> Measurement:
    """Memory (PSS) of its QEMU less the guest's own, which is one mapping. What it maps of files, the kernel above all,
    it shares with other machines."""
    (told,) = guests.ec2.describe_instance_types(InstanceTypes=[instance["InstanceType"]])["InstanceTypes"]
    memory = told["MemoryInfo"]["SizeInMiB"] << 20
    pids = _processes_for(instance)
    own = sum(_mapped_bytes(pid, lambda size, _: size == memory) for pid in pids)
    code = sum(_mapped_bytes(pid, lambda _, line: "x" in line.split()[0] and "/" not in line) for pid in pids)
    files = sum(_mapped_bytes(pid, lambda _, line: "/" in line) for pid in pids)
    cost = sum(_pss_bytes(pid) for pid in pids) - own
    details = {"translated_code_MB": code / 1e6, "mapped_files_MB": files / 1e6}
    return Measurement("idle cost of an emulated machine beyond its own memory", cost / 1e6, "MB", 60, False, details)


@contextmanager
def _fresh_server() -> Iterator[tuple[Server, Path] | None]:
    """Its instances are gone at the end; None: none can run here."""
    with tempfile.TemporaryDirectory(prefix="aerolith-bench-") as folder:
        server = Server(Path(folder), settings={"AEROLITH_EC2_PUBLIC_CIDR": public_cidr(7, 7)})
        if lacks := what_lacks(server, "containers"):
            print(f"no bars of EC2: {lacks}")
            yield None
            return
        with with_instances(server):
            yield server, Path(folder)


def _debian_bars() -> Iterator[Measurement]:
    with tempfile.TemporaryDirectory(prefix="aerolith-bench-") as folder:
        try:
            with debian_cloud(Path(folder), worker=6) as server:
                guests = DebianGuests(server, Path(folder))
                yield _debian_to_login(guests, "container", "container", 1, LAUNCHES)
                if lacks := what_lacks(server, "virtual machines"):
                    print(f"no machines: {lacks}")
                    return
                yield _debian_to_login(guests, "vm", "emulated machine with 2 vCPU", 12, 3)
        except NoDebian as why:
            print(f"no bars of debian-12: {why}")


def _debian_to_login(guests: DebianGuests, driver: str, name: str, bar: float, launches: int) -> Measurement:
    spent = []
    for _ in range(launches):
        spent.append(seconds_to_login(guests, driver))
        guests.clear()
    details = {"fastest": min(spent), "slowest": max(spent), "launches": len(spent)}
    return Measurement(
        f"run-instances to SSH login, debian-12, {name}: median", statistics.median(spent), "s", bar, False, details
    )


def all_bars() -> Iterator[Measurement]:
    for bars in (_measure, _describe):
        with _fresh_server() as made:
            if made:
                yield from bars(*made)
    yield from _debian_bars()


def _describe(server: Server, folder: Path) -> Iterator[Measurement]:
    yield describe_instances(server, Guests(server, folder))


def _measure(server: Server, folder: Path) -> Iterator[Measurement]:
    guests = Guests(server, folder)
    yield launch_to_login(guests, "container", 0.5, LAUNCHES)
    yield crowd(guests)
    pair = [guests.start() for _ in range(2)]
    for instance in pair:
        _log_in(guests.login(instance), time.monotonic() + 60)
    yield group_change(guests, pair[0])
    yield idle_container(guests.find(pair[0]["InstanceId"]))
    guests.allow(guests.group, 5201, guests.cidr)
    names = [f"aerolith-{mark_of(server)}-{instance['InstanceId']}" for instance in pair]
    through = between_guests(names[0], names[1], pair[1]["PrivateIpAddress"])
    plain = between_plain_namespaces()
    details = {"guests_MBps": through / 1e6, "plain_MBps": plain / 1e6}
    yield Measurement("TCP between two containers, of a plain veth's", through / plain, "", 0.7, True, details)
    guests.clear()
    image = server.command("image", "build", "tiny", timeout_seconds=900)
    if image.returncode != 0:
        print(f"no machines: {image.stderr.strip()}")
        return
    machine = [{"ResourceType": "instance", "Tags": [{"Key": "aerolith:driver", "Value": "vm"}]}]
    # An emulated sshd takes longer to say its name: who asks again before it has, keeps it busy.
    yield launch_to_login(guests, "emulated machine", 3, 3, banner_seconds=2, TagSpecifications=machine)
    pair = [guests.start(TagSpecifications=machine) for _ in range(2)]
    for instance in pair:
        _log_in(guests.login(instance), time.monotonic() + 60, banner_seconds=2)
    time.sleep(IDLE_SECONDS)
    yield idle_machine(guests, guests.find(pair[0]["InstanceId"]))
    guests.clear()
