"""Buckets named in the Host: local names and AWS's own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tools.harness.expect import api_error
from tools.harness.server import Server

pytestmark = pytest.mark.core


@pytest.mark.parametrize(
    "host", ["s3.localhost", "s3.amazonaws.com", "s3.us-east-1.amazonaws.com", "s3-us-west-2.amazonaws.com"]
)
@pytest.mark.parametrize("style", ["virtual", "path"])
def test_round_trip(
    server: Server, client: Callable[..., Any], local_names: None, bucket_name: str, host: str, style: str
) -> None:
    s3 = client("s3", endpoint_url=f"http://{host}:{server.port}", addressing_style=style)
    s3.create_bucket(Bucket=bucket_name)
    for key in ("k", "deep/er", bucket_name, "a b+ü"):
        s3.put_object(Bucket=bucket_name, Key=key, Body=key.encode())
        assert s3.get_object(Bucket=bucket_name, Key=key)["Body"].read() == key.encode()
    listed = [entry["Key"] for entry in s3.list_objects_v2(Bucket=bucket_name)["Contents"]]
    assert listed == sorted(["k", "deep/er", bucket_name, "a b+ü"], key=str.encode)
    s3.delete_objects(Bucket=bucket_name, Delete={"Objects": [{"Key": key} for key in listed]})
    s3.delete_bucket(Bucket=bucket_name)


def test_both_styles_see_the_same(server: Server, client: Callable[..., Any], local_names: None, bucket: str) -> None:
    virtual = client("s3", endpoint_url=f"http://s3.localhost:{server.port}", addressing_style="virtual")
    virtual.put_object(Bucket=bucket, Key="k", Body=b"x")
    path = client("s3")
    assert path.get_object(Bucket=bucket, Key="k")["Body"].read() == b"x"


def test_a_bucket_with_dots(server: Server, client: Callable[..., Any], local_names: None) -> None:
    virtual = client("s3", endpoint_url=f"http://s3.localhost:{server.port}", addressing_style="virtual")
    virtual.create_bucket(Bucket="dotted.name.here")
    virtual.put_object(Bucket="dotted.name.here", Key="k", Body=b"x")
    path = client("s3")
    assert path.get_object(Bucket="dotted.name.here", Key="k")["Body"].read() == b"x"
    path.delete_object(Bucket="dotted.name.here", Key="k")
    path.delete_bucket(Bucket="dotted.name.here")


def test_missing_bucket_by_host(
    server: Server, client: Callable[..., Any], local_names: None, bucket_name: str
) -> None:
    virtual = client("s3", endpoint_url=f"http://s3.localhost:{server.port}", addressing_style="virtual")
    with api_error("NoSuchBucket", 404):
        virtual.get_object(Bucket=bucket_name, Key="k")
