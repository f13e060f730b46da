"""`aerolith ec2`: instances listed, logged in to, and their consoles read, on the host that runs them."""

from __future__ import annotations

import json
import os
import pty
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.ec2.conftest import tagged
from tools.harness.instances import Guests, wait_for
from tools.harness.server import Server, clean_environment

pytestmark = pytest.mark.skipif(shutil.which("ssh") is None, reason="ssh is missing")


@pytest.fixture(scope="module")
def guest(guests: Guests) -> Iterator[dict[str, Any]]:
    instance = guests.start(TagSpecifications=tagged("instance", Name="by the command line"))
    guests.login(instance).wait()
    yield instance
    guests.terminate(instance["InstanceId"])


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    (folder / ".ssh").mkdir(parents=True)
    return folder


def aerolith(server: Server, home: Path, *arguments: str, **wanted: Any) -> subprocess.CompletedProcess[str]:
    environment = clean_environment(home)
    command = [str(server.binary), *arguments[:2], "--data-folder", str(server.data_folder), *arguments[2:]]
    return subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL, **wanted
    )


def test_the_list_has_all_that_a_person_wants_to_know(cloud: Server, guest: dict[str, Any]) -> None:
    listed = cloud.command("ec2", "list", "--json")
    assert listed.returncode == 0, listed.stderr
    seen = {each["instance_id"]: each for each in json.loads(listed.stdout)["instances"]}[guest["InstanceId"]]
    assert (seen["state"], seen["type"], seen["driver"]) == ("running", "t3.nano", "container")
    assert (seen["image_name"], seen["base_image_name"]) == ("tiny", "tiny")
    assert (seen["private_address"], seen["public_address"]) == (guest["PrivateIpAddress"], guest["PublicIpAddress"])
    assert (seen["name"], seen["key_name"], seen["vpc_id"]) == ("by the command line", "guests", guest["VpcId"])
    table = cloud.command("ec2", "list").stdout.splitlines()
    assert table[0].split()[0] == "INSTANCE"
    line = next(line for line in table if line.startswith(guest["InstanceId"]))
    assert guest["PublicIpAddress"] in line and line.endswith("by the command line")


def test_a_command_runs_inside_with_a_given_key(
    cloud: Server, guests: Guests, guest: dict[str, Any], home: Path
) -> None:
    arguments = ("ec2", "ssh", guest["InstanceId"], "-i", str(guests.key_file))
    done = aerolith(cloud, home, *arguments, "--", "id", "-un")
    assert (done.returncode, done.stdout) == (0, "ec2-user\n"), done.stderr
    # ssh's own end is ours.
    assert aerolith(cloud, home, *arguments, "--", "exit", "7").returncode == 7
    assert aerolith(cloud, home, *arguments, "--user", "root", "--", "id", "-un").stdout == "root\n"
    # The host's key is known by the instance, not by an address that another will have.
    known = (cloud.data_folder / "ssh/known_hosts").read_text()
    assert guest["InstanceId"] in known and guest["PublicIpAddress"] not in known


def test_the_key_pair_s_key_is_found_in_a_person_s_folder(
    cloud: Server, guests: Guests, guest: dict[str, Any], home: Path
) -> None:
    without = aerolith(cloud, home, "ec2", "ssh", guest["InstanceId"], "--", "true")
    assert without.returncode == 1
    assert "key pair guests" in without.stderr and "-i FILE" in without.stderr
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(home / ".ssh/other")], check=True)
    shutil.copy(guests.key_file, home / ".ssh/downloaded.pem")
    done = aerolith(cloud, home, "ec2", "ssh", guest["InstanceId"], "--", "id", "-un")
    assert (done.returncode, done.stdout) == (0, "ec2-user\n"), done.stderr


def test_without_a_public_address_it_is_reached_from_within_its_vpc(cloud: Server, guests: Guests, home: Path) -> None:
    subnet = guests.ec2.describe_subnets(Filters=[{"Name": "vpc-id", "Values": [guests.vpc]}])["Subnets"][0]["SubnetId"]
    port = {"DeviceIndex": 0, "AssociatePublicIpAddress": False, "SubnetId": subnet, "Groups": [guests.group]}
    instance = guests.start(NetworkInterfaces=[port])
    assert "PublicIpAddress" not in instance
    arguments = ("ec2", "ssh", instance["InstanceId"], "-i", str(guests.key_file), "--", "hostname")

    def look() -> str:
        done = aerolith(cloud, home, *arguments)
        return done.stdout.strip() if done.returncode == 0 else ""

    name = wait_for("a login by the private address", look)
    assert name == "ip-" + instance["PrivateIpAddress"].replace(".", "-")
    guests.terminate(instance["InstanceId"])
    gone = aerolith(cloud, home, *arguments)
    assert gone.returncode == 1 and "terminated, not running" in gone.stderr


def test_what_cannot_be_is_said(cloud: Server, guest: dict[str, Any], home: Path) -> None:
    absent = aerolith(cloud, home, "ec2", "ssh", "i-00000000000000000", "--", "true")
    assert (absent.returncode, "there is no instance i-00000000000000000" in absent.stderr) == (1, True)
    no_key = aerolith(cloud, home, "ec2", "ssh", guest["InstanceId"], "-i", "/nowhere", "--", "true")
    assert (no_key.returncode, "/nowhere" in no_key.stderr) == (1, True)
    no_console = aerolith(cloud, home, "ec2", "console", "i-00000000000000000")
    assert (no_console.returncode, "there is no instance" in no_console.stderr) == (1, True)


def test_the_console_is_printed(cloud: Server, guest: dict[str, Any]) -> None:
    printed = cloud.command("ec2", "console", guest["InstanceId"])
    assert printed.returncode == 0, printed.stderr
    assert "-----BEGIN SSH HOST KEY KEYS-----" in printed.stdout


def test_the_console_is_followed_until_the_instance_is_down(cloud: Server, guests: Guests, home: Path) -> None:
    instance = guests.start()["InstanceId"]
    command = [str(cloud.binary), "ec2", "console", "--data-folder", str(cloud.data_folder), instance, "--follow"]
    # A terminal, as a person has one: lines come as they are written.
    ours, theirs = pty.openpty()
    with subprocess.Popen(command, env=clean_environment(home), stdin=subprocess.DEVNULL, stdout=theirs) as following:
        os.close(theirs)
        seen = b""
        while b"first-boot: done" not in seen:
            seen += os.read(ours, 4096)
        assert seen.count(b"BEGIN SSH HOST KEY KEYS") == 1
        assert following.poll() is None
        guests.terminate(instance)
        assert following.wait(timeout=30) == 0
    os.close(ours)
