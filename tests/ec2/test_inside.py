"""AWS clients inside an instance need no configuration: credentials, region, names and certificates are found."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tools.harness.clients import boto_client
from tools.harness.inside import Inside
from tools.harness.instances import Guests

TRUST = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole"}]}
TRUST["Statement"][0]["Principal"] = {"Service": "ec2.amazonaws.com"}  # type: ignore[index]

Run = Callable[[str], "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="module")
def role(guests: Guests) -> str:
    """A role that may use one bucket, in an instance profile of its name."""
    iam = boto_client(guests.server, "iam")
    boto_client(guests.server, "s3").create_bucket(Bucket="for-guests")
    iam.create_role(RoleName="worker", AssumeRolePolicyDocument=json.dumps(TRUST))
    allowed = {
        "Effect": "Allow",
        "Action": "s3:*",
        "Resource": ["arn:aws:s3:::for-guests", "arn:aws:s3:::for-guests/*"],
    }
    document = {"Version": "2012-10-17", "Statement": [allowed]}
    iam.put_role_policy(RoleName="worker", PolicyName="bucket", PolicyDocument=json.dumps(document))
    iam.create_instance_profile(InstanceProfileName="worker")
    iam.add_role_to_instance_profile(InstanceProfileName="worker", RoleName="worker")
    return "worker"


@pytest.fixture(scope="module")
def inside(guests: Guests, role: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """Runs a piece of Python in the network of an instance that has the role."""
    instance = guests.start(IamInstanceProfile={"Name": role})
    yield Inside(guests.server, instance["InstanceId"], tmp_path_factory.mktemp("inside")).python
    guests.terminate(instance["InstanceId"])


def said(done: subprocess.CompletedProcess[str]) -> Any:
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_caller_is_the_instances_role(inside: Run) -> None:
    arn = said(inside("import boto3, json; print(json.dumps(boto3.client('sts').get_caller_identity()['Arn']))"))
    assert ":assumed-role/worker/i-" in arn


def test_a_bucket_is_used_without_any_setting(inside: Run, guests: Guests) -> None:
    code = """
import boto3, json
s3 = boto3.client("s3")
s3.put_object(Bucket="for-guests", Key="from-inside", Body=b"words")
print(json.dumps([s3.meta.endpoint_url, s3.get_object(Bucket="for-guests", Key="from-inside")["Body"].read().decode()]))
"""
    endpoint, body = said(inside(code))
    assert endpoint.endswith("amazonaws.com")
    assert body == "words"
    kept = boto_client(guests.server, "s3").get_object(Bucket="for-guests", Key="from-inside")
    assert kept["Body"].read() == b"words"


def test_the_role_may_do_what_its_policy_says_and_no_more(inside: Run) -> None:
    refused = inside("import boto3; boto3.client('s3').list_buckets()")
    assert refused.returncode != 0
    assert "AccessDenied" in refused.stderr


def test_the_region_is_the_installations(inside: Run) -> None:
    code = """
import json, urllib.request
ask = urllib.request.Request("http://169.254.169.254/latest/api/token", method="PUT",
                             headers={"X-aws-ec2-metadata-token-ttl-seconds": "60"})
token = urllib.request.urlopen(ask).read().decode()
ask = urllib.request.Request("http://169.254.169.254/latest/dynamic/instance-identity/document",
                             headers={"X-aws-ec2-metadata-token": token})
print(urllib.request.urlopen(ask).read().decode())
"""
    document = said(inside(code))
    assert document["region"] == "us-east-1"
    assert document["instanceType"] == "t3.nano"


def test_aws_names_lead_here_and_private_ones_to_the_vpc(inside: Run) -> None:
    code = """
import json, socket
names = ["ec2.us-east-1.amazonaws.com", "sts.amazonaws.com", "ip-172-31-0-9.ec2.internal"]
print(json.dumps([socket.gethostbyname(name) for name in names]))
"""
    ec2, sts, private = said(inside(code))
    assert ec2 == sts
    assert ec2.startswith("198.18.")
    assert private == "172.31.0.9"


def test_no_admin_path_is_there_for_guests(inside: Run) -> None:
    code = """
import json, socket, urllib.error, urllib.request
address = socket.gethostbyname("s3.amazonaws.com")
for path in ("/_aerolith/health", "/_aerolith/metrics", "/_aerolith/accounts"):
    try:
        answer = urllib.request.urlopen(f"http://{address}{path}").status
    except urllib.error.HTTPError as error:
        answer = error.code
    print(path, answer)
    assert answer in (403, 404), answer
print("null")
"""
    done = inside(code)
    assert done.returncode == 0, done.stdout + done.stderr
