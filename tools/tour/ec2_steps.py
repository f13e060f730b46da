"""The EC2 part of the tour: an instance that boots, is logged in to, works on the tour's data, and is filtered."""

from __future__ import annotations

import hashlib
from pathlib import Path

from tools.harness.instances import Guests, Login, traces_of, wait_for, what_lacks
from tools.tour.cloud import Cloud
from tools.tour.report import Report, StepFailed

DATA = "tree/a-larger-file"


def _launch(guests: Guests) -> tuple[str, Login]:
    script = "#!/bin/sh\nhostname > /etc/motd-of-the-tour\nchmod 644 /etc/motd-of-the-tour\n"
    instance = guests.start(UserData=script, ImageId="resolve:ssm:/aws/service/aerolith/tiny/latest/amd64")
    return str(instance["InstanceId"]), guests.login(instance).wait()


def _read_inside(cloud: Cloud, login: Login, bucket: str, key: str) -> str:
    """SHA-256 of the object as the instance gets it: under AWS's own name, which leads here inside a VPC."""
    place = ("--endpoint-url", "http://s3.us-east-1.amazonaws.com", "--expires-in", "300")
    link = cloud.aws("s3", "presign", f"s3://{bucket}/{key}", *place).strip()
    return login.run(f"wget -q -O - '{link}' | sha256sum", seconds=120).split()[0]


def run(report: Report, cloud: Cloud, work: Path, bucket: str) -> None:
    """With the tree of the S3 part in `work`/sent and in the bucket."""
    lacks = what_lacks(cloud.server, "containers")
    if lacks:
        with report.step("instances: left out") as step:
            step.detail = lacks
        return
    guests = Guests(cloud.server, work)
    with report.step("run-instances: it boots, and takes a login") as step:
        instance, login = _launch(guests)
        step.detail = f"{instance} at {login.address}"
    with report.step("its user data ran, and metadata says who it is") as step:
        name = wait_for("user data", lambda: login.attempt("cat /etc/motd-of-the-tour").stdout.strip())
        private = guests.find(instance)["PrivateIpAddress"]
        if name != "ip-" + private.replace(".", "-"):
            raise StepFailed(f"its name is {name}, its address {private}")
        step.detail = name
    with report.step("it reads the tour's data from S3") as step:
        local = hashlib.sha256((work / "sent" / DATA.removeprefix("tree/")).read_bytes()).hexdigest()
        seen = _read_inside(cloud, login, bucket, DATA)
        if seen != local:
            raise StepFailed(f"SHA-256 {seen}, here {local}")
        step.detail = "the same bytes"
    with report.step("a security group is closed, and opened again"):
        guests.forbid(guests.group, 22, "0.0.0.0/0")
        wait_for("the port to close", lambda: login.attempt("true").returncode == 255, 10)
        guests.allow(guests.group, 22, "0.0.0.0/0")
        wait_for("the port to open", lambda: login.attempt("true").returncode == 0, 10)
    with report.step("kill -9 of the server: the instance runs on"):
        login.run("echo kept > /home/ec2-user/file")
        cloud.kill()
        if login.run("cat /home/ec2-user/file") != "kept":
            raise StepFailed("the instance is another one")
        cloud.aerolith("up")
    with report.step("terminated: nothing is left on this host"):
        guests.clear()
        if left := traces_of(cloud.server):
            raise StepFailed(f"left: {left}")
