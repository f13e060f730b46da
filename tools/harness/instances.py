"""EC2 instances for tests: a server that may use the host's network, and logins to what runs."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from tools.harness.clients import boto_client
from tools.harness.server import Server

BOOT_SECONDS = 180.0  # half of one on an idle machine; where others starve it, a hundred times that
T = TypeVar("T")


def public_cidr(worker: int, server: int = 0) -> str:
    """Of one of the (at most eight) servers that the tests of an xdist worker have at a time: servers on one host need
    ranges of their own. So do several runs: AEROLITH_TEST_FIRST_WORKER=2 leaves the ranges of two workers to others."""
    place = worker + int(os.environ.get("AEROLITH_TEST_FIRST_WORKER", "0"))
    assert place < 8 and server < 8
    return f"198.18.{place * 32 + server * 4}.0/22"


def what_lacks(server: Server, kind: str) -> str:
    """Why instances of this kind ("containers", "virtual machines") can't run here; empty: they can."""
    checks = json.loads(server.command("doctor", "--json").stdout)["checks"]
    return "; ".join(check["detail"] for check in checks if check["name"] == kind and check["state"] != "ok")


def prepare_machines(server: Server) -> str:
    """Brings the image tiny a kernel to boot as a virtual machine. Answers why that can't be; empty: it is there."""
    lacks = what_lacks(server, "virtual machines")
    if lacks:
        return lacks
    built = server.command("image", "build", "tiny", timeout_seconds=900)
    return built.stderr if built.returncode else ""


@contextmanager
def with_instances(server: Server) -> Iterator[Server]:
    """Starts it; at the end its instances and networks are off the host."""
    try:
        yield server.start()
    finally:
        server.kill()
        left = server.command("down", "--instances")
        assert left.returncode == 0, left.stderr


def wait_for(what: str, look: Callable[[], T | None], seconds: float = BOOT_SECONDS, every: float = 0.05) -> T:
    """The first answer of `look` that is not false."""
    deadline = time.monotonic() + seconds
    while True:
        seen = look()
        if seen:
            return seen
        assert time.monotonic() < deadline, f"waited {seconds} s for {what}"
        time.sleep(every)


@dataclass
class Login:
    """SSH to one guest, with a key of the test's."""

    address: str
    key_file: Path
    user: str = "ec2-user"
    connect_seconds: int = 2

    def arguments(self, *command: str) -> list[str]:
        options = ["StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "LogLevel=ERROR", "BatchMode=yes"]
        options += ["IdentitiesOnly=yes", f"ConnectTimeout={self.connect_seconds}"]
        flags = [word for option in options for word in ("-o", option)]
        return ["ssh", "-F", "none", *flags, "-i", str(self.key_file), f"{self.user}@{self.address}", *command]

    def attempt(self, command: str, seconds: float = 20) -> subprocess.CompletedProcess[str]:
        """A connection that goes dead on the way ends as one that couldn't be made: with ssh's 255."""
        arguments = self.arguments(command)
        try:
            return subprocess.run(arguments, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=seconds)
        except subprocess.TimeoutExpired:
            return subprocess.CompletedProcess(arguments, 255, "", f"no answer in {seconds} s")

    def run(self, command: str, seconds: float = 20) -> str:
        done = self.attempt(command, seconds)
        assert done.returncode == 0, f"{command!r} in {self.address}: {done.returncode}, {done.stdout}{done.stderr}"
        return done.stdout.strip()

    def send(self, content: Path, command: str, seconds: float = 120) -> None:
        """`command` reads the file from its standard input."""
        with content.open("rb") as file:
            sent = subprocess.run(self.arguments(command), stdin=file, capture_output=True, text=True, timeout=seconds)
        assert sent.returncode == 0, f"{command!r} in {self.address}: {sent.returncode}, {sent.stdout}{sent.stderr}"

    def wait(self, seconds: float = BOOT_SECONDS) -> Login:
        wait_for(f"a login to {self.address}", lambda: self.attempt("true").returncode == 0, seconds)
        return self


@dataclass
class Guests:
    """Launches instances of the image tiny in a VPC with a way out, and takes all of it away again."""

    server: Server
    folder: Path
    made: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.ec2 = boto_client(self.server, "ec2")
        self.key_file = self.folder / "key.pem"
        self.key_file.write_text(self.ec2.create_key_pair(KeyName="guests")["KeyMaterial"])
        self.key_file.chmod(0o600)
        images = self.ec2.describe_images(Filters=[{"Name": "name", "Values": ["tiny"]}])["Images"]
        self.image = images[0]["ImageId"]
        vpc = self.ec2.describe_vpcs(Filters=[{"Name": "is-default", "Values": ["true"]}])["Vpcs"][0]
        self.vpc: str = vpc["VpcId"]
        self.cidr: str = vpc["CidrBlock"]
        self.group = self.make_group("ssh")
        self.allow(self.group, 22, "0.0.0.0/0")

    def make_group(self, name: str) -> str:
        return str(self.ec2.create_security_group(GroupName=name, Description=name, VpcId=self.vpc)["GroupId"])

    def rule(self, port: int, cidr: str = "", group: str = "") -> dict[str, Any]:
        rule: dict[str, Any] = {"IpProtocol": "tcp", "FromPort": port, "ToPort": port}
        if cidr:
            rule["IpRanges"] = [{"CidrIp": cidr}]
        if group:
            rule["UserIdGroupPairs"] = [{"GroupId": group}]
        return rule

    def allow(self, to: str, port: int, cidr: str = "", group: str = "") -> None:
        self.ec2.authorize_security_group_ingress(GroupId=to, IpPermissions=[self.rule(port, cidr, group)])

    def forbid(self, to: str, port: int, cidr: str = "", group: str = "") -> None:
        self.ec2.revoke_security_group_ingress(GroupId=to, IpPermissions=[self.rule(port, cidr, group)])

    def launch(self, count: int = 1, **wanted: Any) -> list[dict[str, Any]]:
        wanted = {"ImageId": self.image, "KeyName": "guests", "InstanceType": "t3.nano", **wanted}
        if "NetworkInterfaces" not in wanted:
            wanted.setdefault("SecurityGroupIds", [self.group])
        instances = self.ec2.run_instances(MinCount=count, MaxCount=count, **wanted)["Instances"]
        self.made += [instance["InstanceId"] for instance in instances]
        return list(instances)

    def start(self, **wanted: Any) -> dict[str, Any]:
        """One that runs."""
        return self.wait_state(self.launch(**wanted)[0]["InstanceId"], "running")

    def find(self, instance: str) -> dict[str, Any]:
        found = self.ec2.describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0]
        return dict(found)

    def wait_state(self, instance: str, state: str, seconds: float = BOOT_SECONDS) -> dict[str, Any]:
        def look() -> dict[str, Any] | None:
            seen = self.find(instance)
            failed = state == "running" and seen["State"]["Name"] in ("terminated", "shutting-down")
            assert not failed, f"{instance} didn't start: {seen.get('StateReason')}\n{self.server.log()[-3000:]}"
            return seen if seen["State"]["Name"] == state else None

        try:
            return wait_for(f"{instance} to be {state}", look, seconds)
        except AssertionError as late:
            seen = self.find(instance)
            told = f"{late}: {seen['State']['Name']}, {seen.get('StateReason')}\n{self.server.log()[-3000:]}"
            raise AssertionError(told) from late

    def login(self, instance: dict[str, Any]) -> Login:
        return Login(instance["PublicIpAddress"], self.key_file)

    def terminate(self, *instances: str) -> None:
        if not instances:
            return
        self.ec2.terminate_instances(InstanceIds=list(instances))
        for instance in instances:
            self.wait_state(instance, "terminated")
            self.made.remove(instance)

    def clear(self) -> None:
        self.terminate(*list(self.made))


def mark_of(server: Server) -> str:
    """How an installation's things on the host are told from those of another."""
    return "a" + hashlib.sha256(server.credentials().access_key.encode()).hexdigest()[:5]


def traces_of(server: Server) -> list[str]:
    """What an installation has on the host: network namespaces, folders of running instances, volumes."""
    mark = mark_of(server)
    running = [str(path) for path in Path("/run/aerolith", mark).glob("*/i-*")]
    namespaces = [path.name for path in Path("/run/netns").glob(f"*{mark}*")]
    return running + namespaces + [path.name for path in (server.data_folder / "blocks/volumes").glob("*")]
