"""How soon a guest sees a volume come and go, and how many volumes can be made and deleted in a second."""

from __future__ import annotations

import re
import statistics
import subprocess
import time
import urllib.parse

from tools.bench.measure import Measurement
from tools.harness.instances import Login, wait_for
from tools.harness.server import Server
from tools.harness.signing import Signer, send
from tools.harness.volumes import Volumes

DEVICE = "/dev/sdf"
ATTACHMENTS = 10
VOLUMES = 100


class Watch:
    """A look-out in the guest, already logged in: it tells when the device is there and read, or gone."""

    def __init__(self, shell: Login, until: str) -> None:
        script = f"echo ready; until {until}; do usleep 2000; done; echo seen"
        self._process = subprocess.Popen(
            shell.arguments(script), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True
        )
        self._expect("ready")

    def _expect(self, word: str) -> None:
        assert self._process.stdout
        said = self._process.stdout.readline().strip()
        assert said == word, f"the guest said {said!r}"

    def wait(self) -> None:
        self._expect("seen")
        self._process.wait(30)


def comes(shell: Login, device: str = DEVICE) -> Watch:
    return Watch(shell, f"[ -b {device} ] && head -c 512 {device} > /dev/null 2>&1")


def goes(shell: Login, device: str = DEVICE) -> Watch:
    return Watch(shell, f"[ ! -e {device} ]")


def attach_and_detach(volumes: Volumes, shell: Login, instance: str) -> list[Measurement]:
    """From the call to the moment in which the guest has read from it, or has it no more."""
    volume = volumes.make()
    attached, detached = [], []
    for _ in range(ATTACHMENTS):
        for watch, call, spent, state in (
            (comes, volumes.ec2.attach_volume, attached, "in-use"),
            (goes, volumes.ec2.detach_volume, detached, "available"),
        ):
            looking = watch(shell)
            begin = time.monotonic()
            call(VolumeId=volume, InstanceId=instance, Device=DEVICE)
            looking.wait()
            spent.append((time.monotonic() - begin) * 1000)
            volumes.wait(volume, state)
    volumes.delete(volume)
    return [
        Measurement(
            f"{name} seen by the guest: median",
            statistics.median(spent),
            "ms",
            300,
            False,
            {"fastest": min(spent), "slowest": max(spent)},
        )
        for name, spent in (("AttachVolume", attached), ("DetachVolume", detached))
    ]


def _call(server: Server, **asked: str) -> tuple[float, bytes]:
    """Seconds from the first byte sent to the last byte read, and the answer. Signing isn't counted."""
    body = urllib.parse.urlencode({"Version": "2016-11-15", **asked}).encode()
    form = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
    request = Signer(server, service="ec2").sign("POST", "/", body, form)
    begin = time.perf_counter()
    answer = send(server, request)
    spent = time.perf_counter() - begin
    assert answer.status == 200, answer.body[:500]
    return spent, answer.body


def volume_calls(server: Server, volumes: Volumes) -> Measurement:
    """One after the other; a volume is deleted when it is available, and what waits for that isn't counted."""
    wanted = {"Action": "CreateVolume", "Size": "1", "AvailabilityZone": volumes.zone, "VolumeType": "gp3"}
    creating, deleting, made = 0.0, 0.0, []
    begin = time.monotonic()
    for _ in range(VOLUMES):
        spent, answer = _call(server, **wanted)
        creating += spent
        found = re.search(rb"<volumeId>([^<]+)</volumeId>", answer)
        assert found, answer[:500]
        made.append(found[1].decode())
    volumes.made += made

    def all_available() -> bool:
        seen = volumes.ec2.describe_volumes(VolumeIds=made)["Volumes"]
        return all(each["State"] == "available" for each in seen)

    wait_for("the volumes", all_available)
    available = time.monotonic() - begin
    for volume in made:
        deleting += _call(server, Action="DeleteVolume", VolumeId=volume)[0]
    volumes.clear()
    details = {
        "CreateVolume ms": creating / VOLUMES * 1000,
        "DeleteVolume ms": deleting / VOLUMES * 1000,
        "all available after s": available,
    }
    rate = 2 * VOLUMES / (creating + deleting)
    return Measurement("CreateVolume and DeleteVolume calls, sequential", rate, "calls/s", 200, True, details)
