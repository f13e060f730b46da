"""The EC2 part of the tour: an instance that boots, is logged in to, works on the tour's data, and is filtered."""

from __future__ import annotations

import hashlib
from pathlib import Path

from tools.harness.instances import Guests, Login, traces_of, wait_for, what_lacks
from tools.tour import as_code_steps, ebs_steps
from tools.tour.cloud import Cloud
from tools.tour.network import ROLE, InstanceRole, Network
from tools.tour.report import Report, StepFailed

DATA = "tree/a-larger-file"
# Where a host runs no instances: it isn't root, or lacks programs.
LEFT_OUT = (
    "a VPC with a public and a private subnet",
    "an instance: boot, login, user data, metadata, role, data from S3",
    "a security group that is closed and opened",
    "kill -9 of the server under a running instance",
    "a volume: attached, worked on, grown; its result to S3",
    "its snapshot, verified by a second instance",
    "the same environment with Terraform, and with Ansible",
)


def _launch(guests: Guests, network: Network) -> tuple[str, Login]:
    script = "#!/bin/sh\nhostname > /etc/motd-of-the-tour\nchmod 644 /etc/motd-of-the-tour\n"
    interface = {"DeviceIndex": 0, "SubnetId": network.public, "Groups": [network.outer]}
    instance = guests.start(
        UserData=script,
        ImageId="resolve:ssm:/aws/service/aerolith/tiny/latest/amd64",
        NetworkInterfaces=[interface],
        IamInstanceProfile={"Name": ROLE},
    )
    return str(instance["InstanceId"]), guests.login(instance).wait()


def _read_inside(cloud: Cloud, login: Login, bucket: str, key: str) -> str:
    """SHA-256 of the object as the instance gets it: under AWS's own name, which leads here inside a VPC."""
    place = ("--endpoint-url", "http://s3.us-east-1.amazonaws.com", "--expires-in", "300")
    link = cloud.aws("s3", "presign", f"s3://{bucket}/{key}", *place).strip()
    return login.run(f"wget -q -O - '{link}' | sha256sum", seconds=120).split()[0]


def _nothing_left(cloud: Cloud, guests: Guests) -> str:
    """Neither as records nor on the host."""
    live = [{"Name": "instance-state-name", "Values": ["pending", "running", "shutting-down", "stopping", "stopped"]}]
    if left := guests.ec2.describe_instances(Filters=live)["Reservations"]:
        raise StepFailed(f"instances are left: {left}")
    if left := guests.ec2.describe_volumes()["Volumes"]:
        raise StepFailed(f"volumes are left: {[each['VolumeId'] for each in left]}")
    if left := [each["VpcId"] for each in guests.ec2.describe_vpcs()["Vpcs"] if not each["IsDefault"]]:
        raise StepFailed(f"VPCs are left: {left}")
    if left := guests.ec2.describe_network_interfaces()["NetworkInterfaces"]:
        raise StepFailed(f"interfaces are left: {[each['NetworkInterfaceId'] for each in left]}")
    if left := traces_of(cloud.server):
        raise StepFailed(f"left: {left}")
    return "no instances, volumes, interfaces, VPCs; no file of theirs"


def run(report: Report, cloud: Cloud, work: Path, bucket: str) -> bool:
    """With the tree of the S3 part in `work`/sent and in the bucket. False where it is left out."""
    lacks = what_lacks(cloud.server, "containers")
    if lacks:
        report.leave_out(LEFT_OUT, lacks)
        return False
    guests = Guests(cloud.server, work)
    with report.step("a VPC with a public and a private subnet") as step:
        network, role = Network(guests), InstanceRole(guests, bucket)
        step.detail = network.vpc
    with report.step("run-instances: it boots, and takes a login") as step:
        instance, login = _launch(guests, network)
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
        guests.forbid(network.outer, 22, "0.0.0.0/0")
        wait_for("the port to close", lambda: login.attempt("true").returncode == 255, 10)
        guests.allow(network.outer, 22, "0.0.0.0/0")
        wait_for("the port to open", lambda: login.attempt("true").returncode == 0, 10)
    with report.step("kill -9 of the server: the instance runs on"):
        login.run("echo kept > /home/ec2-user/file")
        cloud.kill()
        if login.run("cat /home/ec2-user/file") != "kept":
            raise StepFailed("the instance is another one")
        cloud.aerolith("up")
    report.part("volumes")
    data = ebs_steps.Data.of(DATA, work / "sent" / DATA.removeprefix("tree/"))
    ebs_steps.run(report, ebs_steps.VolumeTour(cloud, guests, network, instance, data), bucket)
    as_code_steps.run(report, guests, work)
    report.part("the end")
    with report.step("torn down: nothing is left on this host") as step:
        guests.clear()
        network.remove()
        role.remove()
        step.detail = _nothing_left(cloud, guests)
    return True
