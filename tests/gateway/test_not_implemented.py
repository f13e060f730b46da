"""Every operation of a known service answers; what isn't implemented says so by name, in its protocol's shape."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tools.harness.expect import api_error
from tools.harness.server import Server
from tools.harness.signing import Signer, send

pytestmark = pytest.mark.core

CALLS = [
    # service, method, arguments, the operation's name
    ("s3", "get_bucket_acl", {"Bucket": "some-bucket"}, "GetBucketAcl"),
    ("s3", "put_bucket_policy", {"Bucket": "some-bucket", "Policy": "{}"}, "PutBucketPolicy"),
    ("s3", "get_object_tagging", {"Bucket": "some-bucket", "Key": "k"}, "GetObjectTagging"),
    ("s3", "put_bucket_versioning", {"Bucket": "b-b", "VersioningConfiguration": {}}, "PutBucketVersioning"),
    ("s3", "get_object_attributes", {"Bucket": "b-b", "Key": "k", "ObjectAttributes": ["ETag"]}, "GetObjectAttributes"),
    ("ec2", "describe_instances", {}, "DescribeInstances"),
    ("ec2", "run_instances", {"MinCount": 1, "MaxCount": 1, "ImageId": "ami-1"}, "RunInstances"),
    ("iam", "list_users", {}, "ListUsers"),
    ("sts", "get_caller_identity", {}, "GetCallerIdentity"),
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
    ("ebs", "list_snapshot_blocks", {"SnapshotId": "snap-1"}, "ListSnapshotBlocks"),
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


def test_a_head_without_a_body_to_say_it_in(server: Server, bucket: str) -> None:
    """An answer to HEAD can't name the operation, but it has the status and no body."""
    answer = send(server, Signer(server).sign("HEAD", f"/{bucket}"))
    assert answer.status == 200
    assert answer.body == b""


def test_an_action_that_no_model_has(server: Server) -> None:
    signer = Signer(server, service="iam")
    body = b"Action=MakeCoffee&Version=2010-05-08"
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = send(server, signer.sign("POST", "/", body, headers))
    assert answer.status == 400
    assert b"<Code>InvalidAction</Code>" in answer.body


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


@pytest.mark.parametrize(
    ("service", "content_type", "target", "body"),
    [
        ("dynamodb", "application/x-amz-json-1.0", "DynamoDB_20120810.ListTables", b"{" * 100_000),
        ("dynamodb", "application/x-amz-json-1.0", "DynamoDB_20120810.ListTables", b'{"Limit": '),
        ("dynamodb", "application/x-amz-json-1.0", "DynamoDB_20120810.ListTables", b"\xff\xfe"),
        ("kms", "application/x-amz-json-1.1", "TrentService.ListKeys", b"[" * 200_000 + b"]" * 200_000),
        ("iam", "application/x-www-form-urlencoded", "", b"Action=ListUsers&" + b"A.1.B=1&" * 50_000),
        ("ec2", "application/x-www-form-urlencoded", "", b"Action=DescribeInstances&Filter.99999999999.Name=x"),
    ],
)
def test_hostile_bodies_are_an_error(server: Server, service: str, content_type: str, target: str, body: bytes) -> None:
    headers = {"Content-Type": content_type} | ({"X-Amz-Target": target} if target else {})
    answer = send(server, Signer(server, service=service).sign("POST", "/", body, headers))
    assert 400 <= answer.status <= 501
    assert server.is_running()
