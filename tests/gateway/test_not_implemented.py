"""Every operation of a known service answers; what isn't implemented says so by name, in its protocol's shape."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from typing import Any

import pytest

from tools.harness.expect import api_error
from tools.harness.server import Server
from tools.harness.signing import Signer, send

pytestmark = pytest.mark.core

CALLS = [
    # service, method, arguments, the operation's name
    ("s3", "get_bucket_abac", {"Bucket": "some-bucket"}, "GetBucketAbac"),
    ("s3", "get_object_torrent", {"Bucket": "some-bucket", "Key": "k"}, "GetObjectTorrent"),
    (
        "s3",
        "put_bucket_request_payment",
        {"Bucket": "b-b", "RequestPaymentConfiguration": {"Payer": "Requester"}},
        "PutBucketRequestPayment",
    ),
    ("s3", "rename_object", {"Bucket": "b-b", "Key": "k", "RenameSource": "j"}, "RenameObject"),
    ("ec2", "create_transit_gateway", {}, "CreateTransitGateway"),
    ("ec2", "create_fpga_image", {"InputStorageLocation": {"Bucket": "b", "Key": "k"}}, "CreateFpgaImage"),
    ("iam", "list_organizations_features", {}, "ListOrganizationsFeatures"),
    (
        "sts",
        "assume_root",
        {"TargetPrincipal": "123456789012", "TaskPolicyArn": {"arn": "arn:aws:iam::aws:policy/root-task/Some"}},
        "AssumeRoot",
    ),
    ("sqs", "list_queues", {}, "ListQueues"),
    ("sns", "list_topics", {}, "ListTopics"),
    ("dynamodb", "list_tables", {}, "ListTables"),
    ("lambda", "list_functions", {}, "ListFunctions"),
    ("lambda", "get_function", {"FunctionName": "f/../g"}, "GetFunction"),
    ("cloudwatch", "list_metrics", {}, "ListMetrics"),
    ("logs", "describe_log_groups", {}, "DescribeLogGroups"),
    ("kms", "list_keys", {}, "ListKeys"),
    ("ssm", "describe_parameters", {}, "DescribeParameters"),
    ("sagemaker", "list_training_jobs", {}, "ListTrainingJobs"),
    ("emr", "list_clusters", {}, "ListClusters"),
    ("elbv2", "describe_load_balancers", {}, "DescribeLoadBalancers"),
    ("autoscaling", "describe_auto_scaling_groups", {}, "DescribeAutoScalingGroups"),
    ("cloudformation", "list_stacks", {}, "ListStacks"),
    ("ecr", "describe_repositories", {}, "DescribeRepositories"),
    ("ecs", "list_clusters", {}, "ListClusters"),
    ("eks", "list_clusters", {}, "ListClusters"),
    ("secretsmanager", "list_secrets", {}, "ListSecrets"),
    ("s3control", "list_access_points", {"AccountId": "123456789012"}, "ListAccessPoints"),
]


@pytest.mark.parametrize(("service", "method", "arguments", "operation"), CALLS)
def test_boto3(
    client: Callable[..., Any], local_names: None, service: str, method: str, arguments: dict[str, Any], operation: str
) -> None:
    made = client(service)
    if service == "s3control":  # puts the account into the host name
        made = client(service, endpoint_url=made.meta.endpoint_url.replace("127.0.0.1", "localhost"))
    with api_error("NotImplemented", 501) as caught:
        getattr(made, method)(**arguments)
    message = caught.value.response["Error"]["Message"]
    assert operation in message
    assert f"docs/compat/{service}.md" in message
    assert caught.value.response["ResponseMetadata"].get("RequestId")


def test_a_head_of_a_bucket_is_answered_without_a_body(server: Server, bucket: str) -> None:
    """What is implemented isn't caught by the refusals around it, nor is HEAD, whose answer has only a status."""
    answer = send(server, Signer(server).sign("HEAD", f"/{bucket}"))
    assert answer.status == 200
    assert answer.body == b""


def test_an_action_that_no_model_has(server: Server) -> None:
    signer = Signer(server, service="iam")
    body = b"Action=MakeCoffee&Version=2010-05-08"
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = send(server, signer.sign("POST", "/", body, headers))
    assert answer.status == 400
    assert b"<Code>InvalidAction</Code><Message>The action MakeCoffee is not valid" in answer.body


@pytest.mark.parametrize("service", ["iam", "ec2"])
def test_no_action(server: Server, service: str) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = send(server, Signer(server, service=service).sign("POST", "/", b"Version=2010-05-08", headers))
    assert answer.status == 400
    assert b"<Code>MissingAction</Code>" in answer.body


def test_a_target_that_no_model_has(server: Server) -> None:
    signer = Signer(server, service="dynamodb")
    headers = {"Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": "DynamoDB_20120810.MakeCoffee"}
    answer = send(server, signer.sign("POST", "/", b"{}", headers))
    assert answer.status == 400
    assert b"UnknownOperationException" in answer.body


def test_a_service_that_we_don_t_have(server: Server) -> None:
    answer = send(server, Signer(server, service="groundstation").sign("GET", "/config"))
    assert answer.status == 501
    assert b"groundstation" in answer.body
    assert b"docs/compat" in answer.body


DOCTYPE = b'<!DOCTYPE r [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;"><!ENTITY f SYSTEM "file:///etc/passwd">]>'


# What reaches a codec: an operation that isn't implemented is refused before its body is looked at. The other protocols
# have theirs in tests/protocol/test_wire.py.
@pytest.mark.parametrize(
    ("method", "target", "document"),
    [
        ("POST", "?delete", b"<Delete><Object><Key>%s</Key></Object></Delete>"),
        (
            "POST",
            "/k?uploadId=u",
            b"<CompleteMultipartUpload><Part><ETag>%s</ETag><PartNumber>1</PartNumber></Part></CompleteMultipartUpload>",
        ),
        (
            "PUT",
            "",
            b"<CreateBucketConfiguration><LocationConstraint>%s</LocationConstraint></CreateBucketConfiguration>",
        ),
    ],
)
@pytest.mark.parametrize(
    ("prolog", "text"),
    [
        pytest.param(b"", b"<a>" * 100_000, id="depth"),
        pytest.param(b"", b"<a>" * 100_000 + b"</a>" * 100_000, id="closed depth"),
        pytest.param(b"", b"\xff\xfe", id="not UTF-8"),
        pytest.param(b"", b"&#0;", id="a null"),
        pytest.param(b"", b"&undeclared;", id="no such entity"),
        pytest.param(DOCTYPE, b"&b;", id="entities"),
        pytest.param(DOCTYPE, b"&f;", id="a file"),
        pytest.param(b"", b"</", id="cut"),
    ],
)
def test_hostile_bodies_are_malformed(
    server: Server, bucket: str, method: str, target: str, document: bytes, prolog: bytes, text: bytes
) -> None:
    body = prolog + document % text
    headers = {"Content-MD5": base64.b64encode(hashlib.md5(body).digest()).decode()}
    answer = send(server, Signer(server).sign(method, f"/{bucket}{target}", body, headers))
    assert answer.status == 400
    assert b"<Code>MalformedXML</Code>" in answer.body
    assert server.is_running()


@pytest.mark.parametrize("number", [b"99999999999999999999", b"9" * 100_000, b"1e9", b"NaN", b""])
def test_a_hostile_number_is_malformed(server: Server, bucket: str, number: bytes) -> None:
    part = b"<Part><ETag>e</ETag><PartNumber>" + number + b"</PartNumber></Part>"
    body = b"<CompleteMultipartUpload>" + part + b"</CompleteMultipartUpload>"
    answer = send(server, Signer(server).sign("POST", f"/{bucket}/k?uploadId=u", body))
    assert answer.status == 400
    assert b"<Code>MalformedXML</Code>" in answer.body
    assert server.is_running()
