"""What a guest finds around it: metadata, role credentials, names, and this program by AWS's names."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from tools.harness.clients import boto_client
from tools.harness.instances import Guests, Login

TRUSTS_EC2 = {
    "Version": "2012-10-17",
    "Statement": {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"},
}


@pytest.fixture(scope="module")
def profile(guests: Guests) -> str:
    iam = boto_client(guests.server, "iam")
    iam.create_role(RoleName="guest", AssumeRolePolicyDocument=json.dumps(TRUSTS_EC2))
    iam.create_instance_profile(InstanceProfileName="guest")
    iam.add_role_to_instance_profile(InstanceProfileName="guest", RoleName="guest")
    return "guest"


@pytest.fixture(scope="module")
def guest(guests: Guests, profile: str) -> Iterator[dict[str, Any]]:
    instance = guests.start(IamInstanceProfile={"Name": profile}, UserData="#!/bin/sh\n: marker\n")
    guests.login(instance).wait()
    yield guests.find(instance["InstanceId"])
    guests.terminate(instance["InstanceId"])


@pytest.fixture
def shell(guests: Guests, guest: dict[str, Any]) -> Login:
    return guests.login(guest)


def read(shell: Login, path: str) -> str:
    return shell.run(f"wget -q -O - http://169.254.169.254/latest/{path}")


def status(shell: Login, method: str, path: str, *fields: str) -> str:
    """The status line's number, without a client that hides it."""
    lines = "".join(f"{line}\\r\\n" for line in (f"{method} {path} HTTP/1.0", *fields, "Content-Length: 0", ""))
    return shell.run(f"printf '{lines}' | nc 169.254.169.254 80 | head -n 1").split()[1]


def test_the_agent_and_tools_find_what_they_read(shell: Login, guest: dict[str, Any]) -> None:
    assert read(shell, "meta-data/local-hostname") == guest["PrivateDnsName"]
    assert read(shell, "meta-data/placement/availability-zone") == guest["Placement"]["AvailabilityZone"]
    assert read(shell, "user-data") == "#!/bin/sh\n: marker"
    mac = guest["NetworkInterfaces"][0]["MacAddress"]
    folder = f"meta-data/network/interfaces/macs/{mac}/"
    assert read(shell, "meta-data/network/interfaces/macs/") == f"{mac}/"
    assert read(shell, folder + "vpc-id") == guest["VpcId"]
    assert read(shell, folder + f"ipv4-associations/{guest['PublicIpAddress']}") == guest["PrivateIpAddress"]
    assert read(shell, "meta-data/public-keys/") == "0=guests"


def test_version_one_can_be_turned_off_while_it_runs(guests: Guests, shell: Login, guest: dict[str, Any]) -> None:
    def set_tokens(wanted: str) -> None:
        guests.ec2.modify_instance_metadata_options(InstanceId=guest["InstanceId"], HttpTokens=wanted)

    assert status(shell, "GET", "/latest/meta-data/instance-id") == "200"
    set_tokens("required")
    try:
        assert status(shell, "GET", "/latest/meta-data/instance-id") == "401"
    finally:
        set_tokens("optional")
    life = "X-aws-ec2-metadata-token-ttl-seconds: 60"
    assert status(shell, "PUT", "/latest/api/token", life) == "200"
    assert status(shell, "PUT", "/latest/api/token", life, "X-Forwarded-For: 10.0.0.1") == "403"


def test_credentials_are_the_roles(guests: Guests, shell: Login, guest: dict[str, Any]) -> None:
    assert read(shell, "meta-data/iam/security-credentials/") == "guest"
    found = json.loads(read(shell, "meta-data/iam/security-credentials/guest"))
    assert found["Code"] == "Success"
    sts = boto3.client(
        "sts",
        endpoint_url=guests.server.endpoint,
        region_name="us-east-1",
        aws_access_key_id=found["AccessKeyId"],
        aws_secret_access_key=found["SecretAccessKey"],
        aws_session_token=found["Token"],
    )
    assert sts.get_caller_identity()["Arn"].endswith(f":assumed-role/guest/{guest['InstanceId']}")


def test_the_identity_document_is_signed_by_our_ca(guests: Guests, shell: Login, tmp_path: Path) -> None:
    document = read(shell, "dynamic/instance-identity/document")
    lines = read(shell, "dynamic/instance-identity/rsa2048")
    signed = tmp_path / "signed.pem"
    signed.write_text(f"-----BEGIN PKCS7-----\n{lines}\n-----END PKCS7-----\n")
    authority = str(guests.server.data_folder / "tls/ca.pem")
    verified = subprocess.run(
        ["openssl", "smime", "-verify", "-inform", "PEM", "-in", str(signed), "-CAfile", authority],
        capture_output=True,
        text=True,
    )
    assert verified.returncode == 0, verified.stderr
    assert verified.stdout == document


def resolve(shell: Login, name: str, resolver: str = "169.254.169.253") -> str:
    """The last address that busybox's nslookup prints, or the name of a reverse look-up; empty: none."""
    said = shell.attempt(f"nslookup {name} {resolver}").stdout.split("\n\n", 1)[-1]
    words = [line.split()[-1] for line in said.splitlines() if line.startswith("Address") or "name = " in line]
    return words[-1] if words else ""


def test_a_vpc_without_hostnames_gives_no_public_names(guests: Guests, shell: Login, guest: dict[str, Any]) -> None:
    name = guest["PublicDnsName"]
    assert name.startswith("ec2-")
    assert read(shell, "meta-data/public-hostname") == name
    guests.ec2.modify_vpc_attribute(VpcId=guests.vpc, EnableDnsHostnames={"Value": False})
    try:
        seen = guests.find(guest["InstanceId"])
        assert seen["PublicDnsName"] == ""
        assert seen["PublicIpAddress"] == guest["PublicIpAddress"]
        by_name = [{"Name": "dns-name", "Values": [name]}]
        assert guests.ec2.describe_instances(Filters=by_name)["Reservations"] == []
        assert status(shell, "GET", "/latest/meta-data/public-hostname") == "404"
        assert read(shell, "meta-data/public-ipv4") == guest["PublicIpAddress"]
        assert resolve(shell, name) == ""
    finally:
        guests.ec2.modify_vpc_attribute(VpcId=guests.vpc, EnableDnsHostnames={"Value": True})
    assert guests.find(guest["InstanceId"])["PublicDnsName"] == name


def test_names(guests: Guests, shell: Login, guest: dict[str, Any]) -> None:
    private = guest["PrivateIpAddress"]
    base = guests.cidr.split(".")
    for resolver in ("169.254.169.253", f"{base[0]}.{base[1]}.0.2"):
        assert resolve(shell, guest["PrivateDnsName"], resolver) == private
    assert resolve(shell, private).rstrip(".") == guest["PrivateDnsName"]
    assert resolve(shell, guest["PublicDnsName"]) == private
    gateway = resolve(shell, "sts.us-east-1.amazonaws.com")
    assert gateway.startswith("198.18.")
    assert resolve(shell, "my-bucket.s3.us-east-1.amazonaws.com") == gateway
    assert resolve(shell, "ip-203-0-113-1.ec2.internal") == ""


def test_aws_answers_by_its_names_and_admin_paths_do_not(shell: Login) -> None:
    def ask(path: str) -> str:
        command = f"printf 'GET {path} HTTP/1.0\\r\\nHost: s3.us-east-1.amazonaws.com\\r\\n\\r\\n'"
        return shell.run(f"{command} | nc s3.us-east-1.amazonaws.com 80")

    assert "<Code>AccessDenied</Code>" in ask("/")
    for path in ("/_aerolith/health", "/_aerolith/metrics", "/_aerolith/accounts", "/%5faerolith/health"):
        answer = ask(path)
        assert answer.split()[1] in ("400", "403", "404"), answer
        assert "<Error>" in answer, answer


def test_all_is_there_again_after_the_server_was_killed(guests: Guests, shell: Login, guest: dict[str, Any]) -> None:
    token = shell.run(
        "printf 'PUT /latest/api/token HTTP/1.0\\r\\nX-aws-ec2-metadata-token-ttl-seconds: 600\\r\\n\\r\\n' "
        "| nc 169.254.169.254 80 | tail -n 1"
    )
    guests.server.kill()
    assert shell.attempt("wget -q -T 2 -O - http://169.254.169.254/").returncode != 0
    guests.server.start()
    shell.run("for i in 1 2 3 4 5 6 7 8 9 10; do wget -q -O - http://169.254.169.254/ && exit; sleep 0.5; done; exit 1")
    ask = (
        f"wget -q -O - --header 'X-aws-ec2-metadata-token: {token}' http://169.254.169.254/latest/meta-data/instance-id"
    )
    assert shell.run(ask) == guest["InstanceId"], "a token lasts longer than a process of ours"
    assert resolve(shell, guest["PrivateDnsName"]) == guest["PrivateIpAddress"]
