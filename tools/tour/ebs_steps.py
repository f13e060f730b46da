"""The EBS part of the tour: the tour's data worked on on a volume, that volume's snapshot seen by a second instance,
and a volume that grows while it is used."""

from __future__ import annotations

import hashlib
import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from botocore.config import Config

from tools.harness.clients import boto_client
from tools.harness.instances import Guests, Login, wait_for
from tools.harness.volumes import GIB, Volumes
from tools.tour.cloud import Cloud
from tools.tour.network import ROLE, JumpLogin, Network
from tools.tour.report import Report, StepFailed

DEVICE, LINK_SECONDS = "/dev/sdf", 300
PIECE_BYTES = 1 << 20
RESULT = "results/pieces"
# Two blocks that a writer counts up in, one after the other, each flushed: behind the data and its result.
COUNTERS = (200_000, 200_001)
BLOCK_BYTES = 4096


@dataclass
class Data:
    """The tour's data set, as the tour itself knows it."""

    key: str
    size_bytes: int
    digest: str
    pieces: str  # SHA-256 of each MiB, the last one filled up with zeros, as an empty volume does

    @staticmethod
    def of(key: str, path: Path) -> Data:
        whole, pieces = hashlib.sha256(), []
        with path.open("rb") as file:
            while piece := file.read(PIECE_BYTES):
                whole.update(piece)
                pieces.append(hashlib.sha256(piece.ljust(PIECE_BYTES, b"\0")).hexdigest())
        return Data(key, path.stat().st_size, whole.hexdigest(), "\n".join(pieces))

    @property
    def piece_count(self) -> int:
        return self.pieces.count("\n") + 1


class RoleClient:
    """S3 as the role of an instance: with the credentials that the instance itself was given."""

    def __init__(self, cloud: Cloud, shell: Login, bucket: str) -> None:
        told = shell.run(f"wget -q -O - http://169.254.169.254/latest/meta-data/iam/security-credentials/{ROLE}")
        given = json.loads(told)
        self.keys = {
            "aws_access_key_id": given["AccessKeyId"],
            "aws_secret_access_key": given["SecretAccessKey"],
            "aws_session_token": given["Token"],
        }
        self.bucket = bucket
        self.caller = str(boto_client(cloud.server, "sts", **self.keys).get_caller_identity()["Arn"])
        # Under AWS's own name, which leads to Aerolith inside a VPC.
        version: dict[str, Any] = {"config": Config(signature_version="s3v4")}
        self.s3 = boto_client(cloud.server, endpoint_url="http://s3.us-east-1.amazonaws.com", **version, **self.keys)

    def link(self, operation: str, key: str) -> str:
        named = {"Bucket": self.bucket, "Key": key}
        return str(self.s3.generate_presigned_url(operation, Params=named, ExpiresIn=LINK_SECONDS))


def _send(shell: Login, link: str, file: str) -> None:
    """By a signed PUT. The image has no curl, and its wget doesn't know PUT."""
    host, target = urlsplit(link).netloc, link.split("/", 3)[3]
    lines = [f"PUT /{target} HTTP/1.1", f"Host: {host}", "Content-Length: $(wc -c < {file})", "Connection: close"]
    head = "\\r\\n".join(line.replace("%", "%%").replace("{file}", file) for line in lines)
    said = shell.run(f'{{ printf "{head}\\r\\n\\r\\n"; cat {file}; }} | nc -w 20 {host} 80 | head -n 1', 60)
    if " 200 " not in said:
        raise StepFailed(f"S3 answered {said!r} to the result")


def _pieces(shell: Login, count: int) -> str:
    """SHA-256 of each MiB of the device, as the guest reads it; left in `pieces`."""
    look = f"dd if={DEVICE} bs={PIECE_BYTES} skip=$n count=1 2>/dev/null | sha256sum | cut -d ' ' -f 1"
    shell.run(f"n=0; while [ $n -lt {count} ]; do {look}; n=$((n+1)); done > pieces", 240)
    return shell.run("cat pieces")


def _counter(shell: Login, block: int) -> int:
    return int(shell.run(f"dd if={DEVICE} bs={BLOCK_BYTES} skip={block} count=1 2>/dev/null | tr -d '\\0 \\n'") or 0)


def _start_writer(shell: Login) -> None:
    write = f"printf '%-{BLOCK_BYTES - 1}s\\n' $n | dd of={DEVICE} bs={BLOCK_BYTES} seek=$at conv=fsync 2>/dev/null"
    shell.run(
        f"cat > writer <<'END'\nn=0\nwhile [ ! -e stop ]; do n=$((n+1)); for at in {COUNTERS[0]} {COUNTERS[1]}; do\n"
        f"{write}\ndone; done\ntouch stopped\nEND\nsh writer < /dev/null > /dev/null 2>&1 &"
    )
    wait_for("the writer's first rounds", lambda: _counter(shell, COUNTERS[1]) > 2, 30)


class VolumeTour:
    def __init__(self, cloud: Cloud, guests: Guests, network: Network, instance: str, data: Data) -> None:
        self.cloud, self.guests, self.network, self.data = cloud, guests, network, data
        self.instance = instance
        self.login = guests.login(guests.find(instance))
        self.login.user = "root"  # who may open devices
        self.volumes = Volumes(guests, network.zone)
        self.snapshots = self._snapshots()
        self.files = self._files()

    def _snapshots(self) -> set[str]:
        return {each["SnapshotId"] for each in self.guests.ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"]}

    def _files(self) -> set[str]:
        return {path.name for path in (self.cloud.server.data_folder / "blocks/snapshots").glob("*")}

    def attach(self) -> str:
        self.volume = self.volumes.make(TagSpecifications=[_named("volume", "data")])
        begun = time.monotonic()
        self.volumes.attach(self.volume, self.instance, DEVICE)
        size = int(self.login.run(f"blockdev --getsize64 {DEVICE}"))
        if size != GIB:
            raise StepFailed(f"the guest sees {size} bytes")
        return f"{self.volume} in {time.monotonic() - begun:.1f} s"

    def pull(self, role: RoleClient) -> str:
        begun = time.monotonic()
        link = role.link("get_object", self.data.key)
        self.login.run(f"wget -q -O - '{link}' | dd of={DEVICE} bs=1M conv=fsync 2>/dev/null", 240)
        spent = time.monotonic() - begun
        seen = self.login.run(f"head -c {self.data.size_bytes} {DEVICE} | sha256sum", 120).split()[0]
        if seen != self.data.digest:
            raise StepFailed(f"SHA-256 {seen} on the volume, {self.data.digest} here")
        return f"{self.data.size_bytes >> 20} MiB, {self.data.size_bytes / spent / (1 << 20):.0f} MiB/s"

    def work(self, role: RoleClient) -> str:
        if _pieces(self.login, self.data.piece_count) != self.data.pieces:
            raise StepFailed("the guest's result is wrong")
        self.login.run(f"dd if=pieces of={DEVICE} bs={PIECE_BYTES} seek={self.data.piece_count} conv=fsync 2>/dev/null")
        _send(self.login, role.link("put_object", RESULT), "pieces")
        back = boto_client(self.cloud.server).get_object(Bucket=role.bucket, Key=RESULT)["Body"].read().decode()
        if back.strip() != self.data.pieces:
            raise StepFailed("S3 has another result")
        return f"{self.data.piece_count} lines in s3://{role.bucket}/{RESULT}"

    def _read_result(self) -> str:
        """A command that reads it from the device, where it follows the data."""
        size = len(self.data.pieces) + 1
        return f"dd if={DEVICE} bs={PIECE_BYTES} skip={self.data.piece_count} count=1 2>/dev/null | head -c {size}"

    def snapshot(self) -> str:
        _start_writer(self.login)
        begun = time.monotonic()
        made = self.guests.ec2.create_snapshot(
            VolumeId=self.volume, Description="while it is written to", TagSpecifications=[_named("snapshot", "data")]
        )
        answered = time.monotonic() - begun
        self.made_snapshot = str(made["SnapshotId"])
        wait_for("the snapshot", self._is_completed, 120)
        completed = time.monotonic() - begun
        self.count_then = _counter(self.login, COUNTERS[0])
        wait_for("writes after it", lambda: _counter(self.login, COUNTERS[0]) > self.count_then, 30)
        return f"{self.made_snapshot}: answered in {answered:.2f} s, completed in {completed:.1f} s"

    def _is_completed(self) -> bool:
        (seen,) = self.guests.ec2.describe_snapshots(SnapshotIds=[self.made_snapshot])["Snapshots"]
        if seen["State"] == "error":
            raise StepFailed(f"the snapshot ended in an error: {seen.get('StateMessage')}")
        return bool(seen["State"] == "completed")

    def launch_second(self) -> str:
        """In the private subnet: reached through the first one."""
        interface = {"DeviceIndex": 0, "SubnetId": self.network.private, "Groups": [self.network.inner]}
        profile = {"Name": ROLE}
        second = self.guests.start(NetworkInterfaces=[interface], IamInstanceProfile=profile)
        if "PublicIpAddress" in second:
            raise StepFailed(f"it has a public address: {second['PublicIpAddress']}")
        address, key = second["PrivateIpAddress"], self.guests.key_file
        self.second = second["InstanceId"]
        self.second_login = JumpLogin(address, key, "root", 10, through=self.login).wait()
        return f"{self.second} at {address}"

    def verify(self, bucket: str) -> str:
        begun = time.monotonic()
        self.copy = self.volumes.make(SnapshotId=self.made_snapshot, Size=None)
        self.volumes.attach(self.copy, self.second, DEVICE)
        shell = self.second_login
        shell.run(f"head -c 1 {DEVICE} > /dev/null")
        usable = time.monotonic() - begun
        seen = shell.run(f"head -c {self.data.size_bytes} {DEVICE} | sha256sum", 120).split()[0]
        if seen != self.data.digest:
            raise StepFailed(f"SHA-256 {seen}, of the data set {self.data.digest}")
        role = RoleClient(self.cloud, shell, bucket)
        link = role.link("get_object", RESULT)
        told = shell.run(f"wget -q -O - '{link}' | sha256sum; {self._read_result()} | sha256sum").splitlines()
        if told[0] != told[1]:
            raise StepFailed("the result on the volume isn't that in S3")
        first, second = (_counter(shell, block) for block in COUNTERS)
        # The second block is written when the first is flushed: never ahead of it, one behind at most.
        if first - second not in (0, 1) or not 2 < first <= self.count_then:
            raise StepFailed(f"no moment of the volume: counters {first} and {second}, later {self.count_then}")
        return f"the same bytes, as of write {first}; first read after {usable:.1f} s"

    def grow(self) -> str:
        begun = time.monotonic()
        self.guests.ec2.modify_volume(VolumeId=self.volume, Size=3)
        look = f"blockdev --getsize64 {DEVICE}"
        wait_for("the guest to see it", lambda: int(self.login.run(look)) == 3 * GIB, 60)
        spent = time.monotonic() - begun
        last = 3 * GIB // BLOCK_BYTES - 1
        block = f"bs={BLOCK_BYTES} count=1"
        self.login.run(f"echo 4711 | dd of={DEVICE} seek={last} {block} conv=fsync,sync 2>/dev/null")
        if _counter(self.login, last) != 4711:
            raise StepFailed("the last block doesn't keep what is written to it")
        if self.login.run(f"{self._read_result()} | cmp - pieces && echo same") != "same":
            raise StepFailed("what the volume had is another")
        return f"1 GiB to 3 GiB, seen after {spent:.1f} s"

    def remove(self) -> str:
        self.login.run("touch stop")
        wait_for("the writer's end", lambda: self.login.attempt("test -e stopped").returncode == 0, 30)
        for volume in (self.volume, self.copy):
            self.volumes.detach(volume)
        if self.login.attempt(f"test -e {DEVICE}").returncode != 1:
            raise StepFailed(f"the guest still has {DEVICE}")
        self.guests.ec2.delete_snapshot(SnapshotId=self.made_snapshot)
        count = len(self.volumes.made)
        self.volumes.clear()
        if left := self._snapshots() - self.snapshots:
            raise StepFailed(f"snapshots are left: {left}")
        wait_for("the snapshot's files to go", lambda: self._files() <= self.files, 60)
        return f"{count} volumes, 1 snapshot"


def _named(kind: str, name: str) -> dict[str, Any]:
    return {"ResourceType": kind, "Tags": [{"Key": "Name", "Value": name}]}


def run(report: Report, tour: VolumeTour, bucket: str) -> None:
    """With an instance that runs, and the bucket that has the data set."""
    with report.step("a volume is attached while it runs") as step:
        step.detail = tour.attach()
    with report.step("it takes its role's credentials") as step:
        role = RoleClient(tour.cloud, tour.login, bucket)
        if f":assumed-role/{ROLE}/{tour.instance}" not in role.caller:
            raise StepFailed(f"the caller is {role.caller}")
        step.detail = role.caller.rsplit(":", 1)[1]
    with report.step("it pulls the data set from S3 to the volume") as step:
        step.detail = tour.pull(role)
    with report.step("it works on it; the result goes to S3") as step:
        step.detail = tour.work(role)
    with report.step("a snapshot while it is written to") as step:
        step.detail = tour.snapshot()
    with report.step("a second instance, in the private subnet") as step:
        step.detail = tour.launch_second()
    with report.step("it verifies a volume of the snapshot") as step:
        step.detail = tour.verify(bucket)
    with report.step("the volume grows while it is used") as step:
        step.detail = tour.grow()
    with report.step("detached and deleted: nothing is left") as step:
        step.detail = tour.remove()
