"""The image debian-12 for tests and bars. It is built once, into an installation under build/guest that is copied for each
use: its certificate authority is in it. Built anew when what it is made by has changed."""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tools.harness.instances import Guests, Login, public_cidr, wait_for, what_lacks, with_instances
from tools.harness.server import REPOSITORY, Server

FOLDER = REPOSITORY / "build/guest/debian-12"
BUILD_SECONDS = 1800
_MADE_BY = ("debian_image.cc", "guest_boot.cc", "guest_kernel.cc", "guest/initramfs.sh", "guest/debian-*.sh")


class NoDebian(RuntimeError):
    """It can't be built or run here; the message says why."""


def _hash_of_makers() -> str:
    digest = hashlib.sha256()
    for pattern in _MADE_BY:
        for path in sorted((REPOSITORY / "src/compute").glob(pattern)):
            digest.update(path.read_bytes())
    return digest.hexdigest()


def _build(settings: dict[str, str]) -> None:
    made_of = FOLDER / "made-of"
    wanted = _hash_of_makers()
    if made_of.exists() and made_of.read_text() == wanted:
        return
    shutil.rmtree(FOLDER, ignore_errors=True)
    server = Server(FOLDER, settings=settings)
    try:
        server.start()
        built = server.command("image", "build", "debian-12", timeout_seconds=BUILD_SECONDS)
    finally:
        server.stop()
        server.command("down", "--instances")
    if built.returncode != 0:
        raise NoDebian(f"debian-12 can't be built: {built.stderr.strip().splitlines()[-1]}")
    made_of.write_text(wanted)


@contextmanager
def debian_cloud(root: Path, worker: int) -> Iterator[Server]:
    """A server that runs and has the image; nothing of it stays. One at a time on a machine: all are the same installation."""
    settings = {"AEROLITH_EC2_PUBLIC_CIDR": public_cidr(worker)}
    if lacks := what_lacks(Server(root / "probe", settings=settings), "containers"):
        raise NoDebian(lacks)
    FOLDER.parent.mkdir(parents=True, exist_ok=True)
    with (FOLDER.parent / "debian-12.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        _build(settings)
        copy = ["cp", "-a", "--sparse=always", str(FOLDER / "home"), str(FOLDER / "data"), str(root)]
        subprocess.run(copy, check=True)
        server = Server(root, settings=settings)
        with with_instances(server):
            yield server


@dataclass
class DebianGuests(Guests):
    """Instances of debian-12, with two processors and a disk that is larger than the image."""

    def __post_init__(self) -> None:
        super().__post_init__()
        images = self.ec2.describe_images(Filters=[{"Name": "name", "Values": ["debian-12"]}])["Images"]
        self.image = images[0]["ImageId"]
        self.root_device = images[0]["RootDeviceName"]

    def boot(self, driver: str, user_data: str = "") -> str:
        wanted = {"UserData": user_data} if user_data else {}
        [instance] = self.launch(
            InstanceType="t3.small",
            BlockDeviceMappings=[{"DeviceName": self.root_device, "Ebs": {"VolumeSize": 4}}],
            TagSpecifications=[
                {"ResourceType": "instance", "Tags": [{"Key": "aerolith:driver", "Value": driver}]},
            ],
            **wanted,
        )
        return str(instance["InstanceId"])

    def admin(self, instance: str) -> Login:
        # An emulated sshd takes its time to say who it is: whoever asks again and again keeps it from answering.
        return Login(self.find(instance)["PublicIpAddress"], self.key_file, "admin", connect_seconds=30)

    def wait_login(self, instance: str, seconds: float) -> Login:
        self.wait_state(instance, "running", seconds)
        login = self.admin(instance)
        wait_for(f"a login to {instance}", lambda: login.attempt("true", 60).returncode == 0, seconds, every=0.02)
        return login


def seconds_to_login(guests: DebianGuests, driver: str, limit: float = 300) -> float:
    """From the call of RunInstances to the end of a first command over SSH."""
    begin = time.monotonic()
    guests.wait_login(guests.boot(driver), limit)
    return time.monotonic() - begin
