"""Which service a request reaches: by Host, by X-Amz-Target, by the scope of its signature."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tools.harness.expect import api_error
from tools.harness.server import Server
from tools.harness.signing import Signer, send

pytestmark = pytest.mark.core


@pytest.mark.parametrize(
    ("service", "host", "method"),
    [
        ("ec2", "ec2.us-east-1.amazonaws.com", "create_transit_gateway"),
        ("iam", "iam.amazonaws.com", "list_organizations_features"),
        ("sqs", "sqs.us-east-1.amazonaws.com", "list_queues"),
        ("dynamodb", "dynamodb.us-east-1.amazonaws.com", "list_tables"),
        ("lambda", "lambda.us-east-1.amazonaws.com", "list_functions"),
        ("sagemaker", "api.sagemaker.us-east-1.amazonaws.com", "list_models"),
        ("emr", "elasticmapreduce.us-east-1.amazonaws.com", "list_clusters"),
        ("cloudwatch", "monitoring.us-east-1.amazonaws.com", "list_metrics"),
    ],
)
def test_amazon_s_own_names(
    server: Server, client: Callable[..., Any], local_names: None, service: str, host: str, method: str
) -> None:
    made = client(service, endpoint_url=f"http://{host}:{server.port}")
    with api_error("NotImplemented", 501) as caught:
        getattr(made, method)()
    assert f"docs/compat/{service}.md" in caught.value.response["Error"]["Message"]


@pytest.mark.parametrize("host", ["sts.amazonaws.com", "sts.us-east-1.amazonaws.com"])
def test_sts_by_its_own_names(server: Server, client: Callable[..., Any], local_names: None, host: str) -> None:
    told = client("sts", endpoint_url=f"http://{host}:{server.port}").get_caller_identity()
    assert told["Arn"].endswith(":root")


def test_s3_by_scope_alone(server: Server, bucket: str) -> None:
    assert send(server, Signer(server).sign("GET", f"/{bucket}")).status == 200


def test_by_target(server: Server) -> None:
    headers = {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": "TrentService.ListKeys"}
    answer = send(server, Signer(server, service="kms").sign("POST", "/", b"{}", headers))
    assert answer.status == 501
    assert b"ListKeys" in answer.body


def test_every_answer_has_a_request_id(server: Server, bucket: str) -> None:
    seen = set()
    for service, target in (("s3", f"/{bucket}"), ("s3", "/no-such-bucket-xyz"), ("lambda", "/2015-03-31/functions/")):
        answer = send(server, Signer(server, service=service).sign("GET", target))
        identity = answer.header("x-amz-request-id") or answer.header("x-amzn-requestid")
        assert identity, answer.headers
        seen.add(identity)
    assert len(seen) == 3


def test_a_bucket_named_like_our_own_endpoints_is_no_bucket(server: Server) -> None:
    answer = send(server, Signer(server).sign("PUT", "/_aerolith"))
    assert answer.status == 400
    assert b"InvalidBucketName" in answer.body
