"""How long DescribeInstances takes where many instances are in the store. They are copies of one that really ran and was
stopped (crowd.cc), with interfaces, volumes and tags of their own: as many guests fit on no machine of ours."""

from __future__ import annotations

import re
import statistics
import subprocess
import time
import urllib.parse

from tools.bench.measure import Measurement
from tools.harness.instances import Guests
from tools.harness.server import REPOSITORY, Server
from tools.harness.signing import Signer, send

CROWD = 10_000
PAGE = 1_000
ROUNDS = 5
CROWD_TOOL = REPOSITORY / "build/release/src/services/ec2/ec2_crowd"


def _page(server: Server, token: str) -> tuple[float, bytes]:
    """Milliseconds from the first byte sent to the last byte read, and the answer."""
    asked = {"Action": "DescribeInstances", "Version": "2016-11-15", "MaxResults": str(PAGE)}
    if token:
        asked["NextToken"] = token
    body = urllib.parse.urlencode(asked).encode()
    form = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
    request = Signer(server, service="ec2").sign("POST", "/", body, form)
    begin = time.perf_counter()
    answer = send(server, request)
    spent = (time.perf_counter() - begin) * 1000
    assert answer.status == 200, answer.body[:500]
    return spent, answer.body


def describe_instances(server: Server, guests: Guests) -> Measurement:
    """Leaves the server without guests, and with the crowd."""
    subprocess.run(
        ["cmake", "--build", str(REPOSITORY / "build/release"), "--target", "ec2_crowd"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        check=True,
    )
    tags = [
        {"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": "one of many"}, {"Key": "team", "Value": "a"}]}
    ]
    model = guests.start(TagSpecifications=tags)["InstanceId"]
    guests.ec2.stop_instances(InstanceIds=[model], Force=True)
    guests.wait_state(model, "stopped")
    server.stop()
    subprocess.run([str(CROWD_TOOL), str(server.data_folder), str(CROWD)], stdin=subprocess.DEVNULL, check=True)
    begin = time.monotonic()
    server.start()
    starting = time.monotonic() - begin
    spent, seen = [], 0
    for _ in range(ROUNDS):
        token, seen = "", 0
        while True:
            took, answer = _page(server, token)
            seen += answer.count(b"<instanceId>")
            found = re.search(rb"<nextToken>([^<]+)</nextToken>", answer)
            if not found:
                break
            spent.append(took)
            token = found[1].decode()
    assert seen >= CROWD, seen
    details = {"fastest": min(spent), "slowest": max(spent), "seconds to start with them": starting}
    return Measurement(
        f"DescribeInstances, a page of {PAGE:,} among {CROWD:,}: median",
        statistics.median(spent),
        "ms",
        20,
        False,
        details,
    )
