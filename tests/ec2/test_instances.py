"""Instances that really run: booted, logged in to, stopped, started, ended. Containers; machines in test_machines.py."""

from __future__ import annotations

import base64
import gzip
import signal
import subprocess
import time
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.ec2.conftest import code
from tools.harness.instances import Guests, mark_of, traces_of, wait_for


@pytest.fixture
def own(guests: Guests) -> Iterator[Guests]:
    """Guests of the test's own: gone after it."""
    others = list(guests.made)
    yield guests
    guests.terminate(*[instance for instance in guests.made if instance not in others])


def test_a_login_finds_the_instance_that_was_asked_for(guests: Guests, guest: dict[str, Any]) -> None:
    shell = guests.login(guest)
    assert shell.run("hostname") == guest["PrivateDnsName"].split(".")[0]
    assert f"{guest['PrivateIpAddress']}/20" in shell.run("ip -4 addr show dev eth0")
    assert guest["NetworkInterfaces"][0]["MacAddress"] in shell.run("cat /sys/class/net/eth0/address")
    assert shell.run("df -m / | awk 'NR == 2 { print ($2 > 500) }'") == "1"
    # t3.nano: 2 vCPU, 512 MiB
    assert int(shell.run("nproc")) <= 2


def test_only_the_key_of_the_pair_opens_it(guests: Guests, guest: dict[str, Any], tmp_path: Any) -> None:
    other = tmp_path / "other"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(other)], check=True)
    shell = guests.login(guest)
    shell.key_file = other
    refused = shell.attempt("true")
    assert refused.returncode == 255
    assert "Permission denied" in refused.stderr


def test_the_console_is_the_guests_own(guests: Guests, guest: dict[str, Any]) -> None:
    said = guests.ec2.get_console_output(InstanceId=guest["InstanceId"])["Output"]
    scan = ["ssh-keyscan", "-t", "ed25519", guest["PublicIpAddress"]]
    shown = subprocess.run(scan, capture_output=True, text=True, timeout=20).stdout.split()
    assert "BEGIN SSH HOST KEY KEYS" in said
    assert f"ssh-ed25519 {shown[2]} " in said


@pytest.mark.parametrize("packed", [False, True])
def test_user_data_runs_once(own: Guests, packed: bool) -> None:
    script = b"#!/bin/sh\necho ran as $(id -un) >> /root-of-user-data\nchmod 644 /root-of-user-data\n"
    data = gzip.compress(script) if packed else script
    # boto3 encodes what it is given.
    instance = own.start(UserData=data)
    shell = own.login(instance).wait()
    wait_for("user data", lambda: shell.attempt("cat /root-of-user-data").stdout.strip() == "ran as root")
    shell.run("touch /dev/shm/before")
    own.ec2.reboot_instances(InstanceIds=[instance["InstanceId"]])
    wait_for("the reboot", lambda: shell.attempt("test -e /dev/shm/before").returncode == 1)
    assert shell.run("cat /root-of-user-data") == "ran as root"
    kept = own.ec2.describe_instance_attribute(InstanceId=instance["InstanceId"], Attribute="userData")["UserData"]
    assert base64.b64decode(kept["Value"]) == data


def test_a_stopped_instance_keeps_its_disk_and_its_private_address(own: Guests) -> None:
    instance = own.start()
    shell = own.login(instance).wait()
    shell.run("echo kept > /home/ec2-user/file && sync")
    own.ec2.stop_instances(InstanceIds=[instance["InstanceId"]])
    stopped = own.wait_state(instance["InstanceId"], "stopped")
    assert stopped["StateReason"]["Code"] == "Client.UserInitiatedShutdown"
    assert "PublicIpAddress" not in stopped
    assert own.login(instance).attempt("true").returncode == 255
    own.ec2.start_instances(InstanceIds=[instance["InstanceId"]])
    again = own.wait_state(instance["InstanceId"], "running")
    assert again["PrivateIpAddress"] == instance["PrivateIpAddress"]
    assert own.login(again).wait().run("cat /home/ec2-user/file") == "kept"


def test_a_guest_has_as_many_processors_as_it_was_given(own: Guests) -> None:
    one = own.start(CpuOptions={"CoreCount": 1, "ThreadsPerCore": 1})
    assert own.login(one).wait().run("nproc") == "1"


def test_a_guest_reads_which_volumes_it_was_launched_with(own: Guests) -> None:
    volume = {"DeviceName": "/dev/sdf", "Ebs": {"VolumeSize": 1}}
    shell = own.login(own.start(BlockDeviceMappings=[volume], Monitoring={"Enabled": True})).wait()
    ask = "wget -q -O - http://169.254.169.254/latest/"
    assert shell.run(ask + "meta-data/block-device-mapping/") == "ami\nebs1\nroot"
    assert shell.run(ask + "meta-data/block-device-mapping/ebs1") == "sdf"
    assert shell.run(ask + "dynamic/fws/instance-monitoring") == "enabled"


def test_a_guest_that_powers_itself_off_is_stopped_or_terminated(own: Guests) -> None:
    for behaviour, state in (("stop", "stopped"), ("terminate", "terminated")):
        data = "#!/bin/sh\necho the last words > /dev/console\npoweroff\n"
        instance = own.start(InstanceInitiatedShutdownBehavior=behaviour, UserData=data)["InstanceId"]
        ended = own.wait_state(instance, state)
        assert ended["StateReason"]["Code"] == "Client.InstanceInitiatedShutdown"
        for latest in (False, True):
            assert "the last words" in own.ec2.get_console_output(InstanceId=instance, Latest=latest)["Output"]
        shown = own.server.command("ec2", "console", "--follow", instance)
        assert shown.returncode == 0, shown.stderr
        assert shown.stdout.count("the last words") == 1


def test_sessions_and_instances_outlive_the_server(own: Guests) -> None:
    instance = own.start()
    shell = own.login(instance).wait()
    session = subprocess.Popen(
        shell.arguments("while read line; do echo heard $line; done"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        bufsize=1,
    )
    assert session.stdin
    assert session.stdout
    try:
        session.stdin.write("one\n")
        assert session.stdout.readline() == "heard one\n"
        own.server.kill()
        session.stdin.write("two\n")
        assert session.stdout.readline() == "heard two\n"
        assert own.login(instance).run("echo new logins too") == "new logins too"
        own.server.start()
        session.stdin.write("three\n")
        assert session.stdout.readline() == "heard three\n"
        assert own.find(instance["InstanceId"])["State"]["Name"] == "running"
        time.sleep(1)
        session.stdin.write("four\n")
        assert session.stdout.readline() == "heard four\n"
    finally:
        session.send_signal(signal.SIGTERM)
        session.wait(10)


def test_metadata_answers_the_instance_that_asks(guests: Guests, guest: dict[str, Any]) -> None:
    shell = guests.login(guest)
    token = shell.run(
        "printf 'PUT /latest/api/token HTTP/1.0\\r\\nX-aws-ec2-metadata-token-ttl-seconds: 60\\r\\n\\r\\n' "
        "| nc 169.254.169.254 80 | tail -n 1"
    )
    ask = "wget -q -O - --header 'X-aws-ec2-metadata-token: {}' http://169.254.169.254/latest/meta-data/{}"
    assert shell.run(ask.format(token, "instance-id")) == guest["InstanceId"]
    assert shell.run(ask.format(token, "local-ipv4")) == guest["PrivateIpAddress"]
    assert shell.run(ask.format(token, "public-ipv4")) == guest["PublicIpAddress"]
    assert shell.attempt(ask.format("no-token", "instance-id")).returncode != 0


def test_what_ends_leaves_nothing_on_the_host(own: Guests) -> None:
    instance = own.start()
    own.login(instance).wait()
    assert any(instance["InstanceId"] in trace for trace in traces_of(own.server))
    volume = own.find(instance["InstanceId"])["BlockDeviceMappings"][0]["Ebs"]["VolumeId"]
    own.terminate(instance["InstanceId"])
    assert not any(instance["InstanceId"] in trace or volume in trace for trace in traces_of(own.server))
    with pytest.raises(ClientError) as caught:
        own.ec2.describe_volumes(VolumeIds=[volume])
    assert code(caught) == "InvalidVolume.NotFound"


def test_five_at_once(own: Guests) -> None:
    instances = own.launch(count=5)
    running = [own.wait_state(instance["InstanceId"], "running") for instance in instances]
    assert len({instance["PublicIpAddress"] for instance in running}) == 5
    for instance in running:
        own.login(instance).wait()


def test_a_protected_instance_is_not_terminated(own: Guests) -> None:
    instance = own.start(DisableApiTermination=True)
    with pytest.raises(ClientError) as caught:
        own.ec2.terminate_instances(InstanceIds=[instance["InstanceId"]])
    assert code(caught) == "OperationNotPermitted"
    own.ec2.modify_instance_attribute(InstanceId=instance["InstanceId"], DisableApiTermination={"Value": False})


def test_a_protected_instance_is_not_stopped(own: Guests) -> None:
    instance = own.start(DisableApiStop=True)["InstanceId"]
    for forced in (False, True):
        with pytest.raises(ClientError) as caught:
            own.ec2.stop_instances(InstanceIds=[instance], Force=forced)
        assert code(caught) == "OperationNotPermitted"
    assert own.find(instance)["State"]["Name"] == "running"
    own.ec2.modify_instance_attribute(InstanceId=instance, DisableApiStop={"Value": False})
    own.ec2.stop_instances(InstanceIds=[instance])
    own.wait_state(instance, "stopped")


@pytest.mark.parametrize(
    ("wanted", "error"),
    [
        (
            {
                "BlockDeviceMappings": [
                    {"DeviceName": "/dev/xvda", "Ebs": {"Encrypted": True, "KmsKeyId": "alias/mine"}}
                ]
            },
            "InvalidParameterValue",
        ),
        (
            {"BlockDeviceMappings": [{"DeviceName": "/dev/xvda", "Ebs": {"SnapshotId": "snap-0123456789abcdef0"}}]},
            "InvalidBlockDeviceMapping",
        ),
        ({"Placement": {"GroupName": "none-of-ours"}}, "InvalidPlacementGroup.Unknown"),
    ],
)
def test_what_would_not_be_kept_is_not_promised(guests: Guests, wanted: dict[str, Any], error: str) -> None:
    with pytest.raises(ClientError) as caught:
        guests.ec2.run_instances(ImageId=guests.image, MinCount=1, MaxCount=1, **wanted)
    assert code(caught) == error


def test_status_checks_are_the_guests_own_answers(own: Guests) -> None:
    """A guest whose network is gone still runs, and is impaired."""
    instance = own.start()

    def status() -> str:
        [seen] = own.ec2.describe_instance_status(InstanceIds=[instance["InstanceId"]])["InstanceStatuses"]
        assert seen["SystemStatus"]["Status"] == "ok"
        return str(seen["InstanceStatus"]["Status"])

    wait_for("the first answer", lambda: status() == "ok")
    shell = own.login(instance).wait()
    space = f"aerolith-{mark_of(own.server)}-{instance['InstanceId']}"
    assert shell.run("hostname")
    subprocess.run(["ip", "-n", space, "link", "set", "eth0", "down"], check=True)
    # It was launched a moment ago: this may be its start.
    wait_for("the silence", lambda: status() == "initializing")
    subprocess.run(["ip", "-n", space, "link", "set", "eth0", "up"], check=True)
    wait_for("the answer", lambda: status() == "ok")
